import type { Indexer, Mixer } from "../model/blocks";

/** A layer whose attention was timed: its mixer whole, and the width of the model. */
export interface TimedLayer {
  readonly hiddenSize: number;
  readonly mixer: Mixer;
}

const index = (heads: number, topK: number, more: Partial<Indexer> = {}): Indexer => ({
  heads,
  headDim: 128,
  topK,
  scores: true,
  poolTokens: 1,
  keyBytes: 132,
  ...more,
});

const latent = (heads: number, noRotaryDim: number, valueHeadDim: number, queryRank: number, indexer?: Indexer): Mixer => ({
  kind: "latent",
  heads,
  latentRank: 512,
  rotaryDim: 64,
  noRotaryDim,
  valueHeadDim,
  queryRank,
  ...(indexer === undefined ? {} : { indexer }),
  cacheSource: "own",
});

const compressed = (heads: number, queryRank: number, outputGroups: number, compressionRatio: number, indexer?: Indexer): Mixer => ({
  kind: "compressed",
  heads,
  headDim: 512,
  queryRank,
  outputRank: 1024,
  outputGroups,
  window: 128,
  compressionRatio,
  ...(indexer === undefined ? {} : { indexer }),
  cacheSource: "own",
});

const shared = { scores: false } as const;

/**
 * The layers of the module tables, by the names of data/measurements: sizes of the published configurations (data/configs).
 *
 * "skipped" after a name is a layer that takes the selection of another.
 */
export const timedLayers: Readonly<Record<string, TimedLayer>> = {
  "deepseek-v3": { hiddenSize: 7168, mixer: latent(128, 128, 128, 1536) },
  "deepseek-v3.2-exp": { hiddenSize: 7168, mixer: latent(128, 128, 128, 1536, index(64, 2048)) },
  "glm-5": { hiddenSize: 6144, mixer: latent(64, 192, 256, 2048, index(32, 2048)) },
  "glm-5.2": { hiddenSize: 6144, mixer: latent(64, 192, 256, 2048, index(32, 2048)) },
  "deepseek-v3.2-exp skipped": { hiddenSize: 7168, mixer: latent(128, 128, 128, 1536, index(64, 2048, shared)) },
  "glm-5 skipped": { hiddenSize: 6144, mixer: latent(64, 192, 256, 2048, index(32, 2048, shared)) },
  "glm-5.2 skipped": { hiddenSize: 6144, mixer: latent(64, 192, 256, 2048, index(32, 2048, shared)) },
  "deepseek-v4-flash csa": { hiddenSize: 4096, mixer: compressed(64, 1024, 8, 4, index(64, 512)) },
  "deepseek-v4-flash hca": { hiddenSize: 4096, mixer: compressed(64, 1024, 8, 128) },
  "deepseek-v4-pro csa": { hiddenSize: 7168, mixer: compressed(128, 1536, 16, 4, index(64, 1024)) },
  "deepseek-v4-pro hca": { hiddenSize: 7168, mixer: compressed(128, 1536, 16, 128) },
  "minimax-m3": {
    hiddenSize: 6144,
    mixer: {
      kind: "block-selected",
      heads: 64,
      keyValueHeads: 4,
      headDim: 128,
      valueHeadDim: 128,
      blockTokens: 128,
      indexer: index(4, 16, { keyBytes: 256 }),
    },
  },
};
