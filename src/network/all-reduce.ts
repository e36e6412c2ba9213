import { requirePositive, requirePositiveInteger, requireWord } from "../checks";
import { requireMachine } from "../machine/check-rates";
import { type Hardware, timeFactor } from "../machine/hardware";
import { hasGraphicsMemory } from "../machine/tensor-memory";
import { type CollectiveImplementation, type CollectiveTime, collectivePlan, linksLike } from "./collective";
import type { Collective } from "./collective-ways";

/** Who brings an all-reduce of its own along, beside NCCL's. */
export type AllReduceOwner = Extract<CollectiveImplementation, "trtllm" | "vllm" | "sglang">;

/** One pass to another node, of NCCL's kernel inside a step: set by two engines' steps on 16 H100 (23.2 and 31.3 ms), which differ by a third. */
const networkHopSeconds = 45e-6;
/** Share of the network card's rate that long messages reach, as NCCL's ring over nodes does. */
const networkEfficiency = 0.85;

/**
 * Time an all-reduce: inside the scale-up link the faster of NCCL and an engine's own, over nodes in two levels.
 *
 *     over nodes: all-reduce of the node, then 2 (nodes - 1) hops and 2 (nodes - 1) / nodes bytes / (gpus of the node networks e)
 *
 * Over nodes each GPU of a node reduces its share with those of the other nodes over its own network card. The hop is set, not
 * fitted; no pipelining of the levels, so slower than the best.
 *
 * @throws RangeError as collectiveTime; for more GPUs than the link joins on a machine without a network.
 * @example allReduceTime(2 * 7168 * 64, 8, hardware("h200-sxm")).seconds
 */
export function allReduceTime(bytes: number, gpus: number, hardware: Hardware, owner: AllReduceOwner = "trtllm"): CollectiveTime {
  requirePositive("bytes", bytes);
  requireMachine(hardware);
  requireWord("owner", owner, ["trtllm", "vllm", "sglang"]);
  return allReducePlan(gpus, hardware, owner)(bytes);
}

/** allReduceTime with all but the bytes settled once, for many sizes. @throws RangeError as allReduceTime. */
export function allReducePlan(gpus: number, hardware: Hardware, owner: AllReduceOwner = "trtllm"): (bytes: number) => CollectiveTime {
  const inside = insideNode(gpus, hardware);
  const byNccl = insideLink("all-reduce", inside, hardware);
  // Cards on PCIe alone: vLLM switches its own off for more than two of them, and of two none was measured.
  if (hasGraphicsMemory(hardware)) return (bytes) => overNodes("all-reduce", byNccl(bytes), bytes, gpus, hardware);
  // On Ampere one engine's was measured.
  const known = linksLike(hardware) === "Ampere" ? "vllm" : owner;
  const byOwner = collectivePlan({ collective: "all-reduce", gpus: inside, hardware, implementation: known });
  return (bytes) => {
    const [nccl, own] = [byNccl(bytes), byOwner(bytes)];
    return overNodes("all-reduce", own.seconds < nccl.seconds ? own : nccl, bytes, gpus, hardware);
  };
}

/** NCCL's gather or scatter of any number of bytes, over nodes in two levels like the all-reduce. @throws RangeError as allReduceTime. */
export function gatherPlan(
  collective: Exclude<Collective, "all-reduce" | "all-to-all">,
  gpus: number,
  hardware: Hardware,
): (bytes: number) => CollectiveTime {
  const inside = insideLink(collective, insideNode(gpus, hardware), hardware);
  return (bytes) => overNodes(collective, inside(bytes), bytes, gpus, hardware);
}

/** The most GPUs of which one ring is taken, as many as a link joins in the machines whose steps were measured. */
const widestRing = 72;

/**
 * NCCL's collective inside one link: a ring, and of more GPUs than one was measured of the faster of a ring and of rings in two levels, of
 * about the square root each. Else a wider link would make a step slower by its hops alone.
 */
function insideLink(collective: Collective, gpus: number, hardware: Hardware): (bytes: number) => CollectiveTime {
  const ring = collectivePlan({ collective, gpus, hardware });
  if (gpus <= widestRing) return ring;
  const near = Math.ceil(Math.sqrt(gpus));
  const inner = collectivePlan({ collective, gpus: near, hardware });
  const outer = collectivePlan({ collective, gpus: Math.ceil(gpus / near), hardware });
  return (bytes) => {
    const [one, first, second] = [ring(bytes), inner(bytes), outer(bytes / near)];
    const seconds = first.seconds + second.seconds;
    if (one.seconds <= seconds) return one;
    const latencySeconds = first.latencySeconds + second.latencySeconds;
    const transferSeconds = first.transferSeconds + second.transferSeconds;
    return {
      ...{ floorSeconds: one.floorSeconds, seconds: Math.max(one.floorSeconds, seconds), latencySeconds, transferSeconds },
      bound: latencySeconds >= transferSeconds ? "latency" : "bandwidth",
      algorithm: `${first.algorithm}, in two levels`,
      wireBytes: first.wireBytes + second.wireBytes,
    };
  };
}

/** GPUs of the largest equal share of a group that one link joins. */
function insideNode(gpus: number, { id, scaleUpDomain, networkBytesPerSecond }: Hardware): number {
  requirePositiveInteger("gpus", gpus);
  const domain = scaleUpDomain ?? gpus;
  if (gpus <= domain) return gpus;
  if (networkBytesPerSecond === undefined) throw new RangeError(`${id} has no networkBytesPerSecond, which ${gpus} GPUs need`);
  return Math.max(2, Math.ceil(gpus / Math.ceil(gpus / domain)));
}

function overNodes(collective: Collective, node: CollectiveTime, bytes: number, gpus: number, hardware: Hardware): CollectiveTime {
  const inside = insideNode(gpus, hardware);
  if (inside === gpus) return node;
  const network = hardware.networkBytesPerSecond as number;
  const nodes = Math.ceil(gpus / inside);
  const passes = collective === "all-reduce" ? 2 : 1;
  const sent = (passes * ((nodes - 1) / nodes) * bytes) / inside;
  const hopsSeconds = passes * (nodes - 1) * networkHopSeconds * timeFactor(hardware, "messageLatency");
  const latencySeconds = node.latencySeconds + hopsSeconds;
  const transferSeconds = node.transferSeconds + sent / (network * networkEfficiency);
  return {
    ...node,
    floorSeconds: Math.max(node.floorSeconds, sent / passes / network),
    seconds: node.seconds + hopsSeconds + sent / (network * networkEfficiency),
    latencySeconds,
    transferSeconds,
    bound: latencySeconds >= transferSeconds ? "latency" : "bandwidth",
    algorithm: `${node.algorithm}, ${nodes} nodes`,
    wireBytes: node.wireBytes + sent,
    networkBytes: sent,
  };
}
