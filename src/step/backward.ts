import { bf16Bytes } from "../machine/number-formats";
import { type ExpertsBlock, isMixer, type Mixer } from "../model/blocks";
import type { Plan } from "./plan";
import { type Product, productPlan } from "./products";
import { shapeOf } from "./routed-plan";
import type { DecodeTask, Passing, TaskName } from "./task";
import { type BlockMatrices, keyValueUp, type TrainedRun } from "./trained-run";

/** What a part of a training step is for: results, gradients of inputs, gradients of weights, results made once more, or the update. */
export type Pass = "forward" | "backward" | "weights" | "recomputed" | "update";

/** A task of a training step, and the pass that it belongs to. */
export interface TrainingTask extends DecodeTask {
  readonly pass: Pass;
}

/** The task as one of a pass. */
export function ofPass(pass: Pass): (task: DecodeTask) => TrainingTask {
  return (task) => ({ ...task, pass });
}

/**
 * Work of a core's backward pass over that of its forward pass.
 *
 *     softmax: (3 q + 2 v) / (q + v),   q the size of a head of queries and keys, v of values
 *
 * The scores are made again; then gradients of values and of weights (v each), of queries and of keys (q each). Five products for two,
 * so 2.5 where q = v. A state that is updated: 2, an estimate.
 *
 * @example backwardOverForward(model("deepseek-v3").runs[0].blocks[0]) // (3 * 192 + 2 * 128) / (192 + 128) = 2.6
 */
export function backwardOverForward(mixer: Mixer): number {
  if (mixer.kind === "linear") return 2;
  const keys = mixer.kind === "latent" ? mixer.noRotaryDim + mixer.rotaryDim : mixer.headDim;
  const values = "valueHeadDim" in mixer ? mixer.valueHeadDim : keys;
  return (3 * keys + 2 * values) / (keys + values);
}

/** Products that a mixer's and a feed-forward part's groups of matrices are timed as. */
const nameOf: Readonly<Record<string, TaskName>> = {
  projections: "attention projections",
  indexer: "indexer",
  output: "output projection",
  router: "router",
  "latent projection": "latent projections",
  "shared expert": "shared expert",
  "dense feed-forward": "dense feed-forward",
};

/**
 * The backward pass of one layer on one GPU, from the tasks of its forward pass.
 *
 *     of each matrix two products: dX[rows, in] = dY W   and   dW[out, in] = dY' X
 *
 * The exchange runs the other way: a dispatch, in FP8, brings the gradients of what was combined, a combine in BF16 those of what was
 * dispatched, so the bytes are those of the forward pass again.
 */
export function backwardTasks(plan: Plan, run: TrainedRun, passing: Passing, forward: readonly DecodeTask[]): readonly TrainingTask[] {
  const [back, weights] = [ofPass("backward"), ofPass("weights")];
  const mixers = run.blocks.map(({ block }) => block).filter(isMixer);
  const experts = run.blocks.find(({ block }) => block.kind === "experts");
  let core = 0;
  const again = forward.flatMap((task): readonly TrainingTask[] => {
    if (task.name === "attention core" || task.name === "linear mixer")
      return [back(scaled(task, backwardOverForward(mixers[core++] as Mixer)))];
    return travels.has(task.name) ? [back({ ...task, name: turnedName(task.name) })] : [];
  });
  const products = run.matrices.flatMap((matrices) => ofBlock(plan, matrices, passing));
  const routed = experts === undefined ? [] : [weights(expertWeights(plan, experts.block as ExpertsBlock, passing.replicaRows))];
  return [...again, ...products, ...routed];
}

/** Tasks whose like the backward pass has: experts with both matrices the other way round, and what is sent between GPUs. */
const travels: ReadonlySet<TaskName> = new Set(["experts", "dispatch", "combine", "all-reduce", "all-gather", "reduce-scatter"]);

/** A gather's gradients are scattered, and the other way round; all else keeps its name. */
function turnedName(name: TaskName): TaskName {
  return name === "all-gather" ? "reduce-scatter" : name === "reduce-scatter" ? "all-gather" : name;
}

/** Both products of each matrix outside the routed experts. */
function ofBlock({ kernels }: Plan, matrices: BlockMatrices, { rows }: Passing): readonly TrainingTask[] {
  return Object.entries(matrices).flatMap(([group, list]) => {
    const name = nameOf[group];
    if (name === undefined) return [];
    const inputs = productPlan(name, kernels, list.map(turned), 0)(rows);
    return [
      ofPass("backward")(inputs),
      ofPass("weights")(
        merged(
          name,
          list.map((matrix) => weightProduct(name, kernels, matrix, rows)),
        ),
      ),
    ];
  });
}

/** Gradients of the weights of the routed experts that one rank holds, an expert after another, at the mean number of rows. */
function expertWeights(plan: Plan, block: ExpertsBlock, tokens: number): DecodeTask {
  const { routedExperts, expertsPerToken } = shapeOf(plan, block);
  const rows = Math.max(1, Math.round((tokens * expertsPerToken) / routedExperts));
  const held = Math.ceil(routedExperts / plan.expertParallel);
  const [into, out] = [
    { outputs: (block.matrices - 1) * block.width, inputs: block.inputWidth },
    { outputs: block.inputWidth, inputs: block.width },
  ];
  const one = [into, out].map((matrix) => weightProduct("experts", plan.kernels, matrix, rows));
  return merged("experts", Array.from({ length: held }, () => one).flat());
}

/**
 * dW[outputs, inputs] = dY' X: the rows are what is summed over. The sum goes on in FP32 over micro-batches, so each weight's gradient is
 * read and written in 4 bytes, where the product's own table writes 2: the rest is added at the memory's rate, not hidden.
 */
function weightProduct(name: TaskName, kernels: Plan["kernels"], { outputs, inputs, bf16 }: Product, rows: number): DecodeTask {
  const task = productPlan(name, kernels, [{ outputs: inputs, inputs: rows, ...(bf16 === true ? { bf16 } : {}) }], 0)(outputs);
  const more = (2 * gradientBytes - bf16Bytes) * outputs * inputs;
  const rate = kernels.hardware.memoryBytesPerSecond;
  const seconds = task.seconds + more / rate;
  const bytes = task.bytes + more;
  return { ...task, seconds, bytes, floorSeconds: Math.max(task.floorSeconds, bytes / rate), kernelSeconds: [seconds] };
}

/** A gradient as it is added up: FP32, as in DeepSeek-V3's report. */
export const gradientBytes = 4;

/** The same matrix the other way round. */
export function turned({ outputs, inputs, bf16 }: Product): Product {
  return { outputs: inputs, inputs: outputs, ...(bf16 === true ? { bf16: true as const } : {}) };
}

/** Tasks that follow one another as one. */
export function merged(name: TaskName, tasks: readonly DecodeTask[]): DecodeTask {
  const add = (value: (task: DecodeTask) => number) => tasks.reduce((sum, task) => sum + value(task), 0);
  const longest = tasks.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  return {
    name,
    seconds: add((t) => t.seconds),
    floorSeconds: add((t) => t.floorSeconds),
    flops: add((t) => t.flops),
    bytes: add((t) => t.bytes),
    runBytes: longest.runBytes,
    bound: longest.bound,
    kernelSeconds: tasks.flatMap((t) => t.kernelSeconds),
  };
}

/** A task with so many times the work. */
export function scaled(task: DecodeTask, factor: number): DecodeTask {
  return {
    ...task,
    seconds: task.seconds * factor,
    floorSeconds: task.floorSeconds * factor,
    flops: task.flops * factor,
    bytes: task.bytes * factor,
    kernelSeconds: task.kernelSeconds.map((each) => each * factor),
  };
}

/** Up-projections of a latent mixer, which are made once more rather than kept: products from a rank, not from the model's width. */
export function upProjections(plan: Plan, { blocks, matrices }: TrainedRun, rows: number): readonly TrainingTask[] {
  return blocks.flatMap(({ block }, i) => {
    if (block.kind !== "latent") return [];
    const up = (matrices[i]?.projections ?? []).filter(({ name }) => name === keyValueUp || name === "query up");
    return up.length === 0 ? [] : [ofPass("recomputed")(productPlan("attention projections", plan.kernels, up, 0)(rows))];
  });
}
