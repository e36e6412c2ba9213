import { accessFact } from "../../data/accesses";
import { bf16Bytes, type CacheFormatName } from "../../machine/number-formats";
import type { LatentMixer } from "../blocks";
import { gateMatrix, keptTokens, reachOf } from "./grouped";
import { indexKept, indexMatrices, indexWork } from "./indexer";
import { cutHeads, type MixerRules, visiblePairs } from "./rules";

/** An FP8 latent of a sparse layer carries one FP32 scale for each 128 elements, and its rotary part in BF16. */
const scaledElements = 128;
const scaleBytes = 4;

/** Bytes of one token's latent and rotary part in one layer. */
export function latentRowBytes({ latentRank, rotaryDim, indexer }: LatentMixer, format: CacheFormatName): number {
  if (format === "bfloat16") return (latentRank + rotaryDim) * bf16Bytes;
  if (indexer === undefined) return latentRank + rotaryDim;
  return latentRank + (latentRank / scaledElements) * scaleBytes + rotaryDim * bf16Bytes;
}

/**
 * Multi-head latent attention, and with an indexer DeepSeek sparse attention.
 *
 *     kept    n (r + p) b, of sparse layers in FP8 r + 4 r / 128 + 2 p, and the index keys
 *     read    min(n, top-k, window) rows; index keys of all n where the layer scores for itself
 *     flops   decode, absorbed:   pairs heads 2 (2 r + p)
 *             prefill of dense layers, not absorbed: pairs heads 2 (d + p + dv)
 *
 * r the latent rank, p the rotary part, d and dv the sizes of a head. In decode the key's up-projection is absorbed into the
 * query and the value's into the output; both are multiplied in BF16. Every GPU of a group keeps the whole latent.
 */
export const latent: MixerRules<LatentMixer> = {
  sizes: ["heads", "latentRank", "noRotaryDim", "valueHeadDim"],
  matrices: (mixer, hiddenSize) => {
    const { heads, latentRank, rotaryDim, noRotaryDim, valueHeadDim, queryRank, gate, indexer, cacheSource } = mixer;
    const queries = heads * (noRotaryDim + rotaryDim);
    const latents = cacheSource === "shared" ? 0 : latentRank + rotaryDim;
    const gated = gate === "query" && queryRank !== undefined;
    const inputs =
      queryRank === undefined
        ? [{ name: "query, and key and value down", outputs: queries + latents, inputs: hiddenSize }]
        : [
            { name: "query, key and value down", outputs: queryRank + latents, inputs: hiddenSize },
            gated
              ? { name: "query and gate up", outputs: queries + heads * valueHeadDim, inputs: 2 * queryRank }
              : { name: "query up", outputs: queries, inputs: queryRank },
          ];
    return [
      ...inputs.map((matrix) => ({ ...matrix, stage: "projections" as const })),
      { name: "key up, absorbed", stage: "projections", outputs: heads * latentRank, inputs: noRotaryDim, bf16: true },
      ...gateMatrix(gated ? undefined : gate, heads, valueHeadDim, hiddenSize),
      ...indexMatrices(indexer, queryRank, hiddenSize),
      { name: "value up, absorbed", stage: "output", outputs: heads * valueHeadDim, inputs: latentRank, bf16: true },
      { name: "output projection", stage: "output", outputs: hiddenSize, inputs: heads * valueHeadDim },
    ];
  },
  kept: (mixer, contextTokens, format) => {
    const tokens = keptTokens(mixer, contextTokens);
    const rows = mixer.cacheSource === "shared" ? 0 : tokens * latentRowBytes(mixer, format);
    return { cacheBytes: rows + indexKept(mixer.indexer, tokens), stateBytes: 0 };
  },
  work: (mixer, { contextTokens, newTokens, cacheFormat, phase }) => {
    const { indexer, heads, latentRank, rotaryDim, noRotaryDim, valueHeadDim } = mixer;
    const rowBytes = latentRowBytes(mixer, cacheFormat);
    const reach = Math.min(reachOf(mixer), indexer?.topK ?? Number.POSITIVE_INFINITY);
    const seen = Math.min(contextTokens, reach);
    const pairs = phase === "decode" ? newTokens * seen : visiblePairs(contextTokens, newTokens, reach);
    const absorbed = phase === "decode" || indexer !== undefined;
    const width = absorbed ? 2 * latentRank + rotaryDim : noRotaryDim + rotaryDim + valueHeadDim;
    const selects = indexer !== undefined;
    const core = {
      part: "core",
      readBytes: seen * rowBytes,
      writtenBytes: mixer.cacheSource === "shared" ? 0 : newTokens * rowBytes,
      flops: pairs * heads * 2 * width,
      arithmetic: "bf16",
      runBytes: selects ? rowBytes : accessFact("mla-page", "tokens") * rowBytes,
      run: selects ? "one selected token" : "one page of latents",
      tensor: selects ? "selected KV rows" : "KV cache",
    } as const;
    return selects ? [...indexWork(indexer, contextTokens, newTokens, phase), core] : [core];
  },
  cut: (mixer, degree) => ({ ...mixer, heads: cutHeads("heads", mixer.heads, degree) }),
  label: ({ indexer, gate, window }) => {
    const kind = indexer === undefined ? "MLA" : indexer.scores ? "MLA + DSA" : "MLA + DSA, shared selection";
    return `${gate === undefined ? "" : "gated "}${kind}${window === undefined ? "" : `, window ${window}`}`;
  },
};
