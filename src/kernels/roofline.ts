import { requireNonNegative, requirePositive } from "../checks";
import type { Hardware } from "../machine/hardware";
import type { NumberFormat } from "../machine/number-formats";

/** What a piece of work asks of the machine. */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

/** What the machine gives at most. */
export interface Rates {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** What a lower bound is set by: arithmetic at its peak, or memory at its full bandwidth. */
export type Bound = "compute" | "memory";

/** How long a piece of work takes, and which resource decides it. */
export interface Roofline {
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  /** The lower bound: compute and memory perfectly overlapped. */
  readonly seconds: number;
  readonly bound: Bound;
}

/**
 * Time a piece of work by its roofline: the slower of compute and memory.
 *
 *     seconds = max(flops / peak, bytes / bandwidth)
 *
 * A lower bound: both at their peak rate, perfectly overlapped. With no overlap
 * they would add, which at most doubles it.
 *
 * @throws RangeError when work is negative or a rate is not positive.
 * @source Williams, Waterman & Patterson (2009), doi:10.1145/1498765.1498785
 * @example roofline({ flops: 2e12, bytes: 1e9 }, { flopsPerSecond: 1e15, bytesPerSecond: 4e12 }).bound // "compute"
 */
export function roofline(work: Work, rates: Rates): Roofline {
  requireNonNegative("flops", work.flops);
  requireNonNegative("bytes", work.bytes);
  requireRates(rates);
  const computeSeconds = work.flops / rates.flopsPerSecond;
  const memorySeconds = work.bytes / rates.bytesPerSecond;
  return {
    computeSeconds,
    memorySeconds,
    seconds: Math.max(computeSeconds, memorySeconds),
    bound: computeSeconds >= memorySeconds ? "compute" : "memory",
  };
}

/** FLOPs per byte at which work stops being memory-bound: the ridge point. */
export function ridgePoint(rates: Rates): number {
  requireRates(rates);
  return rates.flopsPerSecond / rates.bytesPerSecond;
}

/**
 * Rows at which a product with streamed weights stops being memory-bound.
 *
 *     m* = ridge point * bytes of a weight / 2
 *
 * Counts the weights alone: activations move the true point a little to the right.
 *
 * @example ridgeRows({ flopsPerSecond: 2e15, bytesPerSecond: 4e12 }, 1) // 250
 */
export function ridgeRows(rates: Rates, weightBytes: number): number {
  requirePositive("weightBytes", weightBytes);
  return (ridgePoint(rates) * weightBytes) / 2;
}

/**
 * The datasheet rates of a machine for products in a number format.
 *
 * @throws RangeError naming the formats the machine has when it lacks this one.
 * @example datasheetRates(hardware("h100-sxm"), "bf16").flopsPerSecond // 989,000,000,000,000
 */
export function datasheetRates(hardware: Hardware, format: NumberFormat): Rates {
  const flopsPerSecond = hardware.peakFlopsPerSecond[format];
  if (flopsPerSecond === undefined) {
    const known = Object.keys(hardware.peakFlopsPerSecond).join(", ");
    throw new RangeError(`${hardware.id} has no peak rate for ${format}; it has ${known}`);
  }
  return { flopsPerSecond, bytesPerSecond: hardware.memoryBytesPerSecond };
}

function requireRates(rates: Rates): void {
  requirePositive("flopsPerSecond", rates.flopsPerSecond);
  requirePositive("bytesPerSecond", rates.bytesPerSecond);
}
