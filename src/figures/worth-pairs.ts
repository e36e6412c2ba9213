import { type MachinePair, pairErrors } from "../fit/machine-pairs";
import { model } from "../model/registry";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, logAxis, points, ticks } from "./theme";

const shown = [0.5, 0.7, 1, 1.2, 1.5, 2, 3] as const;

/**
 * How many times faster the newer of two machines does a step: measured beside predicted by engine times that have not seen the rows.
 *
 * @throws RangeError when there is no pair.
 * @example worthPairsFigure(machinePairs(measuredSteps())).caption
 */
export function worthPairsFigure(pairs: readonly MachinePair[]): Figure {
  if (pairs.length === 0) throw new RangeError("pairs must hold at least one pair of machines, got none");
  const errors = pairErrors(pairs);
  const rows = pairs.reduce((sum, { ratios }) => sum + ratios.length, 0);
  const known = pairs.filter((p) => Number.isFinite(p.leftOut));
  if (known.length === 0) throw new RangeError("pairs must hold rows of an engine that is measured on others too, got none");
  const kinds = [
    { name: "one rate differs, or none", color: colours.blue, symbol: "circle", here: known.filter((p) => p.differing.length <= 1) },
    { name: "several differ", color: colours.orange, symbol: "diamond", here: known.filter((p) => p.differing.length > 1) },
  ].filter(({ here }) => here.length > 0);
  const nameOf = (p: MachinePair) => `${model(p.model).name}, ${p.older.name} to ${p.newer.name}`;
  const worst = [...known].sort((a, b) => offBy(b) - offBy(a))[0] as MachinePair;
  const far = known.filter((p) => offBy(p) >= Math.log(1.2)).length;
  const words = `${formatCount(rows)} pairs of steps in ${formatCount(pairs.length)} pairings of a model and two machines: off by ${formatShare(errors.leftOut)} in the median`;
  const kept = (p: MachinePair) => p.ratios.filter((r) => Number.isFinite(r.leftOut));
  const drawn = known.flatMap((p) => kept(p).flatMap((r) => [r.measured, r.leftOut]));
  const ends: [number, number] = [Math.min(...drawn) * 0.92, Math.max(...drawn) * 1.08];
  const axis = ticks(shown.filter((value) => value > ends[0] && value < ends[1]).map((value) => [value, `${formatNumber(value)}×`]));
  return {
    data: [
      line("equal", ends, ends, colours.ink, { line: { color: colours.ink, width: 1 }, showlegend: false, hoverinfo: "skip" }),
      ...kinds.map(({ name, color, symbol, here }) =>
        points(
          `${name}, one step`,
          here.flatMap((p) => kept(p).map((r) => r.measured)),
          here.flatMap((p) => kept(p).map((r) => r.leftOut)),
          color,
          {
            marker: { color, symbol, size: 6, opacity: 0.3 },
            text: here.flatMap((p) => kept(p).map(({ older }) => `${nameOf(p)}<br>${older.row.requests} requests, ${older.row.engine}`)),
            hoverinfo: "text+x+y",
            showlegend: false,
          },
        ),
      ),
      ...kinds.map(({ name, color, symbol, here }) =>
        points(
          name,
          here.map((p) => p.measured),
          here.map((p) => p.leftOut),
          color,
          {
            marker: { color, symbol, size: 12, line: { color: colours.ink, width: 1 } },
            text: here.map((p) => `${nameOf(p)}, median of ${p.ratios.length}`),
            hoverinfo: "text+x+y",
          },
        ),
      ),
    ],
    layout: layout({
      height: 520,
      margin: { l: 84, r: 24, t: 20, b: 110 },
      xaxis: logAxis("Times as fast, measured", ends, axis),
      yaxis: logAxis("Times as fast, predicted", ends, axis),
      annotations: [
        label(
          nameOf(worst)
            .replace(", ", "<br>")
            .replace(/ \([^)]*\)/g, ""),
          { x: worst.measured, y: worst.leftOut },
          // Away from the line of equals, along which the marks lie.
          { showarrow: true, arrowhead: 0, arrowwidth: 1, ax: 0, ay: worst.measured > worst.leftOut ? 70 : -70, align: "left" },
          "xy",
        ),
      ],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.18, yanchor: "top" },
    }),
    title: `From one machine to another ${formatCount(rows)} pairs of steps are off by ${formatShare(errors.leftOut)} in the median, and ${formatCount(far)} of ${formatCount(known.length)} pairings by a fifth or more`,
    setting: "Measured decode steps of one model on two machines, engine times fitted without these rows.",
    caption: `How many times faster the newer of two machines does the same decode step: large marks are the median of a model on two machines, small ones single steps; on the line prediction and measurement agree. ${words}, with engine times fitted without these rows. Furthest off: ${nameOf(worst)}, ${formatNumber(worst.measured, 2)} times as measured and ${formatNumber(worst.leftOut, 2)} as predicted.`,
    alt: `Measured against predicted ratios of steps on two machines. ${words}.`,
  };
}

function offBy({ measured, leftOut }: MachinePair): number {
  return Number.isFinite(leftOut) ? Math.abs(Math.log(measured / leftOut)) : 0;
}
