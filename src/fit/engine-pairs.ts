import type { DeploymentRow } from "../published/deployment-rows";
import { quantile } from "../statistics";
import type { StepPair } from "./step-rows";

/** Two engines that were asked the same: steps of one model on the same machines, cut the same way, at the same requests. */
export interface EnginePair {
  readonly one: StepPair;
  readonly other: StepPair;
  /** The longer step over the shorter, less one. */
  readonly difference: number;
}

/** How far apart engines are, and how far the model is from the same rows. */
export interface EngineYardstick {
  readonly pairs: number;
  readonly median: number;
  readonly p90: number;
  /** |measured / predicted - 1| of the rows in the pairs, each once. */
  readonly modelMedian: number;
}

/** Requests in flight are derived from rates, so the same load is never the same to the last request. */
const sameRequests = 1.05;

/** All that a step depends on but the engine, its version and kernels, and the requests. */
function askedOf(row: DeploymentRow): string {
  const { model, machine, gpus, tensorParallel, expertParallel, dataParallel, weightFormat, draftTokens, overlap } = row;
  const lengths = [row.inputTokens, row.outputTokens, row.contextTokens];
  return [model, machine, gpus, tensorParallel, expertParallel, dataParallel, weightFormat, draftTokens, overlap, ...lengths].join("|");
}

/**
 * Pairs of measured steps of two engines that were asked the same, requests within a twentieth.
 *
 * Versions are as published and may lie months apart, and formats of cache may differ: both are part of what differs between engines.
 *
 * @example enginePairs(stepPairs(deploymentRows(), "default")).length // above 100
 */
export function enginePairs(pairs: readonly StepPair[]): readonly EnginePair[] {
  const asked = new Map<string, StepPair[]>();
  for (const pair of pairs) {
    const key = askedOf(pair.row);
    const these = asked.get(key);
    if (these === undefined) asked.set(key, [pair]);
    else these.push(pair);
  }
  return [...asked.values()].flatMap((these) =>
    these.flatMap((one, i) =>
      these.slice(i + 1).flatMap((other) => {
        const [a, b] = [one.row.requests ?? 0, other.row.requests ?? 0];
        if (one.row.engine === other.row.engine || Math.max(a, b) > sameRequests * Math.min(a, b)) return [];
        return [{ one, other, difference: Math.max(one.measured, other.measured) / Math.min(one.measured, other.measured) - 1 }];
      }),
    ),
  );
}

/**
 * The yardstick: how far two engines that were asked the same are apart, and the model from their rows.
 *
 * @example engineYardstick(measuredSteps())
 */
export function engineYardstick(pairs: readonly StepPair[]): EngineYardstick {
  const found = enginePairs(pairs);
  const sorted = found.map(({ difference }) => difference).sort((a, b) => a - b);
  const rows = [...new Set(found.flatMap(({ one, other }) => [one, other]))];
  const errors = rows.map(({ measured, predicted }) => Math.abs(measured / predicted - 1)).sort((a, b) => a - b);
  return { pairs: found.length, median: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), modelMedian: quantile(errors, 0.5) };
}
