import { exchangePaths } from "../../published/exchange-paths";
import { formatCount, formatNumber, formatShare } from "../../text/numbers";
import { questionOf } from "../claim-steps";
import { articleDay, sourceKnown } from "../known-by";
import { exchangeMovers, fabrics } from "../listed";
import type { Context } from "../parts/context";
import { definition, type Finding, fact, notKnown, prevalence } from "../parts/finding";
import { reading } from "../parts/judge-part";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { populationOf } from "../parts/population";
import { exchangeProcessorSpeed, stepWorth } from "../set-up-worth";
import { type AskedSetUp, overSetUps, wideDecode } from "../set-ups";

/**
 * DMA semantics give way to load and store. Both readings have support in the author's essays and are printed side by side:
 *
 * wide: on the fabric of a rack the wire carries memory semantics in place of messages over queue pairs, whoever issues them (his
 * definitions of April 2025 say that a core or an engine may); strict: the cores' own loads and stores replace engines, the TMA among
 * them (his note of July 2024 calls a core direct and the TMA indirect). Who rings the bell is a finding of ours and not his claim.
 */
export const loadStoreClaim: ClaimRule = {
  id: "6a",
  parts: [
    {
      id: "6a.semantics",
      statement: "Inside the scale-up domain indirect DMA gives way to direct load and store.",
      stance: "asserts",
      scope: "links and exchanges inside a scale-up domain, new since the article",
      kind: "definition",
      quantity: "share of new designs that carry, or move by, loads and stores",
      unit: "share",
      threshold: { atLeast: 0.5, reason: "gives way gradually: more than half of what is new" },
      by: "2026-06-30",
      stress: 3,
      judge: (c) => definition([reading("wide, what the wire carries", wire(c)), reading("strict, what moves the bytes", mover(c))]),
      say: ({ readings = [] }) => {
        const [wide, strict] = readings.map((r) => formatShare(r.probability ?? Number.NaN));
        return `new rack links carry memory semantics in ${wide}, cores' own loads and stores move bytes in ${strict} of exchanges`;
      },
    },
    {
      id: "6a.initiator",
      statement: "An exchange that the GPU starts is a tenth faster than one that the host posts, at equal bytes.",
      stance: "asks",
      scope: "decode, 128 tokens per GPU, 16 to 64 GPUs over a network",
      kind: "fact",
      quantity: "time posted by the host over time started by the GPU, median",
      unit: "ratio",
      threshold: { atLeast: 1.1, reason: "a tenth is the least for which a second path is worth its code" },
      by: articleDay,
      stress: 0,
      judge: initiator,
      say: ({ value }) => `host-posted exchanges take ${formatNumber(value)} times`,
    },
    {
      id: "6a.worth",
      statement: "Giving the exchange's processors back is worth a twentieth of the throughput of wide decode in two micro-batches.",
      stance: "asks",
      scope: "decode over a network or a rack, exchange hidden behind computation",
      kind: "prevalence",
      quantity: "share of one percent more throughput that one percent less of the processors' time gives",
      unit: "share",
      threshold: { atLeast: 0.05, reason: "what is worth less than a twentieth decides about no engine" },
      by: articleDay,
      stress: 0,
      grade: "D",
      judge: processorsBack,
      say: () => "",
    },
  ],
};

/** As published: what a reader asks for changes no claim on designs. */
function processorsBack(c: Context): Finding {
  const hidden = (s: AskedSetUp) => {
    const question = questionOf(s);
    return question === undefined ? undefined : ({ ...question, overlap: "two-micro-batches" } as const);
  };
  const all = overSetUps(
    { ...c, asked: {} },
    wideDecode,
    (s) => stepWorth(hidden(s), "exchangeProcessors", exchangeProcessorSpeed),
    meets("share", { atLeast: 0.05 }),
  );
  return prevalence(all, `${formatShare(all.share)} of ${formatCount(all.count)} set-ups; ${formatShare(all.median)} in the median`);
}

function wire({ knownBy }: Context): Finding {
  const all = fabrics(knownBy).filter((f) => f.date > articleDay);
  const members = all.map((f) => ({ value: f.semantics === "memory" ? 1 : 0, weight: 1, group: f.carrier }));
  const found = populationOf("scale-up fabrics announced since the article", members, (v) => v === 1);
  return prevalence(found, `${formatShare(found.share)} of ${formatCount(found.count)} fabrics`);
}

function mover({ knownBy }: Context): Finding {
  const all = exchangeMovers(knownBy).filter((m) => m.date > articleDay);
  const members = all.map((m) => ({ value: m.mover === "loads and stores" ? 1 : 0, weight: 1, group: m.scope }));
  const found = populationOf("exchanges published since the article", members, (v) => v === 1);
  return prevalence(found, `${formatShare(found.share)} of ${formatCount(found.count)} exchanges`);
}

function initiator({ knownBy }: Context): Finding {
  if (!sourceKnown("pplxgarden2026", knownBy)) return notKnown("no such pair of times was published");
  const decode = exchangePaths().filter((p) => p.tokens <= 128);
  const ratios = decode.map((p) => p.hostSeconds / p.gpuSeconds);
  const found = populationOf(
    "published pairs",
    ratios.map((value) => ({ value, weight: 1, group: "decode" })),
    meets("ratio", { atLeast: 1.1 }),
  );
  return fact(
    meets("ratio", { atLeast: 1.1 })(found.median),
    found.median,
    `${formatNumber(Math.min(...ratios))} to ${formatNumber(Math.max(...ratios))} over ${formatCount(found.count)} pairs, fabric-lib (2026) from the host beside DeepEP from the GPU`,
  );
}
