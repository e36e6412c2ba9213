import { meanTokensPerExpert } from "../../routing/uniform";
import { formatCount, formatShare } from "../../text/numbers";
import { articleDay } from "../known-by";
import { largestMixture } from "../laboratories";
import type { Context } from "../parts/context";
import { fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule, Part } from "../parts/part";
import { meets } from "../parts/part-words";
import { overReleases, releasesOf } from "../release-population";
import { overSetUps, wideDecode } from "../set-ups";

const article = { tokens: 6144, shape: { routedExperts: 384, expertsPerToken: 8 } } as const;

/** The article's 128 is a ceiling ("merely"), so a few hundred: the decode note of V3's report names 256. */
const fewHundred = 256;

/** Tokens that one expert sees, over what people publish and not over the article's own number. */
export const tokensPerExpertClaim: ClaimRule = {
  id: "0a",
  parts: [
    {
      id: "0a.arithmetic",
      statement: "6,144 tokens over 384 experts, 8 for each token, are 128 tokens per expert.",
      stance: "asserts",
      scope: "arithmetic",
      kind: "fact",
      quantity: "mean tokens of one routed expert",
      unit: "token",
      threshold: { atLeast: 128, atMost: 128, reason: "the article's own number" },
      by: articleDay,
      stress: 1,
      grade: "A",
      judge: () => {
        const mean = meanTokensPerExpert(article.tokens, article.shape);
        return fact(mean === 128, mean, `${formatCount(mean)} tokens`);
      },
      say: () => "the arithmetic holds",
    },
    {
      id: "0a.shape",
      statement: "DeepSeek's model of the day has 384 routed experts.",
      stance: "asserts",
      scope: "the model that the article speaks of",
      kind: "fact",
      quantity: "routed experts of DeepSeek-V3",
      unit: "expert",
      threshold: { atLeast: 384, atMost: 384, reason: "the article's own number" },
      by: articleDay,
      stress: 1,
      grade: "A",
      judge: () => {
        const then = largestMixture("DeepSeek", articleDay);
        if (then === undefined) return notKnown("the registry has no such model");
        return fact(then.routedExperts === 384, then.routedExperts, `${then.name}: ${formatCount(then.routedExperts)}`);
      },
      say: ({ value, holds }) => (holds ? "the model has 384 experts" : `DeepSeek-V3 has ${formatCount(value)} experts, not 384`),
    },
    {
      id: "0a.decode",
      statement: "In decode over many ranks an expert sees a few hundred tokens per call at most.",
      stance: "asserts",
      scope: "decode with experts over a network or a rack",
      kind: "prevalence",
      quantity: "tokens of one routed expert in one call",
      unit: "token",
      threshold: {
        atMost: fewHundred,
        reason: "128 is a ceiling in the article; V3's report has its decode batch of an expert within 256",
      },
      by: articleDay,
      stress: 3,
      judge: (c) => {
        const seen = overSetUps(c, wideDecode, (s) => s.tokensPerExpert ?? Number.NaN, meets("token", { atMost: fewHundred }));
        return prevalence(seen, `${formatShare(seen.share)} of ${formatCount(seen.count)} set-ups, median ${formatCount(seen.median)}`);
      },
      say: (part) => `wide decode stays within ${fewHundred} tokens in ${shareWords(part)}`,
    },
    {
      id: "0a.later",
      statement: "Later models keep the ratio of active to routed experts within a factor of two of 8 to 384.",
      stance: "asserts",
      scope: "large releases since the article",
      kind: "prevalence",
      quantity: "experts per token over routed experts",
      unit: "ratio",
      threshold: { atLeast: 8 / 384 / 2, atMost: (8 / 384) * 2, reason: "half to twice the article's ratio: tokens per expert follow it" },
      by: "2026-06-30",
      stress: 1,
      grade: "A",
      judge: (c) => {
        const ratio = 8 / 384;
        const kept = overReleases(
          "large releases since the article with experts",
          releasesOf(c),
          activeShare,
          meets("ratio", { atLeast: ratio / 2, atMost: ratio * 2 }),
        );
        return prevalence(kept, `${formatShare(kept.share)} of ${formatCount(kept.count)} releases, median ${formatShare(kept.median)}`);
      },
      say: (part) => (part.outcome === "pending" ? "" : `${shareWords(part)} of later models keep the ratio`),
    },
    beside("prefill", "Prefill gives an expert a few hundred tokens at most, too.", {
      name: "published prefill set-ups",
      phases: ["prefill"],
    }),
    beside("training", "So does training.", { name: "published training runs", phases: ["training"] }),
  ],
};

function activeShare(m: { readonly expertsPerToken: number; readonly routedExperts: number }): number {
  return m.expertsPerToken / m.routedExperts;
}

/** What the article does not claim, shown so that nobody carries 128 over to another regime. */
function beside(regime: "prefill" | "training", statement: string, choice: Parameters<typeof overSetUps>[1]): ClaimRule["parts"][number] {
  return {
    id: `0a.${regime}`,
    statement,
    stance: "asks",
    scope: regime,
    kind: "prevalence",
    quantity: "tokens of one routed expert in one call",
    unit: "token",
    threshold: { atMost: fewHundred, reason: "as in decode; the author never mentions prefill and claims nothing of training" },
    by: articleDay,
    stress: 0,
    judge: (c: Context) => {
      const seen = overSetUps(c, choice, (s) => s.tokensPerExpert ?? Number.NaN, meets("token", { atMost: fewHundred }));
      return prevalence(seen, `${formatShare(seen.share)} of ${formatCount(seen.count)} set-ups, median ${formatCount(seen.median)}`);
    },
    say: ({ value }) => `${regime} sees ${formatCount(value)}`,
  };
}

function shareWords({ probability = Number.NaN }: Part): string {
  return formatShare(probability);
}
