/** What `deepshock` gives of model/. The decoder as a stack of runs: registry, configurations, matrices, shards, parameters. */

export type {
  Block,
  BlockSelectedMixer,
  CompressedMixer,
  DenseBlock,
  ExpertsBlock,
  FeedForward,
  GroupedMixer,
  Indexer,
  LatentMixer,
  LinearMixer,
  Mixer,
  Run,
} from "./blocks";
export { ConfigError, type ConfigOptions, modelFromConfig, modelFromConfigText } from "./config/read-config";
export { decoder } from "./decoder";
export { type WeightMatrix, weightMatrices } from "./matrices";
export { mixerKept, mixerLabel, mixerMatrices, mixerWork } from "./mixers/mixers";
export type { BlockMatrix, Kept, MixerQuestion as MixerWorkQuestion, MixerWork } from "./mixers/rules";
export type { ModelFormats, ModelParts, StackSummary } from "./model";
export { isMoe, type Model, type MoeLayerShape } from "./model";
export { expertParameters, type ParameterCount, parameterCount } from "./parameters";
export { addModel, model, models } from "./registry";
export { releases } from "./release-sizes";
export { withSelection } from "./selection";
export { type ServedFormats, servedFormats } from "./served-formats";
export { type Cut, cutBlock, tensorParallelShard } from "./shard";
export { type ModelChanges, whatIfModel } from "./what-if-model";
