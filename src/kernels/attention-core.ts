import { type Constants, readConstants } from "../data/constants";
import type { Hardware } from "../machine/hardware";
import type { CacheFormatName } from "../machine/number-formats";
import type { Mixer } from "../model/blocks";
import { mixerWork } from "../model/mixers/mixers";
import type { MixerWork } from "../model/mixers/rules";
import { peakFlops } from "./families";
import { launch } from "./launch";

/** The core of one mixer on one GPU in decode. */
export interface MixerCoreQuestion {
  readonly mixer: Mixer;
  readonly hardware: Hardware;
  /** Requests on the GPU. */
  readonly requests: number;
  readonly contextTokens: number;
  /** New tokens of each request. */
  readonly newTokens: number;
  readonly cacheFormat: CacheFormatName;
}

/** One part of a mixer's core: its time, its lower bound, and what both are made of. */
export interface CoreTime {
  readonly flops: number;
  readonly bytes: number;
  readonly runBytes: number;
  /** max(bytes / bandwidth, flops / peak) at datasheet rates. */
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  readonly overheadSeconds: number;
  readonly bound: "compute" | "memory" | "overhead";
}

/** The fitted constants of an attention core. */
export const attentionConstantNames = ["fixedSeconds", "memoryEfficiency", "arithmeticEfficiency", "overlapExponent"] as const;
export type AttentionConstants = Constants<(typeof attentionConstantNames)[number]>;

/** Query rows of one tile: fewer heads cost as much arithmetic. */
const tileHeads = 64;

/**
 * Time the core of one mixer on one GPU, as the kernels of a graph: attention or a state's update, and apart from it the scores of an indexer.
 *
 *     seconds = fixed + (memory^p + compute^p)^(1/p)
 *     memory  = bytes / (bandwidth e),   compute = flops (of latents: ceil(heads / 64) 64 / heads) / (peak e')
 */
export function mixerCoreTime(
  question: MixerCoreQuestion,
  constants = fitted(),
): { readonly core: CoreTime; readonly index: CoreTime | undefined } {
  const { mixer, contextTokens, newTokens, cacheFormat } = question;
  const works = mixerWork(mixer, { contextTokens, newTokens, cacheFormat, phase: "decode" });
  const index = works.find(({ part }) => part === "index");
  const core = works.find(({ part }) => part !== "index") as MixerWork;
  return { core: timeOf(core, question, constants), index: index === undefined ? undefined : timeOf(index, question, constants) };
}

function timeOf(work: MixerWork, { mixer, hardware, requests }: MixerCoreQuestion, c: AttentionConstants): CoreTime {
  const peak = peakFlops(hardware, work.arithmetic === "fp8" ? "fp8" : "bf16");
  const latent = mixer.kind === "latent" && work.part === "core";
  const sharing = latent ? Math.ceil(mixer.heads / tileHeads) * (tileHeads / mixer.heads) : 1;
  const bytes = requests * (work.readBytes + (work.part === "recurrence" ? work.writtenBytes : 0));
  const flops = requests * work.flops;
  const memorySeconds = bytes / (hardware.memoryBytesPerSecond * c.memoryEfficiency);
  const computeSeconds = (flops * sharing) / (peak * c.arithmeticEfficiency);
  const overheadSeconds = latent ? c.fixedSeconds : 2 * launch("graph", hardware).seconds;
  const slower = Math.max(memorySeconds, computeSeconds);
  const p = c.overlapExponent;
  const joined = slower === 0 ? 0 : slower * (1 + (Math.min(memorySeconds, computeSeconds) / slower) ** p) ** (1 / p);
  return {
    flops,
    bytes,
    runBytes: work.runBytes,
    floorSeconds: Math.max(bytes / hardware.memoryBytesPerSecond, flops / peak),
    seconds: overheadSeconds + joined,
    computeSeconds,
    memorySeconds,
    overheadSeconds,
    bound: overheadSeconds > slower ? "overhead" : computeSeconds > memorySeconds ? "compute" : "memory",
  };
}

let read: AttentionConstants | undefined;

function fitted(): AttentionConstants {
  read ??= readConstants("attention.csv", ["kernel", "generation"], attentionConstantNames).get("flashmla Hopper") as AttentionConstants;
  return read;
}
