import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { prefillComparisons } from "../../src/fit/validation";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { expertExchangeTime } from "../../src/network/exchange";
import { attentionTimes } from "../../src/published/attention-times";
import { hiding } from "../../src/step/decode";
import { engines } from "../../src/step/engine";
import { type PrefillQuestion, prefillStep } from "../../src/step/prefill";

const v3 = model("deepseek-v3");
const v32 = model("deepseek-v3.2");
const total = (step: ReturnType<typeof prefillStep>, name: string) =>
  step.tasks.filter((task) => task.name === name).reduce((sum, { seconds }) => sum + seconds, 0);
const wide: PrefillQuestion = {
  ...{ model: v3, hardware: hardware("h800-sxm"), requests: 128, promptTokens: 4096 },
  ...{ expertParallel: 32, dataParallel: 32 },
};

describe("attention where prompts are taken in", () => {
  const core = (machine: string, engine: string, change: Partial<PrefillQuestion> = {}) => {
    const step = prefillStep({
      ...{ model: v3, hardware: hardware(machine), requests: 1, promptTokens: 32768, tensorParallel: 8, engine },
      ...change,
    });
    return total(step, "attention core") / 61;
  };

  it("of MLA on Hopper takes in every engine less than that engine's whole layer does, and TensorRT-LLM's what its table says", () => {
    const layer = (machine: string, kernel: string, newTokens: number) =>
      attentionTimes().find(
        (row) =>
          row.machine === machine &&
          row.kernel === kernel &&
          row.phase === "prefill" &&
          row.part === "layer" &&
          row.newTokens === newTokens &&
          row.requests === 1 &&
          row.geometry === "deepseek-v3 16",
      )?.seconds as number;
    // On 16 heads, TP8: TensorRT-LLM's core alone was timed at 9.16 ms.
    expect(Math.abs(core("h100-sxm", "tensorrt-llm") / 9.156e-3 - 1)).toBeLessThan(0.1);
    expect(core("h100-sxm", "sglang", { promptTokens: 16384 })).toBeLessThan(layer("h100-sxm", "sglang_fa3", 16384));
    expect(core("h100-sxm", "vllm")).toBeLessThan(core("h100-sxm", "tensorrt-llm"));
    // The table of SGLang's core is of a path that the engine does not run: it lies above its whole layer, at fewer tokens.
    const absorbed = attentionTimes().find(
      (row) => row.kernel === "sglang_flash_attention" && row.part === "core" && row.newTokens === 12288 && row.geometry === "16",
    );
    expect(absorbed?.seconds).toBeGreaterThan(layer("h100-sxm", "sglang_fa3", 16384));
  });

  it("of sparse layers on B200 lies within a third of TensorRT-LLM's and vLLM's rows of 32,768 tokens, and takes no four times as long for twice", () => {
    const of = (engine: string, cacheFormat: string, promptTokens: number) => {
      const step = prefillStep({
        ...{ model: v32, hardware: hardware("b200-sxm"), requests: 1, promptTokens, tensorParallel: 8, engine, cacheFormat },
      });
      return (
        (total(step, "attention core") + total(step, "indexer") + total(step, "attention projections") + total(step, "output projection")) /
        61
      );
    };
    expect(Math.abs(of("tensorrt-llm", "fp8", 32768) / 22.76e-3 - 1)).toBeLessThan(1 / 3);
    expect(Math.abs(of("vllm", "bfloat16", 32768) / 25.566e-3 - 1)).toBeLessThan(1 / 3);
    for (const engine of engines)
      for (const cache of ["bfloat16", "fp8"]) expect(of(engine, cache, 65536) / of(engine, cache, 32768), engine).toBeLessThan(3.5);
  });

  it("differs by engine for every kind of model that engines run by other kernels", () => {
    const seconds = (id: string, machine: string) =>
      engines.map((engine) =>
        total(prefillStep({ model: model(id), hardware: hardware(machine), requests: 4, promptTokens: 8192, engine }), "attention core"),
      );
    for (const machine of ["h200-sxm", "b200-sxm"])
      for (const id of [
        "llama-3-70b",
        "deepseek-v3",
        "deepseek-v3.2",
        "minimax-m3",
        ...(machine === "b200-sxm" ? ["deepseek-v4-flash"] : []),
      ])
        expect(new Set(seconds(id, machine)).size, `${id} on ${machine}`).toBe(3);
  });

  it("says where a request is longer than any that its kernel was measured with, and only there", () => {
    const carried = (promptTokens: number, pastTokens = 0) =>
      prefillStep({ model: v32, hardware: hardware("h200-sxm"), requests: 1, promptTokens, pastTokens, tensorParallel: 8, engine: "vllm" })
        .carried;
    const words = "attention: vllm_FLASHMLA_SPARSE on 65,536 tokens of a request, measured up to 32,896";
    expect(carried(65536)).toContain(words);
    expect(carried(32768, 32768)).toContain(words);
    expect(carried(32896)).toEqual([]);
  });
});

describe("prompts over many ranks", () => {
  it("go to each node once, whatever their number, where a decode step of as many tokens sends each copy", () => {
    for (const requests of [32, 128]) {
      const step = prefillStep({ ...wide, requests, promptTokens: 64 });
      const task = step.tasks.find(({ name }) => name === "combine");
      const { seconds } = expertExchangeTime({
        ...{ direction: "combine", tokens: (requests / 32) * 64, expertParallel: 32, implementation: "deepep-high-throughput" },
        ...{
          hardware: wide.hardware,
          model: { hiddenSize: 7168, routedExperts: 256, expertsPerToken: 8, expertGroups: 8, chosenGroups: 4 },
        },
      });
      expect(task?.seconds).toBeCloseTo(seconds, 15);
    }
  });

  it("come within a fifth of the prefill that DeepSeek published, and as near as the other model", () => {
    const [measured, other] = prefillComparisons();
    expect([measured?.kind, other?.kind]).toEqual(["measured", "model"]);
    expect(Math.abs((measured?.ours as number) / 7839 - 1)).toBeLessThan(0.2);
    expect(measured?.tokensPerSecondPerGpu).toBe(7839);
    expect(measured?.ours).toBe(other?.ours);
    expect(measured?.step.seconds).toBeCloseTo(16384 / (measured?.ours as number), 12);
  });
});

describe("two micro-batches of prompts", () => {
  const both = prefillStep({ ...wide, overlap: "two-micro-batches" });

  it("hide so much of each layer's exchange as those of a decode step, and no more", () => {
    const plain = prefillStep(wide);
    expect(both.seconds).toBeLessThan(plain.seconds);
    const sum = both.tasks.reduce((seconds, task) => seconds + task.seconds, 0);
    const exchange = total(both, "dispatch") + total(both, "combine");
    expect(sum - both.seconds).toBeLessThanOrEqual(hiding * exchange + 1e-9);
    // 20 of 132 processors carry the exchange, which stay taken: computing and they are the longer here.
    expect(sum - both.seconds).toBeCloseTo(hiding * exchange * (1 - 20 / 132), 3);
  });

  it("are two halves of a group's prompts, each task twice, and a lone prompt is cut in two", () => {
    const cores = (step: typeof both) => step.tasks.filter(({ name }) => name === "attention core");
    expect(cores(both)).toHaveLength(2 * cores(prefillStep(wide)).length);
    const [first, second] = cores(prefillStep({ ...wide, requests: 32, overlap: "two-micro-batches" }));
    const whole = cores(prefillStep({ ...wide, requests: 32 }))[0];
    // Pairs of the halves: 2,048 on nothing, 2,048 on 2,048; together those of 4,096.
    expect((first?.flops as number) + (second?.flops as number)).toBeCloseTo(whole?.flops as number, -3);
    expect(second?.flops).toBeGreaterThan(2 * (first?.flops as number));
    expect(() => prefillStep({ ...wide, requests: 32, promptTokens: 1, overlap: "two-micro-batches" })).toThrow(
      "promptTokens must be at least 2 for two-micro-batches of one prompt, got 1",
    );
    expect(() => prefillStep({ ...wide, overlap: "three" as never })).toThrow(RangeError);
  });

  it("are what an answer without them misses, and says, where tokens are exchanged", () => {
    const says = (change: object) =>
      prefillStep({ ...wide, ...change }).leftOut.filter((words) => words.startsWith("hiding of the exchange"));
    expect(says({})).toEqual(["hiding of the exchange: without two micro-batches none of it runs beside computing"]);
    expect(says({ overlap: "two-micro-batches" })).toEqual([]);
    expect(says({ expertParallel: 8, dataParallel: 1, tensorParallel: 8 })).toEqual([]);
    expect(says({ model: model("llama-3-70b"), expertParallel: 1 })).toEqual([]);
  });

  it("hide nothing where nothing is exchanged, but the weights are read twice", () => {
    const alone = { model: model("llama-3-70b"), hardware: hardware("h200-sxm"), requests: 2, promptTokens: 512, tensorParallel: 8 };
    const halves = prefillStep({ ...alone, overlap: "two-micro-batches" });
    expect(halves.seconds).toBeCloseTo(
      halves.tasks.reduce((sum, { seconds }) => sum + seconds, 0),
      9,
    );
    expect(halves.seconds).toBeGreaterThan(prefillStep(alone).seconds);
  });
});

describe("the time to take prompts in", () => {
  const asked = fc.record({
    engine: fc.constantFrom(...engines),
    id: fc.constantFrom("llama-3-70b", "deepseek-v3", "deepseek-v3.2", "qwen3-next-80b-a3b", "deepseek-v4-flash", "minimax-m3"),
    machine: fc.constantFrom("a100-sxm", "h200-sxm", "b200-sxm", "mi300x"),
    overlap: fc.constantFrom("none" as const, "two-micro-batches" as const),
    cacheFormat: fc.constantFrom("bfloat16", "fp8"),
    // Below a tile of rows one token more can bring a tile more, on a processor that stood idle.
    promptTokens: fc.integer({ min: 256, max: 40_000 }),
    pastTokens: fc.integer({ min: 0, max: 40_000 }),
    more: fc.integer({ min: 1, max: 20_000 }),
  });

  it("is no shorter for longer prompts, nor for prompts on a longer past", () => {
    fc.assert(
      fc.property(asked, ({ id, machine, more, ...rest }) => {
        const ask = (longer: object) =>
          prefillStep({ ...{ model: model(id), hardware: hardware(machine), requests: 2 }, ...rest, ...longer }).seconds;
        const seconds = ask({});
        expect(ask({ promptTokens: rest.promptTokens + more })).toBeGreaterThanOrEqual(seconds * (1 - 1e-9));
        expect(ask({ pastTokens: rest.pastTokens + more })).toBeGreaterThanOrEqual(seconds * (1 - 1e-9));
      }),
      { numRuns: 200 },
    );
  });
});
