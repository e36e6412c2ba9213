import type { Mixer } from "../../model/blocks";
import type { MixerPart, MixerPhase } from "./mixer-demand";

/** Sizes of a mixer that the speed of its kernel hangs on, in words. */
export const geometrySizes = {
  keyHeadGroup: "query heads on one KV head",
  heads: "query heads on a GPU",
  keySize: "size of a key",
  valueSize: "size of a value",
  indexHeads: "heads of the indexer",
  chosen: "tokens, rows or blocks chosen",
  blockTokens: "tokens of a block",
  rowTokens: "tokens of a compressed row",
  taps: "taps of the convolution",
} as const;
/** One of them. */
export type GeometrySize = keyof typeof geometrySizes;

/** The sizes of a mixer as one GPU has it. */
export type Geometry = { readonly [S in GeometrySize]?: number };

/**
 * The sizes of a mixer, as one GPU has it, that the speed of its kernel hangs on.
 *
 * Latent attention in decode reads one key for all its heads, the latent and its rotary part; in prefill each head has a key of its
 * own. Left out: KV heads, states and requests, of which more are more work of the same kind, and windows.
 */
export function geometryOf(mixer: Mixer, part: MixerPart, phase: MixerPhase): Geometry {
  switch (mixer.kind) {
    case "grouped":
    case "block-selected": {
      const { heads, keyValueHeads, headDim, valueHeadDim } = mixer;
      const sizes = { keyHeadGroup: heads / keyValueHeads, heads, keySize: headDim, valueSize: valueHeadDim };
      return mixer.kind === "grouped" ? sizes : { ...sizes, blockTokens: mixer.blockTokens, ...indexSizes(mixer) };
    }
    case "latent": {
      const { heads, latentRank, rotaryDim, noRotaryDim, valueHeadDim } = mixer;
      const apart = phase === "prefill" && mixer.indexer === undefined;
      const [keySize, valueSize] = apart ? [noRotaryDim + rotaryDim, valueHeadDim] : [latentRank + rotaryDim, latentRank];
      return { heads, keySize, valueSize, ...indexSizes(mixer) };
    }
    case "compressed":
      // Without compressed rows only the window is read.
      return { heads: mixer.heads, keySize: mixer.headDim, ...rowSizes(mixer), ...indexSizes(mixer) };
    case "linear":
      if (part === "convolution") return { taps: mixer.convolutionWidth };
      return { keySize: mixer.keyDim, valueSize: mixer.valueDim };
  }
}

const indexSizes = ({ indexer }: Pick<Extract<Mixer, { kind: "latent" }>, "indexer">): Geometry =>
  indexer === undefined ? {} : { indexHeads: indexer.heads, chosen: indexer.topK };

const rowSizes = ({ compressionRatio }: Extract<Mixer, { kind: "compressed" }>): Geometry =>
  compressionRatio === 0 ? {} : { rowTokens: compressionRatio };
