import { at, number, oneOf, parseRows, type Row } from "../../data/rows";
import { formatBytes, formatCount } from "../../text/numbers";
import { type DispatchWay, dispatchWays, type GpuRun, gatherBytesPerSecond, gpuWords, type Product, secondsPerExpert } from "./results";

/** One file of a run. */
export interface GpuFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The run as three tables in the form of data/measurements/: a first line with source and conditions, then times in
 * microseconds or rates in GB/s, with the columns of gemm-*.csv, row-gather-*.csv and launch-small-kernels.csv and the spread.
 */
export function gpuFiles(run: GpuRun): readonly GpuFile[] {
  const files = [
    {
      name: "gemm-webgpu.csv",
      about: `one product C[m, n] = A[m, k] B[k, n] of an expert; experts are those of one dispatch, us its time over them; copies are the experts with weights of their own that dispatches walk through; sums in f32`,
      head: "kernel,weightFormat,m,n,k,us,lowUs,highUs,experts,copies,batches,dispatches",
      lines: run.products.map((p) => [
        "webgpu_tiled",
        p.element,
        p.rows,
        p.width,
        p.hiddenSize,
        ...[secondsPerExpert(p), p.lowSeconds / p.experts, p.highSeconds / p.experts].map(microseconds),
        p.experts,
        p.copies,
        p.batches,
        p.dispatches,
      ]),
    },
    {
      name: "row-gather-webgpu.csv",
      about: `gather of rows from random places of a buffer of ${formatBytes(run.gathers[0]?.bufferBytes ?? 0)}; useful bytes`,
      head: "rowBytes,threadAccessBytes,gigabytesPerSecond,lowGigabytesPerSecond,highGigabytesPerSecond,bufferBytes,batches,dispatches",
      lines: run.gathers.map((p) => [
        p.accessBytes,
        p.threadBytes,
        ...[gatherBytesPerSecond(p), p.gatheredBytes / p.highSeconds, p.gatheredBytes / p.lowSeconds].map((rate) => digits(rate / 1e9)),
        p.bufferBytes,
        p.batches,
        p.dispatches,
      ]),
    },
    {
      name: "launch-webgpu.csv",
      about:
        "one empty dispatch; free: many in a pass; chained: each needs the one before; submitted: each in a submit of its own, by the page's clock",
      head: "mode,us,lowUs,highUs,batches,dispatches",
      lines: run.dispatches.map((p) => [p.way, ...[p.seconds, p.lowSeconds, p.highSeconds].map(microseconds), p.batches, p.dispatches]),
    },
  ];
  return files
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, about, head, lines }) => ({
      name,
      text: [`# source: own measurement; ${about}; ${conditions(run)}`, head, ...lines.map((line) => line.join(",")), ""].join("\n"),
    }));
}

/** What limits the numbers, in one line whatever the browser says of itself. */
function conditions(run: GpuRun): string {
  const parts = [
    `WebGPU on ${gpuWords(run.gpu)}${run.gpu.software ? ", played by a processor: the numbers say nothing of a GPU" : ""}`,
    run.browser,
    `${run.clock}, median and middle half over batches of so many dispatches`,
    run.stopped === undefined
      ? `complete${run.leftOut.length > 0 ? ` but for ${formatCount(run.leftOut.length)} left out` : ""}`
      : `incomplete: ${run.stopped}`,
  ];
  return parts.join("; ").replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

function microseconds(seconds: number): number {
  return digits(seconds * 1e6);
}

function digits(value: number): number {
  return Number(value.toPrecision(5));
}

/** A product's time, read back. */
export interface ReadProduct extends Omit<Product, "copies"> {
  readonly seconds: number;
}

/** Read gemm-webgpu.csv. @throws Error naming file, line and column. */
export function readGpuProducts(csv: string, file = "gemm-webgpu.csv"): readonly ReadProduct[] {
  return parseRows(file, csv).map((row) => ({
    element: oneOf(row, "weightFormat", ["f32", "f16"]),
    rows: above(row, "m"),
    width: above(row, "n"),
    hiddenSize: above(row, "k"),
    experts: above(row, "experts"),
    seconds: above(row, "us") * 1e-6,
  }));
}

/** A gather's rate, read back. */
export interface ReadGather {
  readonly rowBytes: number;
  readonly threadAccessBytes: number;
  readonly bytesPerSecond: number;
}

/** Read row-gather-webgpu.csv. @throws Error naming file, line and column. */
export function readGpuGathers(csv: string, file = "row-gather-webgpu.csv"): readonly ReadGather[] {
  return parseRows(file, csv).map((row) => ({
    rowBytes: above(row, "rowBytes"),
    threadAccessBytes: above(row, "threadAccessBytes"),
    bytesPerSecond: above(row, "gigabytesPerSecond") * 1e9,
  }));
}

/** The cost of a dispatch, read back. */
export interface ReadDispatch {
  readonly way: DispatchWay;
  readonly seconds: number;
}

/** Read launch-webgpu.csv. @throws Error naming file, line and column. */
export function readGpuDispatches(csv: string, file = "launch-webgpu.csv"): readonly ReadDispatch[] {
  return parseRows(file, csv).map((row) => ({ way: oneOf(row, "mode", dispatchWays), seconds: above(row, "us") * 1e-6 }));
}

/** A number above zero. @throws Error naming file, line and column. */
function above(row: Row, column: string): number {
  const value = number(row, column);
  if (value <= 0) throw new Error(`${at(row)}: expected ${column} to be above zero, got ${value}`);
  return value;
}
