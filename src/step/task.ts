import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";

/** What a task of a decode step does. */
export type TaskName =
  | "attention projections"
  | "attention core"
  | "output projection"
  | "router"
  | "dispatch"
  | "experts"
  | "shared expert"
  | "combine"
  | "all-reduce"
  | "dense feed-forward"
  | "head";

/** One task of a decode step. Layers alike share one record. */
export interface DecodeTask {
  readonly name: TaskName;
  readonly seconds: number;
  /** The work at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly flops: number;
  /** Moved in memory; for dispatch, combine and all-reduce, sent over the links. */
  readonly bytes: number;
  /** The longest contiguous run in which its main tensor is read or sent. */
  readonly runBytes: number;
  readonly bound: "compute" | "memory" | "overhead" | "latency" | "messages" | "scale-up" | "network";
  /** Time of each kernel it is launched as, in no order; sums to `seconds`. One where the tables time it as a whole. */
  readonly kernelSeconds: readonly number[];
}

/** A decode step on one GPU of a group in which attention is data parallel and experts are dealt out. */
export interface DecodeStepQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** Each GPU attends to its own requests, one new token each. */
  readonly requestsPerGpu: number;
  /** Tokens already in each request's cache. */
  readonly contextTokens: number;
  readonly expertParallel: number;
  /** GPUs that every matrix is cut over; each rank of experts is a group of so many. One if left out. */
  readonly tensorParallel?: number;
  readonly overlap?: "none" | "two-micro-batches";
  /** Of the routed experts. */
  readonly kernel?: string;
  readonly weightFormat?: string;
}
