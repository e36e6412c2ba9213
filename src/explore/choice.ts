import type { ResourceName } from "../index";
import type { RowsCalibration } from "./rows-calibration";

/** One model on one machine, and how it runs. What stands here is what was asked for; setUp says what it becomes. */
export interface Choice {
  readonly model: string;
  readonly machine: string;
  /** Empty: the usual one for the model and machine. */
  readonly kernel: string;
  /** Empty: as the model was released, or as the kernel computes. */
  readonly weightFormat: string;
  readonly cacheFormat: string;
  /** Empty: the usual one for the machine. */
  readonly engine: string;
  /** Of one replica. */
  readonly gpus: number;
  /** Of the replica: requests that decode at once. */
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly tensorParallel: number;
  readonly contextTokens: number;
  readonly draftTokens: number;
  readonly overlap: "none" | "two-micro-batches";
  /** Experts that each is split into; 1 for the model as it is. */
  readonly granularity: number;
  /** So many times as much of a resource of the machine; as it is where absent. */
  readonly times: Readonly<Partial<Record<WhatIfResource, number>>>;
  /** What the reader's own rows made of one machine and engine: the same in both scenarios, and without effect on any other. */
  readonly calibration?: RowsCalibration | undefined;
}

/** What of a machine can be changed: what its worth is told of, and the size of its memory. */
export type WhatIfResource = ResourceName | "memorySize";
export const whatIfResources = [
  "memoryBandwidth",
  "arithmetic",
  "scaleUpBandwidth",
  "networkBandwidth",
  "memorySize",
] as const satisfies readonly WhatIfResource[];

/** Largest counts that the page takes: far above anything built, and small enough that every number stays finite. */
export const most = {
  gpus: 4096,
  tokensInFlight: 2 ** 24,
  expertParallel: 4096,
  tensorParallel: 64,
  contextTokens: 2 ** 24,
  draftTokens: 8,
} as const;

/** Factors of what-ifs lie between these. */
export const whatIfRange = { least: 1 / 8, most: 8 } as const;
