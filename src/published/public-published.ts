/** What `deepshock` gives of published/. What others measured and published, as records. */

export { tmaBounds } from "./access-sweeps";
export { type AttentionMeasurement, attentionTimes } from "./attention-times";
export { balanceGains, publishedRankBalance } from "./balanced-runs";
export { type DeploymentRow, type DeploymentUse, deploymentRows } from "./deployment-rows";
export { type DeploymentSource, deploymentSources } from "./deployment-sources";
export { type DeploymentClass, type DeploymentPhase, publishedSetUps, type SetUp, setUpClassWords } from "./deployments";
export { type ExchangePath, exchangePaths } from "./exchange-paths";
export { measuredTasks } from "./expert-tasks";
export { decodeFusions, type FusedExperts, fusedExperts, trainTraceGaps } from "./fused-kernels";
export { type HostPoint, hostCrossings, hostPaths, hostPoints } from "./host-paths";
export { type MoeMeasurement, moeMeasurements } from "./layer-times";
export { simulatedCycles, tensorCoreTiles, trainingPairs } from "./matrix-units";
export {
  type FusedRate,
  fusedRates,
  type LayerEnds,
  type LayerKind,
  layerEnds,
  layerKind,
  type SparsityPoint,
  sparsityGains,
} from "./next";
export { gpuMessageSeconds, type ReachedNetwork, reachedOverNetwork } from "./reached-network";
export { optimalGranularity, type SparsityStep, sparsitySteps } from "./sparsity-steps";
export { type StackKind, stackKinds } from "./stack-kinds";
export { type StartedLayer, startedLayers } from "./started-layers";
export {
  type Deployment,
  deepGemmRows,
  deployments,
  megaMoeRows,
  publishedExpertCounts,
  publishedImbalance,
  rowGathers,
  tmaSweeps,
  trainTraceDurations,
  trainTraceKernels,
} from "./tables";
export {
  type ExchangeProcessors,
  exchangesByInitiator,
  exchangesByProcessors,
  type HostCopy,
  hostCopies,
  type MessageRate,
  messageRates,
  type Parallelism,
  type PeerCopy,
  type PublishedExchange,
  peerCopyBlocks,
  peerCopySizes,
  publishedExchanges,
  publishedParallelism,
  type StartedExchange,
} from "./transfers";
