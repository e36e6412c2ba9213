import { type StepPair, stepPairs } from "../fit/step-rows";
import { deploymentRows } from "../published/deployment-rows";
import { quantile } from "../statistics";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, line, logAxis, points, secondsTicks } from "./theme";

const engines: readonly { readonly name: string; readonly color: string; readonly symbol: string }[] = [
  { name: "TensorRT-LLM", color: colours.green, symbol: "circle" },
  { name: "vLLM", color: colours.blue, symbol: "diamond" },
  { name: "SGLang", color: colours.orange, symbol: "square" },
];
const others = { name: "others", color: colours.grey, symbol: "cross" };

/**
 * Steps of measured deployments that can be asked as steady decode steps, by the step's own choice of kernels; timed once.
 *
 * @example measuredSteps().length
 */
export function measuredSteps(): readonly StepPair[] {
  measured ??= Object.freeze(stepPairs(deploymentRows(), "default"));
  return measured;
}

let measured: readonly StepPair[] | undefined;

/** Off by so much a step still lies between the dotted lines. */
const near = 0.2;

/**
 * Predicted against measured decode steps of whole deployments, one point each, by engine.
 *
 * @example stepParityFigure(measuredSteps()).caption
 */
export function stepParityFigure(pairs: readonly StepPair[]): Figure {
  const ends: [number, number] = [2e-3, 0.3];
  const ticks = secondsTicks([3e-3, 1e-2, 3e-2, 1e-1, 3e-1]);
  const groups = [...engines, others].map((engine) => ({
    ...engine,
    here: pairs.filter(({ row }) => (engine === others ? engines.every(({ name }) => name !== row.engine) : row.engine === engine.name)),
  }));
  const sizes = pairs.map(({ measured, predicted }) => Math.abs(measured / predicted - 1)).sort((a, b) => a - b);
  const within = sizes.filter((size) => size <= near).length / sizes.length;
  const words = `${formatCount(pairs.length)} measured steps; off by ${formatShare(quantile(sizes, 0.5))} in the median, nine of ten by at most ${formatShare(quantile(sizes, 0.9))}`;
  return {
    data: [
      line("equal", ends, ends, colours.ink, { line: { color: colours.ink, width: 1 }, showlegend: false, hoverinfo: "skip" }),
      ...[1 + near, 1 / (1 + near)].map((factor) =>
        line(
          "within a fifth",
          ends,
          ends.map((s) => s * factor),
          colours.grey,
          {
            line: { color: colours.grey, width: 1, dash: "dot" },
            showlegend: false,
            hoverinfo: "skip",
          },
        ),
      ),
      ...groups
        .filter(({ here }) => here.length > 0)
        .map(({ name, color, symbol, here }) =>
          points(
            name,
            here.map(({ measured }) => measured),
            here.map(({ predicted }) => Number(predicted.toPrecision(4))),
            color,
            {
              marker: { color, symbol, size: 6, opacity: 0.65 },
              text: here.map(
                ({ row }) =>
                  `${row.model} on ${row.gpus} ${row.machine}, ${row.requests} ${row.requests === 1 ? "request" : "requests"}<br>${row.source}`,
              ),
              hoverinfo: "text+x+y",
            },
          ),
        ),
    ],
    layout: layout({
      height: 560,
      xaxis: logAxis("Measured time of a decode step", ends, ticks),
      yaxis: logAxis("Predicted time of a decode step", ends, ticks),
      showlegend: true,
      legend: { x: 0.98, xanchor: "right", y: 0.03, yanchor: "bottom" },
      annotations: [label("within a fifth", { x: 4e-2, y: 6e-2 }, { xanchor: "right", font: { size: 11, color: colours.grey } }, "xy")],
    }),
    title: `Decode steps of whole deployments are off by ${formatShare(quantile(sizes, 0.5))} in the median`,
    setting: `${formatCount(pairs.length)} measured steps, asked with the model's own choice of kernels; engines' constants are fitted on them.`,
    source: "Measured: published deployments, each run with its source in data/deployment-sources.csv.",
    caption: `Each point is a decode step of a whole deployment as it was published, asked with the kernels that the model chooses by itself: ${words}. ${formatShare(within)} lie between the dotted lines, off by at most a fifth. Each engine's time between its kernels is fitted on these steps; everything else is fitted on timings of its own.`,
    alt: `Predicted against measured decode steps lie along the diagonal: ${words}.`,
  };
}

/**
 * Steps that are furthest off, the worst first.
 *
 * @example worstSteps(measuredSteps(), 3).length // 3
 */
export function worstSteps(pairs: readonly StepPair[], count = 10): readonly StepPair[] {
  const size = ({ measured, predicted }: StepPair) => Math.abs(Math.log(measured / predicted));
  return [...pairs].sort((a, b) => size(b) - size(a)).slice(0, count);
}
