import { afterEach, describe, expect, it, vi } from "vitest";
import { readDataFile } from "../../../src/data/files";
import { mixerFamilies } from "../../../src/kernels/attention/attention-families";
import { attentionPlan } from "../../../src/kernels/attention/attention-plan";
import { geometryOf } from "../../../src/kernels/attention/geometry";
import { measuredSizes, outsideOf } from "../../../src/kernels/attention/measured-geometry";
import { mixerTime } from "../../../src/kernels/attention/mixer-time";
import { ownArithmetic } from "../../../src/kernels/attention/own-arithmetic";
import { hardware, machines } from "../../../src/machine/hardware";
import type { GroupedMixer, LinearMixer, Mixer } from "../../../src/model/blocks";
import { model, models } from "../../../src/model/registry";
import { attentionGeometriesCsv } from "../../../src/published/attention-geometries";
import { attentionTimes } from "../../../src/published/attention-times";
import { decodeStep } from "../../../src/step/decode";
import { engines } from "../../../src/step/engine";
import { prefillStep } from "../../../src/step/prefill";
import { replaced } from "../../replaced-files";

vi.mock("../../../src/data/files", () => import("../../replaced-files"));
afterEach(() => {
  replaced.clear();
  vi.resetModules();
});

const h100 = hardware("h100-sxm");
/** Falcon-7b: 71 query heads of 64 on one KV head. */
const falcon: GroupedMixer = { kind: "grouped", heads: 71, keyValueHeads: 1, headDim: 64, valueHeadDim: 64, cacheSource: "own" };
const mamba1: LinearMixer = {
  ...{ kind: "linear", family: "mamba1", keyHeads: 1, valueHeads: 8192, keyDim: 16, valueDim: 1 },
  ...{ convolutionWidth: 4, stateElementBytes: 4 },
};
const familyOf = (kernel: string, phase = "decode", generation = "Hopper") => {
  const found = mixerFamilies().find((f) => f.kernel === kernel && f.phase === phase && f.generation === generation);
  if (found === undefined) throw new Error(`no family ${kernel}`);
  return found;
};
const blockOf = (id: string, kind: Mixer["kind"]) => {
  const found = model(id).runs.flatMap(({ blocks }) => blocks.filter((block) => block.kind === kind))[0];
  return found as Mixer;
};

describe("the sizes that a kernel's speed hangs on", () => {
  it("are those of one GPU, by kind of mixer", () => {
    expect(geometryOf(falcon, "core", "decode")).toEqual({ keyHeadGroup: 71, heads: 71, keySize: 64, valueSize: 64 });
    // A latent of 512 and its rotary 64 are one key of all heads; in prefill each head has 128 + 64.
    const latent = blockOf("deepseek-v3", "latent");
    expect(geometryOf(latent, "core", "decode")).toEqual({ heads: 128, keySize: 576, valueSize: 512 });
    expect(geometryOf(latent, "core", "prefill")).toEqual({ heads: 128, keySize: 192, valueSize: 128 });
    const sparse = blockOf("deepseek-v3.2-exp", "latent");
    expect(geometryOf(sparse, "core", "prefill")).toEqual({ heads: 128, keySize: 576, valueSize: 512, indexHeads: 64, chosen: 2048 });
    expect(geometryOf(mamba1, "recurrence", "decode")).toEqual({ keySize: 16, valueSize: 1 });
    expect(geometryOf(mamba1, "convolution", "decode")).toEqual({ taps: 4 });
    expect(geometryOf(blockOf("minimax-m3", "block-selected"), "core", "decode")).toMatchObject({ keyHeadGroup: 16, blockTokens: 128 });
  });

  it("have no rows that are compressed where only a window is read", () => {
    const rows = model("deepseek-v4-flash").runs.flatMap(({ blocks }) => blocks.filter((block) => block.kind === "compressed"));
    const tokens = rows.map((block) => geometryOf(block as Mixer, "core", "decode").rowTokens);
    expect(new Set(tokens)).toEqual(new Set([undefined, 4, 128]));
  });
});

describe("data/attention-geometries.csv", () => {
  it("holds the least and the most of every fitted family's rows", () => {
    expect(readDataFile("attention-geometries.csv")).toBe(attentionGeometriesCsv(attentionTimes()));
    expect(measuredSizes(familyOf("trtllm_torch_flow"))).toMatchObject({
      keyHeadGroup: { least: 1, most: 128 },
      heads: { least: 1, most: 128 },
      keySize: { least: 64, most: 256 },
    });
    for (const family of mixerFamilies()) expect(Object.keys(measuredSizes(family)), family.kernel).not.toEqual([]);
  });

  it.each([
    [/taps=4/, "taps=four", /attention-geometries.csv:\d+: expected sizes as heads=1\.\.128 .* got "taps=four"/],
    [/taps=4/, "tips=4", /got "tips=4"/],
    [/heads=1\.\.64/, "heads=64..1", /got "heads=64\.\.1"/],
    [/(\n[^\n]*taps=4)\n/, "$1$1\n", /attention-geometries.csv:\d+: .* is given twice/],
  ])("stops with file and line at a broken row: %s", async (from, to, message) => {
    replaced.set("attention-geometries.csv", readDataFile("attention-geometries.csv").replace(from, to));
    vi.resetModules();
    const fresh = await import("../../../src/kernels/attention/measured-geometry");
    expect(() => fresh.measuredSizes(familyOf("trtllm_torch_flow"))).toThrow(message);
  });
});

describe("heads outside what was measured", () => {
  it("are named with the range of the rows, and nothing is said inside it", () => {
    const sizes = geometryOf(falcon, "core", "decode");
    expect(outsideOf(familyOf("trtllm_torch_flow"), sizes)).toBeUndefined();
    expect(outsideOf(familyOf("vllm_flash_attn_fa3"), sizes)).toBe(
      "query heads on one KV head 71 (measured 1 to 64), query heads on a GPU 71 (measured 1 to 64)",
    );
    expect(outsideOf(familyOf("vllm_flash_attn_fa3"), { ...sizes, keyHeadGroup: 64, heads: 64, keySize: 63 })).toBe(
      "size of a key 63 (measured 64 to 256)",
    );
    expect(outsideOf(familyOf("flashmla"), { keySize: 320 })).toBe("size of a key 320 (measured 576)");
  });

  it("are said by a mixer's time, beside whose constants they are, and no error is claimed for them", () => {
    const ask = (kernel: string) =>
      mixerTime({ model: { hiddenSize: 4544 }, block: falcon, hardware: h100, kernel, requests: 8, contextTokens: 2048 });
    expect(ask("vllm_flash_attn_fa3").carried).toMatch(/^outside its rows: query heads on one KV head 71/);
    expect(ask("vllm_flash_attn_fa3").heldOutError).toBeUndefined();
    expect(ask("trtllm_torch_flow")).toMatchObject({ carried: undefined, heldOutError: { median: expect.any(Number) } });
    const block = { ...falcon, heads: 1024 };
    const elsewhere = mixerTime({ model: { hiddenSize: 4544 }, block, hardware: hardware("vr200"), requests: 8, contextTokens: 2048 });
    expect(elsewhere.carried).toMatch(/^from Hopper, outside its rows: query heads/);
  });

  it("are said of a recurrence too, with the one that stands in for it", () => {
    const formats = { cacheFormat: "bfloat16", weightFormat: "bfloat16", arithmetic: "bfloat16" } as const;
    const options = { phase: "decode", part: "core", ...formats } as const;
    expect(attentionPlan(mamba1, h100, { ...options, hiddenSize: 4096, warm: false }).outside).toBe(
      "recurrence mamba1 (measured gated-delta), size of a key 16 (measured 128), size of a value 1 (measured 128)",
    );
  });

  it("widen the band of a step by half in logarithms, in decode and in prefill, and each names its own kernel", () => {
    // SGLang's steps have both of its mixers, so that nothing else is carried.
    const ask = { model: model("kimi-linear-48b-a3b"), hardware: h100, requests: 8, engine: "sglang" } as const;
    const [inside, outside] = [8, 1].map((heads) => {
      const { seconds, errorBand, carried } = decodeStep({ ...ask, contextTokens: 4096, tensorParallel: heads === 8 ? 1 : 8 });
      return { carried, band: [errorBand.low / seconds, errorBand.high / seconds].map(Math.log) };
    });
    expect(inside?.carried).toEqual([]);
    expect(outside?.carried).toEqual(["attention: flashmla, outside its rows: query heads on a GPU 4 (measured 16 to 128)"]);
    outside?.band.forEach((side, i) => {
      expect(side).toBeCloseTo(1.5 * (inside?.band[i] as number), 9);
    });
    // Each prompt's head has a key of 192, as measured: nothing to say where 4 heads were timed too; 128 were not.
    expect(prefillStep({ ...ask, promptTokens: 4096, tensorParallel: 8 }).carried).toEqual([]);
    const wide = prefillStep({ ...ask, model: model("deepseek-v3"), promptTokens: 4096 });
    expect(wide.carried).toContain("attention: sglang_flash_attention, outside its rows: query heads on a GPU 128 (measured 1 to 64)");
  });
});

describe("a core that takes over ten times its floor", () => {
  it("says why where a group of heads leaves the fast path of its kernel, as the rows show", () => {
    const step3 = { model: model("step-3"), hardware: h100, requests: 8, contextTokens: 8192 } as const;
    expect(decodeStep(step3).slow).toEqual([
      "attention: 64 query heads on one KV head: above 32 trtllm_torch_flow takes 8.8 times the arithmetic, as measured",
    ]);
    expect(decodeStep({ ...step3, engine: "vllm" }).slow).toEqual([]);
    expect(decodeStep({ ...step3, model: model("llama-3-70b") }).slow).toEqual([]);
  });

  it("says so or says what is carried, for every model on a machine of each generation and with every engine: none is merely slow", () => {
    const kinds = machines().filter((one, i, all) => one.id === "h20" || all.findIndex((each) => each.generation === one.generation) === i);
    const ways = engines.map((engine) => ({ engine, tensorParallel: engine === "vllm" ? 8 : 1 }));
    const unsaid: string[] = [];
    for (const each of models())
      for (const machine of kinds)
        for (const way of ways) {
          const { tasks, carried, slow } = decodeStep({ model: each, hardware: machine, ...way, requests: 64, contextTokens: 8192 });
          if ([...carried, ...slow].some((words) => words.startsWith("attention: "))) continue;
          for (const { name, bound, seconds, floorSeconds } of new Set(tasks))
            if (/core|mixer|indexer/.test(name) && bound !== "overhead" && seconds > 10 * floorSeconds)
              unsaid.push(`${each.id} ${machine.id} ${way.engine}: ${name}`);
        }
    expect(unsaid).toEqual([]);
  });
});

describe("the arithmetic of a machine with other processors than the measured one", () => {
  const family = familyOf("trtllm_torch_flow");
  const { arithmeticEfficiency: share } = family.constants;

  it("is the measured machine's in a processor, up to the best share of a peak on the generation, and is said", () => {
    // H20 has 148/78 = 1.9 TFLOP/s in a processor, H100 989/132 = 7.49: 3.95 times.
    const { efficiency, said } = ownArithmetic(family, hardware("h20"));
    expect(efficiency / share).toBeCloseTo(989 / 132 / (148 / 78), 9);
    expect(said).toBe("TFLOP/s of a processor 1.9 (measured 7.5)");
    const fast = { ...family, constants: { ...family.constants, arithmeticEfficiency: 0.5 } };
    expect(ownArithmetic(fast, hardware("h20")).efficiency).toBeLessThanOrEqual(1);
    expect(ownArithmetic(fast, hardware("h20")).efficiency).toBeGreaterThan(0.8);
    const faster = { ...family, constants: { ...family.constants, arithmeticEfficiency: 1.2 } };
    expect(ownArithmetic(faster, hardware("h20")).efficiency).toBe(1.2);
  });

  it("stays the fitted share on machines alike, of other generations, and without a number of processors", () => {
    const { processors: _, ...bare } = h100;
    for (const machine of [h100, hardware("h200-sxm"), hardware("b200-sxm"), hardware("mi300x"), bare as typeof h100])
      expect(ownArithmetic(family, machine)).toEqual({ efficiency: share, said: undefined });
  });

  it("keeps grouped attention of many requests on H20 near its memory", () => {
    const ask = { model: model("qwen3-235b-a22b"), hardware: hardware("h20"), requests: 64, contextTokens: 8192, tensorParallel: 8 };
    const core = decodeStep(ask).tasks.find(({ name }) => name === "attention core");
    expect((core?.seconds ?? 0) / (core?.floorSeconds ?? 1)).toBeLessThan(3);
  });
});
