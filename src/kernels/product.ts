import { requireName, requirePositiveInteger, requireRecord } from "../checks";
import { readConstants } from "../data/constants";
import { at, located, readRows, text } from "../data/rows";
import { requireMachine } from "../machine/check-rates";
import { type Hardware, tileProcessors } from "../machine/hardware";
import { weightFormat as lookUpFormat, type WeightFormat } from "../machine/number-formats";
import { nearest } from "../text/nearest";
import { peakFlops } from "./families";
import { bf16Bytes, type Gemm } from "./gemm";
import { pNorm } from "./p-norm";
import { type DenseTiles, fastestTiling, leastSeconds, type TileChoice, type TileCosts, tileChoice, tilingAt } from "./tile-choice";

export type { DenseTiles } from "./tile-choice";

/** The fitted constants of a family of dense products. */
export interface DenseConstants extends TileCosts {
  /** Of the smallest product: launch in a graph, prologue, epilogue, quantisation of a few rows. */
  readonly fixedSeconds: number;
  /** Share of the datasheet bandwidth that matrices stream at. */
  readonly memoryEfficiency: number;
  /** p of the p-norm that joins tiles and memory. */
  readonly overlapExponent: number;
  /** Extra passes over A in BF16, at the datasheet bandwidth: quantising it before the product. */
  readonly activationPasses: number;
}

export const denseConstantNames = [
  "fixedSeconds",
  "memoryEfficiency",
  "arithmeticEfficiency",
  "secondsPerStep",
  "splitSeconds",
  "overlapExponent",
  "activationPasses",
] as const satisfies readonly (keyof DenseConstants)[];

export interface DenseFamily extends DenseTiles {
  readonly kernel: string;
  readonly weightFormat: string;
  readonly generation: string;
  readonly constants: DenseConstants;
  /** here: fitted on this format and generation. transferred: taken from another. */
  readonly fitted: "here" | "transferred";
  /** Kernel, format and generation that the constants are of, where they are taken from another. */
  readonly from?: string;
}

/** One dense product on one GPU, and by which kernel. */
export interface DenseQuestion {
  readonly gemm: Gemm;
  readonly hardware: Hardware;
  /** Of data/gemm-kernels.csv; a sound one for the machine and format if left out. */
  readonly kernel?: string;
  readonly weightFormat?: string;
}

/** The time of a dense product whose kernel and machine are settled, and its lower bound. */
export interface ProductTime {
  /** max(bytes / bandwidth, flops / peak) at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly seconds: number;
  /** Of whole waves of whole tiles. */
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  readonly overheadSeconds: number;
  readonly bound: "compute" | "memory" | "overhead";
  readonly flops: number;
  readonly bytes: number;
}

/** The time of a dense product, its lower bound, and what it is made of. */
export interface DenseTime extends ProductTime {
  readonly tile: { readonly m: number; readonly n: number };
  readonly splits: number;
  readonly waves: number;
  readonly kernel: string;
  readonly weightFormat: string;
  readonly fitted: DenseFamily["fitted"];
}

/**
 * Time a dense product C[m, n] = A[m, k] B[k, n] on one GPU, as one kernel of a graph.
 *
 *     seconds = fixed + (tiles^p + memory^p)^(1/p) + passes 2 m k / bandwidth
 *     tiles   = min over tile and split: waves ceil(k / s / 128) (128 2 tm tn P / (peak e) + step) + (s > 1: split + 8 s m n / bandwidth)
 *     waves   = ceil(ceil(m / tm) ceil(n / tn) s / P),   memory = (a m k + b k n + 2 m n) / (bandwidth e')
 *
 * P processors; the steps at tile and wave edges come from the ceilings. The kernel is taken to choose the best of
 * its tiles; a real one follows rules and sometimes chooses worse, so single shapes can be slower than this. B is
 * read from memory once: a product whose weights were left in the cache by the one before is faster.
 *
 * @throws RangeError for sides that are not positive integers, unknown kernels or formats.
 */
export function denseGemmTime({ gemm, hardware, kernel, weightFormat }: DenseQuestion): DenseTime {
  requireRecord("gemm", gemm, "a product { m, n, k }");
  requireMachine(hardware);
  if (kernel !== undefined) requireName("kernel", kernel);
  requirePositiveInteger("m", gemm.m);
  requirePositiveInteger("n", gemm.n);
  requirePositiveInteger("k", gemm.k);
  return denseTime(denseFamily(hardware, kernel, weightFormat), gemm, hardware);
}

/** Tiles or waves as they are: begun is whole. */
export const wholeEdges = Math.ceil;

/**
 * Tiles or waves, averaged over sizes nearby: one up to one, then half of one more than their number as the number grows.
 *
 * Engines pad batches to the sizes that their graphs were captured for and choose other tiles at the edges, so that one row more is no cliff.
 */
export const meanEdges = (number: number): number => (number <= 1 ? 1 : number + (1 - 1 / number) / 2);

/** A dense product whose matrix, kernel and machine are settled: only its rows are left to give. */
export type DenseProduct = (rows: number) => ProductTime;

/** The same under a family given; with the edges of tiles and waves whole, as tables time them, or averaged. */
export function denseTime(family: DenseFamily, gemm: Gemm, hardware: Hardware, edges: (number: number) => number = wholeEdges): DenseTime {
  const { kernel, weightFormat, fitted } = family;
  const choice = choiceOf(family, gemm, hardware, edges, true);
  const { m, n, splits, waves } = tilingAt(choice, fastestTiling(choice, gemm.m), gemm.m);
  return { ...productOf(family, gemm, hardware, choice)(gemm.m), tile: { m, n }, splits, waves, kernel, weightFormat, fitted };
}

/**
 * The product of any number of rows with one matrix: denseTime with all but the rows settled once.
 *
 * @example denseProduct(denseFamily(machine), { n: 4096, k: 7168 }, machine)(64).seconds
 */
export function denseProduct(
  family: DenseFamily,
  matrix: Pick<Gemm, "n" | "k">,
  hardware: Hardware,
  edges: (number: number) => number = wholeEdges,
): DenseProduct {
  return productOf(family, matrix, hardware, choiceOf(family, matrix, hardware, edges, false));
}

/** The tilings of a matrix; all of them where it is timed once. */
function choiceOf(
  family: DenseFamily,
  { n, k }: Pick<Gemm, "n" | "k">,
  hardware: Hardware,
  edges: (number: number) => number,
  once: boolean,
): TileChoice {
  const peak = peakFlops(hardware, lookUpFormat(family.weightFormat).arithmetic);
  const bandwidth = hardware.memoryBytesPerSecond;
  return tileChoice(family, family.constants, { n, k, processors: tileProcessors(hardware), peak, bandwidth }, edges, once);
}

function productOf(
  { weightFormat, constants: c }: DenseFamily,
  { n, k }: Pick<Gemm, "n" | "k">,
  hardware: Hardware,
  choice: TileChoice,
): DenseProduct {
  const format = lookUpFormat(weightFormat);
  const peak = peakFlops(hardware, format.arithmetic);
  const bandwidth = hardware.memoryBytesPerSecond;
  const flopsPerRow = 2 * n * k;
  const weightBytes = format.weightBytes * k * n;
  const bytesPerRow = format.activationBytes * k + bf16Bytes * n;
  const passSeconds = (c.activationPasses * bf16Bytes * k) / bandwidth;
  const tilesSeconds = leastSeconds(choice);
  return (m) => {
    const flops = flopsPerRow * m;
    const bytes = weightBytes + bytesPerRow * m;
    const computeSeconds = tilesSeconds(m);
    const memorySeconds = bytes / (bandwidth * c.memoryEfficiency);
    const overheadSeconds = c.fixedSeconds + passSeconds * m;
    const floorSeconds = Math.max(bytes / bandwidth, flops / peak);
    const slower = Math.max(computeSeconds, memorySeconds);
    return {
      floorSeconds,
      seconds: Math.max(floorSeconds, overheadSeconds + pNorm(computeSeconds, memorySeconds, c.overlapExponent)),
      computeSeconds,
      memorySeconds,
      overheadSeconds,
      bound: overheadSeconds > slower ? "overhead" : computeSeconds > memorySeconds ? "compute" : "memory",
      flops,
      bytes,
    };
  };
}

const remembered = new WeakMap<Hardware, Map<string, DenseFamily>>();
let table: readonly DenseFamily[] | undefined;

/** All families of data/gemm-kernels.csv. */
export function denseFamilies(): readonly DenseFamily[] {
  table ??= read();
  return table;
}

/**
 * The family to use for a dense product on a machine.
 *
 * Without a kernel: TensorRT-LLM's choice for the format and generation. A format or generation that was not measured
 * takes the constants of the nearest that was, with the machine's own datasheet.
 *
 * @throws RangeError naming the nearest kernels or formats when there is no such one.
 */
export function denseFamily(hardware: Hardware, kernel?: string, format = defaultFormat(hardware)): DenseFamily {
  const key = `${kernel ?? ""} ${format}`;
  const known = remembered.get(hardware) ?? new Map<string, DenseFamily>();
  remembered.set(hardware, known);
  let family = known.get(key);
  if (family === undefined) {
    family = resolve(kernel, lookUpFormat(format), hardware.generation);
    known.set(key, family);
  }
  return family;
}

function defaultFormat(hardware: Hardware): string {
  return hardware.peakFlopsPerSecond.fp8 === undefined ? "bfloat16" : "fp8_block";
}

function resolve(kernel: string | undefined, format: WeightFormat, generation: string): DenseFamily {
  const all = denseFamilies();
  const named = kernel === undefined ? all.filter((f) => f.kernel.startsWith("trtllm")) : all.filter((f) => f.kernel === kernel);
  if (named.length === 0) {
    const names = [...new Set(all.map((f) => f.kernel))];
    throw new RangeError(`unknown kernel "${kernel}"; nearest: ${nearest(kernel ?? "", names).join(", ")}`);
  }
  const score = (f: DenseFamily) =>
    (f.weightFormat === format.name ? 8 : 0) +
    (lookUpFormat(f.weightFormat).arithmetic === format.arithmetic ? 2 : 0) +
    (f.generation === generation ? 1 : 0);
  const best = named.reduce((a, b) => (score(b) > score(a) ? b : a));
  const here = best.weightFormat === format.name && best.generation === generation;
  if (here) return best;
  const from = `${best.kernel} ${best.weightFormat} ${best.generation}`;
  return { ...best, weightFormat: format.name, generation, fitted: "transferred", from };
}

const structure = ["tileRows", "tileColumns", "splits"] as const;

function read(): readonly DenseFamily[] {
  const keys = ["kernel", "weightFormat", "generation"];
  const constants = readConstants("gemm-kernels.csv", keys, denseConstantNames);
  return readRows("gemm-tiles.csv").map((row) => {
    const key = keys.map((column) => text(row, column)).join(" ");
    const own = constants.get(key);
    if (own === undefined) throw new Error(`${at(row)}: gemm-kernels.csv has no constants of ${key}`);
    const list = (column: string) => {
      const counts = text(row, column).split(" ").map(Number);
      for (const count of counts) located(row, () => requirePositiveInteger(column, count));
      return counts;
    };
    const [tileRows, tileColumns, splits] = structure.map(list) as [number[], number[], number[]];
    return {
      kernel: text(row, "kernel"),
      weightFormat: text(row, "weightFormat"),
      generation: text(row, "generation"),
      tileRows,
      tileColumns,
      splits,
      constants: own,
      fitted: "here",
    };
  });
}
