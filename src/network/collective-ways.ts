import type { Constants } from "../data/constants";

/** What a collective gives to whom, by the names that NCCL has for them. */
export const collectiveNames = ["all-reduce", "all-gather", "reduce-scatter", "all-to-all"] as const;
/** One of them. */
export type Collective = (typeof collectiveNames)[number];

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

/** GPUs from which NCCL reduces inside the switch, where the link can (Hopper and later). */
const inNetworkGpus = 8;

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

/** GPUs up to which the rules of engines' all-reduces were measured. */
const ruledGpus = 8;

/**
 * An engine's all-reduce by its own rule.
 *
 * With switchBytes above zero one shot is used below switchBytes / gpus and always between two GPUs; else the faster. Beyond the
 * GPUs of one node the rule was not measured, and carried on it would make more bytes faster: there the fastest of all is taken.
 */
export function shotWay(c: ShotConstants, bytes: number, gpus: number, link: number): Way {
  const twice = (2 * (gpus - 1) * bytes) / gpus;
  const large: Way = {
    algorithm: "handed to NCCL",
    latencySeconds: c.largeSeconds,
    transferSeconds: twice / (link * c.largeEfficiency),
  };
  if (gpus <= ruledGpus && bytes >= c.largeFromBytes) return large;
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
  if (gpus > ruledGpus) return fastest([one, two, large]);
  if (c.switchBytes === 0) return fastest([one, two]);
  return gpus === 2 || bytes < c.switchBytes / gpus ? one : two;
}

/** The same, not faster than the host and with a copy into the buffer that the others read. */
export function eagerWay(c: EagerConstants, shot: Way, bytes: number, memoryBytesPerSecond: number): Way {
  const transferSeconds = shot.transferSeconds + (c.copyPasses * bytes) / memoryBytesPerSecond;
  const latencySeconds = Math.max(shot.latencySeconds, c.hostSeconds - transferSeconds);
  return { algorithm: `${shot.algorithm}, called by the host`, latencySeconds, transferSeconds };
}

/** The way that takes least. */
export function fastest(ways: readonly Way[]): Way {
  return ways.reduce((a, b) => (b.latencySeconds + b.transferSeconds < a.latencySeconds + a.transferSeconds ? b : a));
}
