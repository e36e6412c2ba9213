import { number, optionalText, readRows, text } from "../data/rows";
import type { EngineConstants } from "../step/engine";

/** A time that an engine spends between the kernels of a step, fitted on measured steps, with its doubt. */
export interface StatedEngineTime {
  readonly engine: string;
  readonly generation: string;
  /** What it falls due for: a layer, a request in a layer, a layer that quantizes, a latent mixer, a sparse one, a linear one. */
  readonly of: string;
  readonly seconds: number;
  /** The least and the most that came out as each source, model and machine was left out of the fit. */
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  /** Steps that it rests on; none where it was not measured and is not carried. */
  readonly rows: number;
  /** The engines and generations that those steps are of. */
  readonly measuredIn: readonly string[];
}

const words: Readonly<Partial<Record<keyof EngineConstants, string>>> = {
  layerSeconds: "layer",
  layerRequestSeconds: "request in a layer",
  quantizedSeconds: "layer that quantizes",
  latentSeconds: "latent mixer",
  sparseSeconds: "sparse mixer",
  linearSeconds: "linear mixer",
};

/**
 * The times between kernels of data/engines.csv, each with the range that it had as rows were left out.
 *
 * A linear mixer's is one for all engines, since few rows have such layers; a latent one's is one for each engine, and the mean of the
 * others where an engine has no such rows; a sparse one's is one for each engine, and none where an engine has no such rows.
 *
 * @throws Error naming file and line of a broken row.
 * @example statedEngineTimes().filter(({ of }) => of === "layer").length // engines and generations that were fitted
 */
export function statedEngineTimes(): readonly StatedEngineTime[] {
  return readRows("engines.csv").flatMap((row) => {
    const of = words[text(row, "constant") as keyof EngineConstants];
    if (of === undefined) return [];
    return [
      {
        engine: text(row, "engine"),
        generation: text(row, "generation"),
        of,
        seconds: number(row, "value"),
        leastSeconds: number(row, "least"),
        mostSeconds: number(row, "most"),
        rows: number(row, "rows"),
        measuredIn: optionalText(row, "of")?.split("; ") ?? [],
      },
    ];
  });
}
