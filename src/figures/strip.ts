import { isMoe, type Model } from "../model/model";
import { meanTokensPerExpert } from "../routing/uniform";
import type { Access } from "../step/decode-accesses";
import { shareInRunsUpTo } from "../step/decode-accesses";
import { shareByDecade } from "../step/durations";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { TaskSet } from "./duration-histogram";
import { decadeNames } from "./duration-histogram";
import type { Figure } from "./figure";
import { withHover } from "./hover";
import { runLengthsFigure, type StepAccesses } from "./run-lengths";
import { band, colours, countTicks, label, layout, lengthTicks, linearAxis, logAxis, rule } from "./theme";

/** The article's three figures, small enough to stand side by side: tokens of an expert, durations of tasks, lengths of accesses. */
export function stripFigures(
  models: readonly Model[],
  tokensInFlight: number,
  sets: readonly TaskSet[],
  steps: readonly StepAccesses[],
  settings: readonly [string, string, string],
): readonly [Figure & Titled, Figure & Titled, Figure & Titled] {
  const [tokens, tasks, accesses] = settings;
  return [
    { ...hovering(tokensFigure(models, tokensInFlight)), setting: tokens },
    { ...hovering(tasksFigure(sets)), setting: tasks },
    { ...hovering(accessesFigure(steps)), setting: accesses },
  ];
}

/** A figure that says what it finds, and for what. */
interface Titled {
  readonly title: string;
  readonly setting: string;
}
type Found = Figure & Pick<Titled, "title">;

const hovering = (figure: Found): Found => ({ ...withHover(figure), title: figure.title });

const height = 340;
/** Below the axis and its title, with room for a line an entry on a narrow page. */
const legend = { orientation: "h", x: 0, xanchor: "left", y: -0.29, yanchor: "top", font: { size: 11 } } as const;
const belowLegend = { l: 56, r: 12, t: 24, b: 104 } as const;
/** What the article says an expert sees, and how short it says an access becomes. */
const article = { tokens: 128, shortBytes: 64, longBytes: 16_384 } as const;

/** One mark per model: what one expert, or a dense layer, gets of the tokens in flight. */
function tokensFigure(models: readonly Model[], tokensInFlight: number): Found {
  const tokens = models.map((m) => (isMoe(m) ? meanTokensPerExpert(tokensInFlight, m) : tokensInFlight));
  const words = models.map((m, i) => `${m.name} ${formatNumber(tokens[i] as number, 4)}`).join(", ");
  const fine = models.at(-1);
  return {
    title: `One expert of ${fine?.name} sees ${formatNumber(tokens.at(-1) as number, 4)} tokens, a dense layer ${formatCount(tokensInFlight)}`,
    data: [
      {
        type: "scatter",
        mode: "markers+text",
        name: "tokens",
        x: tokens,
        y: models.map((m) => m.name),
        text: tokens.map((t) => formatNumber(t, 4)),
        textposition: "middle right",
        cliponaxis: false,
        marker: { size: 12, color: models.map((m) => (isMoe(m) ? colours.blue : colours.grey)) },
        hovertemplate: "%{y}: %{x:.4~g} tokens<extra></extra>",
      },
    ],
    layout: layout({
      height,
      margin: { l: 104, r: 44, t: 24, b: 58 },
      xaxis: logAxis("Tokens per expert", [10, 60_000], countTicks([10, 100, 1000, 10_000])),
      yaxis: { type: "category", range: [models.length - 0.5, -0.5], ticks: "", automargin: true, gridcolor: "#E5E7EB" },
      shapes: [rule("x", article.tokens)],
      annotations: [
        label(
          `the article: ${article.tokens}`,
          { x: article.tokens, y: 1 },
          { yref: "paper", yanchor: "bottom", font: { size: 11, color: colours.brown } },
          "x",
        ),
      ],
    }),
    caption: `Mean tokens of one expert with ${formatCount(tokensInFlight)} in flight; grey, a dense layer: ${words}.`,
    alt: `With ${formatCount(tokensInFlight)} tokens in flight one expert sees: ${words}. The article says ${article.tokens}.`,
  };
}

const setColours = [colours.grey, colours.blue, colours.sky];

/** Bars in groups: the share of a decode step's time by how long its kernels take. */
function tasksFigure(sets: readonly TaskSet[]): Found {
  const shares = sets.map(({ tasks }) => shareByDecade(tasks));
  const inBand = sets.map(({ name }, i) => `${name} ${formatShare(shares[i]?.[1]?.timeShare ?? Number.NaN)}`).join(", ");
  const share = (i: number) => formatShare(shares[i]?.[1]?.timeShare ?? Number.NaN);
  return {
    title: `Tasks of 1–10 µs hold ${share(1)} of the time as launched, ${share(2)} if each expert is a task by itself, ${share(0)} in a dense model`,
    data: sets.map(({ name }, i) => ({
      type: "bar",
      name,
      x: decadeNames,
      y: shares[i]?.map((s) => 100 * s.timeShare),
      marker: { color: setColours[i % setColours.length] },
      hovertemplate: "%{x}: %{y:.2f} %<extra></extra>",
    })),
    layout: layout({
      height,
      margin: belowLegend,
      barmode: "group",
      bargap: 0.2,
      xaxis: { type: "category", title: { text: "Duration of one task", standoff: 8 }, showgrid: false, tickfont: { size: 10 } },
      yaxis: linearAxis("Share of the step's time (%)", [0, 100], { dtick: 25 }),
      shapes: [band("x", 0.5, 1.5, colours.yellow, 0.14)],
      annotations: [label("the article", { x: 1, y: 1 }, { yref: "paper", yanchor: "bottom", font: { size: 11, color: colours.brown } })],
      showlegend: true,
      legend,
    }),
    caption: `Time of a decode step by the duration of its tasks. In tasks of 1–10 µs (shaded, the article's): ${inBand}.`,
    alt: `Share of a decode step's time in tasks of 1 to 10 µs: ${inBand}.`,
  };
}

/** The full figure's lines, with the article's sizes shaded. */
function accessesFigure(steps: readonly StepAccesses[]): Found {
  const { data, layout: full } = runLengthsFigure(steps);
  const upTo = steps.map(({ name, accesses }) => `${name} ${shareWords(accesses)}`).join(", ");
  const [dense, fine, sparse] = steps.map(({ accesses }) => shareWords(accesses));
  return {
    title: `Experts leave memory in long runs: ${fine} of the bytes lie in runs of up to 16 KiB (dense ${dense}, sparse attention ${sparse})`,
    data,
    layout: {
      ...full,
      height,
      margin: belowLegend,
      yaxis: { ...(full.yaxis as Record<string, unknown>), title: { text: "Bytes in runs to here (%)", standoff: 8 } },
      xaxis: {
        ...(full.xaxis as Record<string, unknown>),
        ...lengthTicks([64, 16_384, 1e6, 1e9]),
      },
      shapes: [band("x", article.shortBytes, article.longBytes, colours.yellow, 0.14)],
      annotations: [
        label(
          "the article",
          { x: Math.sqrt(article.shortBytes * article.longBytes), y: 1 },
          { yref: "paper", yanchor: "bottom", font: { size: 11, color: colours.brown } },
          "x",
        ),
      ],
      legend,
    },
    caption: `Bytes of a decode step by the length of the run they lie in. In runs of up to 16 KiB (shaded, the article's): ${upTo}.`,
    alt: `Share of a decode step's bytes in contiguous runs of up to 16 KiB: ${upTo}.`,
  };
}

function shareWords(accesses: readonly Access[]): string {
  return formatShare(shareInRunsUpTo(accesses, article.longBytes));
}
