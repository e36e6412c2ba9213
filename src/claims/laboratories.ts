import { isMoe, type Model, models } from "../model/model";
import { isKnown } from "./known-by";

/** The largest model with experts that a laboratory had out on a day, dimensions read; of two alike the older. */
export function largestMixture(organization: string, day: string): Model | undefined {
  return flagships(organization, day).at(-1);
}

/**
 * A laboratory's flagships up to a day, each larger than all before it, the oldest first.
 *
 * A later release that keeps its base (R1 of V3) is no larger and so no flagship.
 */
export function flagships(organization: string, day: string): readonly Model[] {
  const own = models()
    .filter((m) => m.organization === organization && isMoe(m) && m.confidence !== "low" && isKnown(m.released, day))
    .sort((a, b) => (a.released < b.released ? -1 : a.released > b.released ? 1 : 0));
  const largest: Model[] = [];
  for (const m of own) if ((m.totalParameters ?? 0) > (largest.at(-1)?.totalParameters ?? 0)) largest.push(m);
  return largest;
}

/** Laboratories with a model of experts in the registry by a day. */
export function laboratories(day: string): readonly string[] {
  return [
    ...new Set(
      models()
        .filter((m) => isMoe(m) && isKnown(m.released, day))
        .map((m) => m.organization),
    ),
  ].sort();
}
