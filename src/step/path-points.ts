import { streamBytesPerSecond } from "../network/message-path";
import { messageRates } from "../published/transfers";
import { measuredPaths } from "./tiers";

/** One measured rate beside the path's, which is read off the two ends of its sweep. */
export interface PathPoint {
  readonly path: string;
  readonly messageBytes: number;
  readonly measured: number;
  readonly estimate: number;
  /** estimate / measured - 1. */
  readonly error: number;
  /** At an end of the sweep, so the estimate is exact. */
  readonly readOff: boolean;
}

/**
 * Every size of the sweeps with the rate that two of its numbers give, bytes per second.
 *
 * @example pathPoints().length
 */
export function pathPoints(): readonly PathPoint[] {
  return measuredPaths().flatMap((path) => {
    const here = messageRates().filter((r) => r.sweep === path.sweep);
    const ends = [Math.min(...here.map((r) => r.messageBytes)), Math.max(...here.map((r) => r.messageBytes))];
    return here.map((r) => {
      const estimate = streamBytesPerSecond(path, r.messageBytes);
      return {
        path: path.name,
        messageBytes: r.messageBytes,
        measured: r.bytesPerSecond,
        estimate,
        error: estimate / r.bytesPerSecond - 1,
        readOff: ends.includes(r.messageBytes),
      };
    });
  });
}
