import type { BlockSelectedMixer } from "../blocks";
import type { Layer } from "./layer";
import { gateOf } from "./layer-fields";
import { readGrouped } from "./read-grouped";
import { count, type Section, subsection } from "./section";

const sizes = { most: 1_000_000 };

/** Read attention over the best blocks of tokens (MiniMax-M3): grouped attention, and an indexer that scores blocks with BF16 keys. */
export function readBlockSelected(layer: Layer, hiddenSize: number): BlockSelectedMixer {
  const { heads, keyValueHeads, headDim, valueHeadDim } = readGrouped({ ...layer, attends: "full" }, hiddenSize);
  const section: Section = subsection(layer.section, "sparse_attention_config") ?? layer.section;
  const indexDim = count(section, ["sparse_index_dim", "index_head_dim"], sizes);
  return {
    kind: "block-selected",
    heads,
    keyValueHeads,
    headDim,
    valueHeadDim,
    blockTokens: count(section, ["sparse_block_size", "index_block_size"], sizes),
    indexer: {
      heads: count(section, ["sparse_num_index_heads", "index_n_heads"], sizes),
      headDim: indexDim,
      topK: count(section, ["sparse_topk_blocks", "index_topk_blocks"], sizes),
      scores: true,
      poolTokens: 1,
      keyBytes: 2 * indexDim,
    },
    ...gateOf(layer.section, layer.family),
  };
}
