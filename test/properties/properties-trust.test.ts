import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { likelihoodWords, probabilityWords, valueWords } from "../../src/claims/parts/part-words";
import { type Counted, verdictOf, verdicts } from "../../src/claims/parts/verdict";
import { drawParameters, latinHypercube, type Parameter, propagate, rankCorrelation, type Spread } from "../../src/claims/uncertainty";
import { relativeError } from "../../src/fit/validation";
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "../../src/text/numbers";

const few = { numRuns: 40 };
const spread: fc.Arbitrary<Spread> = fc.oneof(
  fc
    .tuple(fc.constantFrom("linear", "log", "whole"), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
    .map(([kind, low, more]): Spread => ({ kind: kind as "log", low, high: low + more })),
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }).map((choices): Spread => ({ kind: "choice", choices })),
);
const parameters = fc
  .array(spread, { minLength: 1, maxLength: 4 })
  .map((spreads) => spreads.map((s, i): Parameter => ({ name: `p${i}`, label: `p${i}`, spread: s, reason: "" })));

describe("draws", () => {
  it("cover every dimension evenly: the mean of a column is a half, and none leaves zero to one", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 999 }),
        (points, dimensions, seed) => {
          const cube = latinHypercube(points, dimensions, seed);
          expect(cube).toHaveLength(dimensions);
          for (const column of cube) {
            expect(column.every((x) => x >= 0 && x < 1)).toBe(true);
            expect(Math.abs(column.reduce((a, b) => a + b, 0) / points - 0.5)).toBeLessThanOrEqual(0.5 / points + 1e-12);
          }
        },
      ),
      few,
    );
  });

  it("stay inside their interval, are whole where they must be, and are one of the choices", () => {
    fc.assert(
      fc.property(parameters, fc.integer({ min: 0, max: 999 }), (ps, seed) => {
        for (const draw of drawParameters(ps, 50, seed)) {
          for (const { name, spread: s } of ps) {
            const value = draw[name] as number;
            if (s.kind === "choice") expect(s.choices).toContain(value);
            else expect(value >= s.low * (1 - 1e-12) && value <= s.high * (1 + 1e-12)).toBe(true);
            if (s.kind === "whole") expect(Number.isInteger(value)).toBe(true);
          }
        }
      }),
      few,
    );
  });

  it("amount to a share that holds, a band in order and inside what came, and correlations from -1 to 1, the strongest first", () => {
    fc.assert(
      fc.property(parameters, fc.integer({ min: 0, max: 999 }), fc.integer({ min: 0, max: 3000 }), (ps, seed, cut) => {
        const values: number[] = [];
        const value = (draw: Readonly<Record<string, number | string>>) => ps.reduce((sum, { name }) => sum + (draw[name] as number), 0);
        const result = propagate(
          ps,
          (draw) => {
            values.push(value(draw));
            return { value: value(draw), holds: value(draw) <= cut };
          },
          { draws: 200, seed },
        );
        expect(result.probability).toBe(values.filter((v) => v <= cut).length / 200);
        expect(result.draws).toBe(200);
        const { low, median, high } = result.band;
        expect(Math.min(...values) <= low && low <= median && median <= high && high <= Math.max(...values)).toBe(true);
        expect(values.filter((v) => v <= low).length).toBeGreaterThan(10);
        expect(values.filter((v) => v >= high).length).toBeGreaterThanOrEqual(10);
        const strengths = result.tornado.map((t) => Math.abs(t.rankCorrelation));
        expect(strengths).toEqual([...strengths].sort((a, b) => b - a));
        expect(strengths.every((s) => s <= 1 + 1e-12)).toBe(true);
        expect(result.tornado.map((t) => t.name).sort()).toEqual(ps.map((p) => p.name).sort());
      }),
      few,
    );
  });
});

describe("rank correlation", () => {
  const pairs = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), { minLength: 2, maxLength: 40 });

  it("is the same both ways and for any rising scale, and turns its sign with one side", () => {
    fc.assert(
      fc.property(pairs, (both) => {
        const [x, y] = [both.map(([a]) => a), both.map(([, b]) => b)];
        const r = rankCorrelation(x, y);
        expect(r >= -1 - 1e-12 && r <= 1 + 1e-12).toBe(true);
        expect(rankCorrelation(y, x)).toBeCloseTo(r, 12);
        expect(
          rankCorrelation(
            x.map((v) => Math.exp(v / 10)),
            y,
          ),
        ).toBeCloseTo(r, 12);
        expect(
          rankCorrelation(
            x.map((v) => -v),
            y,
          ),
        ).toBeCloseTo(-r, 12);
        expect(rankCorrelation(x, x)).toBeCloseTo(new Set(x).size > 1 ? 1 : 0, 12);
      }),
      few,
    );
  });
});

const counted: fc.Arbitrary<Counted> = fc.record({
  stance: fc.constantFrom("asserts", "hedges", "retracts"),
  stress: fc.constantFrom(1, 2, 3),
  outcome: fc.constantFrom("right", "open", "wrong"),
});
const better = { wrong: "open", open: "right", right: "right", depends: "depends", pending: "pending" } as const;

describe("a verdict", () => {
  it("does not turn on the order of the parts, and never falls when one of them gets better", () => {
    const scale = verdicts.slice(0, 5);
    fc.assert(
      fc.property(fc.array(counted, { minLength: 1, maxLength: 8 }), fc.nat(), (parts, pick) => {
        expect(verdictOf([...parts].reverse())).toBe(verdictOf(parts));
        const i = pick % parts.length;
        const raised = parts.map((part, j) => (j === i ? { ...part, outcome: better[part.outcome] } : part));
        expect(scale.indexOf(verdictOf(raised))).toBeLessThanOrEqual(scale.indexOf(verdictOf(parts)));
      }),
    );
  });
});

it("the word for a likelihood never falls as the probability rises", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const order = [0, 0.02, 0.2, 0.5, 0.7, 0.95, 1].map(likelihoodWords);
  fc.assert(
    fc.property(share, share, (a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      expect(order.indexOf(likelihoodWords(high))).toBeGreaterThanOrEqual(order.indexOf(likelihoodWords(low)));
    }),
  );
});

describe("words of numbers", () => {
  it("never say NaN or undefined, of any number of any unit", () => {
    const value = fc.oneof(
      fc.constant(Number.NaN),
      fc.double({ min: 0, max: 1e18, noNaN: true }),
      fc.double({ min: 0, max: 1e-3, noNaN: true }),
    );
    fc.assert(
      fc.property(value, fc.constantFrom("s", "share", "ratio", "token"), (v, unit) => {
        expect(valueWords(v, unit)).toMatch(Number.isNaN(v) ? /^not known$/ : /^(less than )?[0-9]/);
        const p = Math.min(1, v);
        expect(probabilityWords(p)).toMatch(Number.isNaN(p) ? /^–$/ : /^(under |over )?[0-9]+ %$/);
        if (!Number.isNaN(v))
          for (const words of [formatNumber(v), formatBytes(v), formatSeconds(v), formatShare(p), formatCount(v)])
            expect(words).toMatch(/[0-9]/);
      }),
    );
  });
});

it("an error is none for what is met exactly, one for twice as long, a half for half as long", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1, noNaN: true }), (seconds) => {
      const of = (predicted: number) => relativeError({ seconds: predicted, row: { seconds } } as Parameters<typeof relativeError>[0]);
      expect(of(seconds)).toBe(0);
      expect(of(2 * seconds)).toBe(1);
      expect(of(seconds / 2)).toBe(0.5);
    }),
    few,
  );
});
