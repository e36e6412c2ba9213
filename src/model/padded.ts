import { type Block, isMixer } from "./blocks";
import type { Model } from "./model";

const up = (whole: number, degree: number): number => Math.ceil(whole / degree) * degree;

/**
 * A block whose heads can be cut over a group of any size: as many more heads as the degree needs, as engines pad them.
 *
 * Key and value heads fewer than the GPUs are copied, one to each. The block itself where nothing has to be padded.
 *
 * @example paddedBlock(model("qwen3.5-397b-a17b").runs[0].blocks[0], 1) // the block itself
 */
export function paddedBlock(block: Block, degree: number): Block {
  if (degree === 1 || !isMixer(block)) return block;
  switch (block.kind) {
    case "linear":
      return block.valueHeads % degree === 0 ? block : { ...block, valueHeads: up(block.valueHeads, degree) };
    case "compressed": {
      const [heads, outputGroups] = [up(block.heads, degree), up(block.outputGroups, degree)];
      return heads === block.heads && outputGroups === block.outputGroups ? block : { ...block, heads, outputGroups };
    }
    case "latent":
      return block.heads % degree === 0 ? block : { ...block, heads: up(block.heads, degree) };
    default: {
      const { heads, keyValueHeads } = block;
      const fits = keyValueHeads % degree === 0 || degree % keyValueHeads === 0;
      return fits && heads % degree === 0
        ? block
        : { ...block, heads: up(heads, degree), keyValueHeads: fits ? keyValueHeads : up(keyValueHeads, degree) };
    }
  }
}

/**
 * A model whose blocks are padded for a group of so many GPUs: itself where nothing has to be.
 *
 * @example paddedModel(model("deepseek-v3"), 8) // itself: 128 heads
 */
export function paddedModel(model: Model, degree: number): Model {
  const runs = model.runs.map(({ count, blocks }) => ({ count, blocks: blocks.map((block) => paddedBlock(block, degree)) }));
  return runs.some(({ blocks }, i) => blocks.some((block, j) => block !== model.runs[i]?.blocks[j])) ? { ...model, runs } : model;
}
