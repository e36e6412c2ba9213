import { accessFact } from "../../data/accesses";
import { rowMemory } from "../../step/tiers";
import { movedByAccess } from "../../step/worth";
import { formatBytes, formatCount, formatShare } from "../../text/numbers";
import { bytesInRunsUpTo, stepAccesses } from "../claim-runs";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets, valueWords } from "../parts/part-words";
import { type AskedSetUp, machineOf, overSetUps, wideDecode } from "../set-ups";

/**
 * Granularity. The author hedges the number ("even back to", "hopefully not"), so it weighs half; that the scale of access falls he asserts.
 */
export const granularityClaim: ClaimRule = {
  id: "3",
  parts: [
    {
      id: "3.falls",
      statement: "What memory is asked for at a time gets smaller in new designs.",
      stance: "asserts",
      scope: "models and memory paths that came out since",
      kind: "fact",
      quantity: "bytes that attention reads at a time where it selects tokens",
      unit: "B",
      threshold: { atMost: 4095, reason: "below the article's old 4 KB" },
      by: "2026-06-30",
      stress: 1,
      judge: ({ knownBy }) => {
        if (!sourceKnown("flashmla2025sparse", knownBy)) return notKnown("no such design was out");
        const bytes = accessFact("sparse-attention-row", "bytes");
        const pages = accessFact("mla-page", "tokens");
        return fact(
          meets("B", { atMost: 4095 })(bytes),
          bytes,
          `rows of ${formatBytes(bytes)} where pages of ${formatCount(pages)} tokens were read`,
        );
      },
      say: ({ value, holds }) =>
        holds ? `the direction is right, in sparse attention (${formatCount(value)} B), not in experts` : "accesses did not shrink",
    },
    {
      id: "3.sector",
      statement: "A fifth of a decode step's bytes is read in runs of 32 or 64 bytes.",
      stance: "hedges",
      scope: "decode, whole step",
      kind: "prevalence",
      quantity: "share of a step's bytes in runs of at most 64 B",
      unit: "share",
      threshold: { atLeast: 0.2, reason: "a fifth of the bytes is the least that is worth another memory system" },
      by: articleDay,
      stress: 3,
      grade: "D",
      judge: shortRuns,
      say: ({ probability = 0, holds }) =>
        holds
          ? "most set-ups read in 32–64 B"
          : `${probability === 0 ? "no set-up reads" : `${formatShare(probability)} of set-ups read`} in 32–64 B`,
    },
    {
      id: "3.worth",
      statement:
        "A finer smallest access of the memory is worth something to wide decode: a twentieth for each halving, by the bytes it saves.",
      stance: "asks",
      scope: "decode, whole step",
      kind: "prevalence",
      quantity: "growth of the bytes moved with the smallest access, in logarithms",
      unit: "ratio",
      threshold: { atLeast: 0.05, reason: "less than a twentieth pays no other memory" },
      by: articleDay,
      stress: 0,
      grade: "D",
      judge: finerAccess,
      say: () => "",
    },
    {
      id: "3.hardware",
      statement: "A memory path with finer access than its maker's before came out.",
      stance: "asks",
      scope: "chips and drives since",
      kind: "fact",
      quantity: "bytes of an access of the new path",
      unit: "B",
      threshold: { atMost: 512, reason: "the finest move that the older chips of the same maker favour" },
      by: "2026-12-31",
      stress: 0,
      judge: ({ knownBy }) =>
        sourceKnown("huaweicann351x2026", knownBy)
          ? fact(true, 128, "Ascend 950 reads 128 B on its thread path; flash of 512 B; but SparseCore went from 32 to 64 B")
          : notKnown("no such path was documented"),
      say: ({ value }) => `Ascend 950 added a ${formatCount(value)} B path`,
    },
  ],
};

/** Of the machine's own smallest access, from half to twice of it. */
function finerAccess(c: Context): Finding {
  const growth = (setUp: AskedSetUp) => {
    const accesses = stepAccesses(setUp);
    return accesses === undefined ? Number.NaN : movedByAccess(accesses, rowMemory(machineOf(setUp)).kind.minAccessBytes);
  };
  const all = overSetUps(c, wideDecode, growth, meets("ratio", { atLeast: 0.05 }));
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups; ${valueWords(all.median, "ratio")} in the median`,
  );
}

function shortRuns(c: Context): Finding {
  const share = (setUp: Parameters<typeof stepAccesses>[0]) => {
    const accesses = stepAccesses(setUp);
    return accesses === undefined ? Number.NaN : bytesInRunsUpTo(accesses, 64);
  };
  const all = overSetUps(c, wideDecode, share, meets("share", { atLeast: 0.2 }));
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups; ${formatShare(all.median)} of the bytes in the median`,
  );
}
