import { type Values, valueAt } from "./values";

/** Where an element of a product's result lies. */
export interface Place {
  /** Counted inside the dispatch. */
  readonly expert: number;
  readonly row: number;
  readonly column: number;
}

/** A product whose operands are made by the hash; `first` is the expert of the weights that the dispatch begins with. */
export interface MadeProduct {
  readonly rows: number;
  readonly width: number;
  readonly hiddenSize: number;
  readonly first: number;
  readonly activations: Values;
  readonly weights: Values;
}

/** One element of the result, and how far rounding in f32 may carry it. */
export interface Expected {
  readonly value: number;
  /** Zero where every sum is exact. */
  readonly tolerance: number;
}

const unitRoundoff = 2 ** -24;

/**
 * One element of C[rows, width] = A[rows, hidden] B[hidden, width], summed in double precision.
 *
 *     |computed - exact| <= n u / (1 - n u) sum |a b|,   n = hidden + 1, u = 2^-24
 *
 * The bound holds for any order of the sum, with or without fused multiply-add. Whole numbers whose sums stay below
 * 2^24 are exact and get no tolerance.
 *
 * @source Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.1
 */
export function expectedElement(p: MadeProduct, { expert, row, column }: Place): Expected {
  let value = 0;
  let size = 0;
  for (let k = 0; k < p.hiddenSize; k++) {
    const a = valueAt((expert * p.rows + row) * p.hiddenSize + k, p.activations);
    const b = valueAt(((p.first + expert) * p.hiddenSize + k) * p.width + column, p.weights);
    value += a * b;
    size += Math.abs(a * b);
  }
  const exact = p.activations.scale === 1 && p.weights.scale === 1 && size < 2 ** 24;
  const n = p.hiddenSize + 1;
  return { value, tolerance: exact ? 0 : ((n * unitRoundoff) / (1 - n * unitRoundoff)) * size };
}

/** A gather whose buffer holds hash(place ^ wordSeed). */
export interface MadeGather {
  readonly accessBytes: number;
  readonly threadBytes: number;
  readonly bufferBytes: number;
  readonly invocations: number;
  readonly reads: number;
  readonly seed: number;
}

/** What one invocation of a gather folds together: the exclusive or of all words it reads. */
export function expectedFold(g: MadeGather, invocation: number, hash: (value: number) => number, wordSeed: number): number {
  const parts = g.accessBytes / g.threadBytes;
  const words = g.threadBytes / 4;
  const rowMask = g.bufferBytes / g.accessBytes - 1;
  let folded = 0;
  for (let i = 0; i < g.reads; i++) {
    const item = i * g.invocations + invocation;
    const row = (hash((Math.floor(item / parts) ^ g.seed) >>> 0) & rowMask) >>> 0;
    const first = (row * parts + (item % parts)) * words;
    for (let word = 0; word < words; word++) folded ^= hash(((first + word) ^ wordSeed) >>> 0);
  }
  return folded >>> 0;
}
