import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardware, machines } from "../../src/machine/hardware";
import { isMoe } from "../../src/model/model";
import { models } from "../../src/model/registry";
import { decodeSeconds, decodeStep } from "../../src/step/decode";
import type { StepQuestion } from "../../src/step/question";

const question: fc.Arbitrary<StepQuestion & { requests: number; dataParallel: number }> = fc
  .record({
    model: fc.constantFrom(...models()),
    hardware: fc.constantFrom(...machines()),
    requests: fc.integer({ min: 1, max: 2048 }),
    contextTokens: fc.integer({ min: 16, max: 131_072 }),
    tensorParallel: fc.constantFrom(1, 2, 3, 4, 6, 8, 16),
    dataParallel: fc.constantFrom(1, 1, 2, 4, 8, 32),
    engine: fc.constantFrom("tensorrt-llm", "vllm", "sglang"),
    draftTokens: fc.constantFrom(0, 0, 1, 3),
    parts: fc.constantFrom("cut", "dealt", "both"),
  })
  .map(({ parts, ...q }) => {
    const gpus = q.tensorParallel * q.dataParallel;
    const ranks = parts === "cut" || !isMoe(q.model) ? 1 : parts === "both" && gpus % 2 === 0 ? gpus / 2 : gpus;
    return { ...q, expertParallel: ranks };
  });
const some = { numRuns: 300 };
/** A question's answer takes some ten microseconds. */
const many = { numRuns: 1500 };
const rounding = 1e-9;
/** The least all-reduce that an engine hands to NCCL, with room for the row that is added. */
const handedBytes = 4e6;
/** What the tiles of the products outside the experts add to proportion for one row more. */
const tileEdge = 0.01;

describe("a step of any model, machine and split", () => {
  it("takes at most an eighth more than twice the time for twice the requests", () => {
    fc.assert(
      fc.property(question, (q) => {
        const { seconds, floorSeconds } = decodeStep(q);
        expect(floorSeconds).toBeLessThanOrEqual(seconds * (1 + rounding));
        /*
         * Not twice: an array that one tile, or one wave of tiles, just fills is a lucky size. Twice of it takes two and, in the
         * mean over the sizes around (meanEdges), a quarter: 2.25 for 1. Of a whole step at most 3.4 % was seen, on H20.
         */
        expect(decodeSeconds({ ...q, requests: 2 * q.requests })).toBeLessThanOrEqual(2 * 1.125 * seconds);
      }),
      many,
    );
  });

  it("takes for one request more at least as long, and at most as much longer as the busiest group has more to do", () => {
    fc.assert(
      fc.property(question, (q) => {
        const seconds = decodeSeconds(q);
        const more = decodeSeconds({ ...q, requests: q.requests + 1 });
        // From a size on engines hand an all-reduce to NCCL, which is then the faster: 3 % of a step of 512 rows of 8,192 on 8 GB200.
        const isHanded = (q.tensorParallel ?? 1) > 1 && q.requests * (1 + (q.draftTokens ?? 0)) * q.model.hiddenSize * 2 > handedBytes;
        expect(more).toBeGreaterThanOrEqual(seconds * (1 - (isHanded ? 0.05 : rounding)));
        expect(more).toBeLessThanOrEqual(seconds * (1 + 1 / Math.ceil(q.requests / q.dataParallel)) * (1 + tileEdge));
      }),
      many,
    );
  });

  it("takes less than 2 % longer for 129 requests of each group than for 128, and in proportion at 64, 256 and 512", () => {
    fc.assert(
      fc.property(question, fc.constantFrom(64, 128, 256, 512), (q, each) => {
        const at = (requests: number) => decodeSeconds({ ...q, requests: requests * q.dataParallel });
        const longer = at(each + 1) / at(each) - 1;
        expect(longer).toBeLessThan(Math.min(1 / each + tileEdge, each === 128 ? 0.02 : 1));
      }),
      many,
    );
  });

  it("is rid of no more by one rank more than the experts that leave the busiest one, and takes no more than the rows that it brings", () => {
    fc.assert(
      fc.property(fc.constantFrom(...models().filter(isMoe)), question, fc.integer({ min: 2, max: 300 }), (model, q, ranks) => {
        const { hardware, contextTokens } = q;
        const at = (n: number) =>
          decodeSeconds({ model, hardware, contextTokens, dataParallel: n, expertParallel: n, requests: n * q.requests });
        const local = (n: number) => Math.ceil(Math.max(model.routedExperts, n) / n);
        const nodes = (n: number) => Math.ceil(n / (hardware.scaleUpDomain ?? 8));
        // A rank beyond the link's domain brings the network in: that edge is real.
        fc.pre(nodes(ranks) === nodes(ranks + 1));
        const ratio = at(ranks + 1) / at(ranks);
        // The busiest of more ranks is a little further above the mean.
        expect(ratio).toBeLessThanOrEqual((1 + 1 / ranks) * 1.01);
        expect(ratio).toBeGreaterThanOrEqual((local(ranks + 1) / local(ranks)) * 0.99);
      }),
      many,
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

  it("gives finite numbers for every model it can express, no task below its floor, no faster with a longer context", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models()),
        fc.constantFrom("h100-sxm", "h20", "b200-sxm", "gb200", "mi300x"),
        fc.integer({ min: 2, max: 300 }),
        fc.integer({ min: 1, max: 50000 }),
        fc.boolean(),
        (m, id, requestsPerGpu, contextTokens, overlap) => {
          const ask = (context: number) =>
            decodeStep({
              model: m,
              hardware: hardware(id),
              requestsPerGpu,
              contextTokens: context,
              expertParallel: m.routedExperts >= 8 ? 8 : 1,
              overlap: overlap ? "two-micro-batches" : "none",
            });
          const step = ask(contextTokens);
          expect(Number.isFinite(step.seconds) && step.seconds > 0).toBe(true);
          for (const t of new Set(step.tasks)) {
            for (const value of [t.seconds, t.floorSeconds, t.flops, t.bytes, t.runBytes])
              expect(Number.isFinite(value), `${m.id} ${t.name}`).toBe(true);
            expect(t.seconds, `${m.id} ${t.name}`).toBeGreaterThanOrEqual(t.floorSeconds * 0.999999);
          }
          expect(ask(contextTokens + 100).seconds).toBeGreaterThanOrEqual(step.seconds);
        },
      ),
      { numRuns: 200 },
    );
  });
});
