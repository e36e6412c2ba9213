import { cacheElementBytes } from "../../machine/number-formats";
import type { BlockSelectedMixer } from "../blocks";
import { gateMatrix } from "./grouped";
import { indexKept, indexMatrices, indexWork } from "./indexer";
import { cutHeads, cutKeyValueHeads, type MixerRules, visiblePairs } from "./rules";

const tokenBytes = ({ keyValueHeads, headDim, valueHeadDim }: BlockSelectedMixer, elementBytes: number): number =>
  keyValueHeads * (headDim + valueHeadDim) * elementBytes;

/**
 * Grouped attention over the best blocks of tokens (MSA of MiniMax-M3).
 *
 *     kept     n (kv (d + dv) b + index key)
 *     read     min(n, blocks block) kv (d + dv) b, and all index keys
 *     flops    min(n, blocks block) heads 2 (d + dv); scores n index heads 2 index size
 */
export const blockSelected: MixerRules<BlockSelectedMixer> = {
  sizes: ["heads", "keyValueHeads", "headDim", "valueHeadDim", "blockTokens"],
  matrices: ({ heads, keyValueHeads, headDim, valueHeadDim, gate, indexer }, hiddenSize) => [
    {
      name: "query, key and value",
      stage: "projections",
      outputs: heads * headDim + keyValueHeads * (headDim + valueHeadDim),
      inputs: hiddenSize,
    },
    ...gateMatrix(gate, heads, valueHeadDim, hiddenSize),
    ...indexMatrices(indexer, undefined, hiddenSize),
    { name: "output projection", stage: "output", outputs: hiddenSize, inputs: heads * valueHeadDim },
  ],
  kept: (mixer, contextTokens, format) => ({
    cacheBytes: contextTokens * tokenBytes(mixer, cacheElementBytes(format)) + indexKept(mixer.indexer, contextTokens),
    stateBytes: 0,
  }),
  work: (mixer, { contextTokens, newTokens, cacheFormat, phase }) => {
    const { heads, headDim, valueHeadDim, keyValueHeads, blockTokens, indexer } = mixer;
    const elementBytes = cacheElementBytes(cacheFormat);
    const reach = indexer.topK * blockTokens;
    const seen = Math.min(contextTokens, reach);
    const pairs = phase === "decode" ? newTokens * seen : visiblePairs(contextTokens, newTokens, reach);
    return [
      ...indexWork(indexer, contextTokens, newTokens, phase),
      {
        part: "core",
        readBytes: seen * tokenBytes(mixer, elementBytes),
        writtenBytes: newTokens * tokenBytes(mixer, elementBytes),
        flops: pairs * heads * 2 * (headDim + valueHeadDim),
        arithmetic: "bf16",
        runBytes: blockTokens * keyValueHeads * headDim * elementBytes,
        run: "one selected block of keys, or of values",
        tensor: "selected KV blocks",
      },
    ];
  },
  cut: (mixer, degree) => ({
    ...mixer,
    heads: cutHeads("heads", mixer.heads, degree),
    keyValueHeads: cutKeyValueHeads(mixer.keyValueHeads, degree),
  }),
  label: ({ indexer, blockTokens }) => `MSA, ${indexer.topK} blocks of ${blockTokens}`,
};
