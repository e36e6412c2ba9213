import { at, lookedUp, number, oneOf, type Row, readRows, text } from "../data/rows";
import { isMoe, type Model } from "../model/model";
import { model } from "../model/registry";
import { toBase } from "../units";

/** FLOPs for the same loss at one sparsity, relative to the sparsest tried. */
export interface SparsityPoint {
  readonly report: string;
  readonly sparsity: number;
  readonly relativeFlops: number;
  readonly source: string;
}

/**
 * Published FLOPs for the same loss by sparsity, each relative to the sparsest that its report tried.
 *
 * @throws Error naming file and line of a broken row.
 */
export function sparsityGains(): readonly SparsityPoint[] {
  return readRows("measurements/sparsity-gain.csv").map((row) => ({
    report: text(row, "report"),
    sparsity: number(row, "sparsity"),
    relativeFlops: number(row, "relativeFlops"),
    source: text(row, "source"),
  }));
}

/** Rates of the fused expert kernel: arithmetic and link at the same time. */
export interface FusedRate {
  readonly model: Model;
  readonly tokensPerRank: number;
  readonly flopsPerSecond: number;
  readonly linkBytesPerSecond: number;
}

/**
 * Published rates of DeepSeek's fused expert kernel.
 *
 * @throws Error naming file and line of a broken row.
 * @example fusedRates().map(({ model }) => model.id)
 */
export function fusedRates(): readonly FusedRate[] {
  return readRows("measurements/megamoe-rates.csv").map((row) => ({
    model: lookedUp(row, "model", model),
    tokensPerRank: number(row, "tokensPerRank"),
    flopsPerSecond: toBase(number(row, "teraflops"), "TFLOP/s"),
    linkBytesPerSecond: toBase(number(row, "interconnectGBps"), "GB/s"),
  }));
}

/** What stands in a layer's feed-forward part. */
export type LayerKind = "dense" | "hash" | "learned" | "dense and learned in turn";

/** Layers without a learned router at either end of a model. */
export interface LayerEnds {
  readonly firstDense: number;
  readonly firstHash: number;
  readonly lastDense: number;
  readonly alternating: boolean;
}

/**
 * Which layers at the ends of a model differ: rows of data/layer-ends.csv, else all dense layers stand at the front.
 *
 * @throws RangeError for a model without experts.
 */
export function layerEnds(m: Model): LayerEnds {
  if (!isMoe(m)) throw new RangeError(`${m.id} has no experts, so no layer differs`);
  exceptions ??= new Map(readRows("layer-ends.csv").map((row) => [text(row, "model"), readEnds(row)]));
  return exceptions.get(m.id) ?? { firstDense: m.denseLayers, firstHash: 0, lastDense: 0, alternating: false };
}

let exceptions: ReadonlyMap<string, LayerEnds> | undefined;

function readEnds(row: Row): LayerEnds {
  const m = lookedUp(row, "model", model);
  const ends = {
    firstDense: number(row, "firstDense"),
    firstHash: number(row, "firstHash"),
    lastDense: number(row, "lastDense"),
    alternating: oneOf(row, "alternating", ["yes", "no"]) === "yes",
  };
  if (!ends.alternating && ends.firstDense + ends.lastDense !== m.denseLayers) {
    throw new Error(
      `${at(row)}: expected firstDense + lastDense to be the ${m.denseLayers} dense layers of ${m.id}, got ${ends.firstDense + ends.lastDense}`,
    );
  }
  return ends;
}

/** The kind of one layer, counted from the front. @throws RangeError when the model has no such layer. */
export function layerKind(m: Model, layer: number): LayerKind {
  if (!Number.isInteger(layer) || layer < 0 || layer >= m.layers)
    throw new RangeError(`layer must be from 0 to ${m.layers - 1} in ${m.id}, got ${layer}`);
  const { firstDense, firstHash, lastDense, alternating } = layerEnds(m);
  if (alternating) return "dense and learned in turn";
  if (layer < firstDense || layer >= m.layers - lastDense) return "dense";
  return layer < firstDense + firstHash ? "hash" : "learned";
}
