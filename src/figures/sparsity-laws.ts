import { isMoe, type Model } from "../model/model";
import { granularity, sparsity } from "../network/hiding";
import { sparsityGains } from "../published/next";
import { optimalGranularity, sparsitySteps } from "../published/sparsity-steps";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { articleDate } from "./releases";
import { sourced } from "./sourced";
import { band, colours, countTicks, dateRange, label, layout, line, linearAxis, logAxis, points, ticks } from "./theme";

/**
 * What sparsity gains by a published law, and how finely released models are cut.
 *
 * @example sparsityLawsFigure(models()).caption
 */
export function sparsityLawsFigure(models: readonly Model[]): Figure {
  const moe = models.filter((m) => isMoe(m) && m.confidence !== "low" && m.released >= "2023-12");
  const law = [...sparsityGains()].sort((a, b) => a.sparsity - b.sparsity);
  const tried = law.map((p) => p.sparsity);
  const furthest = Math.max(...tried);
  const beyond = moe.filter((m) => sparsity(m) > furthest && m.released > articleDate);
  const steps = sparsitySteps();
  const since = moe.filter((m) => m.released > articleDate);
  const coarser = since.filter((m) => granularity(m) < optimalGranularity[0]).length;
  const recent = (m: Model) => m.released > articleDate;
  return {
    data: [
      line(
        "law, where it was tried",
        tried,
        law.map((p) => p.relativeFlops),
        colours.blue,
        { mode: "lines+markers", marker: { color: colours.blue, size: 9 } },
      ),
      points(
        "releases",
        moe.map(sparsity),
        moe.map(() => 0.86),
        colours.grey,
        {
          marker: {
            color: colours.grey,
            size: 12,
            symbol: "line-ns",
            line: { color: moe.map((m) => (recent(m) ? colours.orange : colours.grey)), width: 1.5 },
          },
          text: moe.map((m) => m.name),
        },
      ),
      points(
        "before the article",
        moe.filter((m) => !recent(m)).map((m) => m.released),
        moe.filter((m) => !recent(m)).map(granularity),
        colours.grey,
        { xaxis: "x2", yaxis: "y2", text: moe.filter((m) => !recent(m)).map((m) => m.name) },
      ),
      points(
        "since",
        since.map((m) => m.released),
        since.map(granularity),
        colours.orange,
        { xaxis: "x2", yaxis: "y2", text: since.map((m) => m.name) },
      ),
    ],
    layout: layout({
      height: 680,
      xaxis: {
        ...logAxis("Sparsity (experts / experts per token)", [1.8, 150], countTicks([2, 4, 8, 16, 32, 64, 128])),
        anchor: "y",
      },
      yaxis: linearAxis("FLOPs for the same loss (relative)", [0.8, 1.8], { domain: [0.58, 1] }),
      xaxis2: {
        ...linearAxis("Release", [0, 1]),
        type: "date",
        range: dateRange(
          "2023-10-01",
          moe.map((m) => m.released),
        ),
        dtick: "M12",
        tickformat: "%Y",
        anchor: "y2",
      },
      yaxis2: logAxis("Granularity<br>(2 × hidden size / width)", [0.3, 20], {
        domain: [0, 0.42],
        ...ticks([
          [0.5, "0.5"],
          [1, "1"],
          [2, "2"],
          [4, "4"],
          [8, "8"],
          [12, "12"],
        ]),
      }),
      shapes: [
        band("x", Math.min(...tried), furthest, colours.blue, 0.06),
        {
          type: "rect",
          xref: "paper",
          x0: 0,
          x1: 1,
          yref: "y2",
          y0: optimalGranularity[0],
          y1: optimalGranularity[1],
          fillcolor: colours.green,
          opacity: 0.15,
          line: { width: 0 },
          layer: "below",
        },
      ].map((shape, i) => (i === 0 ? { ...shape, yref: "y domain" } : shape)),
      annotations: [
        label("tried by Kimi K2", { x: Math.sqrt(Math.min(...tried) * furthest), y: 1.74 }, {}, "x"),
        label("releases", { x: 2, y: 0.92 }, { xanchor: "left", font: { size: 12, color: colours.grey } }, "x"),
        {
          ...label(
            "optimum by Ling",
            { x: "2023-11-01", y: Math.sqrt(optimalGranularity[0] * optimalGranularity[1]) },
            { xanchor: "left", font: { size: 12, color: colours.green } },
            "y",
          ),
          xref: "x2",
          yref: "y2",
        },
      ],
    }),
    title: `A step up in sparsity, scaled to a doubling, still needs ${formatNumber(Math.min(...steps.map((s) => s.gainPerDoubling)))} to ${formatNumber(Math.max(...steps.map((s) => s.gainPerDoubling)))} times fewer FLOPs, and ${formatNumber((coarser / since.length) * 100, 2)} % of releases are cut more coarsely than the optimum`,
    setting: `Tried at sparsities of ${Math.min(...tried)} to ${furthest}; one laboratory each.`,
    source: sourced("Laws", [...law.map((p) => p.source), "lingleverage2025"]),
    caption: `Above: FLOPs that Kimi K2's report found for the same loss at four sparsities. Each step, scaled to a doubling, cuts them ${steps.map((s) => `${formatNumber(s.gainPerDoubling)} times (${s.from} to ${s.to})`).join(", ")}: no decay where it was tried (shaded). Strokes are releases, orange since the article; ${formatNumber(beyond.length)} of them lie beyond what the law covers. Below: twice the hidden size over the width of an expert. The law of Ling puts the optimum at ${optimalGranularity[0]} to ${optimalGranularity[1]} whatever the compute; ${formatNumber((coarser / since.length) * 100, 2)} % of the releases since the article are coarser. Both laws are of one laboratory each, at its own scale and data.`,
    alt: `FLOPs for the same loss fall with sparsity from 8 to 48 without levelling off; most released models are cut more coarsely than the published optimum.`,
  };
}
