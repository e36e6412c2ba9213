/** What a task of a step does. */
export type TaskName =
  | "attention projections"
  | "indexer"
  | "attention core"
  | "linear mixer"
  | "output projection"
  | "router"
  | "latent projections"
  | "dispatch"
  | "experts"
  | "shared expert"
  | "combine"
  | "all-reduce"
  | "all-gather"
  | "reduce-scatter"
  | "point to point"
  | "dense feed-forward"
  | "head"
  | "sampling"
  | "between kernels";

/** One task of a step. Layers alike share one record. */
export interface DecodeTask {
  readonly name: TaskName;
  readonly seconds: number;
  /** The work at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly flops: number;
  /** Moved in memory; for dispatch, combine and collectives, sent over the links. */
  readonly bytes: number;
  /** The longest contiguous run in which its main tensor is read or sent. */
  readonly runBytes: number;
  readonly bound: "compute" | "memory" | "overhead" | "latency" | "messages" | "scale-up" | "network";
  /** Time of each kernel it is launched as, in no order; sums to `seconds`. One where the tables time it as a whole; the time between kernels by itself. */
  readonly kernelSeconds: readonly number[];
}
