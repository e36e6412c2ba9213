import type { Constants } from "../data/constants";
import { type Choice, reachedPlaces } from "./reach";

/** DeepEP's normal kernels, one set a direction: inside a node, and across nodes. */
export const forwardConstantNames = [
  "fixedSeconds",
  "processorBytesPerSecond",
  "efficiency",
  "networkFixedSeconds",
  "doublingSeconds",
  "forwardBytesPerSecond",
  "networkEfficiency",
] as const;
export type ForwardConstants = Constants<(typeof forwardConstantNames)[number]>;

/** Processors of a GPU that the exchange runs on unless it is told otherwise. @source DeepEP, deep_ep/buffers/legacy.py (num_sms) */
export const usualProcessors = 20;

/** One direction of an exchange that sends one copy to each node and forwards it inside. */
export interface Forwarding {
  /** Bytes of one copy of a token. */
  readonly bytesEach: number;
  readonly ranks: number;
  /** Ranks that the scale-up link joins. */
  readonly node: number;
  readonly choice: Choice;
  readonly link: number;
  /** Of a GPU's card; there is none to ask for where all ranks are one node. */
  readonly network: number | undefined;
  /** Of a GPU, that the exchange runs on. */
  readonly processors: number;
  /** Factor on latencies, of a machine that does not exist. */
  readonly latency: number;
}

/** What a forwarded direction takes, and what goes over which link. */
export interface ForwardedTime {
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly latencySeconds: number;
  readonly scaleUpSeconds: number;
  readonly networkSeconds: number;
  readonly bound: "latency" | "scale-up" | "network";
  /** Copies of tokens sent over either link. */
  readonly messages: number;
  readonly farMessages: number;
}

/**
 * One direction of DeepEP's normal exchange, as a function of the tokens of a GPU: a token goes once to each other node that has an expert of it, where the GPU of the same
 * place passes it on to each rank that has one.
 *
 *     inside a node    fixed + T R (G-1)/G bytes / min(S r, e link)
 *     across nodes     fixed' + doubling log2(N) + max(T M (N-1)/N bytes / (e' network), T R (G-1)/G bytes / min(S r', e link))
 *
 * T tokens of a GPU, R and M ranks and nodes that a token reaches (reachedPlaces), G ranks of a node, N nodes, S processors that the exchange
 * takes from the GPU, with r or r' bytes a second each. Routing is taken as even and all GPUs as starting together; the count of tokens that
 * ranks tell each other first is in the fixed part. What combines sends is added up in the node before it travels, so that its bytes are the
 * same the other way.
 *
 * @source DeepEP, docs/legacy.md: normal kernels with NVLink and RDMA forwarding
 */
export function forwardedPlan(c: ForwardConstants, question: Forwarding): (tokens: number) => ForwardedTime {
  const { bytesEach, ranks, node, choice, link, network, processors, latency } = question;
  const nodes = Math.ceil(ranks / node);
  const insideShare = (reachedPlaces(ranks, choice) * (node - 1)) / node;
  const farShare = nodes === 1 ? 0 : (reachedPlaces(nodes, choice) * (nodes - 1)) / nodes;
  if (nodes > 1 && network === undefined) throw new RangeError(`networkBytesPerSecond must be known where ${nodes} nodes exchange`);
  const perProcessor = nodes === 1 ? c.processorBytesPerSecond : c.forwardBytesPerSecond;
  const inside = Math.min(processors * perProcessor, c.efficiency * link);
  const latencySeconds = latency * (nodes === 1 ? c.fixedSeconds : c.networkFixedSeconds + c.doublingSeconds * Math.log2(nodes));
  return (tokens) => {
    const [near, far] = [tokens * insideShare, tokens * farShare];
    const scaleUpSeconds = (near * bytesEach) / inside;
    const networkSeconds = network === undefined ? 0 : (far * bytesEach) / (network * c.networkEfficiency);
    const transfer = Math.max(scaleUpSeconds, networkSeconds);
    const floorSeconds = Math.max((near * bytesEach) / link, network === undefined ? 0 : (far * bytesEach) / network);
    return {
      floorSeconds,
      seconds: Math.max(floorSeconds, latencySeconds + transfer),
      latencySeconds,
      scaleUpSeconds,
      networkSeconds,
      bound: latencySeconds >= transfer ? "latency" : networkSeconds >= scaleUpSeconds ? "network" : "scale-up",
      messages: near + far,
      farMessages: far,
    };
  };
}
