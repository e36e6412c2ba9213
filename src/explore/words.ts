import { formatBytes, formatNumber, formatSeconds, formatShare } from "../index";
import type { Kind, Quantity } from "./view";

/** A number with its unit, as a reader expects it. */
export function write(value: number, kind: Kind): string {
  if (kind === "seconds") return formatSeconds(value);
  if (kind === "bytes") return formatBytes(value);
  if (kind === "share") return formatShare(value, 3);
  if (kind === "per second") return `${formatLarge(value)}/s`;
  return formatNumber(value, 4);
}

/** A quantity in words, or why there is none. */
export function writeQuantity({ value, kind, low, high, reason = "not known" }: Quantity): string {
  if (value === undefined) return `– (${reason})`;
  const band = low === undefined || high === undefined ? "" : ` (${write(low, kind)} to ${write(high, kind)})`;
  return write(value, kind) + band;
}

/** How the second value stands to the first: a factor, and for shares the points between them. */
export function writeDifference(a: number | undefined, b: number | undefined, kind: Kind): string {
  if (a === undefined || b === undefined) return "–";
  if (a === b) return "same";
  if (kind === "share") {
    const points = (b - a) * 100;
    return `${points > 0 ? "+" : "−"}${formatNumber(Math.abs(points), 3)} points`;
  }
  return a === 0 ? "–" : `× ${formatNumber(b / a, 3)}`;
}

function formatLarge(value: number): string {
  const [unit, factor] = value >= 1e9 ? ["G", 1e9] : value >= 1e6 ? ["M", 1e6] : value >= 1e4 ? ["k", 1e3] : ["", 1];
  return `${formatNumber(value / (factor as number), 3)}${unit === "" ? "" : ` ${unit}`}`;
}
