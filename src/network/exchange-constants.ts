import { type Constants, readConstants } from "../data/constants";
import { collectiveKeys } from "./collective";
import { type ForwardConstants, forwardConstantNames } from "./forwarded-exchange";

/** DeepEP's low-latency kernels inside a node, one set a generation and direction. */
export const scaleUpConstantNames = [
  "fixedSeconds",
  "secondsPerExpert",
  "secondsPerMessage",
  "efficiency",
  "secondsPerToken",
  "overlapExponent",
] as const;
export type ScaleUpConstants = Constants<(typeof scaleUpConstantNames)[number]>;

/** The same across nodes, over network cards that the GPU drives itself; both directions share the card. */
export const networkConstantNames = [
  "dispatchSeconds",
  "dispatchDoublingSeconds",
  "combineSeconds",
  "combineDoublingSeconds",
  "efficiency",
  "secondsPerMessage",
] as const;
export type NetworkConstants = Constants<(typeof networkConstantNames)[number]>;

/** TensorRT-LLM's all-to-all over NVLink, one copy per rank: prepare (dispatch) and move. */
export const copyConstantNames = ["fixedSeconds", "doublingSeconds", "efficiency", "memoryPasses"] as const;
export type CopyConstants = Constants<(typeof copyConstantNames)[number]>;

/** Fitted constants of exchanges by implementation: inside a scale-up domain, across nodes, and for copies. */
export interface ExchangeTables {
  readonly scaleUp: ReadonlyMap<string, ScaleUpConstants>;
  readonly network: ReadonlyMap<string, NetworkConstants>;
  readonly copy: ReadonlyMap<string, CopyConstants>;
  readonly forward: ReadonlyMap<string, ForwardConstants>;
}

let read: ExchangeTables | undefined;

/** The constants of data/collectives.csv, read once. */
export function exchangeTables(): ExchangeTables {
  read ??= {
    scaleUp: readConstants("collectives.csv", collectiveKeys, scaleUpConstantNames, "messages inside a node"),
    network: readConstants("collectives.csv", collectiveKeys, networkConstantNames, "messages across nodes"),
    copy: readConstants("collectives.csv", collectiveKeys, copyConstantNames, "copies to ranks"),
    forward: readConstants("collectives.csv", collectiveKeys, forwardConstantNames, "copies to nodes"),
  };
  return read;
}
