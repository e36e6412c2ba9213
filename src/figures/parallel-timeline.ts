import { publishedParallelism } from "../published/transfers";
import { formatCount } from "../text/numbers";
import type { Figure } from "./figure";
import { articleDate } from "./releases";
import { colours, countTicks, dateRange, label, layout, linearAxis, logAxis, rule } from "./theme";

const colourOf = { training: colours.green, prefill: colours.yellow, decode: colours.blue } as const;
/** The later drawn are the smaller, so that what one report says of training, prefill and decode stays visible. */
const sizeOf = { training: 17, prefill: 13, decode: 8 } as const;

/**
 * Over how many GPUs published deployments split matrices and experts, by date.
 *
 * @example parallelTimelineFigure().caption
 */
export function parallelTimelineFigure(): Figure {
  const all = publishedParallelism();
  const since = all.filter((p) => p.date > articleDate);
  const wide = since.filter((p) => p.expertParallel >= 8 * p.tensorParallel).length;
  const tensor = since.filter((p) => p.tensorParallel > p.expertParallel);
  const days = all.map((p) => p.date);
  const regimes = ["training", "prefill", "decode"] as const;
  return {
    data: regimes.flatMap((regime) => {
      const here = all.filter((p) => p.regime === regime);
      const [color, text] = [colourOf[regime], here.map((p) => `${p.system}: TP ${p.tensorParallel}, EP ${p.expertParallel}`)];
      const stems = here.flatMap(
        (p) =>
          [
            [p.date, p.tensorParallel],
            [p.date, p.expertParallel],
            [p.date, null],
          ] as const,
      );
      return [
        {
          type: "scatter",
          mode: "lines",
          x: stems.map(([x]) => x),
          y: stems.map(([, y]) => y),
          line: { color, width: sizeOf[regime] / 4 },
          hoverinfo: "skip",
          showlegend: false,
        },
        {
          type: "scatter",
          mode: "markers",
          name: `experts (EP), ${regime}`,
          x: here.map((p) => p.date),
          y: here.map((p) => p.expertParallel),
          text,
          marker: { color, size: sizeOf[regime], symbol: "circle" },
        },
        {
          type: "scatter",
          mode: "markers",
          name: `matrices (TP), ${regime}`,
          x: here.map((p) => p.date),
          y: here.map((p) => p.tensorParallel),
          text,
          marker: { color, size: sizeOf[regime], symbol: "square-open", line: { width: 2 } },
        },
      ];
    }),
    layout: layout({
      margin: { l: 84, r: 20, t: 20, b: 58 },
      height: 500,
      xaxis: { ...linearAxis("Published", [0, 1]), type: "date", range: dateRange("2024-11-01", days), tickformat: "%b %Y", dtick: "M6" },
      yaxis: logAxis("GPUs in the group (EP or TP)", [0.6, 600], countTicks([1, 8, 32, 64, 128, 320])),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      shapes: [rule("x", articleDate)],
      annotations: [label("article", { x: articleDate, y: Math.log10(500) }, { xanchor: "left", xshift: 4 })],
    }),
    title: `${formatCount(wide)} of ${formatCount(since.length)} set-ups published since the article deal experts over at least 8 times as many GPUs as they split matrices`,
    setting: "Published deployments and recipes; what was written about, no census.",
    source: "Marks: data/parallelism.csv, each row with its source.",
    caption: `Large mixture-of-experts models: circles, over how many GPUs the experts are dealt; open squares, over how many a matrix is split (DeepSeek's 4 of December 2024 in attention alone). Of ${formatCount(since.length)} since the article ${formatCount(wide)} have experts over at least 8 times as many GPUs as matrices; the ${formatCount(tensor.length)} where it is the other way round are all single nodes of 8 GPUs.`,
    alt: `Expert parallelism of ${spanOf(all.map((p) => p.expertParallel))} GPUs against tensor parallelism of ${spanOf(all.map((p) => p.tensorParallel))} in published deployments, ${[...days].sort()[0]?.slice(0, 7)} to ${[...days].sort().at(-1)?.slice(0, 7)}.`,
  };
}

function spanOf(values: readonly number[]): string {
  return `${formatCount(Math.min(...values))} to ${formatCount(Math.max(...values))}`;
}
