import type { ExpertShape } from "../../kernels/gemm";

/** The number format that a product reads; sums and results are in f32 either way. */
export type ElementName = "f32" | "f16";

/** Bytes of one element of a product's operands. */
export const elementBytes: Readonly<Record<ElementName, number>> = { f32: 4, f16: 2 };

/** How an empty dispatch is started: many in one pass, free of each other or each after the one before, or a submit for each. */
export const dispatchWays = ["free", "chained", "submitted"] as const;
export type DispatchWay = (typeof dispatchWays)[number];

/** By what a time was taken: the GPU's own clock, or the page's around many repeats. */
export type GpuClock = "timestamp-query" | "wall clock";

/** Time of one dispatch: median over batches, and their middle half. */
export interface Timed {
  readonly seconds: number;
  /** First and third quartile over the batches. */
  readonly lowSeconds: number;
  readonly highSeconds: number;
  readonly batches: number;
  /** Dispatches of one batch: the time of a batch is divided by them. */
  readonly dispatches: number;
}

/** C[rows, width] = A[rows, hidden] B[hidden, width] for each of `experts` experts, in one dispatch. */
export interface Product {
  readonly element: ElementName;
  readonly rows: number;
  readonly width: number;
  readonly hiddenSize: number;
  readonly experts: number;
  /** Experts with weights of their own, as many as fit; dispatches walk through them, so that caches do not keep one. */
  readonly copies: number;
}

/** A product that was timed. */
export interface ProductPoint extends Timed, Product {}

/** Rows of a size read from random places. */
export interface GatherPoint extends Timed {
  readonly accessBytes: number;
  /** What one invocation reads at once. */
  readonly threadBytes: number;
  readonly bufferBytes: number;
  /** Bytes asked for by one dispatch. */
  readonly gatheredBytes: number;
}

export interface DispatchPoint extends Timed {
  readonly way: DispatchWay;
}

/** What the browser tells of the GPU. */
export interface GpuName {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A processor that plays a GPU: its numbers say nothing of any GPU. */
  readonly software: boolean;
}

/** A GPU in words, as far as the browser tells. */
export function gpuWords({ vendor, architecture, description }: GpuName): string {
  return [vendor, architecture, description].filter((word) => word !== "").join(" ") || "a GPU that the browser does not name";
}

/** A measurement that was not taken, and why. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** One run: what was measured, on what, and whether it came to its end. */
export interface GpuRun {
  readonly gpu: GpuName;
  /** As it names itself. */
  readonly browser: string;
  readonly clock: GpuClock;
  readonly shape: ExpertShape;
  readonly products: readonly ProductPoint[];
  readonly gathers: readonly GatherPoint[];
  readonly dispatches: readonly DispatchPoint[];
  readonly leftOut: readonly LeftOut[];
  /** Undefined when all was done; else why it stopped early, as a sentence without its full stop. */
  readonly stopped?: string;
}

/** Time of one expert's product: that of the dispatch over its experts. */
export function secondsPerExpert(point: ProductPoint): number {
  return point.seconds / point.experts;
}

/** Useful bytes per second of a gather. */
export function gatherBytesPerSecond(point: GatherPoint): number {
  return point.gatheredBytes / point.seconds;
}
