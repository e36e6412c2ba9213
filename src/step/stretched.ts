import { type CalibratedPart, calibratedParts, type StepFactors } from "../machine/step-factors";
import type { DecodeTask, TaskName } from "./task";

/** Seconds of a step by part. */
export type StepParts = Readonly<Record<CalibratedPart, number>>;

/** A step as factors bear on it. */
export interface StepInParts {
  readonly parts: StepParts;
  readonly floor: number;
  /** Of the requests of an attention group, from 16. */
  readonly doublings: number;
}

/** Requests of an attention group from which growth counts. */
const usualRequests = 16;

const others: Readonly<Partial<Record<TaskName, CalibratedPart>>> = {
  "attention core": "attention",
  "linear mixer": "attention",
  indexer: "attention",
  dispatch: "exchange",
  combine: "exchange",
  "all-reduce": "exchange",
  "norm all-reduce": "exchange",
  "all-gather": "exchange",
  "reduce-scatter": "exchange",
  "point to point": "exchange",
  "between kernels": "between",
};

/** The part that a task belongs to: all that is not attention's cores, links or time between kernels counts as products. */
export function partOf(task: TaskName): CalibratedPart {
  return others[task] ?? "products";
}

/** Doublings of the requests of an attention group from 16; negative below. */
export function doublingsOf(groupRequests: number): number {
  return Math.log2(groupRequests / usualRequests);
}

/** Tasks that occur so many times in a step. */
interface Repeated {
  readonly count: number;
  readonly tasks: readonly DecodeTask[];
}

/** Seconds of tasks by part, scaled to what they take together where some hide behind others. */
export function partsOf(repeated: readonly Repeated[], seconds: number): StepParts {
  const parts: Record<CalibratedPart, number> = { products: 0, attention: 0, exchange: 0, between: 0 };
  let all = 0;
  for (const { count, tasks } of repeated) {
    for (const task of tasks) {
      parts[partOf(task.name)] += count * task.seconds;
      all += count * task.seconds;
    }
  }
  for (const part of calibratedParts) parts[part] *= seconds / all;
  return parts;
}

/**
 * Seconds of a step's tasks by part: all that is not attention's cores, links or time between kernels counts as products.
 *
 * Where two micro-batches hide each other, each part has its share of the step's time.
 *
 * @example stepParts(decodeStep({ model: model("kimi-k2"), hardware: hardware("h100-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 16 })).between
 */
export function stepParts({ tasks, seconds }: { readonly tasks: readonly DecodeTask[]; readonly seconds: number }): StepParts {
  return partsOf([{ count: 1, tasks }], seconds);
}

/** Seconds of a step in parts, each part times its factor, all times growth; the floor where that is less. */
export function withFactors({ parts, floor, doublings }: StepInParts, factors: StepFactors): number {
  let seconds = 0;
  for (const part of calibratedParts) seconds += factors[part] * parts[part];
  return Math.max(floor, seconds * factors.growth ** doublings);
}

/** A task with its part's factor and growth; its work and floor stay. */
export function stretched(task: DecodeTask, factors: StepFactors, doublings: number): DecodeTask {
  const factor = factors[partOf(task.name)] * factors.growth ** doublings;
  return { ...task, seconds: factor * task.seconds, kernelSeconds: task.kernelSeconds.map((one) => factor * one) };
}
