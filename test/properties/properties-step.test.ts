import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { machines } from "../../src/machine/hardware";
import { isMoe } from "../../src/model/model";
import { models } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import type { StepQuestion } from "../../src/step/question";

const question: fc.Arbitrary<StepQuestion & { requests: number }> = fc
  .record({
    model: fc.constantFrom(...models()),
    hardware: fc.constantFrom(...machines()),
    requests: fc.integer({ min: 1, max: 2048 }),
    contextTokens: fc.integer({ min: 16, max: 131_072 }),
    tensorParallel: fc.constantFrom(1, 2, 3, 4, 6, 8, 16),
    dataParallel: fc.constantFrom(1, 1, 2, 4, 8, 32),
    engine: fc.constantFrom("tensorrt-llm", "vllm", "sglang"),
    draftTokens: fc.constantFrom(0, 0, 1, 3),
    dealt: fc.boolean(),
  })
  .map(({ dealt, ...q }) => ({ ...q, expertParallel: dealt && isMoe(q.model) ? q.tensorParallel * q.dataParallel : 1 }));
const some = { numRuns: 60 };

describe("a step of any model, machine and split", () => {
  it("takes no more than twice the time for twice the requests, and no leap for one more", () => {
    fc.assert(
      fc.property(question, (q) => {
        const { seconds, floorSeconds } = decodeStep(q);
        expect(floorSeconds).toBeLessThanOrEqual(seconds * (1 + 1e-9));
        expect(decodeStep({ ...q, requests: 2 * q.requests }).seconds).toBeLessThanOrEqual(2.001 * seconds);
        if (q.requests > 64) expect(decodeStep({ ...q, requests: q.requests + 1 }).seconds / seconds).toBeLessThan(1.03);
      }),
      some,
    );
  });

  it("is not faster with a longer context", () => {
    fc.assert(
      fc.property(question, (q) => {
        // The kernels' waves at short contexts: a tenth of a per cent.
        expect(decodeStep({ ...q, contextTokens: 2 * q.contextTokens }).seconds).toBeGreaterThanOrEqual(decodeStep(q).seconds * 0.998);
      }),
      some,
    );
  });
});
