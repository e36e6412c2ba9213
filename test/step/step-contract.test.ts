import { describe, expect, it } from "vitest";
import { hardware, machines } from "../../src/machine/hardware";
import { paddedBlock } from "../../src/model/padded";
import { model, models } from "../../src/model/registry";
import { acceptedTokens, decodeSeconds, decodeStep } from "../../src/step/decode";
import { engineOf, engineTime } from "../../src/step/engine";
import { linked } from "../../src/step/links";
import { prefillStep, timeToFirstToken } from "../../src/step/prefill";
import type { StepQuestion } from "../../src/step/question";
import { busiestRank } from "../../src/step/waiting";

const r1 = model("deepseek-r1");
const b200 = hardware("b200-sxm");
const h200 = hardware("h200-sxm");
const ask = (change: Partial<StepQuestion> = {}) =>
  decodeStep({ model: r1, hardware: b200, requests: 16, contextTokens: 2048, tensorParallel: 8, ...change });

describe("a step's question", () => {
  it("is answered for one user on eight GPUs, within a fifth of the 9.0 ms that were published", () => {
    // In the release's format, and as it was measured: NVFP4, two ranks of experts inside the group, prompts of 1,024 and answers of 2,048.
    const published = { weightFormat: "nvfp4", expertParallel: 2, contextTokens: 2048 };
    for (const change of [{ weightFormat: "fp8_block" }, published]) {
      const { seconds } = ask({ requests: 1, ...change });
      expect(Math.abs(seconds / 9.0e-3 - 1), change.weightFormat).toBeLessThan(0.2);
    }
  });

  it("knows each way of splitting: ranks of experts inside a group, attention dealt out, experts cut over the groups, copies", () => {
    const splits = [
      { tensorParallel: 8, expertParallel: 8 },
      { tensorParallel: 8, expertParallel: 2 },
      { tensorParallel: 1, dataParallel: 8, expertParallel: 8 },
      { tensorParallel: 2, dataParallel: 4, expertParallel: 8 },
      { tensorParallel: 1, dataParallel: 8, expertParallel: 1 },
      { tensorParallel: 1, dataParallel: 72, expertParallel: 72, expertSlots: 288 },
      { tensorParallel: 1, dataParallel: 320, expertParallel: 320 },
      { tensorParallel: 16 },
    ];
    for (const split of splits) expect(ask({ requests: 640, ...split }).seconds, JSON.stringify(split)).toBeGreaterThan(1e-3);
    const dealt = ask({ tensorParallel: 1, dataParallel: 8, expertParallel: 1 }).tasks.map(({ name }) => name);
    expect(dealt).toContain("all-gather");
    expect(dealt).toContain("reduce-scatter");
  });

  it("gives the busiest group what is left over, and tokens a second of all requests", () => {
    const nine = ask({ tensorParallel: 1, dataParallel: 8, expertParallel: 8, requests: 9 });
    const sixteen = ask({ tensorParallel: 1, dataParallel: 8, expertParallel: 8, requests: 16 });
    const core = (step: typeof nine) => step.tasks.find(({ name }) => name === "attention core")?.bytes;
    expect(core(nine)).toBe(core(sixteen));
    expect(nine.tokensPerSecondPerGpu * nine.seconds * 8).toBeCloseTo(9, 9);
  });

  it("reads engines and formats in any case, and refuses what it does not know by name", () => {
    expect(ask({ engine: "TensorRT-LLM" }).engine).toBe("tensorrt-llm");
    expect(ask({ engine: "vLLM", cacheFormat: "FP8" })).toMatchObject({ engine: "vllm", cacheFormat: "fp8" });
    expect(() => ask({ engine: "sglan" })).toThrow("nearest: sglang");
    expect(() => ask({ tensorparallel: 8 } as Partial<StepQuestion>)).toThrow('unknown field "tensorparallel"; nearest: tensorParallel');
    expect(() => ask({ waiting: 0.5 })).toThrow("waiting must be a number of at least 1, got 0.5");
    expect(engineOf(undefined, hardware("mi300x"))).toBe("vllm");
  });

  it("keeps the older form: requests of a GPU with experts dealt out over groups", () => {
    const older = decodeStep({ model: r1, hardware: h200, requestsPerGpu: 4, contextTokens: 1000, expertParallel: 8 });
    expect(older.seconds).toBe(
      decodeStep({ model: r1, hardware: h200, requests: 32, contextTokens: 1000, dataParallel: 8, expertParallel: 8 }).seconds,
    );
  });

  it("pads heads that a degree does not divide, and says so", () => {
    const step = decodeStep({ model: model("llama-3-70b"), hardware: h200, requests: 4, contextTokens: 100, tensorParallel: 3 });
    expect(step.leftOut.some((words) => words.startsWith("heads that the degree does not divide"))).toBe(true);
    expect(paddedBlock(model("llama-3-70b").runs[0]?.blocks[0] as never, 3)).toMatchObject({ heads: 66, keyValueHeads: 9 });
  });

  it("has a band around its time, and names what is carried to another generation", () => {
    const here = ask();
    expect(here.errorBand.low).toBeLessThan(here.seconds);
    expect(here.errorBand.high).toBeGreaterThan(here.seconds);
    const a100 = decodeStep({
      model: model("llama-3-70b"),
      hardware: hardware("a100-sxm"),
      requests: 8,
      contextTokens: 1000,
      tensorParallel: 4,
    });
    expect(a100.carried).toContain("time between kernels: of tensorrt-llm Hopper");
    const { bandLow, bandHigh } = engineTime("tensorrt-llm", hardware("a100-sxm"));
    expect(a100.errorBand.high / a100.seconds).toBeCloseTo(bandHigh ** 1.5, 9);
    expect(a100.errorBand.low / a100.seconds).toBeCloseTo(bandLow ** 1.5, 9);
  });

  it("lends a machine without links PCIe and a card, and says so", () => {
    const l40s = hardware("l40s");
    expect(linked(l40s, 1)).toBe(l40s);
    expect(linked(l40s, 4)).toMatchObject({ scaleUpBytesPerSecond: 32e9, scaleUpDomain: 8 });
    expect(linked(l40s, 4)).toBe(linked(l40s, 8));
    const step = decodeStep({ model: model("qwen3-30b-a3b"), hardware: l40s, requests: 4, contextTokens: 1000, tensorParallel: 4 });
    expect(step.carried.some((words) => words.startsWith("links: not in the record of l40s"))).toBe(true);
  });

  it("answers in seconds alone what it answers in full, and lists its tasks in copies too", () => {
    const question = { model: r1, hardware: b200, requests: 16, contextTokens: 2048, tensorParallel: 8 };
    const step = decodeStep(question);
    expect(decodeSeconds(question)).toBe(step.seconds);
    expect({ ...step }.tasks).toBe(step.tasks);
    expect(JSON.parse(JSON.stringify(step)).tasks).toHaveLength(step.tasks.length);
  });
});

describe("drafts", () => {
  it("cost rows, experts touched and a layer each, and give the tokens that are accepted", () => {
    expect(acceptedTokens(2, 0.5)).toBe(1.75);
    const plain = ask({ requests: 1, weightFormat: "nvfp4" });
    let before = plain.seconds;
    for (const draftTokens of [1, 2, 3, 4, 5]) {
      const step = ask({ requests: 1, weightFormat: "nvfp4", draftTokens, acceptance: 1 });
      expect(step.seconds).toBeGreaterThan(before);
      expect(step.tokensPerSecondPerRequest * step.seconds).toBeCloseTo(draftTokens + 1, 9);
      before = step.seconds;
    }
    // Published: 9.0 ms without, 12.6 with five.
    expect(before / plain.seconds).toBeGreaterThan(1.2);
    expect(before / plain.seconds).toBeLessThan(1.6);
    expect(ask({ draftTokens: 1 }).leftOut.some((words) => words.startsWith("the drafting module"))).toBe(true);
  });
});

describe("waiting for the busiest rank", () => {
  it("is what the tail of chance gives, worked by hand", () => {
    // One token, eight experts, eight ranks: mean 1, v = 0.875 * 248 / 255, g = 1.43: x ln x - x + 1 = 0.870.
    const x = busiestRank({ tokens: 1, expertsPerToken: 8, experts: 256, ranks: 8 });
    expect(x * Math.log(x) - x + 1).toBeCloseTo((0.875 * 248 * 1.4342 ** 2) / 255 / 2, 2);
    expect(x).toBeGreaterThan(2.4);
    expect(x).toBeLessThan(2.8);
  });

  it("vanishes with many tokens, is none on one rank, and is more where groups are chosen first", () => {
    const v3 = { expertsPerToken: 8, experts: 256, ranks: 8 };
    expect(busiestRank({ ...v3, tokens: 100_000 })).toBeLessThan(1.01);
    expect(busiestRank({ ...v3, tokens: 64, ranks: 1 })).toBe(1);
    expect(busiestRank({ ...v3, tokens: 64, expertGroups: 8, chosenGroups: 4 })).toBeGreaterThan(busiestRank({ ...v3, tokens: 64 }));
    // A rank can get no more than every expert of each token.
    expect(busiestRank({ tokens: 1, expertsPerToken: 2, experts: 8, ranks: 2 })).toBeLessThanOrEqual(2);
  });

  it("is on by default, off at 1, and none of routings that are even", () => {
    const change = { expertParallel: 8, requests: 4 };
    const [waited, none, even] = [ask(change), ask({ ...change, waiting: 1 }), ask({ ...change, routing: "even" })].map((s) => s.seconds);
    expect(waited).toBeGreaterThan(none as number);
    expect(even).toBe(ask({ ...change, routing: "even", waiting: 1 }).seconds);
    expect(ask({ ...change, waiting: 3 }).seconds).toBeGreaterThan(none as number);
  });
});

describe("two micro-batches and the cliff", () => {
  const v3 = model("deepseek-v3");
  const h800 = hardware("h800-sxm");
  const wide = (requestsPerGpu: number, id: string, expertParallel: number) =>
    decodeStep({ model: v3, hardware: hardware(id), requestsPerGpu, contextTokens: 4096, expertParallel }).seconds;

  it("are within a tenth of DeepSeek's 2,324 tokens a second and GPU, and of its fleet's 1,850 at 88 requests", () => {
    const overlap = "two-micro-batches";
    const trace = decodeStep({ model: v3, hardware: h800, requestsPerGpu: 128, contextTokens: 4096, expertParallel: 128, overlap });
    expect(Math.abs(trace.tokensPerSecondPerGpu / 2324 - 1)).toBeLessThan(0.1);
    const fleet = decodeStep({ model: v3, hardware: h800, requestsPerGpu: 88, contextTokens: 4989, expertParallel: 144, overlap });
    expect(Math.abs(fleet.tokensPerSecondPerGpu / 1850 - 1)).toBeLessThan(0.1);
  });

  it.each([
    ["h800-sxm", 128],
    ["gb200", 32],
    ["h200-sxm", 8],
  ] as const)("is none at 129 requests a GPU: %s, %i ranks", (id, ranks) => {
    expect(wide(129, id, ranks) / wide(128, id, ranks)).toBeLessThan(1.02);
  });
});

describe("prefill", () => {
  const llama = model("llama-3-70b");
  const fill = (promptTokens: number, change = {}) =>
    prefillStep({ model: llama, hardware: h200, requests: 1, promptTokens, tensorParallel: 8, ...change });

  it("multiplies every new token with every weight but the head's", () => {
    const { tasks, floorSeconds, seconds, tokensPerSecondPerGpu } = fill(8192);
    const flops = tasks.filter(({ name }) => name.endsWith("projections") || name.includes("projection") || name === "dense feed-forward");
    const weights = 80 * (8192 * (8192 + 2 * 1024) + 8192 * 8192 + 3 * 8192 * 28_672);
    expect(flops.reduce((sum, task) => sum + task.flops, 0)).toBeCloseTo((2 * 8192 * weights) / 8, -9);
    expect(tasks.filter(({ name }) => name === "head")[0]?.flops).toBe((2 * 8192 * llama.vocabSize) / 8);
    expect(seconds).toBeGreaterThan(floorSeconds);
    expect(tokensPerSecondPerGpu * seconds * 8).toBeCloseTo(8192, 6);
  });

  it("takes longer for longer prompts, for a past, and for more of them; the first token waits for it", () => {
    expect(fill(8192).seconds).toBeGreaterThan(fill(4096).seconds);
    expect(fill(4096, { pastTokens: 32_768 }).seconds).toBeGreaterThan(fill(4096).seconds);
    expect(fill(4096, { requests: 2 }).seconds).toBeLessThan(2.0001 * fill(4096).seconds);
    expect(timeToFirstToken({ model: llama, hardware: h200, promptTokens: 4096, tensorParallel: 8 })).toBe(fill(4096).seconds);
    expect(() => fill(0)).toThrow("promptTokens must be a positive integer, got 0");
    expect(() => fill(1, { pastTokens: -1 })).toThrow("pastTokens must be a whole number of at least 0, got -1");
  });

  it("costs a decode step that takes prompts in", () => {
    expect(ask({ promptTokens: 512 }).seconds).toBeGreaterThan(ask().seconds);
  });
});

describe("every model and machine", () => {
  it("is answered, cut over eight GPUs, with no floor above its time", () => {
    for (const m of models()) {
      const step = decodeStep({ model: m, hardware: b200, requests: 7, contextTokens: 3000, tensorParallel: 8 });
      expect(step.seconds, m.id).toBeGreaterThanOrEqual(step.floorSeconds);
    }
    for (const machine of machines()) {
      const step = decodeStep({ model: r1, hardware: machine, requests: 7, contextTokens: 3000, tensorParallel: 8, expertParallel: 8 });
      expect(step.seconds, machine.id).toBeGreaterThanOrEqual(step.floorSeconds);
    }
  });
});
