import { readRows, text } from "../../data/rows";
import type { Figure } from "../../figures/figure";
import { colours, layout, linearAxis, logAxis, points } from "../../figures/theme";
import { type LaunchMode, launch } from "../../kernels/launch";
import type { Hardware } from "../../machine/hardware";
import { formatNumber, formatSeconds } from "../../text/numbers";
import { decadeTicks, rangeOf } from "./axes";
import type { DispatchPoint, DispatchWay, GpuRun } from "./results";

const ways: Readonly<Record<DispatchWay, string>> = {
  free: "dispatch in a pass",
  chained: "dispatch after<br>the one before",
  submitted: "submit of its own",
};

const modes: Readonly<Record<LaunchMode, string>> = {
  stream: "launch in a stream",
  graph: "node of a graph",
  persistent: "step of a kernel<br>that stays",
};

/** The generations whose launches were measured and published. */
function generations(): readonly string[] {
  return [...new Set(readRows("launch.csv").map((row) => text(row, "generation")))];
}

/** What one dispatch costs in this browser, beside what starting a kernel costs natively. */
export function gpuDispatchFigure(run: GpuRun, hardware: Hardware): Figure {
  const measured = run.dispatches.map((p) => ({ p, name: ways[p.way] }));
  const machine = (Object.keys(modes) as LaunchMode[]).map((mode) => launch(mode, hardware));
  const native = machine.flatMap(({ mode }) =>
    generations().map((generation) => ({ generation, name: modes[mode], seconds: launch(mode, { generation, vendor: "" }).seconds })),
  );
  const known = machine[0]?.measured ?? "";
  const range = rangeOf([...run.dispatches.flatMap((p) => [p.lowSeconds, p.highSeconds]), ...native.map((n) => n.seconds)]);
  const names = [...measured.map((m) => m.name), ...Object.values(modes)].reverse();
  const words = dispatchWords(run.dispatches, machine.find(({ mode }) => mode === "graph")?.seconds ?? 0, hardware);
  const others = native.filter((n) => n.generation !== known);
  const error = { type: "data", symmetric: false, thickness: 1, width: 3, color: colours.blue };
  return {
    data: [
      points(
        "other generations",
        others.map((n) => n.seconds),
        others.map((n) => names.indexOf(n.name)),
        colours.grey,
        {
          marker: { color: colours.grey, size: 8, symbol: "circle-open" },
          text: others.map((n) => `${n.generation}: ${formatSeconds(n.seconds)}`),
          hoverinfo: "text",
        },
      ),
      points(
        `${hardware.name}${known === hardware.generation ? "" : ` (as ${known})`}`,
        machine.map((m) => m.seconds),
        machine.map((m) => names.indexOf(modes[m.mode])),
        colours.green,
        {
          marker: { color: colours.green, size: 11, symbol: "diamond" },
          text: machine.map((m) => formatSeconds(m.seconds)),
          hoverinfo: "text",
        },
      ),
      points(
        "this GPU in this browser",
        measured.map(({ p }) => p.seconds),
        measured.map(({ name }) => names.indexOf(name)),
        colours.blue,
        {
          marker: { color: colours.blue, size: 11 },
          error_x: {
            ...error,
            array: run.dispatches.map((p) => p.highSeconds - p.seconds),
            arrayminus: run.dispatches.map((p) => p.seconds - p.lowSeconds),
          },
          text: measured.map(({ p }) => formatSeconds(p.seconds)),
          hoverinfo: "text",
        },
      ),
    ],
    layout: layout({
      meta: "rows",
      height: 140 + 42 * names.length,
      margin: { l: 128, r: 16, t: 16, b: 110 },
      showlegend: true,
      legend: { orientation: "h", x: -0.35, xanchor: "left", y: -0.22, yanchor: "top", font: { size: 12 } },
      xaxis: logAxis("Time of one start", range, decadeTicks(range, formatSeconds)),
      yaxis: linearAxis("", [-0.6, names.length - 0.4], { tickmode: "array", tickvals: names.map((_, i) => i), ticktext: names }),
    }),
    caption: `What starting work costs when there is nothing to do. Blue: measured here. Green: published small kernels on ${hardware.name}${known === hardware.generation ? "" : `, for which ${known} stands in`}; grey: other generations. ${words} A submit of its own crosses from the page to the browser's GPU process, and is dearer for that reason alone.`,
    alt: `Cost of one start, on this GPU in this browser and natively. ${words}`,
  };
}

function dispatchWords(dispatches: readonly DispatchPoint[], graphSeconds: number, hardware: Hardware): string {
  const chained = dispatches.find((p) => p.way === "chained");
  if (chained === undefined) return "No dispatch was measured.";
  return `A dispatch that waits for the one before takes ${formatSeconds(chained.seconds)} here, ${formatNumber(chained.seconds / graphSeconds, 2)} times per node of a graph on ${hardware.name} (${formatSeconds(graphSeconds)}).`;
}
