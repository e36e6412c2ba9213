import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gemmWork } from "../../src/kernels/gemm";
import { datasheetRates, ridgePoint, ridgeRows, roofline } from "../../src/kernels/roofline";
import { hardware, machines } from "../../src/machine/hardware";

const rate = fc.integer({ min: 1, max: 1e9 }).map((n) => n * 1e6);
const rates = fc.record({ flopsPerSecond: rate, bytesPerSecond: rate });
const work = fc.record({ flops: fc.integer({ min: 0, max: 2 ** 50 }), bytes: fc.integer({ min: 0, max: 2 ** 40 }) });
const h100 = datasheetRates(hardware("h100-sxm"), "fp8");

describe("roofline", () => {
  it("takes the slower of the two, and says which", () => {
    const machine = { flopsPerSecond: 100, bytesPerSecond: 10 };
    expect(roofline({ flops: 500, bytes: 20 }, machine)).toEqual({ computeSeconds: 5, memorySeconds: 2, seconds: 5, bound: "compute" });
    expect(roofline({ flops: 100, bytes: 20 }, machine)).toEqual({ computeSeconds: 1, memorySeconds: 2, seconds: 2, bound: "memory" });
    expect(roofline({ flops: 200, bytes: 20 }, machine).bound).toBe("compute"); // at the ridge itself
  });

  it("flips its bound at the ridge", () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 2 ** 30 }), fc.double({ min: 1.001, max: 1000, noNaN: true }), (r, bytes, off) => {
        const ridge = ridgePoint(r);
        expect(roofline({ flops: bytes * ridge * off, bytes }, r).bound).toBe("compute");
        expect(roofline({ flops: (bytes * ridge) / off, bytes }, r).bound).toBe("memory");
      }),
    );
  });

  it("halves every time when both rates double", () => {
    fc.assert(
      fc.property(work, rates, (w, r) => {
        const once = roofline(w, r);
        const twice = roofline(w, { flopsPerSecond: 2 * r.flopsPerSecond, bytesPerSecond: 2 * r.bytesPerSecond });
        expect(twice).toEqual({
          computeSeconds: once.computeSeconds / 2,
          memorySeconds: once.memorySeconds / 2,
          seconds: once.seconds / 2,
          bound: once.bound,
        });
      }),
    );
  });

  it("is never faster with more bytes or more operations, and lies between the longer and the sum", () => {
    fc.assert(
      fc.property(work, work, rates, (w, more, r) => {
        const { seconds, computeSeconds, memorySeconds } = roofline(w, r);
        expect(roofline({ ...w, bytes: w.bytes + more.bytes }, r).seconds).toBeGreaterThanOrEqual(seconds);
        expect(roofline({ ...w, flops: w.flops + more.flops }, r).seconds).toBeGreaterThanOrEqual(seconds);
        expect(seconds).toBe(Math.max(computeSeconds, memorySeconds));
      }),
    );
  });

  it("refuses negative work and rates that are not positive, by name", () => {
    const good = { flopsPerSecond: 1, bytesPerSecond: 1 };
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => roofline({ flops: bad, bytes: 1 }, good)).toThrow(new RangeError(`flops must be a number of at least zero, got ${bad}`));
      expect(() => roofline({ flops: 1, bytes: bad }, good)).toThrow(new RangeError(`bytes must be a number of at least zero, got ${bad}`));
    }
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const name of ["flopsPerSecond", "bytesPerSecond"] as const) {
        const message = new RangeError(`${name} must be a positive number, got ${bad}`);
        expect(() => roofline({ flops: 1, bytes: 1 }, { ...good, [name]: bad })).toThrow(message);
        expect(() => ridgePoint({ ...good, [name]: bad })).toThrow(message);
        expect(() => ridgeRows({ ...good, [name]: bad }, 1)).toThrow(message);
      }
      expect(() => ridgeRows(good, bad)).toThrow(new RangeError(`weightBytes must be a positive number, got ${bad}`));
    }
    expect(roofline({ flops: 0, bytes: 0 }, good).seconds).toBe(0);
  });
});

describe("ridgePoint and ridgeRows", () => {
  it("gives 591 operations a byte and 295 rows for FP8 on H100", () => {
    expect(ridgePoint(h100)).toBeCloseTo(1979e12 / 3.35e12, 9);
    expect(ridgeRows(h100, 1)).toBeCloseTo(1979 / 3.35 / 2, 9); // 295.4 rows: more than the article's 128 and V3's 192
    expect(ridgeRows(h100, 0.5)).toBeCloseTo(1979 / 3.35 / 4, 9);
  });

  it("is where a product that streams only weights changes its bound", () => {
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 1, max: 4096 }),
        fc.constantFrom(0.5, 1, 2),
        fc.double({ min: 1.001, max: 8, noNaN: true }),
        (r, n, k, weightBytes, off) => {
          const bound = (rows: number) => roofline({ flops: 2 * rows * n * k, bytes: weightBytes * n * k }, r).bound;
          expect(bound(ridgeRows(r, weightBytes) * off)).toBe("compute");
          expect(bound(ridgeRows(r, weightBytes) / off)).toBe("memory");
        },
      ),
    );
  });

  it("comes before the true point: with its activations a product of fewer rows is bound by memory", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 295 }), fc.integer({ min: 16, max: 8192 }), fc.integer({ min: 16, max: 8192 }), (m, n, k) => {
        expect(roofline(gemmWork({ m, n, k }, { a: 1, b: 1, c: 2 }), h100).bound).toBe("memory");
      }),
    );
  });
});

describe("datasheetRates", () => {
  it("gives the peak of the format and the memory's bandwidth", () => {
    expect(h100).toEqual({ flopsPerSecond: 1979e12, bytesPerSecond: 3.35e12 });
    for (const machine of machines()) expect(datasheetRates(machine, "bf16").bytesPerSecond, machine.id).toBe(machine.memoryBytesPerSecond);
  });

  it("names the formats the machine has when it lacks one", () => {
    const machine = { ...hardware("a100-sxm"), peakFlopsPerSecond: { fp32: 1, bf16: 16 } };
    expect(() => datasheetRates(machine, "fp8")).toThrow(new RangeError("a100-sxm has no peak rate for fp8; it has fp32, bf16"));
  });
});
