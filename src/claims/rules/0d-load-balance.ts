import { model } from "../../model/registry";
import { publishedImbalance } from "../../published/tables";
import { busiestOverMean } from "../../routing/busiest-gpu";
import { formatCount, formatNumber, formatShare } from "../../text/numbers";
import { interval, intervals, shareBelow } from "../intervals";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { populationOf } from "../parts/population";
import { overSetUps, serving, setUpsOf, wideDecode } from "../set-ups";

/** A seventh above the mean; chance alone, with nothing uneven, reaches 1.09 for 128 tokens on each of six experts per GPU. */
const nearEven = 1.15;
const isNearEven = meets("ratio", { atMost: nearEven });

/**
 * Balance. The author's later essays put copies of hot experts into his picture, so uniform is judged with them; what the router leaves
 * alone is a part of its own, hedged as he hedges its ground ("experts may be stable and nearly orthogonal").
 */
export const loadBalanceClaim: ClaimRule = {
  id: "0d",
  parts: [
    {
      id: "0d.fragmented",
      statement: "The work is in small pieces: an expert computes a few hundred tokens per call at most.",
      stance: "asserts",
      scope: "serving, all classes",
      kind: "prevalence",
      quantity: "tokens of one routed expert in one call",
      unit: "token",
      threshold: { atMost: 256, reason: "as in claim 0a" },
      by: articleDay,
      stress: 1,
      judge: (c) => {
        const seen = overSetUps(c, serving, (s) => s.tokensPerExpert ?? Number.NaN, meets("token", { atMost: 256 }));
        return prevalence(seen, `${formatShare(seen.share)} of ${formatCount(seen.count)} set-ups, median ${formatNumber(seen.median)}`);
      },
      say: ({ outcome }) => (outcome === "right" ? "fragmented" : outcome === "wrong" ? "not fragmented" : "fragmented in part"),
    },
    {
      id: "0d.copies",
      statement: "With copies of hot experts the busiest GPU stays near the mean.",
      stance: "asserts",
      scope: "serving, hot experts copied",
      kind: "fact",
      quantity: "busiest GPU over mean GPU, median of the published layers",
      unit: "ratio",
      threshold: { atMost: nearEven, reason: "chance alone reaches about 1.09 there, so a little above it" },
      by: articleDay,
      stress: 2,
      judge: ({ knownBy }) => measured(knownBy, true),
      say: ({ value, holds }) =>
        `${holds ? "balanced" : "not balanced even"} once hot experts are copied (${formatNumber(value)} times the mean)`,
    },
    {
      id: "0d.bare",
      statement: "As the router leaves it, without copies, the busiest GPU stays near the mean, too.",
      stance: "hedges",
      scope: "wide decode, experts as they come",
      kind: "prevalence",
      quantity: "busiest GPU over mean GPU",
      unit: "ratio",
      threshold: { atMost: nearEven, reason: "as with copies" },
      by: articleDay,
      stress: 2,
      grade: "D",
      judge: bare,
      say: ({ outcome, probability = 0 }) =>
        outcome === "right" ? "even as routed" : outcome === "wrong" ? "not as routed" : `as routed in ${formatShare(probability)}`,
    },
    {
      id: "0d.stable",
      statement: "The order of experts by load stays put long enough to plan by.",
      stance: "asserts",
      scope: "serving, minutes to days",
      kind: "fact",
      quantity: "minutes for which an operator keeps one placement",
      unit: "minute",
      threshold: { atLeast: 10, reason: "V3's report renews its copies about every ten minutes, and that suffices" },
      by: articleDay,
      stress: 1,
      judge: () => fact(true, 10, "copies are renewed about every 10 minutes; lasting skew in 100,000 traces"),
      say: ({ holds }) => (holds ? "stable enough to plan" : "not stable"),
    },
  ],
};

function measured(knownBy: string, copies: boolean): Finding {
  if (!sourceKnown("tensorrtllm2025blog4", knownBy)) return notKnown("no load of ranks was published");
  const rows = publishedImbalance().filter((r) => r.level === "rank" && !r.placement.startsWith("no EPLB") === copies);
  const found = populationOf(
    "published layers",
    rows.map((r) => ({ value: r.maximumOverMean, weight: 1, group: r.workload })),
    isNearEven,
  );
  return fact(
    isNearEven(found.median),
    found.median,
    `${formatNumber(found.median)} times the mean, median of ${formatCount(found.count)} rows`,
  );
}

/** For each set-up the share of the interval of skews that stays near the mean, so that set-ups and skews are weighed alike. */
function bare(c: Context): Finding {
  const [skew] = intervals("0d", ["skew"], c) ?? [];
  if (skew === undefined) return notKnown("no load of single experts was published");
  const middle = interval("0d", "skew", c.knownBy).nominal;
  const busiest = (s: ReturnType<typeof setUpsOf>[number], unevenness: number) => {
    if (s.tokensPerExpert === undefined || (s.expertParallel ?? 1) < 2) return Number.NaN;
    const { routedExperts } = model(s.model);
    const gpus = Math.min(s.expertParallel ?? 1, routedExperts);
    return busiestOverMean({ tokensPerExpert: s.tokensPerExpert, routedExperts, gpus, skew: unevenness });
  };
  const seen = overSetUps(c, wideDecode, (s) => busiest(s, middle), isNearEven);
  let [held, weight] = [0, 0];
  for (const s of setUpsOf(c, wideDecode)) {
    const [even, one] = [busiest(s, 0), busiest(s, 1)];
    if (Number.isNaN(even)) continue;
    // The excess grows as the root of skew squared plus chance squared.
    const slope = (one - 1) ** 2 - (even - 1) ** 2;
    const most = Math.sqrt(Math.max(0, ((nearEven - 1) ** 2 - (even - 1) ** 2) / slope));
    held += s.weight * (!isNearEven(even) ? 0 : shareBelow(skew, most));
    weight += s.weight;
  }
  const found = `${formatNumber(seen.median)} times the mean in the median of ${formatCount(seen.count)} set-ups at a skew of ${formatNumber(middle)}`;
  return weight === 0 ? notKnown("no set-up with experts over ranks") : { ...prevalence(seen, found), probability: held / weight };
}
