import { type ErrorFigures, errorFigures } from "./judge";
import type { JudgedRow } from "./validation";

/** Errors of expert layers over calls of some size. */
export interface LayerErrorSize extends ErrorFigures {
  /** Tokens of a call, at least and at most. */
  readonly from: number;
  readonly to: number;
}

/** A decode batch, a chunk of prompts, more. */
const sizes = [
  [1, 1024],
  [1025, 16_384],
  [16_385, Number.POSITIVE_INFINITY],
] as const;

/**
 * How far layers of experts are off by the tokens of a call, over the rows of evenly routed token counts that the fit left out.
 *
 * @example layerErrorSizes(judgedRows())[0] // calls of up to 1,024 tokens
 */
export function layerErrorSizes(rows: readonly JudgedRow[]): readonly LayerErrorSize[] {
  const held = rows.filter(({ part }) => part === "tokens left out");
  return sizes.flatMap(([from, to]) => {
    const here = held.filter(({ row }) => row.tokens >= from && row.tokens <= to);
    if (here.length === 0) return [];
    return [{ from, to, ...errorFigures(here.map(({ seconds, row }) => ({ predicted: seconds, measured: row.seconds }))) }];
  });
}
