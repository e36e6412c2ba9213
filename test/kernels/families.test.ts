import { describe, expect, it } from "vitest";
import { readRows } from "../../src/data/rows";
import {
  constantNames,
  defaultKernel,
  familyName,
  kernelFamily,
  kernelNames,
  kernels,
  measuredKernels,
  olderVersion,
  olderVersions,
  peakFlops,
  routerOf,
} from "../../src/kernels/families";
import { hardware } from "../../src/machine/hardware";

describe("kernels", () => {
  it("lists every family with every constant, in its range", () => {
    expect(kernels().length).toBeGreaterThan(25);
    for (const family of kernels()) {
      for (const name of constantNames) {
        if (!["oneTile", "routedTokens", "routedActivation", "routedRowElements"].includes(name))
          expect(family[name], `${family.from} ${name}`).toBeGreaterThan(0);
      }
      expect([0, 1]).toContain(family.oneTile);
      expect([0, 1]).toContain(family.routedTokens);
      expect([0, 1]).toContain(family.routedActivation);
      expect(family.routedRowElements).toBeGreaterThanOrEqual(0);
      expect(family.memoryEfficiency).toBeLessThanOrEqual(1);
      expect(family.arithmeticEfficiency).toBeLessThanOrEqual(1);
      expect(family.overlapExponent).toBeGreaterThanOrEqual(1);
    }
  });

  it("names every family once, and only kernels that kernel-names.csv knows", () => {
    const names = kernels().map((k) => k.from);
    expect(names).toEqual([...new Set(names)]);
    const known = kernelNames().map((k) => `${k.kernel} ${k.weightFormat}`);
    for (const { kernel, weightFormat } of kernels()) expect(known).toContain(`${kernel} ${weightFormat}`);
  });
});

describe("older versions of an engine", () => {
  const triton = olderVersion("sglang_fused_moe_triton", "fp8_block", "Hopper", "SGLang 0.5.10");

  it("have constants of their own, which answer no question", () => {
    expect(olderVersions().length).toBeGreaterThan(0);
    for (const { kernel, weightFormat, generation, software } of olderVersions()) {
      const name = familyName(kernel, weightFormat, generation, software);
      expect(measuredKernels().find((k) => k.from === name)?.software).toBe(software);
      expect(kernels().map((k) => k.from)).not.toContain(name);
      expect(kernels().map((k) => k.from)).toContain(familyName(kernel, weightFormat, generation));
    }
    expect(measuredKernels()).toHaveLength(kernels().length + olderVersions().length);
  });

  it("are told by kernel, format, generation and version, and may see another router", () => {
    expect(triton?.router).toBe("folded");
    expect(routerOf("sglang_fused_moe_triton", "fp8_block")).toBe("groups");
    expect(olderVersion("sglang_fused_moe_triton", "fp8_block", "Hopper", "SGLang 0.5.14")).toBeUndefined();
    expect(olderVersion("sglang_fused_moe_triton", "bfloat16", "Hopper", "SGLang 0.5.10")).toBeUndefined();
    expect(olderVersion("sglang_fused_moe_triton", "fp8_block", "Blackwell", "SGLang 0.5.10")).toBeUndefined();
    expect(olderVersion("vllm_fused_moe", "fp8_block", "Hopper", "SGLang 0.5.10")).toBeUndefined();
  });
});

describe("kernelFamily", () => {
  it("is exact where rows were fitted, on any machine of the generation", () => {
    const h100 = kernelFamily("moe_torch_flow_cutlass", "fp8_block", hardware("h100-sxm"));
    expect(h100.fitted).toBe("here");
    expect(h100.heldOutError?.median).toBeLessThan(0.05);
    expect(kernelFamily("moe_torch_flow_cutlass", "fp8_block", hardware("h200-sxm"))).toEqual(h100);
  });

  it("takes the same format from another generation, and says so", () => {
    expect(kernelFamily("vllm_fused_moe", "fp8", hardware("b200-sxm"))).toMatchObject({
      fitted: "transferred",
      heldOutError: undefined,
      from: "vllm_fused_moe fp8 Hopper",
      generation: "Blackwell",
    });
  });

  it("takes a kernel of like name where its own was never measured", () => {
    expect(kernelFamily("vllm_nvfp4moe_deepgemm_experts", "fp8_block", hardware("gb200"))).toMatchObject({
      fitted: "by-name",
      from: "deepgemm fp8_block Blackwell",
    });
  });

  it("prefers the format to the generation, then the nearest width, then a kernel of the same engine, then the first by name", () => {
    const from = (kernel: string, format: string, id: string) => kernelFamily(kernel, format, hardware(id)).from;
    expect(from("moe_torch_flow_cutlass", "nvfp4", "h100-sxm")).toBe("moe_torch_flow_cutlass nvfp4 Blackwell");
    // Bits a weight: 4.5 of NVFP4 are nearest to MXFP4's 4.25.
    expect(from("sglang_fused_moe_triton", "nvfp4", "h100-sxm")).toBe("sglang_fused_moe_triton w4a16_mxfp4 Hopper");
    expect(from("moe_torch_flow_cutlass", "int4_wo", "a100-sxm")).toBe("moe_torch_flow_cutlass nvfp4 Blackwell");
    expect(from("sglang_marlin_moe", "fp8", "h100-sxm")).toBe("sglang_marlin_moe int4_wo Hopper");
    expect(from("vllm_triton_of_tomorrow", "bfloat16", "h100-sxm")).toBe("vllm_unquantizedfusedmoe_triton_tritonexperts bfloat16 Hopper");
    expect(from("sglang_triton_of_tomorrow", "bfloat16", "h100-sxm")).toBe("sglang_fused_moe_triton bfloat16 Hopper");
    expect(from("someones_triton", "bfloat16", "h100-sxm")).toBe("sglang_fused_moe_triton bfloat16 Hopper");
  });

  it("takes for cards with graphics memory the L40S's, whatever their generation is called", () => {
    const card = { ...hardware("b200-sxm"), memoryKind: "GDDR7" };
    const { from: _, ...own } = kernelFamily("sglang_fused_moe_triton", "bfloat16", hardware("l40s"));
    expect(own.fitted).toBe("here");
    expect(kernelFamily("sglang_fused_moe_triton", "bfloat16", card)).toMatchObject({
      ...own,
      ...{ from: "sglang_fused_moe_triton bfloat16 Ada", generation: "Blackwell", fitted: "transferred", heldOutError: undefined },
    });
    expect(kernelFamily("sglang_fused_moe_triton", "fp8_block", card)).toMatchObject({
      ...{ generation: "Blackwell", from: "vllm_fp8moe_triton_tritonexperts fp8_block Ada" },
    });
  });

  it("states the error of token counts left out of the fit", () => {
    const row = readRows("fit-errors.csv").find(
      (r) => r.cells.family === "moe_torch_flow_cutlass fp8_block Hopper" && r.cells.part === "tokens left out",
    );
    expect(kernelFamily("moe_torch_flow_cutlass", "fp8_block", hardware("h100-sxm")).heldOutError).toEqual({
      median: Number(row?.cells.median),
      p90: Number(row?.cells.p90),
    });
  });

  it("names the nearest kernels when it knows nothing of one", () => {
    expect(() => kernelFamily("moe_torch_flw", "fp8", hardware("h100-sxm"))).toThrow(/nearest: \S+, \S+, \S+$/);
    expect(() => kernelFamily("own", "fp8", hardware("h100-sxm"))).toThrow(RangeError);
    expect(() => kernelFamily("moe_torch_flw", "fp8", hardware("h100-sxm"))).toThrow(
      /unknown kernel "moe_torch_flw"; nearest: moe_torch_flow/,
    );
  });
});

it("routerOf knows which kernels limit DeepSeek-V3's groups themselves", () => {
  expect(routerOf("sglang_fused_moe_triton", "fp8_block")).toBe("groups");
  expect(routerOf("moe_torch_flow_cutlass", "fp8_block")).toBe("given");
  // A kernel not measured: vLLM's Triton and FlashInfer kernels run the model's router, no other is taken to.
  expect(
    ["vllm_new_triton", "vllm_a_b_flashinfer", "own_vllm_triton", "vllm_marlin_new", "triton"].map((kernel) => routerOf(kernel, "fp8")),
  ).toEqual(["groups", "groups", "given", "given", "given"]);
});

it("kernelNames has a note where there is something to say, else none", () => {
  const notes = kernelNames().map((k) => k.note);
  expect(notes).toContain("");
  expect(notes.some((note) => note.length > 10)).toBe(true);
  expect(notes.filter((note) => note.includes("undefined"))).toEqual([]);
});

it("defaultKernel is one that was fitted, on Hopper and Blackwell", () => {
  for (const id of ["h100-sxm", "h800-sxm", "h20", "b200-sxm", "gb300"]) {
    const { kernel, weightFormat } = defaultKernel(hardware(id));
    expect(kernelFamily(kernel, weightFormat, hardware(id)).fitted).toBe("here");
  }
  expect(defaultKernel(hardware("a100-sxm")).weightFormat).toBe("bfloat16");
});

it("peakFlops widens to the next format that a machine has", () => {
  expect(peakFlops(hardware("h100-sxm"), "fp4")).toBe(1979e12);
  expect(peakFlops(hardware("a100-sxm"), "fp8")).toBe(312e12);
  const of = (peakFlopsPerSecond: object, format: string) => peakFlops({ ...hardware("a100-sxm"), peakFlopsPerSecond }, format as "fp8");
  for (const narrow of ["fp4", "fp6", "int8"]) expect(of({ fp32: 4, fp16: 3, bf16: 2, fp8: 1 }, narrow), narrow).toBe(1);
  for (const narrow of ["fp4", "fp6", "int8", "fp8", "tf32"]) expect(of({ fp32: 4, fp16: 3, bf16: 2 }, narrow), narrow).toBe(2);
  expect(of({ fp32: 4, fp16: 3 }, "fp8")).toBe(3);
  expect(of({ fp32: 4 }, "fp8")).toBe(4);
  // No wider one: whatever there is.
  expect(of({ tf32: 5 }, "fp8")).toBe(5);
  expect(() => of({}, "fp8")).toThrow(new RangeError("a100-sxm: expected a peak rate for fp8 or a wider format"));
});
