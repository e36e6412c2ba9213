import type { JudgedRow } from "../fit/validation";
import { hardware } from "../machine/hardware";
import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, linearAxis, logAxis, points, rule, ticks } from "./theme";

/** Quantiles of predicted over measured in one class of rows. */
export interface ErrorClass {
  readonly name: string;
  readonly rows: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** Quantiles of predicted / measured by a class that each row belongs to; classes in the order given, empty ones left out. */
export function errorClasses(
  rows: readonly JudgedRow[],
  names: readonly string[],
  classOf: (r: JudgedRow) => string,
): readonly ErrorClass[] {
  const classes = new Map<string, number[]>(names.map((name) => [name, []]));
  for (const r of rows) classes.get(classOf(r))?.push(r.seconds / r.row.seconds);
  return names.flatMap((name) => {
    const ratios = (classes.get(name) as number[]).sort((a, b) => a - b);
    if (ratios.length === 0) return [];
    const at = (share: number) => ratios[Math.min(ratios.length - 1, Math.floor(share * ratios.length))] as number;
    return [{ name, rows: ratios.length, p10: at(0.1), p50: at(0.5), p90: at(0.9) }];
  });
}

const tokenClasses = ["under 1", "1 to 8", "8 to 64", "64 to 512", "over 512"];
const expertClasses = ["1", "2 to 4", "5 to 16", "17 to 64", "over 64"];

/**
 * Predicted over measured by tokens per expert, by experts on the GPU and by machine: medians and the middle 80 %.
 *
 * @example errorByFigure(judgedRows()).caption
 */
export function errorByFigure(rows: readonly JudgedRow[]): Figure {
  const held = rows.filter((r) => r.part === "tokens left out" || r.part === "power law");
  const machines = [...new Set(held.map((r) => hardware(r.row.hardware).name))].sort();
  const panels = [
    {
      title: "Tokens per expert",
      of: (name: string) => `at ${name} tokens per expert`,
      classes: errorClasses(held, tokenClasses, tokenClass),
    },
    {
      title: "Experts on the GPU",
      of: (name: string) => `with ${name} ${name === "1" ? "expert" : "experts"} on the GPU`,
      classes: errorClasses(held, expertClasses, expertClass),
    },
    { title: "Machine", of: (name: string) => `on ${name}`, classes: errorClasses(held, machines, (r) => hardware(r.row.hardware).name) },
  ];
  const all = panels
    .flatMap(({ title, of, classes }) => classes.map((c) => ({ ...c, name: `${title}: ${c.name}`, words: of(c.name) })))
    .reverse();
  const bySpread = [...all].sort((a, b) => spread(a) - spread(b));
  const [best, worst] = [bySpread[0], bySpread.at(-1)] as [(typeof all)[number], (typeof all)[number]];
  return {
    data: [
      ...all.map((c, i) => ({
        type: "scatter",
        mode: "lines",
        x: [c.p10, c.p90],
        y: [i, i],
        line: { color: colours.sky, width: 8 },
        hoverinfo: "skip",
      })),
      points(
        "median",
        all.map((c) => c.p50),
        all.map((_, i) => i),
        colours.blue,
        {
          text: all.map((c) => `${c.name}, ${formatCount(c.rows)} rows: ${formatNumber(c.p10)} to ${formatNumber(c.p90)}`),
          hoverinfo: "text",
        },
      ),
    ],
    layout: layout({
      meta: "rows",
      height: 90 + 34 * all.length,
      margin: { l: 20, r: 20, t: 20, b: 58 },
      xaxis: logAxis(
        "Predicted over measured",
        [0.35, 2.2],
        ticks([
          [0.4, "0.4"],
          [0.5, "0.5"],
          [0.7, "0.7"],
          [1, "1"],
          [1.4, "1.4"],
          [2, "2"],
        ]),
      ),
      yaxis: { ...linearAxis("", [-0.7, all.length - 0.3]), visible: false },
      shapes: [rule("x", 1, colours.ink)],
      annotations: all.map((c, i) =>
        label(c.name, { x: 0.36, y: i }, { xanchor: "left", yanchor: "bottom", yshift: 2, font: { size: 12 } }, "x"),
      ),
    }),
    title: `Predictions spread most ${worst.words}, least ${best.words}`,
    setting: `${formatCount(held.length)} layer times that nothing was fitted to.`,
    source: "Measured: data/measurements/moe-*.csv.",
    caption: `Predicted over measured time of rows not fitted: the dot is the median of a class, the bar holds its middle 80 %. Left of the line the model is too fast. Widest: ${worst.words} (${formatNumber(worst.p10)} to ${formatNumber(worst.p90)}); narrowest: ${best.words} (${formatNumber(best.p10)} to ${formatNumber(best.p90)}).`,
    alt: `Middle 80 % of predicted over measured by class. Widest ${worst.words}, ${formatNumber(worst.p10)} to ${formatNumber(worst.p90)}; narrowest ${best.words}, ${formatNumber(best.p10)} to ${formatNumber(best.p90)}.`,
  };
}

function spread(c: ErrorClass): number {
  return Math.log(c.p90 / c.p10);
}

function tokenClass({ row }: JudgedRow): string {
  const m = (row.tokens * row.shape.expertsPerToken) / row.shape.routedExperts;
  return tokenClasses[[1, 8, 64, 512].filter((edge) => m >= edge).length] as string;
}

function expertClass({ row }: JudgedRow): string {
  const local = Math.ceil(row.shape.routedExperts / row.expertParallel);
  return expertClasses[[2, 5, 17, 65].filter((edge) => local >= edge).length] as string;
}
