import { publishedExchanges } from "./transfers";

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

/**
 * Tokens times experts messages in the published time, FP8 out and BF16 back, as DeepSeek counts its bandwidth.
 *
 * @example reachedOverNetwork()
 */
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
