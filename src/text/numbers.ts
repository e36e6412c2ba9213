import { toBase, type Unit } from "../units";

/**
 * A count or number as readers expect it: thousands set apart, at most `digits` significant. The same on every machine.
 *
 * @example formatNumber(0.020408) // "0.0204"
 */
export function formatNumber(value: number, digits = 3): string {
  let format = ofDigits.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", { maximumSignificantDigits: digits, minimumSignificantDigits: 1 });
    ofDigits.set(digits, format);
  }
  return format.format(value);
}

/**
 * The number that a reader sees: what a verdict is held against wherever the number stands beside its limit.
 *
 * @example printedNumber(10.04) // 10
 */
export function printedNumber(value: number, digits = 3): number {
  return Number.isFinite(value) ? Number(formatNumber(value, digits).replaceAll(",", "")) : value;
}

/**
 * A whole count, with thousands set apart.
 *
 * @example formatCount(6144) // "6,144"
 */
export function formatCount(value: number): string {
  whole ??= new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  return whole.format(value);
}

/** Making a format costs more than using it a hundred times, and the first one of a process ten milliseconds: none before it is used. */
const ofDigits = new Map<number, Intl.NumberFormat>();
let whole: Intl.NumberFormat | undefined;

/**
 * A share as a percentage; one too small to matter says only that.
 *
 * @example formatShare(0.1234) // "12 %"
 */
export function formatShare(value: number, digits = 2): string {
  if (value > 0 && value < 1e-5) return "less than 0.001 %";
  return `${formatNumber(value * 100, digits)} %`;
}

/**
 * Bytes in the largest decimal prefix that keeps the number at one or more.
 *
 * @example formatBytes(70_272_000) // "70.3 MB"
 */
export function formatBytes(bytes: number, digits = 3): string {
  return prefixed(bytes, ["B", "kB", "MB", "GB"], digits);
}

/** A length in memory: a power of two from 1 KiB on in binary prefixes (4 KiB), all else as formatBytes has it (656 B, 1 MB). */
export function formatLength(bytes: number): string {
  const power = Math.log2(bytes);
  if (power < 10 || !Number.isInteger(power)) return formatBytes(bytes);
  const step = Math.min(3, Math.floor(power / 10));
  return `${formatCount(2 ** (power - 10 * step))} ${["KiB", "MiB", "GiB"][step - 1]}`;
}

/**
 * Seconds in the largest prefix that keeps the number at one or more.
 *
 * @example formatSeconds(1.234e-5) // "12.3 µs"
 */
export function formatSeconds(seconds: number, digits = 3): string {
  return prefixed(seconds, ["ns", "us", "ms", "s"], digits).replace("us", "µs");
}

function prefixed(value: number, units: readonly Unit[], digits: number): string {
  const unit = units.findLast((u) => value >= toBase(1, u)) ?? (units[0] as Unit);
  return `${formatNumber(value / toBase(1, unit), digits)} ${unit}`;
}
