import type { Plane, PlaneColumn, PlaneRow } from "../step/planes";
import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, logAxis, points, rule, ticks } from "./theme";

/** Words of a plane's axes: what models have and what machines need, and what is said of a model that has enough. */
export interface PlaneWords {
  readonly has: string;
  readonly needs: string;
  readonly enough: string;
}

const palette = [colours.blue, colours.green, colours.purple, colours.yellow, colours.sky, colours.brown] as const;
const dashes = ["solid", "dash", "dot"] as const;
const symbols = ["circle", "diamond", "square", "cross", "triangle-up"] as const;

/**
 * Models against machines: right of and below the diagonal a model has what a machine needs. A machine that does not exist is a star.
 *
 * @throws RangeError when there is no model or no machine.
 * @example worthPlaneFigure(widthPlane([hardware("h800-sxm")], [model("deepseek-v3")]),
 *   { has: "Operations per byte that travels", needs: "Operations in the time of a byte",
 *   enough: "the exchange can hide" }).caption
 */
export function worthPlaneFigure({ columns: unsorted, rows }: Plane, words: PlaneWords): Figure {
  const columns = [...unsorted].sort((a, b) => a.has - b.has);
  if (columns.length === 0 || rows.length === 0) throw new RangeError("plane must hold at least one model and one machine");
  const has = columns.map((column) => column.has);
  const needs = rows.map((row) => row.needs);
  const ends: [number, number] = [Math.min(...has, ...needs) / 1.6, Math.max(...has, ...needs) * 1.6];
  const machines = [...new Set(rows.map((row) => row.machine))];
  const kinds = [...new Set(rows.map((row) => row.of))];
  const short = (name: string) => name.replace(/ \(.*\)/, "").replace(/ with other .*/, ", changed");
  const nameOf = (row: PlaneRow) => `${short(row.machine)}, ${row.of}`;
  const busy = (row: PlaneRow) => has.filter((value) => value >= row.needs).length;
  const [most, fewest] = [...rows]
    .sort((a, b) => busy(b) - busy(a) || a.needs - b.needs)
    .filter((_, i, all) => i === 0 || i === all.length - 1) as [PlaneRow, PlaneRow | undefined];
  const say = (row: PlaneRow) =>
    `${nameOf(row)} needs ${formatCount(Math.round(row.needs))} and ${busy(row)} of ${columns.length} models have it`;
  const reading = fewest === undefined ? say(most) : `${say(most)}; ${say(fewest)}`;
  const values = niceTicks(ends);
  return {
    data: [
      line("as much", ends, ends, colours.ink, { line: { color: colours.ink, width: 1 }, showlegend: false, hoverinfo: "skip" }),
      ...rows.map((row) => {
        const color = row.isWhatIf ? colours.orange : (palette[machines.indexOf(row.machine) % palette.length] as string);
        const symbol = row.isWhatIf ? "star" : (symbols[kinds.indexOf(row.of) % symbols.length] as string);
        return points(
          nameOf(row),
          has,
          has.map(() => row.needs),
          color,
          {
            mode: "lines+markers",
            line: { color, width: 1, dash: dashes[kinds.indexOf(row.of) % dashes.length] },
            marker: {
              color,
              symbol: has.map((value) => (value >= row.needs ? symbol : `${symbol}-open`)),
              size: row.isWhatIf ? 12 : 9,
            },
            text: columns.map(
              (column) =>
                `${column.name} on ${nameOf(row)}: has ${formatNumber(column.has)}, needs ${formatNumber(row.needs)} (${row.because})`,
            ),
            hoverinfo: "text",
          },
        );
      }),
    ],
    layout: layout({
      height: 550 + 11 * rows.length,
      margin: { l: 84, r: 40, t: 130, b: 90 + 11 * rows.length },
      xaxis: logAxis(words.has, ends, values),
      yaxis: logAxis(words.needs, ends, values),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.16, yanchor: "top" },
      shapes: has.map((value) => rule("x", value)),
      annotations: [
        ...named(columns).map((column) =>
          label(
            column.name,
            { x: column.has, y: 1 },
            { yref: "paper", xanchor: "left", yanchor: "bottom", textangle: -45, xshift: -4 },
            "x",
          ),
        ),
        {
          text: words.enough,
          x: 0.97,
          y: 0.04,
          xref: "paper",
          yref: "paper",
          xanchor: "right",
          yanchor: "bottom",
          showarrow: false,
          font: { size: 12, color: colours.grey },
        },
      ],
    }),
    caption: `Each mark is a model on a machine, filled where the model gives enough: ${words.has.toLowerCase()} from left to right (${columns.map((column) => `${column.name} ${formatCount(Math.round(column.has))}`).join(", ")}), ${words.needs.toLowerCase()} upwards. Below the line ${words.enough}. ${reading}. A star is a machine that does not exist.`,
    alt: `Models against machines: ${reading}.`,
  };
}

/** Models closer than this share a label. */
const close = 1.35;

/** Names where there is room: those of models close together are one label. */
function named(columns: Plane["columns"]): Plane["columns"] {
  const labels: PlaneColumn[] = [];
  for (const column of columns) {
    const last = labels.at(-1);
    if (last !== undefined && column.has / last.has < close)
      labels[labels.length - 1] = { ...last, name: `${last.name}<br>${column.name}` };
    else labels.push(column);
  }
  return labels;
}

/** Powers of two inside a range, two or four doublings apart: few enough for a narrow page. */
function niceTicks([from, to]: readonly [number, number]) {
  const steps = Math.log2(to / from) > 8 ? 16 : 4;
  const values: number[] = [];
  for (let value = 2 ** Math.ceil(Math.log2(from)); value <= to; value *= steps) values.push(value);
  return ticks(values.map((value) => [value, value < 1 ? formatNumber(value) : formatCount(value)]));
}
