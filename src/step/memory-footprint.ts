import { bf16Bytes } from "../machine/number-formats";
import { isMixer } from "../model/blocks";
import { matrixElementBytes, tableWidth, weightMatrices } from "../model/matrices";
import { mixerKept } from "../model/mixers/mixers";
import { paddedModel } from "../model/padded";
import { tensorParallelShard } from "../model/shard";
import { anyMachine, type ResolvedQuestion, resolveQuestion, type StepQuestion } from "./question";

/** A model on a group of GPUs and the requests it holds: the record of a step; of these only formats, degrees and counts are used. */
export type FootprintQuestion = Omit<StepQuestion, "hardware"> & Partial<Pick<StepQuestion, "hardware">>;

/** Bytes that must stand in one GPU's memory. */
export interface Footprint {
  readonly weightBytes: number;
  /** Of all that is kept for the requests within reach: caches and states. */
  readonly cacheBytes: number;
  /** Of this, the states of linear mixers. */
  readonly stateBytes: number;
  /** weightBytes + cacheBytes. */
  readonly totalBytes: number;
}

/**
 * What a decode step keeps in the memory of one GPU: weights, and caches and states of its requests.
 *
 *     weights = sum over the share's matrices of outputs inputs count bytes; routed experts as the busiest rank holds them
 *     cache   = requests of the busiest group x sum over mixers of what each keeps within reach
 *
 * Heads that the degree does not divide stand padded, as in a step. Head, embedding and router are BF16, other weights in their formats. Left out: activations, workspaces, pages half filled, what an
 * engine allocates beyond reach (whole pages outside a window), copies of states for drafts and what weightMatrices leaves out, so
 * the true need is larger.
 *
 * @throws RangeError as resolveQuestion.
 * @example memoryFootprint({ model: model("deepseek-v3"), requests: 1, contextTokens: 1000 }).cacheBytes // 70,272,000
 */
export function memoryFootprint(question: FootprintQuestion): Footprint {
  const resolved = resolveQuestion({ hardware: anyMachine, ...question });
  return footprintOf(resolved, heldShare(resolved));
}

/** A GPU's share of a model: its weights in bytes, and the runs that say what it keeps for a request. */
export interface HeldShare {
  readonly weightBytes: number;
  readonly runs: StepQuestion["model"]["runs"];
}

/** The share of one GPU, whatever the requests and their context. */
export function heldShare(resolved: ResolvedQuestion): HeldShare {
  const { model, tensorParallel, expertTensorParallel, formats } = resolved;
  const share = tensorParallelShard(paddedModel(model, tensorParallel), tensorParallel, expertTensorParallel);
  const embedding = model.tiedEmbeddings ? 0 : share.vocabSize * tableWidth(model) * bf16Bytes;
  // Share of all experts that the busiest rank holds: slots are dealt out to the next whole number.
  const dealt = Math.ceil(resolved.expertSlots / resolved.expertParallel) / model.routedExperts;
  let weightBytes = embedding;
  for (const matrix of weightMatrices(share)) {
    const here = matrix.part === "routed expert" ? matrix.count * dealt : matrix.count;
    weightBytes += matrix.outputs * matrix.inputs * here * matrixElementBytes(matrix, formats);
  }
  return { weightBytes, runs: share.runs };
}

/** memoryFootprint of a question whose share is at hand. */
export function footprintOf({ groupRequests, contextTokens, formats }: ResolvedQuestion, { weightBytes, runs }: HeldShare): Footprint {
  let [cache, state] = [0, 0];
  for (const { count, blocks } of runs) {
    for (const block of blocks) {
      if (!isMixer(block)) continue;
      const kept = mixerKept(block, contextTokens, formats.cache);
      cache += count * (kept.cacheBytes + kept.stateBytes);
      state += count * kept.stateBytes;
    }
  }
  const cacheBytes = groupRequests * cache;
  return { weightBytes, cacheBytes, stateBytes: groupRequests * state, totalBytes: weightBytes + cacheBytes };
}
