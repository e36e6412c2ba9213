import { describe, expect, it } from "vitest";
import { decodeAttentionKernel, prefillAttention } from "../../src/kernels/default-attention";
import { defaultExpertKernel, defaultExperts, type ExpertChoice, layerKernel, loneKernel } from "../../src/kernels/default-experts";
import { hardware } from "../../src/machine/hardware";
import type { Mixer } from "../../src/model/blocks";
import { model } from "../../src/model/registry";

const [ampere, hopper, blackwell, rubin, amd] = ["a100-sxm", "h200-sxm", "b200-sxm", "vr200", "mi300x"].map((id) => hardware(id));
type Machine = ExpertChoice["hardware"];
const kernelOf = (machine: Machine | undefined, format: ExpertChoice["format"], change: Partial<ExpertChoice> = {}) =>
  defaultExpertKernel({ hardware: machine as Machine, format, exchanges: false, ...change });

describe("the kernel of the routed experts", () => {
  it("is DeepGEMM on DeepEP's layout where tokens in FP8 blocks are exchanged, on generations that it was measured on, but in TensorRT-LLM", () => {
    for (const machine of [hopper, blackwell]) {
      expect(kernelOf(machine, "fp8_block", { exchanges: true })).toBe("deepepmoe");
      expect(kernelOf(machine, "fp8_block", { exchanges: true, engine: "vllm" })).toBe("deepepmoe");
      expect(kernelOf(machine, "fp8_block", { exchanges: true, engine: "tensorrt-llm" })).not.toBe("deepepmoe");
    }
    expect(kernelOf(amd, "fp8_block", { exchanges: true })).toBe("moe_torch_flow_cutlass");
    expect(kernelOf(ampere, "fp8_block", { exchanges: true })).toBe("moe_torch_flow_cutlass");
    expect(kernelOf(hopper, "bfloat16", { exchanges: true })).toBe("moe_torch_flow_cutlass");
  });

  it.each([
    ["nvfp4", blackwell, "moe_torch_flow_min_latency"],
    ["w4a8_mxfp4_mxfp8", blackwell, "moe_torch_flow"],
    ["w4a16_mxfp4", hopper, "moe_torch_flow"],
    ["int4_wo", hopper, "sglang_marlin_moe"],
    ["fp8_block", hopper, "moe_torch_flow_cutlass"],
    ["fp8_block", blackwell, "sglang_flashinfer_trtllm_moe"],
    ["fp8_block", rubin, "sglang_flashinfer_trtllm_moe"],
    ["bfloat16", hopper, "moe_torch_flow_cutlass"],
    ["fp8", hopper, "moe_torch_flow_cutlass"],
  ] as const)("is TensorRT-LLM's own in %s", (format, machine, kernel) => {
    expect(kernelOf(machine, format, { engine: "tensorrt-llm" })).toBe(kernel);
    expect(kernelOf(machine, format)).toBe(kernel);
  });

  it("is TensorRT-LLM's CUTLASS where NVFP4 is exchanged, and a kernel of its own for experts without a gate", () => {
    expect(kernelOf(blackwell, "nvfp4", { exchanges: true })).toBe("moe_torch_flow_cutlass");
    for (const format of ["bfloat16", "fp8", "nvfp4"] as const)
      expect(kernelOf(blackwell, format, { matrices: 2 })).toBe("moe_torch_flow_nongated");
    expect(kernelOf(blackwell, "w4a8_mxfp4_mxfp8", { matrices: 2 })).toBe("moe_torch_flow");
    expect(kernelOf(blackwell, "bfloat16", { matrices: 2, engine: "sglang" })).toBe("sglang_fused_moe_triton");
  });

  it.each([
    ["nvfp4", blackwell, "sglang_flashinfer_trtllm_moe"],
    ["w4a8_mxfp4_mxfp8", blackwell, "sglang_mxfp4_flashinfer_trtllm_moe"],
    ["w4a16_mxfp4", hopper, "vllm_gptossmxfp4moe_triton_oaitritonmxfp4expertsmonolithic"],
    ["int4_wo", hopper, "sglang_marlin_moe"],
    ["fp8_block", hopper, "sglang_fused_moe_triton"],
    ["fp8_block", blackwell, "sglang_flashinfer_trtllm_moe"],
    ["fp8_block", amd, "moe_torch_flow_cutlass"],
    ["bfloat16", hopper, "sglang_fused_moe_triton"],
    ["bfloat16", amd, "moe_torch_flow_cutlass"],
    ["fp8", hopper, "moe_torch_flow_cutlass"],
  ] as const)(
    "is in SGLang, in %s, trtllm-gen on Blackwell and Triton otherwise, CUTLASS on other makers' machines",
    (format, machine, kernel) => {
      expect(kernelOf(machine, format, { engine: "sglang" })).toBe(kernel);
    },
  );

  it("is in SGLang Triton for FP8 in blocks on Blackwell, but for classes that it gives trtllm-gen", () => {
    const of = (architecture: string, change: Partial<ExpertChoice> = {}) =>
      kernelOf(blackwell, "fp8_block", { engine: "sglang", architecture, ...change });
    for (const name of ["MiniMaxM2ForCausalLM", "Glm4MoeForCausalLM", "Step3p5ForCausalLM", "Ernie4_5_MoeForCausalLM"])
      expect(of(name), name).toBe("sglang_fused_moe_triton");
    for (const name of ["DeepseekV3ForCausalLM", "KimiK25ForConditionalGeneration", "GlmMoeDsaForCausalLM", "Qwen3NextForCausalLM"])
      expect(of(name), name).toBe("sglang_flashinfer_trtllm_moe");
    // TensorRT-LLM asks no class, and four bits are trtllm-gen for all.
    expect(of("MiniMaxM2ForCausalLM", { engine: "tensorrt-llm" })).toBe("sglang_flashinfer_trtllm_moe");
    expect(of("MiniMaxM2ForCausalLM", { format: "nvfp4" })).toBe("sglang_flashinfer_trtllm_moe");
  });

  it("is in SGLang CuTe DSL where NVFP4 is exchanged", () => {
    expect(kernelOf(blackwell, "nvfp4", { engine: "sglang", exchanges: true })).toBe("sglang_flashinfer_cutedsl_moe");
  });

  it.each([
    ["nvfp4", blackwell, "vllm_compressedtensorsw4a4nvfp4moe_flashinfer_trtllm_trtllmnvfp4expertsmonolithic"],
    ["w4a8_mxfp4_mxfp8", blackwell, "vllm_mxfp4moe_flashinfer_trtllm_mxfp4_mxfp8_trtllmmxfp4expertsmodular"],
    ["w4a16_mxfp4", blackwell, "vllm_gptossmxfp4moe_flashinfer_trtllm_mxfp4_bf16_trtllmmxfp4expertsmonolithic"],
    ["w4a16_mxfp4", hopper, "vllm_gptossmxfp4moe_triton_oaitritonmxfp4expertsmonolithic"],
    ["w4a16_mxfp4", ampere, "vllm_gptossmxfp4moe_marlin_marlinexperts"],
    ["int4_wo", hopper, "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"],
    // Integers of other widths that are widened run in its kernel; those that are multiplied as they are in FP8's.
    ["int2_wo", hopper, "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"],
    ["int8_wo", hopper, "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"],
    ["int8", hopper, "vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts"],
    ["fp8_block", blackwell, "vllm_fp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"],
    ["fp8_block", hopper, "vllm_fp8moe_triton_tritonexperts"],
    ["fp8", blackwell, "vllm_modeloptfp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"],
    ["fp8", hopper, "vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts"],
    ["bfloat16", blackwell, "vllm_unquantizedfusedmoe_flashinfer_trtllm_trtllmbf16experts"],
    ["bfloat16", rubin, "vllm_unquantizedfusedmoe_flashinfer_trtllm_trtllmbf16experts"],
    ["bfloat16", hopper, "vllm_unquantizedfusedmoe_triton_tritonexperts"],
    ["bfloat16", ampere, "vllm_fused_moe"],
    // Its modular kernels were measured on NVIDIA's machines alone.
    ["bfloat16", amd, "moe_torch_flow_cutlass"],
  ] as const)("is in vLLM, in %s, as its modular kernels are named", (format, machine, kernel) => {
    expect(kernelOf(machine, format, { engine: "vllm" })).toBe(kernel);
  });

  it("goes with the release's format where none is asked for, and exchanges from two ranks on", () => {
    const v3 = model("deepseek-v3");
    expect(defaultExperts(v3, hopper as Machine, 1)).toEqual({ kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" });
    expect(defaultExperts(v3, hopper as Machine, 2)).toEqual({ kernel: "deepepmoe", weightFormat: "fp8_block" });
    expect(defaultExperts(v3, ampere as Machine, 1)).toEqual({ kernel: "moe_torch_flow_cutlass", weightFormat: "bfloat16" });
    // Experts without a gate.
    const nemotron = model("nemotron-3-nano-30b-a3b");
    expect(defaultExperts({ ...nemotron, formats: { ...nemotron.formats, experts: "bfloat16" } }, hopper as Machine, 1).kernel).toBe(
      "moe_torch_flow_nongated",
    );
  });
});

describe("the kernel of a full layer in a format", () => {
  it("is the machine's own in its own format, else one measured in the format on its generation, else elsewhere, else its own", () => {
    expect(layerKernel(blackwell as Machine, "fp8_block")).toBe("deepgemm");
    expect(layerKernel(hopper as Machine, "w4a16_mxfp4")).toBe("moe_torch_flow");
    expect(layerKernel(hardware("l40s"), "w4a16_mxfp4")).toBe("sglang_fused_moe_triton");
    expect(layerKernel(blackwell as Machine, "int4_wo")).toBe("sglang_flashinfer_trtllm_moe");
    expect(layerKernel(hopper as Machine, "nvfp4")).toBe("moe_torch_flow_cutlass");
    expect(() => layerKernel(hopper as Machine, "fp7")).toThrow("weightFormat must be one of");
  });

  it("is that of wide expert parallelism for one expert alone, in the format that it was measured in", () => {
    expect(loneKernel(blackwell as Machine, "fp8_block")).toBe("deepepmoe_generation");
    expect(loneKernel(blackwell as Machine, "bfloat16")).toBe(layerKernel(blackwell as Machine, "bfloat16"));
    // It is no kernel of a full layer where no other was measured in the format.
    expect(layerKernel(ampere as Machine, "fp8_block")).not.toBe("deepepmoe_generation");
  });
});

describe("the kernel of attention in decode", () => {
  const first = (id: string) => model(id).runs[0]?.blocks[0] as Mixer;
  const [grouped, latent, sparse] = ["mixtral-8x7b", "deepseek-v3", "deepseek-v3.2-exp"].map(first) as [Mixer, Mixer, Mixer];
  const of = (mixer: Mixer, engine: string, machine: Machine | undefined, cache: "bfloat16" | "fp8" = "bfloat16") =>
    decodeAttentionKernel(mixer, engine, machine as Machine, cache);

  it("is TensorRT-LLM's own of grouped and latent attention, and in SGLang trtllm-gen for grouped attention on Blackwell", () => {
    expect(of(grouped, "tensorrt-llm", hopper)).toBe("trtllm_torch_flow");
    expect(of(latent, "tensorrt-llm", blackwell)).toBe("trtllm_default");
    expect([blackwell, rubin, hopper].map((machine) => of(grouped, "sglang", machine))).toEqual([
      "sglang_trtllm_mha",
      "sglang_trtllm_mha",
      undefined,
    ]);
    expect(of(grouped, "vllm", blackwell)).toBeUndefined();
  });

  it("is not SGLang's conversion of an FP8 latent cache before Blackwell", () => {
    expect(of(latent, "sglang", hopper, "fp8")).toBe("trtllm_default");
    expect(of(latent, "sglang", hopper)).toBeUndefined();
    expect(of(latent, "sglang", blackwell, "fp8")).toBeUndefined();
  });

  it("is SGLang's indexer with either in every engine for sparse layers, and skips it where they take a selection over", () => {
    const follows = { ...sparse, indexer: { ...(sparse as { indexer: object }).indexer, scores: false } } as Mixer;
    expect(of(sparse, "tensorrt-llm", hopper)).toBe("sglang_dsa_indexer_fa3");
    expect(of(sparse, "sglang", hopper, "fp8")).toBe("sglang_dsa_indexer_flashmla_kv");
    expect(of(sparse, "vllm", blackwell, "fp8")).toBe("sglang_dsa_indexer_trtllm");
    expect(of(follows, "sglang", blackwell)).toBe("sglang_dsa_skip_indexer_trtllm");
  });

  it("is the families' choice of every other kind", () => {
    for (const id of ["deepseek-v4-pro", "qwen3-next-80b-a3b"]) expect(of(first(id), "tensorrt-llm", hopper), id).toBeUndefined();
  });
});

describe("the kernel of attention where prompts are taken in", () => {
  const first = (id: string) => model(id).runs[0]?.blocks[0] as Mixer;
  const ada = hardware("l40s");
  const of = (mixer: Mixer, engine: string, machine: Machine | undefined, cache: "bfloat16" | "fp8" = "bfloat16") =>
    prefillAttention(mixer, engine, machine as Machine, cache);
  const kernels = (mixer: Mixer, engine: string, cache: "bfloat16" | "fp8" = "bfloat16") =>
    [ampere, ada, hopper, blackwell, rubin].map((machine) => of(mixer, engine, machine, cache).kernel);

  it("is of grouped attention TensorRT-LLM's own, SGLang's default of each generation, and in vLLM the families' choice", () => {
    const grouped = first("mixtral-8x7b");
    expect(kernels(grouped, "tensorrt-llm")).toEqual(new Array(5).fill("trtllm_torch_flow"));
    expect(kernels(grouped, "vllm")).toEqual(new Array(5).fill(undefined));
    expect(kernels(grouped, "sglang")).toEqual([
      ...["sglang_flash_attention", "sglang_flashinfer", "sglang_fa3"],
      ...["sglang_trtllm_mha", "sglang_trtllm_mha"],
    ]);
    // Queries follow an FP8 cache into FP8.
    expect(of(grouped, "sglang", hopper, "fp8")).toEqual({ kernel: "sglang_fa3", arithmetic: "fp8" });
    expect(of(grouped, "sglang", ada, "fp8")).toEqual({ kernel: "sglang_flashinfer", arithmetic: "bfloat16" });
    expect(of(grouped, "tensorrt-llm", hopper, "fp8").arithmetic).toBe("bfloat16");
  });

  it("is of latent attention FlashAttention in vLLM and on Hopper in SGLang, and nowhere SGLang's absorbed core", () => {
    const latent = first("deepseek-v3");
    expect(kernels(latent, "tensorrt-llm")).toEqual(new Array(5).fill("trtllm_default"));
    expect(kernels(latent, "vllm")).toEqual(["trtllm_default", ...new Array(4).fill("vllm_FLASH_ATTN")]);
    expect(kernels(latent, "sglang")).toEqual(["trtllm_default", "sglang_triton", "sglang_fa3", "sglang_trtllm_mla", "sglang_trtllm_mla"]);
  });

  it("is of sparse layers each engine's own, by cache and, in vLLM on Blackwell, by heads", () => {
    const sparse = first("deepseek-v3.2-exp") as Extract<Mixer, { kind: "latent" }>;
    const few = { ...sparse, heads: 31 };
    const follows = { ...sparse, indexer: { ...sparse.indexer, scores: false } } as Mixer;
    expect(of(sparse, "tensorrt-llm", blackwell).kernel).toBe("trtllm_default");
    expect(["bfloat16", "fp8"].map((cache) => of(sparse, "vllm", hopper, cache as "fp8").kernel)).toEqual(
      new Array(2).fill("vllm_FLASHMLA_SPARSE"),
    );
    expect(of(sparse, "vllm", blackwell).kernel).toBe("vllm_FLASHMLA_SPARSE");
    expect(of({ ...sparse, heads: 32 }, "vllm", blackwell).kernel).toBe("vllm_FLASHMLA_SPARSE");
    expect(of(few, "vllm", blackwell).kernel).toBe("vllm_FLASHINFER_MLA_SPARSE");
    expect(of(sparse, "vllm", blackwell, "fp8").kernel).toBe("vllm_FLASHINFER_MLA_SPARSE");
    expect(of(few, "vllm", hopper).kernel).toBe("vllm_FLASHMLA_SPARSE");
    expect(of(sparse, "sglang", hopper).kernel).toBe("sglang_dsa_indexer_flashmla_sparse");
    expect(of(sparse, "sglang", hopper, "fp8").kernel).toBe("sglang_dsa_indexer_flashmla_kv");
    expect(of(sparse, "sglang", blackwell, "fp8").kernel).toBe("sglang_dsa_indexer_trtllm");
    expect(of(follows, "sglang", blackwell).kernel).toBe("sglang_dsa_skip_indexer_flashmla_sparse");
  });

  it("is of the other kinds each engine's own where it was measured, and elsewhere the families' choice", () => {
    const [v4, m3, next, kimi] = ["deepseek-v4-pro", "minimax-m3", "qwen3-next-80b-a3b", "kimi-linear-48b-a3b"].map((id) =>
      model(id)
        .runs.flatMap(({ blocks }) => blocks)
        .find(({ kind }) => kind === "compressed" || kind === "block-selected" || kind === "linear"),
    ) as [Mixer, Mixer, Mixer, Mixer];
    expect(kernels(v4, "tensorrt-llm").slice(2)).toEqual([undefined, ...new Array(2).fill("trtllm_DeepseekV4TrtllmAttention")]);
    expect([of(v4, "vllm", hopper).kernel, of(v4, "sglang", hopper).kernel]).toEqual([
      "vllm_FLASHMLA_SPARSE_DSV4",
      "sglang_compressed_flashmla",
    ]);
    expect(kernels(m3, "tensorrt-llm").slice(1, 4)).toEqual(["trtllm_default", "trtllm_default", "trtllm_msa_fmha_sm100"]);
    expect(kernels(m3, "sglang").slice(1, 3)).toEqual([undefined, "sglang_minimax_prefill_triton_sparse"]);
    expect(of(m3, "vllm", hopper).kernel).toBeUndefined();
    expect(engineKernels(next)).toEqual(["trtllm_chunk_gated_delta_rule", undefined, "sglang_chunk_gated_delta_rule"]);
    expect(engineKernels(kimi)).toEqual([undefined, undefined, "sglang_chunk_kda"]);
    expect(of(next, "sglang", amd)).toEqual({ arithmetic: "bfloat16" });
  });

  const engineKernels = (mixer: Mixer) => ["tensorrt-llm", "vllm", "sglang"].map((engine) => of(mixer, engine, hopper).kernel);
});
