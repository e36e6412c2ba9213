import { describe, expect, it } from "vitest";
import { hardware } from "../src/hardware";
import { constantNames, defaultKernel, kernelFamily, kernelNames, kernels, peakFlops, routerOf } from "../src/kernel";

describe("kernels", () => {
  it("lists every family with every constant, in its range", () => {
    expect(kernels().length).toBeGreaterThan(25);
    for (const family of kernels()) {
      for (const name of constantNames) expect(family[name], `${family.from} ${name}`).toBeGreaterThan(0);
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

  it("names the nearest kernels when it knows nothing of one", () => {
    expect(() => kernelFamily("moe_torch_flw", "fp8", hardware("h100-sxm"))).toThrow(
      /unknown kernel "moe_torch_flw"; nearest: moe_torch_flow/,
    );
  });
});

it("routerOf knows which kernels limit DeepSeek-V3's groups themselves", () => {
  expect(routerOf("sglang_fused_moe_triton", "fp8_block")).toBe("groups");
  expect(routerOf("moe_torch_flow_cutlass", "fp8_block")).toBe("given");
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
});
