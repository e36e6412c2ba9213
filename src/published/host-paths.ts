import { crossingBytes, type Initiator, type Mover, pathOfSweep, type TransferPath, transferTime } from "../network/message-path";
import { type HostCopy, hostCopies } from "./transfers";

/** The machine whose crossings between host and GPU were measured in all four ways. */
export const hostMachine = "A40";

const ways: readonly { readonly path: string; readonly mover: Mover; readonly initiator: Initiator }[] = [
  { path: "mapped store, host to GPU", mover: "load and store", initiator: "host" },
  { path: "mapped load, GPU to host", mover: "load and store", initiator: "host" },
  { path: "copy call, host to GPU", mover: "copy engine", initiator: "host" },
  { path: "copy call, GPU to host", mover: "copy engine", initiator: "host" },
];

/** The measured crossings of one way. */
export const copiesOf = (path: string): readonly HostCopy[] => hostCopies().filter((c) => c.machine === hostMachine && c.path === path);

/**
 * The four ways between host and GPU, each read off the ends of its sweep.
 *
 * @example hostPaths().map(({ name }) => name)
 */
export function hostPaths(): readonly TransferPath[] {
  return ways.map(({ path, mover, initiator }) =>
    pathOfSweep(
      { name: path, initiator, mover },
      copiesOf(path).map((c) => ({ messageBytes: c.bytes, messagesPerSecond: 1 / c.seconds })),
    ),
  );
}

/**
 * Sizes up to which stores, and loads, are the faster.
 *
 * @example hostCrossings()
 */
export function hostCrossings(): { readonly storeBytes: number | undefined; readonly loadBytes: number | undefined } {
  const [store, load, to, from] = hostPaths() as [TransferPath, TransferPath, TransferPath, TransferPath];
  return { storeBytes: crossingBytes(store, to), loadBytes: crossingBytes(load, from) };
}

/** One measured copy beside its path, which is read off the ends of the sweep. */
export interface HostPoint extends HostCopy {
  readonly estimateSeconds: number;
  /** estimate / measured - 1. */
  readonly error: number;
  readonly readOff: boolean;
}

/**
 * Every published crossing between host and GPU beside the estimate of the line through its two ends.
 *
 * @example hostPoints().length
 */
export function hostPoints(): readonly HostPoint[] {
  return hostPaths().flatMap((path) => {
    const here = copiesOf(path.name);
    const ends = [Math.min(...here.map((c) => c.bytes)), Math.max(...here.map((c) => c.bytes))];
    return here.map((c) => {
      const estimateSeconds = transferTime(path, 1, c.bytes).seconds;
      return { ...c, estimateSeconds, error: estimateSeconds / c.seconds - 1, readOff: ends.includes(c.bytes) };
    });
  });
}
