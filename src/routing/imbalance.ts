import { requireNonNegative } from "../checks";

/** How unevenly a load is spread over experts or devices. */
export interface Imbalance {
  readonly mean: number;
  readonly maximum: number;
  /** maximum / mean: how much the busiest one slows the rest. */
  readonly maximumOverMean: number;
  /** (maximum - mean) / mean, MaxVio of the balancing literature. */
  readonly maximumViolation: number;
  readonly coefficientOfVariation: number;
  /** 0 when all are equal, towards 1 when one has everything. */
  readonly gini: number;
  readonly idleShare: number;
}

/**
 * Measure the unevenness of loads: tokens by expert, or by device.
 *
 *     coefficientOfVariation = population standard deviation / mean
 *     gini = sum over i of (2 i - n - 1) load_i / (n sum of loads), loads ascending, i from 1
 *
 * @throws RangeError when there is no load, one is negative, or all are zero.
 * @example imbalance([6, 2]).maximumOverMean // 1.5
 */
export function imbalance(loads: readonly number[]): Imbalance {
  if (loads.length === 0) throw new RangeError("loads must hold at least one load, got none");
  for (const [i, load] of loads.entries()) requireNonNegative(`loads[${i}]`, load);
  const n = loads.length;
  const total = loads.reduce((a, b) => a + b, 0);
  if (total === 0) throw new RangeError("loads must hold a load above zero, got only zeros");
  const mean = total / n;
  const maximum = loads.reduce((a, b) => Math.max(a, b), 0);
  const variance = loads.reduce((a, load) => a + (load - mean) ** 2, 0) / n;
  const ascending = [...loads].sort((a, b) => a - b);
  return {
    mean,
    maximum,
    maximumOverMean: maximum / mean,
    maximumViolation: maximum / mean - 1,
    coefficientOfVariation: Math.sqrt(variance) / mean,
    gini: ascending.reduce((a, load, i) => a + (2 * (i + 1) - n - 1) * load, 0) / (n * total),
    idleShare: loads.filter((load) => load === 0).length / n,
  };
}
