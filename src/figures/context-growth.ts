import { mixerTime } from "../kernels/attention/mixer-time";
import type { Hardware } from "../machine/hardware";
import { weightFormatNames } from "../machine/number-formats";
import type { AttentionMeasurement } from "../published/attention-times";
import type { StackKind } from "../published/stack-kinds";
import { quantile } from "../statistics";
import { decodeStep } from "../step/decode";
import { memoryFootprint } from "../step/memory-footprint";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, doublings, label, layout, line, logAxis, points, secondsTicks, ticks } from "./theme";

/** From a thousand tokens to a million. */
const contexts = doublings(1024, 1_048_576);
const contextTicks = ticks([1024, 8192, 65_536, 524_288].map((tokens) => [tokens, `${tokens / 1024}k`] as const));

const decades = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1] as const;

const looks: readonly { readonly color: string; readonly symbol: string }[] = [
  { color: colours.ink, symbol: "circle" },
  { color: colours.blue, symbol: "diamond" },
  { color: colours.orange, symbol: "square" },
  { color: colours.green, symbol: "triangle-up" },
  { color: colours.purple, symbol: "cross" },
  { color: colours.sky, symbol: "x" },
  { color: colours.brown, symbol: "triangle-down" },
  { color: colours.yellow, symbol: "star" },
  { color: colours.grey, symbol: "pentagon" },
];

/** A measured call of attention beside what the model makes of the same call. */
export interface ContextPoint {
  readonly kind: string;
  readonly part: AttentionMeasurement["part"];
  readonly contextTokens: number;
  readonly measured: number;
  readonly predicted: number;
}

/** Where the stacks run: one decode step of a group of GPUs. */
export interface ContextPlace {
  readonly hardware: Hardware;
  readonly requests: number;
  readonly tensorParallel: number;
}

/** Seconds of a kind's mixer on one GPU: as the rows of the tables ask for it, else a whole layer with the defaults, a call repeated. */
function secondsOf({ model, block, tensorParallel, measured }: StackKind, { hardware, requests }: ContextPlace, contextTokens: number) {
  const row = measured[0];
  const part = row?.part ?? "layer";
  const asked = { model, block, hardware, requests, contextTokens, tensorParallel, part, warm: true } as const;
  if (row === undefined) return mixerTime(asked).seconds;
  const weights =
    part === "layer" && (weightFormatNames as readonly string[]).includes(row.arithmetic) ? { weightFormat: row.arithmetic } : {};
  return mixerTime({ ...asked, ...weights, kernel: row.kernel, cacheFormat: row.cacheFormat }).seconds;
}

/**
 * The measured points of the kinds, each beside its prediction.
 *
 * @example contextPoints(stackKinds(), { hardware: hardware("h100-sxm"), requests: 8 })
 */
export function contextPoints(kinds: readonly StackKind[], place: ContextPlace): readonly ContextPoint[] {
  return kinds.flatMap((kind) =>
    kind.measured.map(({ part, contextTokens, seconds }) => ({
      kind: kind.kind,
      part,
      contextTokens,
      measured: seconds,
      predicted: secondsOf(kind, place, contextTokens),
    })),
  );
}

/**
 * Time against context for one stack of each kind of attention: whole decode steps above, then one layer's attention where whole
 * layers were timed, then its core where only that was; measured calls as marks.
 *
 * @example contextGrowthFigure(stackKinds(), { hardware: hardware("h100-sxm"), requests: 8 }).caption
 */
export function contextGrowthFigure(kinds: readonly StackKind[], place: ContextPlace): Figure {
  const { hardware, requests, tensorParallel } = place;
  const found = contextPoints(kinds, place);
  const isLayer = ({ measured }: StackKind) => (measured[0]?.part ?? "layer") === "layer";
  const panels = [
    { title: "Whole decode step", axis: "y", domain: [0.7, 1], of: (_: StackKind) => true },
    { title: "Attention of one layer, with its products", axis: "y2", domain: [0.36, 0.64], of: isLayer },
    { title: "Attention of one layer, its core alone", axis: "y3", domain: [0, 0.3], of: (k: StackKind) => !isLayer(k) },
  ];
  const step = kinds.flatMap((kind, i) => (firstOfModel(kinds, i) ? stepLines(kind, place, i) : []));
  const mixers = kinds.flatMap((kind, i) => {
    const { color, symbol } = lookOf(i);
    const yaxis = isLayer(kind) ? "y2" : "y3";
    const marks = found.filter((point) => point.kind === kind.kind);
    return [
      line(
        nameOf(kind),
        contexts,
        contexts.map((tokens) => secondsOf(kind, place, tokens)),
        color,
        { yaxis, legendgroup: kind.kind, legendrank: 1000 + i, showlegend: !firstOfModel(kinds, i) },
      ),
      ...(marks.length === 0
        ? []
        : [
            points(
              `${kind.kind}, measured`,
              marks.map(({ contextTokens }) => Math.max(contextTokens, contexts[0] as number)),
              marks.map(({ measured }) => measured),
              color,
              {
                yaxis,
                legendgroup: kind.kind,
                showlegend: false,
                marker: { color, symbol, size: 8, line: { color: "#FFFFFF", width: 1 } },
                text: marks.map(() => `${kind.kind}, measured by ${kind.measured[0]?.kernel ?? ""}`),
                hoverinfo: "text+x+y",
              },
            ),
          ]),
    ];
  });
  const off = found.map(({ measured, predicted }) => Math.abs(predicted / measured - 1)).sort((a, b) => a - b);
  const layers = panels.filter((panel) => panel.axis === "y" || kinds.some(panel.of));
  const many = formatCount(requests);
  const seen =
    off.length === 0
      ? `No call of these was timed on ${hardware.name}, so there are no marks.`
      : `Marks: ${formatCount(off.length)} measured calls, ${formatShare(quantile(off, 0.5))} off in the median.`;
  const growth = growthWords(kinds, place);
  return {
    data: [...step, ...mixers] as Figure["data"],
    layout: layout({
      height: 1000,
      margin: { l: 70, r: 16, t: 24, b: 170 },
      xaxis: logAxis("Tokens in each request's cache", [900, 1.2e6], { ...contextTicks, anchor: layers.at(-1)?.axis }),
      ...Object.fromEntries(
        panels.map(({ axis, domain }, i) => [
          `yaxis${i === 0 ? "" : i + 1}`,
          logAxis("Time", rangeOf([...step, ...mixers], axis), {
            domain,
            ...secondsTicks(decades.flatMap((s) => [s, 3 * s])),
          }),
        ]),
      ),
      annotations: panels.map(({ title, domain }) =>
        label(
          title,
          { x: 0, y: domain[1] as number },
          { xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", font: { size: 13, color: colours.ink } },
        ),
      ),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.07, yanchor: "top", font: { size: 12 } },
    }),
    ...(growth === "" ? {} : { title: growth.replace(/\.$/, "") }),
    setting: `${many} requests on ${formatCount(tensorParallel)} × ${hardware.name}; one model for each kind of attention.`,
    ...(off.length === 0 ? {} : { source: "Marks: the attention tables in data/measurements." }),
    caption: `Time against context for one stack of each kind of attention, ${many} requests on ${hardware.name}. Above: decode steps on ${formatCount(tensorParallel)} GPUs, attention and experts cut; dotted where weights and cache are more than the memory. Below: one layer's attention on one GPU of the group that the legend names, by the kernel and formats of its measured rows, the call repeated as a table times it. ${seen} ${growth} A mixer that keeps a state does not grow; one that reads a selection grows by its index alone.`,
    alt: `Log-log time against context from 1,024 to 1,048,576 tokens for ${kinds.map(nameOf).join(", ")}. ${growth} ${seen}`,
  };
}

const lookOf = (i: number) => looks[i % looks.length] as (typeof looks)[number];
const firstOfModel = (kinds: readonly StackKind[], i: number): boolean =>
  kinds.findIndex(({ model }) => model.id === kinds[i]?.model.id) === i;
const nameOf = ({ kind, model, tensorParallel }: StackKind): string => `${kind} (${model.name}, TP${tensorParallel})`;

/** A step against context: solid as far as it fits the memory, dotted beyond. */
function stepLines(kind: StackKind, { hardware, requests, tensorParallel }: ContextPlace, i: number) {
  const { color } = lookOf(i);
  const asked = { model: kind.model, hardware, requests, tensorParallel };
  const times = contexts.map((contextTokens) => decodeStep({ ...asked, contextTokens }).seconds);
  const fits = contexts.filter((contextTokens) => memoryFootprint({ ...asked, contextTokens }).totalBytes <= hardware.memoryBytes).length;
  const shared = { yaxis: "y", legendgroup: kind.kind, legendrank: 1000 + i };
  return [
    line(nameOf(kind), contexts.slice(0, Math.max(fits, 1)), times.slice(0, Math.max(fits, 1)), color, shared),
    ...(fits === contexts.length
      ? []
      : [
          line(nameOf(kind), contexts.slice(Math.max(fits - 1, 0)), times.slice(Math.max(fits - 1, 0)), color, {
            ...shared,
            showlegend: false,
            line: { color, width: 2, dash: "dot" },
          }),
        ]),
  ];
}

/** A third of a decade of room around what a panel draws. */
function rangeOf(traces: readonly Record<string, unknown>[], axis: string): readonly [number, number] {
  const values = traces.filter((t) => t.yaxis === axis).flatMap((t) => t.y as readonly number[]);
  return values.length === 0 ? [1e-6, 1e-3] : [Math.min(...values) / 1.5, Math.max(...values) * 1.5];
}

/** The step that grows most and the one that grows least from 4k to 128k tokens. */
function growthWords(kinds: readonly StackKind[], { hardware, requests, tensorParallel }: ContextPlace): string {
  const grown = kinds
    .filter((_, i) => firstOfModel(kinds, i))
    .map(({ kind, model }) => {
      const [short, long] = [4096, 131_072].map(
        (contextTokens) => decodeStep({ model, hardware, requests, tensorParallel, contextTokens }).seconds,
      ) as [number, number];
      return { words: `${model.name} (${kind})`, times: long / short };
    })
    .sort((a, b) => b.times - a.times);
  const [most, least] = [grown[0], grown.at(-1)];
  if (most === undefined || least === undefined) return "";
  const times = (value: number) => `${value.toFixed(2)} times`;
  return `From 4,096 to 131,072 tokens the step of ${most.words} takes ${times(most.times)} as long, that of ${least.words} ${times(least.times)}.`;
}
