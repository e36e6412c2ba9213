import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { requirePositive, requirePositiveInteger } from "../checks";

/** What a parameter can be: a stretch of numbers, or one of a few things. */
export type Spread =
  | {
      /** linear and log: every value equally likely on that scale; whole: as log, rounded to an integer. */
      readonly kind: "linear" | "log" | "whole";
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: "choice"; readonly choices: readonly (number | string)[] };

/** One thing that is not known exactly, and why it may be what it may be. */
export interface Parameter {
  readonly name: string;
  /** For a reader. */
  readonly label: string;
  readonly spread: Spread;
  readonly reason: string;
  readonly source?: string | undefined;
}

/** A value for each parameter, by name. */
export type Draw = Readonly<Record<string, number | string>>;

/** How much one parameter moves the result. */
export interface Influence {
  readonly name: string;
  readonly label: string;
  /** Spearman's: 1 when a larger parameter always means a larger result, -1 when a smaller one. Choices count in their order. */
  readonly rankCorrelation: number;
}

/** What draws of all parameters amount to. */
export interface Uncertain {
  readonly draws: number;
  /** Share of the draws for which the statement holds. */
  readonly probability: number;
  /** 5, 50 and 95 % of the draws lie at or below these. */
  readonly band: { readonly low: number; readonly median: number; readonly high: number };
  /** The strongest first. */
  readonly tornado: readonly Influence[];
}

/** As many draws as the claims take. */
export const defaultDraws = 4096;

/**
 * A Latin hypercube: points that cover each of several dimensions evenly.
 *
 *     x[i][d] = (permutation_d(i) + u) / points,  u uniform in [0, 1)
 *
 * Each dimension has exactly one point in every slice of width 1 / points, in an order of its own, so that a share read
 * off the points errs less than with independent draws. The same seed gives the same points on every machine.
 * No library that is kept up was found for it.
 *
 * @throws RangeError unless counts are positive integers and the seed is an integer.
 * @source McKay, Beckman & Conover (1979), doi:10.2307/1268522
 */
export function latinHypercube(points: number, dimensions: number, seed: number): readonly Float64Array[] {
  requirePositiveInteger("points", points);
  if (!Number.isInteger(seed)) throw new RangeError(`seed must be an integer, got ${String(seed)}`);
  const generator = xoroshiro128plus(seed);
  return Array.from({ length: dimensions }, () => {
    const order = shuffled(points, generator);
    return Float64Array.from(order, (slice) => (slice + uniform(generator)) / points);
  });
}

/**
 * Draw every parameter `draws` times, by a Latin hypercube over all of them.
 *
 * @throws RangeError naming the parameter when its spread is empty, upside down or, on a log scale, not above zero.
 */
export function drawParameters(parameters: readonly Parameter[], draws = defaultDraws, seed = 1): readonly Draw[] {
  const columns = positions(parameters, draws, seed);
  return Array.from({ length: draws }, (_, i) =>
    Object.fromEntries(parameters.map((p, d) => [p.name, valueAt(p.spread, columns[d]?.[i] as number)])),
  );
}

/**
 * What a statement comes to when its parameters are not known exactly.
 *
 * Draws are weighted alike and parameters are taken as independent, which widens the band where in truth two go together.
 * Draws whose value is not a finite number are left out; if none is left, every number is NaN. `evaluate` is handed one
 * record again and again, each time with the values of the next draw: it must not keep it.
 *
 * @throws RangeError as drawParameters.
 */
export function propagate(
  parameters: readonly Parameter[],
  evaluate: (draw: Draw) => { readonly value: number; readonly holds: boolean },
  { draws = defaultDraws, seed = 1 }: { readonly draws?: number; readonly seed?: number } = {},
): Uncertain {
  const columns = positions(parameters, draws, seed);
  const draw: Record<string, number | string> = {};
  const values = new Float64Array(draws);
  let held = 0;
  for (let i = 0; i < draws; i++) {
    for (let d = 0; d < parameters.length; d++) {
      const { name, spread } = parameters[d] as Parameter;
      draw[name] = valueAt(spread, (columns[d] as Float64Array)[i] as number);
    }
    const { value, holds } = evaluate(draw);
    values[i] = value;
    if (holds && Number.isFinite(value)) held++;
  }
  const kept = values.filter(Number.isFinite);
  const among =
    kept.length === draws
      ? (column: Float64Array) => column
      : (column: Float64Array) => column.filter((_, i) => Number.isFinite(values[i]));
  const ascending = Float64Array.from(kept).sort();
  const valueRanks = ranks(kept);
  const at = (share: number) => ascending[Math.floor(share * ascending.length)] ?? Number.NaN;
  const tornado = parameters.map(({ name, label }, d) => ({
    name,
    label,
    rankCorrelation: correlation(ranks(among(columns[d] as Float64Array)), valueRanks),
  }));
  return {
    draws: kept.length,
    probability: held / kept.length,
    band: { low: at(0.05), median: at(0.5), high: at(0.95) },
    tornado: tornado.sort((a, b) => Math.abs(b.rankCorrelation) - Math.abs(a.rankCorrelation) || (a.name < b.name ? -1 : 1)),
  };
}

/** For each parameter a column of its values, drawn; of a choice, of its place in the list. */
function positions(parameters: readonly Parameter[], draws: number, seed: number): readonly Float64Array[] {
  for (const parameter of parameters) requireSpread(parameter);
  const cube = latinHypercube(draws, parameters.length, seed);
  return parameters.map(({ spread }, d) => (cube[d] as Float64Array).map((share) => position(spread, share)));
}

/**
 * Spearman's rank correlation: Pearson's of the ranks, equal values sharing the mean of theirs.
 *
 * 0 when either side never changes.
 *
 * @throws RangeError when the two sides differ in length.
 */
export function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length) throw new RangeError(`x and y must be of the same length, got ${x.length} and ${y.length}`);
  return correlation(ranks(x), ranks(y));
}

/** Pearson's, of two sets of ranks from 1. */
function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (a.length + 1) / 2;
  let [both, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] as number) - mean, (b[i] as number) - mean];
    both += da * db;
    left += da * da;
    right += db * db;
  }
  return left === 0 || right === 0 ? 0 : both / Math.sqrt(left * right);
}

/** Rank of each value from 1; equal values share the mean of theirs. */
function ranks(values: ArrayLike<number>): Float64Array {
  const ascending = Float64Array.from(values).sort();
  return Float64Array.from(values, (value) => (firstNotBelow(ascending, value, false) + firstNotBelow(ascending, value, true) + 1) / 2);
}

/** Where the values that are not below a value start, or those above it. */
function firstNotBelow(ascending: Float64Array, value: number, above: boolean): number {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = ascending[middle] as number;
    if (there < value || (above && there === value)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function position(spread: Spread, share: number): number {
  if (spread.kind === "choice") return Math.floor(share * spread.choices.length);
  const { kind, low, high } = spread;
  if (kind === "linear") return low + share * (high - low);
  const value = low * (high / low) ** share;
  return kind === "whole" ? Math.round(value) : value;
}

function valueAt(spread: Spread, at: number): number | string {
  return spread.kind === "choice" ? (spread.choices[at] as number | string) : at;
}

function requireSpread({ name, spread }: Parameter): void {
  if (spread.kind === "choice") {
    if (spread.choices.length === 0) throw new RangeError(`${name} must have at least one choice, got none`);
    return;
  }
  if (!(spread.low <= spread.high)) throw new RangeError(`${name} must have low <= high, got ${spread.low} and ${spread.high}`);
  if (spread.kind !== "linear") requirePositive(`low of ${name}`, spread.low);
}

function shuffled(length: number, generator: RandomGenerator): readonly number[] {
  const deck = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i);
    [deck[i], deck[j]] = [deck[j] as number, deck[i] as number];
  }
  return deck;
}

/** 24 bits of the generator as a fraction. */
function uniform(generator: RandomGenerator): number {
  return (generator.next() >>> 8) / 2 ** 24;
}
