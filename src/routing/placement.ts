import { requireNonNegative, requirePositiveInteger } from "../checks";
import { type Imbalance, imbalance } from "./imbalance";

/** Copies of experts on devices: the expert of each slot. */
export interface Placement {
  /** One list a device, of the expert that each of its slots holds. */
  readonly devices: readonly (readonly number[])[];
  /** Copies of each expert. */
  readonly copies: readonly number[];
}

/** Experts with their loads, and the devices and slots that they are placed on. */
export interface PlacementQuestion {
  /** What the experts were asked for: tokens, or shares. */
  readonly loads: readonly number[];
  readonly devices: number;
  /** Slots beyond one an expert. */
  readonly redundant: number;
}

/**
 * Replicate the busiest experts, then deal all copies to the devices, the largest first.
 *
 *     redundant times: one more copy for the expert with the most load a copy
 *     then, by load a copy: to the device with the least load among those with a free slot
 *
 * Greedy, and what expert-parallel load balancers do in one level; theirs also keep groups of experts to nodes.
 * A copy of an expert that its device already holds is let stand: it gains nothing and costs a slot.
 *
 * @throws RangeError when the slots do not divide by the devices, or a count or load cannot be.
 * @source DeepSeek (2025), Expert Parallelism Load Balancer
 * @example placeExperts({ loads: [8, 4, 2, 2], devices: 2, redundant: 2 }).copies[0] // 3
 */
export function placeExperts({ loads, devices, redundant }: PlacementQuestion): Placement {
  requirePositiveInteger("devices", devices);
  if (!Number.isInteger(redundant) || redundant < 0)
    throw new RangeError(`redundant must be a whole number of at least zero, got ${String(redundant)}`);
  if (loads.length === 0) throw new RangeError("loads must hold at least one load, got none");
  for (const [i, load] of loads.entries()) requireNonNegative(`loads[${i}]`, load);
  const slots = loads.length + redundant;
  if (slots % devices !== 0) {
    throw new RangeError(`experts and redundant slots must divide by devices, got ${loads.length} + ${redundant} for ${devices}`);
  }
  const copies = replicate(loads, redundant);
  const dealt = copies.flatMap((count, expert) =>
    Array.from({ length: count }, () => ({ expert, load: (loads[expert] as number) / count })),
  );
  dealt.sort((a, b) => b.load - a.load);
  const bins = Array.from({ length: devices }, () => ({ load: 0, experts: [] as number[] }));
  for (const { expert, load } of dealt) {
    const free = bins.filter((bin) => bin.experts.length < slots / devices);
    const least = free.reduce((a, b) => (b.load < a.load ? b : a));
    least.experts.push(expert);
    least.load += load;
  }
  return { devices: bins.map((bin) => bin.experts), copies };
}

/**
 * Experts dealt in their order, none twice: what a server without a balancer has.
 *
 * @throws RangeError as placeExperts.
 * @example placeInOrder(4, 2).devices[1]?.[0] // 2
 */
export function placeInOrder(experts: number, devices: number): Placement {
  requirePositiveInteger("experts", experts);
  requirePositiveInteger("devices", devices);
  if (experts % devices !== 0) throw new RangeError(`experts must divide by devices, got ${experts} for ${devices}`);
  const each = experts / devices;
  return {
    devices: Array.from({ length: devices }, (_, d) => Array.from({ length: each }, (_, i) => d * each + i)),
    copies: new Array<number>(experts).fill(1),
  };
}

/**
 * Load of each device when the tokens of an expert spread evenly over its copies.
 *
 * The loads may be others than those the placement was made for: that is how its age shows.
 *
 * @throws RangeError when there are not as many loads as experts placed.
 * @example deviceLoads(placeInOrder(4, 2), [8, 4, 2, 2])[0] // 12
 */
export function deviceLoads(placement: Placement, loads: readonly number[]): readonly number[] {
  if (loads.length !== placement.copies.length) {
    throw new RangeError(`loads must hold one load for each of ${placement.copies.length} experts, got ${loads.length}`);
  }
  return placement.devices.map((experts) => experts.reduce((sum, e) => sum + (loads[e] as number) / (placement.copies[e] as number), 0));
}

/**
 * Unevenness of the devices' loads.
 *
 * @example deviceImbalance(placeInOrder(4, 2), [8, 4, 2, 2]).maximumOverMean // 1.5
 */
export function deviceImbalance(placement: Placement, loads: readonly number[]): Imbalance {
  return imbalance(deviceLoads(placement, loads));
}

/**
 * How many times as fast a step gets when the busiest device does, as far as a share of the step waits for it.
 *
 *     1 / (1 - share + share * after / before),  before and after: busiest over mean
 *
 * An upper bound for `share` 1: everything waits for the busiest device.
 *
 * @throws RangeError unless the share lies from 0 to 1 and both ratios are at least one.
 */
export function balanceGain(before: number, after: number, share = 1): number {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be between 0 and 1, got ${String(share)}`);
  for (const [name, value] of [
    ["before", before],
    ["after", after],
  ] as const)
    if (!(value >= 1)) throw new RangeError(`${name} must be at least 1, got ${String(value)}`);
  return 1 / (1 - share + (share * after) / before);
}

function replicate(loads: readonly number[], redundant: number): readonly number[] {
  const copies = loads.map(() => 1);
  for (let i = 0; i < redundant; i++) {
    const each = (e: number) => (loads[e] as number) / (copies[e] as number);
    const hottest = copies.reduce((best, _, e) => (each(e) > each(best) ? e : best), 0);
    copies[hottest] = (copies[hottest] as number) + 1;
  }
  return copies;
}
