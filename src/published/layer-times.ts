import { at, located, number, oneOf, optionalNumber, optionalText, type Row, readRows, text } from "../data/rows";
import { kernelNames } from "../kernels/families";
import { weightFormatNames } from "../machine/number-formats";
import type { MoeLayerShape } from "../model/model";
import { exponentOf } from "../routing/rank-load";
import { nearest } from "../text/nearest";

/** One measured layer time, and where it stands. */
export interface MoeMeasurement {
  readonly file: string;
  readonly line: number;
  readonly hardware: string;
  readonly software: string;
  readonly kernel: string;
  readonly weightFormat: string;
  /** The model's label in the table. */
  readonly model: string;
  readonly shape: MoeLayerShape & { readonly expertMatrices: 2 | 3 };
  readonly tensorParallel: number;
  readonly expertParallel: number;
  readonly routing: string;
  readonly tokens: number;
  readonly seconds: number;
}

/** Files of layer times in data/measurements/. */
export const moeFiles = ["moe-a100-sxm.csv", "moe-h100-sxm.csv", "moe-b200-sxm.csv", "moe-l40s.csv", "moe-wide-ep.csv"] as const;

/**
 * Read measured layer times: one line a configuration, one column (us<tokens>) a token count.
 *
 * @throws Error naming file and line when a time is not positive or the kernel, format or routing is not known.
 */
export function readMoeMeasurements(file: string): readonly MoeMeasurement[] {
  return parseMoeMeasurements(readRows(`measurements/${file}`));
}

/** All layer times of data/measurements/, read once. */
export function moeMeasurements(): readonly MoeMeasurement[] {
  all ??= Object.freeze(moeFiles.flatMap(readMoeMeasurements));
  return all;
}

let all: readonly MoeMeasurement[] | undefined;

/** As readMoeMeasurements, of rows already at hand. */
export function parseMoeMeasurements(rows: readonly Row[]): readonly MoeMeasurement[] {
  const known = kernelNames().map((k) => k.kernel);
  return rows.flatMap((row) => {
    // Only the file of wide groups has the column.
    const operation = row.cells.operation === undefined ? undefined : optionalText(row, "operation");
    const kernel = operation === undefined ? text(row, "kernel") : `${text(row, "kernel")}_${operation}`;
    if (!known.includes(kernel)) throw new Error(`${at(row)}: unknown kernel "${kernel}"; nearest: ${nearest(kernel, known).join(", ")}`);
    const routing = text(row, "routing");
    if (!["balanced", "uniform"].includes(routing)) located(row, () => exponentOf(routing));
    const common = {
      file: row.file,
      line: row.line,
      hardware: text(row, "hardware"),
      software: text(row, "software"),
      kernel,
      weightFormat: oneOf(row, "weightFormat", weightFormatNames),
      model: text(row, "model"),
      shape: {
        hiddenSize: count(row, "hiddenSize"),
        moeIntermediateSize: count(row, "moeIntermediateSize"),
        expertsPerToken: count(row, "expertsPerToken"),
        routedExperts: count(row, "routedExperts"),
        // The file of wide groups has no such column: DeepSeek-V3 alone.
        expertMatrices: row.cells.expertMatrices === undefined ? 3 : matrices(row),
      },
      tensorParallel: count(row, "tensorParallel"),
      expertParallel: count(row, "expertParallel"),
      routing,
    };
    return Object.keys(row.cells).flatMap((column) => {
      const tokens = /^us(\d+)$/.exec(column)?.[1];
      const microseconds = tokens === undefined ? undefined : optionalNumber(row, column);
      if (microseconds === undefined) return [];
      if (microseconds <= 0) throw new Error(`${at(row)}: expected a positive time for ${column}, got ${microseconds}`);
      return [{ ...common, tokens: Number(tokens), seconds: microseconds * 1e-6 }];
    });
  });
}

/** Rows that no constant is fitted on, and why. */
export interface SetAside {
  readonly matches: (row: MoeMeasurement) => boolean;
  readonly judged: boolean;
  readonly reason: string;
}

/** Read data/measurements/moe-set-aside.csv. */
export function setAside(): readonly SetAside[] {
  return readRows("measurements/moe-set-aside.csv").map((row) => {
    const wanted = ["kernel", "weightFormat", "hardware", "software", "model"] as const;
    const fixed = wanted.flatMap((column) => (optionalText(row, column) === undefined ? [] : [[column, text(row, column)] as const]));
    const from = optionalNumber(row, "fromExpertParallel") ?? 1;
    const cut = optionalNumber(row, "fromTensorParallel") ?? 1;
    return {
      matches: (m) => m.expertParallel >= from && m.tensorParallel >= cut && fixed.every(([column, value]) => m[column] === value),
      judged: oneOf(row, "judged", ["yes", "no"]) === "yes",
      reason: text(row, "reason"),
    };
  });
}

function matrices(row: Row): 2 | 3 {
  const value = count(row, "expertMatrices");
  if (value !== 2 && value !== 3) throw new Error(`${at(row)}: expected 2 or 3 for expertMatrices, got ${value}`);
  return value;
}

function count(row: Row, column: string): number {
  const value = number(row, column);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${at(row)}: expected a positive whole number for ${column}, got ${value}`);
  return value;
}
