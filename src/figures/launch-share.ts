import type { LaunchMode } from "../kernels/launch";
import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { decodeStep } from "../step/decode";
import { type Fusion, launchShare } from "../step/starts";
import { formatCount, formatShare } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { colours, doublings, layout, line, linearAxis, logAxis, menu, rule, ticks } from "./theme";

const ways: readonly {
  readonly name: string;
  readonly mode: LaunchMode;
  readonly fusion: Fusion;
  readonly color: string;
  readonly dash?: string;
}[] = [
  { name: "one by one", mode: "stream", fusion: "none", color: colours.orange },
  { name: "from a graph", mode: "graph", fusion: "none", color: colours.blue },
  { name: "graph, experts and exchange fused", mode: "graph", fusion: "experts", color: colours.sky, dash: "dash" },
  { name: "graph, a kernel per layer", mode: "graph", fusion: "layer", color: colours.green },
];

/** Drawn at least up to here. */
const mostRequests = 256;

/** Where the step runs. */
export interface StepPlace {
  readonly hardware: Hardware;
  readonly contextTokens: number;
}

/**
 * Share of a decode step that is starts of kernels, against the requests of a GPU; a menu picks the model.
 *
 * @example launchShareFigure([{ model: model("deepseek-v3"), expertParallel: 64 }], { hardware: hardware("h800-sxm"),
 *   contextTokens: 4096 }, 64).caption
 */
export function launchShareFigure(
  models: readonly { readonly model: Model; readonly expertParallel: number }[],
  { hardware, contextTokens }: StepPlace,
  requestsPerGpu: number,
): Figure {
  const widest = Math.max(mostRequests, requestsPerGpu);
  const doubled = doublings(1, widest);
  const batches = [...new Set([...doubled, requestsPerGpu])].sort((a, b) => a - b);
  const shares = models.map(({ model, expertParallel }) =>
    batches.map((requests) => {
      const step = decodeStep({ model, hardware, requestsPerGpu: requests, contextTokens, expertParallel });
      return ways.map((way) => launchShare(step, hardware, way.mode, way.fusion).share);
    }),
  );
  const first = models[0];
  if (first === undefined) throw new RangeError("models must hold at least one model, got none");
  const at = batches.indexOf(requestsPerGpu);
  const share = (m: number, w: number) => formatShare(shares[m]?.[at]?.[w] ?? Number.NaN);
  const wordsOf = (m: number) => ways.map((way, w) => `${way.name}: ${share(m, w)}`).join("; ");
  const fusedWords = (m: number, gpus: number) => {
    if (gpus === 1) return "On one GPU there is no exchange that experts could be fused with.";
    const [apart, fused] = [share(m, 1), share(m, 2)];
    return `Fusing experts and exchange alone ${apart === fused ? `leaves it at ${fused}` : `takes it from ${apart} to ${fused}`}: the other kernels of a layer stay.`;
  };
  const words = wordsOf(0);
  const choices = models.map(({ model, expertParallel }, m) => ({
    title: `Starting kernels takes ${share(m, 0)} of a decode step of ${model.name} one by one, ${share(m, 1)} from a graph`,
    caption: `Starts of kernels as a share of a whole decode step of ${model.name} on ${expertParallel} × ${hardware.name}, ${formatCount(contextTokens)} tokens of context; the menu picks the model. At ${formatCount(requestsPerGpu)} requests per GPU: ${wordsOf(m)}. Dotted: a tenth. With more requests the step gets longer and the kernels stay as many. ${fusedWords(m, expertParallel)}`,
  }));
  const top = Math.max(...shares.flat(2)) * 100;
  return {
    ...(choices[0] as Choice),
    choices,
    setting: `${hardware.name}, ${formatCount(requestsPerGpu)} requests per GPU with ${formatCount(contextTokens)} tokens of context.`,
    source: "Cost of a start: data/measurements/launch-small-kernels.csv.",
    data: models.flatMap((_, m) =>
      ways.map((way, w) =>
        line(
          way.name,
          batches,
          batches.map((_, b) => 100 * (shares[m]?.[b]?.[w] ?? Number.NaN)),
          way.color,
          { visible: m === 0, mode: "lines+markers", marker: { size: 6 }, line: { color: way.color, width: 2, dash: way.dash ?? "solid" } },
        ),
      ),
    ),
    layout: layout({
      height: 520,
      margin: { l: 84, r: 20, t: 60, b: 130 },
      xaxis: logAxis(
        "Requests per GPU",
        [0.9, (widest * 290) / 256],
        ticks(doubled.filter((_, i) => i % 2 === 0).map((b) => [b, formatCount(b)] as const)),
      ),
      yaxis: linearAxis("Share of the step spent on starts (%)", [0, Math.ceil(top / 5) * 5]),
      shapes: [{ ...rule("y", 10, colours.ink), layer: "between" }],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
      updatemenus: [
        menu(
          models.map(({ model, expertParallel }, i) => ({
            label: `${model.name}, ${expertParallel} GPUs`,
            method: "restyle",
            args: [{ visible: models.flatMap((_, m) => ways.map(() => m === i)) }],
          })),
        ),
      ],
    }),
    alt: `Share of a decode step that goes into starting kernels, falling with the requests of a GPU. At ${formatCount(requestsPerGpu)}: ${words}.`,
  };
}
