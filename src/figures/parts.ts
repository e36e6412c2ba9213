import type { Claim } from "../claims/claims";
import { probabilityWords } from "../claims/parts/part-words";
import { verdictLooks } from "./claims-over-time";
import type { Figure } from "./figure";
import { band, colours, label, layout, linearAxis } from "./theme";

/**
 * Every part of every claim that has a probability, each reading by itself, in rows of their claims.
 *
 * @example partsFigure([claim("0a")]).caption
 */
export function partsFigure(judged: readonly Claim[]): Figure {
  const points = judged.flatMap((c) =>
    c.parts.flatMap((part) => {
      const row = `${c.name} <b>${c.id}</b>`;
      const own =
        part.probability === undefined
          ? []
          : [{ row, id: part.id, p: part.probability, says: part.statement, kind: part.stress > 0 ? part.kind : "finding" }];
      const read = (part.readings ?? []).flatMap((r) =>
        r.probability === undefined ? [] : [{ row, id: `${part.id}, ${r.name}`, p: r.probability, says: part.statement, kind: "reading" }],
      );
      return [...own, ...read];
    }),
  );
  const sure = points.filter(({ p }) => p >= 0.9).length;
  const never = points.filter(({ p }) => p < 0.1).length;
  const words = `Of ${points.length} parts and readings that have a share or a probability ${sure} lie at 90 % or more and ${never} below 10 %`;
  const rows = [...new Set(points.map(({ row }) => row))];
  const without = judged.filter((c) => !rows.includes(`${c.name} <b>${c.id}</b>`)).map((c) => c.id);
  // Marks that lie on one another: each says under the pointer what all of them say, and their number stands beside.
  const together = (one: (typeof points)[number]) =>
    points.filter((p) => p.row === one.row && p.kind === one.kind && Math.abs(p.p - one.p) < 0.005);
  // Findings first and larger: they never hide a part that counts.
  const kinds = {
    finding: { name: "finding of ours, not counted", symbol: "circle", size: 15, color: colours.mist },
    prevalence: { name: "share of a population", symbol: "circle", size: 11, color: colours.blue },
    credence: { name: "probability", symbol: "diamond", size: 11, color: colours.blue },
    reading: { name: "one reading of a word", symbol: "star", size: 11, color: colours.blue },
  } as const;
  return {
    data: Object.entries(kinds).map(([kind, { name, ...marker }]) => {
      const own = points.filter((p) => p.kind === kind);
      return {
        type: "scatter",
        mode: "markers",
        name,
        x: own.map(({ p }) => 100 * p),
        y: own.map(({ row }) => row),
        marker,
        text: own.map((one) =>
          together(one)
            .map(({ id, says, p }) => `${id}: ${says}<br>${probabilityWords(p)}`)
            .join("<br>"),
        ),
        hovertemplate: "%{text}<extra></extra>",
      };
    }),
    layout: layout({
      height: 560,
      margin: { l: 180, r: 20, t: 20, b: 58 },
      showlegend: true,
      legend: { orientation: "h", x: -0.25, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 12 } },
      xaxis: linearAxis("Share or probability (%)", [-4, 104], { dtick: 25 }),
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: [...rows].reverse(),
        range: [-0.6, rows.length - 0.4],
        tickfont: { size: 12 },
        gridcolor: "#E5E7EB",
      },
      annotations: points
        .filter((one) => together(one).length > 1 && together(one)[0] === one)
        .map((one) =>
          label(
            `×${together(one).length}`,
            { x: 100 * one.p, y: one.row },
            { xanchor: "left", xshift: 8, yshift: one.kind === "finding" ? -9 : 8 },
          ),
        ),
      shapes: [band("x", 66, 104, verdictLooks.Right.color), band("x", -4, 33, verdictLooks["Mostly wrong"].color)],
    }),
    title: words,
    setting: "From 66 % on a part counts as right, below 33 % as wrong.",
    caption: `Each part that has a number: the share of its named population, or the probability that it is true; stars are readings of a word, never averaged; pale marks are findings of ours that no verdict counts; × is how many marks of one kind lie on one another, pale ones by themselves.${without.length === 0 ? "" : ` Claims whose parts are all plain facts are left out (${without.join(", ")}): there a count or a share stands against its threshold, and the part holds or does not.`}`,
    alt: `${words}.`,
  };
}
