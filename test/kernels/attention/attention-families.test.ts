import { describe, expect, it } from "vitest";
import { readRows } from "../../../src/data/rows";
import {
  chooseFamily,
  type FamilyQuestion,
  familyName,
  type MixerWorkName,
  mixerFamilies,
  workOf,
} from "../../../src/kernels/attention/attention-families";
import { idleConstants } from "../../../src/kernels/attention/attention-law";
import type { MixerPhase } from "../../../src/kernels/attention/mixer-demand";
import { hardware } from "../../../src/machine/hardware";
import type { Mixer } from "../../../src/model/blocks";
import { model } from "../../../src/model/registry";

const machines = { A100: hardware("a100-sxm"), L40S: hardware("l40s"), H200: hardware("h200-sxm"), B200: hardware("b200-sxm") };
const ask = (work: MixerWorkName, phase: MixerPhase, more: Partial<FamilyQuestion> = {}): FamilyQuestion => ({
  ...{ work, phase, cacheFormat: "bfloat16", arithmetic: "bfloat16" },
  ...more,
});
const words = (machine: keyof typeof machines, question: FamilyQuestion) => {
  const { family, carried } = chooseFamily(machines[machine], question);
  return carried === undefined ? family.kernel : `${family.kernel} ${carried}`;
};
const fp8 = { cacheFormat: "fp8", arithmetic: "fp8_block" } as const;

describe("the kernel that engines run where nothing is said", () => {
  it.each<[MixerWorkName, MixerPhase, string, string, string, string]>([
    // work, phase, A100, L40S, H200, B200
    ["grouped", "decode", "vllm_flash_attn", "vllm_flash_attn_fa2", "vllm_flash_attn_fa3", "vllm_flashinfer_trtllmdecode"],
    ["grouped", "prefill", "vllm_flash_attn", "vllm_flash_attn_fa2", "vllm_flash_attn_fa3", "vllm_flashinfer_trtllmprefill"],
    ["latent", "decode", "trtllm_default", "trtllm_default", "flashmla", "sglang_trtllm_mla"],
    ["latent", "prefill", "trtllm_default", "trtllm_default", "sglang_flash_attention", "sglang_trtllm_mla"],
    ["latent layer", "decode", "vllm_FLASHINFER_MLA from Blackwell", "vllm_TRITON_MLA", "vllm_FLASH_ATTN_MLA", "vllm_FLASHINFER_MLA"],
    ["latent layer", "prefill", "vllm_FLASH_ATTN_MLA from Hopper", "vllm_FLASH_ATTN", "vllm_FLASH_ATTN_MLA", "vllm_FLASH_ATTN"],
    [
      "sparse latent layer",
      "prefill",
      "trtllm_default from Blackwell",
      "trtllm_default from Blackwell",
      "trtllm_default",
      "trtllm_default",
    ],
    [
      "convolution",
      "decode",
      "vllm_causal_conv1d_update from Blackwell",
      ...(["vllm_causal_conv1d_update", "vllm_causal_conv1d_update", "vllm_causal_conv1d_update"] as const),
    ],
    ["convolution", "prefill", "sglang_causal_conv1d_fn", "vllm_causal_conv1d_fn", "vllm_causal_conv1d_fn", "vllm_causal_conv1d_fn"],
    [
      "mamba2 convolution",
      "prefill",
      "trtllm_causal_conv1d_fn from Blackwell",
      "trtllm_causal_conv1d_fn",
      "trtllm_causal_conv1d_fn",
      "trtllm_causal_conv1d_fn",
    ],
    // Mamba-2's was timed in prefill alone.
    [
      "mamba2 convolution",
      "decode",
      "vllm_causal_conv1d_update from Blackwell",
      ...(["vllm_causal_conv1d_update", "vllm_causal_conv1d_update", "vllm_causal_conv1d_update"] as const),
    ],
  ])("is of %s in %s: %s, %s, %s, %s", (work, phase, ...expected) => {
    expect((["A100", "L40S", "H200", "B200"] as const).map((machine) => words(machine, ask(work, phase)))).toEqual(expected);
  });

  it("has the formats asked for before another's", () => {
    expect(words("H200", ask("latent layer", "decode", fp8))).toBe("vllm_FLASHMLA");
    expect(words("H200", ask("sparse latent layer", "decode", fp8))).toBe("vllm_FLASHMLA_SPARSE");
    expect(words("B200", ask("latent layer", "prefill", { cacheFormat: "fp8" }))).toBe("vllm_TRTLLM_RAGGED");
    expect(words("B200", ask("latent layer", "prefill", fp8))).toBe("sglang_trtllm_mla");
    for (const formats of [{}, fp8]) {
      expect(words("H200", ask("block-selected layer", "decode", formats))).toBe("vllm_MiniMaxM3SparseTritonImpl");
      expect(words("B200", ask("block-selected layer", "decode", formats))).toBe("vllm_MiniMaxM3SparseMSAImpl");
    }
    expect(words("H200", ask("csa layer", "decode", fp8))).toBe("sglang_compressed_flashmla");
    expect(words("B200", ask("hca layer", "prefill", fp8))).toBe("sglang_compressed_flashmla");
    expect(words("H200", ask("gated-delta", "prefill"))).toBe("vllm_chunk_gated_delta_rule_flashinfer");
    expect(words("H200", ask("gated-delta", "decode"))).toBe("sglang_fused_recurrent_gated_delta_rule_packed_decode");
    expect(words("H200", ask("kimi-delta", "prefill"))).toBe("vllm_flashkda_fwd");
    for (const machine of ["L40S", "H200", "B200"] as const)
      expect(words(machine, ask("kimi-delta", "decode"))).toBe("vllm_fused_recurrent_kda");
    for (const arithmetic of ["bfloat16", "fp8_block", "nvfp4"])
      expect(chooseFamily(machines.B200, ask("latent layer", "decode", { arithmetic })).family.arithmetic).toBe(arithmetic);
    for (const phase of ["decode", "prefill"] as const)
      expect(chooseFamily(machines.H200, ask("grouped", phase)).family).toMatchObject({ work: "grouped", phase, generation: "Hopper" });
  });
});

describe("a kernel asked for", () => {
  it("is taken on another generation before another kernel on this one", () => {
    expect(words("H200", ask("grouped", "prefill", { kernel: "vllm_flash_attn_fa4" }))).toBe("vllm_flash_attn_fa4");
    expect(words("B200", ask("latent", "decode", { kernel: "flashmla" }))).toBe("flashmla from Hopper");
  });

  it("has in place of one that nobody measured another of its engine, of this generation", () => {
    expect(chooseFamily(machines.H200, ask("latent", "decode", { kernel: "sglang_tomorrow" }))).toMatchObject({
      family: { kernel: "sglang_flash_attention", generation: "Hopper" },
      carried: "from kernel sglang_flash_attention",
    });
    expect(chooseFamily(machines.H200, ask("latent", "decode", { kernel: "trtllm_tomorrow" })).family.kernel).toBe("trtllm_default");
    // Of an engine that nobody measured it is the first of the table.
    expect(chooseFamily(machines.H200, ask("grouped", "decode", { kernel: "own" })).family.kernel).toBe("sglang_fa3");
    // What engines prefer where nothing is said counts for nothing here.
    expect(chooseFamily(machines.H200, ask("grouped", "decode", { kernel: "trtllm_tomorrow" })).family.kernel).toBe("trtllm_torch_flow");
  });
});

describe("what is carried", () => {
  it("says the formats, and the generation, that the numbers are from", () => {
    expect(words("A100", ask("hca layer", "decode"))).toBe("sglang_compressed_flashmla from Blackwell, cache fp8");
    expect(words("H200", ask("csa layer", "prefill"))).toBe("sglang_compressed_flashmla from cache fp8");
    expect(words("H200", ask("latent layer", "decode", { ...fp8, arithmetic: "nvfp4" }))).toMatch(/ from arithmetic (fp8_block|bfloat16)$/);
  });

  it("comes from cards with graphics memory to these, and from others to the others, the newest first", () => {
    const of = (change: object, kernel: string) => {
      const { family, carried } = chooseFamily({ ...machines.B200, ...change }, ask("grouped", "prefill", { kernel }));
      return `${family.kernel}, ${carried}`;
    };
    expect(of({ memoryKind: "GDDR7" }, "trtllm_torch_flow")).toBe("trtllm_torch_flow, from Ada");
    expect(of({ generation: "Grace", memoryKind: "LPDDR5X" }, "trtllm_torch_flow")).toBe("trtllm_torch_flow, from Ada");
    expect(of({ generation: "Ada", memoryKind: "HBM3" }, "trtllm_torch_flow")).toBe("trtllm_torch_flow, from Blackwell");
    expect(of({ generation: "CDNA3", memoryKind: "HBM3" }, "trtllm_torch_flow")).toBe("trtllm_torch_flow, from Blackwell");
    // A kernel asked for counts more than the kind of memory.
    expect(of({ generation: "CDNA3" }, "vllm_flash_attn_fa2")).toBe("vllm_flash_attn_fa2, from Ada");
  });
});

describe("the work of a part of a mixer", () => {
  const mixer = (id: string, kind: Mixer["kind"], has: (m: Mixer) => boolean = () => true) =>
    model(id)
      .runs.flatMap(({ blocks }) => blocks)
      .find((block) => block.kind === kind && has(block as Mixer)) as Mixer;

  it("is its kind's, of a latent the core or the layer, of a state the convolution or the recurrence", () => {
    const indexed = (m: Mixer) => "indexer" in m && m.indexer !== undefined;
    expect(workOf(mixer("qwen3-30b-a3b", "grouped"), "core")).toBe("grouped");
    expect(workOf(mixer("deepseek-v3", "latent"), "core")).toBe("latent");
    expect(workOf(mixer("deepseek-v3", "latent"), "layer")).toBe("latent layer");
    for (const part of ["core", "layer"] as const) {
      expect(workOf(mixer("deepseek-v3.2-exp", "latent"), part)).toBe("sparse latent layer");
      expect(workOf(mixer("deepseek-v4-pro", "compressed", indexed), part)).toBe("csa layer");
      expect(
        workOf(
          mixer("deepseek-v4-pro", "compressed", (m) => !indexed(m)),
          part,
        ),
      ).toBe("hca layer");
      expect(workOf(mixer("minimax-m3", "block-selected"), part)).toBe("block-selected layer");
    }
    const states = ["qwen3-next-80b-a3b", "kimi-linear-48b-a3b", "nemotron-3-ultra-550b-a55b"].map((id) => mixer(id, "linear"));
    expect(states.map((m) => workOf(m, "convolution"))).toEqual(["convolution", "convolution", "mamba2 convolution"]);
    expect(states.map((m) => workOf(m, "recurrence"))).toEqual(["gated-delta", "kimi-delta", "gated-delta"]);
  });
});

describe("the table of families", () => {
  it("has of a family every constant of the file, what its kernel does not do at its idle value, and its error", () => {
    const name = "grouped | decode | vllm_flash_attn_fa3 | Hopper | bfloat16 | bfloat16";
    const family = mixerFamilies().find((f) => familyName(f) === name);
    const rows = readRows("attention-kernels.csv").filter(({ cells }) => familyName(cells as never) === name);
    const of = (constant: string) => Number(rows.find(({ cells }) => cells.constant === constant)?.cells.value);
    expect(rows).toHaveLength(13);
    const { tileRows, unitRows, longestTokens, constants } = family as typeof family & object;
    expect([tileRows, unitRows, longestTokens]).toEqual([of("tileRows"), of("unitRows"), of("longestTokens")]);
    expect(Object.keys(constants)).toEqual(Object.keys(idleConstants));
    for (const [constant, value] of Object.entries(constants))
      expect(value, constant).toBe(
        rows.some(({ cells }) => cells.constant === constant) ? of(constant) : idleConstants[constant as "fixedSeconds"],
      );
    const error = readRows("attention-errors.csv").find(({ cells }) => cells.what === name)?.cells;
    expect(family?.heldOutError).toEqual({ median: Number(error?.median), p90: Number(error?.p90) });
  });

  it("names a family by what tells it from another, and knows the error on head geometries left out", () => {
    const names = mixerFamilies().map(familyName);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("grouped | decode | vllm_flash_attn_fa3 | Hopper | bfloat16 | bfloat16");
    expect(mixerFamilies().filter((f) => f.heldOutError !== undefined).length).toBeGreaterThan(names.length / 2);
  });
});
