import { describe, expect, it } from "vitest";
import { peakFlops } from "../../src/kernels/families";
import { denseFamily, denseTime, meanEdges } from "../../src/kernels/product";
import { hardware } from "../../src/machine/hardware";
import { productKernels, productPlan } from "../../src/step/products";

const h800 = hardware("h800-sxm");
const b200 = hardware("b200-sxm");
const start = 2e-6;
const rows = 16;
const kernels = productKernels(h800, "fp8_block", start, "tensorrt-llm");
const time = (outputs: number, inputs: number, bf16 = false) =>
  denseTime(bf16 ? kernels.wide : kernels.quantised, { m: rows, n: outputs, k: inputs }, h800, meanEdges);

describe("kernels of the products outside the experts", () => {
  it.each([
    ["fp8", "sglang_fp8_scaled_mm"],
    ["fp8_block", "sglang_deepgemm"],
    ["nvfp4", "sglang_cutedsl"],
  ] as const)(
    "are in %s SGLang's table whose time is the product's and its conversion's alone, but convert on the way",
    (format, kernel) => {
      const timed = denseFamily(b200, kernel, format);
      expect(timed).toMatchObject({ kernel, fitted: "here" });
      for (const engine of ["tensorrt-llm", "vllm", "sglang"] as const) {
        const { quantised } = productKernels(b200, format, start, engine);
        const { fixedSeconds } = quantised.constants;
        expect(quantised, engine).toEqual({ ...timed, constants: { ...timed.constants, fixedSeconds, activationPasses: 0 } });
      }
    },
  );

  it("convert for at most 8 us more than BF16's fixed time, in every engine", () => {
    for (const engine of ["tensorrt-llm", "vllm", "sglang"] as const) {
      const timed = denseFamily(h800, "sglang_deepgemm", "fp8_block");
      const { wide, quantised } = productKernels(h800, "fp8_block", start, engine);
      expect(quantised.constants.fixedSeconds).toBe(Math.min(timed.constants.fixedSeconds, wide.constants.fixedSeconds + 8e-6));
    }
  });

  it.each([
    ["fp8", 2e-6],
    ["nvfp4", 5.5e-6],
  ] as const)("convert to %s on Blackwell for so much more than BF16, whatever the table's conversion takes", (format, more) => {
    for (const engine of ["tensorrt-llm", "vllm", "sglang"] as const) {
      const { wide, quantised } = productKernels(b200, format, start, engine);
      expect(quantised.constants.fixedSeconds).toBeCloseTo(wide.constants.fixedSeconds + more, 12);
      expect(quantised.constants.activationPasses).toBe(0);
    }
  });

  it("convert to FP8 before Blackwell as the table times it, where that is less than 8 us more than BF16", () => {
    const { fixedSeconds } = denseFamily(h800, "sglang_fp8_scaled_mm", "fp8").constants;
    const { wide, quantised } = productKernels(h800, "fp8", start, "vllm");
    expect(quantised.constants.fixedSeconds).toBe(fixedSeconds);
    expect(fixedSeconds).toBeLessThan(wide.constants.fixedSeconds + 8e-6);
  });

  it("are in BF16 TensorRT-LLM's own, or PyTorch's in the other engines, for both", () => {
    for (const [engine, kernel] of [
      ["tensorrt-llm", undefined],
      ["vllm", "sglang_torch_linear"],
      ["sglang", "sglang_torch_linear"],
    ] as const) {
      const { wide, quantised } = productKernels(h800, "bfloat16", start, engine);
      expect(wide, engine).toEqual(denseFamily(h800, kernel, "bfloat16"));
      expect(quantised, engine).toBe(wide);
    }
    expect(denseFamily(h800, undefined, "bfloat16")).not.toEqual(denseFamily(h800, "sglang_torch_linear", "bfloat16"));
  });

  it("know their machine, their format and what a start takes", () => {
    expect(kernels).toMatchObject({ hardware: h800, launchSeconds: start, format: { name: "fp8_block" } });
  });
});

describe("products one after another", () => {
  const up = { outputs: 4096, inputs: 2048 };
  const wide = { outputs: 512, inputs: 4096, bf16: true as const };
  const [first, second] = [time(4096, 2048), time(512, 4096, true)];

  it("take the sum of their times, after kernels that start and pass over the stream of the first one's inputs, there and back", () => {
    const task = productPlan("router", kernels, [up, wide], 3)(rows);
    const each = start + (2 * 2 * 2048 * rows) / h800.memoryBytesPerSecond;
    expect(task).toMatchObject({ name: "router", kernelSeconds: [each, each, each, first.seconds, second.seconds] });
    expect(task.seconds).toBeCloseTo(3 * each + first.seconds + second.seconds, 15);
    expect(task.bytes).toBeCloseTo(3 * 4 * 2048 * rows + first.bytes + second.bytes, 6);
    expect(task.flops).toBe(2 * rows * (4096 * 2048 + 512 * 4096));
  });

  it("have a floor of their bytes, or of their arithmetic at the peak of each one's format", () => {
    const task = productPlan("router", kernels, [up, wide], 3)(rows);
    expect(task.floorSeconds).toBeCloseTo(task.bytes / h800.memoryBytesPerSecond, 15);
    const still = { ...kernels, hardware: { ...h800, memoryBytesPerSecond: 1e30 } };
    const { fp8 = 0, bf16 = 0 } = h800.peakFlopsPerSecond;
    expect(peakFlops(h800, "fp8")).toBe(fp8);
    expect(productPlan("router", still, [up, wide], 3)(rows).floorSeconds).toBeCloseTo(first.flops / fp8 + second.flops / bf16, 15);
  });

  it("read the largest matrix in one run, and are bound by what binds the longest product", () => {
    expect(productPlan("router", kernels, [up, wide], 0)(rows).runBytes).toBeCloseTo(4096 * 2048 * (1 + 4 / 128 ** 2), 6);
    expect(productPlan("head", kernels, [{ ...up, bf16: true }, wide], 0)(rows).runBytes).toBe(2 * 4096 * 2048);
    const [small, large] = [
      { outputs: 8, inputs: 8, bf16: true as const },
      { outputs: 65_536, inputs: 7168, bf16: true as const },
    ];
    const bounds = [time(8, 8, true).bound, time(65_536, 7168, true).bound];
    expect(new Set(bounds).size).toBe(2);
    for (const order of [
      [small, large],
      [large, small],
    ])
      expect(productPlan("head", kernels, order, 0)(rows).bound).toBe(bounds[1]);
  });

  it("are of no product kernels that start alone", () => {
    expect(productPlan("router", kernels, [], 2)(rows)).toEqual({
      name: "router",
      seconds: 2 * start,
      floorSeconds: 0,
      flops: 0,
      bytes: 0,
      runBytes: 0,
      bound: "overhead",
      kernelSeconds: [start, start],
    });
  });

  it("are one record for layers that ask for the same rows, and another for others", () => {
    const plan = productPlan("router", kernels, [up], 1);
    const task = plan(rows);
    expect(plan(rows)).toBe(task);
    expect(plan(rows + 1).flops).toBe(2 * (rows + 1) * 4096 * 2048);
    expect(plan(rows)).toEqual(task);
  });
});
