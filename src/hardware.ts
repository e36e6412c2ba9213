import type { Confidence } from "./facts";
import type { NumberFormat } from "./formats";

/** Where one number of a machine comes from. */
export interface Provenance {
  readonly source: string;
  readonly locator: string;
  readonly confidence: Confidence;
  readonly note: string;
}

/** The unit that multiplies matrices. */
export interface MatrixUnit {
  /** As the source describes it. */
  readonly description: string;
  /** Of a systolic array, or of the smallest tile's sides [m, n] that the instruction fills; absent where no source gives it. */
  readonly rows?: number;
  readonly columns?: number;
}

/** What the model knows of one accelerator. Rates are dense peaks of one device, one direction for links. */
export interface Hardware {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  /** Architecture family, such as Hopper or Blackwell: constants of kernels are shared inside it. */
  readonly generation: string;
  /** Year of availability. */
  readonly released: number;
  readonly peakFlopsPerSecond: Readonly<Partial<Record<NumberFormat, number>>>;
  readonly memoryKind: string;
  readonly memoryBytes: number;
  readonly memoryBytesPerSecond: number;
  readonly cacheBytes?: number;
  /** Streaming multiprocessors, compute units or tensor cores. */
  readonly processors?: number;
  readonly processorKind: string;
  readonly clockHertz?: number;
  readonly matrixUnit: MatrixUnit;
  readonly scaleUpBytesPerSecond?: number;
  /** Devices that the scale-up link joins. */
  readonly scaleUpDomain?: number;
  readonly networkBytesPerSecond?: number;
  readonly powerWatts?: number;
  /** One for each number above, by its name; `peakFlopsPerSecond.fp8` for a peak. */
  readonly sources: Readonly<Record<string, Provenance>>;
}
