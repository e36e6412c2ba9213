import { ticks } from "../../figures/theme";

/** A legend below the axis, which wraps on a narrow page. */
export const legendBelow = { orientation: "h", x: 0, xanchor: "left", y: -0.24, yanchor: "top", font: { size: 12 } } as const;

/** A range that holds all values with some air, at least a decade. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return [1e-6, 1e-3];
  const [low, high] = [Math.min(...positive) / 1.6, Math.max(...positive) * 1.6];
  const air = Math.max(1, Math.sqrt((10 * low) / high));
  return [low / air, high * air];
}

/** Ticks at the decades inside a range, in words. */
export function decadeTicks([from, to]: readonly [number, number], words: (value: number) => string): Readonly<Record<string, unknown>> {
  const first = Math.ceil(Math.log10(from) - 1e-9);
  const last = Math.floor(Math.log10(to) + 1e-9);
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
  return ticks(decades.map((value) => [value, words(value)] as const));
}
