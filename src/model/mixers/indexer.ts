import { accessFact } from "../../data/accesses";
import type { Indexer } from "../blocks";
import type { BlockMatrix, MixerQuestion, MixerWork } from "./rules";

/**
 * The matrices of an indexer that scores for itself: its queries (from the query's rank where there is one), its key, and a weight for each head.
 *
 * @param keyMatrices how many matrices of hidden size by head make its key: one, or four where a compressor makes it (DeepSeek V4).
 */
export function indexMatrices(
  indexer: Indexer | undefined,
  queryRank: number | undefined,
  hiddenSize: number,
  keyMatrices = 1,
): readonly BlockMatrix[] {
  if (indexer === undefined || !indexer.scores) return [];
  const { heads, headDim } = indexer;
  return [
    { name: "index queries", stage: "indexer", outputs: heads * headDim, inputs: queryRank ?? hiddenSize },
    { name: "index key and head weights", stage: "indexer", outputs: keyMatrices * headDim + heads, inputs: hiddenSize, bf16: true },
  ];
}

/** Bytes of index keys kept of so many entries, each perhaps of several tokens. */
export function indexKept(indexer: Indexer | undefined, entries: number): number {
  return indexer === undefined || !indexer.scores ? 0 : (entries / indexer.poolTokens) * indexer.keyBytes;
}

/** The scores of an indexer over so many entries: every key is read once, whatever the number of new tokens. */
export function indexWork(
  indexer: Indexer | undefined,
  entries: number,
  newTokens: number,
  phase: MixerQuestion["phase"],
): readonly MixerWork[] {
  if (indexer === undefined || !indexer.scores) return [];
  const keys = Math.min(entries / indexer.poolTokens, indexer.candidates ?? Number.POSITIVE_INFINITY);
  const own = phase === "decode" ? 0 : newTokens / indexer.poolTokens / 2;
  return [
    {
      part: "index",
      readBytes: keys * indexer.keyBytes,
      writtenBytes: (newTokens / indexer.poolTokens) * indexer.keyBytes,
      flops: newTokens * (keys + own) * indexer.heads * indexer.headDim * 2,
      arithmetic: "fp8",
      runBytes: accessFact("mla-page", "tokens") * indexer.keyBytes,
      run: "one page of index keys",
      tensor: "index keys",
    },
  ];
}
