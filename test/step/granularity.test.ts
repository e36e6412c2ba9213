import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import type { ExpertsBlock, Run } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { granularityPhases, splitModels } from "../../src/step/granularity";
import { prefillStep } from "../../src/step/prefill";
import { trainingStep } from "../../src/step/training";
import { worthOf } from "../../src/step/worth";
import { fixedParts, sizeParts, worthOfPart } from "../../src/step/worth-words";

const v3 = model("deepseek-v3");
const h100 = hardware("h100-sxm");
const question = { model: v3, hardware: h100, requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 };

describe("models with their experts split", () => {
  it("are those of whole experts, at least one for each rank", () => {
    // 256 experts of width 2,048: a third of an expert has no whole width; a quarter as many are 64, too few for 128 ranks.
    expect(splitModels(v3, 64, [0.25, 1, 3]).map((s) => s.granularity)).toEqual([0.25, 1]);
    expect(splitModels(v3, 128, [0.25, 1, 3]).map((s) => s.granularity)).toEqual([1]);
    expect(splitModels(v3, 64, [2])[0]?.model).toMatchObject({ routedExperts: 512, expertsPerToken: 16, moeIntermediateSize: 1024 });
    expect(() => splitModels(model("llama-3-70b"), 1)).toThrow(/llama-3-70b has no experts to split/);
  });

  it("are no way to hide a model that is broken", () => {
    const broken = Object.defineProperty({ ...v3 }, "runs", { get: () => expect.fail("spoilt") });
    expect(() => splitModels(broken, 1, [2])).toThrow("spoilt");
  });
});

describe("three phases against granularity", () => {
  const points = granularityPhases(question, [1, 8]);
  const at = (phase: string, granularity: number) => points.find((p) => p.phase === phase && p.granularity === granularity);

  it("keep the tokens of an expert, whatever the split", () => {
    expect(points).toHaveLength(6);
    for (const granularity of [1, 8]) {
      // 64 requests on 64 GPUs, 8 of 256 experts: 128; 4,096 tokens on each GPU: 8,192.
      expect(at("decode", granularity)?.tokensPerExpert).toBeCloseTo(128, 9);
      expect(at("prefill", granularity)?.tokensPerExpert).toBeCloseTo(8192, 9);
      expect(at("training", granularity)?.tokensPerExpert).toBeCloseTo(8192, 9);
    }
  });

  it("take rate, task and exchange from the steps themselves, for one expert of one layer", () => {
    const decode = decodeStep(question);
    const prefill = prefillStep({ model: v3, hardware: h100, requests: 64, promptTokens: 4096, dataParallel: 64, expertParallel: 64 });
    const place = { model: v3, hardware: h100, sequences: 64, sequenceTokens: 4096, dataParallel: 64, expertParallel: 64 };
    const training = trainingStep(place);
    expect(at("decode", 1)?.tokensPerSecondPerGpu).toBe(decode.tokensPerSecondPerGpu);
    expect(at("prefill", 1)?.tokensPerSecondPerGpu).toBe(prefill.tokensPerSecondPerGpu);
    expect(at("training", 1)?.tokensPerSecondPerGpu).toBe(training.tokensPerSecondPerGpu);
    // 58 layers of experts, 256 / 64 = 4 experts on a GPU.
    const experts = (tasks: readonly { readonly name: string; readonly seconds: number }[]) =>
      tasks.reduce((sum, t) => (t.name === "experts" ? sum + t.seconds : sum), 0) / 58 / 4;
    expect(at("decode", 1)?.taskSeconds).toBeCloseTo(experts(decode.tasks), 12);
    expect(at("prefill", 1)?.taskSeconds).toBeCloseTo(experts(prefill.tasks), 12);
    expect(at("training", 1)?.taskSeconds).toBeCloseTo(experts(training.tasks), 12);
    const exchange = training.tasks.filter((t) => t.name === "dispatch" || t.name === "combine");
    expect(at("training", 1)?.exchangeSeconds).toBeCloseTo(exchange.reduce((sum, t) => sum + t.seconds, 0) / 58, 10);
  });

  it("are of whole experts for each rank, also where only the groups of attention say how many ranks there are", () => {
    // A quarter as many of 256 experts are 64: too few for the 128 ranks of as many groups.
    const wide = granularityPhases({ model: v3, hardware: h100, requests: 128, dataParallel: 128, contextTokens: 64 }, [0.25, 1]);
    expect(new Set(wide.map((p) => p.granularity))).toEqual(new Set([1]));
  });

  it("have the format asked for in all three", () => {
    const asked = granularityPhases({ ...question, weightFormat: "bfloat16" }, [1]);
    const place = { model: v3, hardware: h100, dataParallel: 64, expertParallel: 64, weightFormat: "bfloat16" } as const;
    expect(asked.map((p) => p.tokensPerSecondPerGpu)).toEqual([
      decodeStep({ ...question, weightFormat: "bfloat16" }).tokensPerSecondPerGpu,
      prefillStep({ ...place, requests: 64, promptTokens: 4096 }).tokensPerSecondPerGpu,
      trainingStep({ ...place, sequences: 64, sequenceTokens: 4096 }).tokensPerSecondPerGpu,
    ]);
    expect(asked[1]?.tokensPerSecondPerGpu).not.toBe(at("prefill", 1)?.tokensPerSecondPerGpu);
  });

  it("send the message of a dispatch, and none on one GPU", () => {
    expect(at("decode", 1)?.messageBytes).toBe(decodeStep(question).tasks.find(({ name }) => name === "dispatch")?.runBytes);
    const alone = granularityPhases({ model: model("qwen3-30b-a3b"), hardware: h100, requests: 1, contextTokens: 64 }, [1]);
    for (const point of alone) expect(point).toMatchObject({ messageBytes: 0, exchangeSeconds: 0 });
  });

  it("show the first layer where layers differ", () => {
    const [mixer, experts] = (model("qwen3-30b-a3b").runs[0] as Run).blocks as readonly [never, ExpertsBlock];
    const runs = [experts, { ...experts, width: 2 * experts.width }].map((block) => ({ count: 1, blocks: [mixer, block] }));
    const of = (some: typeof runs) => {
      const two = decoder({ ...model("qwen3-30b-a3b"), runs: some });
      return granularityPhases({ model: two, hardware: h100, requests: 1, contextTokens: 64 }, [1])[0]?.taskSeconds as number;
    };
    expect(of(runs)).toBeLessThan(of([...runs].reverse()));
  });

  it("send a message as long as before to eight times as many experts, so the exchange grows about eight times, but of prompts, which go to a node once", () => {
    const prompts = [1, 8].map((split) => at("prefill", split));
    expect(prompts[1]?.messageBytes).toBe(prompts[0]?.messageBytes);
    expect(prompts[1]?.taskSeconds).toBeLessThan(prompts[0]?.taskSeconds ?? 0);
    const grown = (prompts[1]?.exchangeSeconds ?? 0) / (prompts[0]?.exchangeSeconds ?? 0);
    expect(grown).toBeGreaterThan(1.5);
    expect(grown).toBeLessThan(3);
    for (const phase of ["decode", "training"]) {
      const [one, eight] = [at(phase, 1), at(phase, 8)];
      expect(eight?.messageBytes).toBe(one?.messageBytes);
      expect((eight?.exchangeSeconds ?? 0) / (one?.exchangeSeconds ?? 0)).toBeGreaterThan(6);
      expect((eight?.exchangeSeconds ?? 0) / (one?.exchangeSeconds ?? 0)).toBeLessThan(8.001);
      expect(eight?.taskSeconds).toBeLessThan(one?.taskSeconds ?? 0);
    }
  });
});

describe("words of a worth", () => {
  it("name every kind of fixed time and every size once", () => {
    const worth = worthOf(question);
    expect(fixedParts.map(({ name }) => name).sort()).toEqual(Object.keys(worth.fixed).sort());
    expect(sizeParts.map(({ name }) => name).sort()).toEqual(Object.keys(worth.sizes).sort());
  });

  it("find the worth of a part by its name, wherever it stands", () => {
    const worth = worthOf(question);
    expect(worthOfPart(worth, "memoryBandwidth")).toBe(worth.elasticities.memoryBandwidth);
    expect(worthOfPart(worth, "messages")).toBe(worth.fixed.messages);
    expect(worthOfPart(worth, "processors")).toBe(worth.sizes.processors);
    expect(() => worthOfPart(worth, "memoryBandwith")).toThrow(/unknown part "memoryBandwith"; nearest: memoryBandwidth/);
    // Kimi K3 does not fit 64 H100: room in memory has no worth there.
    expect(worthOfPart(worthOf({ ...question, model: model("kimi-k3"), requestsPerGpu: 1 }), "memoryCapacity")).toBeUndefined();
  });
});
