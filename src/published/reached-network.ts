import { messageBytes } from "../network/exchange";
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
 * Tokens times experts messages in the published time, FP8 with scales and header out and BF16 back: so DeepSeek counts the bandwidth that
 * it prints beside the times (39 GB/s out and 40 back over 256 GPUs).
 *
 * @example reachedOverNetwork()
 */
export function reachedOverNetwork(): readonly ReachedNetwork[] {
  return publishedExchanges()
    .filter((p) => p.link === "network only")
    .flatMap((p) =>
      (["dispatch", "combine"] as const).map((direction) => {
        const each = messageBytes(direction, p.hiddenSize);
        const messagesPerSecond = (p.tokens * p.expertsPerToken) / (direction === "dispatch" ? p.dispatchSeconds : p.combineSeconds);
        return {
          hardware: p.hardware,
          expertParallel: p.expertParallel,
          direction,
          messageBytes: each,
          messagesPerSecond,
          bytesPerSecond: each * messagesPerSecond,
        };
      }),
    );
}
