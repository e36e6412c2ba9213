/** What `deepshock` gives of kernels/. Products, roofline, families, the expert layer, cores of attention, launches, arrays. */

export { type ArrayCaps, type ArrayLimits, type ArrayMachine, arrayCaps, arrayMachines } from "./array-caps";
export { type AttentionOptions, type AttentionPlan, type AttentionPlanTime, attentionPlan } from "./attention/attention-plan";
export { type MixerQuestion, type MixerTime, mixerTime } from "./attention/mixer-time";
export { defaultExpertKernel, defaultExperts, layerKernel, loneKernel } from "./default-experts";
export { type MoeLayerQuestion, type MoeLayerTime, moeLayerTime } from "./expert-layer";
export { type ExpertOn, type ExpertSeconds, expertSeconds, expertTaskTime, rowsAt, sameExpert } from "./expert-task";
export { defaultKernel, type KernelFamily, kernelFamily, kernels } from "./families";
export {
  bf16Bytes,
  type ExpertShape,
  expertGemms,
  expertWork,
  type Gemm,
  type GemmBytes,
  gemmWork,
  paddedLength,
  tileUtilisation,
} from "./gemm";
export { type Launch, type LaunchMode, launch, launchEfficiency } from "./launch";
export { type DenseQuestion, type DenseTime, denseGemmTime } from "./product";
export { type Bound, datasheetRates, type Rates, type Roofline, ridgePoint, ridgeRows, roofline, type Work } from "./roofline";
export { type SystolicArray, type SystolicQuestion, swapOperands, systolicCycles, systolicUtilisation } from "./systolic";
