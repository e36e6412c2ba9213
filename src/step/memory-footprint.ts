import { requirePositiveInteger } from "../checks";
import { attentionWork } from "../kernels/attention-core";
import { bf16Bytes } from "../kernels/gemm";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { weightMatrices } from "../model/weights";

/** A model on a group of GPUs, and the requests that each GPU holds. */
export interface FootprintQuestion {
  readonly model: Model;
  readonly weightFormat: string;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly expertParallel: number;
}

/** Bytes that must stand in one GPU's memory. */
export interface Footprint {
  readonly weightBytes: number;
  readonly cacheBytes: number;
}

/**
 * What a decode step keeps in the memory of one GPU: weights and the cache of its requests.
 *
 * Experts are dealt out over `expertParallel`, the busiest GPU counts; all else is on every GPU. Head, embedding and router
 * are BF16, all other weights in the format given. Left out: activations, workspaces, states of linear mixers and what
 * weightMatrices leaves out, so the true need is larger.
 *
 * @throws RangeError for counts that are not positive integers or a format not known.
 */
export function memoryFootprint({ model, weightFormat, requestsPerGpu, contextTokens, expertParallel }: FootprintQuestion): Footprint {
  requirePositiveInteger("expertParallel", expertParallel);
  const { weightBytes } = lookUpFormat(weightFormat);
  const embeddings = model.tiedEmbeddings ? 0 : model.vocabSize * model.hiddenSize * bf16Bytes;
  const weights = weightMatrices(model).map(({ part, outputs, inputs, count }) => {
    const elementBytes = part === "head" || part === "router" ? bf16Bytes : weightBytes;
    const here = part === "routed expert" ? (count / model.routedExperts) * Math.ceil(model.routedExperts / expertParallel) : count;
    return outputs * inputs * here * elementBytes;
  });
  const { bytes } = attentionWork({ model, requests: requestsPerGpu, contextTokens });
  return { weightBytes: weights.reduce((sum, b) => sum + b, embeddings), cacheBytes: bytes * model.attentionLayers };
}
