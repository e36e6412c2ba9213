import { model } from "../model/registry";
import { type FusedExperts, fusedExperts } from "../published/fused-kernels";
import { formatCount, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { sourced } from "./sourced";
import { colours, countTicks, layout, line, linearAxis, logAxis, rule } from "./theme";

/**
 * Published gains of one fused kernel for the experts against the tokens of a GPU.
 *
 * @example fusionGainFigure().caption
 */
export function fusionGainFigure(): Figure {
  const rows = fusedExperts();
  const series = [
    { name: "Hopper, over a throughput exchange", color: colours.orange, keep: (r: FusedExperts) => r.baseline === "normal" },
    { name: "Hopper, over a latency exchange", color: colours.yellow, keep: (r: FusedExperts) => r.baseline === "low-latency" },
    ...["deepseek-v4-flash", "deepseek-v4-pro"].map((id, i) => ({
      name: `Blackwell, ${model(id).name.replace("DeepSeek-", "")}`,
      color: [colours.blue, colours.green][i] as string,
      keep: (r: FusedExperts) => r.baseline === "unfused" && r.model === id,
    })),
  ].map((s) => ({ ...s, rows: rows.filter(s.keep) }));
  const words = series.map((s) => `${s.name} ${range(s.rows.map((r) => r.gain))}`).join("; ");
  return {
    data: series.map((s) =>
      line(
        s.name,
        s.rows.map((r) => r.tokensPerRank),
        s.rows.map((r) => r.gain),
        s.color,
        { mode: "lines+markers", marker: { size: 7 } },
      ),
    ),
    layout: layout({
      height: 520,
      margin: { l: 84, r: 20, t: 20, b: 130 },
      xaxis: logAxis("Tokens per GPU", [0.8, 50_000], countTicks([1, 10, 100, 1000, 10_000])),
      yaxis: linearAxis("Time of separate kernels over one kernel's", [0.8, 2.8]),
      shapes: [rule("y", 1)],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.19, yanchor: "top" },
    }),
    title: `One kernel for dispatch, experts and combine is ${range(rows.map((r) => r.gain))} as fast as separate ones`,
    setting: "Eight GPUs; measured by those who wrote the kernels.",
    source: sourced(
      "Points",
      rows.map((r) => r.source),
    ),
    caption: `Measured by those who wrote the kernels: time of separate kernels for dispatch, experts and combine over that of one that does all, eight GPUs; Hopper with DeepSeek-V4-Flash. ${words}. The gain depends on what it is held against. Beside an exchange made for throughput, with its many launches and a host that waits, one kernel gains most with few tokens; beside one made for few tokens the gain nearly vanishes on Hopper. On Blackwell it is still ${atMost(rows.filter((r) => r.baseline === "unfused"))}, so it cannot be starts alone: there the exchange hides behind the products.`,
    alt: `Gains of fused expert kernels against tokens per GPU: ${words}.`,
  };
}

/** Gains at the most tokens of some rows, with that count. */
function atMost(rows: readonly FusedExperts[]): string {
  const most = Math.max(...rows.map((r) => r.tokensPerRank));
  return `${range(rows.filter((r) => r.tokensPerRank === most).map((r) => r.gain))} with ${formatCount(most)} tokens`;
}

function range(values: readonly number[]): string {
  return `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))} times`;
}
