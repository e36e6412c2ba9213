import { collectives, type FlowName, type Flows } from "../step/flows";
import { formatBytes, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, stackedShares } from "./theme";

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
 * Shares of what one GPU sends in each step, by collective; those that a receiver adds up are hatched. The setting names model and machine.
 *
 * @example stepFlowsFigure([{ name: "decode", flows: stepFlows(decodeStep({ model: model("deepseek-v3"),
 *   hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })) }]).caption
 */
export function stepFlowsFigure(steps: readonly NamedFlows[], setting?: string): Figure {
  const sending = steps.filter(({ bytes }) => bytes > 0);
  const names = sending.map(({ name }) => name);
  const drawn = collectives.filter((collective) => sending.some(({ flows }) => flows.some((f) => f.collective === collective)));
  const flowOf = (step: NamedFlows, collective: FlowName) => step.flows.find((f) => f.collective === collective);
  /** The steps that send by a collective: the others get no bar of it. */
  const using = (collective: FlowName) =>
    sending.flatMap((step) => {
      const flow = flowOf(step, collective);
      return flow === undefined ? [] : [{ name: step.name, flow }];
    });
  const isSum = (collective: FlowName) => sending.some((step) => flowOf(step, collective)?.isSum === true);
  const words = sending.map(
    (s) => `${s.name}: ${formatBytes(s.bytes)}, of which ${formatShare(s.sumShare)} are added up where they arrive`,
  );
  const read = words.length === 0 ? "nothing is sent: all of it is on one GPU" : words.join("; ");
  const shares = sending.map(({ sumShare }) => sumShare);
  const ends = [...new Set([Math.min(...shares), Math.max(...shares)].map((share) => formatShare(share)))].join(" to ");
  return {
    data: drawn
      .map((collective) => ({ collective, using: using(collective) }))
      .map(({ collective, using }) => ({
        type: "bar",
        orientation: "h",
        name: collective,
        y: using.map(({ name }) => name),
        x: using.map(({ flow }) => 100 * flow.share),
        marker: { color: colourOf[collective], pattern: { shape: isSum(collective) ? "/" : "", fillmode: "overlay", solidity: 0.25 } },
        customdata: using.map(({ flow }) => formatBytes(flow.messageBytes)),
        hovertemplate: `%{y}, ${collective}: %{x:.1f} %, messages of %{customdata}<extra></extra>`,
      })),
    layout: stackedShares("Share of the bytes sent (%)", Math.max(1, sending.length), 70, {
      margin: { l: 84, t: 20 },
      bargap: 0.35,
      yaxis: { categoryorder: "array", categoryarray: names },
    }),
    title: sending.length === 0 ? "Nothing is sent" : `Of the bytes that a GPU sends ${ends} are added up where they arrive`,
    ...(setting === undefined ? {} : { setting }),
    caption: `What one GPU sends over its links in one step, by collective (${read}). Hatched: what is added up, which is the most that a switch that adds could touch.`,
    alt: `Bars of shares by collective: ${read}.`,
  };
}
