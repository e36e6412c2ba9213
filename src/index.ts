// Facts: units, formats, and what is released and published.
export { isUnit, toBase, type Unit } from "./units";
export { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "./format";
export { type NumberFormat, weightFormat, type WeightFormat, type WeightFormatName, weightFormatNames } from "./formats";
export { isMoe, model, type Model, models, type MoeLayerShape } from "./model";
export { hardware, type Hardware, machines } from "./hardware";
export { type Dram, dram, drams } from "./dram";
export { type Link, links } from "./links";
export { type Source, source, sources } from "./sources";
export { type Deployment, deployments, deepGemmRows, megaMoeRows, publishedExpertCounts, publishedImbalance, rowGathers, tmaSweeps, trainTraceDurations } from "./published";
export { type MoeMeasurement, moeMeasurements } from "./measurements";

// Routing: who gets how many tokens.
export { expertLoad, type ExpertLoad, idleExpertShare, meanTokensPerExpert, type Router, simulateUniformRouting, tokensForMean } from "./routing";
export { type RankLoad, rankLoad } from "./skew";
export { imbalance, type Imbalance } from "./imbalance";

// Tasks: shapes, lower bounds, estimates.
export { expertParameters, parameterCount, type ParameterCount } from "./parameters";
export { type WeightMatrix, weightMatrices } from "./weights";
export { bf16Bytes, expertGemms, type ExpertShape, expertWork, type Gemm, type GemmBytes, gemmWork, paddedLength, tileUtilisation } from "./gemm";
export { type Bound, datasheetRates, type Rates, ridgePoint, ridgeRows, roofline, type Roofline, type Work } from "./roofline";
export { defaultKernel, type KernelFamily, kernelFamily, kernels } from "./kernel";
export { expertTaskTime, moeLayerTime, type MoeLayerQuestion, type MoeLayerTime } from "./layer";
export { type DecodeStep, decodeStep, type DecodeStepQuestion, type DecodeTask } from "./step";
export { type DurationShare, shareByDecade, timedTasks, type TimedTasks } from "./durations";

// Memory: run lengths and what they cost.
export { type Access, accessFact, decodeAccesses, type DecodeAccesses, tileRowBytes } from "./access";
export { accessEfficiency, inFlightBandwidth, randomAccessBandwidth, requestsInFlight, requestsPerSecond } from "./memory";

// Trust: what the model says beside what was measured.
export { type DecodeComparison, decodeComparisons, type JudgedRow, judgedRows, linkErrors, relativeError, statedErrors, worstRows } from "./validation";

export { type Condition, type Verdict, verdictOf } from "./verdict";

// Figures: numbers in, picture and caption out.
export type { Figure } from "./figures/figure";
export { accessBandwidthFigure, tmaBounds } from "./figures/access-bandwidth";
export { accessLadderFigure, accessRungs } from "./figures/access-ladder";
export { cumulativeErrorFigure } from "./figures/cumulative-error";
export { errorByFigure } from "./figures/error-by";
export { parityFigure } from "./figures/parity";
export { durationsFigure } from "./figures/durations";
export { expertLoadFigure } from "./figures/expert-load";
export { releases, releasesFigure } from "./figures/releases";
export { runLengthsFigure, shareInRunsUpTo } from "./figures/run-lengths";
export { type ExpertOn, expertSeconds, layerKernel, loneKernel, measuredTasks, rowsAt, sameExpert, taskTimeFigure } from "./figures/task-time";
export { tokensPerExpertFigure } from "./figures/tokens-per-expert";
