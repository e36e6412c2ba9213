import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawParameters, latinHypercube, type Parameter, propagate, rankCorrelation } from "../../src/claims/uncertainty";

const interval = (name: string, low: number, high: number, kind: "linear" | "log" | "whole" = "linear"): Parameter => ({
  name,
  label: name,
  reason: "a test",
  spread: { kind, low, high },
});

describe("latinHypercube", () => {
  it("has exactly one point in every slice of every dimension", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 5 }), fc.integer(), (points, dimensions, seed) => {
        for (const column of latinHypercube(points, dimensions, seed)) {
          const slices = [...column].map((x) => Math.floor(x * points)).sort((a, b) => a - b);
          expect(slices).toEqual(slices.map((_, i) => i));
        }
      }),
    );
  });

  it("gives the same points for the same seed, and others for another", () => {
    expect(latinHypercube(64, 2, 7)).toEqual(latinHypercube(64, 2, 7));
    expect(latinHypercube(64, 2, 8)).not.toEqual(latinHypercube(64, 2, 7));
  });

  it("gives the same points on every machine", () => {
    expect(latinHypercube(4, 2, 1).map((column) => [...column])).toEqual([
      [0.9298113584518433, 0.2798622250556946, 0.12195296585559845, 0.662125438451767],
      [0.5305666327476501, 0.03251287341117859, 0.43037863075733185, 0.8915858715772629],
    ]);
  });

  it("orders each dimension on its own, so that two hardly go together", () => {
    const [x, y] = latinHypercube(4096, 2, 1).map((column) => [...column]) as [number[], number[]];
    expect(Math.abs(rankCorrelation(x, y))).toBeLessThan(0.05);
  });

  it("refuses no points and half a seed", () => {
    expect(() => latinHypercube(0, 1, 1)).toThrow("points must be a positive integer, got 0");
    expect(() => latinHypercube(1, 1, 0.5)).toThrow("seed must be an integer, got 0.5");
  });
});

describe("drawParameters", () => {
  it("stays inside its interval, rounds whole numbers and names choices", () => {
    const draws = drawParameters(
      [interval("x", 2, 3), interval("n", 1, 100, "whole"), { ...interval("c", 0, 1), spread: { kind: "choice", choices: ["a", "b"] } }],
      500,
      1,
    );
    expect(draws).toHaveLength(500);
    for (const { x, n, c } of draws) {
      expect(x).toBeGreaterThanOrEqual(2);
      expect(x).toBeLessThanOrEqual(3);
      expect(Number.isInteger(n)).toBe(true);
      expect(["a", "b"]).toContain(c);
    }
    expect(draws.filter(({ c }) => c === "a")).toHaveLength(250);
  });

  it("spreads a logarithmic interval evenly over its decades", () => {
    const draws = drawParameters([interval("x", 1, 100, "log")], 1000, 3);
    expect(draws.filter(({ x }) => (x as number) < 10)).toHaveLength(500);
  });

  it("rounds on the scale of the logarithm: between 1 and 2 the first log2(1.5) = 58.5 % of the draws are 1", () => {
    const draws = drawParameters([interval("n", 1, 2, "whole")], 1000, 3);
    expect([1, 2].map((n) => draws.filter((d) => d.n === n).length)).toEqual([585, 415]);
  });

  it("draws 4,096 times from seed 1 unless told otherwise, and a value alone where both ends are one", () => {
    const x = [interval("x", 0, 1)];
    expect(drawParameters(x)).toEqual(drawParameters(x, 4096, 1));
    expect(propagate(x, ({ x }) => ({ value: x as number, holds: true }))).toEqual(
      propagate(x, ({ x }) => ({ value: x as number, holds: true }), { draws: 4096, seed: 1 }),
    );
    for (const kind of ["linear", "log", "whole"] as const) expect(drawParameters([interval("x", 3, 3, kind)], 1)).toEqual([{ x: 3 }]);
  });

  it("names the parameter whose interval cannot be drawn from", () => {
    expect(() => drawParameters([interval("x", 3, 2)])).toThrow("x must have low <= high, got 3 and 2");
    expect(() => drawParameters([interval("x", Number.NaN, 2)])).toThrow("x must have low <= high, got NaN and 2");
    expect(() => drawParameters([interval("n", -1, 2, "whole")])).toThrow("low of n must be a positive number, got -1");
    expect(drawParameters([interval("x", -2, -1)], 1)).toHaveLength(1);
    expect(() => drawParameters([interval("x", 0, 2, "log")])).toThrow("low of x must be a positive number, got 0");
    expect(() => drawParameters([{ ...interval("c", 0, 1), spread: { kind: "choice", choices: [] } }])).toThrow(
      "c must have at least one choice, got none",
    );
  });
});

describe("propagate", () => {
  it("counts the draws that hold and reads the band off them", () => {
    // x even on [0, 10): x <= 3 in 30 % of the draws; 5, 50 and 95 % lie at 0.5, 5 and 9.5.
    const result = propagate([interval("x", 0, 10)], ({ x }) => ({ value: x as number, holds: (x as number) <= 3 }), { draws: 1000 });
    expect(result.probability).toBeCloseTo(0.3, 2);
    expect(result.band.low).toBeCloseTo(0.5, 1);
    expect(result.band.median).toBeCloseTo(5, 1);
    expect(result.band.high).toBeCloseTo(9.5, 1);
    expect(result.draws).toBe(1000);
  });

  it("is worked by hand for four draws of four choices: one of each", () => {
    const four = { ...interval("c", 0, 1), spread: { kind: "choice" as const, choices: [10, 20, 30, 40] } };
    const of = (value: (c: number) => number) =>
      propagate([four], ({ c }) => ({ value: value(c as number), holds: (c as number) <= 20 }), { draws: 4 });
    expect(of((c) => c)).toEqual({
      draws: 4,
      probability: 0.5,
      band: { low: 10, median: 30, high: 40 },
      tornado: [{ name: "c", label: "c", rankCorrelation: expect.closeTo(1, 12) }],
    });
    // An infinite value counts neither among the draws nor among those that hold.
    expect(of((c) => (c === 10 ? Number.POSITIVE_INFINITY : c))).toMatchObject({
      draws: 3,
      probability: 1 / 3,
      band: { low: 20, median: 30, high: 40 },
    });
    expect(of(() => Number.NaN)).toMatchObject({
      draws: 0,
      probability: Number.NaN,
      band: { low: Number.NaN, median: Number.NaN, high: Number.NaN },
    });
  });

  it("orders influences of the same strength by name", () => {
    const same = propagate([interval("b", 0, 1), interval("a", 0, 1), interval("c", 0, 1)], () => ({ value: 1, holds: true }), {
      draws: 8,
    });
    expect(same.probability).toBe(1);
    expect(same.tornado.map((t) => [t.name, t.rankCorrelation])).toEqual([
      ["a", 0],
      ["b", 0],
      ["c", 0],
    ]);
  });

  it("puts first what moves the result most, with its sign", () => {
    const result = propagate([interval("weak", 0, 1), interval("strong", 0, 1), interval("none", 0, 1)], ({ weak, strong }) => ({
      value: (weak as number) - 10 * (strong as number),
      holds: true,
    }));
    expect(result.tornado.map(({ name }) => name)).toEqual(["strong", "weak", "none"]);
    expect(result.tornado[0]?.rankCorrelation).toBeLessThan(-0.98);
    expect(result.tornado[1]?.rankCorrelation).toBeGreaterThan(0.05);
  });

  it("leaves out draws without a value, and says NaN when none has one", () => {
    const half = propagate([interval("x", 0, 1)], ({ x }) => ({ value: (x as number) < 0.5 ? (x as number) : Number.NaN, holds: true }), {
      draws: 100,
    });
    expect(half.draws).toBe(50);
    expect(half.probability).toBe(1);
    expect(half.tornado[0]?.rankCorrelation).toBeCloseTo(1, 12);
    expect(propagate([interval("x", 0, 1)], () => ({ value: Number.NaN, holds: false }), { draws: 10 }).probability).toBeNaN();
  });

  it("gives the same bytes for the same seed", () => {
    const run = (seed: number) =>
      JSON.stringify(
        propagate(
          [interval("x", 1, 9, "log"), interval("y", 0, 1)],
          ({ x, y }) => ({ value: (x as number) * (y as number), holds: (y as number) > 0.5 }),
          { seed },
        ),
      );
    expect(run(5)).toBe(run(5));
    expect(run(6)).not.toBe(run(5));
  });
});

describe("rankCorrelation", () => {
  it("equals a value worked by hand, ties sharing their mean rank", () => {
    // Ranks of x: 1, 2.5, 2.5, 4; of y: 1, 2, 4, 3. Deviations from 2.5: (-1.5, 0, 0, 1.5) and (-1.5, -0.5, 1.5, 0.5).
    // Sum of products: 2.25 + 0.75 = 3; squares: 4.5 and 5.
    expect(rankCorrelation([10, 20, 20, 30], [1, 2, 9, 3])).toBeCloseTo(3 / Math.sqrt(4.5 * 5), 12);
  });

  it("is 1 for any rising relation, -1 for a falling one and 0 where a side never changes", () => {
    expect(rankCorrelation([1, 2, 3], [1, 8, 27])).toBe(1);
    expect(rankCorrelation([1, 2, 3], [9, 4, 1])).toBe(-1);
    expect(rankCorrelation([1, 1, 1], [1, 2, 3])).toBe(0);
    expect(() => rankCorrelation([1], [1, 2])).toThrow("x and y must be of the same length, got 1 and 2");
  });
});
