/** The lightning indexer of sparse attention: small heads that score earlier tokens, of which the best are attended to. */
export interface Indexer {
  readonly heads: number;
  readonly headDim: number;
  /** Entries that are chosen: tokens, compressed rows, or blocks, whichever the mixer selects. */
  readonly topK: number;
  /** Whether this layer scores for itself; a layer that does not takes the selection of an earlier one and has no indexer weights. */
  readonly scores: boolean;
  /** Tokens that share one index key; 1 where each has its own. */
  readonly poolTokens: number;
  /** Bytes of one index key as engines keep it (its scale included). */
  readonly keyBytes: number;
  /** At most so many entries are scored, found by a coarser search before (DeepSeek V4.1); absent where all are. */
  readonly candidates?: number;
}

/** What narrows the tokens that a grouped or latent mixer attends to. */
export interface Reach {
  /** The newest so many tokens. */
  readonly window?: number;
  /** Tokens since the last multiple of this many. */
  readonly chunk?: number;
}

/** Whose keys and values a mixer reads: its own, or those that an earlier layer keeps. */
export type CacheSource = "own" | "shared";

/**
 * Gate on the attention's output: one number for each head, or for each element of each head. Of latent attention also one for each
 * element that comes with the queries out of one matrix, from their rank and its normed copy side by side (A.X-K2).
 */
export type OutputGate = "head" | "element" | "query";

/** Multi-head, grouped-query or multi-query attention. */
export interface GroupedMixer extends Reach {
  readonly kind: "grouped";
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Size of one head of queries and keys. */
  readonly headDim: number;
  /** Size of one head of values. */
  readonly valueHeadDim: number;
  /** Rank that queries go through; absent where one matrix makes them. */
  readonly queryRank?: number;
  readonly gate?: OutputGate;
  /** The key's projection is also the value's (Gemma 4's global layers); both are kept in the cache. */
  readonly keyIsValue?: boolean;
  /** Queries and keys are normed over all heads at once (MiniMax-M2), so that GPUs that cut the heads must add their sums up. */
  readonly normAcrossHeads?: boolean;
  readonly cacheSource: CacheSource;
}

/** Multi-head latent attention (MLA); with an indexer, DeepSeek sparse attention (DSA). */
export interface LatentMixer extends Reach {
  readonly kind: "latent";
  readonly heads: number;
  /** Rank of keys and values: what the cache holds of a token, beside the rotary part. */
  readonly latentRank: number;
  readonly rotaryDim: number;
  /** Size of one head of keys without its rotary part. */
  readonly noRotaryDim: number;
  readonly valueHeadDim: number;
  readonly queryRank?: number;
  readonly gate?: OutputGate;
  readonly indexer?: Indexer;
  readonly cacheSource: CacheSource;
}

/** DeepSeek V4's attention: a window of raw tokens and compressed rows of all before; one head is key and value. */
export interface CompressedMixer {
  readonly kind: "compressed";
  readonly heads: number;
  /** Of queries, and of the one key that is also the value. */
  readonly headDim: number;
  readonly queryRank: number;
  /** Rank and groups of the output projection in two steps. */
  readonly outputRank: number;
  readonly outputGroups: number;
  /** Tokens kept raw. */
  readonly window: number;
  /** Tokens that make one compressed row: 4 with an index (CSA), 128 without (HCA); 0 where only the window is attended to. */
  readonly compressionRatio: number;
  /** Chooses among the compressed rows; absent where all are read. */
  readonly indexer?: Indexer;
  /** Of the compressed rows and index keys; the window is always the layer's own. */
  readonly cacheSource: CacheSource;
}

/** Grouped attention over the best blocks of tokens (MiniMax-M3). */
export interface BlockSelectedMixer {
  readonly kind: "block-selected";
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly valueHeadDim: number;
  /** Tokens of one block; the indexer's topK counts blocks. */
  readonly blockTokens: number;
  readonly indexer: Indexer;
  readonly gate?: OutputGate;
}

/** The recurrences that keep a state in place of a cache. */
export type LinearFamily = "gated-delta" | "kimi-delta" | "mamba2" | "mamba1" | "lightning";

/** A linear mixer: its state is heads x keyDim x valueDim, whatever the context. */
export interface LinearMixer {
  readonly kind: "linear";
  readonly family: LinearFamily;
  /** Heads of queries and keys; for Mamba-2 its groups of B and C, for Mamba-1 one. */
  readonly keyHeads: number;
  /** Heads of values, each with a state; for Mamba-1 its channels. */
  readonly valueHeads: number;
  /** Size of keys; for Mamba the size of the state. */
  readonly keyDim: number;
  /** Size of values; 1 for Mamba-1. */
  readonly valueDim: number;
  /** Taps of the short convolution before it; 0 where there is none. */
  readonly convolutionWidth: number;
  /** Bytes of one number of the state: 4 as released and run, unless the configuration says otherwise. */
  readonly stateElementBytes: number;
  /** Rank of the projection of the output's gate (Kimi Delta Attention), or of the time step's (Mamba-1); absent where one matrix makes it. */
  readonly gateRank?: number;
  /** Rank of the projection of the decay (Kimi Delta Attention); absent where one matrix makes it. */
  readonly decayRank?: number;
}

/** Of which of a layer's tokens a mixer reads what. */
export type Mixer = GroupedMixer | LatentMixer | CompressedMixer | BlockSelectedMixer | LinearMixer;

/** A feed-forward part that every token goes through. */
export interface DenseBlock {
  readonly kind: "dense";
  readonly width: number;
  /** Weight matrices: 3 with a gate, 2 without. */
  readonly matrices: 2 | 3;
}

/** Routed experts, and those shared by all tokens. */
export interface ExpertsBlock {
  readonly kind: "experts";
  readonly routed: number;
  /** Routed experts each token goes to (top-k). */
  readonly perToken: number;
  /** Of the experts each token goes to, those that compute something on average: below perToken where some experts are empty (LongCat). */
  readonly computedPerToken: number;
  /** Width of one routed expert. */
  readonly width: number;
  /** Width that routed experts see: below the hidden size where a projection narrows their input. */
  readonly inputWidth: number;
  readonly matrices: 2 | 3;
  readonly shared: number;
  /** Summed width of the shared experts; they see the whole hidden size. */
  readonly sharedWidth: number;
  /** Experts are in this many groups, of which a token uses chosenGroups; 1 and 1 = none. */
  readonly groups: number;
  readonly chosenGroups: number;
  /** Whether the scores of a matrix choose the experts, or a table by token (DeepSeek V4's first layers), where the scores weigh them all the same. */
  readonly router: "learned" | "hash";
  /** Outputs of the router beyond the routed experts: experts that compute nothing. */
  readonly emptyExperts: number;
}

/** A feed-forward part: dense, or of experts. */
export type FeedForward = DenseBlock | ExpertsBlock;

/** A mixer or a feed-forward part. */
export type Block = Mixer | FeedForward;

/** Layers that are alike, one after another; a layer is its blocks in order. */
export interface Run {
  readonly count: number;
  readonly blocks: readonly Block[];
}

/** Whether a block mixes tokens, rather than being a feed-forward part. */
export function isMixer(block: Block): block is Mixer {
  return block.kind !== "dense" && block.kind !== "experts";
}

/** Whether a block attends by softmax, rather than keeping a state. */
export function isSoftmax(block: Block): block is Exclude<Mixer, LinearMixer> {
  return isMixer(block) && block.kind !== "linear";
}
