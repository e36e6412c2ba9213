import type { Model } from "./model";

/** One kind of weight matrix of a model: y[outputs] = W[outputs, inputs] x[inputs]. */
export interface WeightMatrix {
  readonly name: string;
  readonly part: "attention" | "router" | "routed expert" | "shared expert" | "dense feed-forward" | "parallel feed-forward" | "head";
  readonly outputs: number;
  readonly inputs: number;
  /** How many of it the whole model has. */
  readonly count: number;
}

/**
 * The weight matrices of a decoder, each kind once with its count.
 *
 * Projections that kernels fuse are one matrix here: query, key and value; up and gate.
 * Left out: norms, biases, latent projections of narrowed experts, gates on the attention's output,
 * linear mixers, indexers of sparse attention and prediction heads, so bytes come out low: by up to
 * 3 % of a mixture of experts, by 22 % of a dense model with linear mixers (Qwen3.5-27B).
 */
export function weightMatrices(model: Model): readonly WeightMatrix[] {
  const { hiddenSize: h, moeLayers, routedExperts, expertMatrices, ffnMatrices } = model;
  const matrices: WeightMatrix[] = [
    ...attentionMatrices(model),
    { name: "router", part: "router", outputs: routedExperts, inputs: h, count: moeLayers },
    ...feedForward("routed expert", expertMatrices, model.expertHiddenSize, model.moeIntermediateSize, moeLayers * routedExperts),
    ...feedForward("shared expert", expertMatrices, h, model.sharedIntermediateSize, moeLayers),
    ...feedForward("dense feed-forward", ffnMatrices, h, model.intermediateSize, model.denseLayers),
    ...feedForward("parallel feed-forward", ffnMatrices, h, model.parallelIntermediateSize, moeLayers),
    { name: "head", part: "head", outputs: model.vocabSize, inputs: h, count: 1 },
  ];
  return matrices.filter(({ outputs, inputs, count }) => outputs * inputs * count > 0);
}

/** The two products of a feed-forward part: up, with the gate where there is one (three matrices), and down. */
function feedForward(part: WeightMatrix["part"], weights: number, hidden: number, width: number, count: number): readonly WeightMatrix[] {
  return [
    { name: "up and gate", part, outputs: Math.max(1, weights - 1) * width, inputs: hidden, count },
    { name: "down", part, outputs: hidden, inputs: width, count },
  ];
}

/** Multi-head or grouped (fused), latent (MLA), or with one key that is also the value (DeepSeek V4), as attentionParameters counts them. */
function attentionMatrices(model: Model): readonly WeightMatrix[] {
  const { hiddenSize: h, attentionHeads: heads, headDim, valueHeadDim, keyValueHeads, kvLoraRank, qkRopeHeadDim = 0, qLoraRank } = model;
  const matrix = (name: string, outputs: number, inputs: number): WeightMatrix => ({
    name,
    part: "attention",
    outputs,
    inputs,
    count: model.attentionLayers,
  });
  const output = outputMatrices(model, matrix);
  if (kvLoraRank === undefined && qLoraRank === undefined)
    return [matrix("query, key and value", heads * headDim + keyValueHeads * (headDim + valueHeadDim), h), ...output];
  const queries =
    qLoraRank === undefined
      ? [matrix("query", heads * headDim, h)]
      : [matrix("query down", qLoraRank, h), matrix("query up", heads * headDim, qLoraRank)];
  if (kvLoraRank === undefined) return [...queries, matrix("key that is the value", keyValueHeads * headDim, h), ...output];
  const keyAndValueUp = matrix("key and value up", heads * (headDim - qkRopeHeadDim + valueHeadDim), kvLoraRank);
  return [...queries, matrix("key and value down", kvLoraRank + qkRopeHeadDim, h), keyAndValueUp, ...output];
}

/** One matrix, or two through a rank: first each group of heads to its own rank, then all ranks to the hidden size. */
function outputMatrices(
  { hiddenSize, attentionHeads, valueHeadDim, outputLoraRank, outputGroups = 1 }: Model,
  matrix: (name: string, outputs: number, inputs: number) => WeightMatrix,
): readonly WeightMatrix[] {
  if (outputLoraRank === undefined) return [matrix("output projection", hiddenSize, attentionHeads * valueHeadDim)];
  return [
    matrix("output down", outputLoraRank, attentionHeads * valueHeadDim),
    matrix("output up", hiddenSize, outputGroups * outputLoraRank),
  ];
}
