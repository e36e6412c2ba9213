import { type Access, decodeAccesses } from "../step/decode-accesses";
import { answered, questionOf } from "./claim-steps";
import type { AskedSetUp } from "./set-ups";

/** The accesses of a set-up's decode step on one GPU; undefined where its number of requests is not published, or the step has no answer to it. */
export function stepAccesses(setUp: AskedSetUp): readonly Access[] | undefined {
  const question = questionOf(setUp);
  return question === undefined ? undefined : answered(() => decodeAccesses(question));
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
