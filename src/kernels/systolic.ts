import { requirePositiveInteger, requireRecord } from "../checks";
import type { Gemm } from "./gemm";

/** Cells of a systolic array: one multiply-add a cell and clock. */
export interface SystolicArray {
  readonly rows: number;
  readonly columns: number;
}

/** Which operand stays in the array while the others stream through. */
export type Dataflow = "weight-stationary" | "output-stationary";

const dataflows: readonly Dataflow[] = ["weight-stationary", "output-stationary"];

/** A product on one systolic array, and which operand stays in it. */
export interface SystolicQuestion {
  readonly array: SystolicArray;
  readonly dataflow: Dataflow;
  /** C[m, n] = A[m, k] B[k, n]; B are the weights. */
  readonly gemm: Gemm;
  /** Whether the next piece of weights shifts in while this one works. Output-stationary arrays stream weights anyway. */
  readonly weights?: "reloaded" | "double-buffered";
}

/**
 * Clock cycles of a matrix product on a systolic array that is fed without a stall.
 *
 *     weight-stationary:  ceil(k / R) ceil(n / C) (2 R + C + m - 2) - 1
 *     double-buffered:    R + (F - 1) max(m, R) + (m + R + C - 2) - 1,  F = ceil(k / R) ceil(n / C)
 *     output-stationary:  ceil(m / R) ceil(n / C) (k + R + C - 2) - 1
 *
 * R rows, C columns. A piece of R x C weights takes R cycles to shift in, m rows follow one a cycle, and the last
 * result leaves R + C - 2 cycles after the last row enters. With double buffering only the first piece is waited for, and
 * a piece occupies the array for its rows, or for the R cycles that the next piece needs. Left out: memory, which
 * makes it longer; in the simulator's form the last cycle, which an array of one cell has: never fewer cycles than m n k / (R C); and overlap of one piece's end with the next one's start in the two forms without buffering, which makes it shorter.
 *
 * @throws RangeError unless every side is a positive integer and the words are known.
 * @source SCALE-Sim 3.0.0 (first and third form, equal on every row of data/measurements/scalesim.csv)
 * @example systolicCycles({ array: { rows: 4, columns: 3 }, dataflow: "output-stationary", gemm: { m: 5, n: 6, k: 8 } }) // 51
 */
export function systolicCycles({ array, dataflow, gemm, weights = "reloaded" }: SystolicQuestion): number {
  requireRecord("array", array, "an array { rows, columns }");
  requireRecord("gemm", gemm, "a product { m, n, k }");
  requirePositiveInteger("rows", array.rows);
  requirePositiveInteger("columns", array.columns);
  for (const side of ["m", "n", "k"] as const) requirePositiveInteger(side, gemm[side]);
  if (!dataflows.includes(dataflow)) throw new RangeError(`dataflow must be ${dataflows.join(" or ")}, got "${String(dataflow)}"`);
  const { rows, columns } = array;
  const { m, n, k } = gemm;
  const across = Math.ceil(n / columns);
  // One multiply-add a cell and cycle.
  const fewest = Math.ceil((m * n * k) / (rows * columns));
  if (dataflow === "output-stationary") return Math.max(fewest, Math.ceil(m / rows) * across * (k + rows + columns - 2) - 1);
  const pieces = Math.ceil(k / rows) * across;
  if (weights === "reloaded") return pieces * (2 * rows + columns + m - 2) - 1;
  if (weights !== "double-buffered") throw new RangeError(`weights must be reloaded or double-buffered, got "${String(weights)}"`);
  return rows + (pieces - 1) * Math.max(m, rows) + (m + rows + columns - 2) - 1;
}

/**
 * The share of an array's multiply-adds that a product uses.
 *
 *     m n k / (cycles R C)
 */
export function systolicUtilisation(question: SystolicQuestion): number {
  const { m, n, k } = question.gemm;
  return (m * n * k) / (systolicCycles(question) * question.array.rows * question.array.columns);
}

/**
 * The same product with the operands changing places: C' = B' A', so that activations stand in the array and weights stream through.
 *
 *     { m: n, n: m, k }
 */
export function swapOperands({ m, n, k }: Gemm): Gemm {
  return { m: n, n: m, k };
}
