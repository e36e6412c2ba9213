import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { type TracePart, trainTraceKernels } from "../published/tables";
import type { TaskName } from "./task";
import { type Pass, type TrainingStep, type TrainingTask, trainingStep } from "./training";

/** What a class of tasks takes by the model and took in the trace. */
export interface TraceComparison {
  readonly part: string;
  readonly kernels: number;
  readonly measuredSeconds: number;
  /** Absent where the model has no such task. */
  readonly estimateSeconds?: number;
  readonly floorSeconds?: number;
  /** estimate / measured - 1 */
  readonly error?: number;
}

const products: readonly TaskName[] = ["attention projections", "output projection", "shared expert"];

/** Parts of the trace, and the tasks that are timed as them. */
const classes: readonly {
  readonly part: string;
  readonly of: readonly TracePart[];
  readonly passes?: readonly Pass[];
  readonly names?: readonly TaskName[];
}[] = [
  { part: "attention, forward", of: ["attention forward"], passes: ["forward"], names: ["attention core"] },
  { part: "attention, backward", of: ["attention backward"], passes: ["backward"], names: ["attention core"] },
  { part: "products, forward and gradients of inputs", of: ["products"], passes: ["forward", "backward", "recomputed"], names: products },
  {
    part: "experts, forward and gradients of inputs",
    of: ["experts", "beside experts"],
    passes: ["forward", "backward"],
    names: ["experts"],
  },
  { part: "gradients of weights", of: ["weight gradients"], passes: ["weights"], names: [...products, "experts"] },
  { part: "router", of: ["router"], names: ["router"] },
  { part: "dispatch", of: ["dispatch"], names: ["dispatch"] },
  { part: "combine", of: ["combine"], names: ["combine"] },
  { part: "waiting for other ranks", of: ["waiting for other ranks"] },
  { part: "norms, conversions, copies and the rest", of: ["other"] },
];

/**
 * The step that DeepSeek's trace shows: four layers of DeepSeek-V3 on H800, experts over 64, one sequence of 4,096 tokens per GPU in each
 * direction, balanced routing, up-projections made again.
 *
 * @source DeepSeek (2025), profile-data, train.json
 * @example tracedStep().seconds
 */
export function tracedStep(overlap: "none" | "forward-beside-backward" = "none"): TrainingStep {
  return trainingStep({
    model: model("deepseek-v3"),
    hardware: hardware("h800-sxm"),
    sequences: 64,
    sequenceTokens: 4096,
    expertParallel: 64,
    layers: 4,
    routing: "even",
    waiting: 1,
    recomputeUpProjections: true,
    overlap,
  });
}

/**
 * Tasks of the traced step beside the kernels of the trace, class by class; no constant of the model was fitted to the trace.
 *
 * @example traceComparisons()
 */
export function traceComparisons(): readonly TraceComparison[] {
  const { tasks } = tracedStep();
  const kernels = trainTraceKernels();
  return classes.map(({ part, of, passes, names }) => {
    const own = kernels.filter((kernel) => of.includes(kernel.part));
    const measuredSeconds = total(own, ({ seconds }) => seconds);
    const counted = { part, kernels: total(own, (kernel) => kernel.kernels), measuredSeconds };
    if (names === undefined) return counted;
    const like = tasks.filter((task: TrainingTask) => names.includes(task.name) && (passes === undefined || passes.includes(task.pass)));
    const estimateSeconds = total(like, ({ seconds }) => seconds);
    const floorSeconds = total(like, (task) => task.floorSeconds);
    return { ...counted, estimateSeconds, floorSeconds, error: estimateSeconds / measuredSeconds - 1 };
  });
}

function total<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
