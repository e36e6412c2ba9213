import { tableWidth, type WeightMatrix, weightMatrices } from "./matrices";
import type { Model, MoeLayerShape, StackSummary } from "./model";

/** How many parameters the matrices of a model hold. */
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
  /** One routed expert; 0 where there are none. */
  readonly perExpert: number;
  /** All that the model has of each part, embeddings apart. */
  readonly byPart: Readonly<Partial<Record<WeightMatrix["part"], number>>>;
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
 *
 * @example expertParameters(model("mixtral-8x7b")) // 3 * 4096 * 14336
 */
export function expertParameters(shape: MoeLayerShape & Partial<Pick<StackSummary, "expertHiddenSize" | "expertMatrices">>): number {
  return (shape.expertMatrices ?? 3) * (shape.expertHiddenSize ?? shape.hiddenSize) * shape.moeIntermediateSize;
}

/**
 * Recompute a model's parameters from its matrices.
 *
 *     total = sum over matrices of count outputs inputs, and the input embedding where the head does not share it
 *
 * Left out as in weightMatrices: norms, biases, convolutions, prediction modules, encoders; each makes the count too low.
 *
 * @example parameterCount(model("deepseek-v3")).total // 671e9, within 0.1 %
 */
export function parameterCount(model: Model): ParameterCount {
  const byPart: Partial<Record<WeightMatrix["part"], number>> = {};
  let [sum, core] = [0, 0];
  for (const { part, outputs, inputs, count, active } of weightMatrices(model)) {
    if (part === "head") continue;
    byPart[part] = (byPart[part] ?? 0) + outputs * inputs * count;
    sum += outputs * inputs * count;
    core += outputs * inputs * active;
  }
  const table = model.vocabSize * tableWidth(model);
  const embedding = model.tiedEmbeddings ? table : 2 * table;
  const activeBy = { "without embeddings": core, "with head": core + table, "with head and embedding": core + embedding };
  const activeConvention = closest(activeBy, model.activeParameters);
  return {
    total: sum + embedding,
    active: activeBy[activeConvention],
    activeConvention,
    activeBy,
    embedding,
    perExpert: expertParameters(model),
    byPart,
  };
}

function closest(activeBy: Readonly<Record<ActiveConvention, number>>, stated: number | undefined): ActiveConvention {
  if (stated === undefined) return "with head";
  const conventions = Object.keys(activeBy) as ActiveConvention[];
  return conventions.reduce((best, next) => (Math.abs(activeBy[next] - stated) < Math.abs(activeBy[best] - stated) ? next : best));
}
