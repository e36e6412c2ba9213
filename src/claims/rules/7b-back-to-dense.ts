import { isMoe } from "../../model/model";
import { formatCount, formatShare } from "../../text/numbers";
import { sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { populationOf } from "../parts/population";
import { releasesOf } from "../release-population";

/** Dense open models of 100 billion parameters and more that the registry lacks, each with its source. */
const missing = [
  { name: "Devstral 2", source: "devstral22025", released: "2025-12-09" },
  { name: "Mistral Medium 3.5", source: "mistralmedium352026", released: "2026-04-29" },
] as const;

/** Does the field swing back to dense? Asked, slightly leaning. Two more generations of flagships are time enough to see it. */
export const backToDenseClaim: ClaimRule = {
  id: "7b",
  parts: [
    {
      id: "7b.dense",
      statement: "At least half of the large releases are dense again.",
      stance: "asks",
      scope: "open releases of 100 billion parameters and more, since the article",
      kind: "prevalence",
      quantity: "whether a release is dense (1) or a mixture (0)",
      unit: "ratio",
      threshold: { atLeast: 1, reason: "back to dense: at least half" },
      by: "2027-12-31",
      stress: 1,
      grade: "A",
      judge: (c) => denseReleases(c),
      say: ({ population, probability = 0 }) =>
        population === undefined
          ? "nothing was released yet that could show it"
          : `${formatCount(Math.round(probability * population.count))} of ${formatCount(population.count)} large open releases since are dense`,
    },
  ],
};

/** Share of dense models among large open releases, with those that the registry lacks. */
export function denseReleases(c: Context): Finding {
  const releases = releasesOf(c, { dense: true }).map((m) => ({ value: isMoe(m) ? 0 : 1, weight: 1, group: m.released.slice(0, 4) }));
  const others = missing
    .filter((m) => sourceKnown(m.source, c.knownBy))
    .map((m) => ({ value: 1, weight: 1, group: m.released.slice(0, 4) }));
  const all = populationOf("open releases of 100 billion parameters and more since the article", [...releases, ...others], (v) => v === 1);
  return prevalence(all, `${formatShare(all.share)} of ${formatCount(all.count)}`);
}
