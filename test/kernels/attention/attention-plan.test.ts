import { describe, expect, it } from "vitest";
import { type FamilyKey, mixerFamilies } from "../../../src/kernels/attention/attention-families";
import { type AttentionOptions, attentionPlan, ratesFor } from "../../../src/kernels/attention/attention-plan";
import { denseFamily, denseTime } from "../../../src/kernels/product";
import { hardware } from "../../../src/machine/hardware";
import type { GroupedMixer, LinearMixer } from "../../../src/model/blocks";
import { timedLayers } from "../../../src/published/attention-shapes";

const h200 = hardware("h200-sxm");
const b200 = hardware("b200-sxm");
const grouped: GroupedMixer = { kind: "grouped", heads: 8, keyValueHeads: 1, headDim: 128, valueHeadDim: 128, cacheSource: "own" };
const gatedDelta: LinearMixer = {
  ...{ kind: "linear", family: "gated-delta", keyHeads: 16, valueHeads: 32, keyDim: 128, valueDim: 128 },
  ...{ convolutionWidth: 4, stateElementBytes: 4 },
};
const sparse = timedLayers["deepseek-v3.2-exp"]?.mixer as never;
const usual: AttentionOptions = {
  ...{ phase: "decode", part: "core", cacheFormat: "bfloat16", weightFormat: "bfloat16", arithmetic: "bfloat16" },
  ...{ hiddenSize: 4096, warm: false },
};
const plan = (mixer: Parameters<typeof attentionPlan>[0], more: Partial<AttentionOptions> = {}, machine = h200) =>
  attentionPlan(mixer, machine, { ...usual, ...more });
const family = (key: Partial<FamilyKey>) =>
  mixerFamilies().find((f) => Object.entries(key).every(([name, value]) => f[name as keyof FamilyKey] === value));
const numbers = ["seconds", "floorSeconds", "computeSeconds", "memorySeconds", "overheadSeconds", "bytes", "flops"] as const;

describe("the rates of a part", () => {
  it("are FP8's of a core in FP8 prefill, of a layer's products those of its weights, and else BF16's", () => {
    const { bf16, fp8, fp4 } = b200.peakFlopsPerSecond;
    const of = (...asked: [Parameters<typeof ratesFor>[1], Parameters<typeof ratesFor>[2], string]) => {
      const { coreFlopsPerSecond, productFlopsPerSecond } = ratesFor(b200, ...asked);
      return [coreFlopsPerSecond, productFlopsPerSecond];
    };
    expect(of("core", "prefill", "fp8")).toEqual([fp8, bf16]);
    expect(of("core", "decode", "fp8")).toEqual([bf16, bf16]);
    expect(of("core", "prefill", "nvfp4")).toEqual([bf16, bf16]);
    expect(of("layer", "prefill", "fp8_block")).toEqual([bf16, fp8]);
    expect(of("layer", "decode", "nvfp4")).toEqual([bf16, fp4]);
    expect(of("layer", "decode", "bfloat16")).toEqual([bf16, bf16]);
    expect(of("recurrence", "prefill", "fp8")).toEqual([bf16, bf16]);
  });
});

describe("a mixer with a state", () => {
  const parts = (["convolution", "recurrence"] as const).map((part) => plan(gatedDelta, { part }).time(64, 4096, 1));

  it("is its convolution and its recurrence, one after the other, each number the sum of theirs", () => {
    const core = plan(gatedDelta).time(64, 4096, 1);
    for (const name of numbers) expect(core[name], name).toBe((parts[0]?.[name] as number) + (parts[1]?.[name] as number));
    // 8,192 channels of queries, keys and values: read and written in BF16, and the last three of each request read and written.
    expect(parts[0]?.bytes).toBe(64 * (8192 * 4 + 2 * 3 * 8192 * 2));
    // In and out of 32 heads a state of 128 x 128 in FP32, and queries, keys, values and results in BF16.
    expect(parts[1]?.bytes).toBe(64 * (2 * 32 * 128 * 128 * 4 + 2 * (16 + 32) * 128 * 2));
  });

  it("is its recurrence alone where it has no convolution", () => {
    expect(plan({ ...gatedDelta, convolutionWidth: 0 }).time(64, 4096, 1)).toEqual(parts[1]);
  });

  it("keeps its state as it is whatever the format of a cache and of products", () => {
    const fp8 = { cacheFormat: "fp8", arithmetic: "fp8" } as const;
    for (const phase of ["decode", "prefill"] as const) {
      expect(plan(gatedDelta, { phase, ...fp8 }).carried).toBeUndefined();
      expect(plan(gatedDelta, { phase, ...fp8 }).time(8, 0, 8)).toEqual(plan(gatedDelta, { phase }).time(8, 0, 8));
    }
  });

  it("has of a whole layer its projections too", () => {
    const [core, layer] = (["core", "layer"] as const).map((part) => plan(gatedDelta, { part }).time(64, 4096, 1));
    // Queries, keys, values, a gate as wide as the values, decay and strength of each of 32 heads; and the output.
    const weights = (2 * 16 * 128 + 2 * 32 * 128 + 2 * 32) * 4096 + 4096 * 32 * 128;
    expect((layer?.flops as number) - (core?.flops as number)).toBe(2 * 64 * weights);
  });
});

describe("a grouped mixer", () => {
  it("reads its cache in the format asked for, by that format's family", () => {
    // 64 requests with 4,097 tokens of keys and values of one head; queries and results of 8 heads, the new key and value.
    const others = 64 * ((8 + 1) * 2 * 128 * 2 + 2 * 128 * 2);
    expect(plan(grouped).time(64, 4096, 1).bytes).toBe(64 * 4097 * 2 * 128 * 2 + others);
    expect(plan(grouped, { cacheFormat: "fp8" }).heldOutError).toEqual(
      family({ kernel: "vllm_flash_attn_fa3", phase: "decode", cacheFormat: "fp8" })?.heldOutError,
    );
  });

  it("multiplies in FP8 where that is asked for, in prefill alone", () => {
    const fp8 = { cacheFormat: "fp8", arithmetic: "fp8" } as const;
    expect(plan(grouped, { phase: "prefill", ...fp8 })).toMatchObject({ kernel: "sglang_fa3", carried: undefined });
    expect(plan(grouped, { phase: "decode", ...fp8 })).toMatchObject({ kernel: "vllm_flash_attn_fa3", carried: undefined });
  });

  it("is of a layer its core and its products, of every new token of every request", () => {
    const [core, layer] = (["core", "layer"] as const).map((part) => plan(grouped, { part, weightFormat: "fp8_block" }).time(4, 100, 8));
    const fp8 = denseFamily(h200, undefined, "fp8_block");
    const products = [
      { m: 32, n: (8 + 1 + 1) * 128, k: 4096 },
      { m: 32, n: 4096, k: 8 * 128 },
    ].map((product) => denseTime(fp8, product, h200));
    for (const name of numbers)
      expect(layer?.[name], name).toBeCloseTo(
        products.reduce((sum, product) => sum + product[name], core?.[name] as number),
        12,
      );
    expect((layer?.flops as number) - (core?.flops as number)).toBe(2 * 32 * (1280 * 4096 + 4096 * 1024));
    // Its core in FP8 where that is asked for.
    const prompt = { phase: "prefill", cacheFormat: "fp8", arithmetic: "fp8", weightFormat: "fp8_block" } as const;
    const [own, whole] = (["core", "layer"] as const).map((part) => plan(grouped, { part, ...prompt }).time(4, 0, 8));
    for (const name of ["floorSeconds", "computeSeconds", "memorySeconds"] as const)
      expect((whole?.[name] as number) - (own?.[name] as number), name).toBeCloseTo(
        (layer?.[name] as number) - (core?.[name] as number),
        12,
      );
  });
});

describe("latent attention over a prompt", () => {
  const flops = (mixer: never, kernel?: string) =>
    plan(mixer, { phase: "prefill", ...(kernel === undefined ? {} : { kernel }) }).time(1, 0, 100).flops;

  it("multiplies keys and values of every head, 192 and 128 wide, and a selecting one its ranks, but in kernels that make the keys before", () => {
    // 100 tokens attend to themselves and those before: 5,050 pairs, of 128 heads.
    const latent = timedLayers["deepseek-v3"]?.mixer as never;
    expect(flops(latent)).toBe(5050 * 128 * 2 * (192 + 128));
    const ratio = flops(sparse, "sglang_dsa_dense_mha_fa3") / flops(sparse);
    expect(ratio).toBeLessThan(0.9);
    expect(flops(latent, "sglang_flash_attention")).toBe(flops(latent));
  });
});

describe("a layer with a family of its own", () => {
  /** DeepSeek-V3.2's: inputs, queries, the absorbed key and value, the output, and its indexer's queries, key and head weights. */
  const wide = 128 * 512 * 128 + 128 * 128 * 512 + (128 + 64) * 7168;
  const narrow = (1536 + 576) * 7168 + 128 * 192 * 1536 + 7168 * 128 * 128 + 64 * 128 * 1536;
  const of = (part: "core" | "layer", contextTokens = 4096, more: Partial<AttentionOptions> = {}) =>
    plan(sparse, { part, hiddenSize: 7168, ...more }).time(1, contextTokens, 1);

  it("reads its weights and multiplies by them, which its core alone does not", () => {
    expect(of("layer").bytes - of("core").bytes).toBe(2 * (wide + narrow));
    expect(of("layer", 4096, { weightFormat: "fp8_block" }).bytes - of("core").bytes).toBeCloseTo(
      2 * wide + narrow * (1 + 4 / 128 ** 2),
      3,
    );
    expect(of("layer").flops - of("core").flops).toBe(2 * (wide + narrow));
  });

  it("reads and scores a key of 132 bytes more for each token of the context", () => {
    expect(of("core", 8192).bytes - of("core").bytes).toBe(4096 * 132);
    expect(of("core", 8192).flops - of("core").flops).toBe(4096 * 64 * 128 * 2);
  });

  it("has of its fixed time two fifths in the core, as what the projections take is taken out", () => {
    const constants = family({ work: "sparse latent layer", phase: "decode", kernel: "trtllm_default", generation: "Hopper" })?.constants;
    // One request is less than a wave.
    expect(of("core").overheadSeconds).toBeCloseTo(0.4 * (constants?.fixedSeconds as number), 12);
    expect(of("layer").overheadSeconds).toBeGreaterThanOrEqual(constants?.fixedSeconds as number);
    // The core of latent attention without a selection was timed alone.
    const latent = timedLayers["deepseek-v3"]?.mixer as never;
    const alone = family({ work: "latent", phase: "decode", kernel: "flashmla" })?.constants;
    expect(plan(latent).time(1, 4096, 1).overheadSeconds).toBeCloseTo(alone?.fixedSeconds as number, 12);
  });

  it("is chosen by the format of its weights, and carried where no row has it", () => {
    expect(plan(sparse, { part: "layer", weightFormat: "fp8_block" }).heldOutError).toEqual(
      family({ work: "sparse latent layer", phase: "decode", kernel: "trtllm_default", generation: "Hopper", arithmetic: "fp8_block" })
        ?.heldOutError,
    );
    const carried = plan(sparse, { part: "layer", weightFormat: "nvfp4" });
    expect(carried.carried).toMatch(/^from arithmetic/);
    expect(carried.heldOutError).toBeUndefined();
  });
});

it("a plan goes by the kernel asked for, also where another's numbers stand in", () => {
  expect(plan(grouped, { kernel: "a_kernel_of_tomorrow" })).toMatchObject({
    kernel: "a_kernel_of_tomorrow",
    carried: expect.stringMatching(/^from kernel/),
  });
});
