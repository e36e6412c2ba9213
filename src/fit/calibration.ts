import { quantile } from "../statistics";
import { type DecodeStep, type DecodeStepQuestion, type DecodeTask, decodeStep, type TaskName } from "../step/decode";
import { solveFit } from "./solver";

/** What of a step is stretched by a factor of its own. */
export type CalibratedPart = "products" | "attention" | "exchange" | "between";

/** All parts, in the order in which they are told. */
export const calibratedParts = ["products", "attention", "exchange", "between"] as const satisfies readonly CalibratedPart[];

/** A factor for the time of each part; 1 leaves it as the model has it. */
export type StepFactors = Readonly<Record<CalibratedPart, number>>;

/** The model as it is. */
export const noFactors: StepFactors = Object.freeze({ products: 1, attention: 1, exchange: 1, between: 1 });

/** A step that somebody measured: what was asked, and how long it took. */
export interface MeasuredStep {
  readonly question: DecodeStepQuestion;
  readonly seconds: number;
}

/** A measured step beside the model, as it is and with factors. */
export interface CalibratedRow {
  readonly measured: number;
  /** As the model is. */
  readonly predicted: number;
  /** With the factors fitted on all rows. */
  readonly calibrated: number;
  /** With factors fitted without this row. */
  readonly leftOut: number;
}

/** Factors fitted on measured steps, their doubt, and what they are worth on rows that they were not fitted on. */
export interface Calibration {
  readonly factors: StepFactors;
  /** Standard error of the logarithm of each factor, the pull to 1 included; undefined where no row has such a part. */
  readonly doubt: Readonly<Record<CalibratedPart, number | undefined>>;
  readonly rows: readonly CalibratedRow[];
  /** Median of |predicted / measured - 1| of the model as it is. */
  readonly errorBefore: number;
  /** The same of each row with factors fitted without it. */
  readonly errorAfter: number;
  /** Rows left out at a time. */
  readonly leftOutTogether: number;
}

/** How a calibration is made. */
export interface CalibrationOptions {
  /** Spread of ln(factor) before any row is seen. */
  readonly spread?: number;
}

/** Fewer rows than factors tell nothing about rows left out. */
export const fewestRows = 4;
/** More than these are left out in so many groups. */
const mostFolds = 40;
const softness = 0.05;
const limits = [0.1, 10] as const;

const partOf: Readonly<Partial<Record<TaskName, CalibratedPart>>> = {
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

/**
 * Seconds of a step's tasks by part: all that is not attention's cores, links or time between kernels counts as products.
 *
 * Where two micro-batches hide each other, each part has its share of the step's time.
 *
 * @example stepParts(decodeStep({ model: model("kimi-k2"), hardware: hardware("h100-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 16 })).between
 */
export function stepParts({ tasks, seconds }: Pick<DecodeStep, "tasks" | "seconds">): StepFactors {
  const parts: Record<CalibratedPart, number> = { products: 0, attention: 0, exchange: 0, between: 0 };
  let all = 0;
  for (const task of tasks) {
    parts[partOf[task.name] ?? "products"] += task.seconds;
    all += task.seconds;
  }
  for (const part of calibratedParts) parts[part] *= seconds / all;
  return parts;
}

/**
 * Seconds of a step with factors: the sum of factor x seconds over its parts, never below the step's floor.
 *
 * @example calibratedSeconds(decodeStep(question), { ...noFactors, between: 1.5 })
 */
export function calibratedSeconds(step: DecodeStep, factors: StepFactors): number {
  return withFactors({ parts: stepParts(step), floor: step.floorSeconds }, factors);
}

/**
 * A step with factors: its tasks, their kernels, its time, rates and band are stretched; bytes, work and floors stay.
 *
 * The band keeps its ratio to the time: it is that of deployments that were not calibrated.
 *
 * @example calibratedStep(decodeStep(question), { ...noFactors, between: 1.5 }).tokensPerSecondPerGpu
 */
export function calibratedStep(step: DecodeStep, factors: StepFactors): DecodeStep {
  const seconds = calibratedSeconds(step, factors);
  const longer = seconds / step.seconds;
  const { low, high } = step.errorBand;
  // Layers alike share one record, and still do.
  const made = new Map<DecodeTask, DecodeTask>();
  const stretched = (task: DecodeTask): DecodeTask => {
    const factor = factors[partOf[task.name] ?? "products"];
    return { ...task, seconds: factor * task.seconds, kernelSeconds: task.kernelSeconds.map((one) => factor * one) };
  };
  return {
    ...step,
    seconds,
    tokensPerSecondPerGpu: step.tokensPerSecondPerGpu / longer,
    tokensPerSecondPerRequest: step.tokensPerSecondPerRequest / longer,
    errorBand: { low: low * longer, high: high * longer },
    tasks: step.tasks.map((task) => {
      const known = made.get(task) ?? stretched(task);
      made.set(task, known);
      return known;
    }),
  };
}

/** What a fit needs of a step. */
export interface StepInParts {
  readonly parts: StepFactors;
  readonly floor: number;
}

/** A step in parts, how long it took, and how much it counts. */
export interface WeighedStep extends StepInParts {
  readonly measured: number;
  readonly weight: number;
}

/** Seconds of a step in parts, each part times its factor; the floor where that is less. */
export function withFactors({ parts, floor }: StepInParts, factors: StepFactors): number {
  let seconds = 0;
  for (const part of calibratedParts) seconds += factors[part] * parts[part];
  return Math.max(floor, seconds);
}

/**
 * Fit a factor for each part of a step on measured steps, and say what that gives on rows left out.
 *
 *     seconds of a step = max(floor, sum over parts of factor x seconds of the part)
 *
 * Each ln(factor) is held near 0 by a ridge of spread 0.5, as if half a row of small error said so; a row more than 5 % off pulls by
 * its sign. A row counts by the width of its step's band: a step that is less sure counts less. A part that hardly appears in the rows
 * keeps its 1. What is taken to be the same in all rows is everything that the questions do not name: rows of one engine, one version
 * and one machine gain, rows of many do not.
 *
 * Errors are on rows left out: one at a time up to 40 rows, in 40 groups above; both medians of |predicted / measured - 1|.
 *
 * @throws RangeError for fewer than four rows, or seconds that are not positive; naming the row, for a question that decodeStep refuses.
 * @example calibrate(rows).factors.between // 1.3: the time between kernels is a third longer here
 */
export function calibrate(rows: readonly MeasuredStep[], options: CalibrationOptions = {}): Calibration {
  if (rows.length < fewestRows) throw new RangeError(`rows must be at least ${fewestRows} measured steps, got ${rows.length}`);
  const steps = rows.map(weighed);
  const { factors, doubt } = fitFactors(steps, options);
  const folds = Math.min(steps.length, mostFolds);
  const without = Array.from({ length: folds }, (_, fold) =>
    fitFactors(
      steps.filter((_, i) => i % folds !== fold),
      options,
    ),
  );
  const made = steps.map((step, i): CalibratedRow => {
    const fold = without[i % folds] as FactorFit;
    return {
      measured: step.measured,
      predicted: withFactors(step, noFactors),
      calibrated: withFactors(step, factors),
      leftOut: withFactors(step, fold.factors),
    };
  });
  return {
    factors,
    doubt,
    rows: made,
    errorBefore: medianOff(made.map(({ predicted, measured }) => predicted / measured)),
    errorAfter: medianOff(made.map(({ leftOut, measured }) => leftOut / measured)),
    leftOutTogether: Math.ceil(steps.length / folds),
  };
}

function weighed({ question, seconds }: MeasuredStep, i: number): WeighedStep {
  if (!(Number.isFinite(seconds) && seconds > 0)) throw new RangeError(`seconds of row ${i + 1} must be positive, got ${seconds}`);
  try {
    const step = decodeStep(question);
    const { low, high } = step.errorBand;
    return { parts: stepParts(step), floor: step.floorSeconds, measured: seconds, weight: 1 / Math.log(high / low) ** 2 };
  } catch (error) {
    throw new RangeError(`row ${i + 1}: ${(error as Error).message}`);
  }
}

/** Factors and their doubt. */
export type FactorFit = Pick<Calibration, "factors" | "doubt">;

/** The factors that fit measured steps best: of as many parts as there are rows, the largest first. @throws Error for no row. */
export function fitFactors(steps: readonly WeighedStep[], { spread = 0.5 }: CalibrationOptions = {}): FactorFit {
  const usual = steps.reduce((sum, { weight }) => sum + weight, 0) / steps.length;
  const present = calibratedParts.filter((part) => steps.some(({ parts }) => parts[part] > 0));
  const share = (part: CalibratedPart) => steps.reduce((sum, { parts, measured }) => sum + parts[part] / measured, 0);
  const told = [...present].sort((a, b) => share(b) - share(a)).slice(0, steps.length);
  const named = (constants: readonly number[]): StepFactors => ({
    ...noFactors,
    ...Object.fromEntries(told.map((part, i) => [part, constants[i] as number])),
  });
  const { constants, relativeErrors } = solveFit({
    names: told,
    start: told.map(() => 1),
    lower: told.map(() => limits[0]),
    upper: told.map(() => limits[1]),
    measured: steps.map(({ measured }) => measured),
    weights: steps.map(({ weight }) => weight / usual),
    priors: told.map(() => ({ value: 1, spread })),
    softness,
    predict: (tried, seconds) => {
      const factors = named(tried);
      for (const [i, step] of steps.entries()) seconds[i] = withFactors(step, factors);
    },
  });
  const doubt = { products: undefined, attention: undefined, exchange: undefined, between: undefined };
  return { factors: named(constants), doubt: { ...doubt, ...Object.fromEntries(told.map((part, i) => [part, relativeErrors[i]])) } };
}

function medianOff(ratios: readonly number[]): number {
  return quantile(
    ratios.map((ratio) => Math.abs(ratio - 1)).sort((a, b) => a - b),
    0.5,
  );
}
