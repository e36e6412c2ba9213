import { bf16Bytes } from "../machine/number-formats";
import { gatherPlan } from "../network/all-reduce";
import { wireSeconds } from "../network/split";
import { gradientBytes, ofPass, scaled, type TrainingTask } from "./backward";
import type { Plan } from "./plan";
import type { DecodeTask } from "./task";
import { sum } from "./tasks";
import type { TrainedRun } from "./trained-run";

/** Bytes of a weight as it is handed out again. */
const weightBytes = bf16Bytes;

/**
 * What one GPU of a stage sends on: results to the next stage, and gradients to the one before, in BF16.
 *
 * At the datasheet rate of the network card, no start counted: a lower bound; no constant was fitted.
 */
export function sentOn({ hardware, model }: Plan, rows: number): readonly TrainingTask[] {
  const bytes = bf16Bytes * rows * model.hiddenSize;
  const rate = hardware.networkBytesPerSecond ?? hardware.scaleUpBytesPerSecond;
  if (rate === undefined) throw new RangeError(`${hardware.id} has no link, which stages of a pipeline need`);
  const task = plain("point to point", bytes, wireSeconds(bytes, rate), bytes);
  return [ofPass("forward")(task), ofPass("backward")(task)];
}

/**
 * Adding gradients up over the GPUs that hold the same weights, and handing the new weights out again: a micro-batch's share.
 *
 *     routed experts: over `replicas`, each in a group of its own;   all else: over every GPU of every group, cut for tensors
 *
 * Each of them keeps and updates its part (ZeRO-1): a reduce-scatter in FP32 and an all-gather in BF16, once for each update. Copies of
 * experts lie in other groups, so over the network at its datasheet rate; the rest goes through node and network by the fitted collectives.
 */
export function updateTasks(
  plan: Plan,
  runs: readonly TrainedRun[],
  { replicas, microBatches }: { readonly replicas: number; readonly microBatches: number },
): readonly TrainingTask[] {
  const { hardware, dataParallel } = plan;
  const held = parametersHeld(plan, runs);
  const share = (task: DecodeTask) => ofPass("update")(scaled(task, 1 / microBatches));
  const tasks: TrainingTask[] = [];
  const members = dataParallel * replicas;
  for (const [name, each] of [
    ["reduce-scatter", gradientBytes],
    ["all-gather", weightBytes],
  ] as const) {
    if (members > 1 && held.others > 0) {
      const time = gatherPlan(name, members, hardware)(each * held.others);
      const bound = time.bound === "latency" ? "latency" : members > (hardware.scaleUpDomain ?? members) ? "network" : "scale-up";
      tasks.push(
        share({ ...plain(name, time.wireBytes, time.seconds, (each * held.others) / members), floorSeconds: time.floorSeconds, bound }),
      );
    }
    if (replicas > 1 && held.experts > 0) {
      const bytes = (each * held.experts * (replicas - 1)) / replicas;
      const rate = hardware.networkBytesPerSecond ?? hardware.scaleUpBytesPerSecond;
      if (rate === undefined) throw new RangeError(`${hardware.id} has no link, which replicas of experts need`);
      tasks.push(share(plain(name, bytes, wireSeconds(bytes, rate), (each * held.experts) / replicas)));
    }
  }
  return tasks;
}

/** Parameters of a stage on one GPU, by who else holds them. */
function parametersHeld(plan: Plan, runs: readonly TrainedRun[]): { readonly experts: number; readonly others: number } {
  let [experts, others] = [0, 0];
  for (const { count, blocks, matrices } of runs)
    for (const [i, { block }] of blocks.entries()) {
      for (const [group, list] of Object.entries(matrices[i] ?? {}))
        if (group !== "routed expert") others += count * sum(list, ({ outputs, inputs }) => outputs * inputs);
      if (block.kind === "experts")
        experts +=
          (count * block.matrices * block.width * block.inputWidth * Math.max(plan.expertSlots, block.routed)) / plan.expertParallel;
    }
  return { experts, others };
}

function plain(name: DecodeTask["name"], bytes: number, seconds: number, runBytes: number): DecodeTask {
  return { name, seconds, floorSeconds: seconds, flops: 0, bytes, runBytes, bound: "network", kernelSeconds: [seconds] };
}
