import type { Hardware } from "../machine/hardware";
import { isMoe, type Model } from "../model/model";
import { type HidingLink, widthLines } from "../network/hiding";
import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { articleDate } from "./releases";
import { colours, countTicks, label, layout, line, logAxis, points, rule } from "./theme";

const laboratories = { DeepSeek: colours.blue, Moonshot: colours.orange, Alibaba: colours.green, Mistral: colours.purple } as const;
type Laboratory = keyof typeof laboratories;
/** Sides of a mark that its name may stand on: above it to the left or right, beside or below it. */
const shifts = {
  left: { xanchor: "right", xshift: -6, yshift: 9 },
  right: { xanchor: "left", xshift: 6, yshift: 9 },
  beside: { xanchor: "left", xshift: 8 },
  below: { yshift: -15 },
} as const;

/**
 * Number and width of experts by release; lines join a laboratory's in order of date, level lines are machines.
 *
 * @example expertPlaneFigure(models(), [[hardware("h800-sxm"), "network"]], { "deepseek-v3": ["DeepSeek-V3"] }).caption
 */
export function expertPlaneFigure(
  models: readonly Model[],
  machines: readonly (readonly [Hardware, HidingLink])[],
  named: Readonly<Record<string, readonly [string, keyof typeof shifts]>>,
): Figure {
  const moe = models.filter((m) => isMoe(m) && m.confidence !== "low");
  const leaders = moe.filter((m) => m.organization in laboratories && isLargestSoFar(m, moe));
  const rest = moe.filter((m) => !leaders.includes(m));
  const words = (m: Model) => `${m.name}, ${m.released}`;
  const symbolOf = (m: Model) => (m.released > articleDate ? "circle" : "circle-open");
  const lines = widthLines(machines);
  const after = moe.filter((m) => m.released > articleDate);
  const most = after.reduce((a, b) => (b.routedExperts > a.routedExperts ? b : a));
  const wide = (all: readonly Model[]) => all.filter((m) => m.moeIntermediateSize > 2048).length;
  const shareOf = (year: string) => {
    const own = moe.filter((m) => m.released.startsWith(year));
    return wide(own) / own.length;
  };
  const percentOf = (year: string) => `${formatNumber(shareOf(year) * 100, 2)} %`;
  const turn = shareOf("2026") < shareOf("2025") ? "Experts still become narrower" : "Experts no longer become narrower";
  const short = (h: Hardware) => h.name.replace(/ \(.*\)/, "");
  return {
    data: [
      points(
        "other releases",
        rest.map((m) => m.routedExperts),
        rest.map((m) => m.moeIntermediateSize),
        colours.grey,
        { opacity: 0.45, text: rest.map(words), marker: { color: colours.grey, size: 7, symbol: rest.map(symbolOf) } },
      ),
      ...(Object.keys(laboratories) as Laboratory[]).map((who) => {
        const here = leaders.filter((m) => m.organization === who);
        const color = laboratories[who];
        return line(
          who,
          here.map((m) => m.routedExperts),
          here.map((m) => m.moeIntermediateSize),
          color,
          {
            mode: "lines+markers",
            text: here.map(words),
            line: { color, width: 1.5 },
            marker: { color, size: 10, symbol: here.map(symbolOf) },
          },
        );
      }),
    ],
    layout: layout({
      height: 560,
      margin: { l: 84, r: 20, t: 20, b: 58 },
      xaxis: logAxis("Routed experts in a layer", [6, 1300], countTicks([8, 32, 128, 384, 896])),
      yaxis: logAxis("Width of one expert (elements)", [400, 30_000], countTicks([512, 1024, 2048, 4096, 8192, 16_384])),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
      shapes: lines.map(({ width }) => rule("y", width, colours.ink)),
      annotations: [
        ...lines.map(({ hardware, link, width }) =>
          label(
            `${short(hardware)}, ${link}`,
            { x: 6.5, y: width },
            { xanchor: "left", yanchor: "bottom", bgcolor: "rgba(255,255,255,0.7)" },
            "xy",
          ),
        ),
        ...moe.flatMap((m) => {
          const found = named[m.id];
          if (found === undefined) return [];
          const [name, side] = found;
          return [
            label(name, { x: m.routedExperts, y: m.moeIntermediateSize }, { ...shifts[side], bgcolor: "rgba(255,255,255,0.6)" }, "xy"),
          ];
        }),
      ],
    }),
    title: `${turn}: ${percentOf("2026")} of the releases of 2026 exceed the 2,048 of DeepSeek-V3, ${percentOf("2025")} in 2025`,
    setting: `Releases of the registry whose dimensions were read; lines for ${lines.map((l) => `${short(l.hardware)} (${l.link})`).join(", ")}.`,
    source: "Dimensions: each release's own configuration, named in data/models.csv.",
    caption: `Every mixture-of-experts release in the registry whose dimensions were read, open circles before the article; a line follows a laboratory from its largest release to its next larger one. Above a level line an expert computes long enough to hide the travel of its tokens on that machine (two FLOPs per byte for each element of width): ${lines.map((l) => `${short(l.hardware)} over its ${l.link} link from ${formatCount(l.width)}`).join(", ")}. The number of experts still rises (${most.name}: ${formatCount(most.routedExperts)}). Wider than the 2,048 of DeepSeek-V3 are the experts of ${percentOf("2024")} of the releases of 2024, ${percentOf("2025")} of 2025 and ${percentOf("2026")} of 2026.`,
    alt: `Releases by number of experts and width of an expert: counts rise from 8 to 896, widths fall to 2,048 and below and turn up to 3,072 and more.`,
  };
}

/** Whether no release of the same laboratory before it is as large; where its size is not known it cannot be told, and one of unknown size is passed over. */
function isLargestSoFar(m: Model, all: readonly Model[]): boolean {
  const { totalParameters: own } = m;
  if (own === undefined) return false;
  const before = all.filter((o) => o.organization === m.organization && o.released < m.released);
  return before.every((o) => o.totalParameters === undefined || o.totalParameters < own);
}
