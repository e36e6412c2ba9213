import type { Claim } from "../claims/claims";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, linearAxis, rule } from "./theme";

type Part = Readonly<Record<string, unknown>>;

/** The most bars of one claim. */
const most = 6;

/** What moves each claim's quantity, one claim at a time, with a menu to pick it. Claims that nothing moves are left out. */
export function tornadoFigure(all: readonly Claim[], first = all[0]?.id ?? ""): Figure {
  const moved = all.filter((c) => c.tornado.some((i) => Math.abs(i.rankCorrelation) > least));
  const shown = Math.max(
    0,
    moved.findIndex((c) => c.id === first),
  );
  const strongest = moved
    .map((c) => `${c.id}: ${c.tornado[0]?.label} (${formatNumber(c.tornado[0]?.rankCorrelation ?? 0, 2).replace("-", "−")})`)
    .join("; ");
  return {
    data: moved.map((c, i) => bars(c, i === shown)),
    layout: layout({
      height: 430,
      margin: { l: 178, r: 20, t: 70, b: 58 },
      xaxis: linearAxis("Rank correlation", [-1, 1], { dtick: 0.5 }),
      yaxis: { type: "category", autorange: "reversed", tickfont: { size: 12 }, ticks: "" },
      shapes: [rule("x", 0)],
      updatemenus: [
        {
          type: "dropdown",
          x: 0,
          xanchor: "left",
          y: 1.04,
          yanchor: "bottom",
          active: shown,
          showactive: true,
          bgcolor: "#FFFFFF",
          buttons: moved.map((c, i) => ({
            label: `Claim ${c.id}`,
            method: "restyle",
            args: ["visible", moved.map((_, j) => i === j)],
          })),
        },
      ],
    }),
    caption: `What a claim's quantity hangs on: Spearman's rank correlation over all draws. A bar to the right: more of it raises the quantity; choices such as the model count in order of release. Pick a claim in the menu. The strongest of each: ${strongest}. Claims that are not listed do not move within the intervals.`,
    alt: `Bars of rank correlation for each claim. The strongest of each: ${strongest}.`,
  };
}

/** Correlations no larger than this are chance at a few thousand draws. */
const least = 0.05;

function bars(claim: Claim, visible: boolean): Part {
  const kept = claim.tornado.slice(0, most);
  const up = kept.map((i) => i.rankCorrelation >= 0);
  return {
    type: "bar",
    orientation: "h",
    visible,
    name: claim.id,
    x: kept.map((i) => i.rankCorrelation),
    y: kept.map((i) => wrapped(i.label)),
    marker: { color: up.map((u) => (u ? colours.blue : colours.orange)) },
    hovertemplate: "%{y}: %{x:.2f}<extra></extra>",
  };
}

/** A long label over two lines. */
function wrapped(text: string): string {
  if (text.length <= 28) return text;
  const space = text.lastIndexOf(" ", 28);
  return space < 0 ? text : `${text.slice(0, space)}<br>${text.slice(space + 1)}`;
}
