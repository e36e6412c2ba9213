import { requirePositive, requireRecord } from "../checks";
import { calibratedMachine } from "../machine/calibrated-machine";
import {
  type CalibratedName,
  type CalibratedPart,
  calibratedParts,
  factorRange,
  noFactors,
  type StepFactors,
} from "../machine/step-factors";
import { quantile } from "../statistics";
import { type DecodeStep, type DecodeStepQuestion, decodeSeconds, decodeStep } from "../step/decode";
import { resolveQuestion } from "../step/question";
import { doublingsOf, partOf, type StepInParts, stepParts, withFactors } from "../step/stretched";
import type { TaskName } from "../step/task";
import { solveFit } from "./solver";

/** What of a step somebody timed by itself, as a profiler sums kernels up: tasks of one name, or all of a part. */
export type MeasuredPart = TaskName | CalibratedPart;

/** A step that somebody measured: what was asked, and how long it took. */
export interface MeasuredStep {
  readonly question: DecodeStepQuestion;
  readonly seconds: number;
  /** Of the step, what the seconds are of: all of it if left out. */
  readonly part?: MeasuredPart;
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
const softness = 0.05;

/**
 * Seconds of a step with factors: the sum of factor x seconds over its parts, times growth, never below the step's floor.
 *
 * @throws RangeError as decodeStep, and as calibratedMachine.
 * @example calibratedSeconds(question, { ...noFactors, between: 1.5 })
 */
export function calibratedSeconds(question: DecodeStepQuestion, factors: StepFactors): number {
  return decodeSeconds(calibratedQuestion(question, factors));
}

/**
 * A step with factors: its tasks, their kernels, its time, rates and band are stretched; bytes, work and floors stay.
 *
 * The band keeps its ratio to the time: it is that of deployments that were not calibrated.
 *
 * @throws RangeError as decodeStep, and as calibratedMachine.
 * @example calibratedStep(question, { ...noFactors, between: 1.5 }).tokensPerSecondPerGpu
 */
export function calibratedStep(question: DecodeStepQuestion, factors: StepFactors): DecodeStep {
  return decodeStep(calibratedQuestion(question, factors));
}

function calibratedQuestion(question: DecodeStepQuestion, factors: StepFactors): DecodeStepQuestion {
  return { ...question, hardware: calibratedMachine(question.hardware, factors) };
}

/** A step in parts, how long it took, and how much it counts. */
export interface WeighedStep extends StepInParts {
  readonly measured: number;
  readonly weight: number;
}

/**
 * Fit a factor for each part of a step, and its growth with the batch, on measured steps, and say what that gives on rows left out.
 *
 *     seconds of a step = max(floor, growth^doublings x sum over parts of factor x seconds of the part)
 *
 * Each ln(factor) is held near 0 by a ridge of spread 0.5, growth by a fifth of that; a row more than 5 % off pulls by its sign. A row
 * counts by the width of its step's band: a step that is less sure counts less. What hardly appears in the rows keeps its 1. All that
 * the questions do not name is taken to be the same in all rows: rows of one engine, one version and one machine gain, rows of many
 * hardly do. Of published deployments, 20 rows take a quarter of the error on the rest where engines' times were fitted without them: 7 to 5.5 %.
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

function weighed({ question, seconds, part }: MeasuredStep, i: number): WeighedStep {
  requirePositive(`seconds of row ${i + 1}`, seconds);
  try {
    requireRecord("question", question, "a question that decodeStep takes");
    const step = decodeStep(question);
    const { low, high } = step.errorBand;
    return { ...stepInParts(question, step, part), measured: seconds, weight: 1 / Math.log(high / low) ** 2 };
  } catch (error) {
    throw new RangeError(`row ${i + 1}: ${(error as Error).message}`);
  }
}

/**
 * A step as factors bear on it, or what of it was timed by itself.
 *
 * @throws RangeError for a part that the step does not have.
 */
export function stepInParts(question: DecodeStepQuestion, step: DecodeStep, part?: MeasuredPart): StepInParts {
  const doublings = doublingsOf(resolveQuestion(question).groupRequests);
  if (part === undefined) return { parts: stepParts(step), floor: step.floorSeconds, doublings };
  const tasks = step.tasks.filter(({ name }) => name === part || partOf(name) === part);
  const [seconds, floor] = [sum(tasks.map((task) => task.seconds)), sum(tasks.map((task) => task.floorSeconds))];
  if (!(seconds > 0))
    throw new RangeError(`this step has no "${part}"; it has ${[...new Set(step.tasks.map(({ name }) => name))].join(", ")}`);
  return { parts: stepParts({ tasks, seconds }), floor, doublings };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
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
    lower: told.map(() => factorRange.least),
    upper: told.map(() => factorRange.most),
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
