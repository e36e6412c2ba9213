import type { Model, MoeLayerShape } from "./model";

/** How many parameters the dimensions of a model give, part by part. */
export interface ParameterCount {
  readonly total: number;
  /**
   * Used for one token, under the convention closest to the publisher's statement:
   * without embeddings, with the output head, or with head and input embedding.
   * With the head where nothing is stated.
   */
  readonly active: number;
  readonly activeConvention: ActiveConvention;
  /** The three conventions. */
  readonly activeBy: Readonly<Record<ActiveConvention, number>>;
  /** Input embedding, and the output head where it is not the same matrix. */
  readonly embedding: number;
  readonly attentionPerLayer: number;
  /** Dense feed-forward part of one dense layer. */
  readonly densePerLayer: number;
  readonly perExpert: number;
  /** All that one MoE layer has beside its routed experts: shared experts, parallel dense part, latent projections, router. */
  readonly besideExpertsPerLayer: number;
  readonly routerPerLayer: number;
}

/** Which embedding parameters a publisher counts as active. */
export type ActiveConvention = "without embeddings" | "with head" | "with head and embedding";

/**
 * Parameters of one routed expert: its two or three matrices between the width it sees and its own.
 *
 *     parameters = matrices h d
 *
 * Biases are left out: a lower bound, short by less than 0.1 % at any width of the registry.
 * A bare layer shape is taken as gated (three matrices) on the full residual width.
 */
export function expertParameters(shape: MoeLayerShape & Partial<Pick<Model, "expertHiddenSize" | "expertMatrices">>): number {
  return (shape.expertMatrices ?? 3) * (shape.expertHiddenSize ?? shape.hiddenSize) * shape.moeIntermediateSize;
}

/**
 * Recompute a model's parameters from its dimensions.
 *
 *     total = embeddings + attention blocks x attention + dense layers x dense part
 *             + MoE layers x (experts x expert + shared + parallel dense + latent projections + router)
 *
 * Left out: norms, biases, convolutions, indexers of sparse attention, vision and audio, multi-token
 * prediction; each makes the count too low. Layers with a linear mixer are counted as if they had the
 * softmax attention of the same model: too low, since the projections of Mamba, Gated DeltaNet and Kimi
 * Delta Attention are wider, by 3 to 23 % of the active and up to 5 % of the total parameters. Layers that
 * deviate in heads (sliding windows of MiMo and Step, global layers of Gemma) are counted like the others.
 * Experts that compute nothing (LongCat) count as if they did: too high for the active parameters.
 */
export function parameterCount(model: Model): ParameterCount {
  const { hiddenSize: h, expertHiddenSize: seen, expertMatrices } = model;
  const table = model.vocabSize * h;
  const embedding = model.tiedEmbeddings ? table : 2 * table;
  const attentionPerLayer = attentionParameters(model);
  const densePerLayer = model.ffnMatrices * h * model.intermediateSize;
  const perExpert = expertParameters(model);
  const routerPerLayer = h * model.routedExperts;
  // Nothing where there are no experts, which see a width of 0.
  const latent = seen < h ? 2 * h * seen : 0;
  const besideExpertsPerLayer =
    expertMatrices * h * model.sharedIntermediateSize + model.ffnMatrices * h * model.parallelIntermediateSize + latent + routerPerLayer;
  const always =
    (model.attentionLayers + model.linearLayers) * attentionPerLayer +
    model.denseLayers * densePerLayer +
    model.moeLayers * besideExpertsPerLayer;
  const core = always + model.moeLayers * model.expertsPerToken * perExpert;
  const activeBy = { "without embeddings": core, "with head": core + table, "with head and embedding": core + embedding };
  const activeConvention = closest(activeBy, model.activeParameters);
  return {
    total: always + model.moeLayers * model.routedExperts * perExpert + embedding,
    active: activeBy[activeConvention],
    activeConvention,
    activeBy,
    embedding,
    attentionPerLayer,
    densePerLayer,
    perExpert,
    besideExpertsPerLayer,
    routerPerLayer,
  };
}

/**
 * Projections of one softmax attention block.
 *
 * Grouped or multi-head: queries and output over all heads, keys and values over the key-value heads.
 * Latent (MLA): queries through their rank where there is one, keys and values through theirs, with a
 * rotary part that all heads share. Compressed sparse (DeepSeek V4): one key that is also the value, and
 * an output through a rank in groups. A gate on the output, where the attention is named gated, is one
 * more projection as wide as the values of all heads.
 */
export function attentionParameters(model: Model): number {
  const { hiddenSize: h, attentionHeads: heads, headDim, valueHeadDim, qLoraRank, kvLoraRank, qkRopeHeadDim = 0 } = model;
  const queries = qLoraRank === undefined ? h * heads * headDim : qLoraRank * (h + heads * headDim);
  const gate = model.attention.includes("gated") ? h * heads * valueHeadDim : 0;
  return queries + keysAndValues() + output() + gate;

  function keysAndValues(): number {
    if (kvLoraRank !== undefined) {
      return h * (kvLoraRank + qkRopeHeadDim) + kvLoraRank * heads * (headDim - qkRopeHeadDim + valueHeadDim);
    }
    return qLoraRank === undefined ? h * model.keyValueHeads * (headDim + valueHeadDim) : h * model.keyValueHeads * headDim;
  }

  function output(): number {
    const { outputLoraRank, outputGroups = 1 } = model;
    return outputLoraRank === undefined ? heads * valueHeadDim * h : outputLoraRank * (heads * valueHeadDim + outputGroups * h);
  }
}

function closest(activeBy: Readonly<Record<ActiveConvention, number>>, stated: number | undefined): ActiveConvention {
  if (stated === undefined) return "with head";
  const conventions = Object.keys(activeBy) as ActiveConvention[];
  return conventions.reduce((best, next) => (Math.abs(activeBy[next] - stated) < Math.abs(activeBy[best] - stated) ? next : best));
}
