import { requireNonNegative, requirePositiveInteger } from "../checks";

/**
 * Share of a machine's processors that communication keeps from computing.
 *
 * @throws RangeError for more than there are.
 * @example processorShare(33, 132) // 0.25
 */
export function processorShare(taken: number, processors: number): number {
  requireNonNegative("taken", taken);
  requirePositiveInteger("processors", processors);
  if (taken > processors) throw new RangeError(`taken must be at most the ${processors} processors, got ${taken}`);
  return taken / processors;
}

/**
 * How much more arithmetic is left when communication gives processors back.
 *
 *     (processors - now) / (processors - then)
 *
 * The most to expect: work bound by memory or by links gains less, and copies that run on all processors are not counted.
 *
 * @throws RangeError when communication took all of them.
 * @example computeGivenBack(20, 0, 132) // 1.179
 */
export function computeGivenBack(then: number, now: number, processors: number): number {
  const left = 1 - processorShare(then, processors);
  if (left === 0) throw new RangeError(`then must leave a processor of ${processors}, got ${then}`);
  return (1 - processorShare(now, processors)) / left;
}
