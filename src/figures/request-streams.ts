import type { Hardware } from "../machine/hardware";
import type { RequestStream, Tier, TierLimit } from "../step/requests";
import { flashLimits, memoryLimit, networkLimits, scaleUpLimit } from "../step/tiers";
import { formatBytes, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, lengthTicks, line, logAxis, points, ticks } from "./theme";

const colourOf: Readonly<Record<Tier, string>> = {
  memory: colours.blue,
  "scale-up": colours.green,
  network: colours.orange,
  lookup: colours.purple,
};
export const tierNames: Readonly<Record<Tier, string>> = {
  memory: "memory",
  "scale-up": "scale-up link",
  network: "network",
  lookup: "lookup memory",
};

/** Streams to name beside their point, with the side the name stands on. */
const sideOf: Readonly<Record<string, "left" | "right" | "above" | "below">> = {
  "selected KV rows": "right",
  "index keys": "left",
  "KV cache": "right",
  "lookup rows": "below",
  "embedding rows": "right",
  "routed expert: up and gate": "above",
  "attention: output projection": "below",
  dispatch: "left",
  combine: "right",
};
/** Names for which a narrow figure has no room. */
const wide = new Set(["embedding rows", "attention: output projection"]);
const shifts = {
  left: { xanchor: "right", xshift: -8 },
  right: { xanchor: "left", xshift: 8 },
  above: { yshift: 16 },
  below: { yshift: -14 },
} as const;

const sizes = [16, 4e9] as const;
const rates = [5, 3e11] as const;

/**
 * Every stream of a decode step by size and rate; diagonals are bandwidths, level lines rates of requests.
 *
 * @example requestStreamsFigure(hardware("h800-sxm"), requestStreams({ model: model("deepseek-v3"),
 *   hardware: hardware("h800-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })).caption
 */
export function requestStreamsFigure(hardware: Hardware, streams: readonly RequestStream[]): Figure {
  const limits = limitsOf(hardware);
  const tiers: readonly Tier[] = ["memory", "scale-up", "network", "lookup"];
  const busiest = streams.reduce((a, b) => (b.requestsPerSecond > a.requestsPerSecond ? b : a));
  const [, memory] = limits[0] as readonly [Tier, TierLimit];
  const lookup = streams.find((s) => s.tier === "lookup");
  const [, flash] = limits[3] as readonly [Tier, TierLimit];
  return {
    data: [
      ...limits.map(([tier, limit]) => corner(tier, limit)),
      ...tiers.flatMap((tier) => {
        const here = streams.filter((s) => s.tier === tier);
        if (here.length === 0) return [];
        return [
          points(
            tierNames[tier],
            here.map((s) => s.requestBytes),
            here.map((s) => s.requestsPerSecond),
            colourOf[tier],
            {
              text: here.map((s) => s.name),
              marker: { color: colourOf[tier], size: 9, symbol: "circle" },
              legendgroup: tier,
              showlegend: false,
            },
          ),
        ];
      }),
    ],
    layout: requestsLayout(streams.flatMap((s) => nameBeside(s, colourOf[s.tier]))),
    title: boundWords(streams, limits).replace(/\.$/, ""),
    setting: `One GPU (${hardware.name}), averaged over a decode step.`,
    caption: `Points are the streams of one decode step, averaged over it, in the colour of the limit that they meet (dashed); those without a name are further weights and rows. A line bends where its limit changes: level is the most requests per second (rows opened in memory; messages posted over the scale-up link and over a 400 Gb/s card; random reads of a flash drive), falling is the bandwidth. Left of the bend requests bind, right of it bytes. The most frequent, ${busiest.name}, comes ${formatNumber(busiest.requestsPerSecond / 1e6)} million times per second in pieces of ${formatBytes(busiest.requestBytes)}; memory's bend lies at ${formatBytes(bend(memory))}, ${besideBend(streams, memory)}.${lookup === undefined ? "" : ` Lookup rows of ${formatBytes(lookup.requestBytes)} take ${formatShare(lookup.bytesPerSecond / memory.bytesPerSecond)} of the memory's bandwidth and ${formatShare(lookup.requestsPerSecond / flash.requestsPerSecond)} of the reads that ${flash.name} serves.`}`,
    alt: `Request size against request rate of each stream of a decode step. ${boundWords(streams, limits)}`,
  };
}

/** What serves each tier of a machine, and how much of it. */
export function limitsOf(hardware: Hardware): readonly (readonly [Tier, TierLimit])[] {
  return [
    ["memory", memoryLimit(hardware)],
    ["scale-up", scaleUpLimit(hardware)],
    ["network", networkLimits(hardware)[0] as TierLimit],
    ["lookup", flashLimits()[1] as TierLimit],
  ];
}

/** Sizes across, rates up, both by decades. */
export function requestsLayout(annotations: readonly Record<string, unknown>[]): Figure["layout"] {
  return layout({
    height: 560,
    margin: { l: 84, r: 20, t: 20, b: 58 },
    xaxis: logAxis("Size of one request", sizes, lengthTicks([64, 16_384, 2 ** 22, 2 ** 30])),
    yaxis: logAxis(
      "Requests of one GPU",
      rates,
      ticks([
        [10, "10/s"],
        [1e3, "1 k/s"],
        [1e5, "100 k/s"],
        [1e7, "10 M/s"],
        [1e9, "1 G/s"],
        [1e11, "100 G/s"],
      ]),
    ),
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
    annotations,
  });
}

/** Below this size requests bind, above it bytes. */
const bend = (limit: TierLimit): number => limit.bytesPerSecond / limit.requestsPerSecond;

/** Where memory's bend lies beside what memory serves. */
function besideBend(streams: readonly RequestStream[], memory: TierLimit): string {
  const short = streams.filter((s) => s.tier === "memory" && s.requestBytes < bend(memory)).map((s) => s.name);
  return short.length === 0 ? "left of every request to memory" : `right of ${short.join(", ")}`;
}

/** Which streams are bound by requests, in a sentence. */
export function boundWords(streams: readonly RequestStream[], limits: readonly (readonly [Tier, TierLimit])[]): string {
  const byRequests = streams.filter((s) => limits.some(([tier, limit]) => tier === s.tier && s.requestBytes < bend(limit)));
  const names = [...new Set(byRequests.map((s) => `${s.name} (${tierNames[s.tier]})`))];
  return names.length === 0 ? "Bandwidth binds them all." : `Requests bind ${names.join(", ")}; bandwidth binds the others.`;
}

/** Level at the rate, then falling with the bandwidth. */
export function limitLine(limit: TierLimit): { readonly x: readonly number[]; readonly y: readonly number[] } {
  return {
    x: [sizes[0], bend(limit), sizes[1]],
    y: [limit.requestsPerSecond, limit.requestsPerSecond, limit.bytesPerSecond / sizes[1]],
  };
}

function corner(tier: Tier, limit: TierLimit): Record<string, unknown> {
  const { x, y } = limitLine(limit);
  const name = limit.name.startsWith(tierNames[tier]) ? limit.name : `${tierNames[tier]}: ${limit.name}`;
  return line(name, x, y, colourOf[tier], { line: { color: colourOf[tier], width: 1.5, dash: "dash" }, legendgroup: tier });
}

/** The name of a stream beside its point, where it has room. */
export function nameBeside(s: RequestStream, color: string): readonly Record<string, unknown>[] {
  const side = sideOf[s.name];
  if (side === undefined) return [];
  const words = s.name.replace("routed expert: up and gate", "expert weights").replace(/^attention: .*/, "weights of attention");
  const look = {
    ...(s.tier === "scale-up" || wide.has(s.name) ? { name: "wide" } : {}),
    font: { size: 12, color },
    bgcolor: "rgba(255,255,255,0.8)",
  };
  return [label(words, { x: s.requestBytes, y: s.requestsPerSecond }, { ...look, ...shifts[side] }, "xy")];
}
