import { Matrix, pseudoInverse, solve } from "ml-matrix";

/** Constants to find, the rows that bear on them, and the formula from one to the other. */
export interface FitProblem {
  readonly names: readonly string[];
  /** Where each constant starts, and between what it may lie: all above zero. */
  readonly start: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Measured seconds, a row each. */
  readonly measured: readonly number[];
  /** How much each row counts; one each if left out. */
  readonly weights?: readonly number[];
  /** Predicted seconds of all rows, written to `seconds`, for constants in the order of names. */
  readonly predict: (constants: readonly number[], seconds: Float64Array) => void;
  /** What is thought of ln(constant) before any row is seen: a weak pull towards a value. */
  readonly priors?: readonly (Prior | undefined)[];
  /** Log error from which a row pulls by its sign, no longer by its size. */
  readonly softness?: number;
  /** Steps tried at most. */
  readonly iterations?: number;
}

/** ln(constant) is taken to be normal about ln(value), with this standard deviation, in units of one row's softness. */
export interface Prior {
  readonly value: number;
  readonly spread: number;
}

/** The constants that fit best, how well the rows pin them down, and what is left. */
export interface FitSolution {
  readonly constants: readonly number[];
  /** Relative standard errors; undefined where a constant rests on its bound or no row feels it. */
  readonly relativeErrors: readonly (number | undefined)[];
  readonly loss: number;
  readonly iterations: number;
}

const step = 1e-4;

/**
 * Find the constants that predict measured times best, by Levenberg-Marquardt on their logarithms.
 *
 *     minimise sum over rows of weight 2 s^2 (sqrt(1 + (ln(predicted / measured) / s)^2) - 1)
 *
 * s is the softness: a row further off than that pulls by its sign alone, so that a few broken rows of a table do not
 * bend the rest. Constants stay inside their bounds; one that rests on a bound and is pulled outwards is left there for
 * that step. Derivatives are differences. The same rows give the same constants.
 *
 * @throws Error when there are fewer rows than constants, or a prediction is not a positive number.
 * @example
 * solveFit({ names: ["a"], start: [1], lower: [0.1], upper: [10], measured: [2, 4],
 *   predict: ([a], seconds) => { seconds[0] = a; seconds[1] = 2 * a; } }).constants; // [2]
 */
export function solveFit(problem: FitProblem): FitSolution {
  const { names, measured, softness = 0.15, iterations = 60 } = problem;
  const [size, rows] = [names.length, measured.length];
  if (rows < size) throw new Error(`expected at least as many rows as the ${size} constants, got ${rows}`);
  const lower = problem.lower.map(Math.log);
  const upper = problem.upper.map(Math.log);
  const residuals = residualsOf(problem);
  let point = problem.start.map((v, i) => Math.min(upper[i] as number, Math.max(lower[i] as number, Math.log(v))));
  let at = residuals(point, new Float64Array(rows));
  let loss = lossOf(problem, point, at, softness);
  let damping = 1e-2;
  let small = 0;
  let tried = 0;
  while (tried < iterations && small < 3) {
    const columns = jacobian(residuals, point, at, upper);
    const { normal, gradient } = normalEquations(problem, point, at, columns, softness);
    let accepted = false;
    while (!accepted && tried++ < iterations && damping < 1e8) {
      const moved = trial(point, normal, gradient, damping, lower, upper);
      const there = residuals(moved, new Float64Array(rows));
      const now = lossOf(problem, moved, there, softness);
      if (now <= loss) {
        small = loss - now < 1e-5 * loss ? small + 1 : 0;
        [point, at, loss, accepted] = [moved, there, now, true];
        damping = Math.max(1e-7, damping / 5);
      } else damping *= 4;
    }
    if (!accepted) break;
  }
  const relativeErrors = standardErrors(problem, point, at, jacobian(residuals, point, at, upper), softness, lower, upper);
  return { constants: point.map(Math.exp), relativeErrors, loss, iterations: tried };
}

type Residuals = (point: readonly number[], into: Float64Array) => Float64Array;

/** ln(predicted / measured) of each row, as a function of the logarithms of the constants. */
function residualsOf({ measured, predict }: FitProblem): Residuals {
  return (point, into) => {
    predict(point.map(Math.exp), into);
    for (let i = 0; i < into.length; i++) {
      const r = Math.log((into[i] as number) / (measured[i] as number));
      if (!Number.isFinite(r)) throw new Error(`expected positive times, got ${into[i]} for ${measured[i]} in row ${i}`);
      into[i] = r;
    }
    return into;
  };
}

function lossOf({ weights, priors }: FitProblem, point: readonly number[], at: Float64Array, softness: number): number {
  let loss = 0;
  for (let i = 0; i < at.length; i++) {
    loss += 2 * softness ** 2 * (Math.sqrt(1 + ((at[i] as number) / softness) ** 2) - 1) * (weights?.[i] ?? 1);
  }
  priors?.forEach((prior, k) => {
    if (prior !== undefined) loss += (softness * (((point[k] as number) - Math.log(prior.value)) / prior.spread)) ** 2;
  });
  return loss;
}

/** Differences forward, or backward where the upper bound is near: the formula may not be defined beyond it. */
function jacobian(residuals: Residuals, point: readonly number[], at: Float64Array, upper: readonly number[]): readonly Float64Array[] {
  return point.map((value, k) => {
    const d = value + step > (upper[k] as number) ? -step : step;
    const column = residuals(
      point.map((v, i) => (i === k ? v + d : v)),
      new Float64Array(at.length),
    );
    for (let i = 0; i < column.length; i++) column[i] = ((column[i] as number) - (at[i] as number)) / d;
    return column;
  });
}

function softWeights(problem: FitProblem, at: Float64Array, softness: number): Float64Array {
  return at.map((r, i) => (problem.weights?.[i] ?? 1) / Math.sqrt(1 + (r / softness) ** 2));
}

function normalEquations(
  problem: FitProblem,
  point: readonly number[],
  at: Float64Array,
  columns: readonly Float64Array[],
  softness: number,
): { readonly normal: number[][]; readonly gradient: number[] } {
  const weights = softWeights(problem, at, softness);
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number) * (weights[i] as number);
    return sum;
  };
  const normal = columns.map((a) => columns.map((b) => dot(a, b)));
  const gradient = columns.map((a) => dot(a, at));
  problem.priors?.forEach((prior, k) => {
    if (prior === undefined) return;
    const pull = (softness / prior.spread) ** 2;
    (normal[k] as number[])[k] = ((normal[k] as number[])[k] as number) + pull;
    gradient[k] = (gradient[k] as number) + pull * ((point[k] as number) - Math.log(prior.value));
  });
  return { normal, gradient };
}

/** The next point: a damped step of those constants that a bound does not hold. */
function trial(
  point: readonly number[],
  normal: readonly (readonly number[])[],
  gradient: readonly number[],
  damping: number,
  lower: readonly number[],
  upper: readonly number[],
): number[] {
  const moving = point.flatMap((v, k) => {
    const out = (gradient[k] as number) > 0 ? v <= (lower[k] as number) + 1e-9 : v >= (upper[k] as number) - 1e-9;
    return out ? [] : [k];
  });
  if (moving.length === 0) return [...point];
  const entry = (i: number, j: number) => (normal[i] as readonly number[])[j] as number;
  const matrix = new Matrix(moving.map((i) => moving.map((j) => (i === j ? entry(i, i) * (1 + damping) + 1e-9 : entry(i, j)))));
  const change = solve(matrix, Matrix.columnVector(moving.map((k) => -(gradient[k] as number))));
  const moved = [...point];
  moving.forEach((k, i) => {
    const d = Math.max(-2, Math.min(2, change.get(i, 0)));
    moved[k] = Math.min(upper[k] as number, Math.max(lower[k] as number, (point[k] as number) + d));
  });
  return moved;
}

/** From the curvature of the weighted squares at the solution. */
function standardErrors(
  problem: FitProblem,
  point: readonly number[],
  at: Float64Array,
  columns: readonly Float64Array[],
  softness: number,
  lower: readonly number[],
  upper: readonly number[],
): readonly (number | undefined)[] {
  const moving = point.flatMap((v, k) =>
    Math.abs(v - (lower[k] as number)) > 1e-3 && Math.abs(v - (upper[k] as number)) > 1e-3 ? [k] : [],
  );
  const { normal } = normalEquations(problem, point, at, columns, softness);
  const weights = softWeights(problem, at, softness);
  const squares = at.reduce((sum, r, i) => sum + r * r * (weights[i] as number), 0);
  const variance = squares / Math.max(1, at.length - moving.length);
  const covariance =
    moving.length === 0 ? undefined : pseudoInverse(new Matrix(moving.map((i) => moving.map((j) => (normal[i] as number[])[j] as number))));
  return point.map((_, k) => {
    const i = moving.indexOf(k);
    const error = i < 0 ? undefined : Math.sqrt(Math.max(0, (covariance as Matrix).get(i, i)) * variance);
    return error !== undefined && error > 0 && error < 10 ? error : undefined;
  });
}
