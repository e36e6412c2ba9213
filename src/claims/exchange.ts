import { hardware } from "../machine/hardware";
import { crossingGpus, expertParallelTraffic, tensorParallelTraffic, widthLimit } from "../network/split";
import { publishedParallelism } from "../published/transfers";
import { busiestOverMean } from "../routing/busiest-gpu";
import { meanTokensPerExpert } from "../routing/uniform";
import { formatBytes, formatCount, formatNumber } from "../text/numbers";
import { parallelConditions } from "./conditions-parallel";
import { evidenceOn, shareFor, sided } from "./evidence";
import { isKnown, newestDay } from "./known-by";
import type { ClaimRule } from "./rule";
import { knob } from "./scenario";
import { modelWithExperts } from "./scenario-checks";

/** Claim 5: bytes that a GPU sends for one layer, split by tensors over split by experts. */
const parallelism: ClaimRule = {
  id: "5",
  parameters: ["model", "expertParallel"],
  value: (s) => {
    if (s.expertParallel < 2) throw new RangeError(`expertParallel must be at least 2 for anything to be sent, got ${s.expertParallel}`);
    const question = { model: modelWithExperts(s), tokensPerGpu: 128, gpus: s.expertParallel };
    return tensorParallelTraffic(question).bytes / expertParallelTraffic(question).bytes;
  },
  conditions: (s) => {
    const m = modelWithExperts(s);
    if (s.knownBy >= newestDay())
      return parallelConditions(m, hardware(s.hardware), Math.max(1, Math.round(s.tokensInFlight / s.expertParallel)));
    const { messageBytes } = expertParallelTraffic({ model: m, tokensPerGpu: 128, gpus: s.expertParallel });
    const most = widthLimit(m.moeIntermediateSize);
    const plans = publishedParallelism().filter((p) => isKnown(p.date, s.knownBy));
    const wide = plans.filter((p) => p.expertParallel >= 8 * p.tensorParallel).length;
    const busiest = busiestOverMean({
      tokensPerExpert: meanTokensPerExpert(s.tokensInFlight, m),
      routedExperts: m.routedExperts,
      gpus: Math.min(s.expertParallel, m.routedExperts),
      skew: knob("0d", "skew", s),
    });
    return [
      {
        condition: "it pays from within one node of eight GPUs",
        found: `from ${formatNumber(crossingGpus(m))} GPUs on`,
        holds: crossingGpus(m) < 8,
      },
      {
        condition: "tensor parallelism over as many GPUs would cut experts below a block of scales",
        found: `at most ${formatCount(most)} GPUs`,
        holds: s.expertParallel > most,
      },
      { condition: "a message is 1 to 16 kB", found: formatBytes(messageBytes), holds: messageBytes >= 1e3 && messageBytes <= 16e3 },
      {
        condition: "published plans have at least eight times as many expert-parallel as tensor-parallel GPUs (nine in ten)",
        found: `${formatCount(wide)} of ${formatCount(plans.length)}`,
        holds: wide >= 0.9 * plans.length,
      },
      {
        condition: "the exchange is near uniform (busiest GPU within 10 %)",
        found: `${formatNumber(busiest)} times the mean without redundant experts`,
        holds: busiest <= 1.1,
      },
    ];
  },
};

/** One exchange of many messages, by who starts them. */
export interface Started {
  readonly messages: number;
  readonly bytes: number;
  /** Time of one message in one queue, and the queues side by side. */
  readonly messageSeconds: number;
  readonly queues: number;
  readonly linkBytesPerSecond: number;
}

/**
 * Time to start and carry many messages.
 *
 *     messages messageSeconds / queues + bytes / link
 *
 * Starting and carrying do not overlap here; where they do, the slower of the two is left.
 */
export function startedSeconds({ messages, bytes, messageSeconds, queues, linkBytesPerSecond }: Started): number {
  return (messages * messageSeconds) / queues + bytes / linkBytesPerSecond;
}

/** Tokens of one GPU in the published low-latency tables. */
const lowLatencyTokens = 128;

/** Claim 6a: an exchange of 128 tokens through a copy engine or proxy, over one that processors start. */
const initiator: ClaimRule = {
  id: "6a",
  parameters: ["model", "engineSeconds", "engineQueues", "deviceSeconds", "deviceQueues", "linkBytesPerSecond"],
  value: (s) => {
    const m = modelWithExperts(s);
    const messages = lowLatencyTokens * m.expertsPerToken;
    const sent = { messages, bytes: messages * m.expertHiddenSize, linkBytesPerSecond: knob("6a", "linkBytesPerSecond", s) };
    const engine = startedSeconds({ ...sent, messageSeconds: knob("6a", "engineSeconds", s), queues: knob("6a", "engineQueues", s) });
    return engine / startedSeconds({ ...sent, messageSeconds: knob("6a", "deviceSeconds", s), queues: knob("6a", "deviceQueues", s) });
  },
  conditions: (s) => [
    ...sided("6a", "initiator", "a processor starts the transfer, not the host or an engine", s.knownBy),
    ...sided("6a", "mover", "its own loads and stores move the bytes, not an engine beside it", s.knownBy),
    ...sided("6a", "wire", "the wire between nodes carries loads and stores, not messages", s.knownBy),
  ],
};

/** Claim 6b: processors now over then, the copy at the end charged for the time it takes. */
const processors: ClaimRule = {
  id: "6b",
  parameters: ["processorsNow", "epilogueShare", "processorsThen"],
  value: (s) =>
    (knob("6b", "processorsNow", s) + knob("6b", "epilogueShare", s) * (132 - knob("6b", "processorsNow", s))) /
    knob("6b", "processorsThen", s),
};

/** Claim 6c: how many of two product lines are finished, by what was published. */
const products: ClaimRule = {
  id: "6c",
  parameters: ["cut"],
  value: (s) => {
    const rows = evidenceOn("6c", s.knownBy);
    const shares = lines.map(([side]) => shareFor(rows, side));
    if (shares.every((share) => share === undefined)) return Number.NaN;
    return shares.filter((share) => share !== undefined && share > knob("6c", "cut", s)).length / lines.length;
  },
  conditions: (s) => lines.flatMap(([side, words]) => sided("6c", side, words, s.knownBy)),
};

const lines = [
  ["gaudi", "Habana's Gaudi is finished"],
  ["ethernet", "Ethernet for scale-up is finished"],
] as const;

export const exchangeRules = [parallelism, initiator, processors, products];
