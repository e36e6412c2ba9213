import { requirePositiveInteger } from "../checks";
import { type Block, isMixer } from "./blocks";
import { requireModel } from "./check-runs";
import { cutFeedForward } from "./feed-forward";
import { cutMixer } from "./mixers/mixers";
import type { Model } from "./model";

/** Over how many GPUs which parts of a model are cut. */
export interface Cut {
  /** Mixers, dense feed-forward parts, shared experts and vocabulary. */
  readonly tensorParallel: number;
  /** Each routed expert; as the rest if left out. */
  readonly expertTensorParallel?: number;
}

/**
 * One block as one GPU of its group holds it: a share of heads and widths.
 *
 * Latent caches, routers, indexers and projections to the experts' width stay whole on every GPU; key and value heads are copied
 * where there are fewer of them than GPUs. Widths are cut to the next whole number.
 *
 * @throws RangeError naming the field that the degree does not divide.
 */
export function cutBlock(block: Block, { tensorParallel, expertTensorParallel = tensorParallel }: Cut): Block {
  return isMixer(block) ? cutMixer(block, tensorParallel) : cutFeedForward(block, tensorParallel, expertTensorParallel);
}

/**
 * What one GPU holds of a model whose matrices are cut over a group: each block cut, and its share of the vocabulary.
 *
 * The summary in flat fields is that of the share.
 *
 * @throws RangeError naming the field that the degree does not divide.
 * @example tensorParallelShard(model("llama-3-70b"), 8).runs[0].blocks[0].heads // 8
 */
export function tensorParallelShard(model: Model, degree: number, expertDegree = degree): Model {
  requireModel("model", model);
  requirePositiveInteger("tensorParallel", degree);
  requirePositiveInteger("expertTensorParallel", expertDegree);
  if (degree === 1 && expertDegree === 1) return model;
  const cut = { tensorParallel: degree, expertTensorParallel: expertDegree };
  return {
    ...model,
    runs: model.runs.map(({ count, blocks }) => ({ count, blocks: blocks.map((block) => cutBlock(block, cut)) })),
    vocabSize: Math.ceil(model.vocabSize / degree),
    moeIntermediateSize: Math.ceil(model.moeIntermediateSize / expertDegree),
    sharedIntermediateSize: Math.ceil(model.sharedIntermediateSize / degree),
    intermediateSize: Math.ceil(model.intermediateSize / degree),
  };
}
