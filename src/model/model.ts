import type { Confidence } from "../data/rows";
import type { CacheFormatName, WeightFormatName } from "../machine/number-formats";
import type { Run } from "./blocks";

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

/** In which format a model's weights and cache are, read once from its release. */
export interface ModelFormats {
  /** Routed experts, and what of the feed-forward parts is released alike. */
  readonly experts: WeightFormatName;
  /** All other matrices but head, embedding and router, which are BF16 everywhere. */
  readonly rest: WeightFormatName;
  /** Keys and values, or latents. */
  readonly cache: CacheFormatName;
  /** Whether the release's format is one that is known here; where it is not, the nearest that is stands in its place. */
  readonly known: boolean;
  /** The release's own words. */
  readonly released: string;
}

/** What a model is, apart from the numbers that follow from its runs. */
export interface ModelParts {
  readonly id: string;
  /** Ids of later releases that keep this configuration, and short names; `model` takes them too. */
  readonly aliases: readonly string[];
  readonly name: string;
  readonly organization: string;
  /** Day of the first release, ISO; a month or year alone where only that is known. */
  readonly released: string;
  /** Width of the residual stream. */
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Width of the input embedding and the head where it is not the residual stream's and projections lie between (OPT-350m); absent in most. */
  readonly embeddingWidth?: number;
  /** Whether the output head shares the input embedding's weights. */
  readonly tiedEmbeddings: boolean;
  /** The stack, from the first layer to the last: runs of layers that are alike. */
  readonly runs: readonly Run[];
  readonly formats: ModelFormats;
  /** Modules that draft tokens ahead (MTP), released with the model; 0 where there are none. Not among its layers or parameters. */
  readonly predictionModules: number;
  /** The class that runs it, as its configuration's `architectures` names it: engines choose kernels by it. Absent where it is not known. */
  readonly architecture?: string;
  /** Residual streams beside one another (hyper-connections); 1 in most. */
  readonly residualStreams: number;
  /** As stated by the publisher. */
  readonly totalParameters?: number;
  readonly activeParameters?: number;
  /** Of the dimensions. */
  readonly source: string;
  readonly locator: string;
  /** Of the stated parameter counts, where it is another document; absent where the counts come with the model's name. */
  readonly totalsSource?: string;
  readonly totalsLocator?: string;
  readonly confidence: Confidence;
  readonly note: string;
}

/**
 * What is said of a stack in one number: sums and the first of its kind, computed from the runs by `decoder` and never stated.
 * Of a model without experts all that speaks of them is 0.
 */
export interface StackSummary extends MoeLayerShape {
  /** All layers; where a layer is half of one (Nemotron 3: a mixer or a feed-forward part), the halves. */
  readonly layers: number;
  /** Layers with a dense feed-forward part and no experts. */
  readonly denseLayers: number;
  /** Layers with routed experts. */
  readonly moeLayers: number;
  /** Softmax mixers; LongCat has two in each layer. */
  readonly attentionLayers: number;
  /** Linear mixers. */
  readonly linearLayers: number;
  /** Width that the routed experts see. */
  readonly expertHiddenSize: number;
  readonly sharedExperts: number;
  /** Summed width of the shared experts. */
  readonly sharedIntermediateSize: number;
  /** Width of the dense feed-forward part of layers without experts, else of the one beside the experts; 0 when there is none. */
  readonly intermediateSize: number;
  /** Weight matrices of one routed or shared expert: 3 with a gate, 2 without. */
  readonly expertMatrices: number;
  readonly expertGroups: number;
  readonly topkGroup: number;
  /** The mixers in the field's words, as a table shows them. */
  readonly attention: string;
}

/** A decoder as its configuration states it: a stack of runs, and what follows from it. Counts are of one model, sizes in elements. */
export interface Model extends ModelParts, StackSummary {}

/**
 * Whether a layer has routed experts.
 *
 * @example isMoe(model("llama-3-70b")) // false
 */
export function isMoe(shape: Pick<MoeLayerShape, "routedExperts">): boolean {
  return shape.routedExperts > 0;
}
