import { type Hardware, tileProcessors } from "../../machine/hardware";
import { peakFlops } from "../families";
import { pNorm } from "../p-norm";
import type { MixerDemand } from "./mixer-demand";

/** The fitted constants of a family of attention kernels; those of what a family does not do are absent from its rows and stand at their idle value. */
export interface MixerConstants {
  /** Of the smallest call: its kernels in a graph, the write of the new token, the sum over parts. */
  readonly fixedSeconds: number;
  /** Of each wave of work units over the processors after the first. */
  readonly unitSeconds: number;
  /** Share of the datasheet bandwidth at which a cache or state streams. */
  readonly memoryEfficiency: number;
  /** Bytes that a processor takes from the last-level cache in a clock, over 64. */
  readonly cacheEfficiency: number;
  /** Share of the last-level cache up to which a repeated call finds its data there. */
  readonly cacheShare: number;
  /** Share of the datasheet peak that whole tiles are multiplied at. */
  readonly arithmeticEfficiency: number;
  /** p of the p-norm that joins memory and arithmetic. */
  readonly overlapExponent: number;
  /** Parts that a work unit's context is cut in at most. */
  readonly mostParts: number;
  /** What one processor can stream, in equal shares of the bandwidth: more than one. */
  readonly streamShare: number;
  /** Arithmetic of query groups above 32 heads, in that of padded tiles: some kernels leave their fast path there. */
  readonly wideGroupCost: number;
  /** Share of the pairs out of reach that prefill multiplies all the same: 0 where a kernel skips them, 1 where it only masks them. */
  readonly outsideShare: number;
  /** Of each chunk that waits for the one before (a recurrence), or of each request that has a launch of its own (a convolution). */
  readonly chunkSeconds: number;
  /** Least time between calls that the host needs where a benchmark ran without a graph; 0 where it had one. */
  readonly hostSeconds: number;
  /** Of a layer: bytes moved for each new token by norms, rotation, conversions and compressors. */
  readonly tokenBytes: number;
  /** Of a layer: share of the bandwidth at which its weights stream. */
  readonly weightEfficiency: number;
  /** Of a layer: share of the peak at which its projections multiply. */
  readonly productEfficiency: number;
  /** Of an indexer: share of the FP8 peak at which it scores, top-k included. */
  readonly indexEfficiency: number;
  /** Of an indexer: share of the bandwidth at which its keys are read. */
  readonly indexMemoryEfficiency: number;
}

/** What a constant is where a family has no use for it. */
export const idleConstants: MixerConstants = {
  fixedSeconds: 1e-5,
  unitSeconds: 1e-6,
  memoryEfficiency: 0.85,
  cacheEfficiency: 0.5,
  cacheShare: 0.7,
  arithmeticEfficiency: 0.4,
  overlapExponent: 3,
  mostParts: 1,
  streamShare: 4,
  wideGroupCost: 1,
  outsideShare: 0,
  chunkSeconds: 0,
  hostSeconds: 0,
  tokenBytes: 0,
  weightEfficiency: 0.8,
  productEfficiency: 0.6,
  indexEfficiency: 0.3,
  indexMemoryEfficiency: 0.6,
};

export const mixerConstantNames = Object.keys(idleConstants) as readonly (keyof MixerConstants)[];

/** What a machine gives a mixer; numbers that its record lacks have a middling one in their place. */
export interface MixerRates {
  readonly bytesPerSecond: number;
  readonly cacheBytes: number;
  readonly cacheBytesPerSecond: number;
  readonly processors: number;
  readonly coreFlopsPerSecond: number;
  readonly productFlopsPerSecond: number;
  readonly indexFlopsPerSecond: number;
}

/** Bytes that a processor can take from the last-level cache in a clock. */
const cacheBytesPerClock = 64;
const middling = { clockHertz: 1.8e9, cacheBytes: 5e7 } as const;

/** The rates of a machine for arithmetic in two formats. */
export function mixerRates(hardware: Hardware, core: "bf16" | "fp8", product: "bf16" | "fp8" | "fp4"): MixerRates {
  const processors = tileProcessors(hardware);
  return {
    bytesPerSecond: hardware.memoryBytesPerSecond,
    cacheBytes: hardware.cacheBytes ?? middling.cacheBytes,
    cacheBytesPerSecond: processors * (hardware.clockHertz ?? middling.clockHertz) * cacheBytesPerClock,
    processors,
    coreFlopsPerSecond: peakFlops(hardware, core),
    productFlopsPerSecond: peakFlops(hardware, product),
    indexFlopsPerSecond: peakFlops(hardware, "fp8"),
  };
}

/** How sharply a call without a graph goes over from the host's time to the device's. */
const hostExponent = 8;

/** Tokens below which a part of a context is not cut further. */
const partTokens = 128;

/** The time of a mixer and what it is made of, in seconds. */
export interface LawTime {
  readonly seconds: number;
  readonly floorSeconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  readonly overheadSeconds: number;
}

/**
 * The law of all attention kernels.
 *
 *     seconds = fixed + unit max(0, units/P - 1) + chunk chunks + core + (layers: products + index + token bytes x new tokens/B)
 *     core    = (memory^p + compute^p)^(1/p),   memory = (read(cache) + other/B) / min(1, o r),   compute = flops/(F e') / o
 *     read(b) = b ((1 - hit)/(B e) + hit/(L e2)),   hit = 1/(1 + (all bytes/(c L2))^3) of a repeated call, 0 of a step
 *     flops   = of whole tiles, of wide groups more, and a share of the pairs out of reach; over the longest unit where units are few
 *     o       = min(1, units min(parts, max(1, n/128)) / P)
 *
 * P processors; B, F, L the rates of memory, arithmetic and last-level cache; flops of whole tiles. o is the share of the
 * processors that have work: few requests on long contexts leave some idle where a kernel cuts a context in few parts;
 * one processor streams r of its share. A kernel that engines call without a graph is not faster than its host's launches. The floor has the bytes at the full bandwidth (of a repeated call without what
 * fits the cache) and the true flops at the peak. Left out: the chance that processors clock down, and pages of the cache
 * that are read in part: both make a real call slower.
 */
export function lawTime(c: MixerConstants, d: MixerDemand, rates: MixerRates, warm: boolean): LawTime {
  const bytes = d.cacheBytes + d.weightBytes + d.indexBytes;
  const hit = warm ? 1 / (1 + (bytes / (c.cacheShare * rates.cacheBytes)) ** 3) : 0;
  const fromCache = 1 / (rates.cacheBytesPerSecond * c.cacheEfficiency);
  const read = (b: number, efficiency: number): number => {
    const fromMemory = 1 / (rates.bytesPerSecond * efficiency);
    return b * (fromMemory + hit * Math.min(0, fromCache - fromMemory));
  };
  const parts = Math.min(c.mostParts, Math.max(1, d.cutTokens / partTokens));
  const occupied = Math.min(1, (d.units * parts) / rates.processors);
  const p = c.overlapExponent;
  const coreMemory = (read(d.cacheBytes, c.memoryEfficiency) + d.otherBytes / rates.bytesPerSecond) / Math.min(1, occupied * c.streamShare);
  const idle = Math.max(1, (rates.processors * d.longestShare) / (d.units * parts));
  const multiplied = d.paddedFlops * (d.wideGroup ? c.wideGroupCost : 1) + d.outsideFlops * c.outsideShare;
  const coreCompute = (multiplied * idle) / (rates.coreFlopsPerSecond * c.arithmeticEfficiency);
  let work = pNorm(coreMemory, coreCompute, p);
  let memorySeconds = coreMemory;
  let computeSeconds = coreCompute;
  let overheadSeconds = c.fixedSeconds + c.unitSeconds * Math.max(0, d.units / rates.processors - 1) + c.chunkSeconds * d.chunks;
  if (d.weightBytes > 0) {
    const weights = read(d.weightBytes, c.weightEfficiency);
    const products = d.productFlops / (rates.productFlopsPerSecond * c.productEfficiency);
    overheadSeconds += (c.tokenBytes * d.newTokens) / rates.bytesPerSecond;
    work += pNorm(weights, products, p);
    memorySeconds += weights;
    computeSeconds += products;
  }
  if (d.indexFlops > 0) {
    const keys = read(d.indexBytes, c.indexMemoryEfficiency);
    const scores = d.indexFlops / (rates.indexFlopsPerSecond * c.indexEfficiency);
    work += pNorm(keys, scores, p);
    memorySeconds += keys;
    computeSeconds += scores;
  }
  const cold = bytes + d.otherBytes;
  const floorSeconds = Math.max(
    (warm ? Math.max(0, cold - rates.cacheBytes) : cold) / rates.bytesPerSecond,
    d.flops / rates.coreFlopsPerSecond + d.productFlops / rates.productFlopsPerSecond + d.indexFlops / rates.indexFlopsPerSecond,
  );
  const device = overheadSeconds + work;
  const seconds = Math.max(floorSeconds, pNorm(c.hostSeconds, device, hostExponent));
  return { seconds, floorSeconds, computeSeconds, memorySeconds, overheadSeconds };
}
