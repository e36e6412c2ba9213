import { describe, expect, it } from "vitest";
import { carriedFamily, type KernelFamily, kernels } from "../../src/kernels/families";

describe("carriedFamily", () => {
  const of = (kernel: string, weightFormat: string, generation: string) =>
    ({ ...kernels()[0], kernel, weightFormat, generation, from: `${kernel} ${weightFormat} ${generation}` }) as KernelFamily;
  const from = (asked: string, ...families: readonly string[]) => {
    const [kernel, format, generation] = asked.split(" ") as [string, string, string];
    return carriedFamily(
      kernel,
      format,
      generation,
      families.map((name) => of(...(name.split(" ") as [string, string, string]))),
    )?.from;
  };

  it("takes the nearest generation: for machines with memory on the package Hopper's, for Ada Ampere's", () => {
    const kernel = "vllm_fused_moe bfloat16";
    const all = ["Ada", "Ampere", "Blackwell", "Hopper"].map((generation) => `${kernel} ${generation}`);
    for (const [generation, ...order] of [
      ["CDNA3", "Hopper", "Blackwell", "Ampere", "Ada"],
      ["Ada", "Ampere", "Hopper", "Blackwell"],
    ] as const)
      order.forEach((first, i) => {
        const left = all.filter((name) => order.slice(i).some((g) => name.endsWith(g)));
        expect(from(`${kernel} ${generation}`, ...left), left.join()).toBe(`${kernel} ${first}`);
      });
  });

  it("takes another kernel of the same implementation in the format before its own on another generation", () => {
    // Both of TensorRT-LLM's names are its CUTLASS kernel in BF16; in MXFP4 the shorter is another one.
    const ampere = "moe_torch_flow bfloat16 Ampere";
    expect(from("moe_torch_flow_cutlass bfloat16 Ampere", "moe_torch_flow_cutlass bfloat16 Hopper", ampere)).toBe(ampere);
    const hopper = "moe_torch_flow_cutlass bfloat16 Hopper";
    expect(from("moe_torch_flow bfloat16 Hopper", hopper)).toBe(hopper);
    expect(from("moe_torch_flow w4a16_mxfp4 Hopper", hopper)).toBeUndefined();
    // A generation counts more than kernel and engine, and of two of an engine the kernel itself counts.
    const blackwell = "sglang_fused_moe_triton bfloat16 Blackwell";
    expect(from("vllm_fused_moe bfloat16 Blackwell", "vllm_fused_moe bfloat16 Hopper", blackwell)).toBe(blackwell);
    const own = "vllm_unquantizedfusedmoe_triton_tritonexperts bfloat16 Hopper";
    expect(from(own.replace("Hopper", "Ampere"), "vllm_fused_moe bfloat16 Hopper", own)).toBe(own);
  });

  it("takes of other formats the one of like width: for 4.5 bits eight rather than sixteen", () => {
    const [wide, narrow] = ["vllm_fused_moe bfloat16 Hopper", "vllm_fused_moe fp8 Hopper"] as const;
    expect(from("vllm_fused_moe nvfp4 Hopper", wide, narrow)).toBe(narrow);
  });

  it("takes for a kernel by an implementation that is not known one of its engine, and none of another", () => {
    const families = ["sglang_a fp8 Hopper", "vllm_b bfloat16 Hopper", "another_vllm_ fp8 Hopper"];
    expect(from("vllm_new fp8 Hopper", ...families)).toBe("vllm_b bfloat16 Hopper");
    expect(from("own fp8 Hopper", ...families)).toBeUndefined();
    expect(from("own_vllm_ fp8 Hopper", ...families)).toBeUndefined();
  });
});
