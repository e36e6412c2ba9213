import type { DeploymentRow } from "../published/deployment-rows";
import { quantile } from "../statistics";

/** How far two engines are apart when they are asked the same. */
export interface EngineDifference {
  /** Set-ups that at least two engines were measured on. */
  readonly setups: number;
  /** Median over them of slowest / fastest - 1. */
  readonly median: number;
}

/** What has to be alike for two rows to ask the same. */
const alike = [
  "model",
  "machine",
  "gpus",
  "requests",
  "contextTokens",
  "tensorParallel",
  "expertParallel",
  "dataParallel",
  "weightFormat",
  "draftTokens",
] as const;

/**
 * How far engines are apart on the same set-up: model, machine, GPUs, requests, context, splits, weights' format and drafts alike; of
 * an engine's several versions the median counts.
 *
 * Days and versions differ between the rows, so part of the difference is progress and not the engine. A scale for the errors of a
 * model of steps: it cannot be nearer to both than they are to each other.
 *
 * @example engineDifference(measuredSteps().map(({ row }) => row)).median
 */
export function engineDifference(rows: readonly Pick<DeploymentRow, (typeof alike)[number] | "engine" | "seconds">[]): EngineDifference {
  const setups = new Map<string, Map<string, number[]>>();
  for (const row of rows) {
    if (row.seconds === undefined) continue;
    const key = JSON.stringify(alike.map((name) => row[name] ?? null));
    const engines = setups.get(key) ?? new Map<string, number[]>();
    setups.set(key, engines);
    engines.set(row.engine, [...(engines.get(row.engine) ?? []), row.seconds]);
  }
  const apart = [...setups.values()].flatMap((engines) => {
    if (engines.size < 2) return [];
    const medians = [...engines.values()].map((seconds) =>
      quantile(
        [...seconds].sort((a, b) => a - b),
        0.5,
      ),
    );
    return [Math.max(...medians) / Math.min(...medians) - 1];
  });
  return {
    setups: apart.length,
    median:
      apart.length === 0
        ? Number.NaN
        : quantile(
            [...apart].sort((a, b) => a - b),
            0.5,
          ),
  };
}
