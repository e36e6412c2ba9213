import { messageBytes } from "../network/message-bytes";
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

/**
 * Seconds that a message over the network costs besides its bytes where the GPU posts it: the most over the published exchanges.
 *
 *     t = a + s / B for the messages of both directions, s bytes long and t seconds apart; so a = (t s' - t' s) / (s' - s)
 *
 * Latency that each exchange has once is in it, so a message costs no more.
 *
 * @example gpuMessageSeconds() // of 256 GPUs: 189 ns for 7,408 bytes and 352 ns for 14,336 leave 16 ns
 */
export function gpuMessageSeconds(): number {
  const reached = reachedOverNetwork();
  const costs = reached.flatMap((out) => {
    const back = reached.find((r) => r.direction === "combine" && r.hardware === out.hardware && r.expertParallel === out.expertParallel);
    if (out.direction !== "dispatch" || back === undefined) return [];
    const longer = back.messageBytes / out.messagesPerSecond - out.messageBytes / back.messagesPerSecond;
    return [longer / (back.messageBytes - out.messageBytes)];
  });
  return Math.max(...costs);
}
