// Facts: units, formats, and what is released and published.
export { isUnit, toBase, type Unit } from "./units";
export { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "./format";
export { type NumberFormat, weightFormat, type WeightFormat, type WeightFormatName, weightFormatNames } from "./formats";
export { addModel, isMoe, model, type Model, models, type MoeLayerShape } from "./model";
export { ConfigError, type ConfigOptions, modelFromConfig, modelFromConfigText } from "./config";
export { hardware, type Hardware, machines } from "./hardware";
export { type Dram, dram, drams } from "./dram";
export { type Link, links } from "./links";
export { type Source, source, sources } from "./sources";
export {
  type Deployment,
  deployments,
  deepGemmRows,
  megaMoeRows,
  publishedExpertCounts,
  publishedImbalance,
  rowGathers,
  tmaSweeps,
  trainTraceDurations,
} from "./published/tables";
export { type MoeMeasurement, moeMeasurements } from "./measurements";

// Routing: who gets how many tokens.
export {
  expertLoad,
  type ExpertLoad,
  idleExpertShare,
  meanTokensPerExpert,
  type Router,
  simulateUniformRouting,
  tokensForMean,
} from "./routing";
export { type RankLoad, rankLoad } from "./skew";
export { imbalance, type Imbalance } from "./imbalance";
export { type Balance, type BalanceQuestion, simulateBalance } from "./balance";
export { balanceGain, deviceImbalance, deviceLoads, placeExperts, placeInOrder, type Placement } from "./placement";
export { drawPopularity, drawRows } from "./skewed-routing";
export { balanceGains, publishedRankBalance } from "./published/balance";
export { balanceConditions } from "./claims/conditions-balance";

// Tasks: shapes, lower bounds, estimates.
export { expertParameters, parameterCount, type ParameterCount } from "./parameters";
export { type WeightMatrix, weightMatrices } from "./weights";
export {
  bf16Bytes,
  expertGemms,
  type ExpertShape,
  expertWork,
  type Gemm,
  type GemmBytes,
  gemmWork,
  paddedLength,
  tileUtilisation,
} from "./gemm";
export { type Bound, datasheetRates, type Rates, ridgePoint, ridgeRows, roofline, type Roofline, type Work } from "./roofline";
export { defaultKernel, type KernelFamily, kernelFamily, kernels } from "./kernel";
export { type DenseQuestion, denseGemmTime, type DenseTime } from "./dense";
export { attentionTime, type AttentionTime, attentionWork } from "./attention";
export { expertTaskTime, moeLayerTime, type MoeLayerQuestion, type MoeLayerTime } from "./layer";
export { type DecodeStep, decodeStep, type DecodeStepQuestion, type DecodeTask, defaultExperts, type TaskName } from "./step";
export { type DurationShare, shareByDecade, timedTasks, type TimedTasks } from "./durations";

// Links and launches: what moves tokens, and what starting costs.
export { type Collective, type CollectiveQuestion, collectiveTime, type CollectiveTime } from "./collective";
export { expertExchangeTime, type ExchangeQuestion, type ExchangeTime } from "./dispatch";
export { launch, type Launch, launchEfficiency, type LaunchMode } from "./launch";

// Arrays: what a matrix unit makes of few rows.
export { arrayCaps, type ArrayCaps, type ArrayLimits, type ArrayMachine, arrayMachines } from "./array-caps";
export { swapOperands, type SystolicArray, systolicCycles, type SystolicQuestion, systolicUtilisation } from "./systolic";
export { simulatedCycles, tensorCoreTiles, trainingPairs } from "./published/arrays";
export { arrayConditions, gainOfHalfArray } from "./claims/conditions-arrays";

// Starts: what beginning kernels costs.
export { type Fusion, kernelCount, launchShare, type LaunchShare } from "./launch-share";
export { decodeFusions, type FusedExperts, fusedExperts, trainTraceGaps } from "./published/fusion";
export { launchConditions } from "./claims/conditions-launch";

// Memory: run lengths and what they cost.
export { type Access, accessFact, decodeAccesses, type DecodeAccesses, tileRowBytes } from "./access";
export { accessEfficiency, inFlightBandwidth, randomAccessBandwidth, requestsInFlight, requestsPerSecond } from "./memory";

// Trust: what the model says beside what was measured.
export {
  type DecodeComparison,
  decodeComparisons,
  type JudgedRow,
  judgedRows,
  linkErrors,
  relativeError,
  statedErrors,
  worstRows,
} from "./validation";

// Cutting: what one GPU of a tensor-parallel group holds, and what must fit its memory.
export { allReduceTime, shareOf, tensorParallelShard } from "./tensor-parallel";
export { type Footprint, type FootprintQuestion, memoryFootprint } from "./footprint";

// Splits: what tensor and expert parallelism send, and how long it takes.
export {
  crossingGpus,
  exchangeBytes,
  expertParallelTraffic,
  type SplitQuestion,
  type SplitShape,
  tensorParallelTraffic,
  type Traffic,
  widthLimit,
  wireSeconds,
} from "./parallel";
export { type SplitTime, splitTime, type SplitTimeQuestion } from "./parallel-time";
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
  peerCopyBlocks,
  peerCopySizes,
  type PublishedExchange,
  publishedExchanges,
  publishedParallelism,
  type StartedExchange,
} from "./published/links";
export { parallelConditions } from "./claims/conditions-parallel";

// Requests and transfers: how many a second, of what size, started and moved by whom.
export {
  breakEvenBytes,
  crossingBytes,
  type Initiator,
  type Mover,
  pathOfSweep,
  streamBytesPerSecond,
  type TransferPath,
  type TransferTime,
  transferTime,
} from "./transfer";
export { computeGivenBack, processorShare } from "./processor-tax";
export {
  type Binding,
  bindingLimit,
  type RequestStream,
  requestStreams,
  type StreamQuestion,
  type Tier,
  type TierLimit,
} from "./request-streams";
export {
  flashLimits,
  measuredPaths,
  memoryLimit,
  networkLimits,
  type RowMemory,
  rowBandwidth,
  rowMemory,
  scaleUpLimit,
} from "./tier-limits";
export { medianRun, type ReachedNetwork, reachedOverNetwork, requestConditions } from "./claims/conditions-requests";

// Claims: all sixteen as code, judged with what is not known exactly, then and now.
export {
  articleDay,
  type Claim,
  claim,
  claims,
  dependsOnScenario,
  type Evaluation,
  evidence,
  type Evidence,
  judgeClaim,
  judgement,
  type JudgeOptions,
  newestDay,
  type Scenario,
  scenarioAt,
  type Threshold,
} from "./claims";
export { bandWords, type ThenAndNow, thenAndNow, verdictTable } from "./claims/table";
export { probabilityWords, thresholdWords, valueWords } from "./claims/words";
export {
  defaultDraws,
  type Draw,
  drawParameters,
  type Influence,
  latinHypercube,
  type Parameter,
  propagate,
  rankCorrelation,
  type Spread,
  type Uncertain,
} from "./uncertainty";
// What comes next: widths that hide communication, laws of sparsity, layers at both ends.
export { granularity, hides, type HidingLink, hidingFlopsPerByte, machineFlopsPerByte, sparsity } from "./overlap-bound";
export {
  type FusedRate,
  fusedRates,
  layerEnds,
  type LayerEnds,
  type LayerKind,
  layerKind,
  type SparsityPoint,
  sparsityGains,
} from "./published/next";

export { type Condition, type Verdict, verdictOf } from "./verdict";

// Figures: numbers in, picture and caption out.
export type { Figure } from "./figures/figure";
export { accessBandwidthFigure, tmaBounds } from "./figures/access-bandwidth";
export { accessLadderFigure, accessRungs } from "./figures/access-ladder";
export { cumulativeErrorFigure } from "./figures/cumulative-error";
export { errorByFigure } from "./figures/error-by";
export { exchangeInitiatorsFigure, proxyPenalty, startedDispatches } from "./figures/exchange-initiators";
export { exchangeProcessorsFigure, processorRows } from "./figures/exchange-processors";
export { hostCrossings, hostPaths, type HostPoint, hostPoints, transferSizesFigure } from "./figures/transfer-sizes";
export { expertPlaneFigure, type WidthLine, widthLines } from "./figures/expert-plane";
export { endsOf, layerEndsFigure, shownLayers } from "./figures/layer-ends";
export { optimalGranularity, type SparsityStep, sparsityLawsFigure, sparsitySteps } from "./figures/sparsity-laws";
export { messageRatesFigure, type PathPoint, pathPoints } from "./figures/message-rates";
export { requestStreamsFigure } from "./figures/request-streams";
export { type ParallelBytes, parallelBytes, parallelBytesFigure } from "./figures/parallel-bytes";
export { type JudgedExchange, judgedExchanges, parallelTimeFigure } from "./figures/parallel-time";
export { parallelTimelineFigure } from "./figures/parallel-timeline";
export { parityFigure } from "./figures/parity";
export { durationsFigure } from "./figures/durations";
export { expertLoadFigure } from "./figures/expert-load";
export { releases, releasesFigure } from "./figures/releases";
export { runLengthsFigure, shareInRunsUpTo } from "./figures/run-lengths";
export {
  type ExpertOn,
  type ExpertSeconds,
  expertSeconds,
  layerKernel,
  loneKernel,
  measuredTasks,
  rowsAt,
  sameExpert,
  taskTimeFigure,
} from "./figures/task-time";
export { tokensPerExpertFigure } from "./figures/tokens-per-expert";
export { arrayCapsFigure } from "./figures/array-caps";
export { systolicUtilisationFigure, utilisationBy } from "./figures/systolic-utilisation";
export { tensorCoreTileFigure, tileShares } from "./figures/tensor-core-tile";
export { trainingRatioFigure } from "./figures/training-ratio";
export { probabilitiesFigure } from "./figures/probabilities";
export { tornadoFigure } from "./figures/tornado";
export { fusionGainFigure } from "./figures/fusion-gain";
export { launchEfficiencyFigure } from "./figures/launch-efficiency";
export { launchShareFigure } from "./figures/launch-share";
export { balanceGainsFigure } from "./figures/balance-gains";
export { imbalanceByTokensFigure } from "./figures/imbalance-by-tokens";
export { placementFigure } from "./figures/placement";

// The front page: the argument in six sentences, and the article's three figures.
export { argument, frontFigures, type FrontQuestion } from "./front-page";
