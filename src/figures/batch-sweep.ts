import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, linearAxis, logAxis, oneTwoFive } from "./theme";

/** A step at one batch. */
export interface SweepPoint {
  /** Of one GPU; below one where GPUs share a request. */
  readonly requestsPerGpu: number;
  readonly perGpu: number;
  readonly milliseconds: number;
  /** The ends of its band, in milliseconds. */
  readonly low: number;
  readonly high: number;
}

/** Batches of one split, and where its memory ends. */
export interface SweepQuestion {
  readonly name: string;
  readonly points: readonly SweepPoint[];
  /** Requests of one GPU that fit; 0 where not even one request does. */
  readonly most: number;
  readonly chosen: number;
}

/**
 * Tokens per second of a GPU, and time of a token, against the batch, up to where the memory ends.
 *
 * @throws RangeError when there is no point.
 */
export function batchSweepFigure({ name, points, most, chosen }: SweepQuestion): Figure {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("points must hold at least one point, got none");
  const x = points.map(({ requestsPerGpu }) => requestsPerGpu);
  const [from, to] = [first.requestsPerGpu * 0.9, Math.max(last.requestsPerGpu, most * 2.4, chosen * 1.2)];
  const [topRate, topTime] = [Math.max(...points.map(({ perGpu }) => perGpu)) * 1.1, Math.max(...points.map(({ high }) => high)) * 1.05];
  const color = { rate: colours.blue, time: colours.orange };
  const tokens = line(
    "tokens per second of each GPU",
    x,
    points.map(({ perGpu }) => perGpu),
    color.rate,
    {
      hovertemplate: "%{x:.4~g} requests per GPU: %{y:,.0f} tokens/s/GPU<extra></extra>",
    },
  );
  const times = line(
    "milliseconds per token",
    x,
    points.map(({ milliseconds }) => milliseconds),
    color.time,
    {
      yaxis: "y2",
      hovertemplate: "%{x:.4~g} requests per GPU: %{y:.1f} ms per token<extra></extra>",
    },
  );
  const spread = {
    ...{ type: "scatter", mode: "lines", name: "four in five lie here", yaxis: "y2", hoverinfo: "skip", showlegend: false },
    ...{ x: [...x, ...[...x].reverse()], y: [...points.map(({ low }) => low), ...points.map(({ high }) => high).reverse()] },
    ...{ fill: "toself", fillcolor: color.time, opacity: 0.16, line: { width: 0, color: color.time } },
  };
  const wall =
    most < to
      ? [
          {
            type: "rect",
            x0: Math.max(most, from),
            x1: to,
            y0: 0,
            y1: 1,
            yref: "paper",
            fillcolor: colours.brown,
            opacity: 0.12,
            line: { width: 0 },
            layer: "below",
          },
        ]
      : [];
  const now = { type: "line", x0: chosen, x1: chosen, y0: 0, y1: 1, yref: "paper", line: { color: colours.ink, width: 1.5, dash: "dot" } };
  return {
    data: [spread, tokens, times],
    layout: layout({
      height: 340,
      margin: { l: 64, r: 60, t: 30, b: 54 },
      xaxis: logAxis("Requests of each GPU", [from, to], { dtick: undefined, ...oneTwoFive(from, to) }),
      yaxis: linearAxis("Tokens per second of each GPU", [0, topRate], { tickfont: { color: color.rate }, nticks: 6 }),
      yaxis2: linearAxis("Milliseconds per token", [0, topTime], {
        overlaying: "y",
        side: "right",
        tickmode: "auto",
        gridcolor: "rgba(0,0,0,0)",
        tickfont: { color: color.time },
        nticks: 6,
      }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", font: { size: 11 } },
      shapes: [...wall, now],
      annotations:
        wall.length === 0 ? [] : [label("does not fit", { x: to, y: 1 }, { xanchor: "right", yref: "paper", yanchor: "bottom" }, "x")],
    }),
    caption: `${name}: the same split at every batch. Shaded: more than the memory holds${most > 0 ? `, which is ${formatNumber(most)} requests per GPU` : "; not even one request fits"}. Dotted: the batch chosen, ${formatNumber(chosen)}.`,
    alt: `${name}: ${formatCount(Math.round(last.perGpu))} tokens per second of each GPU at ${formatNumber(last.requestsPerGpu)} requests per GPU; the memory holds ${formatNumber(most)}.`,
  };
}
