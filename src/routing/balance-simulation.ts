import { imbalance } from "./imbalance";
import { deviceImbalance, placeExperts, placeInOrder } from "./placement";
import { drawPopularity, drawRows } from "./popularity";

/** A placement of experts made from one day's popularity, and how it is tried on another day's. */
export interface BalanceQuestion {
  readonly experts: number;
  readonly devices: number;
  /** Of what experts are asked for, chance left out. */
  readonly coefficientOfVariation: number;
  /** Mean rows of an expert in one step. */
  readonly tokensPerExpert: number;
  /** Of the popularity, between the day the placement was made for and the day it serves. */
  readonly stability: number;
  /** Numbers of slots beyond one an expert to try. */
  readonly redundant: readonly number[];
}

/** Busiest over mean: means of a few seeded drawings. */
export interface Balance {
  readonly experts: number;
  /** Devices that hold experts in their order, no balancer. */
  readonly inOrder: number;
  /** Devices under a greedy placement, one for each number of redundant slots. */
  readonly placed: readonly number[];
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/**
 * How uneven experts and devices are in one step, by simulation.
 *
 * Popularity is drawn, experts are placed for it as it was (exact shares: a long average), and one step's rows are
 * drawn from it as it has become: chance and change are both in the devices' load. Mean of eight seeded drawings.
 * One layer; a token's rows are drawn independently, and a device's time is taken to grow with its rows.
 *
 * @throws RangeError as drawPopularity and placeExperts.
 * @example simulateBalance({ experts: 64, devices: 8, coefficientOfVariation: 0.5, tokensPerExpert: 128, stability: 0.9,
 *   redundant: [0, 8] })
 */
export function simulateBalance({
  experts,
  devices,
  coefficientOfVariation,
  tokensPerExpert,
  stability,
  redundant,
}: BalanceQuestion): Balance {
  const runs = seeds.map((seed) => {
    const { before, after } = drawPopularity({ experts, coefficientOfVariation, stability, seed });
    const rows = drawRows(after, Math.round(tokensPerExpert * experts), seed + 1000);
    const placed = redundant.map(
      (slots) => deviceImbalance(placeExperts({ loads: before, devices, redundant: slots }), rows).maximumOverMean,
    );
    return {
      experts: imbalance(rows).maximumOverMean,
      inOrder: deviceImbalance(placeInOrder(experts, devices), rows).maximumOverMean,
      placed,
    };
  });
  return {
    experts: mean(runs.map((r) => r.experts)),
    inOrder: mean(runs.map((r) => r.inOrder)),
    placed: redundant.map((_, i) => mean(runs.map((r) => r.placed[i] as number))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
