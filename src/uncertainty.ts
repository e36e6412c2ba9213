import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { requirePositive, requirePositiveInteger } from "./checks";

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
  for (const parameter of parameters) requireSpread(parameter);
  const cube = latinHypercube(draws, parameters.length, seed);
  return Array.from({ length: draws }, (_, i) =>
    Object.fromEntries(parameters.map(({ name, spread }, d) => [name, valueAt(spread, (cube[d] as Float64Array)[i] as number)])),
  );
}

/**
 * What a statement comes to when its parameters are not known exactly.
 *
 * Draws are weighted alike and parameters are taken as independent, which widens the band where in truth two go together.
 * Draws whose value is not a finite number are left out; if none is left, every number is NaN.
 *
 * @throws RangeError as drawParameters.
 */
export function propagate(
  parameters: readonly Parameter[],
  evaluate: (draw: Draw) => { readonly value: number; readonly holds: boolean },
  { draws = defaultDraws, seed = 1 }: { readonly draws?: number; readonly seed?: number } = {},
): Uncertain {
  const drawn = drawParameters(parameters, draws, seed);
  const results = drawn.map((draw) => ({ draw, ...evaluate(draw) })).filter(({ value }) => Number.isFinite(value));
  const values = results.map(({ value }) => value);
  const ascending = [...values].sort((a, b) => a - b);
  const at = (share: number) => ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? Number.NaN;
  const tornado = parameters.map(({ name, label, spread }) => {
    const position = (value: number | string | undefined) => (spread.kind === "choice" ? spread.choices.indexOf(value as string) : (value as number));
    return { name, label, rankCorrelation: rankCorrelation(results.map(({ draw }) => position(draw[name])), values) };
  });
  return {
    draws: results.length,
    probability: results.length === 0 ? Number.NaN : results.filter(({ holds }) => holds).length / results.length,
    band: { low: at(0.05), median: at(0.5), high: at(0.95) },
    tornado: tornado.sort((a, b) => Math.abs(b.rankCorrelation) - Math.abs(a.rankCorrelation) || (a.name < b.name ? -1 : 1)),
  };
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
  const [a, b] = [ranks(x), ranks(y)];
  const mean = (x.length + 1) / 2;
  let [both, left, right] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [da, db] = [(a[i] as number) - mean, (b[i] as number) - mean];
    both += da * db;
    left += da * da;
    right += db * db;
  }
  return left === 0 || right === 0 ? 0 : both / Math.sqrt(left * right);
}

function ranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++;
    for (let i = from; i <= to; i++) result[order[i] as number] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return result;
}

function valueAt(spread: Spread, share: number): number | string {
  if (spread.kind === "choice") return spread.choices[Math.floor(share * spread.choices.length)] as number | string;
  const { kind, low, high } = spread;
  if (kind === "linear") return low + share * (high - low);
  const value = low * (high / low) ** share;
  return kind === "whole" ? Math.round(value) : value;
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
