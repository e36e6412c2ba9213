import type { Month } from "../claims/history";
import { type Verdict, verdicts } from "../claims/parts/verdict";
import type { Figure } from "./figure";
import { colours, layout } from "./theme";

/** A colour and a shape for each verdict: colour is not needed to tell them apart. */
export const verdictLooks: Readonly<Record<Verdict, { readonly color: string; readonly symbol: string }>> = {
  Right: { color: colours.green, symbol: "circle" },
  "Mostly right": { color: "#4FA98A", symbol: "triangle-up" },
  "Half right": { color: colours.yellow, symbol: "diamond" },
  "Mostly wrong": { color: colours.orange, symbol: "triangle-down" },
  Wrong: { color: "#A32020", symbol: "square" },
  "Depends on a word": { color: colours.purple, symbol: "star" },
  "Not yet": { color: colours.grey, symbol: "circle-open" },
};

/**
 * The verdict of every claim, month by month from the article's day to the newest source.
 *
 * @example claimsOverTimeFigure(verdictsByMonth(12)).caption
 */
export function claimsOverTimeFigure(months: readonly Month[]): Figure {
  const [first, last] = [months[0], months.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("months must hold at least one month, got none");
  const row = (id: string, name: string) => `${name} <b>${id}</b>`;
  const points = months.flatMap(({ day, verdicts: all }) => all.map((v) => ({ day, ...v, row: row(v.id, v.name) })));
  const moved = last.verdicts.filter((v, i) => v.verdict !== first.verdicts[i]?.verdict);
  const words = moved
    .map((v) => `claim ${v.id} from ${first.verdicts.find((f) => f.id === v.id)?.verdict.toLowerCase()} to ${v.verdict.toLowerCase()}`)
    .join(", ");
  const back = last.verdicts.filter(
    (v, i) => v.verdict === first.verdicts[i]?.verdict && months.some((month) => month.verdicts[i]?.verdict !== v.verdict),
  );
  const returned = back.length === 0 ? "" : `; ${back.length} more moved and came back`;
  const title = `${moved.length} of ${last.verdicts.length} verdicts differ from those of the article's day${returned}`;
  const changes = moved.length === 0 ? "" : ` What differs: ${words}.`;
  const returns = back.length === 0 ? "" : ` Moved and came back: ${back.map((v) => v.id).join(", ")}.`;
  return {
    data: verdicts
      .filter((verdict) => points.some((p) => p.verdict === verdict))
      .map((verdict) => {
        const own = points.filter((p) => p.verdict === verdict);
        return {
          type: "scatter",
          mode: "markers",
          name: verdict,
          x: own.map((p) => p.day),
          y: own.map((p) => p.row),
          marker: { ...verdictLooks[verdict], size: 10 },
          hovertemplate: `%{y}<br>%{x}: ${verdict}<extra></extra>`,
        };
      }),
    layout: layout({
      height: 560,
      margin: { l: 180, r: 20, t: 20, b: 58 },
      showlegend: true,
      legend: { orientation: "h", x: -0.25, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 12 } },
      xaxis: {
        title: { text: "Known by (date)", standoff: 12 },
        type: "date",
        tickformat: "%b<br>%Y",
        tick0: "2025-01-01",
        dtick: "M6",
        gridcolor: "#E5E7EB",
      },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: last.verdicts.map((v) => row(v.id, v.name)).reverse(),
        tickfont: { size: 12 },
        gridcolor: "#E5E7EB",
      },
    }),
    title,
    setting: `Judged by what was known from ${first.day} to ${last.day}.`,
    caption: `Every claim judged by what was known on the article's day, at the end of each month since, and at the newest source. What a datasheet decides was known from the first day; what is to happen counts as not yet until it is published or its day has passed.${changes}${returns}`,
    alt: `${title}.${changes}${returns}`,
  };
}
