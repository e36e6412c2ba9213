import type { WeightFormatName } from "../machine/number-formats";
import { model } from "../model/registry";
import { type Access, decodeAccesses } from "../step/accesses";
import type { Scenario } from "./scenario";

/** The accesses of a scenario's decode step on one GPU; selecting attention only where the model has a latent cache. */
export function stepAccesses(s: Scenario, sparseAttention: boolean): readonly Access[] {
  const m = model(s.model);
  const expertParallel = Math.min(s.expertParallel, Math.max(1, m.routedExperts));
  return decodeAccesses({
    model: m,
    weightFormat: s.weightFormat as WeightFormatName,
    requestsPerGpu: Math.max(1, Math.round(s.tokensInFlight / expertParallel)),
    contextTokens: s.contextTokens,
    expertParallel,
    attention: sparseAttention && m.runs.some(({ blocks }) => blocks.some(({ kind }) => kind === "latent")) ? "sparse" : "dense",
  });
}

/**
 * Share of a step's bytes that lie in runs of at most so many bytes.
 *
 * With `tileBytes`, a weight matrix counts as runs of a tile: what a kernel asks for, not what memory holds.
 */
export function bytesInRunsUpTo(accesses: readonly Access[], runBytes: number, tileBytes?: number): number {
  let [within, total] = [0, 0];
  for (const access of accesses) {
    const run = access.run === "one weight matrix" && tileBytes !== undefined ? Math.min(tileBytes, access.runBytes) : access.runBytes;
    total += access.bytes;
    if (run <= runBytes) within += access.bytes;
  }
  return within / total;
}

/** Bytes of the runs in which one expert's matrices are stored. */
export function weightRuns(s: Scenario): readonly number[] {
  return stepAccesses(s, false)
    .filter((a) => a.tensor.startsWith("routed expert"))
    .map((a) => a.runBytes);
}
