import { accessFact } from "../../data/accesses";
import { hardware } from "../../machine/hardware";
import { weightFormat } from "../../machine/number-formats";
import { model } from "../../model/registry";
import { scaleUpBytesPerSecond } from "../../network/collective";
import { bindingLimit, type TierLimit } from "../../step/requests";
import { flashLimits, memoryLimit } from "../../step/tiers";
import { formatBytes, formatCount, formatShare } from "../../text/numbers";
import { stepAccesses } from "../claim-runs";
import { questionOf } from "../claim-steps";
import { intervals } from "../intervals";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule, PartRule } from "../parts/part";
import { meets, valueWords } from "../parts/part-words";
import { releasedFormat } from "../rule-formats";
import { messageSpeed, stepWorth } from "../set-up-worth";
import { type AskedSetUp, machineOf, overSetUps, wideDecode } from "../set-ups";

/** A bus's packet and what 64 cores issue per second, both by the author's essay of July 2024 on bus and network. */
const bus = { packetBytes: 256, accessesPerSecond: 32e9 } as const;

/** A tier is short of requests where its typical request is shorter than its bandwidth over its rate. */
const ratio = { atLeast: 1, reason: "from one on the tier runs out of requests before bytes" } as const;

/**
 * Requests per second. The author adds a need, he does not move one, and means the scale-up fabric first. So the need that was added to
 * products is a fact of its own, and each tier is asked whether requests are what it runs out of.
 */
export const requestsClaim: ClaimRule = {
  id: "4",
  parts: [
    {
      id: "4.need",
      statement: "Makers build and rate parts by requests per second, beside bandwidth.",
      stance: "asserts",
      scope: "switches and drives that came out since",
      kind: "fact",
      quantity: "packets per second that a scale-up switch is rated by",
      unit: "packet",
      threshold: { atLeast: 5e10, reason: "half again of what a switch of twice the bandwidth is said to forward" },
      by: "2026-06-30",
      stress: 2,
      judge: ({ knownBy }) =>
        sourceKnown("tomahawkultra2025", knownBy)
          ? fact(true, 77e9, "77 billion packets per second per switch; 10 million reads per second per drive")
          : notKnown("no part was rated so"),
      say: ({ holds }) => (holds ? "drives and switches are rated in requests" : ""),
    },
    tier("4.fabric", "scale-up fabric", 2, (_, s) => scaleUp(s), "racks lack"),
    tier("4.memory", "memory", 1, (_, s) => memory(s), "memory lacks"),
    {
      id: "4.storage",
      statement: "Rows of lookup memories in flash run out of requests before bytes.",
      stance: "asserts",
      scope: "flash read at random by the GPU",
      kind: "fact",
      quantity: "break-even size of a drive over the bytes of a lookup row",
      unit: "ratio",
      threshold: ratio,
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: storage,
      say: ({ holds }) => (holds ? "flash lacks requests, not bandwidth" : "flash lacks bandwidth, not requests"),
    },
    tier("4.network", "network card", 1, network, "network cards lack"),
    {
      id: "4.worth",
      statement: "What messages cost one by one is worth a twentieth of the throughput of wide decode.",
      stance: "asks",
      scope: "decode, the whole step, messages of the exchange",
      kind: "prevalence",
      quantity: "share of one percent more throughput that one percent more messages per second give",
      unit: "share",
      threshold: { atLeast: 0.05, reason: "what is worth less than a twentieth decides about no fabric" },
      by: articleDay,
      stress: 0,
      grade: "D",
      judge: messageWorth,
      say: () => "",
    },
  ],
};

function tier(id: string, name: string, stress: 1 | 2, over: (c: Context, s: AskedSetUp) => number, words: string): PartRule {
  return {
    id,
    statement: `The ${name} runs out of requests before bytes in wide decode.`,
    stance: "asserts",
    scope: name,
    kind: "prevalence",
    quantity: "break-even size of the tier over the size of its typical request",
    unit: "ratio",
    threshold: ratio,
    by: articleDay,
    stress,
    grade: "D",
    judge: (c) => tierFinding(c, over),
    say: ({ probability = 0, outcome }) =>
      outcome === "wrong" ? `${words} bandwidth, not requests` : `${words} requests in ${formatShare(probability)}`,
  };
}

function tierFinding(c: Context, over: (c: Context, s: AskedSetUp) => number): Finding {
  const all = overSetUps(c, wideDecode, (s) => over(c, s), meets("ratio", { atLeast: 1 }));
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups; ratio ${valueWords(all.median, "ratio")} in the median`,
  );
}

/** By the step's own cost of a message, as fitted on DeepEP. */
function messageWorth(c: Context): Finding {
  const all = overSetUps(c, wideDecode, (s) => stepWorth(questionOf(s), "messages", messageSpeed), meets("share", { atLeast: 0.05 }));
  return prevalence(all, `${formatShare(all.share)} of ${formatCount(all.count)} set-ups; ${formatShare(all.median)} in the median`);
}

/** Packets of a bus, issued by the processor's cores at the author's own rate. */
function scaleUp(s: AskedSetUp): number {
  return scaleUpBytesPerSecond(machineOf(s)) / bus.accessesPerSecond / bus.packetBytes;
}

function memory(s: AskedSetUp): number {
  const accesses = stepAccesses(s)?.filter((a) => !/^(dispatched|combined)/.test(a.tensor));
  if (accesses === undefined) return Number.NaN;
  return breakEven(memoryLimit(machineOf(s))) / medianRunBytes(accesses);
}

/** A dispatched token through a card whose queues are kept busy by many posts at once, as a GPU or many threads do. */
function network(c: Context, s: AskedSetUp): number {
  const [rate] = intervals("4", ["messagesPerSecond"], c) ?? [];
  const own = machineOf(s).networkBytesPerSecond ?? hardware("h800-sxm").networkBytesPerSecond ?? Number.NaN;
  const m = model(s.model);
  return own / (rate?.nominal ?? Number.NaN) / (m.expertHiddenSize * weightFormat(releasedFormat(m)).activationBytes);
}

function storage(): Finding {
  const row = accessFact("engram-row", "bytes");
  const ratios = flashLimits().map((limit) => breakEven(limit) / row);
  const least = Math.min(...ratios);
  return fact(meets("ratio", { atLeast: 1 })(least), least, `${formatBytes(least * row)} against rows of ${formatBytes(row)}`);
}

function breakEven(limit: TierLimit): number {
  return bindingLimit(1, 1, limit).breakEvenBytes;
}

function medianRunBytes(accesses: readonly { readonly runBytes: number; readonly bytes: number }[]): number {
  const ascending = [...accesses].sort((a, b) => a.runBytes - b.runBytes);
  let left = ascending.reduce((sum, a) => sum + a.bytes, 0) / 2;
  for (const { runBytes, bytes } of ascending) {
    left -= bytes;
    if (left <= 0) return runBytes;
  }
  return Number.NaN;
}
