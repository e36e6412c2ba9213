import { type WeightFormatName, weightFormatNames, weightFormatWords } from "../machine/number-formats";
import type { Plane, PlaneColumn, PlaneRow } from "../step/planes";
import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, logAxis, rule, ticks } from "./theme";

/** Words of a plane: what models have, what machines need of it, and what is so where a model has enough. */
export interface PlaneWords {
  readonly has: string;
  readonly needs: string;
  readonly enough: string;
}

const palette = [colours.blue, colours.green, colours.purple, colours.yellow, colours.sky, colours.brown] as const;

/**
 * Models against machines in one unit: a bar for each machine from what it needs onwards, a line for each model at what it has.
 *
 * A model has enough for the machines whose bars its line meets; the mark there is filled. The bar of a machine that does not exist is
 * orange and its marks are stars. Machines stand from the least to the most demanding.
 *
 * @throws RangeError when there is no model or no machine.
 * @example worthPlaneFigure(widthPlane([hardware("h800-sxm")], [model("deepseek-v3")]),
 *   { has: "Operations per byte that travels", needs: "Operations in the time of a byte",
 *   enough: "the exchange can hide" }).caption
 */
export function worthPlaneFigure(plane: Plane, words: PlaneWords): Figure {
  const columns = [...plane.columns].sort((a, b) => a.has - b.has);
  const rows = [...plane.rows].sort((a, b) => a.needs - b.needs);
  if (columns.length === 0 || rows.length === 0) throw new RangeError("plane must hold at least one model and one machine");
  const values = [...columns.map(({ has }) => has), ...rows.map(({ needs }) => needs)];
  const ends: [number, number] = [Math.min(...values) / 1.6, Math.max(...values) * 1.6];
  const machines = [...new Set(plane.rows.map(({ machine }) => machine))];
  const colourOf = (row: PlaneRow) => (row.isWhatIf ? colours.orange : (palette[machines.indexOf(row.machine) % palette.length] as string));
  const labels = rows.map((row) => nameOf(row, "<br>"));
  const served = ({ has }: PlaneColumn) => rows.filter(({ needs }) => has >= needs).length;
  const say = (row: PlaneRow) => `${nameOf(row)} needs ${formatCount(Math.round(row.needs))}`;
  const [first, last] = [rows[0], rows.at(-1)] as [PlaneRow, PlaneRow];
  const least = rows.length > 1 ? `${say(first)}; ${say(last)}` : say(first);
  const counts = columns.map(
    (column, i) => `${i === 0 ? "with " : ""}${column.name} in ${served(column)}${i === 0 ? ` of ${rows.length} cases` : ""}`,
  );
  const finding = `${words.enough} ${counts.join(", ")}`;
  return {
    data: [
      {
        type: "bar",
        orientation: "h",
        name: words.needs,
        y: labels,
        base: rows.map(({ needs }) => needs),
        x: rows.map(({ needs }) => ends[1] - needs),
        marker: { color: rows.map(colourOf), opacity: 0.3 },
        text: rows.map((row) => `${nameOf(row)}: ${words.needs.toLowerCase()} ${formatNumber(row.needs)} (${row.because})`),
        textposition: "none",
        hovertemplate: "%{text}<extra></extra>",
      },
      ...columns.map((column) =>
        line(
          column.name,
          labels.map(() => column.has),
          [],
          colours.ink,
          {
            y: labels,
            mode: "markers",
            marker: {
              color: rows.map(colourOf),
              symbol: rows.map((row) => `${row.isWhatIf ? "star" : "circle"}${column.has >= row.needs ? "" : "-open"}`),
              size: rows.map((row) => (row.isWhatIf ? 13 : 9)),
            },
            text: rows.map((row) => `${column.name} on ${nameOf(row)}: has ${formatNumber(column.has)}, needs ${formatNumber(row.needs)}`),
            hovertemplate: "%{text}<extra></extra>",
          },
        ),
      ),
    ],
    layout: layout({
      height: 190 + 34 * rows.length,
      margin: { l: 150, r: 24, t: 110, b: 62 },
      bargap: 0.35,
      xaxis: logAxis(`${words.has}; ${words.needs.charAt(0).toLowerCase()}${words.needs.slice(1)}`, ends, niceTicks(ends)),
      yaxis: { ticks: "", automargin: true, autorange: "reversed", categoryorder: "array", categoryarray: labels },
      shapes: columns.map(({ has }) => rule("x", has)),
      annotations: named(columns).map((column) =>
        label(column.name, { x: column.has, y: 1 }, { yref: "paper", xanchor: "left", yanchor: "bottom", textangle: -45, xshift: -4 }, "x"),
      ),
    }),
    title: finding,
    setting: "A bar starts at what a machine needs; a model has enough where its line meets the bar.",
    caption: `${words.has} of each model (${columns.map((column) => `${column.name} ${formatCount(Math.round(column.has))}`).join(", ")}) against what machines need, from the least to the most demanding: ${least}. A filled mark is a model that has enough, so that ${words.enough.charAt(0).toLowerCase()}${words.enough.slice(1)}.${rows.some(({ isWhatIf }) => isWhatIf) ? " A star is a machine that does not exist." : ""}`,
    alt: `Models against machines. ${finding}.`,
  };
}

/** Machine, and the format or link that the row is of; what a machine is called in brackets is left out. */
function nameOf({ machine, of }: PlaneRow, between = ", "): string {
  const short = machine.replace(/ \(.*\)/, "").replace(/ with other .*/, ", changed");
  const isFormat = (name: string): name is WeightFormatName => (weightFormatNames as readonly string[]).includes(name);
  return `${short}${between}${isFormat(of) ? weightFormatWords[of].split(",")[0] : of}`;
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
