import { type DurationShare, shareByDecade, type TimedTasks } from "../step/durations";
import { formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, linearAxis } from "./theme";

/** Tasks to draw in one panel. */
export interface TaskSet {
  readonly name: string;
  readonly tasks: readonly TimedTasks[];
}

/** The decades of shareByDecade in words. */
export const decadeNames = ["under 1 µs", "1–10 µs", "10–100 µs", "0.1–1 ms", "over 1 ms"];

/**
 * Share of tasks beside share of time, by decade of duration; one panel per set, one above the other.
 *
 * @param place what all of them were computed or measured for, a sentence: machine, format, sizes.
 * @example durationsFigure([{ name: "a step", tasks: timedTasks(decodeStep({ model: model("deepseek-v3"),
 *   hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }).tasks) }]).caption
 */
export function durationsFigure(sets: readonly TaskSet[], conclusion = "", place = ""): Figure {
  const shares = sets.map((s) => shareByDecade(s.tasks));
  const gap = 0.13;
  const height = (1 - gap * (sets.length - 1)) / sets.length;
  const axis = (i: number) => (i === 0 ? "" : String(i + 1));
  const domains = sets.map((_, i) => [1 - (i + 1) * height - i * gap, 1 - i * (height + gap)]);
  const panels = Object.fromEntries(
    sets.map((_, i) => [`yaxis${axis(i)}`, linearAxis("Share (%)", [0, 112], { domain: domains[i], dtick: 25 })]),
  );
  const reading = sets.map((s, i) => `${s.name}: ${sentence(shares[i] as readonly DurationShare[])}`).join(". ");
  const short = shares.map((share) => share[1]?.timeShare ?? Number.NaN);
  const held = [...new Set([Math.min(...short), Math.max(...short)].map((s) => formatShare(s)))].join(" to ");
  return {
    data: shares.flatMap((share, i) => [
      bar(
        "share of kernels",
        share.map((s) => s.countShare),
        colours.sky,
        `y${axis(i)}`,
        i === 0,
      ),
      bar(
        "share of time",
        share.map((s) => s.timeShare),
        colours.blue,
        `y${axis(i)}`,
        i === 0,
      ),
    ]),
    layout: layout({
      height: 170 + 190 * sets.length,
      margin: { l: 64, r: 20, t: 60, b: 58 },
      barmode: "group",
      bargap: 0.12,
      showlegend: true,
      legend: { orientation: "h", x: 1, xanchor: "right", y: 1.02, yanchor: "bottom" },
      xaxis: {
        type: "category",
        title: { text: "Duration of one kernel", standoff: 12 },
        anchor: `y${axis(sets.length - 1)}`,
        showgrid: false,
      },
      ...panels,
      // One panel alone is named by the setting.
      annotations: (sets.length === 1 ? [] : sets).map((s, i) =>
        label(
          s.name,
          { x: 0, y: (domains[i] as number[])[1] as number },
          { xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", font: { size: 13, color: colours.ink } },
        ),
      ),
    }),
    title: `Kernels of 1–10 µs hold ${held} of the time`,
    setting: place === "" ? `${sets.map(({ name }) => name).join("; ")}.` : place,
    caption: `Of each pair of bars the left is the share of kernels of that duration, the right their share of the summed time. ${reading}.${conclusion === "" ? "" : ` ${conclusion}`}`,
    alt: `${reading}.`,
  };
}

function bar(name: string, shares: readonly number[], color: string, yaxis: string, showlegend: boolean): Record<string, unknown> {
  return {
    type: "bar",
    name,
    x: decadeNames,
    y: shares.map((s) => 100 * s),
    yaxis,
    marker: { color },
    text: shares.map(percent),
    textposition: "outside",
    constraintext: "none",
    textangle: 0,
    textfont: { size: shares.map(() => 11) },
    cliponaxis: false,
    showlegend,
    hovertemplate: `${name}, %{x}: %{y:.2~g} %<extra></extra>`,
  };
}

/** Two digits without the axis's unit, so that neighbours stay apart on a narrow page; of what is no kernel at all nothing. */
function percent(share: number): string {
  if (share === 0) return "";
  return share < 0.001 ? "<0.1" : formatNumber(100 * share, 2);
}

function sentence(shares: readonly DurationShare[]): string {
  const short = shares[1] as DurationShare;
  const long = [...shares].sort((a, b) => b.timeShare - a.timeShare)[0] as DurationShare;
  return `${formatShare(short.countShare)} of kernels last 1–10 µs and hold ${formatShare(short.timeShare)} of the time; most time (${formatShare(long.timeShare)}) is in kernels of ${decadeNames[shares.indexOf(long)]}`;
}
