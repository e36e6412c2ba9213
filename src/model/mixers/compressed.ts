import { accessFact } from "../../data/accesses";
import { bf16Bytes, type CacheFormatName } from "../../machine/number-formats";
import type { CompressedMixer } from "../blocks";
import { indexMatrices, indexWork } from "./indexer";
import { cutHeads, type MixerRules, visiblePairs } from "./rules";

/** Of a row in FP8 the rotary part stays in BF16 and eight bytes are scales. */
const rotaryDim = 64;
const rowScaleBytes = 8;
/** From this ratio on a row is made of its own tokens alone; below it of two series that overlap, which takes twice the matrices. */
const heavyRatio = 32;

const rowBytesOf = ({ headDim }: CompressedMixer, format: CacheFormatName): number =>
  format === "bfloat16" ? headDim * bf16Bytes : headDim - rotaryDim + rotaryDim * bf16Bytes + rowScaleBytes;

/** Compressed rows of so many tokens. */
const compressedRows = ({ compressionRatio }: CompressedMixer, tokens: number): number =>
  compressionRatio === 0 ? 0 : tokens / compressionRatio;

/**
 * DeepSeek V4's attention: CSA with an index, HCA without, and layers of the window alone.
 *
 *     kept     (min(n, window) + n / ratio) e, and an index key for each compressed row; of a shared source the window alone
 *     read     min(n, window) e + min(top-k, n / ratio) e, or n / ratio e; index keys of all compressed rows or of the candidates
 *     flops    rows heads 4 d
 *
 * e bytes of a row of d elements, which is key and value at once: 2 d in BF16, d + 72 in FP8.
 */
export const compressed: MixerRules<CompressedMixer> = {
  sizes: ["heads", "headDim", "queryRank", "outputRank", "outputGroups", "window"],
  matrices: (mixer, hiddenSize) => {
    const { heads, headDim, queryRank, outputRank, outputGroups, compressionRatio, indexer, cacheSource } = mixer;
    const makesRows = compressionRatio > 1 && cacheSource === "own";
    const series = compressionRatio >= heavyRatio ? 2 : 4;
    return [
      { name: "query down, key that is the value", stage: "projections", outputs: queryRank + headDim, inputs: hiddenSize },
      { name: "query up", stage: "projections", outputs: heads * headDim, inputs: queryRank },
      ...(makesRows
        ? [{ name: "compressor", stage: "projections" as const, outputs: series * headDim, inputs: hiddenSize, bf16: true as const }]
        : []),
      ...indexMatrices(indexer, queryRank, hiddenSize, cacheSource === "shared" ? 0 : makesRows ? series : 1),
      { name: "output down", stage: "output", outputs: outputRank, inputs: heads * headDim },
      { name: "output up", stage: "output", outputs: hiddenSize, inputs: outputGroups * outputRank },
    ];
  },
  kept: (mixer, contextTokens, format) => {
    const rowBytes = rowBytesOf(mixer, format);
    const rows = mixer.cacheSource === "own" ? compressedRows(mixer, contextTokens) : 0;
    const keyBytes = mixer.indexer?.scores === true ? mixer.indexer.keyBytes : 0;
    return { cacheBytes: Math.min(contextTokens, mixer.window) * rowBytes + rows * (rowBytes + keyBytes), stateBytes: 0 };
  },
  work: (mixer, { contextTokens, newTokens, cacheFormat, phase }) => {
    const { heads, headDim, window, indexer, cacheSource } = mixer;
    const rowBytes = rowBytesOf(mixer, cacheFormat);
    const rows = compressedRows(mixer, contextTokens);
    const seen = Math.min(contextTokens, window) + Math.min(rows, indexer?.topK ?? rows);
    const growth = phase === "decode" ? 0 : compressedRows(mixer, newTokens) / 2;
    const inWindow = phase === "decode" ? newTokens * Math.min(contextTokens, window) : visiblePairs(contextTokens, newTokens, window);
    const pairs = inWindow + newTokens * Math.min(rows + growth, indexer?.topK ?? Number.POSITIVE_INFINITY);
    return [
      ...indexWork(indexer, rows, newTokens, phase),
      {
        part: "core",
        readBytes: seen * rowBytes,
        writtenBytes: (newTokens + (cacheSource === "own" ? compressedRows(mixer, newTokens) : 0)) * rowBytes,
        flops: pairs * heads * 4 * headDim,
        arithmetic: "bf16",
        runBytes: indexer === undefined ? accessFact("mla-page", "tokens") * rowBytes : rowBytes,
        run: indexer === undefined ? "one page of compressed rows" : "one selected row",
        tensor: indexer === undefined ? "KV cache" : "selected KV rows",
      },
    ];
  },
  cut: (mixer, degree) => ({
    ...mixer,
    heads: cutHeads("heads", mixer.heads, degree),
    outputGroups: cutHeads("outputGroups", mixer.outputGroups, degree),
  }),
  label: ({ compressionRatio, indexer, cacheSource }) => {
    if (compressionRatio === 0) return "window of raw tokens";
    const kind = indexer === undefined ? "HCA" : "CSA";
    return `${kind} 1:${compressionRatio}${cacheSource === "shared" ? ", shared rows" : ""}`;
  },
};
