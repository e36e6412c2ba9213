import { probabilityWords } from "../claims/claim-words";
import type { ThenAndNow } from "../claims/verdict-table";
import type { Figure } from "./figure";
import { band, colours, label, layout, linearAxis } from "./theme";

/** The verdicts in the order of the legend, each with a shape of its own: colour is not needed to tell them apart. */
const looks = {
  supported: { color: colours.green, symbol: "circle" },
  "supported within bounds": { color: colours.blue, symbol: "diamond" },
  "not supported": { color: colours.orange, symbol: "square" },
  untested: { color: colours.grey, symbol: "x" },
} as const;

/** Probability of every claim, then and now, one row a claim. */
export function probabilitiesFigure(judged: readonly ThenAndNow[]): Figure {
  const rows = judged.map(({ atArticle, now }) => ({ atArticle, now, row: `${now.name} <b>${now.id}</b>` }));
  const settled = {
    up: judged.filter(({ now }) => now.probability >= 0.9).length,
    down: judged.filter(({ now }) => now.probability <= 0.1).length,
  };
  const count = (verdict: keyof typeof looks) => judged.filter(({ now }) => now.verdict === verdict).length;
  const moved = rows.filter(
    ({ atArticle, now }) => !Number.isNaN(atArticle.probability) && Math.abs(now.probability - atArticle.probability) >= 0.1,
  );
  const words = `In ${settled.up} claims the quantity holds in nine draws of ten or more, in ${settled.down} in one of ten or fewer; with their further conditions ${count("supported")} are supported, ${count("supported within bounds")} within bounds, ${count("not supported")} not supported`;
  return {
    data: [
      ...rows
        .filter(({ atArticle }) => !Number.isNaN(atArticle.probability))
        .map(({ atArticle, now, row }) => ({
          type: "scatter",
          mode: "lines",
          x: [100 * atArticle.probability, 100 * now.probability],
          y: [row, row],
          line: { color: colours.grey, width: 2 },
          hoverinfo: "skip",
          showlegend: false,
        })),
      {
        type: "scatter",
        mode: "markers",
        name: "by January 2025",
        x: rows.map(({ atArticle }) => finite(100 * atArticle.probability)),
        y: rows.map(({ row }) => row),
        marker: { color: "#FFFFFF", size: 9, line: { color: colours.grey, width: 2 } },
        text: rows.map(({ atArticle }) => `${atArticle.verdict}, ${probabilityWords(atArticle.probability)}`),
        hovertemplate: "%{text}<extra>by January 2025</extra>",
      },
      ...(Object.keys(looks) as (keyof typeof looks)[])
        .filter((verdict) => count(verdict) > 0)
        .map((verdict) => {
          const own = rows.filter(({ now }) => now.verdict === verdict);
          return {
            type: "scatter",
            mode: "markers",
            name: `now: ${verdict}`,
            x: own.map(({ now }) => finite(100 * now.probability)),
            y: own.map(({ row }) => row),
            marker: { ...looks[verdict], size: 12 },
            text: own.map(({ now }) => `${now.statement}<br>${probabilityWords(now.probability)}`),
            hovertemplate: "%{text}<extra></extra>",
          };
        }),
    ],
    layout: layout({
      height: 620,
      margin: { l: 172, r: 20, t: 64, b: 58 },
      showlegend: true,
      legend: { orientation: "h", x: -0.25, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 12 } },
      xaxis: linearAxis("Draws that hold (%)", [-4, 104], { dtick: 25 }),
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: rows.map(({ row }) => row).reverse(),
        tickfont: { size: 12 },
        gridcolor: "#E5E7EB",
        automargin: false,
      },
      shapes: [band("x", 90, 104, colours.green), band("x", -4, 10, colours.orange)],
      annotations: [
        label(
          "settled: no",
          { x: -4, y: 0 },
          { yref: "paper", xanchor: "left", yanchor: "bottom", font: { size: 11, color: colours.grey } },
        ),
        label("yes", { x: 104, y: 0 }, { yref: "paper", xanchor: "right", yanchor: "bottom", font: { size: 11, color: colours.grey } }),
      ],
    }),
    caption: `Each claim's quantity, drawn ${judged[0]?.now.parameters.length === 0 ? "once" : "thousands of times"} with everything that is not known exactly. Filled: the share of draws within the threshold by all that is known now, its shape the verdict; open: by what was known when the article came out, missing where the quantity could not be computed then. ${words}. The probability is of the quantity alone: a verdict also asks for the further conditions of its claim. ${moved.length} claims moved by ten points or more.`,
    alt: `${words}.`,
  };
}

/** Plotly takes a gap as null, not as NaN. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
