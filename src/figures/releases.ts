import type { Model } from "../model/model";
import { type Release, releases } from "../model/release-sizes";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, countTicks, dateRange, label, layout, linearAxis, logAxis, points, rule, ticks } from "./theme";

/** The day the argument was published. */
export const articleDate = "2025-01-11";

/** On which side of its mark a name stands. */
type Side = "above" | "below";

/**
 * Which releases to name, and where the name stands off from its mark in the upper and in the lower panel: above or below, or so many
 * pixels to the right and down in the one, then in the other.
 */
export type Names = Readonly<Record<string, readonly [Side, Side] | readonly [number, number, number, number]>>;

/**
 * Tokens per expert and parameters per expert by release date, one above the other.
 *
 * @example releasesFigure(models(), 6144).caption
 */
export function releasesFigure(models: readonly Model[], tokensInFlight: number, named: Names = {}): Figure {
  const all = releases(models, tokensInFlight);
  const after = all.filter((r) => !r.dense && r.released > articleDate);
  const words = afterTheArticle(after);
  return {
    data: [...series(all, "tokensPerExpert", "y"), ...series(all, "parametersPerExpert", "y2")],
    layout: layout({
      height: 620,
      xaxis: {
        ...linearAxis("Release", [0, 1]),
        type: "date",
        range: dateRange(
          "2020-01-01",
          all.map((r) => r.released),
        ),
        anchor: "y2",
        dtick: "M12",
        tickformat: "%Y",
      },
      yaxis: logAxis(
        `Tokens per expert, ${formatCount(tokensInFlight)} in flight`,
        [Math.min(1, ...all.map((r) => r.tokensPerExpert / 2)), Math.max(20_000, tokensInFlight * 2)],
        {
          domain: [0.54, 1],
          ...countTicks([1, 10, 100, 1000, 10_000]),
        },
      ),
      yaxis2: logAxis("Parameters per expert (million)", [1e6, 1e10], {
        domain: [0, 0.46],
        ...ticks([
          [1e6, "1"],
          [1e7, "10"],
          [1e8, "100"],
          [1e9, "1,000"],
          [1e10, "10,000"],
        ]),
      }),
      shapes: [rule("x", articleDate)],
      annotations: [
        label(
          "the article",
          { x: articleDate, y: 1 },
          { yref: "paper", xanchor: "right", yanchor: "top", xshift: -4, font: { size: 11, color: colours.grey } },
        ),
        ...names(all, named),
      ],
    }),
    title: words,
    setting: `${formatCount(tokensInFlight)} tokens in flight over all GPUs; the mean holds for any router; after ${articleDate}, the day of the article.`,
    source: "Dimensions: each release's own configuration, named in data/models.csv.",
    caption: `Every model of the registry by release. Above: tokens per expert at ${formatCount(tokensInFlight)} tokens in flight. Below: parameters of one expert. Filled circles are mixture-of-experts models, grey diamonds dense ones (their feed-forward part sees every token), open circles rest on unverified dimensions. ${words}. The registry is a collection of notable releases, not a sample.`,
    alt: `Two scatter plots over release date. ${words}.`,
  };
}

/** What the models released after the article say, in a clause. */
function afterTheArticle(after: readonly Release[]): string {
  if (after.length === 0) return "No mixture-of-experts model among these was released after the article";
  const inBand = after.filter((r) => r.tokensPerExpert >= 64 && r.tokensPerExpert <= 256).length / after.length;
  const millions = median(after.map((r) => r.parametersPerExpert)) / 1e6;
  return `${formatShare(inBand)} of the ${formatCount(after.length)} mixture-of-experts models of any size released after the article lie at 64 to 256 tokens per expert; their median expert has ${formatNumber(millions)} million parameters`;
}

function series(
  all: readonly Release[],
  quantity: "tokensPerExpert" | "parametersPerExpert",
  yaxis: string,
): readonly Record<string, unknown>[] {
  const kind = (name: string, keep: (r: Release) => boolean, color: string, particular: Record<string, unknown>) => {
    const kept = all.filter(keep);
    return points(
      name,
      kept.map((r) => r.released),
      kept.map((r) => r[quantity]),
      color,
      { yaxis, text: kept.map((r) => r.name), hovertemplate: "%{text}<br>%{x}: %{y:.4s}<extra></extra>", ...particular },
    );
  };
  const unverified = { marker: { color: "#FFFFFF", size: 8, line: { color: colours.blue, width: 1.5 } } };
  return [
    kind("dense", (r) => r.dense, colours.grey, { marker: { color: colours.grey, size: 8, symbol: "diamond" } }),
    kind("unverified", (r) => !r.dense && r.unverified, colours.blue, unverified),
    kind("mixture of experts", (r) => !r.dense && !r.unverified, colours.blue, {}),
  ];
}

/** Names stand off from the crowd, above or below, with a line to their point; a narrow page has no room for them. */
function names(all: readonly Release[], named: Names): readonly Record<string, unknown>[] {
  const shown = all.filter((r) => named[r.name] !== undefined);
  const leader = (r: Release, i: number, panel: 0 | 1) => ({
    showarrow: true,
    arrowhead: 0,
    arrowwidth: 1,
    arrowcolor: colours.grey,
    ...offset(named[r.name] as Names[string], panel, 30 + 14 * (i % 3)),
    font: { size: 11, color: colours.ink },
    name: "wide",
  });
  return [
    ...shown.map((r, i) => label(r.name, { x: r.released, y: r.tokensPerExpert }, leader(r, i, 0), "y")),
    ...shown.map((r, i) => label(r.name, { x: r.released, y: r.parametersPerExpert }, { ...leader(r, i, 1), yref: "y2" }, "y")),
  ];
}

function offset(places: Names[string], panel: 0 | 1, away: number): { readonly ax: number; readonly ay: number } {
  if (places.length === 4) return panel === 0 ? { ax: places[0], ay: places[1] } : { ax: places[2], ay: places[3] };
  return { ax: 0, ay: places[panel] === "above" ? -away : away };
}

function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ((ascending[Math.floor((ascending.length - 1) / 2)] as number) + (ascending[Math.ceil((ascending.length - 1) / 2)] as number)) / 2;
}
