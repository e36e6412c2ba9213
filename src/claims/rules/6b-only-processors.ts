import { formatCount, formatNumber, formatShare } from "../../text/numbers";
import { intervals } from "../intervals";
import { articleDay } from "../known-by";
import { exchangeMovers } from "../listed";
import type { Context } from "../parts/context";
import { credence, type Finding, fact, notKnown } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { propagate } from "../uncertainty";

/** As it is printed. */
const reachesMost = meets("ratio", { atLeast: 0.75 });
const names = ["processorsThen", "processorsNow", "epilogueShare", "speed", "processors"] as const;

/**
 * Only processors can. Engines inside a processor do not refute it (the author counts the TMA's place as the processor); engines outside
 * do. What the exchange costs in processors is charged with the copy at its end, which takes all of them.
 */
export const onlyProcessorsClaim: ClaimRule = {
  id: "6b",
  parts: [
    {
      id: "6b.engines",
      statement: "No engine outside the processors carries an exchange between accelerators.",
      stance: "asserts",
      scope: "collectives and exchanges that makers ship",
      kind: "fact",
      quantity: "makers that ship an engine outside the processors for it",
      unit: "maker",
      threshold: { atMost: 0, reason: "only processors can: one maker is enough to refute it" },
      by: articleDay,
      stress: 3,
      judge: ({ knownBy }) => {
        const makers = new Set(
          exchangeMovers(knownBy)
            .filter((m) => m.mover === "engine outside")
            .map((m) => m.maker),
        );
        return fact(makers.size === 0, makers.size, makers.size === 0 ? "none known" : [...makers].join(", "));
      },
      say: ({ value, holds }) =>
        holds
          ? "no maker ships an engine for it"
          : value === 1
            ? "one maker ships engines for exchanges"
            : `${formatCount(value)} makers ship engines for exchanges`,
    },
    {
      id: "6b.combine",
      statement: "Adding up the experts' answers is done by processors in every published exchange of experts.",
      stance: "asserts",
      scope: "combine, uneven sizes",
      kind: "fact",
      quantity: "published exchanges of experts that add up outside the processors",
      unit: "exchange",
      threshold: { atMost: 0, reason: "one is enough to refute it" },
      by: articleDay,
      stress: 1,
      judge: ({ knownBy }) => {
        const all = exchangeMovers(knownBy).filter((m) => m.scope === "exchange");
        if (all.length === 0) return notKnown("no exchange of experts was published");
        const outside = all.filter((m) => m.addsUp !== "processor").length;
        return fact(
          outside === 0,
          outside,
          `${formatCount(outside)} of ${formatCount(all.length)}; the maintainer of DeepEP says that combine needs the GPU`,
        );
      },
      say: ({ holds }) => (holds ? "adding up still takes processors" : "adding up left them, too"),
    },
    {
      id: "6b.cost",
      statement: "What an exchange costs in processors did not fall by a quarter, the copy at its end charged.",
      stance: "asserts",
      scope: "training and prefill, DeepSeek's library",
      kind: "credence",
      quantity: "processor time per byte, now over then",
      unit: "ratio",
      threshold: { atLeast: 0.75, reason: "a fall by less than a quarter" },
      by: articleDay,
      stress: 1,
      grade: "C",
      judge: cost,
      say: ({ value, outcome }) =>
        outcome === "pending" ? "" : `an exchange now costs ${formatNumber(value)} times V3's processor time per byte, last copy included`,
    },
  ],
};

/**
 * Processor time per byte now over then.
 *
 *     (reserved + epilogue share (all - reserved)) / (then speed)
 *
 * The intervals are of data/claim-parameters.csv; all drawn together.
 */
function cost(c: Context): Finding {
  const rows = intervals("6b", names, c);
  if (rows === undefined) return notKnown("nothing newer than DeepSeek-V3's own count was published");
  const { probability, band } = propagate(
    rows,
    (draw) => {
      const [then, now, epilogue, speed, all] = names.map((name) => Number(draw[name])) as [number, number, number, number, number];
      const value = (now + epilogue * (all - now)) / (then * speed);
      return { value, holds: reachesMost(value) };
    },
    { draws: c.draws, seed: c.seed },
  );
  const found = `${formatNumber(band.low)} to ${formatNumber(band.high)} times, ${formatShare(probability)} of the draws at least 0.75`;
  return credence(probability, band.median, found);
}
