import { requirePositiveInteger } from "../checks";
import { accessFact } from "../data/accesses";
import { type Constants, readConstants } from "../data/constants";
import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { peakFlops } from "./families";
import { bf16Bytes } from "./gemm";
import { launch } from "./launch";

/** What the attention core of one layer asks of a GPU in a decode step. */
export interface AttentionWork {
  readonly flops: number;
  readonly bytes: number;
  /** Of one token's entry in the cache of one layer. */
  readonly tokenBytes: number;
  /** Of one page of the cache: the run it is read in. */
  readonly runBytes: number;
}

/** The shape of attention that its core needs. */
export type AttentionShape = Pick<Model, "attentionHeads" | "keyValueHeads" | "headDim" | "valueHeadDim" | "kvLoraRank" | "qkRopeHeadDim">;

/** The attention core of one layer in decode on one GPU. */
export interface AttentionQuestion {
  readonly model: AttentionShape;
  readonly hardware: Hardware;
  /** Requests on the GPU, each with one new token. */
  readonly requests: number;
  readonly contextTokens: number;
}

export interface AttentionTime extends AttentionWork {
  /** max(bytes / bandwidth, flops / peak) at datasheet rates. */
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  readonly overheadSeconds: number;
  readonly bound: "compute" | "memory" | "overhead";
}

/**
 * The work of one layer's attention core: scores, softmax and weighted sum of `requests` new tokens over their contexts.
 *
 *     latent (MLA): bytes = requests context (r + p) 2,        flops = requests context heads 2 ((r + p) + r)
 *     grouped:      bytes = requests context kv (d + dv) 2,    flops = requests context heads 2 (d + dv)
 *
 * r the latent rank, p the rotary part, both kept once for all heads in BF16; d and dv the head sizes of keys and values,
 * kv their heads. The full context is read, keys and values apart: sliding windows and sparse attention read less, and
 * DeepSeek V4 compresses the context and keeps one key that is also the value, so their time comes out too long. Queries
 * and results are left out: a few kilobytes a request.
 *
 * @throws RangeError unless the counts are positive integers.
 */
export function attentionWork({ model, requests, contextTokens }: Omit<AttentionQuestion, "hardware">): AttentionWork {
  requirePositiveInteger("requests", requests);
  requirePositiveInteger("contextTokens", contextTokens);
  const pairs = requests * contextTokens;
  if (model.kvLoraRank !== undefined) {
    const key = model.kvLoraRank + (model.qkRopeHeadDim ?? 0);
    const tokenBytes = bf16Bytes * key;
    return {
      flops: pairs * model.attentionHeads * 2 * (key + model.kvLoraRank),
      bytes: pairs * tokenBytes,
      tokenBytes,
      runBytes: pageTokens("mla-page") * tokenBytes,
    };
  }
  const both = model.headDim + model.valueHeadDim;
  const tokenBytes = bf16Bytes * model.keyValueHeads * both;
  const runBytes = pageTokens("gqa-page") * bf16Bytes * model.keyValueHeads * model.headDim;
  return { flops: pairs * model.attentionHeads * 2 * both, bytes: pairs * tokenBytes, tokenBytes, runBytes };
}

/** The fitted constants of an attention core. */
export const attentionConstantNames = ["fixedSeconds", "memoryEfficiency", "arithmeticEfficiency", "overlapExponent"] as const;
export type AttentionConstants = Constants<(typeof attentionConstantNames)[number]>;

/** Query rows of one tile: fewer heads cost as much arithmetic. */
const tileHeads = 64;

/**
 * Time one layer's attention core on one GPU, as the kernels of a graph.
 *
 *     seconds = fixed + (memory^p + compute^p)^(1/p)
 *     memory  = bytes / (bandwidth e),   compute = flops (ceil(heads / 64) 64 / heads) / (peak e')
 *
 * Fitted on FlashMLA on H800; grouped-query attention, other machines and other kernels are taken to reach the same
 * shares, which no row here tests. `fixed` holds both kernels, the one over parts of the context and the one that adds
 * the parts up; of grouped attention two launches in a graph take its place. Arithmetic is BF16 whatever the weights
 * are. Grouped attention, bound by memory, is taken without padding.
 *
 * @throws RangeError as attentionWork.
 */
export function attentionTime(question: AttentionQuestion, constants = fitted()): AttentionTime {
  const work = attentionWork(question);
  const { hardware, model } = question;
  const peak = peakFlops(hardware, "bf16");
  const sharing = model.kvLoraRank === undefined ? 1 : Math.ceil(model.attentionHeads / tileHeads) * (tileHeads / model.attentionHeads);
  const memorySeconds = work.bytes / (hardware.memoryBytesPerSecond * constants.memoryEfficiency);
  const computeSeconds = (work.flops * sharing) / (peak * constants.arithmeticEfficiency);
  const overheadSeconds = model.kvLoraRank === undefined ? 2 * launch("graph", hardware).seconds : constants.fixedSeconds;
  const slower = Math.max(memorySeconds, computeSeconds);
  const p = constants.overlapExponent;
  const core = slower * (1 + (Math.min(memorySeconds, computeSeconds) / slower) ** p) ** (1 / p);
  return {
    flops: work.flops,
    bytes: work.bytes,
    tokenBytes: work.tokenBytes,
    runBytes: work.runBytes,
    floorSeconds: Math.max(work.bytes / hardware.memoryBytesPerSecond, work.flops / peak),
    seconds: overheadSeconds + core,
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

const pages = new Map<string, number>();

function pageTokens(page: "mla-page" | "gqa-page"): number {
  let tokens = pages.get(page);
  if (tokens === undefined) {
    tokens = accessFact(page, "tokens");
    pages.set(page, tokens);
  }
  return tokens;
}
