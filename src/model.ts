import type { Confidence } from "./facts";

/** The shape of a mixture-of-experts layer: all that the layer's time needs. */
export interface MoeLayerShape {
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  /** Width of one routed expert. */
  readonly moeIntermediateSize: number;
  readonly routedExperts: number;
  /** Routed experts each token goes to (top-k). */
  readonly expertsPerToken: number;
}

/** A released model, as its configuration states it. Counts are of one model, sizes in elements. */
export interface Model extends MoeLayerShape {
  readonly id: string;
  readonly name: string;
  readonly organization: string;
  /** Day of the first release, ISO; a month or year alone where only that is known. */
  readonly released: string;
  /** All blocks. */
  readonly layers: number;
  /** Blocks whose feed-forward part is dense. */
  readonly denseLayers: number;
  /** Width that the routed experts see: below hiddenSize in latent designs. */
  readonly expertHiddenSize: number;
  readonly sharedExperts: number;
  /** Summed width of the shared experts. */
  readonly sharedIntermediateSize: number;
  /** Width of the feed-forward part of dense layers; 0 when there is none. */
  readonly intermediateSize: number;
  /** As the source names it: MHA, GQA, MLA, a hybrid... */
  readonly attention: string;
  readonly attentionHeads: number;
  readonly keyValueHeads: number;
  /** Size of one head of queries and keys (for MLA with its rotary part). */
  readonly headDim: number;
  /** Latent ranks of multi-head latent attention; absent elsewhere. */
  readonly kvLoraRank?: number;
  readonly qkRopeHeadDim?: number;
  readonly qLoraRank?: number;
  /** Group-limited routing: experts are in this many groups, of which a token uses topkGroup. 1 and 1 = none. */
  readonly expertGroups: number;
  readonly topkGroup: number;
  readonly vocabSize: number;
  /** Format of the released weights, as the source names it. */
  readonly weightDtype: string;
  /** As stated by the publisher. */
  readonly totalParameters?: number;
  readonly activeParameters?: number;
  readonly source: string;
  readonly locator: string;
  readonly confidence: Confidence;
  readonly note: string;
}
