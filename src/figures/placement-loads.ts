import { publishedRankBalance } from "../published/balanced-runs";
import { simulateBalance } from "../routing/balance-simulation";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, linearAxis, points, rule } from "./theme";

/** Slots a GPU has beyond its share of experts. */
const more = [0, 1, 2, 3, 4, 6, 8];
/** Slots beyond one for each expert with which the balanced run was measured. */
const measuredCopies = 32;
const ages = [
  { stability: 1, name: "as planned", color: colours.blue },
  { stability: 0.99, name: "correlation 0.99", color: colours.sky },
  { stability: 0.9, name: "correlation 0.9", color: colours.green },
  { stability: 0.5, name: "correlation 0.5", color: colours.orange },
  { stability: 0, name: "unrelated", color: colours.purple },
];

/** What is placed, and where. */
export interface PlacementCase {
  readonly experts: number;
  readonly devices: number;
  readonly tokensPerExpert: number;
  readonly coefficientOfVariation: number;
}

/**
 * Busiest GPU over the mean against redundant experts, for placements whose popularity has changed more or less since.
 *
 * @example placementFigure({ experts: 256, devices: 32, coefficientOfVariation: 0.5, tokensPerExpert: 128, stability: 0.9,
 *   redundant: [0, 32] }).caption
 */
export function placementFigure(question: PlacementCase): Figure {
  const { experts, devices } = question;
  const redundant = more.map((slots) => slots * devices).filter((slots) => slots <= experts);
  const results = ages.map(({ stability }) => simulateBalance({ ...question, stability, redundant }));
  const published = publishedRankBalance();
  const most = Math.max(experts, measuredCopies);
  const [, first = 0] = redundant;
  const at = (i: number) => results[i]?.placed[redundant.indexOf(first)] ?? Number.NaN;
  const order = results[0]?.inOrder ?? Number.NaN;
  const words = `with ${first} more slots ${ages.map((a, i) => `${a.name}: ${formatNumber(at(i))}`).join(", ")}`;
  return {
    data: [
      ...ages.map(({ name, color }, i) =>
        line(name, redundant, results[i]?.placed ?? [], color, { mode: "lines+markers", marker: { size: 6 } }),
      ),
      points("measured", [0, measuredCopies], [published.before, published.after], colours.ink, {
        marker: { color: colours.ink, size: 11, symbol: "diamond", line: { color: "#FFFFFF", width: 1 } },
      }),
    ],
    layout: layout({
      height: 520,
      margin: { l: 84, r: 20, t: 20, b: 120 },
      xaxis: linearAxis("Redundant experts, over all GPUs", [-0.03 * most, 1.03 * most], {
        tickvals: [...new Set([...redundant, measuredCopies])],
      }),
      yaxis: linearAxis("Busiest GPU over mean", [0.9, Math.ceil(5 * Math.max(...results.flatMap((r) => r.placed), order)) / 5]),
      shapes: [rule("y", order)],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.18, yanchor: "top" },
      annotations: [
        label(
          "experts in their order, no balancer",
          { x: 1.02 * most, y: order },
          { xanchor: "right", yanchor: "bottom", font: { size: 11, color: colours.grey } },
        ),
      ],
    }),
    title: `With ${first} copies the busiest GPU has ${formatNumber(at(0))} times the mean while loads stay as planned, ${formatNumber(at(ages.length - 1))} when they do not`,
    setting: `${experts} experts on ${devices} GPUs, ${formatNumber(question.tokensPerExpert, 4)} tokens per expert.`,
    source: "Diamonds: measured on DeepSeek-R1, data/measurements/expert-imbalance-trtllm.csv.",
    caption: `Experts are placed greedily for yesterday's popularity and serve today's, which has a correlation with it of 1 down to 0 (logarithms). Dotted: no balancer, ${formatNumber(order)} times the mean; ${words}. Diamonds (a model and 32 GPUs of their own): ${formatNumber(published.before)} without a balancer and ${formatNumber(published.after)} with 32 more slots. A stable load need not be uniform to be balanced: it can be planned for. One that moves makes the copies useless, or worse than none, and that is why they are dealt anew every few minutes.`,
    alt: `Busiest GPU over mean against redundant experts. No balancer ${formatNumber(order)}; ${words}.`,
  };
}
