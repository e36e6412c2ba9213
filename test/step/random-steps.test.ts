import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernels } from "../../src/kernels/families";
import { type Hardware, machines } from "../../src/machine/hardware";
import { weightFormatNames } from "../../src/machine/number-formats";
import type { Model } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";

const scenarios = 10_000;
const slow = { timeout: 180_000 };
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const whole = (min: number, max: number) => fc.integer({ min, max });
const kernelNames = [...new Set(kernels().map((k) => k.kernel))];
const _notCounts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY];

/** Dimensions that no release has, some of them odd: a prime width, one head, a dense layer alone. */
const madeUpModels: fc.Arbitrary<Model> = fc
  .record({
    layers: whole(1, 70),
    hiddenSize: whole(1, 9000),
    routedExperts: whole(1, 600),
    moeIntermediateSize: whole(1, 5000),
    intermediateSize: whole(0, 20_000),
    sharedIntermediateSize: whole(0, 5000),
    parallelIntermediateSize: whole(0, 5000),
    expertMatrices: whole(1, 3),
    ffnMatrices: whole(2, 3),
    attentionHeads: whole(1, 130),
    keyValueHeads: whole(1, 130),
    headDim: whole(2, 300),
    valueHeadDim: whole(1, 300),
    vocabSize: whole(1, 200_000),
    weightDtype: pick(["bf16", "fp8", "fp4", "mxfp4", "int4", "fp32"]),
  })
  .chain((m) =>
    fc
      .record({
        moeLayers: whole(0, m.layers),
        expertsPerToken: whole(1, m.routedExperts),
        expertHiddenSize: whole(1, m.hiddenSize),
        latent: maybe(fc.record({ kvLoraRank: whole(1, 1000), qkRopeHeadDim: whole(0, m.headDim - 1) })),
        queries: maybe(fc.record({ qLoraRank: whole(1, 2000) })),
      })
      .map(({ latent, queries, ...more }): Model => {
        const { kvLoraRank, qkRopeHeadDim, qLoraRank, outputLoraRank, outputGroups, ...plain } = model("deepseek-v3");
        const experts =
          more.moeLayers === 0
            ? { routedExperts: 0, expertsPerToken: 0, expertHiddenSize: 0, moeIntermediateSize: 0, expertMatrices: 0 }
            : {};
        return { ...plain, ...m, ...more, ...experts, ...latent, ...queries, id: "made-up" };
      }),
  );

/** A machine of the registry, or one whose rates are up to a thousand times other. */
const anyMachine: fc.Arbitrary<Hardware> = fc.oneof(
  pick(machines()),
  fc
    .tuple(pick(machines()), fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.double({ min: 1e-3, max: 1e3, noNaN: true }))
    .map(([m, memory, peak]) => ({
      ...m,
      memoryBytesPerSecond: m.memoryBytesPerSecond * memory,
      peakFlopsPerSecond: Object.fromEntries(Object.entries(m.peakFlopsPerSecond).map(([format, value]) => [format, value * peak])),
    })),
);

const questions: fc.Arbitrary<DecodeStepQuestion> = fc
  .record({
    model: fc.oneof(pick(models()), madeUpModels),
    hardware: anyMachine,
    kernel: maybe(pick(kernelNames)),
    weightFormat: maybe(pick(weightFormatNames)),
    requestsPerGpu: fc.oneof(whole(1, 8), whole(1, 4096)),
    contextTokens: fc.oneof(whole(1, 100), whole(1, 1_000_000)),
    expertParallel: pick([1, 1, 2, 3, 4, 7, 8, 16, 32, 64, 72, 128, 144, 320]),
    overlap: pick(["none", "two-micro-batches"] as const),
  })
  .map((q) => JSON.parse(JSON.stringify(q)) as DecodeStepQuestion);

/** Fields whose absence or smallness may refuse a question that was not made to be wrong. */
const refusals =
  /^(expertParallel must be at most routedExperts|requestsPerGpu must be at least 2 for two-micro-batches|\S+ has no (networkBytesPerSecond|scaleUpBytesPerSecond))/;

function soundNumbers(numbers: Readonly<Record<string, number>>): string[] {
  return Object.entries(numbers)
    .filter(([, value]) => !(Number.isFinite(value) && value >= 0))
    .map(([name, value]) => `${name} ${value}`);
}

describe("a decode step of any model on any machine", () => {
  it("takes finite time of finite tasks, none below its floor, or says which field cannot be", slow, () => {
    let answered = 0;
    fc.assert(
      fc.property(questions, (question) => {
        let step: ReturnType<typeof decodeStep>;
        try {
          step = decodeStep(question);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(refusals);
          return;
        }
        answered++;
        const { seconds, tokensPerSecondPerGpu } = step;
        const wrong = soundNumbers({ seconds, tokensPerSecondPerGpu });
        let one = 0;
        for (const task of step.tasks) one += task.seconds;
        for (const { name, kernelSeconds, bound, ...numbers } of new Set(step.tasks)) {
          wrong.push(...soundNumbers({ ...numbers, ...Object.fromEntries(kernelSeconds.entries()) }).map((what) => `${name} ${what}`));
          if (numbers.seconds < numbers.floorSeconds * (1 - 1e-9))
            wrong.push(`${name} ${numbers.seconds} below its floor ${numbers.floorSeconds}`);
        }
        if (!(seconds > 0 && seconds <= one * (1 + 1e-9))) wrong.push(`${seconds} s for tasks of ${one} s`);
        expect(wrong).toEqual([]);
      }),
      { numRuns: scenarios },
    );
    expect(answered).toBeGreaterThan(scenarios / 2);
  });
});
