import { expect, it } from "vitest";
import { cacheElementBytes, cacheFormat, weightFormat, weightFormatNames, weightFormatWords } from "../../src/machine/number-formats";

it("counts the bytes of a weight with its share of the block scales", () => {
  expect(weightFormat("bfloat16").weightBytes).toBe(2);
  expect(weightFormat("fp8_block").weightBytes).toBe(1 + 4 / 16384); // one FP32 scale for 128 x 128 weights
  expect(weightFormat("nvfp4").weightBytes).toBe(0.5 + 1 / 16); // 4.5 bits
  expect(weightFormat("w4a16_mxfp4").weightBytes).toBe(0.5 + 1 / 32); // 4.25 bits
  expect(weightFormat("int4_wo").weightBytes).toBe(0.5 + 2 / 128);
  expect(weightFormat("int6_wo").weightBytes).toBe(6 / 8 + 2 / 128); // six bits, one BF16 scale for 128 weights
  expect(weightFormat("int8").weightBytes).toBe(1); // one scale per row of a matrix weighs nothing
});

it("multiplies in the format of the activations, which weight-only formats leave at BF16", () => {
  expect(weightFormatNames.map((name) => [name, weightFormat(name).arithmetic, weightFormat(name).activationBytes])).toEqual([
    ["bfloat16", "bf16", 2],
    ["fp8", "fp8", 1],
    ["fp8_block", "fp8", 1 + 4 / 128],
    ["nvfp4", "fp4", 0.5 + 1 / 16],
    ["w4a8_mxfp4_mxfp8", "fp8", 1 + 1 / 32],
    ["w4a16_mxfp4", "bf16", 2],
    ["int4_wo", "bf16", 2],
    ["int2_wo", "bf16", 2],
    ["int3_wo", "bf16", 2],
    ["int5_wo", "bf16", 2],
    ["int6_wo", "bf16", 2],
    ["int8_wo", "bf16", 2],
    ["int8", "int8", 1],
  ]);
});

it("names the known formats when there is no such one", () => {
  expect(() => weightFormat("fp7")).toThrow(
    'weightFormat must be one of bfloat16, fp8, fp8_block, nvfp4, w4a8_mxfp4_mxfp8, w4a16_mxfp4, int4_wo, int2_wo, int3_wo, int5_wo, int6_wo, int8_wo, int8; got "fp7"',
  );
  expect(() => weightFormat("constructor")).toThrow(RangeError);
});

it("tells readers the bits of a weight in the first number of its words", () => {
  const bits = (name: (typeof weightFormatNames)[number]) => Math.floor(8 * weightFormat(name).weightBytes); // scales are less than a bit
  for (const name of weightFormatNames) expect(Number(/\d+/.exec(weightFormatWords[name])?.[0]), name).toBe(bits(name));
  expect(new Set(Object.values(weightFormatWords)).size).toBe(weightFormatNames.length);
});

it("takes the names that engines give the format of a cache, in capitals or not", () => {
  for (const name of ["bfloat16", "BF16", "float16", "fp16", "auto"]) expect(cacheFormat(name), name).toBe("bfloat16");
  for (const name of ["fp8", "FP8", "float8", "fp8_e4m3", "E4M3"]) expect(cacheFormat(name), name).toBe("fp8");
  expect(() => cacheFormat("int4")).toThrow(new RangeError('cacheFormat must be bfloat16 or fp8, got "int4"'));
});

it("caches an element in two bytes, or in one of FP8", () => {
  expect([cacheElementBytes("bfloat16"), cacheElementBytes("fp8")]).toEqual([2, 1]);
});
