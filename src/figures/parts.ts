import type { Claim } from "../claims/claims";
import { probabilityWords } from "../claims/parts/part-words";
import { verdictLooks } from "./claims-over-time";
import type { Figure } from "./figure";
import { band, colours, layout, linearAxis } from "./theme";

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
          : [{ row, id: part.id, p: part.probability, says: part.statement, counts: part.stress > 0, kind: part.kind }];
      const read = (part.readings ?? []).flatMap((r) =>
        r.probability === undefined
          ? []
          : [{ row, id: `${part.id}, ${r.name}`, p: r.probability, says: part.statement, counts: true, kind: "reading" }],
      );
      return [...own, ...read];
    }),
  );
  const sure = points.filter(({ p }) => p >= 0.9).length;
  const never = points.filter(({ p }) => p < 0.1).length;
  const words = `Of ${points.length} parts and readings that have a share or a probability ${sure} lie at 90 % or more and ${never} below 10 %`;
  const kinds = ["prevalence", "credence", "reading"] as const;
  const symbols = { prevalence: "circle", credence: "diamond", reading: "star" } as const;
  return {
    data: kinds.map((kind) => {
      const own = points.filter((p) => p.kind === kind);
      return {
        type: "scatter",
        mode: "markers",
        name: { prevalence: "share of a population", credence: "probability", reading: "one reading of a word" }[kind],
        x: own.map(({ p }) => 100 * p),
        y: own.map(({ row }) => row),
        marker: { symbol: symbols[kind], size: 11, color: own.map(({ counts }) => (counts ? colours.blue : colours.mist)) },
        text: own.map(({ id, says, p }) => `${id}: ${says}<br>${probabilityWords(p)}`),
        hovertemplate: "%{text}<extra></extra>",
      };
    }),
    layout: layout({
      height: 560,
      margin: { l: 180, r: 20, t: 40, b: 58 },
      showlegend: true,
      legend: { orientation: "h", x: -0.25, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 12 } },
      xaxis: linearAxis("Share or probability (%)", [-4, 104], { dtick: 25 }),
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: judged.map((c) => `${c.name} <b>${c.id}</b>`).reverse(),
        tickfont: { size: 12 },
        gridcolor: "#E5E7EB",
      },
      shapes: [band("x", 66, 104, verdictLooks.Right.color), band("x", -4, 33, verdictLooks["Mostly wrong"].color)],
    }),
    title: words,
    setting: "From 66 % on a part counts as right, below 33 % as wrong.",
    caption: `Each part that has a number: the share of its named population, or the probability that it is true; stars are readings of a word, never averaged; pale points are findings of ours that no verdict counts. From 66 % on a part counts as right, below 33 % as wrong. ${words}.`,
    alt: `${words}.`,
  };
}
