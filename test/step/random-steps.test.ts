import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernels } from "../../src/kernels/families";
import { type Hardware, machines } from "../../src/machine/hardware";
import { weightFormatNames } from "../../src/machine/number-formats";
import { decoder } from "../../src/model/decoder";
import type { Model, ModelParts } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";

const scenarios = 10_000;
const slow = { timeout: 180_000 };
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const whole = (min: number, max: number) => fc.integer({ min, max });
const kernelNames = [...new Set(kernels().map((k) => k.kernel))];

const heads = whole(1, 130);
const size = whole(1, 300);
const source = pick(["own", "shared"] as const);
const indexer = fc.record({
  heads: whole(1, 70),
  headDim: size,
  topK: whole(1, 3000),
  scores: fc.boolean(),
  poolTokens: whole(1, 20),
  keyBytes: whole(1, 300),
  candidates: maybe(whole(1, 20_000)),
});

/** Mixers of every kind, of sizes that no release has. */
const madeUpMixers = fc.oneof(
  fc.record({
    kind: fc.constant("grouped"),
    ...{ heads, keyValueHeads: heads, headDim: size, valueHeadDim: size, cacheSource: source },
    ...{ queryRank: maybe(whole(1, 2000)), window: maybe(whole(1, 5000)), gate: maybe(pick(["head", "element"])) },
  }),
  fc.record({
    kind: fc.constant("latent"),
    ...{ heads, latentRank: whole(1, 1000), rotaryDim: whole(0, 128), noRotaryDim: size, valueHeadDim: size, cacheSource: source },
    ...{ queryRank: maybe(whole(1, 2000)), indexer: maybe(indexer), chunk: maybe(whole(1, 9000)) },
  }),
  fc.record({
    kind: fc.constant("compressed"),
    ...{ heads, headDim: whole(64, 600), queryRank: whole(1, 2000), outputRank: whole(1, 2000), outputGroups: whole(1, 32) },
    ...{ window: whole(1, 600), compressionRatio: pick([0, 1, 2, 4, 128]), indexer: maybe(indexer), cacheSource: source },
  }),
  fc.record({
    kind: fc.constant("block-selected"),
    ...{ heads, keyValueHeads: heads, headDim: size, valueHeadDim: size, blockTokens: whole(1, 300), indexer },
  }),
  fc.record({
    kind: fc.constant("linear"),
    family: pick(["gated-delta", "kimi-delta", "mamba2", "mamba1", "lightning"]),
    ...{ keyHeads: heads, valueHeads: heads, keyDim: size, valueDim: size, convolutionWidth: whole(0, 5) },
    ...{ stateElementBytes: pick([2, 4]), gateRank: maybe(whole(1, 600)), decayRank: maybe(whole(1, 600)) },
  }),
);

const madeUpDense = fc.record({ kind: fc.constant("dense"), width: whole(1, 20_000), matrices: pick([2, 3]) });

/** Experts, the same in every layer of a model that has any. */
const madeUpExperts = (hiddenSize: number) =>
  fc.tuple(whole(1, 600), whole(1, hiddenSize)).chain(([routed, inputWidth]) =>
    whole(1, routed).chain((perToken) =>
      fc.record({
        kind: fc.constant("experts"),
        ...{ routed: fc.constant(routed), perToken: fc.constant(perToken), computedPerToken: whole(1, perToken) },
        ...{ width: whole(1, 5000), inputWidth: fc.constant(inputWidth), matrices: pick([2, 3]) },
        ...{ shared: fc.constant(1), sharedWidth: whole(0, 5000), groups: fc.constant(1), chosenGroups: fc.constant(1) },
        ...{ router: pick(["learned", "hash"]), emptyExperts: whole(0, 100) },
      }),
    ),
  );

const formatNames = pick(weightFormatNames);
const orders = ["mixers", "experts", "dense", "mixers dense", "mixers experts", "mixers dense experts"];

/** Stacks that no release has, some of them odd: a prime width, one head, a mixer alone, experts alone, two mixers a layer. */
const madeUpModels: fc.Arbitrary<Model> = whole(1, 9000)
  .chain((hiddenSize) =>
    fc.record({
      hiddenSize: fc.constant(hiddenSize),
      vocabSize: whole(1, 200_000),
      experts: madeUpExperts(hiddenSize),
      formats: fc.record({ experts: formatNames, rest: formatNames, cache: pick(["bfloat16", "fp8"]) }),
      layers: fc.array(
        fc.record({
          count: whole(1, 30),
          mixers: fc.array(madeUpMixers, { minLength: 1, maxLength: 2 }),
          order: pick(orders),
          dense: madeUpDense,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  )
  .map(({ layers, experts, formats, hiddenSize, vocabSize }) => {
    const runs = layers.map(({ count, mixers, order, dense }) => ({
      count,
      blocks: order.split(" ").flatMap((part): readonly object[] => (part === "mixers" ? mixers : [part === "dense" ? dense : experts])),
    }));
    const parts = { hiddenSize, vocabSize, formats: { ...formats, known: true, released: "made up" }, runs };
    // Written and read again: what is left out is absent, not undefined.
    const written = JSON.parse(JSON.stringify(parts)) as Pick<ModelParts, "hiddenSize" | "vocabSize" | "formats" | "runs">;
    return decoder({ ...model("deepseek-v3"), id: "made-up", aliases: [], ...written });
  });

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
    cacheFormat: maybe(pick(["bfloat16", "fp8"])),
    requestsPerGpu: fc.oneof(whole(1, 8), whole(1, 4096)),
    contextTokens: fc.oneof(whole(1, 100), whole(1, 1_000_000)),
    expertParallel: pick([1, 1, 2, 3, 4, 7, 8, 16, 32, 64, 72, 128, 144, 320]),
    tensorParallel: pick([1, 1, 1, 1, 2, 8]),
    overlap: pick(["none", "two-micro-batches"] as const),
  })
  .map((q) => JSON.parse(JSON.stringify(q)) as DecodeStepQuestion);

/** Fields whose absence or smallness may refuse a question that was not made to be wrong. */
const refusals =
  /^(expertParallel must be at most routedExperts|requests must be at least 2 for each group for two-micro-batches|tensorParallel must divide|tensorParallel must be at most|\S+ has no (networkBytesPerSecond|scaleUpBytesPerSecond))/;

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
