import { launch } from "../kernels/launch";
import { timeFactor } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import type { ExpertsBlock } from "../model/blocks";
import { mixerTasks } from "./mixer-tasks";
import type { Plan } from "./plan";
import type { PlannedBlock, PlannedFeedForward, PlannedMixer, PlannedRun } from "./planned-run";
import { type RoutedPlan, routedPlan } from "./routed-plan";
import type { BlockTasks, DecodeTask, Passing } from "./task";

/** The tasks of one layer of a run, and their sums. */
export interface LayerTasks {
  readonly tasks: readonly DecodeTask[];
  /** All but dispatch and combine. */
  readonly computeSeconds: number;
  readonly communicationSeconds: number;
  /** Of the communication, what processors do. */
  readonly processorSeconds: number;
}

/** The tasks of one layer of a run, in order; at the end the engine's time between its kernels. */
export function layerTasks(plan: Plan, run: PlannedRun, passing: Passing): LayerTasks {
  const tasks: DecodeTask[] = [];
  let communicationSeconds = 0;
  let processorSeconds = 0;
  const reduce = plan.reduce?.(passing.rows);
  for (const planned of run.blocks) {
    const own = blockTasks(plan, planned, passing);
    for (const task of own.tasks) tasks.push(task);
    communicationSeconds += own.communicationSeconds;
    processorSeconds += own.processorSeconds;
    // The sum of a dense part beside experts travels with theirs.
    if (reduce !== undefined && (planned.block.kind !== "dense" || run.experts === undefined)) tasks.push(reduce);
  }
  const saved = savedPerStart(plan);
  if (saved !== 0) {
    for (const [i, task] of tasks.entries()) {
      const sooner = otherStarts(task, saved);
      if (exchanges.has(task.name)) communicationSeconds += sooner.seconds - task.seconds;
      tasks[i] = sooner;
    }
  }
  if (run.between !== undefined) tasks.push(run.between);
  let seconds = 0;
  for (const task of tasks) seconds += task.seconds;
  return { tasks, computeSeconds: seconds - communicationSeconds, communicationSeconds, processorSeconds };
}

/** What brings tokens to their experts, and results back. */
const exchanges: ReadonlySet<string> = new Set(["dispatch", "combine", "all-gather", "reduce-scatter"]);

/** What the start of each kernel takes less on a machine that does not exist; 0 on every other. The tables' kernels start from a graph. */
export function savedPerStart({ hardware }: Pick<Plan, "hardware">): number {
  const factor = timeFactor(hardware, "kernelStarts");
  return factor === 1 ? 0 : (1 - factor) * launch("graph", hardware).seconds;
}

/** A task whose kernels each start so much sooner, but not below its floor. */
export function otherStarts(task: DecodeTask, savedSeconds: number): DecodeTask {
  if (savedSeconds === 0) return task;
  const seconds = Math.max(task.floorSeconds, task.seconds - savedSeconds * task.kernelSeconds.length);
  const scale = task.seconds === 0 ? 1 : seconds / task.seconds;
  return { ...task, seconds, kernelSeconds: task.kernelSeconds.map((each) => each * scale) };
}

/** The tasks of a block; runs share blocks that are alike, so that within a step some are asked for again. */
function blockTasks(plan: Plan, planned: PlannedBlock, passing: Passing): BlockTasks {
  const { last } = planned;
  if (last.plan === plan && last.passing === passing && last.tasks !== undefined) return last.tasks;
  last.tasks = isMixer(planned)
    ? { tasks: mixerTasks(plan, planned, passing), communicationSeconds: 0, processorSeconds: 0 }
    : feedForwardTasks(plan, planned, passing);
  last.plan = plan;
  last.passing = passing;
  return last.tasks;
}

const isMixer = (planned: PlannedBlock): planned is PlannedMixer => "core" in planned;

/** A dense part; or the router, projections to and from the experts' width, and the experts between dispatch and combine. */
function feedForwardTasks(plan: Plan, { block, dense, router, narrow, shared }: PlannedFeedForward, passing: Passing): BlockTasks {
  const { rows } = passing;
  const tasks: DecodeTask[] = [];
  if (block.kind === "dense") {
    if (dense !== undefined) tasks.push(dense(rows));
    return { tasks, communicationSeconds: 0, processorSeconds: 0 };
  }
  const routed = routedPlan(plan, block);
  const { before, after, seconds, processorSeconds } = routed.exchange(rows);
  if (router !== undefined) tasks.push(router(rows));
  if (narrow !== undefined) tasks.push(narrow(rows));
  if (before !== undefined) tasks.push(before);
  const experts = expertTask(plan, block, routed, passing.replicaRows);
  tasks.push(experts);
  if (shared !== undefined) tasks.push(beside(shared(rows), experts));
  if (after !== undefined) tasks.push(after);
  return { tasks, communicationSeconds: seconds, processorSeconds };
}

/**
 * The shared expert beside the routed ones, in a stream of its own: what of it shows.
 *
 *     shown = max(shared - routed, floor of shared)
 *
 * Two kernels share the memory, so that what the shared expert has to move is never hidden.
 */
function beside(shared: DecodeTask, routed: DecodeTask): DecodeTask {
  const { name, floorSeconds, flops, bytes, runBytes, bound } = shared;
  const seconds = Math.max(shared.seconds - routed.seconds, floorSeconds);
  const kernelSeconds = shared.kernelSeconds.map((each) => (each * seconds) / shared.seconds);
  return { name, seconds, floorSeconds, flops, bytes, runBytes, bound, kernelSeconds };
}

/**
 * The routed experts of the busiest rank; the block is already cut to this GPU's share of the width.
 *
 *     tokens waited for = tokens (computed per token / experts per token, whole) waiting,   between whole numbers on the line of both
 *
 * A layer is timed for whole tokens; on the line between them, one request more is no cliff where few are waited for.
 */
function expertTask(plan: Plan, block: ExpertsBlock, routed: RoutedPlan, tokens: number): DecodeTask {
  const { layer } = routed;
  const computed = (tokens * block.computedPerToken) / routed.shape.expertsPerToken;
  const waited = Math.max(1, computed * waitingOf(plan, routed, computed));
  const whole = Math.floor(waited);
  const less = layer(whole);
  const more = waited === whole ? less : layer(whole + 1);
  const part = waited - whole;
  const seconds = onLine(less.seconds, more.seconds, part);
  return {
    name: "experts",
    seconds,
    // Its own rows, not those that are waited for.
    floorSeconds: (onLine(less.floorSeconds, more.floorSeconds, part) * computed) / waited,
    flops: onLine(less.flops, more.flops, part),
    bytes: onLine(less.weightBytes + less.activationBytes, more.weightBytes + more.activationBytes, part),
    runBytes: (block.matrices - 1) * block.width * block.inputWidth * lookUpFormat(plan.formats.experts).weightBytes,
    bound: less.bound,
    kernelSeconds: [seconds],
  };
}

/** What lies so far on the way from one number to another. */
const onLine = (from: number, to: number, part: number): number => from + part * (to - from);

/** Rows of the rank that the others wait for, over the mean: given, or by chance where tokens choose so. */
function waitingOf({ waiting, routing }: Plan, { busiest }: RoutedPlan, tokens: number): number {
  if (waiting !== undefined) return waiting;
  return routing === "chance" ? busiest(tokens) : 1;
}

/** Sum of a value over items. */
export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let result = 0;
  for (const item of items) result += value(item);
  return result;
}
