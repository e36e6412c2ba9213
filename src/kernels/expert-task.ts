import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { meanTokensPerExpert } from "../routing/uniform";
import { expertTaskTime, moeLayerTime } from "./expert-layer";
import type { ExpertShape } from "./gemm";

/** One line of the figure: an expert of a model on a machine, by one kernel. */
export interface ExpertOn {
  readonly model: Model;
  readonly hardware: Hardware;
  /** The kernel that computes a full layer. */
  readonly kernel: string;
  /** The kernel that computes an expert alone on its GPU, as in wide expert parallelism. */
  readonly aloneKernel: string;
  readonly weightFormat: string;
}

/** The time of one expert's task at some rows: the least possible, as a share of a full layer, and as the only task there is. */
export interface ExpertSeconds {
  readonly floorSeconds: number;
  readonly shareOfLayerSeconds: number;
  readonly aloneSeconds: number;
}

/**
 * Three times of one expert: floor, its share of a layer in which every expert has as many rows, and alone.
 *
 * The share is layer time over experts: throughput. Alone includes what a layer's kernels cost once: latency.
 *
 * @example expertSeconds({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"),
 *   kernel: layerKernel(hardware("h100-sxm"), "fp8_block"), aloneKernel: loneKernel(hardware("h100-sxm"), "fp8_block"),
 *   weightFormat: "fp8_block" }, 128).floorSeconds
 */
export function expertSeconds({ model, hardware, kernel, aloneKernel, weightFormat }: ExpertOn, rows: number): ExpertSeconds {
  const alone = expertTaskTime({ model, hardware, kernel: aloneKernel, weightFormat, rows });
  const tokens = Math.max(1, Math.round((rows * model.routedExperts) / model.expertsPerToken));
  const layer = moeLayerTime({ model, hardware, kernel, weightFormat, tokens, routing: "even" });
  return { floorSeconds: alone.floorSeconds, shareOfLayerSeconds: layer.seconds / layer.activeExperts, aloneSeconds: alone.seconds };
}

/**
 * Tokens at each expert for so many in flight, as a whole number of rows.
 *
 * @example rowsAt({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), kernel: "deepgemm",
 *   aloneKernel: "deepgemm", weightFormat: "fp8_block" }, 6144) // 192
 */
export function rowsAt(e: ExpertOn, tokensInFlight: number): number {
  return Math.max(1, Math.round(meanTokensPerExpert(tokensInFlight, e.model)));
}

/**
 * Whether two experts have the same two widths.
 *
 * @example sameExpert(model("deepseek-v3"), model("kimi-k2")) // true
 */
export function sameExpert(a: ExpertShape, b: ExpertShape): boolean {
  return (a.expertHiddenSize ?? a.hiddenSize) === (b.expertHiddenSize ?? b.hiddenSize) && a.moeIntermediateSize === b.moeIntermediateSize;
}
