import { type JudgedRow, relativeError } from "../fit/validation";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, logAxis, points, secondsTicks } from "./theme";

const groups: readonly {
  readonly name: string;
  readonly color: string;
  readonly symbol: string;
  readonly keep: (r: JudgedRow) => boolean;
}[] = [
  { name: "BF16", color: colours.grey, symbol: "circle", keep: (r) => r.row.weightFormat === "bfloat16" },
  { name: "FP8", color: colours.blue, symbol: "diamond", keep: (r) => r.row.weightFormat.startsWith("fp8") },
  {
    name: "4 bits",
    color: colours.orange,
    symbol: "square",
    keep: (r) => !r.row.weightFormat.startsWith("fp8") && r.row.weightFormat !== "bfloat16",
  },
];

/**
 * Predicted against measured layer times, of rows that were not fitted; every so-manieth is drawn, all are counted.
 *
 * @example parityFigure(judgedRows()).caption
 */
export function parityFigure(rows: readonly JudgedRow[], drawn = 900): Figure {
  const held = rows.filter((r) => r.part === "tokens left out" || r.part === "power law");
  const every = Math.max(1, Math.ceil(held.length / drawn));
  const shown = held.filter((_, i) => i % every === 0);
  const within = held.filter((r) => relativeError(r) <= 0.35).length / held.length;
  const ends = [1e-5, 0.3];
  const scaled = (factor: number) => ends.map((s) => s * factor);
  const range = ends as [number, number];
  const axisTicks = secondsTicks([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
  return {
    data: [
      line("equal", ends, ends, colours.ink, { line: { color: colours.ink, width: 1 }, showlegend: false }),
      line("35 % more", ends, scaled(1.35), colours.grey, { line: { color: colours.grey, width: 1, dash: "dot" }, showlegend: false }),
      line("35 % less", ends, scaled(0.65), colours.grey, { line: { color: colours.grey, width: 1, dash: "dot" }, showlegend: false }),
      ...groups.map(({ name, color, symbol, keep }) => {
        const here = shown.filter(keep);
        return points(
          name,
          here.map((r) => r.row.seconds),
          here.map((r) => Number(r.seconds.toPrecision(4))),
          color,
          { marker: { color, symbol, size: 4, opacity: 0.7 } },
        );
      }),
    ],
    layout: layout({
      height: 560,
      xaxis: logAxis("Measured time of the layer", range, axisTicks),
      yaxis: logAxis("Predicted time of the layer", range, axisTicks),
      showlegend: true,
      legend: { x: 0.98, xanchor: "right", y: 0.03, yanchor: "bottom" },
      annotations: [label("within 35 %", { x: 3e-2, y: 1.5e-2 }, { xanchor: "left", font: { size: 11, color: colours.grey } }, "xy")],
    }),
    title: `${formatShare(within, 3)} of ${formatCount(held.length)} layer times that nothing was fitted to lie within 35 %`,
    setting: "Layers of experts, every kernel and machine; token counts left out of the fit, of even and of skewed routing.",
    source: "Measured: data/measurements/moe-*.csv.",
    caption: `Each point is a measured layer time that no constant was fitted to (token counts left out, of even and of skewed routing): ${formatCount(held.length)} in all, one in ${formatCount(every)} drawn. On the diagonal the prediction is exact; between the dotted lines it is within 35 %, which holds for ${formatShare(within, 3)} of them. Points far below the diagonal are rows that took longer than the model can explain; the worst are listed below.`,
    alt: `Predicted against measured times lie along the diagonal over four decades; ${formatShare(within, 3)} of ${formatCount(held.length)} held-out rows are within 35 %.`,
  };
}
