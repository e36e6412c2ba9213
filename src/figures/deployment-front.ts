import { formatCount, formatNumber, formatSeconds } from "../text/numbers";
import type { Figure } from "./figure";
import { band, colours, label, layout, linearAxis, logAxis, oneTwoFive } from "./theme";

/** One deployment as a point of the figure. */
export interface FrontPoint {
  readonly perGpu: number;
  readonly perRequest: number;
  readonly split: string;
  readonly gpus: number;
  readonly replicas: number;
  readonly requests: number;
  readonly firstTokenSeconds: number;
  readonly memoryBytes: number;
}

/** A point of the front, with its band: how many times the step's time the ends of the band are. */
export interface FrontMember extends FrontPoint {
  readonly low: number;
  readonly high: number;
}

/** A published deployment. */
export interface MeasuredDeployment {
  readonly perGpu: number;
  readonly perRequest: number;
  readonly contextTokens: number | undefined;
  /** What it was, line by line. */
  readonly words: readonly string[];
}

/** What the figure draws. */
export interface FrontQuestion {
  readonly name: string;
  readonly points: readonly FrontPoint[];
  readonly front: readonly FrontMember[];
  readonly measured: readonly MeasuredDeployment[];
  /** Measured at a length within a factor of two of this are drawn strong. */
  readonly contextTokens: number;
  readonly chosen?: FrontPoint | undefined;
  readonly secondsPerToken?: number | undefined;
  /** What was asked and how, in a few words. */
  readonly setting: string;
}

/** Kinds of splits by how attention stands, and their colours. */
const kinds = [
  { name: "attention TP", color: colours.orange },
  { name: "attention TP x DP", color: colours.purple },
  { name: "attention DP", color: colours.blue },
  { name: "one GPU", color: colours.green },
] as const;

/**
 * Tokens per second of each GPU against tokens per second of each user, for every deployment that was searched.
 *
 * Of points that lie upon each other one is drawn. A band around the front is where four in five measured deployments that no constant was
 * fitted on lie beside their estimate.
 */
export function deploymentFrontFigure(question: FrontQuestion): Figure {
  const { points, front, measured, chosen, secondsPerToken, name, setting } = question;
  const drawn = thinned(points);
  const words = (point: FrontPoint) => wordsOf(name, point);
  const seen = [...points, ...measured, ...(chosen === undefined ? [] : [chosen])];
  const [xs, ys] = [seen.map(({ perRequest }) => perRequest), seen.map(({ perGpu }) => perGpu)];
  const right = Math.max(1, ...xs) * 1.05;
  const top = Math.max(2, ...ys) * 1.6;
  const bottom = Math.max(Math.min(...ys, top / 20), top / 1000) * 0.8;
  const clouds = kinds.map((kind, i) => {
    const own = drawn.filter((point) => kindOf(point.split) === i);
    return {
      ...{ type: "scatter", mode: "markers", name: kind.name, x: own.map((p) => p.perRequest), y: own.map((p) => p.perGpu) },
      marker: { color: kind.color, size: 5, opacity: 0.4 },
      customdata: own.map((point) => points.indexOf(point)),
      text: own.map(words),
      hovertemplate: "%{text}<extra></extra>",
      visible: own.length > 0,
    };
  });
  const line = {
    ...{ type: "scatter", mode: "lines+markers", name: "best of all", x: front.map((p) => p.perRequest), y: front.map((p) => p.perGpu) },
    line: { color: colours.ink, width: 2, shape: "linear" },
    marker: { color: colours.ink, size: 5 },
    customdata: front.map((point) => points.findIndex((p) => p.perGpu === point.perGpu && p.perRequest === point.perRequest)),
    text: front.map(words),
    hovertemplate: "%{text}<extra></extra>",
  };
  const near = measured.map(({ contextTokens }) => contextTokens !== undefined && isNear(contextTokens, question.contextTokens));
  const rings = {
    ...{ type: "scatter", mode: "markers", name: "measured", x: measured.map((m) => m.perRequest), y: measured.map((m) => m.perGpu) },
    marker: {
      symbol: "circle-open",
      size: near.map((isStrong) => (isStrong ? 10 : 7)),
      color: near.map((isStrong) => (isStrong ? colours.ink : colours.grey)),
      line: { width: 1.6 },
    },
    text: measured.map((m) => [rates(m), ...m.words].join("<br>")),
    hovertemplate: "%{text}<extra>measured</extra>",
    visible: measured.length > 0,
  };
  const mark = {
    ...{ type: "scatter", mode: "markers", name: "chosen", x: chosen ? [chosen.perRequest] : [], y: chosen ? [chosen.perGpu] : [] },
    marker: { symbol: "diamond", size: 13, color: colours.yellow, line: { color: colours.ink, width: 1.5 } },
    text: chosen ? [words(chosen)] : [],
    hovertemplate: "%{text}<extra>chosen</extra>",
  };
  const limit = secondsPerToken === undefined ? undefined : 1 / secondsPerToken;
  return {
    data: [bandOf(front), ...clouds, line, rings, mark],
    layout: layout({
      height: 400,
      margin: { l: 74, r: 14, t: 44, b: 50 },
      xaxis: linearAxis("Tokens per second of each user", [0, right]),
      yaxis: logAxis("Tokens per second of each GPU", [bottom, top], { dtick: undefined, ...oneTwoFive(bottom, top) }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", font: { size: 11 } },
      shapes: limit === undefined ? [] : [band("x", 0, Math.min(limit, right), colours.grey, 0.13)],
      annotations:
        limit === undefined || limit > right
          ? []
          : [
              label(
                `slower than ${formatSeconds(secondsPerToken as number)} per token`,
                { x: limit, y: bottom },
                { xanchor: "right", yanchor: "bottom", textangle: -90, name: "wide" },
                "y",
              ),
            ],
    }),
    caption: `Each point is a way to deploy ${name}: the further right, the faster for each user, the further up, the more from each GPU. ${setting} The line is the best of all; its band holds four in five deployments that were measured and not fitted.${measured.length === 0 ? " No deployment of this model on this machine is in the table of measured ones." : ` Rings are ${measured.length} published measurements on this machine, large where their context is within a factor of two.`}`,
    alt: altOf(name, front),
  };
}

function altOf(name: string, front: readonly FrontMember[]): string {
  const [first, last] = [front[0], front.at(-1)];
  if (first === undefined || last === undefined) return `No deployment of ${name} fits.`;
  return `${name}: from ${formatCount(Math.round(first.perGpu))} tokens per second of each GPU at ${formatNumber(first.perRequest)} for each user to ${formatNumber(last.perRequest)} for each user at ${formatNumber(last.perGpu)}.`;
}

function wordsOf(name: string, point: FrontPoint): string {
  const { split, gpus, replicas, requests, firstTokenSeconds, memoryBytes } = point;
  const each = gpus / replicas;
  return [
    rates(point),
    name,
    split,
    `${replicas > 1 ? `${replicas} replicas of ` : ""}${each} GPU${each > 1 ? "s" : ""}, ${formatCount(requests)} requests each`,
    `first token ${formatSeconds(firstTokenSeconds)}, ${formatNumber(memoryBytes / 1e9)} GB of each GPU`,
  ].join("<br>");
}

function rates({ perGpu, perRequest }: Pick<FrontPoint, "perGpu" | "perRequest">): string {
  return `<b>${formatCount(Math.round(perGpu))} tokens/s/GPU, ${formatNumber(perRequest)} tokens/s/user</b>`;
}

function kindOf(split: string): number {
  if (split.startsWith("one GPU")) return 3;
  const [tensor, data] = [/^TP\d/.test(split), /\bDP\d/.test(split)];
  return tensor ? (data ? 1 : 0) : 2;
}

/** A slower step moves a point towards the origin, along its ray. */
function bandOf(front: readonly FrontMember[]) {
  const [fast, slow] = [
    front.map((p) => [p.perRequest / p.low, p.perGpu / p.low]),
    front.map((p) => [p.perRequest / p.high, p.perGpu / p.high]),
  ];
  const outline = [...fast, ...slow.reverse()] as [number, number][];
  return {
    ...{ type: "scatter", mode: "lines", name: "four in five", x: outline.map(([x]) => x), y: outline.map(([, y]) => y) },
    ...{ fill: "toself", fillcolor: colours.mist, opacity: 0.55, line: { width: 0, color: colours.mist }, hoverinfo: "skip" },
  };
}

/** One point for each place of the picture and kind of split. */
function thinned(points: readonly FrontPoint[]): readonly FrontPoint[] {
  const most = Math.max(...points.map(({ perRequest }) => perRequest));
  const cells = new Map<string, FrontPoint>();
  for (const point of points) {
    const key = `${kindOf(point.split)} ${Math.round((80 * point.perRequest) / most)} ${Math.round(24 * Math.log10(point.perGpu))}`;
    if (!cells.has(key)) cells.set(key, point);
  }
  return [...cells.values()];
}

function isNear(one: number, other: number): boolean {
  return one <= 2 * other && other <= 2 * one;
}
