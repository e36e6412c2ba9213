import { balanceGains, publishedRankBalance } from "../published/balanced-runs";
import { balanceGain } from "../routing/placement";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { sourced } from "./sourced";
import { colours, label, layout, linearAxis, rowAxis, rule } from "./theme";

/**
 * Published gains of balancing experts beside the most that a measured imbalance would allow.
 *
 * @example balanceGainsFigure().caption
 */
export function balanceGainsFigure(): Figure {
  const gains = [...balanceGains()].sort((a, b) => a.gain - b.gain);
  const { before, after } = publishedRankBalance();
  const most = balanceGain(before, after);
  const names = gains.map((g) => `${g.system}<br>${g.model}, ${g.regime}`);
  const words = gains.map((g) => `${g.system} ${g.regime} ${formatNumber(g.gain)}`).join(", ");
  return {
    data: [
      {
        type: "bar",
        orientation: "h",
        y: names,
        x: gains.map((g) => g.gain),
        marker: { color: colours.blue },
        text: gains.map((g) => `${formatNumber(g.gain)}×`),
        textposition: "outside",
        cliponaxis: false,
        hovertemplate: "%{y}: %{x:.3f}<extra></extra>",
      },
    ],
    layout: layout({
      height: 440,
      margin: { l: 170, r: 30, t: 36, b: 58 },
      xaxis: linearAxis("Gain of a balancer (times)", [0, 3.1], { dtick: 0.5 }),
      yaxis: rowAxis(),
      shapes: [rule("x", 1), rule("x", most, colours.orange)],
      annotations: [
        label(
          `if all of the step waits: ${formatNumber(most)}×`,
          { x: most, y: 1 },
          { yref: "paper", yanchor: "bottom", font: { size: 11, color: colours.orange } },
        ),
      ],
      bargap: 0.35,
    }),
    title: `Balancing experts gained ${formatNumber(Math.min(...gains.map((g) => g.gain)))} to ${formatNumber(Math.max(...gains.map((g) => g.gain)))} times`,
    setting: "Published systems; each differs in model, traffic and what else changed.",
    source: sourced(
      "Bars",
      gains.map((g) => g.source),
    ),
    caption: `What balancing experts gained in published systems: ${words}. Orange: what the imbalance measured on DeepSeek-R1 (${formatNumber(before)} before, ${formatNumber(after)} after) would gain if all of a step waited for the busiest GPU, ${formatNumber(most)} times. Numbers in brackets tell the settings of one system apart. The systems differ in model, traffic and in what else changed with the balancer; none gained less than ${formatNumber(Math.min(...gains.map((g) => g.gain)))} times.`,
    alt: `Bars of published gains of balancing: ${words}; the bound from measured imbalance is ${formatNumber(most)} times.`,
  };
}
