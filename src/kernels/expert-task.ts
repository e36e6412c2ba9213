import { requirePositiveInteger, requireRecord } from "../checks";
import { requireMachine } from "../machine/check-rates";
import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { meanTokensPerExpert } from "../routing/uniform";
import { type MoeLayerTime, moeLayerTime, type RoutedShape } from "./expert-layer";
import { defaultKernel } from "./families";
import type { ExpertShape } from "./gemm";

/** The task of one expert: two products, up and gate [rows, 2 d, h], then down [rows, h, d]. */
export interface ExpertTaskQuestion {
  readonly model: Pick<RoutedShape, "hiddenSize" | "moeIntermediateSize" | "expertHiddenSize">;
  readonly hardware: Hardware;
  readonly kernel?: string;
  readonly weightFormat?: string;
  /** Tokens at this expert. */
  readonly rows: number;
}

/**
 * Time the task of one expert, alone on the GPU.
 *
 * The layer's formula with one active expert and the rows it gets. Its fixed cost is the cost of a whole layer's
 * kernels (routing, permutation, both products, activation, sum), which a layer of many experts pays once: so
 * `overheadSeconds` is latency of a lone task, not its share of a full layer's time.
 *
 * @throws RangeError as moeLayerTime.
 */
export function expertTaskTime({ model, hardware, kernel, weightFormat, rows }: ExpertTaskQuestion): MoeLayerTime {
  requirePositiveInteger("rows", rows);
  requireRecord("model", model, "a model, or a shape with hiddenSize and moeIntermediateSize");
  requireMachine(hardware);
  const chosen = defaultKernel(hardware);
  const shape = { ...model, routedExperts: 1, expertsPerToken: 1 };
  return moeLayerTime({
    model: shape,
    hardware,
    kernel: kernel === undefined ? chosen.kernel : kernel,
    weightFormat: weightFormat === undefined ? chosen.weightFormat : weightFormat,
    tokens: rows,
    // Its weights come from memory: other experts have run since.
    cache: "cold",
  });
}

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
