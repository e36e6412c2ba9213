import type { Hardware, Model, WeightFormatName } from "../index";

/** What of a setup a step is asked with. */
export interface AskedStep {
  readonly model: Model;
  readonly hardware: Hardware;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly expertParallel: number;
  readonly tensorParallel: number;
  readonly overlap: "none" | "two-micro-batches";
  readonly kernel: string;
  readonly weightFormat: WeightFormatName;
}

/** The decode step's question of a setup. */
export function stepQuestion(setup: AskedStep): AskedStep {
  const { model, hardware, requestsPerGpu, contextTokens, expertParallel, tensorParallel, overlap, kernel, weightFormat } = setup;
  return { model, hardware, requestsPerGpu, contextTokens, expertParallel, tensorParallel, overlap, kernel, weightFormat };
}
