import { requireWord } from "../checks";
import { accessFact } from "../data/accesses";
import type { Block, Indexer } from "./blocks";
import { requireModel } from "./check-runs";
import type { Model } from "./model";

/**
 * A model whose latent attention reads the whole context ("dense"), or selects tokens as DeepSeek-V3.2 does ("sparse"), to ask
 * what selection changes. Mixers of other kinds stay as they are, and so does a selection that the model has of its own.
 *
 * @throws RangeError for "sparse" where no mixer is latent.
 */
export function withSelection(model: Model, attention: "dense" | "sparse"): Model {
  requireWord("attention", attention, ["dense", "sparse"]);
  requireModel("model", model);
  const isLatent = (block: Block) => block.kind === "latent";
  if (attention === "sparse" && !model.runs.some(({ blocks }) => blocks.some(isLatent)))
    throw new RangeError(`attention must be "dense" for ${model.id}: it has no latent cache to select from`);
  const changed = (block: Block): Block => {
    if (block.kind !== "latent") return block;
    if (attention === "sparse") return { ...block, indexer: block.indexer ?? v32Indexer() };
    const { indexer: _, ...dense } = block;
    return dense;
  };
  return { ...model, runs: model.runs.map(({ count, blocks }) => ({ count, blocks: blocks.map(changed) })) };
}

/** 64 heads of 128, as the configuration of DeepSeek-V3.2 has them. */
function v32Indexer(): Indexer {
  return {
    heads: 64,
    headDim: 128,
    topK: accessFact("sparse-attention-row", "selectedTokens"),
    scores: true,
    poolTokens: 1,
    keyBytes: accessFact("index-key", "bytes"),
  };
}
