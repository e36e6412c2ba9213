import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { bandOf, leftOutOf } from "../../src/step/answer-words";
import { decodeStep } from "../../src/step/decode";
import { engineFamily, engineOf, engineTime, engineTimeNames, stepFeatures } from "../../src/step/engine";
import { linked } from "../../src/step/links";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { planOf } from "../../src/step/plan";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";
import { formatBytes, formatSeconds } from "../../src/text/numbers";

const h200 = hardware("h200-sxm");
const amd = hardware("mi300x");

describe("an engine by its name", () => {
  it.each([
    ["tensorrt-llm", ["TensorRT-LLM", "trt-llm", "trtllm", "tensorrtllm", "tensorrt_llm", "TRT"]],
    ["vllm", ["vllm", "vLLM"]],
    ["sglang", ["SGLang"]],
  ] as const)("is %s in all its spellings", (engine, names) => {
    for (const name of names) expect(engineOf(name, h200), name).toBe(engine);
  });

  it("is TensorRT-LLM on NVIDIA's machines and vLLM on others where none is given, and refused where it is none", () => {
    expect([engineOf(undefined, h200), engineOf(undefined, amd)]).toEqual(["tensorrt-llm", "vllm"]);
    expect(() => engineOf("vlm", h200)).toThrow(/^engine must be one of tensorrt-llm, vllm, sglang; got "vlm"; nearest: vllm(, \S+)*$/);
  });
});

describe("an engine's constants", () => {
  it("are those of its generation, of AMD's, of Blackwell's for later machines, else of Hopper's", () => {
    const of = (id: string) => engineFamily("sglang", hardware(id));
    expect(["h200-sxm", "b200-sxm", "mi300x", "mi355x", "vr200", "a100-sxm", "tpu-v5p"].map(of)).toEqual([
      "sglang Hopper",
      "sglang Blackwell",
      "sglang CDNA3",
      "sglang CDNA3",
      "sglang Blackwell",
      "sglang Hopper",
      "sglang Hopper",
    ]);
    expect(engineFamily("vllm", amd)).toBe("sglang CDNA3");
    expect(engineTime("vllm", h200)).not.toHaveProperty("carriedFrom");
    expect(engineTime("vllm", hardware("vr200")).carriedFrom).toBe("vllm Blackwell");
    expect(engineTime("vllm", amd).carriedFrom).toBe("sglang CDNA3");
    expect(engineTime("sglang", amd)).not.toHaveProperty("carriedFrom");
  });

  it("are shorter on a what-if machine by its factor, each of them, and their band stays", () => {
    const whole = engineTime("sglang", h200);
    const half = engineTime("sglang", whatIfHardware(h200, { "times.betweenKernels": { times: 0.5 } }));
    for (const name of engineTimeNames) expect(half[name], name).toBe(whole[name] / 2);
    expect(engineTimeNames).toHaveLength(6);
    expect([half.bandLow, half.bandHigh]).toEqual([whole.bandLow, whole.bandHigh]);
  });

  it("fall due for half a layer's parts, half those that quantize, mixers by their kind, and requests in each layer", () => {
    const runs = [
      { count: 3, parts: 2, quantized: 2, latent: 1, sparse: 0, linear: 0 },
      { count: 5, parts: 3, quantized: 1, latent: 0, sparse: 1, linear: 2 },
    ];
    expect(stepFeatures({ runs, groupRequests: 7 })).toEqual({
      layerSeconds: 3 + 7.5,
      layerRequestSeconds: 7 * 10.5,
      quantizedSeconds: 3 + 2.5,
      latentSeconds: 3,
      sparseSeconds: 5,
      linearSeconds: 10,
    });
  });
});

describe("links that a machine's record lacks", () => {
  const { scaleUpBytesPerSecond: _a, scaleUpDomain: _b, networkBytesPerSecond: _c, ...bare } = h200;
  const pcie = { scaleUpBytesPerSecond: 32e9, networkBytesPerSecond: 50e9, scaleUpDomain: 8 };

  it("are PCIe for eight and a card of 400 Gb/s, from two GPUs on, one record for all groups", () => {
    expect(linked(bare, 1)).toBe(bare);
    expect(linked(bare, 2)).toEqual({ ...bare, ...pcie });
    expect(Object.isFrozen(linked(bare, 2))).toBe(true);
    expect(linked(bare, 16)).toBe(linked(bare, 2));
  });

  it("are not lent where the record has what the group needs", () => {
    expect(linked(h200, 64)).toBe(h200);
    const { networkBytesPerSecond: _, ...cardless } = h200;
    expect(linked(cardless, 8)).toBe(cardless);
    expect(linked(cardless, 9)).toEqual({ ...cardless, networkBytesPerSecond: 50e9 });
  });

  it("keep what the record has: a network of its own, a domain of its own, or a link without an end", () => {
    const own = { ...bare, networkBytesPerSecond: 7e9, scaleUpDomain: 4 };
    expect(linked(own, 16)).toEqual({ ...own, scaleUpBytesPerSecond: 32e9 });
    const endless = { ...bare, scaleUpBytesPerSecond: 1e11 };
    expect(linked(endless, 64)).toBe(endless);
  });
});

describe("what an answer says beside its time", () => {
  const ask = (change: Partial<StepQuestion>) =>
    planOf(resolveQuestion({ model: model("deepseek-v3"), hardware: h200, requests: 64, contextTokens: 1000, ...change }));

  it("is a band by the errors of rows left out, wider where the engine's constants or the links are carried", () => {
    const { bandLow, bandHigh } = engineTime("tensorrt-llm", h200);
    expect(bandOf(ask({ tensorParallel: 8 }), 2)).toEqual({ low: 2 * bandLow, high: 2 * bandHigh });
    const carried = ask({ hardware: hardware("a100-sxm"), tensorParallel: 8 });
    expect(bandOf(carried, 2)).toEqual({ low: 2 * bandLow ** 1.5, high: 2 * bandHigh ** 1.5 });
    const { scaleUpBytesPerSecond: _a, scaleUpDomain: _b, networkBytesPerSecond: _c, ...bare } = h200;
    expect(bandOf(ask({ hardware: bare, tensorParallel: 8 }), 2).high).toBeCloseTo(2 * bandHigh ** 1.5, 12);
  });

  it("says whose steps a time of some mixers rests on, or leaves it out and reaches up by what it is elsewhere", () => {
    const of = (engine: string, machine: string, id: string) =>
      ask({ model: model(id), hardware: hardware(machine), engine, tensorParallel: 8 });
    const said = (plan: ReturnType<typeof ask>) => [...plan.carried, ...leftOutOf(plan)].filter((words) => /mixers/.test(words));
    expect(said(of("sglang", "b200-sxm", "deepseek-v3.2-exp"))).toEqual([]);
    expect(said(of("sglang", "h200-sxm", "deepseek-v3.2-exp"))).toEqual(["time between kernels at sparse mixers: of sglang Blackwell"]);
    const elsewhere = of("vllm", "h200-sxm", "deepseek-v3.2-exp");
    const { sparseSeconds } = engineTime("sglang", hardware("b200-sxm"));
    expect(said(elsewhere)).toEqual([
      `time between kernels at sparse mixers: measured in sglang alone, ${formatSeconds(sparseSeconds)} each`,
    ]);
    const { bandLow, bandHigh } = engineTime("vllm", h200);
    // 61 layers, each with one; and 16 heads on a GPU lie outside what was measured for its kernel.
    expect(bandOf(elsewhere, 2).low).toBe(2 * bandLow ** 1.5);
    expect(bandOf(elsewhere, 2).high).toBeCloseTo(2 * bandHigh ** 1.5 + 61 * sparseSeconds, 12);
    const linear = of("vllm", "h200-sxm", "qwen3-next-80b-a3b");
    expect(said(linear)).toEqual(["time between kernels at linear mixers: of sglang Blackwell, sglang CDNA3, sglang Hopper"]);
    expect(bandOf(linear, 2)).toEqual({ low: 2 * bandLow ** 1.5, high: 2 * bandHigh ** 1.5 });
  });

  it("says that weights and caches do not fit a GPU, and how much they are", () => {
    const of = (requests: number, contextTokens: number, tensorParallel = 8) =>
      leftOutOf(ask({ model: model("kimi-k2"), requests, contextTokens, tensorParallel })).filter((words) => /fit/.test(words));
    const asked = { model: model("kimi-k2"), hardware: h200, requests: 64, contextTokens: 8192, tensorParallel: 8 };
    const { totalBytes } = memoryFootprint(asked);
    expect(totalBytes).toBeGreaterThan(141e9);
    expect(of(64, 8192)).toEqual([`that it does not fit: ${formatBytes(totalBytes)} of weights and caches on a GPU of 141 GB`]);
    expect(of(1, 1000, 16)).toEqual([]);
    // 128 heads over three GPUs stand padded, in the memory as in the step.
    expect(memoryFootprint({ ...asked, model: model("deepseek-v3"), tensorParallel: 3 }).weightBytes).toBeGreaterThan(
      memoryFootprint({ ...asked, model: model("deepseek-v3"), tensorParallel: 4 }).weightBytes,
    );
  });

  it("is what it leaves out, as far as the question touches it", () => {
    const always = "scheduling that the host does not hide, and waiting of requests";
    // Whether it fits has a test of its own.
    const of = (change: Partial<StepQuestion>) => leftOutOf(ask(change)).filter((words) => words !== always && !/does not fit/.test(words));
    expect(leftOutOf(ask({ tensorParallel: 8 }))).toEqual([always]);
    expect(of({ tensorParallel: 3 })).toEqual(["heads that the degree does not divide are padded: what an engine does with them instead"]);
    expect(of({ draftTokens: 1 })).toEqual(["the drafting module's own shape: it is taken as one more layer like the last, and the head"]);
    expect(of({ promptTokens: 1 })).toEqual(["attention of prompt tokens to their past"]);
    expect(of({ model: { ...model("deepseek-v3"), residualStreams: 2 } })).toEqual(["mappings between residual streams"]);
    expect(of({ dataParallel: 8, expertParallel: 8 })).toEqual(["experts that are more popular than others"]);
    expect(of({ dataParallel: 8, expertParallel: 1 })).toEqual([]);
    expect(of({ tensorParallel: 8, expertParallel: 8 })).toEqual([]);
    expect(of({ hardware: amd, tensorParallel: 8 })).toEqual([]);
    expect(of({ hardware: amd, tensorParallel: 8, weightFormat: "bfloat16" })).toEqual([]);
    expect(of({ hardware: amd, tensorParallel: 8, weightFormat: "fp8" })).toEqual([
      "bringing inputs into fp8: on AMD's machines measured for FP8 in blocks alone",
    ]);
    expect(of({ tensorParallel: 8, weightFormat: "fp8" })).toEqual([]);
    const plan = ask({ hardware: amd, tensorParallel: 8 });
    expect(leftOutOf({ ...plan, formats: { ...plan.formats, experts: "nvfp4", rest: "fp8" } })).toContain(
      "bringing inputs into nvfp4 and fp8: on AMD's machines measured for FP8 in blocks alone",
    );
  });

  it("has a time for quantizing where a product does, and on AMD's machines for FP8 in blocks alone", () => {
    const parts = (change: Partial<StepQuestion>) => ask({ tensorParallel: 8, ...change }).runs.map(({ quantized }) => quantized);
    expect(parts({})).toEqual([2, 2]);
    expect(parts({ weightFormat: "bfloat16" })).toEqual([0, 0]);
    expect(parts({ hardware: amd })).toEqual([2, 2]);
    expect(parts({ hardware: amd, weightFormat: "fp8" })).toEqual([0, 0]);
    expect(parts({ weightFormat: "int4_wo" })).toEqual([0, 0]);
    // Experts of four bits beside attention and dense parts in BF16: one of two parts.
    expect(parts({ weightFormat: "nvfp4", hardware: hardware("b200-sxm") })).toEqual([0, 1]);
  });

  it("is what was not measured on its generation: experts, products, engine, cores, links", () => {
    const { carried } = ask({ tensorParallel: 8 });
    expect(carried).toEqual([]);
    const qwen = ask({ model: model("qwen3-next-80b-a3b"), hardware: amd, tensorParallel: 8 }).carried;
    expect(qwen).toEqual([
      expect.stringMatching(
        /^routed experts: moe_torch_flow_cutlass in bfloat16 on CDNA3, by the constants of moe_torch_flow_cutlass bfloat16 /,
      ),
      "products in bfloat16: not measured on CDNA3, by the constants of sglang_torch_linear bfloat16 Hopper",
      "time between kernels: of sglang CDNA3",
      // Each of its two kinds of layers once.
      expect.stringMatching(/^attention: \S+ from \S+$/),
      expect.stringMatching(/^attention: \S+ from \S+$/),
      "kernels of NVIDIA's machines: what AMD's take more is in the time between kernels",
    ]);
    expect(new Set(qwen).size).toBe(6);
    expect(ask({ hardware: amd, engine: "tensorrt-llm", tensorParallel: 8 }).carried).toContain(
      "engine: TensorRT-LLM runs on NVIDIA's machines alone",
    );
    expect(ask({ hardware: hardware("tpu-v7"), tensorParallel: 8 }).carried).toContain("processors: an H100's stand for 2 large cores");
    // A dense model has no experts, and a kernel of DeepEP's two paths counts as measured where they are.
    expect(
      decodeStep({ model: model("llama-3-70b"), hardware: hardware("a100-sxm"), requests: 1, contextTokens: 1, tensorParallel: 8 }).carried,
    ).not.toContainEqual(expect.stringMatching(/^routed experts/));
    // Attention dealt out has all 128 heads on a GPU, which that kernel's rows have not.
    const heads = "attention: trtllm_default, outside its rows: query heads on a GPU 128 (measured 1 to 64)";
    expect(ask({ dataParallel: 8, expertParallel: 8 })).toMatchObject({ kernel: "deepepmoe", carried: [heads] });
    expect(ask({ dataParallel: 8, expertParallel: 8, kernel: "deepgemm" }).carried).toEqual([
      "routed experts: deepgemm in fp8_block on Hopper, by the constants of deepgemm fp8_block Blackwell",
      heads,
    ]);
    const { scaleUpBytesPerSecond: _a, scaleUpDomain: _b, networkBytesPerSecond: _c, ...bare } = h200;
    expect(ask({ hardware: bare, tensorParallel: 8 }).carried).toEqual([
      "links: not in the record of h200-sxm; PCIe 4.0 and a card of 400 Gb/s stand in",
    ]);
  });
});
