import { requirePositiveInteger } from "../checks";
import { requireRuns } from "./check-runs";
import type { Model, ModelParts } from "./model";
import { summaryOf } from "./summary";

/**
 * A model from its parts: checks the runs, and adds what follows from them.
 *
 * To change a model, change its parts and build it anew: `decoder({ ...model, runs })`.
 *
 * @throws RangeError naming the run, the block and the field for what cannot be.
 * @example decoder({ ...model("deepseek-v3"), id: "shallow", aliases: [], runs: [{ count: 4, blocks: model("deepseek-v3").runs[1].blocks }] }).layers // 4
 */
export function decoder(parts: ModelParts): Model {
  requireRuns(parts.runs, parts.hiddenSize);
  for (const field of ["hiddenSize", "vocabSize"] as const) requirePositiveInteger(field, parts[field]);
  if (parts.embeddingWidth !== undefined) requirePositiveInteger("embeddingWidth", parts.embeddingWidth);
  return Object.freeze({ ...parts, aliases: Object.freeze([...parts.aliases]), ...summaryOf(parts) });
}
