import { limitOf, timeOf } from "../kernels/expert-layer";
import { type KernelConstants, type KernelFamily, routerOf } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement } from "../published/layer-times";
import { rankLoad } from "../routing/rank-load";
import { type FitSolution, solveFit } from "./solver";

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

type Free = Exclude<keyof KernelConstants, "tileRows" | "smallestTileRows">;

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
  passRows: [0.01, 8, 400],
  secondsPerTile: [1e-9, 2e-7, 2e-5],
  tileBytesPerSecond: [2e9, 2e11, 1e13],
};

const free = Object.keys(bounds) as readonly Free[];
/** Smallest and largest tile of rows that a family is tried with. */
const defaultTiles = [
  [8, 64],
  [8, 128],
  [16, 128],
  [128, 128],
] as const;

/**
 * Fit a kernel family's constants to measured layer times, by least squares on log error.
 *
 * The solver's loss on the logarithms of the constants; of the pairs of tiles given the best is taken. Deterministic: same
 * rows, same constants.
 *
 * @throws Error when rows are of more than one family, or fewer than the constants.
 */
export function fitFamily(
  rows: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
  tiles: readonly (readonly [smallest: number, largest: number])[] = defaultTiles,
): FamilyFit {
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
  const prepared = prepare(rows, hardware);
  const measured = rows.map((row) => row.seconds);
  let best: { readonly smallest: number; readonly tile: number; readonly found: FitSolution } | undefined;
  for (const [smallest, tile] of tiles) {
    const family = { ...identity, tileRows: tile, smallestTileRows: smallest };
    const found = solveFit({
      names: free,
      start: free.map((name) => bounds[name][1]),
      lower: free.map((name) => bounds[name][0]),
      upper: free.map((name) => bounds[name][2]),
      measured,
      predict: (constants, seconds) => {
        const all = { ...family, ...named(constants) };
        prepared.forEach((row, i) => {
          seconds[i] = timeOf(all, row.model, row.hardware, row.tensorParallel, row.load, row.routed).seconds;
        });
      },
    });
    if (best === undefined || found.loss < best.found.loss * 0.999) best = { smallest, tile, found };
  }
  const { smallest, tile, found } = best as NonNullable<typeof best>;
  const constants: FittedConstant[] = free.map((constant, i) => {
    const value = rounded(found.constants[i] as number);
    const error = found.relativeErrors[i];
    return error === undefined ? { constant, value } : { constant, value, relativeStandardError: Number(error.toPrecision(2)) };
  });
  const family = { ...identity, tileRows: tile, smallestTileRows: smallest, ...named(constants.map((c) => c.value)) };
  const chosen: FittedConstant[] = [
    { constant: "tileRows", value: tile },
    { constant: "smallestTileRows", value: smallest },
  ];
  return { family, constants: [...chosen, ...constants], rows: rows.length, loss: found.loss };
}

function named(values: readonly number[]): Record<Free, number> {
  return Object.fromEntries(free.map((name, i) => [name, values[i]])) as Record<Free, number>;
}

function prepare(rows: readonly MoeMeasurement[], hardware: (id: string) => Hardware) {
  return rows.map((row) => {
    const { shape: model, tokens, expertParallel, routing, tensorParallel } = row;
    const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit: limitOf(routerOf(row.kernel, row.weightFormat), model) });
    return { model, hardware: hardware(row.hardware), tensorParallel, load, routed: tokens * model.expertsPerToken };
  });
}

/** Four digits: more would claim what the rows do not say. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
