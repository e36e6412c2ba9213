import { limitOf } from "../kernels/expert-layer";
import { type LayerWork, layerCut, secondsOf, workOf } from "../kernels/expert-work";
import { familyName, type KernelConstants, type KernelFamily, olderVersion, routerOf } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement } from "../published/layer-times";
import { rankLoad } from "../routing/rank-load";
import { isEven } from "./judge";
import { type FitSolution, solveFit } from "./solver";
import { chosenNames, defaultTilings, narrowColumns, routedWays, type Tiling } from "./tilings";

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
  secondsPerTile: [1e-9, 4e-7, 3e-6],
  tileBytesPerSecond: [2e9, 1.5e11, 1e13],
};

const free = Object.keys(bounds) as readonly Free[];
/** Share of the loss that another tile, and another cost of a routed row, has to leave at most to be taken. */
const [enoughForTile, enoughForRouted] = [0.995, 0.99];
/** Of a family of many rows what is chosen is chosen on some of them, and the constants fitted to all. */
const [manyRows, sampledEvery] = [600, 5];
/** Fewer rows than these say nothing of models left out. */
const fewRows = 30;
/** Log error from which a row pulls by its sign alone: tables hold configurations that the engine mistuned, up to five times slower than their neighbours. */
const softness = 0.05;
/** What all borrowed rows together weigh, as a share of the family's own; and what all its rows under a power law weigh, as a share of those of even routing. */
const [borrowedShare, unevenShare] = [0.2, 0.1];

interface Tried {
  readonly tiling: Tiling;
  readonly found: FitSolution;
}

/** What the start of a constant weighs, as a share of the rows: it holds a constant that the rows leave open, and hardly moves one that they pin down. */
const startShare = 0.002;

/** What a family is fitted with beside its rows. */
export interface FamilyOptions {
  /** Ways to cut the work that are tried; where it is one it is taken as it is. */
  readonly tilings?: readonly Tiling[];
  /** Rows of the same implementation that say a little of constants which the family's own leave open. */
  readonly borrowed?: readonly MoeMeasurement[];
}

/**
 * Fit a kernel family's constants to measured layer times, by least absolute log error.
 *
 * The solver's loss on the logarithms of the constants; of the tilings given the best is taken, and that one tried with narrower
 * tiles. What a routed row costs is then chosen by the loss on models left out, a third at a time, where there are two or more:
 * ways that fit the same rows equally well carry to other widths very differently. Deterministic: same rows, same constants.
 *
 * @throws Error when rows are of more than one family, or fewer than the constants.
 */
export function fitFamily(
  rows: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
  { tilings = defaultTilings, borrowed = [] }: FamilyOptions = {},
): FamilyFit {
  const identity = identityOf(rows, hardware);
  const some = rows.length > manyRows ? rows.filter((_, i) => i % sampledEvery === 0) : rows;
  const sample = sampleOf(identity, some, borrowed, hardware);
  const attempt = (tiling: Tiling): Tried => ({ tiling, found: solve(sample, tiling) });
  const better = (best: Tried | undefined, tiling: Tiling): Tried => {
    const tried = attempt(tiling);
    return best === undefined || tried.found.loss < best.found.loss * enoughForTile ? tried : best;
  };
  const [only] = tilings;
  if (only === undefined) throw new Error("expected at least one tiling");
  let taken: Tried | undefined;
  if (tilings.length > 1) {
    for (const tiling of tilings) taken = better(taken, tiling);
    const byRows = taken?.tiling ?? only;
    for (const tileColumns of narrowColumns) taken = better(taken, { ...byRows, tileColumns });
    if (taken !== undefined) taken = routedWay(taken, sample, some);
  }
  const tiling = taken?.tiling ?? only;
  const found =
    taken === undefined || some.length < rows.length
      ? solve(sampleOf(identity, rows, borrowed, hardware), tiling, taken?.found.constants)
      : taken.found;
  const constants: FittedConstant[] = free.map((constant, i) => {
    const value = rounded(found.constants[i] as number);
    const error = found.relativeErrors[i];
    return error === undefined ? { constant, value } : { constant, value, relativeStandardError: Number(error.toPrecision(2)) };
  });
  const family = { ...identity, ...tiling, ...named(constants.map((c) => c.value)) };
  const chosen: FittedConstant[] = chosenNames.map((constant) => ({ constant, value: tiling[constant] }));
  return { family, constants: [...chosen, ...constants], rows: rows.length, loss: found.loss };
}

/** The way to cost a routed row that leaves least on models left out; on the rows themselves where all are of one model. */
function routedWay(taken: Tried, sample: Sample, some: readonly MoeMeasurement[]): Tried {
  const models = [...new Set(some.map((row) => row.model))].sort();
  const parts = Array.from({ length: Math.min(3, models.length) }, (_, part) => {
    const out = some.map((row) => models.indexOf(row.model) % 3 === part);
    return { without: someOf(sample, (i) => out[i] !== true), only: someOf(sample, (i) => out[i] === true) };
  });
  const start = taken.found.constants;
  const lossOf = (tiling: Tiling): number =>
    parts.length < 2 || parts.some(({ without }) => without.rows.length < fewRows)
      ? solve(sample, tiling, start).loss
      : parts.reduce((sum, { without, only }) => sum + lossAt(only, tiling, solve(without, tiling, start).constants), 0);
  let best = { tiling: taken.tiling, loss: lossOf(taken.tiling) };
  for (const way of routedWays) {
    const tiling = { ...taken.tiling, ...way };
    const loss = lossOf(tiling);
    if (loss < best.loss * enoughForRouted) best = { tiling, loss };
  }
  return { tiling: best.tiling, found: solve(sample, best.tiling, start) };
}

/** Rows made ready: the load of each, and what it weighs. */
interface Sample {
  readonly identity: Identity;
  readonly rows: ReturnType<typeof prepare>;
  readonly measured: readonly number[];
  readonly weights: readonly number[];
}

function sampleOf(
  identity: Identity,
  rows: readonly MoeMeasurement[],
  borrowed: readonly MoeMeasurement[],
  hardware: (id: string) => Hardware,
): Sample {
  const lent = borrowed.filter((_, i) => i % sampledEvery === 0);
  return {
    identity,
    rows: [
      ...prepare(rows, identity.router, hardware),
      ...lent.flatMap((row) => prepare([row], routerOf(row.kernel, row.weightFormat), hardware)),
    ],
    measured: [...rows, ...lent].map((row) => row.seconds),
    weights: [...weightsOf(rows), ...lent.map(() => (borrowedShare * rows.length) / lent.length)],
  };
}

/** One for a row of even routing. There are few under a power law, so each counts for more where the family has both. */
function weightsOf(rows: readonly MoeMeasurement[]): readonly number[] {
  const even = rows.filter(isEven).length;
  const uneven = rows.length - even;
  return rows.map((row) => (even === 0 || isEven(row) ? 1 : (unevenShare * even) / uneven));
}

/** Some of a sample's own rows with all those it borrowed. */
function someOf(sample: Sample, keep: (i: number) => boolean): Sample {
  const kept = sample.rows.flatMap((_, i) => (keep(i) ? [i] : []));
  const at = <T>(of: readonly T[]): T[] => kept.map((i) => of[i] as T);
  return { identity: sample.identity, rows: at(sample.rows), measured: at(sample.measured), weights: at(sample.weights) };
}

function worksOf({ identity, rows }: Sample, tiling: Tiling): readonly LayerWork[] {
  const family = { ...identity, ...tiling, ...named(free.map((name) => bounds[name][1])) };
  return rows.map((row) => workOf(layerCut(family, row.model, row.hardware, row.tensorParallel), row.load, row.seen));
}

function solve(sample: Sample, tiling: Tiling, start: readonly number[] = free.map((name) => bounds[name][1])): FitSolution {
  const works = worksOf(sample, tiling);
  const spread = Math.sqrt(1 / (startShare * works.length));
  return solveFit({
    names: free,
    start,
    lower: free.map((name) => bounds[name][0]),
    upper: free.map((name) => bounds[name][2]),
    measured: sample.measured,
    weights: sample.weights,
    softness,
    priors: free.map((name) => ({ value: bounds[name][1], spread })),
    predict: (constants, seconds) => {
      const all = { ...tiling, ...named(constants) };
      works.forEach((work, i) => {
        seconds[i] = secondsOf(all, work).seconds;
      });
    },
  });
}

/** The solver's loss of some rows at constants that were fitted on others. */
function lossAt(sample: Sample, tiling: Tiling, constants: readonly number[]): number {
  const all = { ...tiling, ...named(constants) };
  return worksOf(sample, tiling).reduce((sum, work, i) => {
    const error = Math.log(secondsOf(all, work).seconds / (sample.measured[i] as number));
    return sum + (sample.weights[i] as number) * 2 * softness ** 2 * (Math.hypot(1, error / softness) - 1);
  }, 0);
}

type Identity = Pick<KernelFamily, "kernel" | "weightFormat" | "generation" | "router" | "fitted" | "from" | "software">;

/** Whose rows these are. @throws Error when they are of more than one family, or fewer than the constants. */
function identityOf(rows: readonly MoeMeasurement[], hardware: (id: string) => Hardware): Identity {
  const first = rows[0];
  if (first === undefined || rows.length <= free.length)
    throw new Error(`expected more rows than the ${free.length} constants, got ${rows.length}`);
  const { kernel, weightFormat } = first;
  const { generation } = hardware(first.hardware);
  const older = (row: MoeMeasurement) => olderVersion(kernel, weightFormat, generation, row.software);
  const version = older(first);
  for (const row of rows) {
    const same = row.kernel === kernel && row.weightFormat === weightFormat && hardware(row.hardware).generation === generation;
    if (!same || older(row) !== version)
      throw new Error(`${row.file}:${row.line}: expected rows of ${kernel} ${weightFormat} on ${generation}`);
  }
  return {
    kernel,
    weightFormat,
    generation,
    router: version?.router ?? routerOf(kernel, weightFormat),
    fitted: "here",
    from: familyName(kernel, weightFormat, generation, version?.software),
    ...(version === undefined ? {} : { software: version.software }),
  };
}

function named(values: readonly number[]): Record<Free, number> {
  return Object.fromEntries(free.map((name, i) => [name, values[i]])) as Record<Free, number>;
}

function prepare(rows: readonly MoeMeasurement[], router: KernelFamily["router"], hardware: (id: string) => Hardware) {
  return rows.map((row) => {
    const { shape: model, tokens, expertParallel, routing, tensorParallel } = row;
    const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit: limitOf(router, model) });
    return { model, hardware: hardware(row.hardware), tensorParallel, load, seen: { rows: tokens * model.expertsPerToken, tokens } };
  });
}

/** Four digits: more would claim what the rows do not say. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
