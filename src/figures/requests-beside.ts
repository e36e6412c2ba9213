import type { Hardware } from "../machine/hardware";
import type { RequestStream, Tier } from "../step/requests";
import { formatBytes, formatNumber } from "../text/numbers";
import type { Figure } from "./figure";
import { boundWords, limitLine, limitsOf, nameBeside, requestsLayout, tierNames } from "./request-parts";
import { colours, line, points } from "./theme";

/** The streams of one step among several, and the machine that serves them. */
export interface NamedStreams {
  /** By which sentences call it: A. */
  readonly letter: string;
  /** In the legend, behind its letter. */
  readonly name: string;
  readonly color: string;
  readonly hardware: Hardware;
  readonly streams: readonly RequestStream[];
}

/** With a colour for each step, what serves a stream is told by mark and dashes. */
const looks: Readonly<Record<Tier, { readonly symbol: string; readonly dash: string }>> = {
  memory: { symbol: "circle", dash: "dash" },
  "scale-up": { symbol: "square", dash: "dot" },
  network: { symbol: "diamond", dash: "dashdot" },
  lookup: { symbol: "triangle-up", dash: "longdash" },
};
const tiers = Object.keys(looks) as readonly Tier[];

/** Points further apart than these factors have a name each. */
const [apartInSize, apartInRate] = [2, 4];

/**
 * The streams of several decode steps by size and rate, a colour for each step; lines are what their machines serve.
 *
 * Limits of a tier that no step uses are left out; those of one machine are drawn once.
 *
 * @example requestsBesideFigure([{ letter: "A", name: "DeepSeek-V3", color: "#0072B2", hardware: hardware("h800-sxm"), streams: requestStreams({
 *   model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }) }]).caption
 */
export function requestsBesideFigure(sets: readonly NamedStreams[]): Figure {
  const used = tiers.filter((tier) => sets.some(({ streams }) => streams.some((s) => s.tier === tier)));
  const isSame = (a: Hardware, b: Hardware) => JSON.stringify(limitsOf(a)) === JSON.stringify(limitsOf(b));
  const machines = sets.filter(({ hardware }, i) => sets.findIndex((other) => isSame(other.hardware, hardware)) === i);
  const found = sets.map(({ letter, hardware, streams }) => `${letter}: ${lowered(boundWords(streams, limitsOf(hardware)))}`);
  return {
    data: [
      ...sets.map(({ letter, name, color }) => points(`${letter}: ${name}`, [Number.NaN], [Number.NaN], color, { x: [null], y: [null] })),
      ...used.map((tier) => keyOf(tier)),
      ...machines.flatMap((set) => limitLines(set, used, machines.length === 1)),
      ...sets.flatMap((set) => marksOf(set)),
    ],
    layout: requestsLayout(
      sets.flatMap(({ streams }, i) => newStreams(streams, sets.slice(0, i)).flatMap((s) => nameBeside(s, colours.ink))),
    ),
    title: found.map((words) => words.replace(/\.$/, "")).join("; "),
    setting: `One GPU of each (${sets.map(({ letter, hardware }) => `${letter}: ${hardware.name}`).join("; ")}), averaged over a decode step.`,
    caption: `Points are the streams of a decode step, averaged over it: their colour says of which, their mark what serves them. Lines are what serves them${machines.length === 1 ? "" : ", in the colour of its machine"}: level is the most requests per second, falling is the bandwidth. Left of the bend requests bind, right of it bytes. ${sets.map(busiestWords).join(" ")} ${found.join(" ")}`,
    alt: `Request size against request rate of each stream, step beside step. ${found.join(" ")}`,
  };
}

/** What mark and dashes of a tier stand for, in the legend alone. */
function keyOf(tier: Tier): Record<string, unknown> {
  const { symbol, dash } = looks[tier];
  return line(tierNames[tier], [Number.NaN], [Number.NaN], colours.grey, {
    ...{ x: [null], y: [null], mode: "lines+markers" },
    line: { color: colours.grey, width: 1.5, dash },
    marker: { color: colours.grey, size: 9, symbol },
  });
}

function limitLines({ letter, color, hardware }: NamedStreams, used: readonly Tier[], alone: boolean): readonly Record<string, unknown>[] {
  return limitsOf(hardware)
    .filter(([tier]) => used.includes(tier))
    .map(([tier, limit]) => {
      const { x, y } = limitLine(limit);
      const own = alone ? colours.grey : color;
      const words = `${alone ? "" : `${letter}: `}${tierNames[tier]}, ${limit.name}`;
      return line(words, x, y, own, { line: { color: own, width: 1.5, dash: looks[tier].dash }, showlegend: false });
    });
}

function marksOf({ letter, color, streams }: NamedStreams): readonly Record<string, unknown>[] {
  return tiers.map((tier) => {
    const here = streams.filter((s) => s.tier === tier);
    const [x, y] = [here.map((s) => s.requestBytes), here.map((s) => s.requestsPerSecond)];
    const marker = { color, size: 9, symbol: looks[tier].symbol };
    return points(`${letter}: ${tierNames[tier]}`, x, y, color, { text: here.map((s) => s.name), marker, showlegend: false });
  });
}

/** Streams that lie on none of the same name before them. */
function newStreams(streams: readonly RequestStream[], before: readonly NamedStreams[]): readonly RequestStream[] {
  const isNear = (a: number, b: number, factor: number) => Math.abs(Math.log(a / b)) <= Math.log(factor);
  return streams.filter((s) =>
    before.every(({ streams: others }) =>
      others.every(
        (o) =>
          o.name !== s.name ||
          o.tier !== s.tier ||
          !isNear(o.requestBytes, s.requestBytes, apartInSize) ||
          !isNear(o.requestsPerSecond, s.requestsPerSecond, apartInRate),
      ),
    ),
  );
}

const lowered = (words: string) => words[0]?.toLowerCase() + words.slice(1);

function busiestWords({ letter, streams }: NamedStreams): string {
  const busiest = streams.reduce((a, b) => (b.requestsPerSecond > a.requestsPerSecond ? b : a));
  return `${letter}: the most frequent, ${busiest.name}, comes ${formatNumber(busiest.requestsPerSecond / 1e6)} million times per second in pieces of ${formatBytes(busiest.requestBytes)}.`;
}
