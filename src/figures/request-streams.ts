import type { Hardware } from "../machine/hardware";
import type { RequestStream, Tier, TierLimit } from "../step/requests";
import { formatBytes, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { bend, boundWords, limitLine, limitsOf, nameBeside, requestsLayout, tierNames } from "./request-parts";
import { colours, line, points } from "./theme";

const colourOf: Readonly<Record<Tier, string>> = {
  memory: colours.blue,
  "scale-up": colours.green,
  network: colours.orange,
  lookup: colours.purple,
};

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
    caption: `Points are the streams of one decode step, averaged over it, in the colour of the limit that they meet (dashed); those without a name are further weights and rows. A line bends where its limit changes: level is the most requests per second (rows opened in memory; messages that the GPU posts over the scale-up link and the network card; random reads of a flash drive), falling is the bandwidth. Left of the bend requests bind, right of it bytes. The most frequent, ${busiest.name}, comes ${formatNumber(busiest.requestsPerSecond / 1e6)} million times per second in pieces of ${formatBytes(busiest.requestBytes)}; memory's bend lies at ${formatBytes(bend(memory))}, ${besideBend(streams, memory)}.${lookup === undefined ? "" : ` Lookup rows of ${formatBytes(lookup.requestBytes)} take ${formatShare(lookup.bytesPerSecond / memory.bytesPerSecond)} of the memory's bandwidth and ${formatShare(lookup.requestsPerSecond / flash.requestsPerSecond)} of the reads that ${flash.name} serves.`}`,
    alt: `Request size against request rate of each stream of a decode step. ${boundWords(streams, limits)}`,
  };
}

/** Where memory's bend lies beside what memory serves. */
function besideBend(streams: readonly RequestStream[], memory: TierLimit): string {
  const short = streams.filter((s) => s.tier === "memory" && s.requestBytes < bend(memory)).map((s) => s.name);
  return short.length === 0 ? "left of every request to memory" : `right of ${short.join(", ")}`;
}

/** The line of a tier, in its colour. */
function corner(tier: Tier, limit: TierLimit): Record<string, unknown> {
  const { x, y } = limitLine(limit);
  const name = limit.name.startsWith(tierNames[tier]) ? limit.name : `${tierNames[tier]}: ${limit.name}`;
  return line(name, x, y, colourOf[tier], { line: { color: colourOf[tier], width: 1.5, dash: "dash" }, legendgroup: tier });
}
