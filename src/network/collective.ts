import { requirePositive, requirePositiveInteger, requireWord } from "../checks";
import { constantsOf, readConstants } from "../data/constants";
import { requireMachine } from "../machine/check-rates";
import { type Hardware, timeFactor } from "../machine/hardware";
import { hasGraphicsMemory, hasTensorMemory } from "../machine/tensor-memory";
import { nearest } from "../text/nearest";
import {
  type Collective,
  collectiveNames,
  type EagerConstants,
  type ExchangeConstants,
  eagerConstantNames,
  eagerWay,
  exchangeConstantNames,
  exchangeWays,
  fastest,
  type RingConstants,
  ringConstantNames,
  ringWays,
  type ShotConstants,
  shotConstantNames,
  shotWay,
  type Way,
} from "./collective-ways";

/** Who carries the collective out, and how it is started. */
export const implementations = [
  "nccl",
  "vllm",
  "sglang-0.5.10",
  "sglang",
  "trtllm",
  "vllm-eager",
  "sglang-0.5.10-eager",
  "sglang-eager",
] as const;
/** One of them. */
export type CollectiveImplementation = (typeof implementations)[number];

/** One collective among the GPUs of one scale-up domain. */
export interface CollectiveQuestion {
  readonly collective: Collective;
  /** Of the whole buffer, as nccl-tests counts: what a GPU ends up with (gather), starts with (scatter, reduce, all-to-all). */
  readonly bytes: number;
  readonly gpus: number;
  readonly hardware: Hardware;
  /** Names other than nccl have an all-reduce alone. */
  readonly implementation?: CollectiveImplementation;
}

/** The time of a collective, its lower bound, and what it is made of. */
export interface CollectiveTime {
  /** Bytes that must leave a GPU over the link's datasheet bandwidth: no constant fitted. */
  readonly floorSeconds: number;
  readonly seconds: number;
  /** What next to no bytes would take. */
  readonly latencySeconds: number;
  /** The rest: grows with the bytes. */
  readonly transferSeconds: number;
  /** The larger of the two. */
  readonly bound: "latency" | "bandwidth";
  /** The fastest of those the implementation has, or the one its rules prescribe. */
  readonly algorithm: string;
  /** Bytes that each GPU sends. */
  readonly wireBytes: number;
  /** Of them, those over a network; absent inside one scale-up domain. */
  readonly networkBytes?: number;
}

/** Tables of fitted constants; a test or a what-if may bring its own. */
export interface CollectiveTables {
  readonly ring: ReadonlyMap<string, RingConstants>;
  readonly exchange: ReadonlyMap<string, ExchangeConstants>;
  readonly shot: ReadonlyMap<string, ShotConstants>;
  readonly eager: ReadonlyMap<string, EagerConstants>;
}

/**
 * Time a collective over the scale-up link.
 *
 *     ring:       min over protocols of fixed + setup + hop steps + (wire + localCopies bytes / gpus) / (link e)
 *     all-to-all: min over regimes of fixed + doubling log2(gpus) + setup + ((gpus - 1 + localCopies) / gpus) bytes / (link e)
 *     one shot:   seconds + gpu (gpus - 2) + (gpus - 1) bytes / (link e);  two shots: 2 (gpus - 1) / gpus bytes / (link e)
 *
 * steps = gpus - 1 (twice that for an all-reduce), wire = steps bytes / gpus. LL and LL128 send flags with the data,
 * so they wait less and waste bandwidth. All GPUs are taken to start together: waiting for the last is not in it.
 *
 * @throws RangeError for counts or bytes that are not positive, more GPUs than the link joins, an implementation
 * that has no such collective, a machine without a scale-up link or of a generation not fitted.
 */
export function collectiveTime(question: CollectiveQuestion, constants: CollectiveTables = tables()): CollectiveTime {
  requirePositive("bytes", question.bytes);
  return collectivePlan(question, constants)(question.bytes);
}

/** collectiveTime with all but the bytes settled once, for many sizes. @throws RangeError as collectiveTime. */
export function collectivePlan(
  question: Omit<CollectiveQuestion, "bytes">,
  constants: CollectiveTables = tables(),
): (bytes: number) => CollectiveTime {
  const { collective, gpus, hardware, implementation = "nccl" } = question;
  requireWord("collective", collective, collectiveNames);
  if (!implementations.includes(implementation))
    throw new RangeError(
      `unknown implementation "${String(implementation)}"; nearest: ${nearest(String(implementation), implementations).join(", ")}`,
    );
  requireMachine(hardware);
  requirePositiveInteger("gpus", gpus);
  const link = scaleUpBytesPerSecond(hardware);
  if (gpus < 2) throw new RangeError(`gpus must be at least 2, got ${gpus}`);
  const domain = hardware.scaleUpDomain ?? gpus;
  if (gpus > domain) throw new RangeError(`gpus must be at most the ${domain} that the link of ${hardware.id} joins, got ${gpus}`);
  const wireShare = (collective === "all-reduce" ? 2 : 1) * ((gpus - 1) / gpus);
  const wayOf = waysOf(question, link, constants);
  return (bytes) => {
    const way = wayOf(bytes);
    const { algorithm, latencySeconds, transferSeconds } = way;
    const floorSeconds = fewestBytes(collective, bytes, gpus) / link;
    const seconds = Math.max(floorSeconds, latencySeconds + transferSeconds);
    const bound = latencySeconds >= transferSeconds ? "latency" : "bandwidth";
    return { floorSeconds, seconds, algorithm, latencySeconds, transferSeconds, bound, wireBytes: wireShare * bytes };
  };
}

/** The way an implementation carries so many bytes: the fastest it has, or the one its rules prescribe. */
function waysOf(
  { collective, gpus, hardware, implementation = "nccl" }: Omit<CollectiveQuestion, "bytes">,
  link: number,
  constants: CollectiveTables,
): (bytes: number) => Way {
  const factor = timeFactor(hardware, "messageLatency");
  const quicker = (ways: readonly Way[]) =>
    fastest(factor === 1 ? ways : ways.map((way) => ({ ...way, latencySeconds: way.latencySeconds * factor })));
  const generation = linksLike(hardware);
  if (implementation === "nccl") {
    if (collective === "all-to-all") {
      const c = constantsOf(constants.exchange, `nccl all-to-all ${generation}`);
      return (bytes) => quicker(exchangeWays(c, bytes, gpus, link));
    }
    const c = constantsOf(constants.ring, `nccl ring ${generation}`);
    return (bytes) => quicker(ringWays(c, collective, bytes, gpus, link, generation));
  }
  if (collective !== "all-reduce") throw new RangeError(`implementation must be nccl for ${collective}, got "${implementation}"`);
  const graph = implementation.replace("-eager", "");
  const c = constantsOf(constants.shot, `${graph} all-reduce ${generation}`);
  if (graph === implementation) return (bytes) => quicker([shotWay(c, bytes, gpus, link)]);
  const eager = constantsOf(constants.eager, `${implementation} all-reduce ${generation}`);
  return (bytes) => quicker([eagerWay(eager, shotWay(c, bytes, gpus, link), bytes, hardware.memoryBytesPerSecond)]);
}

/** Bandwidth of the scale-up link of one GPU, one direction. @throws RangeError when the machine has none. */
export function scaleUpBytesPerSecond(hardware: Hardware): number {
  const link = hardware.scaleUpBytesPerSecond;
  if (link === undefined) throw new RangeError(`${hardware.id} has no scaleUpBytesPerSecond`);
  return link;
}

/** The fitted generation whose link constants serve another: later machines take Blackwell's, unknown ones Hopper's. */
export function linkGeneration(generation: string): "Ampere" | "Hopper" | "Blackwell" {
  if (generation === "Ampere") return generation;
  return hasTensorMemory({ generation }) ? "Blackwell" : "Hopper";
}

/** The same for a machine: cards on PCIe have no switch that reduces, as Ampere's did not, so its rings serve them at the slot's rate. */
export function linksLike(hardware: Pick<Hardware, "generation" | "memoryKind">): "Ampere" | "Hopper" | "Blackwell" {
  return hasGraphicsMemory(hardware) ? "Ampere" : linkGeneration(hardware.generation);
}

/** A switch that reduces receives every byte once; each GPU must at least send what the others lack. */
function fewestBytes(collective: Collective, bytes: number, gpus: number): number {
  const others = ((gpus - 1) / gpus) * bytes;
  return collective === "all-reduce" && gpus < 4 ? 2 * others : others;
}

let read: CollectiveTables | undefined;

function tables(): CollectiveTables {
  read ??= {
    ring: readConstants("collectives.csv", collectiveKeys, ringConstantNames, "ring"),
    exchange: readConstants("collectives.csv", collectiveKeys, exchangeConstantNames, "exchange"),
    shot: readConstants("collectives.csv", collectiveKeys, shotConstantNames, "shots"),
    eager: readConstants("collectives.csv", collectiveKeys, eagerConstantNames, "eager"),
  };
  return read;
}

/** Columns of data/collectives.csv that name a family. */
export const collectiveKeys = ["implementation", "operation", "generation"] as const;
