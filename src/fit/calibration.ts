import { requirePositive, requireRecord } from "../checks";
import { quantile } from "../statistics";
import { type DecodeStep, type DecodeStepQuestion, type DecodeTask, decodeStep, type TaskName } from "../step/decode";
import { resolveQuestion } from "../step/question";
import { solveFit } from "./solver";

/** What of a step is stretched by a factor of its own. */
export type CalibratedPart = "products" | "attention" | "exchange" | "between";

/** All parts, in the order in which they are told. */
export const calibratedParts = ["products", "attention", "exchange", "between"] as const satisfies readonly CalibratedPart[];

/** What a calibration fits: a factor for each part, and one for growth with the batch. */
export type CalibratedName = CalibratedPart | "growth";

/** All of them, in the order in which they are told. */
export const calibratedNames = [...calibratedParts, "growth"] as const satisfies readonly CalibratedName[];

/**
 * A factor for the time of each part, and `growth`: one on the whole step for each doubling of the requests of an attention group from 16,
 * which is scheduling and whatever else grows with the batch otherwise than the model has it. 1 leaves all as it is.
 */
export type StepFactors = Readonly<Record<CalibratedName, number>>;

/** Seconds of a step by part. */
export type StepParts = Readonly<Record<CalibratedPart, number>>;

/** The model as it is. */
export const noFactors: StepFactors = Object.freeze({ products: 1, attention: 1, exchange: 1, between: 1, growth: 1 });

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
  /** Standard error of the logarithm of each factor, the pull to 1 included; undefined where the rows do not tell it. */
  readonly doubt: Readonly<Record<CalibratedName, number | undefined>>;
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
  /** Spread of ln(factor) before any row is seen, 0.5 if left out; of growth a fifth of it. */
  readonly spread?: number;
}

/** Fewer rows than factors tell nothing about rows left out. */
export const fewestRows = 4;
/** More than these are left out in so many groups. */
const mostFolds = 40;
/** Requests of an attention group from which growth counts. */
const usualRequests = 16;
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
export function stepParts({ tasks, seconds }: Pick<DecodeStep, "tasks" | "seconds">): StepParts {
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
 * Seconds of a step with factors: the sum of factor x seconds over its parts, times growth, never below the step's floor.
 *
 * @throws RangeError as decodeStep.
 * @example calibratedSeconds(question, { ...noFactors, between: 1.5 })
 */
export function calibratedSeconds(question: DecodeStepQuestion, factors: StepFactors): number {
  return withFactors(stepInParts(question, decodeStep(question)), factors);
}

/**
 * A step with factors: its tasks, their kernels, its time, rates and band are stretched; bytes, work and floors stay.
 *
 * The band keeps its ratio to the time: it is that of deployments that were not calibrated.
 *
 * @throws RangeError as decodeStep.
 * @example calibratedStep(question, { ...noFactors, between: 1.5 }).tokensPerSecondPerGpu
 */
export function calibratedStep(question: DecodeStepQuestion, factors: StepFactors): DecodeStep {
  const step = decodeStep(question);
  const inParts = stepInParts(question, step);
  const seconds = withFactors(inParts, factors);
  const growth = factors.growth ** inParts.doublings;
  const longer = seconds / step.seconds;
  const { low, high } = step.errorBand;
  // Layers alike share one record, and still do.
  const made = new Map<DecodeTask, DecodeTask>();
  const stretched = (task: DecodeTask): DecodeTask => {
    const factor = factors[partOf[task.name] ?? "products"] * growth;
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

/** A step as factors bear on it. */
function stepInParts(question: DecodeStepQuestion, step: DecodeStep): StepInParts {
  return { parts: stepParts(step), floor: step.floorSeconds, doublings: doublingsOf(resolveQuestion(question).groupRequests) };
}

/** Doublings of the requests of an attention group from 16; negative below. */
export function doublingsOf(groupRequests: number): number {
  return Math.log2(groupRequests / usualRequests);
}

/** What a fit needs of a step. */
export interface StepInParts {
  readonly parts: StepParts;
  readonly floor: number;
  /** Of the requests of an attention group, from 16. */
  readonly doublings: number;
}

/** A step in parts, how long it took, and how much it counts. */
export interface WeighedStep extends StepInParts {
  readonly measured: number;
  readonly weight: number;
}

/** Seconds of a step in parts, each part times its factor, all times growth; the floor where that is less. */
export function withFactors({ parts, floor, doublings }: StepInParts, factors: StepFactors): number {
  let seconds = 0;
  for (const part of calibratedParts) seconds += factors[part] * parts[part];
  return Math.max(floor, seconds * factors.growth ** doublings);
}

/**
 * Fit a factor for each part of a step, and its growth with the batch, on measured steps, and say what that gives on rows left out.
 *
 *     seconds of a step = max(floor, growth^doublings x sum over parts of factor x seconds of the part)
 *
 * Each ln(factor) is held near 0 by a ridge of spread 0.5, growth by a fifth of that; a row more than 5 % off pulls by its sign. A row
 * counts by the width of its step's band: a step that is less sure counts less. What hardly appears in the rows keeps its 1. All that
 * the questions do not name is taken to be the same in all rows: rows of one engine, one version and one machine gain, rows of many
 * hardly do. Of published deployments, 20 rows halve the median error on the rest where engines' times were fitted without them.
 *
 * Errors are on rows left out: one at a time up to 40 rows, in 40 groups above; both medians of |predicted / measured - 1|.
 *
 * @throws RangeError for fewer than four rows, or seconds that are not positive; naming the row, for a question that decodeStep refuses.
 * @example calibrate(rows).factors.between // 1.3: the time between kernels is a third longer here
 */
export function calibrate(rows: readonly MeasuredStep[], options: CalibrationOptions = {}): Calibration {
  if (!Array.isArray(rows)) throw new RangeError("rows must be a list of measured steps");
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
  requirePositive(`seconds of row ${i + 1}`, seconds);
  try {
    requireRecord("question", question, "a question that decodeStep takes");
    const step = decodeStep(question);
    const { low, high } = step.errorBand;
    return { ...stepInParts(question, step), measured: seconds, weight: 1 / Math.log(high / low) ** 2 };
  } catch (error) {
    throw new RangeError(`row ${i + 1}: ${(error as Error).message}`);
  }
}

/** Factors and their doubt. */
export type FactorFit = Pick<Calibration, "factors" | "doubt">;

/** The factors that fit measured steps best: of as many as there are rows, those of large parts first. @throws Error for no row. */
export function fitFactors(steps: readonly WeighedStep[], { spread = 0.5 }: CalibrationOptions = {}): FactorFit {
  const usual = steps.reduce((sum, { weight }) => sum + weight, 0) / steps.length;
  const told = toldBy(steps);
  const named = (constants: readonly number[]): StepFactors => ({
    ...noFactors,
    ...Object.fromEntries(told.map((name, i) => [name, constants[i] as number])),
  });
  const { constants, relativeErrors } = solveFit({
    names: told,
    start: told.map(() => 1),
    lower: told.map(() => limits[0]),
    upper: told.map(() => limits[1]),
    measured: steps.map(({ measured }) => measured),
    weights: steps.map(({ weight }) => weight / usual),
    priors: told.map((name) => ({ value: 1, spread: name === "growth" ? spread / 5 : spread })),
    softness,
    predict: (tried, seconds) => {
      const factors = named(tried);
      for (const [i, step] of steps.entries()) seconds[i] = withFactors(step, factors);
    },
  });
  const doubt = { products: undefined, attention: undefined, exchange: undefined, between: undefined, growth: undefined };
  return { factors: named(constants), doubt: { ...doubt, ...Object.fromEntries(told.map((name, i) => [name, relativeErrors[i]])) } };
}

/** What rows can tell: parts that they have, and growth where their batches differ. */
function toldBy(steps: readonly WeighedStep[]): readonly CalibratedName[] {
  const share = (part: CalibratedPart) => steps.reduce((sum, { parts, measured }) => sum + parts[part] / measured, 0);
  const parts = calibratedParts.filter((part) => share(part) > 0).sort((a, b) => share(b) - share(a));
  const differ = steps.some(({ doublings }) => doublings !== steps[0]?.doublings);
  return [...parts, ...(differ ? (["growth"] as const) : [])].slice(0, steps.length);
}

function medianOff(ratios: readonly number[]): number {
  return quantile(
    ratios.map((ratio) => Math.abs(ratio - 1)).sort((a, b) => a - b),
    0.5,
  );
}
