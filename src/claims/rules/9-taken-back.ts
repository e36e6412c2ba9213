import { formatCount, formatShare } from "../../text/numbers";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { denseReleases } from "./7b-back-to-dense";

/**
 * What the author takes back: that mixtures of experts are unstable in training and stay rare. Judged is the retraction: it is right where
 * the old belief was wrong. His own test of the instability was training in FP8, since an error there would hurt the router most.
 */
export const takenBackClaim: ClaimRule = {
  id: "9",
  parts: [
    {
      id: "9.rare",
      statement: "He was wrong that mixtures stay rare: they are at least half of large releases.",
      stance: "retracts",
      scope: "open releases of 100 billion parameters and more, since the article",
      kind: "fact",
      quantity: "share of mixtures among large open releases",
      unit: "share",
      threshold: { atLeast: 0.5, reason: "rare means less than half" },
      by: "2026-06-30",
      stress: 1,
      grade: "A",
      judge: mixtures,
      say: ({ value, outcome }) => (outcome === "pending" ? "" : `mixtures are ${formatShare(value)} of large open releases`),
    },
    {
      id: "9.converges",
      statement: "He was wrong that large mixtures do not converge, least of all in FP8.",
      stance: "retracts",
      scope: "training",
      kind: "fact",
      quantity: "rollbacks in the training of DeepSeek-V3",
      unit: "rollback",
      threshold: { atMost: 0, reason: "his own test: FP8 training of a large mixture that succeeds" },
      by: articleDay,
      stress: 2,
      judge: () => fact(true, 0, "none, and no loss spike that it did not recover from, in FP8"),
      say: ({ holds }) => (holds ? "the retraction is right: V3 trained in FP8 without a rollback" : "training did not converge"),
    },
    {
      id: "9.cost",
      statement: "While a cure for instability is on, it costs a tenth of the speed or more.",
      stance: "asks",
      scope: "training of DeepSeek-V4",
      kind: "fact",
      quantity: "slowdown while the cure is on",
      unit: "share",
      threshold: { atLeast: 0.1, reason: "a tenth is what one would notice in the bill" },
      by: articleDay,
      stress: 0,
      judge: ({ knownBy }) =>
        sourceKnown("deepseekv4report2026", knownBy)
          ? fact(true, 0.2, "about 20 % while it is on, little over the run")
          : notKnown("not published"),
      say: () => "",
    },
  ],
};

function mixtures(c: Context): Finding {
  const dense = denseReleases(c);
  if (dense.population === undefined) return notKnown("no large release since");
  const value = 1 - dense.population.share;
  return fact(meets("share", { atLeast: 0.5 })(value), value, `${formatShare(value)} of ${formatCount(dense.population.count)} releases`);
}
