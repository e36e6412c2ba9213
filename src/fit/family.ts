import { Matrix, pseudoInverse } from "ml-matrix";
import { limitOf, timeOf } from "../kernels/expert-layer";
import { type KernelConstants, type KernelFamily, routerOf } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement } from "../published/layer-times";
import { rankLoad } from "../routing/rank-load";

/** A fitted constant and how well the rows pin it down. */
export interface FittedConstant {
  readonly constant: keyof KernelConstants;
  readonly value: number;
  /** Relative, of a fit in logarithms; absent for the tile, which is chosen, and where a constant rests on its bound. */
  readonly relativeStandardError?: number;
}

/** The constants of one family and the rows behind them. */
export interface FamilyFit {
  readonly family: KernelFamily;
  readonly constants: readonly FittedConstant[];
  readonly rows: number;
  /** Soft absolute loss of the log errors. */
  readonly loss: number;
}

type Free = Exclude<keyof KernelConstants, "tileRows">;

/** Where each constant starts and between what it may lie. */
const bounds: Readonly<Record<Free, readonly [from: number, start: number, to: number]>> = {
  fixedSeconds: [0.5e-6, 20e-6, 600e-6],
  secondsPerLocalExpert: [1e-10, 5e-8, 5e-6],
  secondsPerRowElement: [1e-16, 2e-13, 1e-10],
  secondsPerRoutedElement: [1e-16, 1e-13, 1e-10],
  memoryEfficiency: [0.05, 0.85, 1],
  arithmeticEfficiency: [0.01, 0.5, 1],
  activationTraffic: [0.1, 1, 20],
  overlapExponent: [1.05, 3, 12],
  tileBytesPerSecond: [2e9, 2e11, 1e13],
};

const free = Object.keys(bounds) as readonly Free[];
/** Log error from which a row pulls by its sign, no longer by its size. */
const softness = 0.15;
const rounds = 4;

/**
 * Fit a kernel family's constants to measured layer times, by least squares on log error.
 *
 *     minimise sum over rows of 2 s^2 (sqrt(1 + (ln(predicted / measured) / s)^2) - 1)
 *
 * Levenberg-Marquardt on the logarithms of the constants, inside bounds; outliers lose weight (soft absolute
 * loss, reweighted), the tile is the best of those given. Deterministic: same rows, same constants.
 *
 * @throws Error when rows are of more than one family, or fewer than the constants.
 */
export async function fitFamily(
  rows: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
  tiles: readonly number[] = [16, 64, 128],
): Promise<FamilyFit> {
  const first = rows[0];
  if (first === undefined || rows.length <= free.length)
    throw new Error(`expected more rows than the ${free.length} constants, got ${rows.length}`);
  const { generation } = hardware(first.hardware);
  for (const row of rows) {
    if (row.kernel !== first.kernel || row.weightFormat !== first.weightFormat || hardware(row.hardware).generation !== generation) {
      throw new Error(`${row.file}:${row.line}: expected rows of ${first.kernel} ${first.weightFormat} on ${generation}`);
    }
  }
  const { kernel, weightFormat } = first;
  const identity = {
    kernel,
    weightFormat,
    generation,
    router: routerOf(kernel, weightFormat),
    fitted: "here",
    from: `${kernel} ${weightFormat} ${generation}`,
  } as const;
  let best: { tile: number; point: number[]; loss: number } | undefined;
  for (const tile of tiles) {
    const residuals = residualsOf(rows, hardware, (constants) => ({ ...identity, tileRows: tile, ...constants }));
    const found = await minimise(residuals, rows.length);
    if (best === undefined || found.loss < best.loss * 0.999) best = { tile, ...found };
  }
  const { tile, point, loss } = best as NonNullable<typeof best>;
  const residuals = residualsOf(rows, hardware, (constants) => ({ ...identity, tileRows: tile, ...constants }));
  const errors = standardErrors(residuals, point, rows.length);
  const constants: FittedConstant[] = free.map((constant, i) => {
    const value = rounded(Math.exp(point[i] as number));
    const error = errors[i];
    return error === undefined ? { constant, value } : { constant, value, relativeStandardError: Number(error.toPrecision(2)) };
  });
  const family = {
    ...identity,
    tileRows: tile,
    ...(Object.fromEntries(constants.map((c) => [c.constant, c.value])) as Record<Free, number>),
  };
  return { family, constants: [{ constant: "tileRows", value: tile }, ...constants], rows: rows.length, loss };
}

type Residuals = (point: readonly number[]) => (row: number) => number;

/** ln(predicted / measured) of each row, as a function of the logarithms of the constants. */
function residualsOf(
  rows: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
  family: (constants: Record<Free, number>) => KernelFamily,
): Residuals {
  const prepared = rows.map((row) => {
    const { shape: model, tokens, expertParallel, routing, tensorParallel } = row;
    const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit: limitOf(routerOf(row.kernel, row.weightFormat), model) });
    return {
      model,
      hardware: hardware(row.hardware),
      tensorParallel,
      load,
      routed: tokens * model.expertsPerToken,
      measured: Math.log(row.seconds),
    };
  });
  return (point) => {
    const constants = family(Object.fromEntries(free.map((name, i) => [name, Math.exp(point[i] as number)])) as Record<Free, number>);
    return (i) => {
      const row = prepared[i] as (typeof prepared)[number];
      return Math.log(timeOf(constants, row.model, row.hardware, row.tensorParallel, row.load, row.routed).seconds) - row.measured;
    };
  };
}

async function minimise(residuals: Residuals, count: number): Promise<{ point: number[]; loss: number }> {
  const { levenbergMarquardt } = await import("ml-levenberg-marquardt");
  const minValues = free.map((name) => Math.log(bounds[name][0]));
  const maxValues = free.map((name) => Math.log(bounds[name][2]));
  const x = Array.from({ length: count }, (_, i) => i);
  const y = new Array<number>(count).fill(0);
  let point = free.map((name) => Math.log(bounds[name][1]));
  let best = { point, loss: softLoss(residuals(point), count) };
  for (let round = 0; round < rounds; round++) {
    const at = residuals(point);
    const weights = x.map((i) => (1 + (at(i) / softness) ** 2) ** -0.25);
    const weighted = (p: number[]) => {
      const residual = residuals(p);
      return (i: number) => (weights[i] as number) * residual(i);
    };
    const { parameterValues } = levenbergMarquardt({ x, y }, weighted, {
      initialValues: point,
      minValues,
      maxValues,
      damping: 1,
      gradientDifference: 1e-4,
      maxIterations: 25,
      errorTolerance: 1e-9,
    });
    point = [...parameterValues];
    const loss = softLoss(residuals(point), count);
    if (loss < best.loss) best = { point, loss };
  }
  return best;
}

function softLoss(residual: (row: number) => number, count: number): number {
  let loss = 0;
  for (let i = 0; i < count; i++) loss += 2 * softness ** 2 * (Math.sqrt(1 + (residual(i) / softness) ** 2) - 1);
  return loss;
}

/** Relative standard errors from the curvature of the weighted squares; undefined for constants that rest on a bound or that nothing pins down. */
function standardErrors(residuals: Residuals, point: readonly number[], count: number): readonly (number | undefined)[] {
  const inside = free.map(
    (name, i) =>
      Math.abs((point[i] as number) - Math.log(bounds[name][0])) > 1e-3 &&
      Math.abs((point[i] as number) - Math.log(bounds[name][2])) > 1e-3,
  );
  const moving = free.map((_, i) => i).filter((i) => inside[i]);
  const at = residuals(point);
  const base = Array.from({ length: count }, (_, i) => at(i));
  const weights = base.map((r) => (1 + (r / softness) ** 2) ** -0.25);
  const step = 1e-4;
  const columns = moving.map((index) => {
    const moved = residuals(point.map((v, i) => (i === index ? v + step : v)));
    return base.map((r, i) => ((moved(i) - r) / step) * (weights[i] as number));
  });
  const jacobian = new Matrix(columns).transpose();
  const variance = base.reduce((sum, r, i) => sum + (r * (weights[i] as number)) ** 2, 0) / (count - moving.length);
  const covariance = pseudoInverse(jacobian.transpose().mmul(jacobian));
  return free.map((_, i) => {
    const k = moving.indexOf(i);
    const error = k < 0 ? undefined : Math.sqrt(variance * covariance.get(k, k));
    return error !== undefined && Number.isFinite(error) && error < 10 ? error : undefined;
  });
}

/** Four digits: more would claim what the rows do not say. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
