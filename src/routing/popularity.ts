import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { requireNonNegative, requirePositiveInteger } from "../checks";

/** How unevenly experts are asked for, and how much of that lasts to another day. */
export interface PopularityQuestion {
  readonly experts: number;
  /** Standard deviation over mean of what experts are asked for, chance left out. */
  readonly coefficientOfVariation: number;
  /** How much of the first stays in the second: 1 the same again, 0 another altogether. */
  readonly stability: number;
  readonly seed: number;
}

/** Shares of all rows that experts are asked for, each summing to one: on one day and on another. */
export interface Popularity {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * Two drawings of how popular experts are, log-normal, of which the second remembers the first.
 *
 *     s^2 = ln(1 + cv^2),  before = exp(s x),  after = exp(s (r x + sqrt(1 - r^2) y)),  x and y standard normal
 *
 * r the stability. Log-normal is our choice: at the variation that TensorRT-LLM publishes for DeepSeek-R1's experts it gives about
 * the published busiest expert and busiest rank (a test says how near). Each is scaled to sum to one.
 *
 * @throws RangeError when a number cannot be.
 */
export function drawPopularity({ experts, coefficientOfVariation, stability, seed }: PopularityQuestion): Popularity {
  requirePositiveInteger("experts", experts);
  requireNonNegative("coefficientOfVariation", coefficientOfVariation);
  if (!(stability >= 0 && stability <= 1)) throw new RangeError(`stability must be between 0 and 1, got ${String(stability)}`);
  if (!Number.isInteger(seed)) throw new RangeError(`seed must be an integer, got ${String(seed)}`);
  const generator = warm(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator))) * Math.cos(2 * Math.PI * uniformFloat64(generator));
  const s = Math.sqrt(Math.log(1 + coefficientOfVariation ** 2));
  const pairs = Array.from({ length: experts }, () => {
    const [x, y] = [normal(), normal()];
    return { before: Math.exp(s * x), after: Math.exp(s * (stability * x + Math.sqrt(1 - stability ** 2) * y)) };
  });
  return { before: shares(pairs.map((p) => p.before)), after: shares(pairs.map((p) => p.after)) };
}

/**
 * Rows on each expert when every row picks its expert by popularity.
 *
 * Rows are drawn one by one: a token may send two rows to one expert, which a router does not; at hundreds of
 * experts that hardly matters. The same seed gives the same counts on every machine.
 *
 * @throws RangeError when rows is not a positive integer or no share is positive.
 */
export function drawRows(popularity: readonly number[], rows: number, seed: number): readonly number[] {
  requirePositiveInteger("rows", rows);
  const edges = new Float64Array(popularity.length);
  let total = 0;
  for (const [i, share] of popularity.entries()) {
    requireNonNegative(`popularity[${i}]`, share);
    total += share;
    edges[i] = total;
  }
  if (total <= 0) throw new RangeError("popularity must hold a share above zero");
  const generator = warm(seed);
  const counts = new Array<number>(popularity.length).fill(0);
  const starts = Uint32Array.from(edges, (_, i) => firstAbove(edges, ((i - 1) / edges.length) * total));
  for (let row = 0; row < rows; row++) {
    const share = uniformFloat64(generator);
    const value = share * total;
    // From where the search for a value a little smaller ends, so that rounding has none start too far, to the first edge above.
    let expert = starts[Math.floor(share * edges.length)] as number;
    while (expert < edges.length - 1 && (edges[expert] as number) <= value) expert++;
    counts[expert] = (counts[expert] as number) + 1;
  }
  return counts;
}

/** A generator past its first numbers, which lie near 0 or 1 for small seeds. */
function warm(seed: number): ReturnType<typeof xoroshiro128plus> {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < 64; i++) uniformFloat64(generator);
  return generator;
}

/** Index of the first edge above a value; the last where rounding leaves none. */
function firstAbove(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function shares(weights: readonly number[]): readonly number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / sum);
}
