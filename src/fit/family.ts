import { limitOf } from "../kernels/expert-layer";
import { secondsOf, workOf } from "../kernels/expert-work";
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

/** How a kernel cuts its work, and what it does to rows of experts elsewhere: chosen among a few ways, not fitted. */
const chosenNames = ["tileRows", "smallestTileRows", "oneTile", "tileColumns", "routedRowElements", "routedActivation"] as const;
type Tiling = Pick<KernelConstants, (typeof chosenNames)[number]>;
type Free = Exclude<keyof KernelConstants, keyof Tiling>;

/** Where each constant starts, which is also what it is drawn to where the rows say nothing, and between what it may lie. */
const bounds: Readonly<Record<Free, readonly [from: number, start: number, to: number]>> = {
  fixedSeconds: [0.5e-6, 22e-6, 600e-6],
  secondsPerLocalExpert: [1e-10, 2e-8, 5e-6],
  secondsPerRowElement: [1e-16, 5e-13, 1e-10],
  secondsPerRoutedElement: [1e-16, 5e-13, 1e-10],
  memoryEfficiency: [0.05, 0.85, 1],
  arithmeticEfficiency: [0.01, 0.6, 1],
  activationTraffic: [0.1, 1.5, 20],
  overlapExponent: [1.05, 2.5, 12],
  passRows: [0.01, 10, 400],
  secondsPerTile: [1e-9, 4e-7, 2e-5],
  tileBytesPerSecond: [2e9, 1.5e11, 1e13],
};

const free = Object.keys(bounds) as readonly Free[];
/** The ways that a family is tried with: smallest and largest tile of rows, and whether a call takes one tile for all experts. */
const defaultTilings: readonly Tiling[] = (
  [
    [8, 64, 0],
    [8, 128, 0],
    [16, 128, 0],
    [128, 128, 0],
    [8, 64, 1],
    [8, 128, 1],
    [8, 256, 1],
    [16, 64, 1],
  ] as const
).map(([smallestTileRows, tileRows, oneTile]) => ({
  smallestTileRows,
  tileRows,
  oneTile,
  tileColumns: 128,
  routedRowElements: 0,
  routedActivation: 0,
}));
/** Columns of a tile that the best of them is tried with again; few stand for kernels that also cut a product's depth over processors. */
const narrowColumns = [64, 32, 16] as const;
/** What a routed row may cost beside its elements of hiddenSize: nothing, bookkeeping of its own, or the activation of rows that stay elsewhere. */
const routedWays = [
  { routedRowElements: 1024, routedActivation: 0 },
  { routedRowElements: 4096, routedActivation: 0 },
  { routedRowElements: 16_384, routedActivation: 0 },
  { routedRowElements: 0, routedActivation: 1 },
] as const;
/** Share of the loss that another tile, and another cost of a routed row, has to leave at most to be taken. */
const [enoughForTile, enoughForRouted] = [0.999, 0.99];
/** Of a family of many rows the tiling is chosen on some of them, and the constants fitted to all. */
const [manyRows, sampledEvery] = [600, 5];

interface Tried {
  readonly tiling: Tiling;
  readonly found: FitSolution;
}

/** What the start of a constant weighs, as a share of the rows: it holds a constant that the rows leave open, and hardly moves one that they pin down. */
const startShare = 0.002;

/**
 * Fit a kernel family's constants to measured layer times, by least squares on log error.
 *
 * The solver's loss on the logarithms of the constants; of the tilings given the best is taken, and that one tried with narrower
 * tiles and with other costs of a routed row too. Where one tiling is given it is taken as it is. Deterministic: same rows, same constants.
 *
 * @throws Error when rows are of more than one family, or fewer than the constants.
 */
export function fitFamily(
  rows: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
  tilings: readonly Tiling[] = defaultTilings,
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
  const priors = free.map((name) => ({ value: bounds[name][1], spread: Math.sqrt(1 / (startShare * rows.length)) }));
  const attempt = (tiling: Tiling, every: number): FitSolution => {
    const cut = { ...identity, ...tiling, ...named(free.map((name) => bounds[name][1])) };
    const some = prepared
      .filter((_, i) => i % every === 0)
      .map((row) => workOf(cut, row.model, row.hardware, row.tensorParallel, row.load, row.routed));
    return solveFit({
      names: free,
      start: free.map((name) => bounds[name][1]),
      lower: free.map((name) => bounds[name][0]),
      upper: free.map((name) => bounds[name][2]),
      measured: measured.filter((_, i) => i % every === 0),
      priors,
      predict: (constants, seconds) => {
        const all = { ...tiling, ...named(constants) };
        some.forEach((work, i) => {
          seconds[i] = secondsOf(all, work).seconds;
        });
      },
    });
  };
  const every = rows.length > manyRows ? sampledEvery : 1;
  const better = (best: Tried | undefined, tiling: Tiling, enough: number): Tried => {
    const found = attempt(tiling, every);
    return best === undefined || found.loss < best.found.loss * enough ? { tiling, found } : best;
  };
  const [only] = tilings;
  if (only === undefined) throw new Error("expected at least one tiling");
  let taken: Tried | undefined;
  if (tilings.length > 1) {
    for (const tiling of tilings) taken = better(taken, tiling, enoughForTile);
    const byRows = taken?.tiling ?? only;
    for (const tileColumns of narrowColumns) taken = better(taken, { ...byRows, tileColumns }, enoughForTile);
    const byColumns = taken?.tiling ?? only;
    for (const way of routedWays) taken = better(taken, { ...byColumns, ...way }, enoughForRouted);
  }
  const tiling = taken?.tiling ?? only;
  const found = taken === undefined || every > 1 ? attempt(tiling, 1) : taken.found;
  const constants: FittedConstant[] = free.map((constant, i) => {
    const value = rounded(found.constants[i] as number);
    const error = found.relativeErrors[i];
    return error === undefined ? { constant, value } : { constant, value, relativeStandardError: Number(error.toPrecision(2)) };
  });
  const family = { ...identity, ...tiling, ...named(constants.map((c) => c.value)) };
  const chosen: FittedConstant[] = chosenNames.map((constant) => ({ constant, value: tiling[constant] }));
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
