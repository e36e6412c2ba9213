import type { Hardware } from "../machine/hardware";
import type { RequestStream, Tier, TierLimit } from "../step/requests";
import { flashLimits, gpuPostedLimit, memoryLimit, scaleUpLimit } from "../step/tiers";
import type { Figure } from "./figure";
import { label, layout, lengthTicks, logAxis, ticks } from "./theme";

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

/** What serves each tier of a machine, and how much of it. */
export function limitsOf(hardware: Hardware): readonly (readonly [Tier, TierLimit])[] {
  return [
    ["memory", memoryLimit(hardware)],
    ["scale-up", scaleUpLimit(hardware)],
    ["network", gpuPostedLimit(hardware)],
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
export const bend = (limit: TierLimit): number => limit.bytesPerSecond / limit.requestsPerSecond;

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
