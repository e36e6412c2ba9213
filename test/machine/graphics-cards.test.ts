import { describe, expect, it } from "vitest";
import { readRows } from "../../src/data/rows";
import { chooseFamily, mixerFamilies } from "../../src/kernels/attention/attention-families";
import { decodeAttentionKernel } from "../../src/kernels/default-attention";
import { defaultExpertKernel } from "../../src/kernels/default-experts";
import { kernelFamily, kernels } from "../../src/kernels/families";
import { launch } from "../../src/kernels/launch";
import { denseFamily } from "../../src/kernels/product";
import { hardware, machines } from "../../src/machine/hardware";
import { type WeightFormatName, weightFormatNames } from "../../src/machine/number-formats";
import { hasGraphicsMemory, hasTensorMemory, isBlackwellCard, isGraphicsCard } from "../../src/machine/tensor-memory";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import type { Mixer } from "../../src/model/blocks";
import { model } from "../../src/model/registry";
import { allReduceTime } from "../../src/network/all-reduce";
import { collectiveTime, linksLike } from "../../src/network/collective";
import { unmeasuredError } from "../../src/step/answer-words";
import { decodeStep } from "../../src/step/decode";
import { type Engine, engines, engineTime } from "../../src/step/engine";
import { linked } from "../../src/step/links";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { prefillStep } from "../../src/step/prefill";
import { searchDeployments } from "../../src/step/search/search";

const [pro, rtx5090, rtx4090, arc] = ["rtx-pro-6000", "rtx-5090", "rtx-4090", "arc-pro-b60"].map(hardware) as [
  ReturnType<typeof hardware>,
  ReturnType<typeof hardware>,
  ReturnType<typeof hardware>,
  ReturnType<typeof hardware>,
];
const [l40s, b200] = [hardware("l40s"), hardware("b200-sxm")];
const unmeasured = [pro, rtx5090, arc];

describe("the numbers of the graphics cards", () => {
  it("have the bandwidth of their bus: bits times the rate of a pin", () => {
    expect(rtx4090.memoryBytesPerSecond).toBe((384 / 8) * 21e9);
    expect(rtx5090.memoryBytesPerSecond).toBe((512 / 8) * 28e9);
    expect(arc.memoryBytesPerSecond).toBe((192 / 8) * 19e9);
    // As the data sheet of the Server Edition prints it; 1,792 GB/s are the Workstation Edition's.
    expect(pro.memoryBytesPerSecond).toBe(1597e9);
    expect([pro, rtx5090, rtx4090, arc].map(({ memoryBytes }) => memoryBytes)).toEqual([96e9, 32e9, 24e9, 24e9]);
  });

  it("reach their stated BF16 peak from units, multiply-adds and clock: with FP32 accumulation half as many on GeForce", () => {
    expect(512 * 64 * 2 * 2.52e9).toBeCloseTo(165.15e12, -11);
    for (const { id, matrixUnit, clockHertz = 0, peakFlopsPerSecond } of [pro, rtx5090, rtx4090, arc]) {
      const { count = 0, fmaPerClock = 0 } = matrixUnit;
      const stated = peakFlopsPerSecond.bf16 as number;
      expect(Math.abs((count * fmaPerClock * 2 * clockHertz) / stated - 1), id).toBeLessThan(0.001);
    }
    expect([rtx4090, rtx5090, pro].map(({ matrixUnit }) => matrixUnit.fmaPerClock)).toEqual([64, 64, 128]);
    expect([rtx4090, rtx5090].map(({ peakFlopsPerSecond: { bf16 = 0, fp8 = 0 } }) => [bf16, fp8])).toEqual([
      [165.2e12, 330.3e12],
      [209.5e12, 419e12],
    ]);
    // Four bits are not halved: 1676 over 419.
    expect(rtx5090.peakFlopsPerSecond.fp4).toBe(4 * 419e12);
  });

  it("have for the Server Edition the Workstation Edition's rates at the clock of 120 TFLOP/s in FP32", () => {
    const clock = 120e12 / (24_064 * 2);
    expect(pro.clockHertz).toBeCloseTo(clock, -6);
    const { bf16, fp8, fp4, tf32 } = pro.peakFlopsPerSecond;
    for (const [rate, workstation] of [
      [tf32, 251.9e12],
      [bf16, 503.8e12],
      [fp8, 1007.6e12],
      [fp4, 2015.2e12],
    ] as [number, number][])
      expect(rate / ((workstation * clock) / 2.617e9)).toBeCloseTo(1, 3);
  });

  it("are in no format that their tensor cores have not: no FP4 on Ada, neither FP8 nor FP4 on Xe2", () => {
    expect(rtx4090.peakFlopsPerSecond).not.toHaveProperty("fp4");
    for (const format of ["fp8", "fp4"]) expect(arc.peakFlopsPerSecond).not.toHaveProperty(format);
    expect(arc).not.toHaveProperty("cacheBytes");
    for (const card of [pro, rtx5090, rtx4090, arc]) expect(card).not.toHaveProperty("scaleUpBytesPerSecond");
  });
});

describe("tensor memory", () => {
  it("is in Blackwell and Rubin of data centres, and in no graphics card whatever its generation is called", () => {
    expect(
      machines()
        .filter(hasTensorMemory)
        .map(({ id }) => id),
    ).toEqual(["b200-sxm", "gb200", "b300-sxm", "gb300", "vr200"]);
    expect(hasTensorMemory({ generation: "Blackwell Ultra" })).toBe(true);
    expect(hasTensorMemory({ generation: "Blackwell RTX" })).toBe(false);
    expect(hasTensorMemory({ ...b200, memoryKind: "GDDR7" })).toBe(false);
    expect(machines().filter(isBlackwellCard)).toEqual([rtx5090, pro]);
    expect(machines().filter(isGraphicsCard)).toEqual([rtx4090, l40s, rtx5090, pro]);
    expect(machines().filter(hasGraphicsMemory)).toEqual([rtx4090, l40s, arc, rtx5090, pro]);
  });
});

describe("the experts' kernel on a graphics card", () => {
  const kernel = (machine: typeof pro, engine: Engine, format: WeightFormatName) =>
    defaultExpertKernel({ hardware: machine, engine, format, exchanges: false, architecture: "Qwen3MoeForCausalLM" });
  const cutlass = "moe_torch_flow_cutlass";
  const marlin = "vllm_gptossmxfp4moe_marlin_marlinexperts";

  it.each([
    ["bfloat16", cutlass, cutlass, "sglang_fused_moe_triton"],
    ["fp8", cutlass, "vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts", cutlass],
    ["fp8_block", cutlass, "vllm_fp8moe_triton_tritonexperts", "sglang_fused_moe_triton"],
    ["nvfp4", cutlass, cutlass, cutlass],
    ["w4a8_mxfp4_mxfp8", cutlass, marlin, cutlass],
    ["int4_wo", "sglang_marlin_moe", "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts", "sglang_marlin_moe"],
  ] as const)("of Blackwell in %s is none of trtllm-gen, DeepGEMM or CuTe DSL", (format, tensorrt, vllm, sglang) => {
    for (const card of [pro, rtx5090, { ...b200, memoryKind: "GDDR7" }])
      expect(["tensorrt-llm", "vllm", "sglang"].map((engine) => kernel(card, engine as Engine, format))).toEqual([tensorrt, vllm, sglang]);
    // Tokens exchanged make no difference: DeepEP runs on no card.
    for (const engine of engines)
      expect(defaultExpertKernel({ hardware: pro, engine, format, exchanges: true }), engine).toBe(
        defaultExpertKernel({ hardware: pro, engine, format, exchanges: false }),
      );
  });

  it("of Ada is Triton in vLLM's FP8, and widens 4 bits by Marlin", () => {
    for (const card of [rtx4090, l40s]) {
      expect(kernel(card, "vllm", "fp8")).toBe("vllm_modeloptfp8moe_triton_tritonexperts");
      expect(kernel(card, "vllm", "bfloat16")).toBe("vllm_unquantizedfusedmoe_triton_tritonexperts");
      for (const engine of engines) expect(kernel(card, engine, "nvfp4"), engine).toBe(marlin);
      expect(kernel(card, "tensorrt-llm", "w4a16_mxfp4")).toBe(marlin);
    }
    expect(kernel(b200, "vllm", "nvfp4")).toMatch(/trtllm/);
  });
});

describe("what a card's constants are carried from", () => {
  it("is Ada's L40S where it was measured, B200 for formats that were measured there alone, and is never called fitted", () => {
    const from = (name: string, format: string) => kernelFamily(name, format, pro).from;
    expect(from("moe_torch_flow_cutlass", "bfloat16")).toBe("moe_torch_flow_cutlass bfloat16 Ada");
    expect(from("sglang_fused_moe_triton", "fp8_block")).toBe("vllm_fp8moe_triton_tritonexperts fp8_block Ada");
    expect(from("sglang_marlin_moe", "int4_wo")).toBe("sglang_marlin_moe int4_wo Ada");
    expect(from("moe_torch_flow_cutlass", "nvfp4")).toBe("moe_torch_flow_cutlass nvfp4 Blackwell");
    for (const machine of unmeasured)
      for (const { kernel, weightFormat } of kernels())
        expect(kernelFamily(kernel, weightFormat, machine), `${kernel} ${weightFormat} ${machine.id}`).toMatchObject({
          generation: machine.generation,
          fitted: expect.not.stringMatching(/^here$/),
          heldOutError: undefined,
        });
  });

  it("is said of every core of attention, of every product, of the engine's times and of a kernel's start", () => {
    for (const machine of unmeasured) {
      for (const { work, phase, kernel, cacheFormat, arithmetic } of mixerFamilies())
        expect(chooseFamily(machine, { work, phase, kernel, cacheFormat, arithmetic }).carried, `${machine.id} ${work} ${kernel}`).toMatch(
          /^from /,
        );
      for (const format of weightFormatNames) {
        const { fitted, from } = denseFamily(machine, undefined, format);
        expect(fitted, `${machine.id} ${format}`).toBe("transferred");
        // Products of B200 stand in for FP4 alone.
        expect(from, format).toMatch(format === "nvfp4" ? /Blackwell$/ : /Hopper$/);
      }
      for (const engine of engines) expect(engineTime(engine, machine).carriedFrom).toBe(`${engine} Hopper`);
    }
    expect([pro, rtx5090, arc, rtx4090].map((m) => launch("graph", m).measured)).toEqual(["Ada", "Ada", "Hopper", "Ada"]);
  });

  it("is nothing for the experts and cores of RTX 4090, whose generation was measured on L40S", () => {
    expect(kernelFamily("sglang_fused_moe_triton", "bfloat16", rtx4090)).toBe(kernelFamily("sglang_fused_moe_triton", "bfloat16", l40s));
    const ask = { work: "grouped", phase: "decode", cacheFormat: "bfloat16", arithmetic: "bfloat16" } as const;
    expect(chooseFamily(rtx4090, ask)).toEqual(chooseFamily(l40s, ask));
    expect(chooseFamily(rtx4090, ask).carried).toBeUndefined();
  });

  it("are for attention in SGLang FlashInfer and Triton, as L40S has them", () => {
    const [grouped, latent] = ["qwen3-30b-a3b", "deepseek-v2-lite"].map((id) => model(id).runs[0]?.blocks[0] as Mixer) as [Mixer, Mixer];
    for (const card of [pro, rtx5090, rtx4090]) {
      expect(decodeAttentionKernel(grouped, "sglang", card, "bfloat16")).toBe("sglang_flashinfer");
      expect(decodeAttentionKernel(latent, "sglang", card, "bfloat16")).toBe("sglang_triton");
      expect(decodeAttentionKernel(grouped, "tensorrt-llm", card, "bfloat16")).toBe("trtllm_torch_flow");
    }
    expect(decodeAttentionKernel(grouped, "sglang", arc, "bfloat16")).toBeUndefined();
    expect(decodeAttentionKernel(grouped, "sglang", b200, "bfloat16")).toBe("sglang_trtllm_mha");
  });
});

describe("links of a card", () => {
  it("are its slot, lent: twice as quick on PCIe 5 as on PCIe 4, half with eight lanes", () => {
    expect([pro, rtx5090, rtx4090, arc].map((card) => linked(card, 2).scaleUpBytesPerSecond)).toEqual([63e9, 63e9, 31e9, 31.5e9]);
    expect(linked(l40s, 2).scaleUpBytesPerSecond).toBe(32e9);
    const step = decodeStep({ model: model("qwen3-30b-a3b"), hardware: pro, requests: 4, contextTokens: 1000, tensorParallel: 4 });
    const geforce = decodeStep({
      model: model("gpt-oss-20b"),
      hardware: rtx5090,
      requests: 4,
      contextTokens: 1000,
      tensorParallel: 2,
    }).carried;
    expect(geforce.at(-1)).toMatch(/^links: .*its PCIe slot \(63 GB\/s\) and a card of 400 Gb\/s stand in/);
    expect(step.carried).toContain(
      "links: not in the record of rtx-pro-6000; its PCIe slot (63 GB/s) stands in; rings wait as over A100's NVLink, the least they can",
    );
  });

  it("carry NCCL's rings alone: no switch reduces, and engines leave their own all-reduce", () => {
    expect([pro, rtx4090, arc, l40s, b200].map(linksLike)).toEqual(["Ampere", "Ampere", "Ampere", "Ampere", "Blackwell"]);
    const card = linked(pro, 8);
    for (const bytes of [1e4, 1e6, 1e9]) {
      const ring = collectiveTime({ collective: "all-reduce", gpus: 8, hardware: card, bytes });
      for (const owner of ["trtllm", "vllm", "sglang"] as const) expect(allReduceTime(bytes, 8, card, owner)).toEqual(ring);
      expect(ring.algorithm).toMatch(/^ring/);
      // Each GPU sends 2 (8 - 1) / 8 of the bytes through its slot.
      expect(ring.seconds).toBeGreaterThan((1.75 * bytes) / 63e9);
    }
  });
});

describe("the band of an answer", () => {
  it("is wider by the error of layers whose generation was left out where neither engine nor kernels were measured", () => {
    const row = readRows("fit-held.csv").find(
      (r) => r.cells.leftOut === "generation" && r.cells.group === "all" && r.cells.tokens === "to 1024",
    );
    expect(Number(row?.cells.median)).toBeCloseTo(unmeasuredError, 2);
    const of = (machine: typeof pro) => {
      const { seconds, errorBand } = decodeStep({
        ...{ model: model("qwen3-30b-a3b"), hardware: machine, requests: 4, contextTokens: 1000, engine: "vllm" },
      });
      return [errorBand.low / seconds, errorBand.high / seconds];
    };
    const { bandLow, bandHigh } = engineTime("vllm", hardware("h100-sxm"));
    const carried = [bandLow ** 1.5, bandHigh ** 1.5] as const;
    for (const machine of unmeasured) {
      const [low, high] = of(machine) as [number, number];
      expect(low, machine.id).toBeCloseTo(carried[0] / 1.18, 9);
      expect(high, machine.id).toBeCloseTo(carried[1] * 1.18, 9);
    }
    expect((of(rtx4090) as [number, number])[1]).toBeCloseTo(carried[1], 9);
  });
});

describe("a step, a prompt, a footprint and a search on a card", () => {
  const ask = { model: model("gpt-oss-20b"), requests: 4, contextTokens: 2000 };

  it.each(["rtx-pro-6000", "rtx-5090", "rtx-4090", "arc-pro-b60"])("are answered by every engine: %s", (id) => {
    const machine = hardware(id);
    for (const engine of engines) {
      const step = decodeStep({ ...ask, hardware: machine, engine });
      expect(step.seconds).toBeGreaterThan(step.floorSeconds);
      expect(step.carried.length).toBeGreaterThan(1);
      const prefill = prefillStep({ model: ask.model, hardware: machine, engine, requests: 1, promptTokens: 2048 });
      expect(prefill.seconds).toBeGreaterThan(prefill.floorSeconds);
    }
    expect(memoryFootprint({ ...ask }).weightBytes).toBeLessThan(machine.memoryBytes);
    const { front } = searchDeployments({ model: ask.model, hardware: machine, gpus: 2, inputTokens: 1000, outputTokens: 100 });
    expect(front.length).toBeGreaterThan(0);
  });

  it("are the quicker the more bandwidth a machine has", () => {
    const seconds = (machine: typeof pro) => decodeStep({ ...ask, hardware: machine, weightFormat: "bfloat16", engine: "vllm" }).seconds;
    expect(seconds(whatIfHardware(pro, { memoryBytesPerSecond: { times: 1.12 } }))).toBeLessThan(seconds(pro));
    expect(seconds(pro)).toBeLessThan(seconds(rtx4090));
    expect(seconds(rtx4090)).toBeLessThan(seconds(arc));
    expect(seconds(b200)).toBeLessThan(seconds(rtx5090));
  });
});
