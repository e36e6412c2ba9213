import { isMoe, type Model } from "../model/model";
import { type LayerKind, layerEnds, layerKind } from "../published/next";
import { formatCount } from "../text/numbers";
import type { Figure } from "./figure";
import { articleDate } from "./releases";
import { colours, layout, linearAxis } from "./theme";

const kinds: readonly LayerKind[] = ["learned", "hash", "dense", "dense and learned in turn"];
const colourOf: Readonly<Record<LayerKind, string>> = {
  learned: "#DCE9F2",
  hash: colours.yellow,
  dense: colours.orange,
  "dense and learned in turn": colours.purple,
};

/** Layers shown at each end. */
export const shownLayers = 6;

/** The first and last layers of one model. */
export function endsOf(m: Model): readonly LayerKind[] {
  const first = Array.from({ length: shownLayers }, (_, i) => layerKind(m, i));
  const last = Array.from({ length: shownLayers }, (_, i) => layerKind(m, m.layers - shownLayers + i));
  return [...first, ...last];
}

/**
 * Large releases by date, and what stands in their first and last layers.
 *
 * @example layerEndsFigure(models(), 1e11).caption
 */
export function layerEndsFigure(models: readonly Model[], leastParameters: number): Figure {
  const shown = models.filter(
    (m) =>
      isMoe(m) &&
      m.confidence !== "low" &&
      m.totalParameters !== undefined &&
      m.totalParameters >= leastParameters &&
      m.released >= "2024-03" &&
      m.denseLayers + m.moeLayers === m.layers,
  );
  const since = shown.filter((m) => m.released > articleDate);
  const first = since.filter((m) => layerEnds(m).firstDense + layerEnds(m).firstHash > 0).length;
  const last = since.filter((m) => layerEnds(m).lastDense > 0);
  const columns = [
    ...Array.from({ length: shownLayers }, (_, i) => `${i + 1}`),
    ...Array.from({ length: shownLayers }, (_, i) => `−${shownLayers - i}`),
  ];
  const rows = shown.map((m) => m.name);
  const at = shown.map(endsOf);
  return {
    data: kinds.map((kind) => {
      const cells = at.flatMap((layers, y) =>
        layers.flatMap((here, x) => (here === kind ? [[columns[x] as string, rows[y] as string] as const] : [])),
      );
      return {
        type: "scatter",
        mode: "markers",
        name: kind === "learned" ? "experts, learned router" : kind === "hash" ? "experts, hash of the token" : kind,
        x: cells.map(([x]) => x),
        y: cells.map(([, y]) => y),
        marker: { symbol: "square", size: 11, color: colourOf[kind] },
        hoverinfo: "y+name",
      };
    }),
    layout: layout({
      height: 150 + 18 * rows.length,
      margin: { l: 196, r: 12, t: 20, b: 58 },
      xaxis: {
        ...linearAxis("Layer, from either end", [-0.7, 2 * shownLayers - 0.3]),
        type: "category",
        categoryorder: "array",
        categoryarray: columns,
        showgrid: false,
        // Every other one: twelve of them stand upright on a narrow page.
        tickmode: "array",
        tickvals: columns.filter((_, i) => (i < shownLayers ? i : i + 1) % 2 === 0),
        tickangle: 0,
      },
      yaxis: {
        ...linearAxis("", [rows.length - 0.4, -0.6]),
        type: "category",
        categoryorder: "array",
        categoryarray: rows,
        showgrid: false,
        tickfont: { size: 11 },
      },
      showlegend: true,
      legend: { orientation: "h", x: -0.2, y: 1.01, yanchor: "bottom" },
      shapes: [
        {
          type: "line",
          x0: shownLayers - 0.5,
          x1: shownLayers - 0.5,
          y0: 0,
          y1: 1,
          yref: "paper",
          line: { color: colours.grey, width: 1, dash: "dot" },
        },
      ],
    }),
    title: `${formatCount(first)} of ${formatCount(since.length)} large releases since the article begin without a learned router, ${formatCount(last.length)} ${last.length === 1 ? "ends" : "end"} so`,
    setting: `Models of at least ${formatCount(leastParameters / 1e9)} billion parameters.`,
    source: "Layers: data/layer-ends.csv and each release's own configuration.",
    caption: `Releases of at least ${formatCount(leastParameters / 1e9)} billion parameters, the oldest above; the first and the last ${shownLayers} layers of each. Of ${formatCount(since.length)} since the article ${formatCount(first)} have layers at the front without a learned router, and ${last.length === 0 ? "none has" : `${formatCount(last.length)} (${last.map((m) => m.name).join(", ")}) ${last.length === 1 ? "has" : "have"}`} a dense layer at the end. Models whose blocks are either a mixer or a feed-forward part are left out. Where no source names the dense layers they are taken to stand at the front.`,
    alt: `Many models keep one to five dense layers at the front, a few route the first layers by hash, and all but one have experts in the last layers.`,
  };
}
