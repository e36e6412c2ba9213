import type { Figure } from "../index";

/** Words of a figure, as figures place them. */
interface Words {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly showarrow?: boolean;
  readonly visible?: boolean;
  readonly xref?: string;
  readonly yref?: string;
  readonly xanchor?: "left" | "center" | "right";
  readonly yanchor?: "top" | "middle" | "bottom";
  readonly yshift?: number;
  readonly font?: { readonly size?: number; readonly color?: string };
}

/**
 * The same figure with its words in a trace: what a trace lists moves in a third of the time that words of the layout take. A
 * trace that lists nothing keeps one place, empty: Plotly would hide it, and lay out all anew when it comes back.
 *
 * Words on arrows are left out: the marks that they point to say the same to who points at them. Words placed by the paper stay. Those that
 * only a report's narrow page shows are left out too.
 */
export function movable(figure: Figure): Figure {
  const { annotations: all = [], ...layout } = figure.layout as { readonly annotations?: readonly Words[] };
  const annotations = all.filter(({ visible }) => visible !== false);
  const words = annotations.filter(({ showarrow, xref, yref }) => showarrow === false && xref === undefined && yref === undefined);
  const rest = annotations.filter((one) => one.showarrow === false && !words.includes(one));
  const data = figure.data.map((trace) => ((trace.x as readonly unknown[]).length === 0 ? { ...trace, x: [null], y: [null] } : trace));
  if (words.length === 0) return { ...figure, data };
  // Rounded, so that the last digit of a power does not depend on who computes it.
  const value = (axis: "xaxis" | "yaxis", at: number) =>
    (layout as Layout)[axis]?.type === "log" ? Number((10 ** at).toPrecision(12)) : at;
  const trace = {
    type: "scatter",
    mode: "markers+text",
    x: words.map(({ x }) => value("xaxis", x)),
    y: words.map(({ y }) => value("yaxis", y)),
    text: words.map(({ text }) => text),
    textposition: words.map(sideOf),
    textfont: { size: words.map(({ font }) => font?.size ?? 12), color: words.map(({ font }) => font?.color ?? "#000000"), shadow: halo },
    // Unseen, they keep the words off the marks that they name.
    marker: { size: 10, opacity: 0 },
    hoverinfo: "skip",
    showlegend: false,
    cliponaxis: false,
  };
  return { ...figure, data: [...data, trace], layout: { ...layout, ...(rest.length > 0 ? { annotations: rest } : {}) } };
}

/** Paper around the letters, for words that stand on a line; the page says which colour its paper has. */
const halo = Array.from({ length: 8 }, () => "0 0 3px var(--paper, #FFFFFF)").join(", ");

type Layout = Readonly<Record<"xaxis" | "yaxis", { readonly type?: string } | undefined>>;

/** On which side of their point words stand. */
function sideOf({ xanchor = "center", yanchor = "middle", yshift = 0 }: Words): string {
  const up = yanchor === "bottom" || (yanchor === "middle" && yshift > 0);
  const down = yanchor === "top" || (yanchor === "middle" && yshift < 0);
  return `${up ? "top" : down ? "bottom" : "middle"} ${{ left: "right", center: "center", right: "left" }[xanchor]}`;
}
