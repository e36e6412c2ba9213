import type { CacheFormatName } from "../../machine/number-formats";
import type { Mixer } from "../blocks";

/** One weight matrix of a block, which is also one product of a step: y[outputs] = W[outputs, inputs] x[inputs]. */
export interface BlockMatrix {
  readonly name: string;
  /** Before the mixer's core, in its indexer, or after the core. */
  readonly stage: "projections" | "indexer" | "output";
  readonly outputs: number;
  readonly inputs: number;
  /** Kept and multiplied in BF16, whatever the format of the weights. */
  readonly bf16?: true;
}

/** What one request makes a mixer do: tokens in its cache before, new tokens now. */
export interface MixerQuestion {
  readonly contextTokens: number;
  /** One in decode; several when drafts are verified or a prompt is taken in. */
  readonly newTokens: number;
  readonly cacheFormat: CacheFormatName;
  /** decode reads the cache once for all new tokens; prefill counts each pair of tokens that see each other. */
  readonly phase: "decode" | "prefill";
}

/** What one request asks of memory and arithmetic in one part of a mixer. */
export interface MixerWork {
  /** The attention itself, the scores of an indexer, or the update of a state. */
  readonly part: "core" | "index" | "recurrence";
  /** Read from what the mixer keeps. */
  readonly readBytes: number;
  /** Written to it. */
  readonly writtenBytes: number;
  readonly flops: number;
  /** The arithmetic that bounds it. */
  readonly arithmetic: "bf16" | "fp8" | "fp32";
  /** The contiguous run in which it is read, and why it is as long as it is. */
  readonly runBytes: number;
  readonly run: string;
  /** What is read, in words. */
  readonly tensor: string;
}

/** What is kept for one request: growing with its tokens, or a state of fixed size. */
export interface Kept {
  readonly cacheBytes: number;
  readonly stateBytes: number;
}

/** What a kind of mixer must give; a new kind is one file that exports such a record. */
export interface MixerRules<M extends Mixer> {
  /** Its weight matrices, none for what another layer computes. */
  readonly matrices: (mixer: M, hiddenSize: number) => readonly BlockMatrix[];
  /** Bytes kept for one request of so many tokens, as far as they are within reach. */
  readonly kept: (mixer: M, contextTokens: number, cacheFormat: CacheFormatName) => Kept;
  /** What one request's new tokens read, write and compute. */
  readonly work: (mixer: M, question: MixerQuestion) => readonly MixerWork[];
  /** The share of one GPU among `degree` that cut its heads; throws a RangeError naming the field that the degree does not divide. */
  readonly cut: (mixer: M, degree: number) => M;
  /** In the field's words, short. */
  readonly label: (mixer: M) => string;
  /** Names of the fields that must be positive whole numbers. */
  readonly sizes: readonly (keyof M & string)[];
}

/** Pairs of a new token and a token that it sees, of `newTokens` on a past of `contextTokens`, each seeing at most `reach` tokens. */
export function visiblePairs(contextTokens: number, newTokens: number, reach = Number.POSITIVE_INFINITY): number {
  const growing = Math.min(newTokens, Math.max(0, reach - contextTokens));
  const whileGrowing = growing * contextTokens + (growing * (growing + 1)) / 2;
  return growing === newTokens ? whileGrowing : whileGrowing + (newTokens - growing) * reach;
}

/** Heads dealt out over GPUs. @throws RangeError naming the field when the degree does not divide it. */
export function cutHeads(field: string, whole: number, degree: number): number {
  if (whole % degree !== 0) throw new RangeError(`tensorParallel must divide ${field} (${whole}), got ${degree}`);
  return whole / degree;
}

/**
 * Key and value heads of one GPU: dealt out, or copied where there are fewer of them than GPUs.
 *
 * @throws RangeError where the degree neither divides them nor is a multiple of them.
 */
export function cutKeyValueHeads(whole: number, degree: number): number {
  if (whole % degree !== 0 && degree % whole !== 0) {
    throw new RangeError(`tensorParallel must divide keyValueHeads (${whole}) or be a multiple of it, got ${degree}`);
  }
  return Math.max(1, whole / degree);
}
