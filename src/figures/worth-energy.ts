import { type Energy, type EnergyPart, energyOf, energyParts, type Range } from "../step/energy";
import type { WorthQuestion } from "../step/worth";
import { formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, logAxis, ticks } from "./theme";

/** Words of the parts that spend energy, from memory to what is spent at rest. */
export const energyWords: Readonly<Record<EnergyPart, string>> = {
  memory: "memory",
  rowActivation: "rows opened",
  onChip: "on the chip",
  arithmetic: "arithmetic",
  scaleUp: "scale-up link",
  network: "network",
  constant: "at rest",
};

/** Below this a part is not drawn: a tenth of a millijoule. */
const least = 1e-4;
const palette = [colours.blue, colours.orange, colours.green, colours.purple] as const;

/**
 * Joules per token by part, each a bar from the least to the most published, one colour per question.
 *
 * @throws RangeError when there is no question.
 * @example worthEnergyFigure([{ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }, { ...{ model: model("deepseek-v3"), hardware: hardware("h800-sxm"),
 *   requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }, requestsPerGpu: 8 }]).caption
 */
export function worthEnergyFigure(questions: readonly WorthQuestion[]): Figure {
  if (questions.length === 0) throw new RangeError("questions must hold at least one step, got none");
  const rows = questions.map((question) => ({ name: question.model.name, energy: energyOf(question) }));
  const shown = energyParts.filter((part) => rows.some(({ energy }) => energy.joulesPerToken[part].high >= least));
  const labels = [...shown.map((part) => energyWords[part]), "all together"];
  const ranges = ({ joulesPerToken, total }: Energy): readonly Range[] => [...shown.map((part) => joulesPerToken[part]), total];
  const all = rows.flatMap(({ energy }) => ranges(energy)).filter(({ high }) => high >= least);
  const axis: [number, number] = [
    Math.max(least, Math.min(...all.map(({ low }) => Math.max(low, least)))) / 1.3,
    Math.max(...all.map(({ high }) => high)) * 1.3,
  ];
  const words = rows.map(({ name, energy }) => `${name} ${span(energy.total)}`).join(", ");
  const places = [...new Set(questions.map(({ hardware }) => hardware.name))].join(" and ");
  const decades = [1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100].filter((value) => value >= axis[0] && value <= axis[1]);
  return {
    data: rows.map(({ name, energy }, i) => {
      const drawn = ranges(energy)
        .map((range, at) => ({ ...range, label: labels[at] as string }))
        .filter(({ high }) => high >= least)
        // A bar of no length is drawn a twentieth wide, so that it can be seen.
        .map(({ low, high, label }) => ({ label, from: Math.max(low, least), to: Math.max(high, low * 1.05, least * 1.05), low, high }));
      return {
        type: "bar",
        orientation: "h",
        name,
        y: drawn.map(({ label }) => label),
        x: drawn.map(({ from, to }) => to - from),
        base: drawn.map(({ from }) => from),
        marker: { color: palette[i % palette.length] },
        text: drawn.map(({ low, high }) => (low === high ? `${formatNumber(low, 2)} J` : span({ low, high }))),
        textposition: "none",
        hovertemplate: `${name}, %{y}: %{text}<extra></extra>`,
      };
    }),
    layout: layout({
      height: 130 + labels.length * (22 * rows.length + 14),
      margin: { l: 110, r: 24, t: 20, b: 100 },
      barmode: "group",
      bargap: 0.3,
      xaxis: logAxis(
        "Joules per token",
        axis,
        ticks(decades.map((value) => [value, value < 1 ? `${formatNumber(value * 1000)} mJ` : `${formatNumber(value)} J`])),
      ),
      yaxis: { ticks: "", autorange: "reversed", automargin: true, categoryorder: "array", categoryarray: labels },
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.16, yanchor: "top" },
    }),
    title: `A token costs ${rows.map(({ name, energy }) => `${span(energy.total)} of ${name}`).join(", ")}`,
    setting: `On one GPU, by part, from the least to the most that was published; ${places}.`,
    caption: `Joules that a token costs on one GPU, by part; a bar goes from the least to the most that was published for its part, and the scale is logarithmic. All together ${words}. Figures are mostly of A100 and links of its age, at second hand; hosts, switches and cooling are not in them. Parts below a tenth of a millijoule are not drawn.`,
    alt: `Ranges of joules per token by part: ${words}.`,
  };
}

/** A range of joules in words. */
function span({ low, high }: Range): string {
  return `${formatNumber(low, 2)} to ${formatNumber(high, 2)} J`;
}
