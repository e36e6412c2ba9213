import { optionalCount, type Section } from "./section";

/** Names that families have for the width of a window. */
export const windowNames = ["sliding_window_size", "sliding_window", "window_size"] as const;

/** Width of a window: of two that are stated the smaller, since transformers 5 counts the token itself in one of them. */
export function windowOf(section: Section): number | undefined {
  const widths = windowNames
    .map((name) => optionalCount(section, [name], { least: -1, most: 1e9 }))
    .filter((w) => w !== undefined && w > 0);
  return widths.length === 0 ? undefined : Math.min(...(widths as number[]));
}
