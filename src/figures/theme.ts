import { formatBytes, formatCount, formatLength, formatNumber, formatSeconds } from "../text/numbers";

/**
 * One look for every figure: colours that the colour-blind tell apart (Okabe and Ito), one font, one size.
 *
 * A figure draws no title: what it finds stands above it as text, the caption below reads it.
 */
export const colours = {
  blue: "#0072B2",
  orange: "#D55E00",
  green: "#009E73",
  purple: "#AA4499",
  sky: "#56B4E9",
  yellow: "#E69F00",
  grey: "#6B7280",
  ink: "#1F2937",
  brown: "#92400E",
  mist: "#D1D5DB",
} as const;

const grid = "#E5E7EB";
const font = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif", size: 13, color: colours.ink };

type Part = Readonly<Record<string, unknown>>;

/** The layout that all figures share, with what is particular to one. */
export function layout(particular: Part): Part {
  return {
    autosize: true,
    height: 460,
    margin: { l: 84, r: 20, t: 20, b: 58 },
    font,
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    showlegend: false,
    hovermode: "closest",
    hoverlabel: { font: { ...font, size: 12 }, bgcolor: "#FFFFFF", bordercolor: colours.grey, align: "left" },
    ...particular,
  };
}

/** A linear axis; the title carries the unit. */
export function linearAxis(title: string, range: readonly [number, number], particular: Part = {}): Part {
  return {
    title: { text: title, standoff: 12 },
    range: [...range],
    gridcolor: grid,
    zeroline: false,
    linecolor: colours.grey,
    ticks: "outside",
    ...particular,
  };
}

/** A logarithmic axis over a range in plain values, labelled once a decade. */
export function logAxis(title: string, range: readonly [number, number], particular: Part = {}): Part {
  const [from, to] = range.map(Math.log10) as [number, number];
  return linearAxis(title, [from, to], { type: "log", dtick: 1, ...particular });
}

/** Ticks at the given values with the given words: for axes whose decades have a short name (4 KB, 10 µs). */
export function ticks(values: readonly (readonly [number, string])[]): Part {
  return { tickmode: "array", tickvals: values.map(([value]) => value), ticktext: values.map(([, words]) => words) };
}

/** Ticks at whole counts, thousands set apart. */
export function countTicks(counts: readonly number[]): Part {
  return ticks(counts.map((count) => [count, formatCount(count)]));
}

/** Ticks at sizes in bytes, in decimal prefixes. */
export function byteTicks(bytes: readonly number[]): Part {
  return ticks(bytes.map((size) => [size, formatBytes(size)]));
}

/** Ticks at lengths in memory, powers of two in binary prefixes. */
export function lengthTicks(lengths: readonly number[]): Part {
  return ticks(lengths.map((length) => [length, formatLength(length)]));
}

/** Ticks at times in seconds, each in its own prefix. */
export function secondsTicks(seconds: readonly number[]): Part {
  return ticks(seconds.map((time) => [time, formatSeconds(time)]));
}

/** A line; dashed for what bounds, solid for what estimates. */
export function line(name: string, x: readonly number[], y: readonly number[], color: string, particular: Part = {}): Part {
  return { type: "scatter", mode: "lines", name, x, y, line: { color, width: 2 }, ...particular };
}

/** Points: what was measured or published. */
export function points(name: string, x: readonly (number | string)[], y: readonly number[], color: string, particular: Part = {}): Part {
  return { type: "scatter", mode: "markers", name, x, y, marker: { color, size: 8, line: { color: "#FFFFFF", width: 1 } }, ...particular };
}

/** Words beside a point, in axis values (logarithms on a logarithmic axis are taken here). */
export function label(
  text: string,
  at: { readonly x: number | string; readonly y: number | string },
  particular: Part = {},
  log: "x" | "y" | "xy" | "" = "",
): Part {
  const x = log.includes("x") ? Math.log10(at.x as number) : at.x;
  const y = log.includes("y") ? Math.log10(at.y as number) : at.y;
  return { text, x, y, showarrow: false, font: { ...font, size: 12 }, ...particular };
}

/** A shaded band between two values of one axis, behind the data. */
export function band(axis: "x" | "y", from: number | string, to: number | string, color: string, opacity = 0.1): Part {
  const across = axis === "x" ? { x0: from, x1: to, y0: 0, y1: 1, yref: "paper" } : { y0: from, y1: to, x0: 0, x1: 1, xref: "paper" };
  return { type: "rect", ...across, fillcolor: color, opacity, line: { width: 0 }, layer: "below" };
}

/** A thin line across the figure at one value of an axis. */
export function rule(axis: "x" | "y", value: number | string, color: string = colours.grey): Part {
  const across =
    axis === "x" ? { x0: value, x1: value, y0: 0, y1: 1, yref: "paper" } : { y0: value, y1: value, x0: 0, x1: 1, xref: "paper" };
  return { type: "line", ...across, line: { color, width: 1, dash: "dot" }, layer: "below" };
}

/** An axis of names beside rows: off their bars by a little, and without a line through each bar's number. */
export function rowAxis(particular: Part = {}): Part {
  return { type: "category", ticks: "", ticklabelstandoff: 6, showgrid: false, tickfont: { size: 11 }, ...particular };
}

/** Horizontal bars of shares, stacked to a hundred: the first row above, the legend below at the same distance whatever the height. */
export function stackedShares(
  title: string,
  rows: number,
  rowHeight: number,
  particular: Part & { readonly margin: Part & { readonly t: number } },
): Part {
  const below = 110;
  const { margin, yaxis, ...rest } = particular;
  const plotHeight = rows * rowHeight + 40 - margin.t;
  return layout({
    height: plotHeight + margin.t + below,
    margin: { r: 24, b: below, ...margin },
    barmode: "relative",
    xaxis: linearAxis(title, [0, 102]),
    yaxis: { title: { text: "" }, ticks: "", autorange: "reversed", automargin: true, ...(yaxis as Part | undefined) },
    showlegend: true,
    legend: { orientation: "h", x: 0, xanchor: "left", y: -76 / plotHeight, yanchor: "top", traceorder: "normal" },
    ...rest,
  });
}

/** Values spread evenly over the decades of a range, ends included. */
export function logSpaced(from: number, to: number, count: number): readonly number[] {
  const step = (Math.log10(to) - Math.log10(from)) / (count - 1);
  return Array.from({ length: count }, (_, i) => 10 ** (Math.log10(from) + i * step));
}

/** Whole counts at every doubling from one to the other. */
export function doublings(from: number, to: number): readonly number[] {
  const counts: number[] = [];
  for (let count = from; count <= to; count *= 2) counts.push(count);
  return counts;
}

/** A menu above the figure, at its left; each button shows one of several states. */
export function menu(buttons: readonly Part[], active = 0): Part {
  return { type: "dropdown", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", showactive: true, active, buttons: [...buttons] };
}

/** A slider below the figure; each step restyles some traces. */
export function slider(
  name: string,
  steps: readonly { readonly label: string; readonly args: readonly unknown[] }[],
  active: number,
): Part {
  return {
    active,
    x: 0,
    len: 1,
    pad: { t: 58, b: 8 },
    currentvalue: { prefix: `${name}: ` },
    steps: steps.map((step) => ({ method: "restyle", ...step })),
  };
}

/**
 * The ends of an axis of dates: from a first day to a quarter of a year after the last day drawn.
 *
 * @throws RangeError when there is no day.
 */
export function dateRange(from: string, days: readonly string[]): readonly [string, string] {
  const last = [...days].sort().at(-1);
  if (last === undefined) throw new RangeError("days must hold at least one day");
  const padded = `${last}-01-01`.slice(0, 10);
  const [year, month] = padded.split("-").map(Number) as [number, number];
  const after = year * 12 + month - 1 + 3;
  return [from, `${Math.floor(after / 12)}-${String((after % 12) + 1).padStart(2, "0")}-01`];
}

/** Ticks at one, two and five of each decade between two values; at one alone where there are many decades. */
export function oneTwoFive(from: number, to: number): ReturnType<typeof ticks> {
  const digits = to / from > 2000 ? [1] : [1, 2, 5];
  const values: (readonly [number, string])[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(from)); decade <= to; decade *= 10)
    for (const digit of digits)
      if (digit * decade >= from && digit * decade <= to) values.push([digit * decade, formatNumber(digit * decade)]);
  return ticks(values);
}
