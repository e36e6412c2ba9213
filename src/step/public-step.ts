/** What `deepshock` gives of step/. Decode, prefill and training, their tasks, accesses, requests and worth; the search over deployments. */

export { backwardOverForward } from "./backward";
export {
  acceptedTokens,
  type DecodeStep,
  type DecodeStepQuestion,
  type DecodeTask,
  decodeSeconds,
  decodeStep,
  type TaskName,
} from "./decode";
export { type Access, type DecodeAccesses, decodeAccesses, shareInRunsUpTo, tileRowBytes } from "./decode-accesses";
export { type DurationShare, shareByDecade, type TimedTasks, timedTasks } from "./durations";
export { type AccessJoules, accessJoules, type Energy, type EnergyPart, energyOf, energyParts, type Range } from "./energy";
export { type EngineConstants, type EngineTime, engineTime } from "./engine";
export { fittingQuestion, fittingRequests } from "./fitting";
export { collectives as flowNames, type Flow, type FlowName, type Flows, stepFlows } from "./flows";
export { type GranularityPhase, granularityPhases, type PhasePoint } from "./granularity";
export { medianRun } from "./median-run";
export { type Footprint, type FootprintQuestion, memoryFootprint } from "./memory-footprint";
export { type MixerReading, type MixerRun, mixerRuns } from "./mixer-runs";
export { type PathPoint, pathPoints } from "./path-points";
export { messagePlane, type Plane, type PlaneColumn, type PlaneRow, rowsPlane, widthPlane } from "./planes";
export { type PrefillQuestion, type PrefillStep, prefillStep, timeToFirstToken } from "./prefill";
export { type Engine, engines, type ResolvedQuestion, resolveQuestion, type StepQuestion } from "./question";
export {
  type Binding,
  bindingLimit,
  type RequestStream,
  requestStreams,
  type StreamQuestion,
  type Tier,
  type TierLimit,
} from "./requests";
export { arithmeticOf, type MachineQuestion, type ResourceName, resourceNames, resources, type Scale, speedOf } from "./resources";
export {
  type Deployment as FoundDeployment,
  type SearchLimits,
  type SearchQuestion,
  type SearchResult,
  searchDeployments,
} from "./search/search";
export { gpuCounts } from "./search/splits";
export { type Fusion, kernelCount, type LaunchShare, launchShare } from "./starts";
export { type StepParts, stepParts } from "./stretched";
export {
  flashLimits,
  gpuPostedLimit,
  measuredPaths,
  memoryLimit,
  networkLimits,
  type RowMemory,
  rowBandwidth,
  rowMemory,
  scaleUpLimit,
} from "./tiers";
export { type TraceComparison, traceComparisons, tracedStep } from "./trace-check";
export { type Pass, type TrainingQuestion, type TrainingStep, type TrainingTask, trainingStep } from "./training";
export { busiestRank } from "./waiting";
export {
  type CapacityWorth,
  capacityWorth,
  elasticityOf,
  type FixedName,
  type Sides,
  type SizeWorth,
  type Worth,
  type WorthName,
  type WorthOptions,
  type WorthQuestion,
  worthOf,
} from "./worth";
export { fixedParts, sizeParts, worthOfPart } from "./worth-words";
