import { imbalance } from "../routing/imbalance";
import { type ExpertLoad, expertLoad, type Router, simulateUniformRouting } from "../routing/uniform";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, linearAxis, points } from "./theme";

/** Loads by expert, published, with the routing they come from. */
export interface ObservedLoad {
  readonly label: string;
  readonly counts: readonly number[];
}

/**
 * Load of the experts of one layer, busiest first, in multiples of the mean: formula, simulation and observed.
 *
 * The formula's curve is the load that a share of experts exceeds under a uniform router.
 *
 * @example expertLoadFigure(6144, model("qwen3-30b-a3b"), 1, { label: "Qwen3", counts: publishedExpertCounts() }).caption
 */
export function expertLoadFigure(tokens: number, router: Router, seed: number, observed: ObservedLoad): Figure {
  const load = expertLoad(tokens, router);
  const simulated = ranked(simulateUniformRouting(tokens, router, seed));
  const seen = ranked(observed.counts);
  const unevenness = imbalance(observed.counts);
  const formula = exceedance(load);
  const expected = load.expectedMaximum / load.mean;
  const drawn = (simulated[0] as Point).y;
  const words = `a uniform router spreads ${formatCount(tokens)} tokens so that the busiest of ${formatCount(router.routedExperts)} experts is expected at ${formatNumber(expected)} times the mean (this simulation: ${formatNumber(drawn)})`;
  return {
    data: [
      line(
        observed.label,
        seen.map((p) => p.x),
        seen.map((p) => p.y),
        colours.orange,
        { line: { color: colours.orange, width: 2, shape: "hv" } },
      ),
      points(
        "simulated",
        simulated.map((p) => p.x),
        simulated.map((p) => p.y),
        colours.sky,
        { marker: { color: colours.sky, size: 5 } },
      ),
      line(
        "uniform router, formula",
        formula.map((p) => p.x),
        formula.map((p) => p.y),
        colours.blue,
      ),
    ],
    layout: layout({
      xaxis: linearAxis("Share of experts that are at least this busy (%)", [0, 100]),
      yaxis: linearAxis("Load in multiples of the mean", [0, Math.ceil(Math.max(unevenness.maximumOverMean, drawn) * 2.1) / 2]),
      annotations: [
        label(
          `${observed.label}: busiest at ${formatNumber(unevenness.maximumOverMean)}`,
          { x: 6, y: unevenness.maximumOverMean * 0.8 },
          { xanchor: "left", font: { size: 12, color: colours.orange } },
        ),
        label(
          "uniform router: formula (thin),<br>one simulation (broad, light)",
          { x: 2, y: 0.45 },
          { xanchor: "left", align: "left", font: { size: 12, color: colours.blue } },
        ),
      ],
    }),
    title: `The busiest expert gets ${formatNumber(unevenness.maximumOverMean)} times the mean in ${observed.label}; the busiest of ${formatCount(router.routedExperts)} is expected at ${formatNumber(expected)} times by chance alone`,
    setting: `${formatCount(tokens)} tokens, ${formatCount(router.expertsPerToken)} of ${formatCount(router.routedExperts)} experts each; drawn once.`,
    source: `Steps: ${observed.label}, data/measurements/expert-counts-qwen3.csv.`,
    caption: `Experts from the busiest (left) to the idlest (right). By chance alone, ${words}, with a standard deviation of ${formatShare(load.standardDeviation / load.mean)} of the mean and ${formatShare(load.idleShare)} idle. The orange steps are ${observed.label}: busiest at ${formatNumber(unevenness.maximumOverMean)} times the mean, coefficient of variation ${formatNumber(unevenness.coefficientOfVariation)}. The mean is right for any router; a real router's spread is far above what chance explains.`,
    alt: `Ranked expert loads. ${words}; ${observed.label} reaches ${formatNumber(unevenness.maximumOverMean)} times the mean.`,
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Loads busiest first, against the share of experts up to each (in percent, at the middle of its step). */
function ranked(counts: readonly number[]): readonly Point[] {
  const { mean } = imbalance(counts);
  return [...counts].sort((a, b) => b - a).map((count, i) => ({ x: (100 * (i + 0.5)) / counts.length, y: count / mean }));
}

/** Share of experts with at least a load, for each load of the distribution that matters in the picture. */
function exceedance(load: ExpertLoad): readonly Point[] {
  let below = 0;
  const curve = load.distribution.map(({ tokens, probability }) => {
    const x = 100 * (1 - below - probability / 2);
    below += probability;
    return { x, y: tokens / load.mean };
  });
  return curve.filter(({ x }) => x > 0.05 && x < 99.95);
}
