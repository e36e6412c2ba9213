import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { imbalance } from "../../src/routing/imbalance";

const loads = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 }).filter((l) => l.some((n) => n > 0));

/** By the definition: mean difference of all pairs over twice the mean. */
function giniByPairs(l: readonly number[]): number {
  const mean = l.reduce((a, b) => a + b, 0) / l.length;
  return l.flatMap((a) => l.map((b) => Math.abs(a - b))).reduce((a, b) => a + b, 0) / (2 * l.length ** 2 * mean);
}

describe("imbalance", () => {
  it("is worked by hand for loads of 6, 1, 3 and 2", () => {
    const found = imbalance([6, 1, 3, 2]);
    expect(found).toMatchObject({ mean: 3, maximum: 6, maximumOverMean: 2, maximumViolation: 1, idleShare: 0 });
    expect(found.coefficientOfVariation).toBeCloseTo(Math.sqrt((9 + 4 + 0 + 1) / 4) / 3, 12);
    expect(found.gini).toBeCloseTo((-3 * 1 - 1 * 2 + 1 * 3 + 3 * 6) / (4 * 12), 12);
  });

  it("counts who has nothing: of 0, 0, 0 and 8 three quarters are idle and Gini is 3/4", () => {
    expect(imbalance([0, 0, 0, 8])).toMatchObject({ idleShare: 0.75, gini: 0.75, maximumOverMean: 4, maximumViolation: 3 }); // (3 * 8) / (4 * 8)
  });

  it("is nothing when all are equal", () => {
    expect(imbalance([5, 5, 5])).toEqual({
      mean: 5,
      maximum: 5,
      maximumOverMean: 1,
      maximumViolation: 0,
      coefficientOfVariation: 0,
      gini: 0,
      idleShare: 0,
    });
    expect(imbalance([7]).gini).toBe(0);
  });

  it("has a Gini from zero to below one that equals the definition by pairs", () => {
    fc.assert(
      fc.property(loads, (l) => {
        const { gini } = imbalance(l);
        expect(gini).toBeGreaterThanOrEqual(0);
        expect(gini).toBeLessThan(1);
        expect(gini).toBeCloseTo(giniByPairs(l), 10);
      }),
    );
  });

  it("does not change with the unit of the loads, nor with their order, and leaves the list as it was", () => {
    fc.assert(
      fc.property(loads, fc.constantFrom(2, 4, 1024), (l, factor) => {
        const before = [...l];
        const { mean, maximum, ...shares } = imbalance(l);
        const scaled = imbalance([...l].reverse().map((n) => n * factor));
        expect(scaled).toMatchObject({
          mean: mean * factor,
          maximum: maximum * factor,
          maximumOverMean: shares.maximumOverMean,
          idleShare: shares.idleShare,
        });
        expect(scaled.gini).toBeCloseTo(shares.gini, 12);
        expect(scaled.coefficientOfVariation).toBeCloseTo(shares.coefficientOfVariation, 12);
        expect(l).toEqual(before);
      }),
    );
  });

  it("keeps the maximum between the mean and all of it", () => {
    fc.assert(
      fc.property(loads, (l) => {
        const { maximumOverMean, maximumViolation } = imbalance(l);
        expect(maximumOverMean).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(maximumOverMean).toBeLessThanOrEqual(l.length + 1e-9);
        expect(maximumViolation).toBeCloseTo(maximumOverMean - 1, 12);
      }),
    );
  });

  it("refuses no loads, only zeros, and a load that is negative or no number, by its place", () => {
    expect(() => imbalance([])).toThrow(new RangeError("loads must hold at least one load, got none"));
    expect(() => imbalance([0, 0])).toThrow(new RangeError("loads must hold a load above zero, got only zeros"));
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => imbalance([1, bad])).toThrow(new RangeError(`loads[1] must be a number of at least zero, got ${bad}`));
  });
});
