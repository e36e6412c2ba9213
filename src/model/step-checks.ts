import { requireNonNegative, requirePositive, requirePositiveInteger } from "../checks";
import type { Hardware } from "../machine/hardware";
import { isMoe, type Model } from "./model";

/**
 * Refuse a model whose dimensions no decode step can be computed for.
 *
 * Models of the registry pass; this is for those put together by hand.
 *
 * @throws RangeError naming the field.
 */
export function requireStepModel(m: Model): void {
  for (const field of ["layers", "hiddenSize", "attentionHeads", "keyValueHeads", "headDim", "valueHeadDim", "vocabSize"] as const)
    requirePositiveInteger(field, m[field]);
  for (const field of ["moeLayers", "routedExperts", "intermediateSize"] as const) requireWhole(field, m[field]);
  if (m.moeLayers > m.layers) throw new RangeError(`moeLayers must be at most layers (${m.layers}), got ${m.moeLayers}`);
  if (m.intermediateSize > 0) requirePositiveInteger("ffnMatrices", m.ffnMatrices);
  if (m.moeLayers > 0) requireExperts(m);
  const { kvLoraRank, qkRopeHeadDim = 0, qLoraRank } = m;
  if (qLoraRank !== undefined) requirePositiveInteger("qLoraRank", qLoraRank);
  if (kvLoraRank === undefined) return;
  requirePositiveInteger("kvLoraRank", kvLoraRank);
  requireWhole("qkRopeHeadDim", qkRopeHeadDim);
  if (qkRopeHeadDim >= m.headDim) throw new RangeError(`qkRopeHeadDim must be below headDim (${m.headDim}), got ${qkRopeHeadDim}`);
}

/**
 * Refuse a machine whose rates no time can be computed from.
 *
 * @throws RangeError naming the field.
 */
export function requireRates(hardware: Hardware): void {
  requirePositive("memoryBytesPerSecond", hardware.memoryBytesPerSecond);
  for (const [format, peak] of Object.entries(hardware.peakFlopsPerSecond)) requirePositive(`peakFlopsPerSecond.${format}`, peak);
  for (const field of ["scaleUpBytesPerSecond", "networkBytesPerSecond"] as const) {
    const rate = hardware[field];
    if (rate !== undefined) requirePositive(field, rate);
  }
  for (const field of ["processors", "scaleUpDomain"] as const) {
    const count = hardware[field];
    if (count !== undefined) requirePositiveInteger(field, count);
  }
}

function requireExperts(m: Model): void {
  if (!isMoe(m)) throw new RangeError(`routedExperts must be at least 1 with ${m.moeLayers} moeLayers, got ${m.routedExperts}`);
  for (const field of ["expertsPerToken", "moeIntermediateSize", "expertHiddenSize", "expertMatrices"] as const)
    requirePositiveInteger(field, m[field]);
  for (const field of ["sharedIntermediateSize", "parallelIntermediateSize"] as const) requireWhole(field, m[field]);
}

function requireWhole(name: string, value: number): void {
  requireNonNegative(name, value);
  if (!Number.isInteger(value)) throw new RangeError(`${name} must be a whole number, got ${value}`);
}
