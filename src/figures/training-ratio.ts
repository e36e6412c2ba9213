import { hardware } from "../machine/hardware";
import { type TrainingPair, trainingPairs } from "../published/matrix-units";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, linearAxis, rowAxis } from "./theme";

/**
 * Bars of how fast a mixture-of-experts model trains beside a dense one on the same machine, coloured by the side of the array.
 *
 * @example trainingRatioFigure().caption
 */
export function trainingRatioFigure(): Figure {
  const pairs = [...trainingPairs()].sort((a, b) => a.ratio - b.ratio);
  const groups = [
    { name: "array of 128 (TPU v5p)", color: colours.blue, keep: (p: TrainingPair) => p.machine === "tpu-v5p" },
    { name: "array of 256 (Ironwood)", color: colours.orange, keep: (p: TrainingPair) => p.machine === "tpu-v7" },
    { name: "tiles of 64 to 256 (NVIDIA)", color: colours.grey, keep: (p: TrainingPair) => !p.machine.startsWith("tpu") },
  ];
  const names = pairs.map(pairName);
  const ratio = (machine: string, format: string) =>
    pairs.find((p) => p.machine === machine && p.format === format && p.model === "DeepSeek-V3")?.ratio ?? Number.NaN;
  const words = `DeepSeek-V3 in bf16 reaches ${formatNumber(ratio("tpu-v5p", "bf16"))} of the dense rate on the 128-wide array and ${formatNumber(ratio("tpu-v7", "bf16"))} on the 256-wide one`;
  return {
    data: groups.map(({ name, color, keep }) => {
      const kept = pairs.filter(keep);
      return {
        type: "bar",
        orientation: "h",
        name,
        y: kept.map(pairName),
        x: kept.map((p) => p.ratio),
        marker: { color },
        text: kept.map((p) => p.ratio.toFixed(3)),
        textposition: "outside",
        cliponaxis: false,
        hovertemplate: "%{y}: %{x:.3f}<extra></extra>",
      };
    }),
    layout: layout({
      height: 640,
      margin: { l: 140, r: 24, t: 20, b: 120 },
      xaxis: linearAxis("Training rate of the expert model over the dense one", [0, 0.64], { dtick: 0.2 }),
      yaxis: rowAxis({ categoryorder: "array", categoryarray: names }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.12, yanchor: "top" },
      bargap: 0.25,
    }),
    title: words,
    setting: "Model FLOP/s per chip in training, over that of Llama 3.1 405B on the same machine.",
    source: "The vendors' own tables, data/measurements/moe-dense-training.csv.",
    caption: `A bar is a mixture-of-experts model. ${words}: doubling the array's side did not move it. On NVIDIA's machines the ratio runs from ${range(pairs.filter((p) => !p.machine.startsWith("tpu")))}. The penalty is real everywhere, and software, links and batch are in it: within a bar's machine the models differ in batch, sequence and parallel plan, and NVIDIA forces its routers to balance.`,
    alt: `Bars of training rate of expert models over a dense one. ${words}.`,
  };
}

function pairName(p: TrainingPair): string {
  return `${hardware(p.machine).name.replace(/ (\(|NVL|SXM).*$/, "")} ${p.model}<br>${p.format}${p.machine.startsWith("tpu") ? "" : `, ${p.software}`}`;
}

function range(pairs: readonly TrainingPair[]): string {
  const ratios = pairs.map((p) => p.ratio);
  return `${formatNumber(Math.min(...ratios), 2)} to ${formatNumber(Math.max(...ratios), 2)}`;
}
