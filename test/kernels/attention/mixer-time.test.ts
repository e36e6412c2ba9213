import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attentionPlan } from "../../../src/kernels/attention/attention-plan";
import { type MixerQuestion, mixerTime } from "../../../src/kernels/attention/mixer-time";
import { type Hardware, hardware } from "../../../src/machine/hardware";
import type { GroupedMixer, LatentMixer, LinearMixer, Mixer } from "../../../src/model/blocks";
import { timedLayers } from "../../../src/published/attention-shapes";

const grouped: GroupedMixer = { kind: "grouped", heads: 8, keyValueHeads: 1, headDim: 128, valueHeadDim: 128, cacheSource: "own" };
const gatedDelta: LinearMixer = {
  kind: "linear",
  family: "gated-delta",
  keyHeads: 16,
  valueHeads: 32,
  keyDim: 128,
  valueDim: 128,
  convolutionWidth: 4,
  stateElementBytes: 4,
};
const dsa = timedLayers["deepseek-v3.2-exp"]?.mixer as LatentMixer;
const mixers: readonly Mixer[] = [
  grouped,
  { ...grouped, window: 128 },
  { ...grouped, chunk: 8192 },
  gatedDelta,
  ...Object.values(timedLayers).map((l) => l.mixer),
];
const model = { hiddenSize: 4096 };
const h200 = hardware("h200-sxm");
const ask = (more: Partial<MixerQuestion>) =>
  mixerTime({ model, block: grouped, hardware: h200, requests: 64, contextTokens: 4096, ...more });

describe("mixerTime", () => {
  it("counts the bytes of the cache, the new token's among them", () => {
    // 64 requests, 4,097 tokens of keys and values of one head of 128 in BF16; queries and results of 8 heads, new key and value.
    expect(ask({}).bytes).toBe(64 * 4097 * 2 * 128 * 2 + 64 * (8 + 1) * 2 * 128 * 2 + 64 * 2 * 128 * 2);
    expect(ask({}).flops).toBe(64 * 4097 * 8 * 2 * 256);
  });

  it("reads a window and no more", () => {
    const block = { ...grouped, window: 128 };
    expect(ask({ block }).seconds).toBe(ask({ block, contextTokens: 65536 }).seconds);
    expect(ask({ block, contextTokens: 65536 }).seconds).toBeLessThan(ask({ contextTokens: 65536 }).seconds / 4);
  });

  it("keeps a linear mixer's time whatever the context, and reads a state once for several drafts", () => {
    const one = ask({ block: gatedDelta, part: "recurrence" });
    expect(ask({ block: gatedDelta, part: "recurrence", contextTokens: 1e6 }).seconds).toBe(one.seconds);
    const state = 64 * 32 * 128 * 128 * 4;
    expect(one.bytes - 64 * (2 * 16 * 128 + 2 * 32 * 128) * 2).toBe(2 * state);
    const four = ask({ block: gatedDelta, part: "recurrence", newTokens: 4, phase: "decode" });
    expect(four.bytes - 4 * 64 * (2 * 16 * 128 + 2 * 32 * 128) * 2).toBe(5 * state);
  });

  it("makes a sparse layer slower than a dense one at short contexts and faster at long ones", () => {
    const { indexer: _, ...dense } = dsa;
    const time = (block: Mixer, contextTokens: number) =>
      ask({ block, contextTokens, hardware: hardware("b200-sxm"), model: { hiddenSize: 7168 }, part: "layer", weightFormat: "fp8_block" })
        .seconds;
    expect(time(dsa, 4096)).toBeGreaterThan(time(dense as Mixer, 4096));
    expect(time(dsa, 131072)).toBeLessThan(time(dense as Mixer, 131072) / 2);
  });

  it("is never faster cold than warm, nor with more context, nor under its floor", () => {
    const machines = ["a100-sxm", "h100-sxm", "b300-sxm", "l40s"].map(hardware);
    fc.assert(
      fc.property(
        fc.constantFrom(...mixers),
        fc.constantFrom(...machines),
        fc.constantFrom("decode" as const, "prefill" as const),
        fc.integer({ min: 1, max: 512 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 8 }),
        (block, machine, phase, requests, contextTokens, newTokens) => {
          const asked = { block, hardware: machine, phase, requests, contextTokens, newTokens };
          const cold = ask(asked);
          expect(cold.seconds).toBeGreaterThanOrEqual(ask({ ...asked, warm: true }).seconds * (1 - 1e-12));
          expect(cold.seconds).toBeGreaterThanOrEqual(cold.floorSeconds);
          if (phase === "decode")
            expect(ask({ ...asked, contextTokens: contextTokens * 2 }).seconds).toBeGreaterThanOrEqual(cold.seconds * (1 - 1e-9));
          expect(Number.isFinite(cold.seconds)).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("carries constants to machines and kernels that no table has, and says so", () => {
    const { processors: _p, cacheBytes: _c, clockHertz: _h, ...bare } = h200;
    const unknown: Hardware = { ...bare, generation: "Battlemage", memoryKind: "GDDR6", memoryBytesPerSecond: 4.56e11 };
    for (const block of mixers) {
      const time = ask({ block, hardware: unknown, kernel: "a_kernel_of_tomorrow" });
      expect(time.kernel).toBe("a_kernel_of_tomorrow");
      expect(time.carried).toMatch(/^from kernel/);
      expect(time.heldOutError).toBeUndefined();
    }
    expect(ask({ kernel: "vllm_flash_attn_fa3" }).carried).toBeUndefined();
    expect(ask({ kernel: "vllm_flash_attn_fa3", cacheFormat: "fp8" }).heldOutError?.median).toBeLessThan(0.3);
  });

  it("says what binds: the start of a small call, the cache of a long context, the arithmetic of a long prompt", () => {
    expect(ask({ requests: 1, contextTokens: 1 }).bound).toBe("overhead");
    // Of 4,096 tokens for each of 64 requests the cache takes longer than the start, and the start longer than the arithmetic.
    expect(ask({}).memorySeconds).toBeGreaterThan(ask({}).overheadSeconds);
    expect(ask({}).overheadSeconds).toBeGreaterThan(ask({}).computeSeconds);
    expect(ask({}).bound).toBe("memory");
    expect(ask({ requests: 4, contextTokens: 0, newTokens: 16_384 }).bound).toBe("compute");
  });

  it("takes a token, and up to sixteen on a cache, for decode, and all else for a prompt", () => {
    const taken = (newTokens: number, contextTokens: number) => {
      const { seconds } = ask({ newTokens, contextTokens });
      return (["decode", "prefill"] as const).filter((phase) => ask({ newTokens, contextTokens, phase }).seconds === seconds);
    };
    expect([taken(1, 0), taken(1, 4096), taken(16, 4096)]).toEqual([["decode"], ["decode"], ["decode"]]);
    expect([taken(17, 4096), taken(16, 0)]).toEqual([["prefill"], ["prefill"]]);
  });

  it("is of prompts on Blackwell near what FlashInfer's kernel for prompts was measured at, and not of calls with one token alone", () => {
    // 48 heads of queries and one of keys, two prompts of 8,192 tokens: 1,335.8 us; 24 and two, one of 10,240, heads of 64: 497.68 us.
    const prompt = (heads: number, keyValueHeads: number, headDim: number, requests: number, newTokens: number, cacheFormat: string) =>
      ask({
        ...{ block: { ...grouped, heads, keyValueHeads, headDim, valueHeadDim: headDim }, hardware: hardware("b200-sxm") },
        ...{ requests, contextTokens: 0, newTokens, cacheFormat },
      });
    const [wide, narrow] = [prompt(48, 1, 128, 2, 8192, "fp8"), prompt(24, 2, 64, 1, 10_240, "bfloat16")];
    for (const time of [wide, narrow]) expect(time).toMatchObject({ kernel: "vllm_flashinfer_trtllmprefill", carried: undefined });
    expect(Math.abs(Math.log(wide.seconds / 1335.8e-6))).toBeLessThan(Math.log(1.5));
    expect(Math.abs(Math.log(narrow.seconds / 497.68e-6))).toBeLessThan(Math.log(1.5));
  });

  it("takes the arithmetic of a prompt by either name", () => {
    const prompt = { phase: "prefill", newTokens: 4096, contextTokens: 0, cacheFormat: "fp8" } as const;
    expect(ask({ ...prompt, arithmetic: "bf16" })).toEqual(ask({ ...prompt, arithmetic: "bfloat16" }));
    expect(ask({ ...prompt, arithmetic: "bf16" }).carried).toBeUndefined();
    expect(ask({ ...prompt, arithmetic: "fp8" }).seconds).toBeLessThan(ask({ ...prompt, arithmetic: "bf16" }).seconds);
  });

  it("has a recurrence without a convolution where a mixer has none", () => {
    const block = { ...gatedDelta, convolutionWidth: 0 };
    expect(ask({ block })).toEqual(ask({ block, part: "recurrence" }));
    expect(() => ask({ block, part: "convolution" })).toThrow(new RangeError("part must not be convolution of a mixer that has none"));
    expect(ask({ block: gatedDelta, part: "convolution" }).flops).toBe(64 * 8192 * 2 * 4);
  });

  it("times whole layers with their projections, on one GPU of a group", () => {
    for (const block of mixers) {
      const whole = ask({ block, part: "layer", weightFormat: "fp8_block" });
      expect(whole.seconds).toBeGreaterThan(ask({ block }).seconds);
      const part = ask({
        block,
        part: "layer",
        weightFormat: "fp8_block",
        tensorParallel: 2,
        ...(block.kind === "grouped" ? { block: { ...block, keyValueHeads: 2 } } : {}),
      });
      expect(part.flops).toBeLessThan(whole.flops * (block.kind === "grouped" ? 1.1 : 1));
    }
  });

  it.each([
    ["requests", { requests: 0 }],
    ["contextTokens", { contextTokens: -1 }],
    ["newTokens", { newTokens: 1.5 }],
    ["phase", { phase: "training" as "decode" }],
    ["part", { part: "recurrence" as const }],
    ["tensorParallel", { tensorParallel: 3 }],
    ["weightFormat", { weightFormat: "int3" }],
    ["cacheFormat", { cacheFormat: "fp4" }],
    ["arithmetic", { arithmetic: "int8" }],
    ["block", { block: { kind: "dense" } as unknown as Mixer }],
    ["block.heads", { block: { ...grouped, heads: 0 } }],
    ["model.hiddenSize", { model: { hiddenSize: 0 } }],
    ["hardware.memoryBytesPerSecond", { hardware: { ...h200, memoryBytesPerSecond: 0 } }],
    [/^unknown field "batch"; nearest: \w+, \w+, \w+$/, { batch: 3 } as Partial<MixerQuestion>],
    ['part must be one of core, layer, convolution, recurrence; got "half"', { part: "half" as "core" }],
    ['part must be core or layer of a mixer without a state, got "convolution"', { part: "convolution" as const }],
    ["tensorParallel must be a positive integer, got 0", { tensorParallel: 0 }],
    ["warm must be true or false, got 1", { warm: 1 as unknown as boolean }],
    ["kernel must be a name, got ", { kernel: "" }],
    ["model must be a record with hiddenSize, got 4096", { model: 4096 as never }],
    [/^block must be a mixer \(grouped, latent, .*linear.*\), got "undefined"$/, { block: undefined as never }],
    [/^block must be a mixer .*, got "undefined"$/, { block: null as never }],
    ["block.convolutionWidth must be a number of at least zero, got -1", { block: { ...gatedDelta, convolutionWidth: -1 } }],
  ] as const)("refuses an impossible %s by its name", (field, more) => {
    expect(() => ask(more)).toThrow(field);
  });
});

describe("attentionPlan", () => {
  it("gives what mixerTime gives, with the choices made once", () => {
    const options = {
      phase: "decode",
      part: "core",
      cacheFormat: "bfloat16",
      weightFormat: "bfloat16",
      arithmetic: "bfloat16",
      hiddenSize: 4096,
      warm: false,
    } as const;
    expect(attentionPlan(grouped, h200, options).time(64, 4096, 1).seconds).toBe(ask({}).seconds);
  });
});
