import { launch, launchEfficiency } from "../kernels/launch";
import type { Hardware } from "../machine/hardware";
import { formatNumber, formatSeconds, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { band, colours, label, layout, line, linearAxis, logAxis, logSpaced, points, ticks } from "./theme";

/** A task whose place on the curve is marked. */
export interface MarkedTask {
  readonly name: string;
  readonly seconds: number;
}

/** Beyond a millisecond, so that the name of that tick has room. */
const longest = 1.4e-3;
const modes = [
  { mode: "stream", name: "started one by one", color: colours.orange },
  { mode: "graph", name: "replayed from a graph", color: colours.blue },
  { mode: "persistent", name: "step of a kernel that stays", color: colours.green },
] as const;

/**
 * Share of time that is work against a task's length, under each way to start it, with tasks marked on the graph's curve.
 *
 * @example launchEfficiencyFigure(hardware("h100-sxm"), [{ name: "an expert", seconds: 5e-6 }]).caption
 */
export function launchEfficiencyFigure(hardware: Hardware, tasks: readonly MarkedTask[]): Figure {
  const seconds = logSpaced(3e-7, longest, 90);
  const costs = modes.map(({ mode }) => launch(mode, hardware).seconds);
  const graph = costs[1] as number;
  const words = tasks
    .map((t) => `${t.name} (${formatSeconds(t.seconds)}) ${formatShare(launchEfficiency(t.seconds, graph), 3)}`)
    .join(", ");
  const ten = [1e-6, 1e-5].map((t) => formatShare(launchEfficiency(t, graph), 3)).join(" and ");
  return {
    data: [
      ...modes.map(({ name, color }, i) =>
        line(
          `${name}, ${formatNumber((costs[i] as number) * 1e6)} µs`,
          seconds,
          seconds.map((t) => 100 * launchEfficiency(t, costs[i] as number)),
          color,
          { line: { color, width: 2, dash: i === 2 ? "dash" : "solid" } },
        ),
      ),
      points(
        "tasks",
        tasks.map((t) => t.seconds),
        tasks.map((t) => 100 * launchEfficiency(t.seconds, graph)),
        colours.ink,
        {
          mode: "markers+text",
          text: tasks.map((_, i) => String(i + 1)),
          textposition: "top left",
          showlegend: false,
          customdata: tasks.map((t) => t.name),
          hovertemplate: "%{customdata}: %{x:.3s}s<extra></extra>",
        },
      ),
    ],
    layout: layout({
      height: 500,
      margin: { l: 84, r: 20, t: 20, b: 130 },
      xaxis: logAxis(
        "Length of the task",
        [3e-7, longest],
        ticks([
          [1e-6, "1 µs"],
          [1e-5, "10 µs"],
          [1e-4, "0.1 ms"],
          [1e-3, "1 ms"],
        ]),
      ),
      yaxis: linearAxis("Time that is work (%)", [0, 112], { tickvals: [0, 20, 40, 60, 80, 100] }),
      shapes: [band("x", 1e-6, 1e-5, colours.grey, 0.1)],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
      annotations: tasks.map((t, i) =>
        label(`${i + 1}  ${t.name}`, { x: 1.2e-3, y: 34 - 9 * i }, { xanchor: "right", font: { size: 11, color: colours.ink } }, "x"),
      ),
    }),
    title: `Started from a graph, a task of 1 µs is ${formatShare(launchEfficiency(1e-6, graph), 3)} work, one of 10 µs ${formatShare(launchEfficiency(1e-5, graph), 3)}`,
    setting: `${hardware.name}; starts measured in chains of small kernels.`,
    source: "Cost of a start: data/measurements/launch-small-kernels.csv.",
    caption: `Time that is work when a task of some length pays once for its start, on ${hardware.name}; each curve is one way to start it, with the cost measured in chains of small kernels. Grey: the article's 1 to 10 µs, where a graph leaves ${ten}. Marks on the graph's curve: ${words}. Of a task of 0.1 ms it leaves ${formatShare(launchEfficiency(1e-4, graph), 3)}: what matters is how long the tasks really are.`,
    alt: `Curves of efficiency against task length for three ways to start a kernel. With a graph: ${words}.`,
  };
}
