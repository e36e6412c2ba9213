import { requirePositiveInteger } from "../checks";
import type { Hardware } from "../machine/hardware";
import { isMoe, type Model } from "../model/model";

/** FP8 out and BF16 back: bytes an element of a token that goes to an expert and returns. */
const bytesThereAndBack = 3;

/**
 * FLOPs that an expert spends on each byte its token travels: the most that a machine may have for the travel to hide.
 *
 *     2 expertMatrices h d / (3 h) = 2 d with three matrices
 *
 * Width and number of experts per token cancel. Arithmetic and travel are taken to overlap perfectly and at full rate;
 * anything less needs more FLOPs per byte, so this is the best case.
 *
 * @throws RangeError when a size is not a positive integer.
 * @source DeepSeek-V4 technical report (2026), arXiv:2606.19348
 * @example hidingFlopsPerByte(2048) // 4,096
 */
export function hidingFlopsPerByte(moeIntermediateSize: number, expertMatrices = 3): number {
  requirePositiveInteger("moeIntermediateSize", moeIntermediateSize);
  requirePositiveInteger("expertMatrices", expertMatrices);
  return (2 * expertMatrices * moeIntermediateSize) / bytesThereAndBack;
}

/** Which link tokens travel on. */
export type HidingLink = "scale-up" | "network";

/**
 * FLOPs that a machine does in the time of one byte over its link, at datasheet rates.
 *
 * Undefined when it has no FP8 or no such link.
 *
 * @example machineFlopsPerByte(hardware("h800-sxm"), "network")
 */
export function machineFlopsPerByte(hardware: Hardware, link: HidingLink): number | undefined {
  const flops = hardware.peakFlopsPerSecond.fp8;
  const bytes = link === "scale-up" ? hardware.scaleUpBytesPerSecond : hardware.networkBytesPerSecond;
  return flops === undefined || bytes === undefined ? undefined : flops / bytes;
}

/**
 * Whether travel can hide behind the experts' arithmetic: hidingFlopsPerByte at least machineFlopsPerByte.
 *
 * @example hides(model("deepseek-v3"), hardware("h800-sxm"), "scale-up")
 */
export function hides(model: Model, hardware: Hardware, link: HidingLink): boolean | undefined {
  const machine = machineFlopsPerByte(hardware, link);
  return machine === undefined || !isMoe(model)
    ? undefined
    : hidingFlopsPerByte(model.moeIntermediateSize, model.expertMatrices) >= machine;
}

/**
 * How finely the feed-forward part is cut: 2 h / d, as the law of Ling counts it.
 *
 * @throws RangeError when a size is not a positive integer.
 */
export function granularity(model: Pick<Model, "hiddenSize" | "moeIntermediateSize">): number {
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("moeIntermediateSize", model.moeIntermediateSize);
  return (2 * model.hiddenSize) / model.moeIntermediateSize;
}

/** Routed experts for each that a token uses. */
export function sparsity(model: Pick<Model, "routedExperts" | "expertsPerToken">): number {
  requirePositiveInteger("expertsPerToken", model.expertsPerToken);
  return model.routedExperts / model.expertsPerToken;
}

/** One machine's line: experts at least this wide hide their tokens' travel. */
export interface WidthLine {
  readonly hardware: Hardware;
  readonly link: HidingLink;
  readonly width: number;
}

/**
 * Widths from which travel hides, for the machines that have FP8 and the link.
 *
 * @example widthLines([[hardware("h800-sxm"), "network"]])[0]?.width
 */
export function widthLines(machines: readonly (readonly [Hardware, HidingLink])[]): readonly WidthLine[] {
  return machines.flatMap(([hardware, link]) => {
    const flopsPerByte = machineFlopsPerByte(hardware, link);
    return flopsPerByte === undefined ? [] : [{ hardware, link, width: flopsPerByte / hidingFlopsPerByte(1) }];
  });
}
