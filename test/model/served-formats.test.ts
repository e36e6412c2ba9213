import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import type { WeightFormatName } from "../../src/machine/number-formats";
import type { Model } from "../../src/model/model";
import { model } from "../../src/model/registry";
import { servedFormats } from "../../src/model/served-formats";

/** BF16 alone; with FP8; with FP8 and FP4. */
const [ampere, hopper, blackwell] = [
  { peakFlopsPerSecond: { bf16: 1 } },
  { peakFlopsPerSecond: { bf16: 1, fp8: 1 } },
  { peakFlopsPerSecond: { bf16: 1, fp8: 1, fp4: 1 } },
];
const machines = [ampere, hopper, blackwell] as const;
const v3 = model("deepseek-v3");
const llama = model("llama-3.1-405b");
const released = (m: Model, experts: WeightFormatName, rest: WeightFormatName): Model => ({
  ...m,
  formats: { ...m.formats, experts, rest },
});

describe("the formats that a model is served in", () => {
  it.each<[WeightFormatName, readonly WeightFormatName[]]>([
    ["bfloat16", ["bfloat16", "bfloat16", "bfloat16"]],
    ["fp8", ["bfloat16", "fp8", "fp8"]],
    ["fp8_block", ["bfloat16", "fp8_block", "fp8_block"]],
    ["nvfp4", ["w4a16_mxfp4", "w4a16_mxfp4", "nvfp4"]],
    ["w4a16_mxfp4", ["w4a16_mxfp4", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"]],
    ["w4a8_mxfp4_mxfp8", ["w4a16_mxfp4", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"]],
    ["int4_wo", ["int4_wo", "int4_wo", "int4_wo"]],
  ])("are those of the release as far as the machine multiplies in it: %s", (format, served) => {
    machines.forEach((machine, i) => {
      expect(servedFormats(released(v3, format, "bfloat16"), machine).experts).toBe(served[i]);
      expect(servedFormats(released(v3, "bfloat16", format), machine).rest).toBe(served[i]);
      expect(servedFormats(released(llama, format, format), machine)).toMatchObject({ experts: served[i], rest: served[i] });
    });
  });

  it("are the format asked for of the experts, and beside it FP8 with FP8 and BF16 with four bits", () => {
    const asked = (format: string, machine: (typeof machines)[number] = blackwell) => servedFormats(v3, machine, format);
    expect(asked("nvfp4")).toMatchObject({ experts: "nvfp4", rest: "bfloat16" });
    expect(asked("int4_wo")).toMatchObject({ experts: "int4_wo", rest: "bfloat16" });
    expect(asked("fp8")).toMatchObject({ experts: "fp8", rest: "fp8" });
    expect(asked("fp8", ampere)).toMatchObject({ experts: "fp8", rest: "bfloat16" });
    expect(asked("bfloat16")).toMatchObject({ experts: "bfloat16", rest: "bfloat16" });
    const wide = released(v3, "bfloat16", "bfloat16");
    expect(servedFormats(wide, blackwell, "fp8_block").rest).toBe("fp8_block");
    expect(servedFormats(wide, blackwell, "w4a8_mxfp4_mxfp8").rest).toBe("bfloat16");
  });

  it("leave the rest as released where the experts asked for are the release's, or what the machine makes of it", () => {
    const mixed = released(v3, "fp8_block", "fp8");
    expect(servedFormats(mixed, blackwell, "fp8_block").rest).toBe("fp8");
    expect(servedFormats(released(v3, "nvfp4", "fp8"), hopper, "w4a16_mxfp4").rest).toBe("fp8");
    expect(servedFormats(released(v3, "nvfp4", "fp8"), hopper, "nvfp4").rest).toBe("fp8");
    expect(servedFormats(released(v3, "nvfp4", "fp8"), hopper, "int4_wo").rest).toBe("bfloat16");
  });

  it("are of a dense model those asked for throughout", () => {
    expect(servedFormats(llama, hopper, "fp8")).toMatchObject({ experts: "fp8", rest: "fp8" });
    expect(servedFormats(llama, hopper, "int4_wo")).toMatchObject({ rest: "int4_wo" });
    expect(servedFormats(released(llama, "fp8", "bfloat16"), hopper).rest).toBe("bfloat16");
  });

  it("have the cache of the release, or the one asked for in any spelling", () => {
    expect(servedFormats(v3, hopper).cache).toBe(v3.formats.cache);
    expect(servedFormats({ ...v3, formats: { ...v3.formats, cache: "fp8" } }, hopper).cache).toBe("fp8");
    expect(servedFormats(v3, hopper, undefined, "FP8_E4M3").cache).toBe("fp8");
    expect(() => servedFormats(v3, hardware("h200-sxm"), "fp7")).toThrow("weightFormat must be one of");
  });
});
