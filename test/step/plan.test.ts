import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { planOf } from "../../src/step/plan";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";

const h200 = hardware("h200-sxm");
const v3 = model("deepseek-v3");
const asked: StepQuestion = { model: v3, hardware: h200, requests: 64, contextTokens: 1000, tensorParallel: 8, engine: "sglang" };
const planFor = (question: StepQuestion) => planOf(resolveQuestion(question));
/** What of a plan shows the choices that it was made of. */
const shown = (question: StepQuestion) => {
  const { kernel, kernels, runs, engineTime, head, reduce, exchangeMachine, padded, carried } = planFor(question);
  const cores = runs.map(({ blocks }) => blocks.map((block) => ("core" in block ? block.core.time(64, 1000, 1).seconds : block.block)));
  return {
    ...{ kernel, kernels, engineTime, exchangeMachine, padded, carried, cores },
    head: head(64).seconds,
    reduce: reduce?.(64).seconds,
    dense: runs.map(({ blocks }) => blocks.map((block) => ("dense" in block ? block.dense?.(64).seconds : block.output(64).seconds))),
  };
};

describe("a plan", () => {
  const { engine: _, ...unnamed } = asked;
  it.each<[string, StepQuestion]>([
    ["another machine under the same name", { ...asked, hardware: { ...h200, memoryBytesPerSecond: 1e12 } }],
    ["a machine that lacks its network", { ...asked, hardware: hardware("l40s") }],
    ["another degree", { ...asked, tensorParallel: 4 }],
    ["attention dealt out", { ...asked, tensorParallel: 1, dataParallel: 8, expertParallel: 8 }],
    ["attention dealt out, experts cut", { ...asked, tensorParallel: 1, dataParallel: 8, expertParallel: 1 }],
    ["attention dealt out in pairs", { ...asked, tensorParallel: 2, dataParallel: 4, expertParallel: 8 }],
    ["ranks inside a group", { ...asked, expertParallel: 8 }],
    ["another engine", { ...asked, engine: "vllm" }],
    ["no engine named", unnamed],
    ["another format of the experts", { ...asked, weightFormat: "int4_wo" }],
    ["another format of all weights", { ...asked, weightFormat: "bfloat16" }],
    ["another format of the cache", { ...asked, cacheFormat: "fp8" }],
    ["another kernel", { ...asked, kernel: "moe_torch_flow_cutlass" }],
  ])("is the same whatever was asked of the model before: %s", (_words, other) => {
    const fresh = (question: StepQuestion) => shown({ ...question, model: { ...v3 } });
    const one = { ...v3 };
    expect(shown({ ...asked, model: one })).toEqual(fresh(asked));
    expect(shown({ ...other, model: one })).toEqual(fresh(other));
    expect(shown({ ...asked, model: one })).toEqual(fresh(asked));
    expect(fresh(other)).not.toEqual(fresh(asked));
  });

  it.each<[string, StepQuestion, StepQuestion]>([
    [
      "whether the engine was named",
      { ...unnamed, tensorParallel: 1, dataParallel: 8, expertParallel: 8 },
      { ...asked, engine: "tensorrt-llm", tensorParallel: 1, dataParallel: 8, expertParallel: 8 },
    ],
    ["the format of the experts", { ...asked, weightFormat: "int4_wo" }, { ...asked, weightFormat: "w4a16_mxfp4" }],
  ])("is told apart from one that differs in this alone: %s", (_words, first, second) => {
    const one = { ...v3 };
    expect(planFor({ ...first, model: one }).kernel).not.toBe(planFor({ ...second, model: one }).kernel);
  });

  it("is made once for questions that differ in counts alone", () => {
    const one = { ...asked, model: { ...v3 } };
    expect(planFor({ ...one, requests: 7, contextTokens: 5 }).runs).toBe(planFor(one).runs);
    planFor({ ...one, engine: "vllm" });
    expect(planFor(one).runs).toBe(planFor(one).runs);
  });

  it.each<[string, Partial<StepQuestion>]>([
    ["copies of experts", { expertSlots: 288 }],
    ["routing", { routing: "even" }],
  ])("keeps what is routed apart for other %s", (_words, change) => {
    const one = { ...asked, model: { ...v3 } };
    const { routed } = planFor(one);
    expect(planFor({ ...one, ...change }).routed).not.toBe(routed);
    expect(planFor(one).routed).toBe(routed);
  });

  it("keeps set-ups that were asked for before the last", () => {
    const one = { ...asked, model: { ...v3 } };
    const { runs } = planFor(one);
    planFor({ ...one, engine: "vllm" });
    expect(planFor(one).runs).toBe(runs);
  });

  it("carries every field of its question", () => {
    const question = resolveQuestion({ ...asked, draftTokens: 2, promptTokens: 3, waiting: 1.5, overlap: "two-micro-batches" });
    expect(planOf(question)).toMatchObject(question);
  });

  it("has a head of a GPU's share of the vocabulary, and an all-reduce where a group has more GPUs than one", () => {
    // 129,280 words over 8 GPUs, and over 3 the next whole number.
    expect(planFor(asked).head(64).flops).toBe(2 * 64 * 7168 * 16_160);
    expect(planFor({ ...asked, tensorParallel: 3 }).head(64).flops).toBe(2 * 64 * 7168 * 43_094);
    expect(planFor({ ...asked, tensorParallel: 1, dataParallel: 8 }).reduce).toBeUndefined();
    expect(planFor({ ...asked, tensorParallel: 2 }).reduce?.(64)).toMatchObject({ name: "all-reduce", runBytes: (64 * 7168 * 2) / 2 });
  });

  it("names its head, and says whether heads of any of its runs are padded", () => {
    expect(planFor(asked).head(64).name).toBe("head");
    // The second run of two has heads that three GPUs do not divide.
    const [first, second] = v3.runs as [(typeof v3.runs)[0], (typeof v3.runs)[0]];
    const even = first.blocks.map((block) => (block.kind === "latent" ? { ...block, heads: 129 } : block));
    const mixed = { ...v3, runs: [{ ...first, blocks: even }, second] };
    expect(planFor({ ...asked, model: mixed, tensorParallel: 3 }).padded).toBe(true);
  });

  it("says whether heads are padded", () => {
    expect(planFor(asked).padded).toBe(false);
    expect(planFor({ ...asked, tensorParallel: 3 }).padded).toBe(true);
  });
});
