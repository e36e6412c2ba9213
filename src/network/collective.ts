import { requirePositive, requirePositiveInteger } from "../checks";
import { type Constants, constantsOf, readConstants } from "../data/constants";
import { type Hardware, timeFactor } from "../machine/hardware";
import { nearest } from "../text/nearest";

/** What a collective gives to whom, by the names that NCCL has for them. */
export type Collective = "all-reduce" | "all-gather" | "reduce-scatter" | "all-to-all";

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

/** Ring collectives of NCCL: one set of constants a generation for gather, scatter and reduce. */
export const ringConstantNames = [
  "fixedSeconds",
  "hopSecondsLL",
  "efficiencyLL",
  "setupSecondsLL128",
  "hopSecondsLL128",
  "efficiencyLL128",
  "setupSecondsSimple",
  "hopSecondsSimple",
  "efficiencySimple",
  "localCopies",
  "inNetworkSeconds",
  "inNetworkEfficiency",
] as const;
export type RingConstants = Constants<(typeof ringConstantNames)[number]>;

/** NCCL's all-to-all: every GPU sends to every other. */
export const exchangeConstantNames = [
  "fixedSeconds",
  "doublingSeconds",
  "efficiencySmall",
  "setupSecondsMiddle",
  "efficiencyMiddle",
  "setupSecondsLarge",
  "efficiencyLarge",
  "localCopies",
] as const;
export type ExchangeConstants = Constants<(typeof exchangeConstantNames)[number]>;

/** All-reduces that engines bring along: one shot (read all), two shots (scatter, gather), above a size NCCL. */
export const shotConstantNames = [
  "oneShotSeconds",
  "gpuSeconds",
  "oneShotEfficiency",
  "twoShotSeconds",
  "twoShotEfficiency",
  "largeSeconds",
  "largeEfficiency",
  "largeFromBytes",
  "switchBytes",
] as const;
export type ShotConstants = Constants<(typeof shotConstantNames)[number]>;

/** The same called by the host each time: it cannot be faster than the host, and copies into a registered buffer. */
export const eagerConstantNames = ["hostSeconds", "copyPasses"] as const;
export type EagerConstants = Constants<(typeof eagerConstantNames)[number]>;

/** Tables of fitted constants; a test or a what-if may bring its own. */
export interface CollectiveTables {
  readonly ring: ReadonlyMap<string, RingConstants>;
  readonly exchange: ReadonlyMap<string, ExchangeConstants>;
  readonly shot: ReadonlyMap<string, ShotConstants>;
  readonly eager: ReadonlyMap<string, EagerConstants>;
}

/** GPUs from which NCCL reduces inside the switch, where the link can (Hopper and later). */
const inNetworkGpus = 8;

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
  const { collective, bytes, gpus, hardware, implementation = "nccl" } = question;
  requirePositive("bytes", bytes);
  requirePositiveInteger("gpus", gpus);
  const link = scaleUpBytesPerSecond(hardware);
  if (gpus < 2) throw new RangeError(`gpus must be at least 2, got ${gpus}`);
  const domain = hardware.scaleUpDomain ?? gpus;
  if (gpus > domain) throw new RangeError(`gpus must be at most the ${domain} that the link of ${hardware.id} joins, got ${gpus}`);
  const wireBytes = (collective === "all-reduce" ? 2 : 1) * ((gpus - 1) / gpus) * bytes;
  const generation = linkGeneration(hardware.generation);
  const factor = timeFactor(hardware, "messageLatency");
  const way = fastest(factor === 1 ? waysOf() : waysOf().map((w) => ({ ...w, latencySeconds: w.latencySeconds * factor })));
  const floorSeconds = fewestBytes(collective, bytes, gpus) / link;
  const seconds = Math.max(floorSeconds, way.latencySeconds + way.transferSeconds);
  return { floorSeconds, seconds, ...way, bound: way.latencySeconds >= way.transferSeconds ? "latency" : "bandwidth", wireBytes };

  function waysOf(): readonly Way[] {
    if (implementation === "nccl") {
      return collective === "all-to-all"
        ? exchangeWays(constantsOf(constants.exchange, `nccl all-to-all ${generation}`), bytes, gpus, link)
        : ringWays(constantsOf(constants.ring, `nccl ring ${generation}`), collective, bytes, gpus, link, generation);
    }
    if (!implementations.includes(implementation)) {
      throw new RangeError(
        `unknown implementation "${String(implementation)}"; nearest: ${nearest(String(implementation), implementations).join(", ")}`,
      );
    }
    if (collective !== "all-reduce") throw new RangeError(`implementation must be nccl for ${collective}, got "${implementation}"`);
    const graph = implementation.replace("-eager", "");
    const shot = shotWay(constantsOf(constants.shot, `${graph} all-reduce ${generation}`), bytes, gpus, link);
    if (graph === implementation) return [shot];
    return [
      eagerWay(constantsOf(constants.eager, `${implementation} all-reduce ${generation}`), shot, bytes, hardware.memoryBytesPerSecond),
    ];
  }
}

/** One way to carry a collective out. */
export interface Way {
  readonly algorithm: string;
  readonly latencySeconds: number;
  readonly transferSeconds: number;
}

/** NCCL's protocols on a ring, and the switch's own reduction. */
export function ringWays(
  c: RingConstants,
  collective: Collective,
  bytes: number,
  gpus: number,
  link: number,
  generation: string,
): readonly Way[] {
  const steps = collective === "all-reduce" ? 2 * (gpus - 1) : gpus - 1;
  const sent = ((steps + c.localCopies) * bytes) / gpus;
  const ways: Way[] = [
    { algorithm: "ring, LL", latencySeconds: c.fixedSeconds + c.hopSecondsLL * steps, transferSeconds: sent / (link * c.efficiencyLL) },
    {
      algorithm: "ring, LL128",
      latencySeconds: c.fixedSeconds + c.setupSecondsLL128 + c.hopSecondsLL128 * steps,
      transferSeconds: sent / (link * c.efficiencyLL128),
    },
    {
      algorithm: "ring, Simple",
      latencySeconds: c.fixedSeconds + c.setupSecondsSimple + c.hopSecondsSimple * steps,
      transferSeconds: sent / (link * c.efficiencySimple),
    },
  ];
  if (collective === "all-reduce" && gpus >= inNetworkGpus && generation !== "Ampere") {
    const inNetwork = (bytes * (gpus + 1)) / gpus;
    ways.push({
      algorithm: "in the switch",
      latencySeconds: c.fixedSeconds + c.inNetworkSeconds,
      transferSeconds: inNetwork / (link * c.inNetworkEfficiency),
    });
  }
  return ways;
}

/** NCCL's all-to-all in its three regimes of size. */
export function exchangeWays(c: ExchangeConstants, bytes: number, gpus: number, link: number): readonly Way[] {
  const base = c.fixedSeconds + c.doublingSeconds * Math.log2(gpus);
  const sent = ((gpus - 1 + c.localCopies) * bytes) / gpus;
  return [
    { algorithm: "send and receive, small", latencySeconds: base, transferSeconds: sent / (link * c.efficiencySmall) },
    {
      algorithm: "send and receive, middle",
      latencySeconds: base + c.setupSecondsMiddle,
      transferSeconds: sent / (link * c.efficiencyMiddle),
    },
    {
      algorithm: "send and receive, large",
      latencySeconds: base + c.setupSecondsLarge,
      transferSeconds: sent / (link * c.efficiencyLarge),
    },
  ];
}

/**
 * An engine's all-reduce by its own rule.
 *
 * With switchBytes above zero one shot is used below switchBytes / gpus and always between two GPUs; else the faster.
 */
export function shotWay(c: ShotConstants, bytes: number, gpus: number, link: number): Way {
  const twice = (2 * (gpus - 1) * bytes) / gpus;
  if (bytes >= c.largeFromBytes)
    return { algorithm: "handed to NCCL", latencySeconds: c.largeSeconds, transferSeconds: twice / (link * c.largeEfficiency) };
  const more = c.gpuSeconds * (gpus - 2);
  const one: Way = {
    algorithm: "one shot",
    latencySeconds: c.oneShotSeconds + more,
    transferSeconds: ((gpus - 1) * bytes) / (link * c.oneShotEfficiency),
  };
  const two: Way = {
    algorithm: "two shots",
    latencySeconds: c.twoShotSeconds + more,
    transferSeconds: twice / (link * c.twoShotEfficiency),
  };
  if (c.switchBytes === 0) return fastest([one, two]);
  return gpus === 2 || bytes < c.switchBytes / gpus ? one : two;
}

/** The same, not faster than the host and with a copy into the buffer that the others read. */
export function eagerWay(c: EagerConstants, shot: Way, bytes: number, memoryBytesPerSecond: number): Way {
  const transferSeconds = shot.transferSeconds + (c.copyPasses * bytes) / memoryBytesPerSecond;
  const latencySeconds = Math.max(shot.latencySeconds, c.hostSeconds - transferSeconds);
  return { algorithm: `${shot.algorithm}, called by the host`, latencySeconds, transferSeconds };
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
  return /Blackwell|Rubin/.test(generation) ? "Blackwell" : "Hopper";
}

/** A switch that reduces receives every byte once; each GPU must at least send what the others lack. */
function fewestBytes(collective: Collective, bytes: number, gpus: number): number {
  const others = ((gpus - 1) / gpus) * bytes;
  return collective === "all-reduce" && gpus < 4 ? 2 * others : others;
}

function fastest(ways: readonly Way[]): Way {
  return ways.reduce((a, b) => (b.latencySeconds + b.transferSeconds < a.latencySeconds + a.transferSeconds ? b : a));
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
