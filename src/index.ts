export { imbalance, type Imbalance } from "./imbalance";
export { expertLoad, type ExpertLoad, idleExpertShare, meanTokensPerExpert, type Router, simulateUniformRouting, tokensForMean } from "./routing";
export { bf16Bytes, type ExpertShape, expertGemms, expertWork, type Gemm, type GemmBytes, gemmWork, paddedLength, tileUtilisation } from "./gemm";
export { type Bound, datasheetRates, type Rates, ridgePoint, ridgeRows, type Roofline, roofline, type Work } from "./roofline";
