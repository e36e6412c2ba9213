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
  | "norm all-reduce"
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
  /** Of bytes sent, those over the network; absent where none are. */
  readonly networkBytes?: number;
  /** The longest contiguous run in which its main tensor is read or sent. */
  readonly runBytes: number;
  readonly bound: "compute" | "memory" | "overhead" | "latency" | "messages" | "scale-up" | "network";
  /** Time of each kernel it is launched as, in no order; sums to `seconds`. One where the tables time it as a whole; the time between kernels by itself. */
  readonly kernelSeconds: readonly number[];
}

/** What passes through one layer at once: of one attention group, and of all that enters the experts. */
export interface Passing {
  /** Requests of the busiest attention group, each with `newTokens`. */
  readonly requests: number;
  readonly newTokens: number;
  /** Rows of the group: new tokens of requests, and tokens of prompts. */
  readonly rows: number;
  /** Prompts of the group that are taken in: so many, of so many new tokens each, on a past of so many. */
  readonly prompts?: { readonly requests: number; readonly newTokens: number; readonly pastTokens: number } | undefined;
  /** Rows of the replica. */
  readonly replicaRows: number;
  /** Whether tokens go to each node once and are forwarded there, as where prompts are taken in. */
  readonly forwarded?: boolean;
}

/** The tasks of a block, and what of them is communication. */
export interface BlockTasks {
  readonly tasks: readonly DecodeTask[];
  readonly communicationSeconds: number;
  /** Of the communication, what processors do. */
  readonly processorSeconds: number;
}

/** The last answer for a block, and what was asked. */
export interface LastTasks {
  plan: object | undefined;
  passing: Passing | undefined;
  tasks: BlockTasks | undefined;
}

/** Time in which no kernel runs. */
export function betweenTask(seconds: number): DecodeTask {
  return {
    name: "between kernels",
    seconds,
    floorSeconds: 0,
    flops: 0,
    bytes: 0,
    runBytes: 0,
    bound: "overhead",
    kernelSeconds: [seconds],
  };
}
