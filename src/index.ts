// Facts: units, formats, and what is released and published.
export { isUnit, toBase, type Unit } from "./units";
export { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "./text/numbers";
export {
  type NumberFormat,
  weightFormat,
  type WeightFormat,
  type WeightFormatName,
  weightFormatNames,
  weightFormatWords,
} from "./machine/number-formats";
export { isMoe, type Model, type MoeLayerShape } from "./model/model";
export { addModel, model, models } from "./model/registry";
export { ConfigError, type ConfigOptions, modelFromConfig, modelFromConfigText } from "./model/config/read-config";
export { hardware, type Hardware, machines, type TimeName, timeNames } from "./machine/hardware";
export { type Dram, dram, drams } from "./machine/dram";
export { type Link, links } from "./machine/link-facts";
export { glossary, type Term } from "./data/glossary";
export { type Source, source, sources } from "./data/sources";
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
  trainTraceKernels,
} from "./published/tables";
export { type MoeMeasurement, moeMeasurements } from "./published/layer-times";

// Routing: who gets how many tokens.
export {
  expertLoad,
  type ExpertLoad,
  idleExpertShare,
  meanTokensPerExpert,
  type Router,
  simulateUniformRouting,
  tokensForMean,
} from "./routing/uniform";
export { type RankLoad, rankLoad } from "./routing/rank-load";
export { imbalance, type Imbalance } from "./routing/imbalance";
export { type Balance, type BalanceQuestion, simulateBalance } from "./routing/balance-simulation";
export { balanceGain, deviceImbalance, deviceLoads, placeExperts, placeInOrder, type Placement } from "./routing/placement";
export { drawPopularity, drawRows } from "./routing/popularity";
export { balanceGains, publishedRankBalance } from "./published/balanced-runs";

// Tasks: shapes, lower bounds, estimates.
export { expertParameters, parameterCount, type ParameterCount } from "./model/parameters";
export { type WeightMatrix, weightMatrices } from "./model/matrices";
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
} from "./kernels/gemm";
export { type Bound, datasheetRates, type Rates, ridgePoint, ridgeRows, roofline, type Roofline, type Work } from "./kernels/roofline";
export { defaultKernel, type KernelFamily, kernelFamily, kernels } from "./kernels/families";
export { type DenseQuestion, denseGemmTime, type DenseTime } from "./kernels/product";
export { type AttentionOptions, type AttentionPlan, attentionPlan, type AttentionPlanTime } from "./kernels/attention/attention-plan";
export { mixerTime, type MixerQuestion, type MixerTime } from "./kernels/attention/mixer-time";
export { type AttentionMeasurement, attentionTimes } from "./published/attention-times";
export { type StackKind, stackKinds } from "./published/stack-kinds";
export { type StartedLayer, startedLayers } from "./published/started-layers";
export { moeLayerTime, type MoeLayerQuestion, type MoeLayerTime } from "./kernels/expert-layer";
export { expertTaskTime } from "./kernels/expert-task";
export {
  acceptedTokens,
  decodeSeconds,
  type DecodeStep,
  decodeStep,
  type DecodeStepQuestion,
  type DecodeTask,
  type TaskName,
} from "./step/decode";
export { busiestRank } from "./step/waiting";
export { type PrefillQuestion, type PrefillStep, prefillStep, timeToFirstToken } from "./step/prefill";
export { type Pass, type TrainingQuestion, type TrainingStep, trainingStep, type TrainingTask } from "./step/training";
export { backwardOverForward } from "./step/backward";
export { type TraceComparison, traceComparisons, tracedStep } from "./step/trace-check";
export { collectives as flowNames, type Flow, type FlowName, type Flows, stepFlows } from "./step/flows";
export { engineTime, type EngineConstants, type EngineTime } from "./step/engine";
export { type DeploymentRow, deploymentRows, type DeploymentUse } from "./published/deployment-rows";
export { defaultExpertKernel, defaultExperts } from "./kernels/default-experts";
export { type Engine, engines, type ResolvedQuestion, resolveQuestion, type StepQuestion } from "./step/question";
export {
  type Deployment as FoundDeployment,
  searchDeployments,
  type SearchLimits,
  type SearchQuestion,
  type SearchResult,
} from "./step/search/search";
export { gpuCounts } from "./step/search/splits";
export { decoder } from "./model/decoder";
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
} from "./model/blocks";
export type { ModelFormats, ModelParts, StackSummary } from "./model/model";
export { mixerKept, mixerLabel, mixerMatrices, mixerWork } from "./model/mixers/mixers";
export type { BlockMatrix, Kept, MixerQuestion as MixerWorkQuestion, MixerWork } from "./model/mixers/rules";
export { type ServedFormats, servedFormats } from "./model/served-formats";
export { withSelection } from "./model/selection";
export { type CacheFormatName, cacheFormat } from "./machine/number-formats";
export { type DurationShare, shareByDecade, timedTasks, type TimedTasks } from "./step/durations";

// Worth: what each part of a machine gives a step, and machines and models that do not exist.
export {
  capacityWorth,
  type CapacityWorth,
  elasticityOf,
  type FixedName,
  type Sides,
  type SizeWorth,
  type Worth,
  type WorthName,
  type WorthOptions,
  worthOf,
  type WorthQuestion,
} from "./step/worth";
export { type AccessJoules, accessJoules, type Energy, energyOf, type EnergyPart, energyParts, type Range } from "./step/energy";
export { messagePlane, type Plane, type PlaneColumn, type PlaneRow, rowsPlane, widthPlane } from "./step/planes";
export { fittingQuestion, fittingRequests } from "./step/fitting";
export { type GranularityPhase, granularityPhases, type PhasePoint } from "./step/granularity";
export { fixedParts, sizeParts, worthOfPart } from "./step/worth-words";
export { arithmeticOf, type MachineQuestion, type ResourceName, resourceNames, resources, type Scale, speedOf } from "./step/resources";
export { type Change as HardwareChange, type HardwareChanges, whatIfHardware } from "./machine/what-if-hardware";
export { type ModelChanges, whatIfModel } from "./model/what-if-model";

// Links and launches: what moves tokens, and what starting costs.
export { type CollectiveQuestion, collectiveTime, type CollectiveTime } from "./network/collective";
export type { Collective } from "./network/collective-ways";
export { expertExchangeTime, type ExchangeQuestion, type ExchangeTime } from "./network/exchange";
export { launch, type Launch, launchEfficiency, type LaunchMode } from "./kernels/launch";

// Arrays: what a matrix unit makes of few rows.
export { arrayCaps, type ArrayCaps, type ArrayLimits, type ArrayMachine, arrayMachines } from "./kernels/array-caps";
export { swapOperands, type SystolicArray, systolicCycles, type SystolicQuestion, systolicUtilisation } from "./kernels/systolic";
export { simulatedCycles, tensorCoreTiles, trainingPairs } from "./published/matrix-units";

// Starts: what beginning kernels costs.
export { type Fusion, kernelCount, launchShare, type LaunchShare } from "./step/starts";
export { decodeFusions, type FusedExperts, fusedExperts, trainTraceGaps } from "./published/fused-kernels";

// Memory: run lengths and what they cost.
export { accessFact } from "./data/accesses";
export { type MixerReading, type MixerRun, mixerRuns } from "./step/mixer-runs";
export { type Access, decodeAccesses, type DecodeAccesses, tileRowBytes } from "./step/decode-accesses";
export { accessEfficiency, inFlightBandwidth, randomAccessBandwidth, requestsInFlight, requestsPerSecond } from "./machine/random-access";

// Trust: what the model says beside what was measured.
export {
  type DecodeComparison,
  decodeComparisons,
  type JudgedRow,
  judgedRows,
  linkErrors,
  type PrefillComparison,
  prefillComparisons,
  relativeError,
  statedErrors,
  worstRows,
} from "./fit/validation";

// Cutting: what one GPU of a tensor-parallel group holds, and what must fit its memory.
export { allReduceTime } from "./network/all-reduce";
export { cutBlock, type Cut, tensorParallelShard } from "./model/shard";
export { type Footprint, type FootprintQuestion, memoryFootprint } from "./step/memory-footprint";

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
} from "./network/split";
export { type SplitTime, splitTime, type SplitTimeQuestion } from "./network/split-time";
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
} from "./published/transfers";

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
} from "./network/message-path";
export { computeGivenBack, processorShare } from "./network/processor-tax";
export {
  type Binding,
  bindingLimit,
  type RequestStream,
  requestStreams,
  type StreamQuestion,
  type Tier,
  type TierLimit,
} from "./step/requests";
export {
  flashLimits,
  measuredPaths,
  memoryLimit,
  networkLimits,
  type RowMemory,
  rowBandwidth,
  rowMemory,
  scaleUpLimit,
} from "./step/tiers";
export { type ReachedNetwork, reachedOverNetwork } from "./published/reached-network";
export { medianRun } from "./step/median-run";

// Published set-ups, and what moves tokens in them.
export { type DeploymentSource, deploymentSources } from "./published/deployment-sources";
export { type DeploymentClass, type DeploymentPhase, publishedSetUps, type SetUp, setUpClassWords } from "./published/deployments";
export { type ExchangePath, exchangePaths } from "./published/exchange-paths";

// Claims: all sixteen in parts, judged then and now.
export * from "./claims/index";

// What comes next: widths that hide communication, laws of sparsity, layers at both ends.
export {
  granularity,
  hides,
  type HidingLink,
  hidingFlopsPerByte,
  machineFlopsPerByte,
  sparsity,
  type WidthLine,
  widthLines,
} from "./network/hiding";
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

// Figures: numbers in, picture and caption out.
export type { Choice, Figure } from "./figures/figure";
export { claimsOverTimeFigure } from "./figures/claims-over-time";
export { partsFigure } from "./figures/parts";
export { accessBandwidthFigure } from "./figures/access-bandwidth";
export { tmaBounds } from "./published/access-sweeps";
export { accessLadderFigure, accessRungs } from "./figures/access-ladder";
export { contextGrowthFigure, type ContextPoint, contextPoints } from "./figures/context-growth";
export { cumulativeErrorFigure } from "./figures/cumulative-error";
export { errorByFigure } from "./figures/error-by";
export { exchangeInitiatorsFigure, proxyPenalty, startedDispatches } from "./figures/exchange-initiators";
export { exchangeProcessorsFigure, processorRows } from "./figures/exchange-processors";
export { transferSizesFigure } from "./figures/transfer-sizes";
export { hostCrossings, hostPaths, type HostPoint, hostPoints } from "./published/host-paths";
export { expertPlaneFigure } from "./figures/expert-plane";
export { endsOf, layerEndsFigure, shownLayers } from "./figures/layer-ends";
export { sparsityLawsFigure } from "./figures/sparsity-laws";
export { optimalGranularity, type SparsityStep, sparsitySteps } from "./published/sparsity-steps";
export { messageRatesFigure } from "./figures/message-rates";
export { type PathPoint, pathPoints } from "./step/path-points";
export { requestStreamsFigure } from "./figures/request-streams";
export { type NamedStreams, requestsBesideFigure } from "./figures/requests-beside";
export { type ParallelBytes, parallelBytes, parallelBytesFigure } from "./figures/parallel-bytes";
export { type JudgedExchange, judgedExchanges } from "./fit/judged-exchanges";
export { parallelTimeFigure } from "./figures/parallel-time";
export { parallelTimelineFigure } from "./figures/parallel-timeline";
export { parityFigure } from "./figures/parity";
export { measuredSteps, stepParityFigure, worstSteps } from "./figures/step-parity";
export { type StatedAttentionError, statedAttentionErrors, statedStepErrors } from "./fit/stated-step-errors";
export type { StepError } from "./fit/step-tables";
export { type StatedEngineTime, statedEngineTimes } from "./fit/engine-times";
export { type EnginePair, enginePairs, type EngineYardstick, engineYardstick } from "./fit/engine-pairs";
export { type WorstReason, worstReasons } from "./fit/worst-reasons";
export { type AttentionErrorGroup, attentionErrorGroups } from "./fit/attention-error-groups";
export { type LayerErrorSize, layerErrorSizes } from "./fit/layer-error-sizes";
export { type LayerParts, oursOnSet, type PeerError, peerErrors, type PeerParts, peerParts } from "./fit/peers";
export { type FirstToken, firstTokens } from "./fit/first-tokens";
export { type LayerModule, layerModules } from "./fit/layer-modules";
export {
  calibrate,
  calibratedSeconds,
  calibratedStep,
  type CalibratedRow,
  type Calibration,
  type CalibrationOptions,
  type MeasuredPart,
  type MeasuredStep,
} from "./fit/calibration";
export { calibratedMachine } from "./machine/calibrated-machine";
export {
  calibratedNames,
  calibratedParts,
  type CalibratedName,
  type CalibratedPart,
  noFactors,
  type StepFactors,
} from "./machine/step-factors";
export { type StepParts, stepParts } from "./step/stretched";
export {
  exampleStepCsv,
  type LeftOutRow,
  type MeasuredRow,
  readStepCsv,
  readStepRows,
  type StepCsvOptions,
  type TimeUnit,
} from "./fit/step-csv";
export { deploymentQuestion, type StepPair, stepPairs } from "./fit/step-rows";
export { differingWords, type LikeSteps, likeSteps, type MachinePair, machinePairs, pairErrors, type StepRatio } from "./fit/machine-pairs";
export { durationsFigure } from "./figures/duration-histogram";
export { expertLoadFigure } from "./figures/expert-load";
export { layerDrawingFigure } from "./figures/token-path";
export { releases } from "./model/release-sizes";
export { releasesFigure } from "./figures/releases";
export { runLengthsFigure } from "./figures/run-lengths";
export { shareInRunsUpTo } from "./step/decode-accesses";
export { type ExpertOn, type ExpertSeconds, expertSeconds, rowsAt, sameExpert } from "./kernels/expert-task";
export { layerKernel, loneKernel } from "./kernels/default-experts";
export { measuredTasks } from "./published/expert-tasks";
export { taskTimeFigure } from "./figures/task-time";
export { tokensPerExpertFigure } from "./figures/tokens-per-expert";
export { arrayCapsFigure } from "./figures/array-cap-lines";
export { systolicUtilisationFigure, utilisationBy } from "./figures/systolic-utilisation";
export { tensorCoreTileFigure, tileShares } from "./figures/tensor-core-tile";
export { trainingRatioFigure } from "./figures/training-ratio";
export { fusionGainFigure } from "./figures/fusion-gain";
export { launchEfficiencyFigure } from "./figures/launch-efficiency";
export { launchShareFigure } from "./figures/launch-share";
export { prefillStartsFigure, type StartPlace, type StartShares, startShares } from "./figures/prefill-starts";
export { balanceGainsFigure } from "./figures/balance-gains";
export { imbalanceByTokensFigure } from "./figures/imbalance-by-tokens";
export { placementFigure } from "./figures/placement-loads";
export { type NamedFlows, stepFlowsFigure } from "./figures/step-flows";
export { type ServedModel, worthParts, type WorthRow, worthRows, worthSharesFigure } from "./figures/worth-shares";
export { energyWords, worthEnergyFigure } from "./figures/worth-energy";
export { worthPairsFigure } from "./figures/worth-pairs";
export { type PlaneWords, worthPlaneFigure } from "./figures/worth-planes";
export { type GranularityPoint, granularitySweep, granularityWorthFigure } from "./figures/granularity-worth";

// The front page: the argument in six sentences, and the article's three figures.
export {
  argument,
  frontAnswer,
  frontErrors,
  type FrontErrors,
  frontFigures,
  frontLayer,
  type FrontQuestion,
  frontWorth,
  howSure,
  nearBorders,
  trustText,
  verdictCounts,
  verdictsText,
} from "./front-page";
export { type Drawing, layerDrawing } from "./figures/layer-drawing";
export { type WorthBar, type WorthShift, worthShift } from "./figures/worth-shift";
