import { formatCount, formatShare } from "../../text/numbers";
import { articleDay, isKnown, sourceKnown } from "../known-by";
import { fabrics } from "../listed";
import { fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { populationOf } from "../parts/population";

/**
 * Habana and ETH-X. The two names stand for a class, scale-up by RDMA over Ethernet: Ethernet that takes loads and stores is what the
 * author recommends, so its life refutes nothing. Market facts with dates, no vote.
 */
export const gaudiClaim: ClaimRule = {
  id: "6c",
  parts: [
    {
      id: "6c.successor",
      statement: "The line of Gaudi has no successor.",
      stance: "asserts",
      scope: "Intel's announced products",
      kind: "fact",
      quantity: "successors of Gaudi 3 that are named and not cancelled",
      unit: "product",
      threshold: { atMost: 0, reason: "finished means that none follows" },
      by: "2026-12-31",
      stress: 1,
      judge: ({ knownBy }) => {
        if (!sourceKnown("intel2025falconshores", knownBy)) return fact(false, 1, "Falcon Shores was still planned");
        return fact(true, 0, "Falcon Shores cancelled; the products named since are GPUs");
      },
      say: ({ holds }) => (holds ? "Gaudi has no successor" : "Gaudi's successor was still planned"),
    },
    {
      id: "6c.ethernet",
      statement: "New scale-up links over Ethernet carry memory semantics and not RDMA alone.",
      stance: "asserts",
      scope: "scale-up over Ethernet, announced since",
      kind: "prevalence",
      quantity: "whether the link carries memory semantics (1) or messages (0)",
      unit: "ratio",
      threshold: { atLeast: 1, reason: "what he mourns is Ethernet without loads and stores" },
      by: "2026-06-30",
      stress: 1,
      judge: ({ knownBy }) => {
        const all = fabrics(knownBy).filter((f) => f.carrier === "Ethernet" && f.date > articleDay);
        const members = all.map((f) => ({ value: f.semantics === "memory" ? 1 : 0, weight: 1, group: f.maker }));
        const found = populationOf("scale-up links over Ethernet announced since the article", members, (v) => v === 1);
        return prevalence(found, `${formatShare(found.share)} of ${formatCount(found.count)}`);
      },
      say: ({ population, probability = 0 }) =>
        population === undefined
          ? ""
          : `${formatCount(Math.round(probability * population.count))} of ${formatCount(population.count)} new Ethernet links carry memory semantics`,
    },
    {
      id: "6c.software",
      statement: "Software for Gaudi is given up.",
      stance: "asserts",
      scope: "Gaudi's plug-in for vLLM",
      kind: "fact",
      quantity: "commits of the plug-in in 2026 to 21 August",
      unit: "commit",
      threshold: { atMost: 10, reason: "a handful per year is what a project in care gets" },
      by: "2026-06-30",
      stress: 1,
      judge: ({ knownBy }) =>
        isKnown("2026-08-21", knownBy) ? fact(false, 441, "441 commits, release 0.26.0") : notKnown("no count before August 2026"),
      say: ({ value, outcome }) => (outcome === "pending" ? "" : `Gaudi's software lives (${formatCount(value)} commits in 2026)`),
    },
  ],
};
