import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { describe, expect, it } from "vitest";
import { solveFit } from "../../src/fit/solver";

const work = Array.from({ length: 40 }, (_, i) => 1.3 ** i);
const line = { names: ["fixed", "rate"], start: [1, 1], lower: [1e-6, 1e-6], upper: [1e6, 1e6] };
const predict = ([fixed, rate]: readonly number[], seconds: Float64Array) => {
  for (let i = 0; i < work.length; i++) seconds[i] = (fixed as number) + (rate as number) * (work[i] as number);
};

describe("one solver for all fits", () => {
  it("finds the constants that made the rows", () => {
    const found = solveFit({ ...line, measured: work.map((w) => 7 + 0.03 * w), predict });
    expect(found.constants[0]).toBeCloseTo(7, 4);
    expect(found.constants[1]).toBeCloseTo(0.03, 6);
    expect(found.loss).toBeLessThan(1e-8);
  });

  it("agrees with a library where no row is far off", () => {
    const measured = work.map((w, i) => (7 + 0.03 * w) * (1 + 0.02 * Math.sin(9 * i)));
    const ours = solveFit({ ...line, measured, predict, softness: 100 }).constants;
    const logs = (p: number[]) => (x: number) => Math.log(Math.exp(p[0] as number) + Math.exp(p[1] as number) * x);
    const data = { x: work, y: measured.map(Math.log) };
    const options = { initialValues: [0, 0], damping: 1, gradientDifference: 1e-4, maxIterations: 200, errorTolerance: 1e-12 };
    const theirs = levenbergMarquardt(data, logs, options).parameterValues.map(Math.exp);
    theirs.forEach((value, i) => {
      expect((ours[i] as number) / value).toBeCloseTo(1, 3);
    });
  });

  it("is not bent by a few broken rows", () => {
    const measured = work.map((w, i) => (7 + 0.03 * w) * (i % 13 === 5 ? 8 : 1));
    const found = solveFit({ ...line, measured, predict, softness: 0.1 });
    expect(found.constants[0]).toBeCloseTo(7, 0);
  });

  it("keeps inside bounds, and says nothing of the doubt of a constant that rests on one", () => {
    const found = solveFit({ ...line, upper: [5, 1e6], measured: work.map((w) => 7 + 0.03 * w), predict });
    expect(found.constants[0]).toBeCloseTo(5, 6);
    expect(found.relativeErrors[0]).toBeUndefined();
    expect(found.relativeErrors[1]).toBeGreaterThan(0);
  });

  it("keeps a constant that no row feels at what was thought of it before", () => {
    const blind = (c: readonly number[], seconds: Float64Array) => predict(c.slice(0, 2), seconds);
    const found = solveFit({
      names: ["fixed", "rate", "unfelt"],
      start: [1, 1, 1],
      lower: [1e-6, 1e-6, 1e-6],
      upper: [1e6, 1e6, 1e6],
      measured: work.map((w) => 7 + 0.03 * w),
      predict: blind,
      priors: [undefined, undefined, { value: 4, spread: 1 }],
    });
    expect(found.constants[2]).toBeCloseTo(4, 3);
  });

  it("refuses fewer rows than constants, and times that are none", () => {
    expect(() => solveFit({ ...line, measured: [1], predict })).toThrow(/at least as many rows/);
    expect(() => solveFit({ ...line, measured: [1, 1], predict: (_, s) => void s.fill(-1) })).toThrow(/positive times/);
  });
});
