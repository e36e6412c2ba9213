import type { Model } from "../model/model";
import { type Access, decodeAccesses } from "../step/accesses";
import { releasedFormat } from "./rule-formats";
import type { AskedSetUp } from "./set-ups";

/** The accesses of a set-up's decode step on one GPU; undefined where its number of requests is not published. */
export function stepAccesses(setUp: AskedSetUp, model: Model): readonly Access[] | undefined {
  if (setUp.requestsPerGpu === undefined) return undefined;
  return decodeAccesses({
    model,
    weightFormat: releasedFormat(model),
    requestsPerGpu: Math.max(1, Math.round(setUp.requestsPerGpu)),
    contextTokens: setUp.contextTokens ?? 4096,
    expertParallel: Math.min(setUp.expertParallel ?? 1, model.routedExperts),
  });
}

/** Share of a step's bytes that lie in runs of at most so many bytes. */
export function bytesInRunsUpTo(accesses: readonly Pick<Access, "runBytes" | "bytes">[], runBytes: number): number {
  let [within, total] = [0, 0];
  for (const access of accesses) {
    total += access.bytes;
    if (access.runBytes <= runBytes) within += access.bytes;
  }
  return within / total;
}
