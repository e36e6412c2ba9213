import { accessFact } from "../data/accesses";
import { hardware as machine } from "../machine/hardware";
import { publishedExchanges } from "../published/transfers";
import { bindingLimit, type RequestStream, requestStreams, type StreamQuestion, type TierLimit } from "../step/requests";
import { flashLimits, memoryLimit, networkLimits, scaleUpLimit } from "../step/tiers";
import { formatBytes, formatNumber, formatShare } from "../text/numbers";
import type { Condition } from "./verdict";

/** Dispatch of DeepEP over the network alone: what one GPU sent, a second, and of which share of its card that is. */
export interface ReachedNetwork {
  /** The machine it ran on, by id. */
  readonly hardware: string;
  readonly expertParallel: number;
  readonly direction: "dispatch" | "combine";
  readonly messageBytes: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Tokens times experts messages in the published time, FP8 out and BF16 back, as DeepSeek counts its bandwidth. */
export function reachedOverNetwork(): readonly ReachedNetwork[] {
  return publishedExchanges()
    .filter((p) => p.link === "network only")
    .flatMap((p) =>
      (["dispatch", "combine"] as const).map((direction) => {
        const messageBytes = p.hiddenSize * (direction === "dispatch" ? 1 : 2);
        const messagesPerSecond = (p.tokens * p.expertsPerToken) / (direction === "dispatch" ? p.dispatchSeconds : p.combineSeconds);
        return {
          hardware: p.hardware,
          expertParallel: p.expertParallel,
          direction,
          messageBytes,
          messagesPerSecond,
          bytesPerSecond: messageBytes * messagesPerSecond,
        };
      }),
    );
}

/**
 * Claim 4, the need moves from bandwidth to requests a second, tier by tier as conditions.
 *
 * A tier needs requests when its typical request is shorter than bandwidth over request rate. Typical: the run that holds the
 * median byte of what memory moves; a dispatched token; a row of a lookup memory.
 */
export function requestConditions(question: StreamQuestion, lookupRowBytes = accessFact("engram-row", "bytes")): readonly Condition[] {
  const { hardware } = question;
  const streams = requestStreams(question);
  const typical = medianRun(streams.filter((s) => s.tier === "memory"));
  const sent = streams.find((s) => s.tier === "network" && s.name === "dispatch") ?? streams.find((s) => s.name === "dispatch");
  const sentBytes = sent?.requestBytes ?? question.model.hiddenSize;
  const widest = reachedOverNetwork()
    .filter((r) => r.direction === "dispatch")
    .reduce((a, b) => (b.expertParallel > a.expertParallel ? b : a));
  const measuredOn = machine(widest.hardware);
  const share = widest.bytesPerSecond / (measuredOn.networkBytesPerSecond ?? Number.NaN);
  const met = (tier: string, bytes: number, limit: TierLimit): Condition => {
    const { breakEvenBytes, binds } = bindingLimit(bytes, 1, limit);
    return {
      condition: `${tier}: requests bind (${limit.name})`,
      found: `${formatBytes(bytes)} against a break-even of ${formatBytes(breakEvenBytes)}`,
      holds: binds === "requests",
    };
  };
  return [
    met("memory", typical, memoryLimit(hardware)),
    met("scale-up link", sentBytes, scaleUpLimit(hardware)),
    ...networkLimits(hardware)
      .slice(0, 1)
      .map((limit) => met("network, posted by the host", sentBytes, limit)),
    {
      condition: `network, posted by the GPU: less than half the card's bandwidth is reached (measured on ${measuredOn.name})`,
      holds: share < 0.5,
      found: `${formatShare(share)} at ${formatNumber(widest.messagesPerSecond / 1e6)} million messages/s`,
    },
    ...flashLimits().map((limit) => met("lookup rows in flash", lookupRowBytes, limit)),
  ];
}

/** Run length below which half of the bytes lie. */
export function medianRun(streams: readonly RequestStream[]): number {
  const sorted = [...streams].sort((a, b) => a.requestBytes - b.requestBytes);
  const half = sorted.reduce((total, s) => total + s.bytesPerSecond, 0) / 2;
  let passed = 0;
  for (const s of sorted) {
    passed += s.bytesPerSecond;
    if (passed >= half) return s.requestBytes;
  }
  throw new RangeError("streams must hold at least one stream");
}
