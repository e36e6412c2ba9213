import { describe, expect, it } from "vitest";
import { attentionPlan } from "../../src/kernels/attention/attention-plan";
import { hardware } from "../../src/machine/hardware";
import type { Block, ExpertsBlock, Mixer } from "../../src/model/blocks";
import { feedForwardMatrices } from "../../src/model/feed-forward";
import { mixerMatrices } from "../../src/model/mixers/mixers";
import { model } from "../../src/model/registry";
import { normPlan } from "../../src/step/communication";
import { engineTime } from "../../src/step/engine";
import { betweenSeconds, kernelsBeside, type PlannedFeedForward, type PlannedMixer, planRuns } from "../../src/step/planned-run";
import { productKernels, productPlan } from "../../src/step/products";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";
import { betweenTask } from "../../src/step/task";

const h200 = hardware("h200-sxm");
const v3 = model("deepseek-v3");
const start = 2e-6;
const rows = 16;
const kernels = productKernels(h200, "fp8_block", start, "tensorrt-llm");
const block = (id: string, at = 0, run = 0) => model(id).runs[run]?.blocks[at] as Block;
const planned = (blocks: readonly Block[], change: Partial<StepQuestion> = {}) => {
  const question = resolveQuestion({ model: v3, hardware: h200, requests: 16, contextTokens: 1000, ...change });
  return planRuns(question, [{ count: 2, blocks }], kernels)[0] as ReturnType<typeof planRuns>[0];
};
const mixerOf = (one: Block, change: Partial<StepQuestion> = {}) => planned([one], change).blocks[0] as PlannedMixer;
const feedForwardOf = (one: Block, change: Partial<StepQuestion> = {}) => planned([one], change).blocks[0] as PlannedFeedForward;
const latent = block("deepseek-v3") as Mixer;
const sparse = block("deepseek-v3.2-exp") as Mixer;
const experts = block("deepseek-v3", 1, 1) as ExpertsBlock;

describe("a mixer as one GPU holds it", () => {
  it("has products of its matrices by their stage, after the norms of its input, and none of an indexer that it has not", () => {
    for (const one of [latent, sparse]) {
      const of = (stage: string) => mixerMatrices(one, 7168).filter((matrix) => matrix.stage === stage);
      const { projections, indexer, output } = mixerOf(one);
      expect(projections(rows)).toEqual(productPlan("attention projections", kernels, of("projections"), 2)(rows));
      expect(output(rows)).toEqual(productPlan("output projection", kernels, of("output"), 0)(rows));
      expect(indexer?.(rows)).toEqual(one === latent ? undefined : productPlan("indexer", kernels, of("indexer"), 1)(rows));
    }
  });

  it("norms its input, and latents where it has any", () => {
    const beside = (id: string) => kernelsBeside(block(id) as Mixer);
    expect(["deepseek-v3", "deepseek-v4-pro", "qwen3-235b-a22b", "qwen3-next-80b-a3b"].map(beside)).toEqual([2, 2, 1, 1]);
    // The latents of keys and values are normed where queries have no rank, too.
    expect(beside("deepseek-v2-lite")).toBe(2);
    const grouped = block("qwen3-235b-a22b") as Mixer;
    expect(kernelsBeside({ ...grouped, queryRank: 512 } as Mixer)).toBe(2);
    expect(kernelsBeside({ ...grouped, queryRank: undefined } as never)).toBe(1);
  });

  it("is cut over its group, and padded where the degree does not divide its heads", () => {
    expect(mixerOf(latent, { tensorParallel: 8 }).block).toEqual({ ...latent, heads: 16 });
    expect(mixerOf(latent, { tensorParallel: 3 }).block).toEqual({ ...latent, heads: 43 });
  });

  it("has norms over all heads where GPUs share them, and where it norms across them", () => {
    const grouped = { ...block("minimax-m2"), heads: 48, keyValueHeads: 8, headDim: 128, normAcrossHeads: true } as Mixer;
    const norms = (one: Block, tensorParallel: number) => mixerOf(one, { tensorParallel }).norms?.(rows);
    // Of 12 heads and 2 of keys of 128 on each of four GPUs.
    expect(norms(grouped, 4)).toEqual(normPlan({ hardware: h200, engine: "tensorrt-llm", tensorParallel: 4 }, 14 * 128, start)(rows));
    expect(norms(grouped, 1)).toBeUndefined();
    expect(norms({ ...grouped, normAcrossHeads: false } as Mixer, 4)).toBeUndefined();
    expect(norms({ ...latent, normAcrossHeads: true } as never, 4)).toBeUndefined();
  });

  it("has a core of the kernel that its engine runs in decode, and of the one that it runs for prompts, both read cold in BF16", () => {
    const core = { part: "core", weightFormat: "bfloat16", arithmetic: "bfloat16", warm: false, hiddenSize: 7168 } as const;
    for (const [engine, kernel] of [
      ["tensorrt-llm", "trtllm_default"],
      ["vllm", undefined],
    ] as const)
      for (const cacheFormat of ["bfloat16", "fp8"] as const) {
        const plan = mixerOf(latent, { engine, cacheFormat });
        // An FP8 latent cache on Hopper is TensorRT-LLM's in every engine.
        const chosen = cacheFormat === "fp8" ? "trtllm_default" : kernel;
        const options = { ...core, cacheFormat, ...(chosen === undefined ? {} : { kernel: chosen }) };
        const decode = attentionPlan(latent, h200, { ...options, phase: "decode" });
        expect(plan.core.kernel).toBe(decode.kernel);
        expect(plan.core.time(16, 1000, 1)).toEqual(decode.time(16, 1000, 1));
        const forPrompts = engine === "vllm" ? "vllm_FLASH_ATTN" : "trtllm_default";
        const prefill = attentionPlan(latent, h200, { ...core, cacheFormat, phase: "prefill", kernel: forPrompts });
        expect(plan.prefill.kernel).toBe(prefill.kernel);
        expect(plan.prefill.time(2, 0, 1000)).toEqual(prefill.time(2, 0, 1000));
      }
    // Repeated calls would find a small cache on the chip, and have a floor of their arithmetic alone.
    const grouped = block("qwen3-235b-a22b") as Mixer;
    const options = { ...core, cacheFormat: "bfloat16", phase: "decode", kernel: "trtllm_torch_flow", warm: true } as const;
    const warm = attentionPlan(grouped, h200, options).time(16, 1000, 1);
    expect(mixerOf(grouped).core.time(16, 1000, 1).floorSeconds).toBeGreaterThan(2 * warm.floorSeconds);
  });
});

describe("a feed-forward part as one GPU holds it", () => {
  const of = (one: Block, part: string) => feedForwardMatrices(one as ExpertsBlock, 7168).filter((matrix) => matrix.part === part);

  it("has of experts the router and the shared expert with two kernels beside each, and no dense part", () => {
    const { router, shared, dense, narrow } = feedForwardOf(experts);
    expect(router?.(rows)).toEqual(productPlan("router", kernels, of(experts, "router"), 2)(rows));
    expect(shared?.(rows)).toEqual(productPlan("shared expert", kernels, of(experts, "shared expert"), 2)(rows));
    expect([dense, narrow]).toEqual([undefined, undefined]);
    expect(feedForwardOf({ ...experts, shared: 0, sharedWidth: 0 }).shared).toBeUndefined();
  });

  it("has projections to the experts' width where that is narrower", () => {
    const narrower = { ...experts, inputWidth: 3584 };
    expect(feedForwardOf(narrower).narrow?.(rows)).toEqual(
      productPlan("latent projections", kernels, of(narrower, "latent projection"), 0)(rows),
    );
  });

  it("is one dense part with two kernels beside it, cut over the group; experts over theirs", () => {
    const dense: Block = { kind: "dense", width: 18_432, matrices: 3 };
    const whole = feedForwardOf(dense);
    expect(whole.dense?.(rows)).toEqual(productPlan("dense feed-forward", kernels, of(dense, "dense feed-forward"), 2)(rows));
    expect([whole.router, whole.narrow, whole.shared]).toEqual([undefined, undefined, undefined]);
    expect(feedForwardOf(dense, { tensorParallel: 8 }).block).toMatchObject({ width: 2304 });
    expect(feedForwardOf(experts, { tensorParallel: 8, expertParallel: 2 }).block).toMatchObject({ width: 512, sharedWidth: 256 });
  });
});

describe("runs as one GPU holds them", () => {
  it("count what the time between kernels goes by: mixers and one for all feed-forward parts, and mixers by their kind", () => {
    const linear = block("qwen3-next-80b-a3b");
    const dense: Block = { kind: "dense", width: 64, matrices: 3 };
    const counts = (blocks: readonly Block[]) => {
      const { count, parts, latent: l, sparse: s, linear: n, experts: e } = planned(blocks);
      return { count, parts, latent: l, sparse: s, linear: n, experts: e?.kind };
    };
    expect(counts([latent, dense, experts])).toEqual({ count: 2, parts: 2, latent: 1, sparse: 0, linear: 0, experts: "experts" });
    expect(counts([sparse, linear, linear])).toEqual({ count: 2, parts: 3, latent: 0, sparse: 1, linear: 2, experts: undefined });
    const follows = { ...sparse, indexer: { ...(sparse as { indexer: object }).indexer, scores: false } } as Block;
    expect(counts([follows, dense])).toEqual({ count: 2, parts: 2, latent: 0, sparse: 0, linear: 0, experts: undefined });
    expect(counts([dense])).toMatchObject({ parts: 1 });
    expect(counts([{ ...latent, indexer: undefined } as never])).toMatchObject({ latent: 1, sparse: 0 });
  });

  it("have half of a layer's time between kernels for each part and each that quantizes, and of each kind of mixer its own", () => {
    const time = {
      ...{ layerSeconds: 10, quantizedSeconds: 4, latentSeconds: 1, sparseSeconds: 2, linearSeconds: 3 },
      ...{ layerRequestSeconds: 100, bandLow: 1, bandHigh: 1 },
    };
    expect(betweenSeconds(time, { parts: 3, latent: 1, sparse: 0, linear: 0, quantized: 0 })).toBe(15 + 1);
    expect(betweenSeconds(time, { parts: 4, latent: 1, sparse: 2, linear: 4, quantized: 3 })).toBe(20 + 6 + 1 + 4 + 12);
    expect(betweenSeconds({ ...time, layerSeconds: 0 }, { parts: 2, latent: 3, sparse: 1, linear: 1, quantized: 0 })).toBe(3 + 2 + 3);
  });

  it("quantize before the products of mixers and of feed-forward parts by the format of each, on AMD's machines for FP8 in blocks alone", () => {
    const counted = (change: Partial<StepQuestion>, blocks: readonly Block[] = [latent, experts]) => planned(blocks, change).quantized;
    const dense: Block = { kind: "dense", width: 64, matrices: 3 };
    const amd = { hardware: hardware("mi300x") };
    // DeepSeek-V3 is released in FP8 by blocks: one mixer and one feed-forward part.
    expect([counted({}), counted({}, [latent]), counted({}, [latent, dense])]).toEqual([2, 1, 2]);
    expect(counted({ weightFormat: "bfloat16" })).toBe(0);
    // Experts whose activations are narrowed, beside attention in BF16.
    expect(counted({ model: model("gpt-oss-120b"), weightFormat: "w4a8_mxfp4_mxfp8" })).toBe(1);
    expect(counted({ model: model("gpt-oss-120b"), weightFormat: "w4a8_mxfp4_mxfp8" }, [latent, dense])).toBe(0);
    expect([counted(amd), counted({ ...amd, weightFormat: "fp8" })]).toEqual([2, 0]);
  });

  it("have that time of their engine as a task, and none where the engine takes none", () => {
    const dense: Block = { kind: "dense", width: 64, matrices: 3 };
    const { layerSeconds, quantizedSeconds, latentSeconds } = engineTime("sglang", h200);
    const seconds = layerSeconds + quantizedSeconds + latentSeconds;
    expect(planned([latent, dense], { engine: "sglang" }).between).toEqual(betweenTask(seconds));
    expect(planned([dense], { engine: "sglang", hardware: { ...h200, times: { betweenKernels: 0 } } }).between).toBeUndefined();
  });

  it("share one record for blocks that are alike, in one run and over runs", () => {
    const question = resolveQuestion({ model: v3, hardware: h200, requests: 16, contextTokens: 1000 });
    const [first, second] = planRuns(question, v3.runs, kernels);
    expect(first?.blocks[0]).toBe(second?.blocks[0]);
    expect(first?.blocks[1]).not.toBe(second?.blocks[1]);
    expect(first?.blocks[0]?.last).toEqual({ plan: undefined, passing: undefined, tasks: undefined });
  });
});
