import { type ExpertOn, type ExpertSeconds, expertSeconds, rowsAt, sameExpert } from "../kernels/expert-task";
import { type MeasuredTask, measuredTasks } from "../published/expert-tasks";
import { formatCount, formatNumber, formatSeconds } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { band, colours, countTicks, doublings, label, layout, line, logAxis, points, slider, ticks } from "./theme";

const lineColours = [colours.blue, colours.green, colours.orange, colours.purple];
const formatWords: Readonly<Record<string, string>> = { fp8_block: "FP8", bfloat16: "BF16" };
const symbols = { alone: "circle", "share of a layer": "circle-open", "share of a grouped product": "x-thin-open" } as const;

/**
 * Time of one expert's task against its rows: floor, estimate and measurements, with the article's two bands. Tokens in flight as in tokensPerExpertFigure.
 *
 * @example taskTimeFigure([{ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), kernel: "deepgemm",
 *   aloneKernel: "deepgemm", weightFormat: "fp8_block" }], 6144).caption
 */
export function taskTimeFigure(
  experts: readonly ExpertOn[],
  tokensInFlight: number | readonly number[],
  colors: readonly string[] = lineColours,
): Figure {
  const color = (i: number) => colors[i % colors.length] as string;
  const inFlight = experts.map((_, i) => (typeof tokensInFlight === "number" ? tokensInFlight : (tokensInFlight[i] as number)));
  const inWords = [...new Set(inFlight)].map(formatCount).join(" and ");
  const rows = doublings(1, 8192);
  const timed = experts.map((e) => rows.map((r) => expertSeconds(e, r)));
  const marked = markedAt(experts, inFlight);
  const models = experts.map((e) => e.model);
  const measured = [...new Set(experts.map((e) => e.weightFormat))].flatMap((format) => measuredTasks(models, format));
  const formats = [...new Set(experts.map((e) => formatWords[e.weightFormat] ?? e.weightFormat))].join(" and ");
  const { title, caption, words, inside } = told(marked, formats, inWords);
  // One count for all can be moved; counts of one's own stay.
  const counts = typeof tokensInFlight === "number" ? [...new Set([...doublings(256, 65_536), tokensInFlight])].sort((a, b) => a - b) : [];
  const moved = counts.map((count) => ({
    count,
    at: markedAt(
      experts,
      experts.map(() => count),
    ),
  }));
  const choices = moved.map(({ count, at }) => told(at, formats, formatCount(count)));
  const ringsFrom = 3 * experts.length;
  const least = Math.min(1e-6, ...timed.flatMap((at) => at.map((t) => t.floorSeconds / 1.2)));
  return {
    title,
    caption,
    ...(choices.length === 0 ? {} : { choices: choices.map((c) => ({ title: c.title, caption: c.caption })) }),
    data: [
      ...experts.flatMap((e, i) => curves(e, rows, timed[i] as readonly ExpertSeconds[], color(i))),
      ...experts.map((e, i) => measurements(e, measured, color(i))),
      ...marked.map(({ e, rowsMarked, at }, i) =>
        points(nameFor(e), [rowsMarked], [at.shareOfLayerSeconds], "#FFFFFF", {
          marker: { color: "#FFFFFF", size: 11, line: { color: color(i), width: 2.5 } },
        }),
      ),
    ],
    layout: layout({
      height: 560,
      ...(counts.length === 0
        ? {}
        : {
            sliders: [
              slider(
                "Tokens in flight",
                moved.map(({ count, at }) => ({
                  label: formatCount(count),
                  args: [
                    { x: at.map(({ rowsMarked }) => [rowsMarked]), y: at.map((m) => [m.at.shareOfLayerSeconds]) },
                    at.map((_, i) => ringsFrom + i),
                  ],
                })),
                counts.indexOf(inFlight[0] as number),
              ),
            ],
          }),
      xaxis: logAxis("Tokens (rows) at the expert", [1, 8192], countTicks([1, 10, 100, 1000])),
      yaxis: logAxis(
        "Time of one expert's task",
        [least, 2e-2],
        ticks([
          ...(least < 1e-6 ? ([[1e-7, "0.1 µs"]] as const) : []),
          [1e-6, "1 µs"],
          [1e-5, "10 µs"],
          [1e-4, "100 µs"],
          [1e-3, "1 ms"],
          [1e-2, "10 ms"],
        ]),
      ),
      shapes: [band("y", 1e-6, 1e-5, colours.blue, 0.1), band("y", 1e-5, 1e-4, colours.yellow, 0.12)],
      annotations: [
        label("before", { x: 7800, y: 1.2e-5 }, { xanchor: "right", font: { size: 11, color: colours.brown } }, "xy"),
        label("after", { x: 7800, y: 1.3e-6 }, { xanchor: "right", font: { size: 11, color: colours.blue } }, "xy"),
        ...experts.map((e, i) => nameOf(e, timed[i] as readonly ExpertSeconds[], color(i))),
        ...keyOf(experts.map((e, i) => ({ name: nameFor(e), color: color(i), from: timed[i]?.[0]?.shareOfLayerSeconds ?? 0 }))),
      ],
    }),
    setting: `Weights in ${formats}; rings at ${inWords} tokens in flight over all GPUs.`,
    source: "Measured: kernel timings in data/measurements/moe-*.csv and deepgemm-h800.csv.",
    alt: `Log-log time of one expert's task against tokens. Floor, share of a layer and alone with ${inWords} tokens in flight: ${words}. ${inside} ${formatNumber(measured.length)} measured points are drawn beside the estimates.`,
  };
}

interface Marked {
  readonly e: ExpertOn;
  readonly rowsMarked: number;
  readonly at: ExpertSeconds;
}

/** Each expert at its rows of so many tokens in flight. */
function markedAt(experts: readonly ExpertOn[], inFlight: readonly number[]): readonly Marked[] {
  return experts.map((e, i) => {
    const rowsMarked = rowsAt(e, inFlight[i] as number);
    return { e, rowsMarked, at: expertSeconds(e, rowsMarked) };
  });
}

/** What is read off the figure at those rows. */
function told(marked: readonly Marked[], formats: string, inWords: string): Choice & { readonly words: string; readonly inside: string } {
  const words = marked
    .map(
      ({ e, rowsMarked, at }) =>
        `${nameFor(e)} (${formatCount(rowsMarked)} ${rowsMarked === 1 ? "token" : "tokens"}) ${formatSeconds(at.floorSeconds)}, ${formatSeconds(at.shareOfLayerSeconds)}, ${formatSeconds(at.aloneSeconds)}`,
    )
    .join("; ");
  const inside = insideBand(marked);
  const ordered = [...marked].sort((a, b) => a.at.shareOfLayerSeconds - b.at.shareOfLayerSeconds);
  const ends = [...new Set([ordered[0], ordered.at(-1)])].flatMap((o) =>
    o === undefined ? [] : [`${formatSeconds(o.at.shareOfLayerSeconds)} (${nameFor(o.e)})`],
  );
  return {
    words,
    inside,
    title: `With ${inWords} tokens in flight the work of one expert takes ${ends.join(" to ")} inside a full layer`,
    caption: `Time of one expert's two products against the tokens it gets, in ${formats}. Shaded: the article's two bands, 10 to 100 µs before and 1 to 10 µs after. Dotted: the floor, weights and arithmetic at datasheet rates. Solid: the estimate for an expert inside a full layer, layer time over experts (a throughput). Filled circles: measured alone, exactly one expert on the GPU (a latency). Open circles: measured layers over their experts (a throughput). Crosses: DeepGEMM's grouped products over their groups. Floor, share of a layer and alone with ${inWords} tokens in flight (rings): ${words}. ${inside}`,
  };
}

/** Which of the experts are in the article's 1 to 10 µs, by each of the three times. */
function insideBand(marked: readonly { readonly e: ExpertOn; readonly at: ExpertSeconds }[]): string {
  const within = (name: string, pick: (at: ExpertSeconds) => number) => {
    const here = marked.filter(({ at }) => pick(at) >= 1e-6 && pick(at) <= 1e-5).map(({ e }) => nameFor(e));
    return `${name} ${here.length === 0 ? "none" : here.join(" and ")}`;
  };
  return `Inside the article's 1 to 10 µs there: ${within("by the floor", (at) => at.floorSeconds)}; ${within("as a share of a layer", (at) => at.shareOfLayerSeconds)}; ${within("alone", (at) => at.aloneSeconds)}.`;
}

/** Model and machine; what the machine's name has in brackets is left off. */
function nameFor(e: ExpertOn): string {
  return `${e.model.name} on ${e.hardware.name.replace(/ \(.*\)/, "")}`;
}

function curves(e: ExpertOn, rows: readonly number[], at: readonly ExpertSeconds[], color: string): readonly Record<string, unknown>[] {
  const name = nameFor(e);
  return [
    line(
      `${name}, floor`,
      rows,
      at.map((t) => t.floorSeconds),
      color,
      { line: { color, width: 1.5, dash: "dot" } },
    ),
    line(
      `${name}, estimate`,
      rows,
      at.map((t) => t.shareOfLayerSeconds),
      color,
    ),
  ];
}

function measurements(e: ExpertOn, measured: readonly MeasuredTask[], color: string): Record<string, unknown> {
  const near = (machine: string) => machine === e.hardware.id || (machine === "h800-sxm" && e.hardware.id === "h100-sxm");
  const here = measured.filter((m) => m.weightFormat === e.weightFormat && sameExpert(m.shape, e.model) && near(m.hardware));
  return points(
    `${nameFor(e)}, measured`,
    here.map((m) => m.rows),
    here.map((m) => m.seconds),
    color,
    {
      marker: { color, size: 7, symbol: here.map((m) => symbols[m.kind]), line: { color, width: 1.5 } },
      text: here.map((m) => m.kind),
    },
  );
}

/** Names stand on the flat left part of the lines, where they are apart; on a narrow page they would reach the part that rises. */
function nameOf(e: ExpertOn, at: readonly ExpertSeconds[], color: string): Record<string, unknown> {
  return label(
    nameFor(e),
    { x: 1.15, y: (at[0] as ExpertSeconds).shareOfLayerSeconds },
    { xanchor: "left", yanchor: "bottom", yshift: 6, font: { size: 12, color }, name: "wide" },
    "xy",
  );
}

/** The same names for a narrow page: one under another in the corner that no line reaches, in the order in which the lines begin. */
function keyOf(
  named: readonly { readonly name: string; readonly color: string; readonly from: number }[],
): readonly Record<string, unknown>[] {
  return [...named]
    .sort((a, b) => b.from - a.from)
    .map(({ name, color }, i) =>
      label(
        name,
        { x: 0.03, y: 0.98 },
        {
          ...{ xref: "paper", yref: "paper", xanchor: "left", yanchor: "top", yshift: -15 * i },
          ...{ font: { size: 12, color }, name: "narrow", visible: false },
        },
      ),
    );
}
