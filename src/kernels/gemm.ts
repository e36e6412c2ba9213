import { requirePositive, requirePositiveInteger } from "../checks";
import type { WeightFormat } from "../machine/number-formats";
import type { Work } from "./roofline";

/** A matrix product C[m, n] = A[m, k] B[k, n]. */
export interface Gemm {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Bytes of one element of A, of B and of C. */
export interface GemmBytes {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * The work of a GEMM that reads A and B once and writes C once.
 *
 *     flops = 2 m n k,  bytes = a m k + b k n + c m n
 *
 * The fewest bytes that can move: a cache too small to hold a panel makes it read some twice.
 *
 * @throws RangeError unless every side is a positive integer and every element has bytes.
 */
export function gemmWork({ m, n, k }: Gemm, bytes: GemmBytes): Work {
  requireShape({ m, n, k });
  for (const [matrix, elementBytes] of Object.entries(bytes)) requirePositive(`bytes.${matrix}`, elementBytes);
  return {
    flops: 2 * m * n * k,
    bytes: bytes.a * m * k + bytes.b * k * n + bytes.c * m * n,
  };
}

/**
 * The share of a tiled GEMM's arithmetic that lands inside the matrix.
 *
 *     (m / (ceil(m / tm) tm)) (n / (ceil(n / tn) tn))
 *
 * A tile is computed whole, so a ragged edge costs as much as a full tile.
 *
 * @throws RangeError unless every side is a positive integer.
 */
export function tileUtilisation(
  shape: { readonly m: number; readonly n: number },
  tile: { readonly m: number; readonly n: number },
): number {
  return (shape.m / paddedLength(shape.m, tile.m)) * (shape.n / paddedLength(shape.n, tile.n));
}

/**
 * A length rounded up to whole tiles.
 *
 * @throws RangeError unless both are positive integers.
 * @example paddedLength(130, 128) // 256
 */
export function paddedLength(length: number, tile: number): number {
  requirePositiveInteger("length", length);
  requirePositiveInteger("tile", tile);
  return Math.ceil(length / tile) * tile;
}

/** The width of an expert: what the residual stream and the expert's own middle measure. */
export interface ExpertShape {
  readonly hiddenSize: number;
  readonly moeIntermediateSize: number;
  /** Width the expert sees, where it is not hiddenSize. */
  readonly expertHiddenSize?: number;
}

/**
 * The two matrix products of one gated expert for `rows` tokens: up and gate together, then down.
 *
 *     [rows, 2 d] = [rows, h] [h, 2 d],   [rows, h] = [rows, d] [d, h]
 *
 * h is the width the expert sees, d its own.
 *
 * @throws RangeError unless rows, h and d are positive integers.
 * @example expertGemms({ hiddenSize: 7168, moeIntermediateSize: 2048 }, 128).down.n // 7,168
 */
export function expertGemms(shape: ExpertShape, rows: number): { readonly upAndGate: Gemm; readonly down: Gemm } {
  const h = shape.expertHiddenSize ?? shape.hiddenSize;
  const d = shape.moeIntermediateSize;
  requirePositiveInteger("rows", rows);
  requirePositiveInteger(shape.expertHiddenSize === undefined ? "hiddenSize" : "expertHiddenSize", h);
  requirePositiveInteger("moeIntermediateSize", d);
  return { upAndGate: { m: rows, n: 2 * d, k: h }, down: { m: rows, n: h, k: d } };
}

/**
 * The work of one expert for `rows` tokens, each product reading its weights once.
 *
 *     flops = 6 rows h d,   weights = 3 h d
 *
 * Activations enter in the format's own width; results leave in BF16. The activation function
 * between the products is taken as fused: it adds no bytes.
 *
 * @example expertWork({ hiddenSize: 7168, moeIntermediateSize: 2048 }, 128,
 *   weightFormat("fp8_block")).down.flops // 3,758,096,384
 */
export function expertWork(shape: ExpertShape, rows: number, format: WeightFormat): { readonly upAndGate: Work; readonly down: Work } {
  const { upAndGate, down } = expertGemms(shape, rows);
  const bytes = { a: format.activationBytes, b: format.weightBytes, c: bf16Bytes };
  return { upAndGate: gemmWork(upAndGate, bytes), down: gemmWork(down, bytes) };
}

/** Bytes of a BF16 element, the format in which products write their results. */
export const bf16Bytes = 2;

function requireShape({ m, n, k }: Gemm): void {
  requirePositiveInteger("m", m);
  requirePositiveInteger("n", n);
  requirePositiveInteger("k", k);
}
