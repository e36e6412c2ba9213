import { collectives, type FlowName, type Flows } from "../step/flows";
import { formatBytes, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, linearAxis } from "./theme";

/** A step by its name, and what one GPU sends in it. */
export interface NamedFlows extends Flows {
  readonly name: string;
}

const colourOf: Readonly<Record<FlowName, string>> = {
  dispatch: colours.blue,
  combine: colours.orange,
  "all-reduce": colours.purple,
  "all-gather": colours.sky,
  "reduce-scatter": colours.yellow,
  "point to point": colours.grey,
};

/**
 * Shares of what one GPU sends in each step, by collective; those that a receiver adds up are hatched.
 *
 * @example stepFlowsFigure([{ name: "decode", flows: stepFlows(decodeStep({ model: model("deepseek-v3"),
 *   hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })) }]).caption
 */
export function stepFlowsFigure(steps: readonly NamedFlows[]): Figure {
  const sending = steps.filter(({ bytes }) => bytes > 0);
  const names = sending.map(({ name }) => name);
  const drawn = collectives.filter((collective) => sending.some(({ flows }) => flows.some((f) => f.collective === collective)));
  const flowOf = (step: NamedFlows, collective: FlowName) => step.flows.find((f) => f.collective === collective);
  const isSum = (collective: FlowName) => sending.some((step) => flowOf(step, collective)?.isSum === true);
  const words = sending.map(
    (s) => `${s.name}: ${formatBytes(s.bytes)}, of which ${formatShare(s.sumShare)} are added up where they arrive`,
  );
  const read = words.length === 0 ? "Nothing is sent: all of it is on one GPU." : `${words.join("; ")}.`;
  return {
    data: drawn.map((collective) => ({
      type: "bar",
      orientation: "h",
      name: collective,
      y: names,
      x: sending.map((step) => 100 * (flowOf(step, collective)?.share ?? 0)),
      marker: { color: colourOf[collective], pattern: { shape: isSum(collective) ? "/" : "", fillmode: "overlay", solidity: 0.25 } },
      customdata: sending.map((step) => formatBytes(flowOf(step, collective)?.messageBytes ?? 0)),
      hovertemplate: `%{y}, ${collective}: %{x:.1f} %, messages of %{customdata}<extra></extra>`,
    })),
    layout: layout({
      height: 150 + 70 * Math.max(1, sending.length),
      margin: { l: 84, r: 24, t: 20, b: 110 },
      barmode: "stack",
      bargap: 0.35,
      xaxis: linearAxis("Share of the bytes sent (%)", [0, 102]),
      yaxis: { title: { text: "" }, ticks: "", autorange: "reversed", automargin: true },
      showlegend: true,
      legend: { orientation: "h", x: 0, xanchor: "left", y: -0.34, yanchor: "top", traceorder: "normal" },
    }),
    caption: `What one GPU sends over its links in one step, by collective. ${read} Hatched: what is added up, which is the most that a switch that adds could touch.`,
    alt: `Bars of shares by collective. ${read}`,
  };
}
