import { describe, expect, it } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { type ExpertOn, expertSeconds, expertTaskTime, rowsAt, sameExpert } from "../../src/kernels/expert-task";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";

const h100 = hardware("h100-sxm");
const v3 = model("deepseek-v3");
const usual = { kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" } as const;

describe("the task of one expert", () => {
  it("is a layer of one expert with all its weights, 3 of 7,168 by 2,048, read from memory", () => {
    const task = expertTaskTime({ model: v3, hardware: h100, rows: 64 });
    expect(task).toMatchObject({ ...usual, activeExperts: 1, localExperts: 1, rows: 64, flops: 2 * 64 * 3 * 7168 * 2048 });
    const layer = {
      model: { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 1, expertsPerToken: 1 },
      hardware: h100,
      tokens: 64,
    };
    expect(task.seconds).toBe(moeLayerTime({ ...layer, ...usual, cache: "cold" }).seconds);
  });

  it("is by the kernel and in the format asked for", () => {
    const asked = { kernel: "sglang_fused_moe_triton", weightFormat: "bfloat16" } as const;
    expect(expertTaskTime({ model: v3, hardware: h100, rows: 64, ...asked })).toMatchObject(asked);
  });

  it("is refused by name", () => {
    expect(() => expertTaskTime({ model: v3, hardware: h100, rows: 0 })).toThrow("rows must be a positive integer, got 0");
    expect(() => expertTaskTime({ model: 7168 as never, hardware: h100, rows: 1 })).toThrow(
      "model must be a model, or a shape with hiddenSize and moeIntermediateSize, got 7168",
    );
    expect(() => expertTaskTime({ model: v3, hardware: {} as never, rows: 1 })).toThrow("hardware.memoryBytesPerSecond");
  });
});

describe("the seconds of an expert", () => {
  const on: ExpertOn = { model: v3, hardware: h100, aloneKernel: "sglang_fused_moe_triton", ...usual };

  it("are its floor, its share of a layer of all experts with as many rows, and those of its task alone", () => {
    // 128 rows on each of 256 experts are of 4,096 tokens that choose eight.
    const layer = moeLayerTime({ model: v3, hardware: h100, ...usual, tokens: 4096, routing: "even" });
    const alone = expertTaskTime({ model: v3, hardware: h100, kernel: on.aloneKernel, weightFormat: "fp8_block", rows: 128 });
    expect(layer.activeExperts).toBe(256);
    expect(expertSeconds(on, 128)).toEqual({
      floorSeconds: alone.floorSeconds,
      shareOfLayerSeconds: layer.seconds / 256,
      aloneSeconds: alone.seconds,
    });
  });

  it("are at the rows of the tokens in flight, one at the least: 6,144 of V3 are 192", () => {
    expect([6144, 48, 33, 1].map((tokens) => rowsAt(on, tokens))).toEqual([192, 2, 1, 1]);
  });
});

it("experts are the same that have both widths alike, the one that they see and their own", () => {
  const [wide, narrow] = [
    { hiddenSize: 8, moeIntermediateSize: 4 },
    { hiddenSize: 16, moeIntermediateSize: 4, expertHiddenSize: 8 },
  ];
  expect(sameExpert(wide, { ...wide })).toBe(true);
  expect([sameExpert(wide, narrow), sameExpert(narrow, wide)]).toEqual([true, true]);
  expect(sameExpert(wide, { ...wide, hiddenSize: 16 })).toBe(false);
  expect(sameExpert(wide, { ...wide, moeIntermediateSize: 8 })).toBe(false);
  expect(sameExpert(narrow, { ...narrow, expertHiddenSize: 16 })).toBe(false);
});
