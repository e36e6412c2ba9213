import { frontOf, isBeaten, type Rates, sorted } from "./front";
import { batchesUpTo, type Way } from "./ways";

/** A way, and what it gives. */
export interface Found<T extends Rates> {
  readonly way: Way;
  readonly deployment: T;
}

/** What a search asks of each way. */
export interface Tried<T extends Rates> {
  /** What a way gives, whatever the limits are. */
  readonly timed: (way: Way) => T;
  readonly keeps: (deployment: T) => boolean;
}

/**
 * No step of a larger batch takes less than this share of a smaller one's: a kernel of larger tiles takes over and is a little faster
 * than the one before it was.
 */
const leastShare = 0.97;

/**
 * Try batches between those that were found, until no whole number of requests gives more than a member of the front in both rates.
 *
 * Between two batches a step is about as long as the smaller one's at the least, which bounds both rates of all between: where the
 * bounds beat no member of the front, none of them is tried; else the middle one is, and both halves are looked at again.
 *
 * @param found - all deployments that keep the limits, of the batches that `waysOf` lists.
 * @returns each try in its turn: a deployment that beats one of the front, or undefined for one that does not.
 */
export function* betweenBatches<T extends Rates>(found: readonly Found<T>[], { timed, keeps }: Tried<T>): Generator<Found<T> | undefined> {
  let front = frontOf(sorted(found.map(({ deployment }) => deployment)));
  const gaps: { readonly low: Found<T>; readonly next: number }[] = [];
  const grids = new Map<number, readonly number[]>();
  for (const low of found) {
    const { place, groupRequests } = low.way;
    const grid = grids.get(place.most) ?? batchesUpTo(place.most);
    grids.set(place.most, grid);
    gaps.push({ low, next: grid.find((batch) => batch > groupRequests) ?? groupRequests });
  }
  for (let gap = gaps.pop(); gap !== undefined; gap = gaps.pop()) {
    const { low, next } = gap;
    const { groupRequests } = low.way;
    if (next - groupRequests < 2) continue;
    const { tokensPerSecondPerGpu, tokensPerSecondPerRequest } = low.deployment;
    const bounds = {
      tokensPerSecondPerGpu: (tokensPerSecondPerGpu * (next - 1)) / groupRequests / leastShare,
      tokensPerSecondPerRequest: tokensPerSecondPerRequest / leastShare,
    };
    if (!isBeaten(front, bounds)) continue;
    const way = { ...low.way, groupRequests: Math.floor((groupRequests + next) / 2) };
    const middle = { way, deployment: timed(way) };
    const beats = keeps(middle.deployment) && isBeaten(front, middle.deployment);
    if (beats) front = frontOf(sorted([...front, middle.deployment]));
    yield beats ? middle : undefined;
    gaps.push({ low, next: way.groupRequests }, { low: middle, next });
  }
}
