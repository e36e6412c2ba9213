import { number, oneOf, optionalNumber, type Row, readRows, text } from "../data/rows";
import { toBase } from "../units";

/** A deployment whose tokens in flight are published: one expert-parallel group in one regime. */
export interface Deployment {
  readonly regime: "decode" | "prefill" | "training";
  readonly model: string;
  readonly label: string;
  readonly gpus: number;
  readonly tokensPerGpu: number;
  /** gpus * tokensPerGpu. */
  readonly tokens: number;
  readonly source: string;
}

/** Deployments and benchmark settings of data/regimes.csv. */
export function deployments(): readonly Deployment[] {
  return readRows("regimes.csv").map((row) => {
    const gpus = number(row, "gpus");
    const tokensPerGpu = number(row, "tokensPerGpu");
    const regime = oneOf(row, "regime", ["decode", "prefill", "training"]);
    return {
      regime,
      model: text(row, "model"),
      label: text(row, "label"),
      gpus,
      tokensPerGpu,
      tokens: gpus * tokensPerGpu,
      source: text(row, "source"),
    };
  });
}

/**
 * Tokens on each of the 128 experts of one layer of a Qwen3 model on real text (8 experts per token).
 *
 * @example publishedExpertCounts().length // 128
 */
export function publishedExpertCounts(): readonly number[] {
  return measured("expert-counts-qwen3.csv", (row) => atLeast(row, "tokens", 0));
}

/** Imbalance that TensorRT-LLM reports for DeepSeek-R1 on real prompts, with and without replicated experts. */
export interface PublishedImbalance {
  readonly workload: string;
  readonly placement: string;
  readonly level: "rank" | "expert slot";
  readonly layer: string;
  readonly maximumOverMean: number;
  /** Absent where only the maximum is published. */
  readonly coefficientOfVariation?: number;
}

/**
 * Imbalance of DeepSeek-R1's experts and ranks as TensorRT-LLM's authors measured it, with and without replicas.
 *
 * @throws Error naming file and line of a broken row.
 * @example publishedImbalance().filter(({ level }) => level === "rank")
 */
export function publishedImbalance(): readonly PublishedImbalance[] {
  return measured("expert-imbalance-trtllm.csv", (row) => {
    const coefficientOfVariation = optionalNumber(row, "coefficientOfVariation");
    return {
      workload: text(row, "workload"),
      placement: text(row, "placement"),
      level: oneOf(row, "level", ["rank", "expert slot"]),
      layer: text(row, "layer"),
      maximumOverMean: 1 + number(row, "maximumViolation"),
      ...(coefficientOfVariation === undefined ? {} : { coefficientOfVariation }),
    };
  });
}

/** A product that DeepSeek timed for DeepGEMM: `groups` times C[rows, n] = A[rows, k] B[k, n]. */
export interface DeepGemmRow {
  readonly kind: "dense" | "grouped_contiguous" | "grouped_masked";
  readonly groups: number;
  readonly rowsPerGroup: number;
  readonly n: number;
  readonly k: number;
  /** Of all groups together, from the published rate: 2 rows n k groups / rate. */
  readonly seconds: number;
  readonly commit: string;
}

/**
 * Rates of single products that DeepGEMM's README states for H800, before and after its later speed-up.
 *
 * @throws Error naming file and line of a broken row.
 */
export function deepGemmRows(): readonly DeepGemmRow[] {
  return measured("deepgemm-h800.csv", (row) => {
    const [groups, rowsPerGroup, n, k] = ["groups", "rowsPerGroup", "n", "k"].map((column) => atLeast(row, column, 1)) as [
      number,
      number,
      number,
      number,
    ];
    const flopsPerSecond = toBase(atLeast(row, "teraflops", 1), "TFLOP/s");
    const kind = oneOf(row, "kind", ["dense", "grouped_contiguous", "grouped_masked"]);
    return { kind, groups, rowsPerGroup, n, k, seconds: (2 * rowsPerGroup * n * k * groups) / flopsPerSecond, commit: text(row, "commit") };
  });
}

/** DeepSeek's fused expert kernel: dispatch, both products and combine in one, on Blackwell. */
export interface MegaMoeRow {
  readonly model: string;
  readonly tokensPerRank: number;
  readonly expertParallel: number;
  readonly seconds: number;
  readonly unfusedSpeedup: number;
}

/**
 * Times of DeepGEMM's fused expert kernel, by model, tokens and degree of expert parallelism.
 *
 * @throws Error naming file and line of a broken row.
 */
export function megaMoeRows(): readonly MegaMoeRow[] {
  return measured("deepgemm-megamoe.csv", (row) => ({
    model: text(row, "model"),
    tokensPerRank: atLeast(row, "tokensPerRank", 1),
    expertParallel: atLeast(row, "expertParallel", 1),
    seconds: toBase(number(row, "fusedMicroseconds"), "us"),
    unfusedSpeedup: number(row, "unfusedSpeedup"),
  }));
}

/** Kernels of a stretch of durations: how many, and their summed time. */
export interface DurationBin {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly count: number;
  readonly seconds: number;
}

/** All kernels of DeepSeek's published training trace (one rank, H800, EP64) by duration. */
export function trainTraceDurations(): readonly DurationBin[] {
  return measured("train-trace-h800.csv", (row) => ({
    fromSeconds: toBase(number(row, "fromMicroseconds"), "us"),
    toSeconds: toBase(number(row, "toMicroseconds"), "us"),
    count: atLeast(row, "kernels", 0),
    seconds: toBase(atLeast(row, "totalMicroseconds", 0), "us"),
  }));
}

/** What a kernel of the training trace is part of. */
export type TracePart = (typeof traceParts)[number];
const traceParts = [
  "attention forward",
  "attention backward",
  "products",
  "weight gradients",
  "experts",
  "beside experts",
  "router",
  "dispatch",
  "combine",
  "waiting for other ranks",
  "other",
] as const;

/** Kernels of one name and grid in DeepSeek's training trace. */
export interface TraceKernels {
  readonly part: TracePart;
  readonly kernel: string;
  readonly kernels: number;
  readonly medianSeconds: number;
  readonly seconds: number;
}

/**
 * The 963 kernels of DeepSeek's published training trace by name and grid: forward and backward pass of four layers, one rank of 64, H800.
 *
 * @throws Error naming file and line of a broken row.
 */
export function trainTraceKernels(): readonly TraceKernels[] {
  return measured("train-trace-kernels-h800.csv", (row) => ({
    part: oneOf(row, "part", traceParts),
    kernel: text(row, "kernel"),
    kernels: atLeast(row, "kernels", 1),
    medianSeconds: toBase(atLeast(row, "medianMicroseconds", 0), "us"),
    seconds: toBase(atLeast(row, "totalMicroseconds", 0), "us"),
  }));
}

/** Bandwidth of DRAM reads by bulk copies (TMA), of a size and with so many in flight on the whole machine. */
export interface TmaPoint {
  readonly machine: string;
  readonly variant: string;
  readonly loadBytes: number;
  readonly loadsInFlight: number;
  readonly bytesPerSecond: number;
}

/** The two published sweeps: H800 PCIe (one load in flight a block) and B200 (148 SMs, one block each). */
export function tmaSweeps(): readonly TmaPoint[] {
  const h800 = measured("tma-h800-pcie.csv", (row) => tmaPoint(row, "H800 PCIe", text(row, "variant"), atLeast(row, "blocks", 1)));
  const b200 = measured("tma-b200.csv", (row) => tmaPoint(row, "B200", "2D", 148 * atLeast(row, "loadsInFlight", 1)));
  return [...h800, ...b200];
}

function tmaPoint(row: Row, machine: string, variant: string, loadsInFlight: number): TmaPoint {
  return {
    machine,
    variant,
    loadBytes: atLeast(row, "loadBytes", 1),
    loadsInFlight,
    bytesPerSecond: toBase(atLeast(row, "gigabytesPerSecond", 0), "GB/s"),
  };
}

function measured<T>(file: string, read: (row: Row) => T): readonly T[] {
  return readRows(`measurements/${file}`).map(read);
}

/** A number no smaller than the least possible. @throws Error naming file, line and column. */
function atLeast(row: Row, column: string, least: number): number {
  const value = number(row, column);
  if (value < least) throw new Error(`${row.file}:${row.line}: expected ${column} to be at least ${least}, got ${value}`);
  return value;
}

/** Gathers of whole rows from random places of an H100's memory, by how wide each thread reads. */
export interface RowGather {
  readonly rowBytes: number;
  readonly threadAccessBytes: number;
  /** Of the datasheet bandwidth. */
  readonly share: number;
}

/**
 * Shares of the memory bandwidth that gathers of rows reached on H100, by length of row.
 *
 * @throws Error naming file and line of a broken row.
 */
export function rowGathers(): readonly RowGather[] {
  return measured("row-gather-h100.csv", (row) => ({
    rowBytes: atLeast(row, "rowBytes", 1),
    threadAccessBytes: atLeast(row, "threadAccessBytes", 1),
    share: toBase(number(row, "shareOfBandwidthPercent"), "percent"),
  }));
}
