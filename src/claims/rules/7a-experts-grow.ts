import { isMoe } from "../../model/model";
import { sparsityGains } from "../../published/next";
import { formatCount, formatNumber } from "../../text/numbers";
import { articleDay, monthsBefore, sourceKnown } from "../known-by";
import { flagships, laboratories } from "../laboratories";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { populationOf, weightedQuantile } from "../parts/population";
import { releasesOf } from "../release-population";

/** Up to this width a laboratory's experts count as fine: DeepSeek-V3 has 2,048. */
const fine = 3072;

/**
 * Do experts grow again? The author asks twice (is there a marginal effect, does width come back?) and is not scored. Width is followed
 * from one flagship to the next of the same laboratory: a median over a window mixes sizes, variants and the coarse models of early 2025.
 */
export const expertsGrowClaim: ClaimRule = {
  id: "7a",
  parts: [
    {
      id: "7a.wider",
      statement: "Laboratories with fine experts make them wider again in their next flagships.",
      stance: "asks",
      scope: "laboratories whose flagship had experts of at most 3,072",
      kind: "prevalence",
      quantity: "width of an expert, newest flagship over the first with fine experts",
      unit: "ratio",
      threshold: { atLeast: 1.1, reason: "a tenth wider" },
      by: "2026-12-31",
      stress: 1,
      grade: "A",
      judge: wider,
      say: ({ population, probability = 0 }) =>
        population === undefined
          ? ""
          : `yes, experts widened at ${formatCount(Math.round(probability * population.count))} of ${formatCount(population.count)} laboratories`,
    },
    {
      id: "7a.returns",
      statement: "More experts bring diminishing returns: a doubling of sparsity saves less than a tenth of the training.",
      stance: "asks",
      scope: "training, published laws",
      kind: "fact",
      quantity: "times fewer FLOPs for the same loss, the last step tried, scaled to a doubling",
      unit: "ratio",
      threshold: { atMost: 1.1, reason: "a tenth is about what a year's tuning gives" },
      by: "2026-06-30",
      stress: 1,
      judge: returns,
      say: ({ value, outcome }) =>
        Number.isNaN(value)
          ? ""
          : `${outcome === "right" ? "returns faded" : "returns do not fade yet"} (${formatNumber(value)} times fewer FLOPs per doubling of sparsity)`,
    },
    {
      id: "7a.number",
      statement: "The number of experts stops rising.",
      stance: "asks",
      scope: "large releases, the last year against the year before",
      kind: "fact",
      quantity: "median number of routed experts over that of the year before",
      unit: "ratio",
      threshold: { atMost: 1, reason: "no more than before" },
      by: articleDay,
      stress: 0,
      grade: "A",
      judge: number,
      say: ({ holds }) => (holds ? "their number stopped rising" : "their number still rises"),
    },
  ],
};

function wider({ knownBy }: Context): Finding {
  const members = laboratories(knownBy).flatMap((name) => {
    const fineOnes = flagships(name, knownBy).filter((m) => (m.totalParameters ?? 0) >= 1e11);
    const first = fineOnes.find((m) => m.moeIntermediateSize <= fine);
    const last = fineOnes.at(-1);
    if (first === undefined || last === undefined || first.id === last.id || last.released <= articleDay) return [];
    return [{ value: last.moeIntermediateSize / first.moeIntermediateSize, weight: 1, group: name }];
  });
  const all = populationOf("laboratories with a later flagship", members, meets("ratio", { atLeast: 1.1 }));
  return prevalence(all, all.classes.map((k) => `${k.name} ${formatNumber(k.median)}`).join(", "));
}

/** Kimi K2's report: the last step that it tried, from sparsity 32 to 48, as a doubling. */
function returns({ knownBy }: Context): Finding {
  if (!sourceKnown("kimik2report2025sparsity", knownBy)) return notKnown("no law over sparsity was published");
  const points = sparsityGains()
    .filter((p) => p.report === sparsityGains()[0]?.report)
    .sort((a, b) => a.sparsity - b.sparsity);
  const [before, last] = [points.at(-2), points.at(-1)];
  if (before === undefined || last === undefined) return notKnown("no law over sparsity was published");
  const saved = before.relativeFlops / last.relativeFlops;
  const value = saved ** (Math.LN2 / Math.log(last.sparsity / before.sparsity));
  return fact(
    meets("ratio", { atMost: 1.1 })(value),
    value,
    `${formatNumber(value)} times: from sparsity ${formatCount(before.sparsity)} to ${formatCount(last.sparsity)} it was ${formatNumber(saved)}, scaled to a doubling`,
  );
}

function number(c: Context): Finding {
  const year = monthsBefore(c.knownBy, 12);
  const median = (from: string, to: string) =>
    weightedQuantile(
      releasesOf({ ...c, knownBy: to }, { after: from })
        .filter(isMoe)
        .map((m) => ({ value: m.routedExperts, weight: 1 })),
      0.5,
    );
  const [before, last] = [median(monthsBefore(year, 12), year), median(year, c.knownBy)];
  if (Number.isNaN(before) || Number.isNaN(last)) return notKnown("no releases in one of the two years");
  return fact(last <= before, last / before, `median ${formatCount(before)}, then ${formatCount(last)}`);
}
