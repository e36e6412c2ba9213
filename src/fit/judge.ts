import { limitOf, type MoeLayerTime, timeOf } from "../kernels/expert-layer";
import type { KernelFamily } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement } from "../published/layer-times";
import { rankLoad } from "../routing/rank-load";
import { quantile } from "../statistics";

/** How far predictions are from measurements: |predicted / measured - 1|. */
export interface ErrorFigures {
  readonly rows: number;
  readonly median: number;
  /** Nine rows of ten are at most this far off. */
  readonly p90: number;
  /** Share of rows within 35 %. */
  readonly within35: number;
  /** Median of ln(predicted / measured): above zero, the model is slow. */
  readonly bias: number;
}

/** Predict a measured row with a family's constants. */
export function predictRow(row: MoeMeasurement, family: KernelFamily, hardware: Hardware): MoeLayerTime {
  const { shape: model, tokens, expertParallel, routing } = row;
  const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit: limitOf(family.router, model) });
  return timeOf(family, model, hardware, row.tensorParallel, load, { rows: tokens * model.expertsPerToken, tokens });
}

/** Error figures of pairs of predicted and measured seconds. */
export function errorFigures(pairs: readonly { readonly predicted: number; readonly measured: number }[]): ErrorFigures {
  const errors = pairs.map(({ predicted, measured }) => Math.abs(predicted / measured - 1)).sort((a, b) => a - b);
  const logs = pairs.map(({ predicted, measured }) => Math.log(predicted / measured)).sort((a, b) => a - b);
  return {
    rows: pairs.length,
    median: quantile(errors, 0.5),
    p90: quantile(errors, 0.9),
    within35: errors.filter((e) => e <= 0.35).length / Math.max(1, errors.length),
    bias: quantile(logs, 0.5),
  };
}

/** Interpolate a row's time from measured rows of the same configuration at other token counts, straight in log-log. */
export function interpolateRow(row: MoeMeasurement, fitted: readonly MoeMeasurement[]): number | undefined {
  const below = fitted.filter((f) => f.tokens < row.tokens).at(-1);
  const above = fitted.find((f) => f.tokens > row.tokens);
  if (below === undefined || above === undefined) return undefined;
  const share = Math.log(row.tokens / below.tokens) / Math.log(above.tokens / below.tokens);
  return below.seconds * (above.seconds / below.seconds) ** share;
}

/** What makes rows one configuration: all but the tokens. */
export function configurationOf(row: MoeMeasurement): string {
  const { hardware, software, kernel, weightFormat, model, tensorParallel, expertParallel, routing } = row;
  return [hardware, software, kernel, weightFormat, model, tensorParallel, expertParallel, routing].join(" ");
}

/** Rows at every other token count of each family, the smallest first: those the constants are fitted on. */
export function isFitted(tokens: number, counts: readonly number[]): boolean {
  return counts.indexOf(tokens) % 2 === 0;
}

/** Whether a row's routing is even, as in nearly all tables; a few have been measured under a power law too. */
export function isEven(row: MoeMeasurement): boolean {
  return row.routing === "balanced" || row.routing === "uniform" || row.hardware === "a100-sxm";
}
