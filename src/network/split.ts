import { requireNonNegative, requirePositive, requirePositiveInteger, requireRecord } from "../checks";
import { bf16Bytes } from "../kernels/gemm";

/** What both ways of splitting a layer must know of it. */
export interface SplitShape {
  readonly hiddenSize: number;
  /** Width that the experts see, where it is not hiddenSize. */
  readonly expertHiddenSize?: number;
  readonly expertsPerToken: number;
}

/** One layer dealt to a group of GPUs, by tensor or by expert parallelism. */
export interface SplitQuestion {
  readonly model: SplitShape;
  /** New tokens that each GPU brings along: the group has gpus times as many. */
  readonly tokensPerGpu: number;
  readonly gpus: number;
}

/** What one GPU sends for one layer. */
export interface Traffic {
  readonly bytes: number;
  readonly messages: number;
  /** bytes / messages; 0 when nothing is sent. */
  readonly messageBytes: number;
}

/** Bytes of an element on the way out to the experts (FP8) and back (BF16). */
const dispatchBytes = 1;
const combineBytes = bf16Bytes;

/**
 * What one GPU sends when every matrix is split over all of them.
 *
 *     bytes = 2 (gpus - 1) / gpus * 2 hiddenSize tokensPerGpu gpus,   messages = 2 (gpus - 1)
 *
 * One all-reduce a layer of all tokens in BF16, as a ring or as scatter and gather: every GPU has to see every token.
 * A switch that reduces halves it; a plan with attention split too doubles it.
 *
 * @throws RangeError for counts that are not positive integers.
 */
export function tensorParallelTraffic({ model, tokensPerGpu, gpus }: SplitQuestion): Traffic {
  check(model, tokensPerGpu, gpus);
  const bytes = 2 * (gpus - 1) * bf16Bytes * model.hiddenSize * tokensPerGpu;
  return traffic(bytes, 2 * (gpus - 1));
}

/**
 * What one GPU sends when experts are dealt out whole: a copy of its tokens to each expert chosen, and of its experts' answers back.
 *
 *     bytes = 3 expertHiddenSize expertsPerToken tokensPerGpu (gpus - 1) / gpus,   messages = 2 expertsPerToken tokensPerGpu (gpus - 1) / gpus
 *
 * FP8 out, BF16 back, one message per token and expert: the most. One copy per node or GPU for several experts sends less; scales and
 * headers add about 3 % on the way out. Routing is taken as even.
 *
 * @throws RangeError for counts that are not positive integers.
 */
export function expertParallelTraffic({ model, tokensPerGpu, gpus }: SplitQuestion): Traffic {
  check(model, tokensPerGpu, gpus);
  const copies = (model.expertsPerToken * tokensPerGpu * (gpus - 1)) / gpus;
  return traffic(exchangeBytes(copies, model.expertHiddenSize ?? model.hiddenSize), 2 * copies);
}

/**
 * Bytes of so many copies of a token out and back: (1 + 2) bytes an element. Left out: scales and header, 3 % of a dispatched token,
 * which messageBytes counts.
 *
 * @throws RangeError naming what cannot be.
 * @example exchangeBytes(8, 7168) // 172,032
 */
export function exchangeBytes(copies: number, hiddenSize: number): number {
  requireNonNegative("copies", copies);
  requirePositive("hiddenSize", hiddenSize);
  return copies * hiddenSize * (dispatchBytes + combineBytes);
}

/**
 * GPUs from which expert parallelism sends less than tensor parallelism.
 *
 *     3 k expertHiddenSize / (4 hiddenSize),   3 k / 4 where the experts see the full width
 *
 * The number of tokens cancels. Bytes alone: the all-reduce has few long messages, the exchange many short ones.
 *
 * @example crossingGpus({ hiddenSize: 7168, expertsPerToken: 8 }) // 6
 */
export function crossingGpus(model: SplitShape): number {
  requireRecord("model", model, "a model, or a shape with hiddenSize and expertsPerToken");
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("expertsPerToken", model.expertsPerToken);
  const width = model.expertHiddenSize ?? model.hiddenSize;
  return (model.expertsPerToken * width * (dispatchBytes + combineBytes)) / (2 * bf16Bytes * model.hiddenSize);
}

/**
 * Most GPUs that an expert can be cut over with a whole block of scales left on each.
 *
 *     floor(moeIntermediateSize / block)
 *
 * 128 is the block of FP8 weights of DeepSeek-V3; a format with narrower blocks allows more.
 *
 * @example widthLimit(2048) // 16
 */
export function widthLimit(moeIntermediateSize: number, block = 128): number {
  requirePositiveInteger("moeIntermediateSize", moeIntermediateSize);
  requirePositiveInteger("block", block);
  return Math.floor(moeIntermediateSize / block);
}

/**
 * Seconds that bytes need on a link at its datasheet rate: no start, no messages, so the least.
 *
 * @throws RangeError naming what cannot be.
 * @example wireSeconds(50e9, 50e9) // 1
 */
export function wireSeconds(bytes: number, bytesPerSecond: number): number {
  requireNonNegative("bytes", bytes);
  requirePositive("bytesPerSecond", bytesPerSecond);
  return bytes / bytesPerSecond;
}

function traffic(bytes: number, messages: number): Traffic {
  return { bytes, messages, messageBytes: messages === 0 ? 0 : bytes / messages };
}

function check(model: SplitShape, tokensPerGpu: number, gpus: number): void {
  requireRecord("model", model, "a model, or a shape with hiddenSize and expertsPerToken");
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("expertsPerToken", model.expertsPerToken);
  requirePositiveInteger("tokensPerGpu", tokensPerGpu);
  requirePositiveInteger("gpus", gpus);
}
