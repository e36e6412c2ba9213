import { publishedRankBalance } from "../published/balanced-runs";
import { publishedExpertCounts, publishedImbalance } from "../published/tables";
import { simulateBalance } from "../routing/balance-simulation";
import { imbalance } from "../routing/imbalance";
import { expertLoad } from "../routing/uniform";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, countTicks, doublings, layout, line, logAxis, points } from "./theme";

const experts = 256;
const gpus = 32;
const expertsPerToken = 8;
const tokensOfARank = 1024;
const simulated = [1, 4, 16, 64, 256, 1024];

/**
 * Busiest over mean against tokens per expert: what chance alone makes, what a skewed router makes, and what was measured.
 *
 * @example imbalanceByTokensFigure().caption
 */
export function imbalanceByTokensFigure(): Figure {
  const { coefficientOfVariation } = publishedRankBalance();
  const tokens = doublings(1, 4096);
  const floor = tokens
    .map((m) => expertLoad((m * experts) / expertsPerToken, { routedExperts: experts, expertsPerToken }))
    .map((l) => l.expectedMaximum / l.mean);
  const at = (cv: number) =>
    simulated.map((tokensPerExpert) =>
      simulateBalance({ experts, devices: gpus, coefficientOfVariation: cv, tokensPerExpert, stability: 1, redundant: [] }),
    );
  const [even, skewed] = [at(0), at(coefficientOfVariation)];
  const published = publishedImbalance().map((row) => ({
    ...row,
    x: tokensOfARank / Number(/(\d+) slots/.exec(row.placement)?.[1]),
    plain: row.placement.startsWith("no EPLB"),
  }));
  const of = (level: string, plain: boolean) => published.filter((p) => p.level === level && p.plain === plain);
  const counts = imbalance(publishedExpertCounts());
  const marks = (name: string, rows: typeof published, color: string, symbol: string) =>
    points(
      name,
      rows.map((r) => r.x),
      rows.map((r) => r.maximumOverMean),
      color,
      {
        marker: { color, size: 9, symbol, line: { color: "#FFFFFF", width: 1 } },
        text: rows.map((r) => `${r.workload}, layer ${r.layer}`),
        hovertemplate: "%{text}: %{y:.2f}<extra></extra>",
      },
    );
  const slot = of("expert slot", true)[0]?.maximumOverMean ?? Number.NaN;
  const rank = of("rank", true).map((r) => r.maximumOverMean);
  const chance = floor[tokens.indexOf(128)] ?? Number.NaN;
  const words = `at 128 tokens per expert chance alone puts the busiest of ${experts} experts at ${formatNumber(chance)} times the mean, and DeepSeek-R1's was measured at ${formatNumber(slot)}; the busiest of ${gpus} GPUs at ${formatNumber(Math.min(...rank))} to ${formatNumber(Math.max(...rank))}`;
  return {
    data: [
      line("experts, chance alone", tokens, floor, colours.blue, { line: { color: colours.blue, width: 2, dash: "dash" } }),
      line(
        "GPUs, chance alone",
        simulated,
        even.map((b) => b.inOrder),
        colours.green,
        { line: { color: colours.green, width: 2, dash: "dash" } },
      ),
      line(
        "experts, skewed router",
        simulated,
        skewed.map((b) => b.experts),
        colours.blue,
      ),
      line(
        "GPUs, skewed router",
        simulated,
        skewed.map((b) => b.inOrder),
        colours.green,
      ),
      marks("experts measured, no copies", of("expert slot", true), colours.blue, "circle"),
      marks("GPUs measured, no copies", of("rank", true), colours.green, "circle"),
      marks("experts measured, with copies", of("expert slot", false), colours.blue, "circle-open"),
      marks("GPUs measured, with copies", of("rank", false), colours.green, "circle-open"),
      points("Qwen3, one layer", [counts.mean], [counts.maximumOverMean], colours.orange, {
        marker: { color: colours.orange, size: 10, symbol: "diamond" },
      }),
    ],
    layout: layout({
      height: 560,
      margin: { l: 84, r: 20, t: 20, b: 150 },
      xaxis: logAxis("Tokens per expert", [0.9, 4500], countTicks([1, 10, 100, 1000])),
      yaxis: logAxis("Load of the busiest over the mean", [0.95, 20], countTicks([1, 2, 5, 10, 20])),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.16, yanchor: "top", font: { size: 12 } },
    }),
    title: `The busiest expert of DeepSeek-R1 was measured at ${formatNumber(slot)} times the mean load; chance alone makes ${formatNumber(chance)} at 128 tokens per expert`,
    setting: `${experts} experts, ${expertsPerToken} per token, on ${gpus} GPUs.`,
    source: "Measured: data/measurements/expert-imbalance-trtllm.csv and expert-counts-qwen3.csv.",
    caption: `How much busier the busiest expert (blue) or GPU of ${gpus} (green) is than the mean. Dashed: a perfectly fair router, where only chance makes a difference; more tokens even it out. Solid: a router whose experts differ in popularity by the published ${formatNumber(coefficientOfVariation)} (standard deviation over mean); more tokens do not help. Marks are measurements, open ones with replicated experts: ${words}. Diamond: one layer of a Qwen3 model, ${formatNumber(counts.maximumOverMean)} at ${formatNumber(counts.mean)} tokens per expert.`,
    alt: `Imbalance against tokens per expert: ${words}. A fair router's imbalance falls with tokens, a skewed one's does not.`,
  };
}
