import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bf16Bytes, expertGemms, expertWork, gemmWork, paddedLength, tileUtilisation } from "../../src/kernels/gemm";
import { weightFormat } from "../../src/machine/number-formats";
import { model } from "../../src/model/registry";

const side = fc.integer({ min: 1, max: 5000 });
const bf16 = { a: 2, b: 2, c: 2 };
const bad = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY];

describe("gemmWork", () => {
  it("counts a multiply and an add for each of m n k, and reads and writes each matrix once", () => {
    expect(gemmWork({ m: 2, n: 3, k: 5 }, { a: 1, b: 0.5, c: 2 })).toEqual({
      flops: 2 * 2 * 3 * 5,
      bytes: 1 * 2 * 5 + 0.5 * 5 * 3 + 2 * 2 * 3,
    });
  });

  it("is the same work transposed", () => {
    fc.assert(
      fc.property(side, side, side, (m, n, k) => {
        expect(gemmWork({ m, n, k }, { a: 1, b: 2, c: 4 })).toEqual(gemmWork({ m: n, n: m, k }, { a: 2, b: 1, c: 4 }));
      }),
    );
  });

  it("refuses sides and element sizes that cannot be, and names them", () => {
    for (const value of bad)
      for (const name of ["m", "n", "k"])
        expect(() => gemmWork({ m: 1, n: 1, k: 1, [name]: value }, bf16)).toThrow(
          new RangeError(`${name} must be a positive integer, got ${value}`),
        );
    for (const value of [0, -1, Number.NaN])
      for (const name of ["a", "b", "c"])
        expect(() => gemmWork({ m: 1, n: 1, k: 1 }, { ...bf16, [name]: value })).toThrow(
          new RangeError(`bytes.${name} must be a positive number, got ${value}`),
        );
  });
});

describe("tileUtilisation", () => {
  it("multiplies what each side leaves of its last tile", () => {
    expect(tileUtilisation({ m: 5, n: 12 }, { m: 4, n: 8 })).toBeCloseTo((5 / 8) * (12 / 16), 12);
    expect(tileUtilisation({ m: 192, n: 4096 }, { m: 128, n: 128 })).toBe(0.75); // V3's 192 rows fill one and a half tiles
  });

  it("is full exactly when the tile divides both sides", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 256 }), (m, n, tm, tn) => {
        const share = tileUtilisation({ m, n }, { m: tm, n: tn });
        expect(share === 1).toBe(m % tm === 0 && n % tn === 0);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is full for whole tiles", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 300 }), (tiles, tile) => {
        expect(tileUtilisation({ m: tiles * tile, n: tile }, { m: tile, n: tile })).toBe(1);
      }),
    );
  });
});

describe("paddedLength", () => {
  it("rounds up to whole tiles, and no further", () => {
    expect([1, 127, 128, 129].map((rows) => paddedLength(rows, 128))).toEqual([128, 128, 128, 256]);
    fc.assert(
      fc.property(side, side, (length, tile) => {
        const padded = paddedLength(length, tile);
        expect(padded % tile).toBe(0);
        expect(padded - length).toBeGreaterThanOrEqual(0);
        expect(padded - length).toBeLessThan(tile);
      }),
    );
  });

  it("refuses what is no count, and names it; so does tileUtilisation", () => {
    for (const value of bad) {
      expect(() => paddedLength(value, 1)).toThrow(new RangeError(`length must be a positive integer, got ${value}`));
      expect(() => paddedLength(1, value)).toThrow(new RangeError(`tile must be a positive integer, got ${value}`));
      expect(() => tileUtilisation({ m: 1, n: value }, { m: 1, n: 1 })).toThrow(
        new RangeError(`length must be a positive integer, got ${value}`),
      );
      expect(() => tileUtilisation({ m: 1, n: 1 }, { m: value, n: 1 })).toThrow(
        new RangeError(`tile must be a positive integer, got ${value}`),
      );
    }
  });
});

describe("expertGemms", () => {
  it("fuses up and gate, then goes down: V3's [rows, 4096, 7168] and [rows, 7168, 2048]", () => {
    expect(expertGemms(model("deepseek-v3"), 192)).toEqual({
      upAndGate: { m: 192, n: 2 * 2048, k: 7168 },
      down: { m: 192, n: 7168, k: 2048 },
    });
  });

  it("takes the width that experts see where it is not the hidden size", () => {
    expect(expertGemms({ hiddenSize: 8, expertHiddenSize: 4, moeIntermediateSize: 3 }, 1)).toEqual({
      upAndGate: { m: 1, n: 6, k: 4 },
      down: { m: 1, n: 4, k: 3 },
    });
  });

  it("refuses counts that cannot be, and a dense model, by the field's name", () => {
    const shape = { hiddenSize: 8, moeIntermediateSize: 3 };
    for (const value of bad) {
      expect(() => expertGemms(shape, value)).toThrow(new RangeError(`rows must be a positive integer, got ${value}`));
      expect(() => expertGemms({ ...shape, hiddenSize: value }, 1)).toThrow(
        new RangeError(`hiddenSize must be a positive integer, got ${value}`),
      );
      expect(() => expertGemms({ ...shape, expertHiddenSize: value }, 1)).toThrow(
        new RangeError(`expertHiddenSize must be a positive integer, got ${value}`),
      );
      expect(() => expertGemms({ ...shape, moeIntermediateSize: value }, 1)).toThrow(
        new RangeError(`moeIntermediateSize must be a positive integer, got ${value}`),
      );
    }
    expect(() => expertGemms(model("llama-3.1-405b"), 1)).toThrow("expertHiddenSize must be a positive integer, got 0");
  });
});

describe("expertWork", () => {
  it("is worked by hand for two rows, h = 4, d = 3, in FP8", () => {
    expect(expertWork({ hiddenSize: 4, moeIntermediateSize: 3 }, 2, weightFormat("fp8"))).toEqual({
      upAndGate: { flops: 2 * 2 * 6 * 4, bytes: 2 * 4 * 1 + 4 * 6 * 1 + 2 * 6 * 2 },
      down: { flops: 2 * 2 * 4 * 3, bytes: 2 * 3 * 1 + 3 * 4 * 1 + 2 * 4 * 2 },
    });
    expect(bf16Bytes).toBe(2);
  });

  it("does 6 rows h d operations and reads at least 3 h d weights, in every format", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 300 }), fc.constantFrom("bfloat16", "fp8_block", "nvfp4"), (h, d, rows, name) => {
        const format = weightFormat(name);
        const { upAndGate, down } = expertWork({ hiddenSize: h, moeIntermediateSize: d }, rows, format);
        expect(upAndGate.flops + down.flops).toBe(6 * rows * h * d);
        const activations = format.activationBytes * rows * (h + d) + 2 * rows * (2 * d + h);
        expect((upAndGate.bytes + down.bytes - activations) / (3 * h * d * format.weightBytes)).toBeCloseTo(1, 6);
      }),
    );
  });
});
