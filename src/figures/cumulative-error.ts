import type { JudgedRow } from "../fit/validation";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, linearAxis, logAxis, ticks } from "./theme";

/** Shares at which the curves' names stand, where they lie far enough apart for a narrow page; the middle one stands to the right. */
const nameAt = [0.3, 0.5, 0.7];

/**
 * Share of held-out rows whose error is at most so much: the model, the plain roofline, and interpolation of measured rows.
 *
 * @example cumulativeErrorFigure(judgedRows()).caption
 */
export function cumulativeErrorFigure(rows: readonly JudgedRow[]): Figure {
  const held = rows.filter((r) => r.part === "tokens left out");
  const curves = [
    { name: "plain roofline", color: colours.grey, errors: held.map((r) => Math.abs(r.floorSeconds / r.row.seconds - 1)) },
    { name: "this model", color: colours.blue, errors: held.map((r) => Math.abs(r.seconds / r.row.seconds - 1)) },
    {
      name: "interpolation between measured rows",
      color: colours.orange,
      errors: held.flatMap((r) => (r.interpolatedSeconds === undefined ? [] : [Math.abs(r.interpolatedSeconds / r.row.seconds - 1)])),
    },
  ].map((c) => ({ ...c, errors: c.errors.sort((a, b) => a - b) }));
  const shares = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100);
  const at = (errors: readonly number[], share: number) => errors[Math.floor(share * errors.length)] as number;
  const median = (i: number) => formatShare(at(curves[i]?.errors ?? [], 0.5));
  const medians = curves.map((c) => `${c.name} ${formatShare(at(c.errors, 0.5))}`).join(", ");
  const tails = curves.map((c) => `${c.name} ${formatShare(at(c.errors, 0.9))}`).join(", ");
  return {
    data: curves.map((c) =>
      line(
        c.name,
        shares.map((s) => Math.max(1e-4, at(c.errors, s))),
        shares.map((s) => 100 * s),
        c.color,
        { line: { color: c.color, width: 2.5 } },
      ),
    ),
    layout: layout({
      xaxis: logAxis(
        "Error: |predicted / measured − 1|",
        [1e-3, 1.2],
        ticks([
          [1e-3, "0.1 %"],
          [1e-2, "1 %"],
          [0.1, "10 %"],
          [1, "100 %"],
        ]),
      ),
      yaxis: linearAxis("Share of rows with at most this error (%)", [0, 102]),
      annotations: curves.map((c, i) =>
        label(
          c.name.replace("between ", "between<br>"),
          { x: at(c.errors, nameAt[i] as number), y: (nameAt[i] as number) * 100 },
          i === 1
            ? { xanchor: "left", yanchor: "top", xshift: 8, font: { size: 12, color: c.color } }
            : { xanchor: "right", yanchor: "bottom", xshift: -8, align: "right", font: { size: 12, color: c.color } },
          "x",
        ),
      ),
    }),
    title: `The median error of this model is ${median(1)}, of the plain roofline ${median(0)}, of interpolation between measured rows ${median(2)}`,
    setting: `${formatCount(held.length)} layer times at token counts that were not fitted.`,
    source: "Measured: data/measurements/moe-*.csv.",
    caption: `Rows at token counts that were not fitted, from the best predicted to the worst. Further left and up is better. Median error: ${medians}. Nine rows of ten are within: ${tails}. Interpolation is the better look-up where the same kernel, model and split were measured at neighbouring token counts; it says nothing of any other model or machine, which is what a model is for.`,
    alt: `Cumulative error of three ways to predict. Median: ${medians}. 90th percentile: ${tails}.`,
  };
}
