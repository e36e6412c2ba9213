import { afterEach, describe, expect, it, vi } from "vitest";
import { readDataFile } from "../../src/data/files";
import { byFamily, fitAttention, predictRow } from "../../src/fit/attention-fit";
import { familyName, mixerFamilies } from "../../src/kernels/attention/attention-families";
import { idleConstants } from "../../src/kernels/attention/attention-law";
import { hardware } from "../../src/machine/hardware";
import { type AttentionMeasurement, attentionTimes } from "../../src/published/attention-times";
import { replaced } from "../replaced-files";

vi.mock("../../src/data/files", () => import("../replaced-files"));
afterEach(() => replaced.clear());

describe("attentionTimes", () => {
  const rows = attentionTimes();

  it("reads a row as the model would be asked", () => {
    expect(rows[0]).toMatchObject({
      machine: "a100-sxm",
      phase: "decode",
      part: "core",
      mixer: { kind: "grouped", headDim: 128 },
      newTokens: 1,
    });
  });

  it("has rows of every kind in both phases", () => {
    for (const phase of ["decode", "prefill"]) expect(new Set(rows.filter((r) => r.phase === phase).map((r) => r.kind)).size).toBe(10);
  });

  it.each([
    ["attention-mla-decode.csv", ",bfloat16,", ",int4,", /:2: expected cache/],
    ["attention-decode-h100-sxm.csv", /\d+\.\d+\n/, "0\n", /:2: expected us above zero/],
    ["attention-dsa-decode.csv", "deepseek-v3.2-exp", "deepseek-v9", /:2: expected one of/],
    ["attention-linear-mixers.csv", ",context,", ",training,", /:2: expected phase/],
  ])("stops with file and line at a broken row of %s", (file, from, to, message) => {
    replaced.set(`measurements/${file}`, readDataFile(`measurements/${file}`).replace(from, to));
    expect(() => attentionTimes()).toThrow(file);
    expect(() => attentionTimes()).toThrow(message);
  });

  it("is met by the committed constants within 15 % in the median of each phase", () => {
    const families = new Map(mixerFamilies().map((f) => [familyName(f), f]));
    for (const phase of ["decode", "prefill"]) {
      const errors = byFamily(
        rows.filter((r, i) => r.phase === phase && i % 7 === 0),
        hardware,
      )
        .flatMap(([key, these]) => {
          const family = families.get(familyName(key));
          return family === undefined ? [] : these.map((r) => Math.abs(predictRow(r, family, hardware(r.machine)) / r.seconds - 1));
        })
        .sort((a, b) => a - b);
      expect(errors.length).toBeGreaterThan(1000);
      expect(errors[Math.floor(errors.length / 2)]).toBeLessThan(0.12);
    }
  });

  it("gives the committed constants again when a family is fitted anew", () => {
    const [key, these] = byFamily(
      rows.filter((r) => r.kernel === "sglang_fused_recurrent_gated_delta_rule_packed_decode" && r.machine === "h100-sxm"),
      hardware,
    )[0] as ReturnType<typeof byFamily>[0];
    const { constants } = fitAttention(key, these, hardware);
    const committed = mixerFamilies().find((f) => familyName(f) === familyName(key));
    expect(constants.memoryEfficiency).toBeCloseTo(committed?.constants.memoryEfficiency as number, 2);
  });

  /** TensorRT-LLM 1.0 on A100 reads less than the cache of some long rows; convolutions of prompts move fewer bytes than their channels have. */
  const underFloor = [/^grouped bfloat16 decode trtllm_torch_flow a100-sxm/, /^linear convolution .*causal_conv1d/];

  it("lies above the floor of a repeated call but for the listed kernels, and there in few rows", () => {
    const under = rows.filter((r) => floorOf(r) > r.seconds);
    expect(under.length).toBeLessThan(rows.length / 250);
    for (const r of under) {
      const name = `${r.kind} ${r.phase} ${r.kernel} ${r.machine}`;
      if (!underFloor.some((listed) => listed.test(name))) expect(floorOf(r) / r.seconds, `${r.where}: ${name}`).toBeLessThan(1.2);
    }
  });
});

const anyFamily = { constants: idleConstants, tileRows: 64, unitRows: 64 };

function floorOf(row: AttentionMeasurement): number {
  return predictRow(row, anyFamily, hardware(row.machine), "floorSeconds");
}
