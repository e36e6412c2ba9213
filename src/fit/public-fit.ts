/** What `deepshock` gives of fit/. What the model says beside what was measured. */

export { type AttentionErrorGroup, attentionErrorGroups } from "./attention-error-groups";
export {
  type CalibratedRow,
  type Calibration,
  type CalibrationOptions,
  calibrate,
  calibratedSeconds,
  calibratedStep,
  type MeasuredPart,
  type MeasuredStep,
} from "./calibration";
export { type EnginePair, type EngineYardstick, enginePairs, engineYardstick } from "./engine-pairs";
export { type StatedEngineTime, statedEngineTimes } from "./engine-times";
export { type FirstToken, firstTokens } from "./first-tokens";
export { type JudgedExchange, judgedExchanges } from "./judged-exchanges";
export { type LayerErrorSize, layerErrorSizes } from "./layer-error-sizes";
export { type LayerModule, layerModules } from "./layer-modules";
export { differingWords, type LikeSteps, likeSteps, type MachinePair, machinePairs, pairErrors, type StepRatio } from "./machine-pairs";
export { type LayerParts, oursOnSet, type PeerError, type PeerParts, peerErrors, peerParts } from "./peers";
export { type StatedAttentionError, statedAttentionErrors, statedStepErrors } from "./stated-step-errors";
export {
  exampleStepCsv,
  type LeftOutRow,
  type MeasuredRow,
  readStepCsv,
  readStepRows,
  type StepCsvOptions,
  type TimeUnit,
} from "./step-csv";
export { deploymentQuestion, type StepPair, stepPairs } from "./step-rows";
export type { StepError } from "./step-tables";
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
export { type WorstReason, worstReasons } from "./worst-reasons";
