import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulateBalance } from "../../src/routing/balance-simulation";
import { imbalance } from "../../src/routing/imbalance";
import { balanceGain, deviceImbalance, deviceLoads, placeExperts, placeInOrder } from "../../src/routing/placement";
import { drawPopularity, drawRows } from "../../src/routing/popularity";
import { busiestFirst, chooseInGroups, drawCounts } from "../../src/routing/power-law";
import { paddedRows, rankLoad } from "../../src/routing/rank-load";
import { expertLoad, idleExpertShare, meanTokensPerExpert, tokensForMean } from "../../src/routing/uniform";

const few = { numRuns: 60 };
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const router = fc
  .integer({ min: 1, max: 320 })
  .chain((routedExperts) =>
    fc.record({ routedExperts: fc.constant(routedExperts), expertsPerToken: fc.integer({ min: 1, max: Math.min(16, routedExperts) }) }),
  );
const tokens = fc.integer({ min: 1, max: 3000 });
const loads = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 8 });

describe("tokens of experts", () => {
  it("are all of them: mean times experts is tokens times experts a token, and no expert idles when each token takes all", () => {
    fc.assert(
      fc.property(tokens, router, (t, r) => {
        expect(meanTokensPerExpert(t, r) * r.routedExperts).toBeCloseTo(t * r.expertsPerToken, 6);
        expect(meanTokensPerExpert(3 * t, r)).toBeCloseTo(3 * meanTokensPerExpert(t, r), 9);
        expect(tokensForMean(meanTokensPerExpert(t, r), r)).toBeCloseTo(t, 6);
        expect(idleExpertShare(t, { ...r, expertsPerToken: r.routedExperts })).toBe(0);
        expect(idleExpertShare(t, r)).toBeLessThanOrEqual((1 - r.expertsPerToken / r.routedExperts) * (1 + 1e-12));
      }),
      few,
    );
  });

  it("expect a busiest expert at the mean or above it, and nearer to it with more tokens", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), router, (t, r) => {
        const [one, four] = [expertLoad(t, r), expertLoad(4 * t, r)];
        expect(one.expectedMaximum).toBeGreaterThanOrEqual(one.mean * (1 - 1e-9));
        expect(four.expectedMaximum / four.mean).toBeLessThanOrEqual((one.expectedMaximum / one.mean) * (1 + 1e-9));
      }),
      few,
    );
  });
});

describe("rows of a rank", () => {
  const shape = router.map((r) => ({ ...r, hiddenSize: 1, moeIntermediateSize: 1 }));
  const routing = fc.constantFrom("balanced", "even", "power_law_1.2");

  it("are all rows where there is one rank, and are counted class by class", () => {
    fc.assert(
      fc.property(shape, tokens, routing, (s, t, name) => {
        const load = rankLoad({ shape: s, tokens: t, expertParallel: 1, routing: name });
        expect(load.rows).toBeCloseTo(t * s.expertsPerToken, 6);
        expect(sum(load.classes.map((c) => c.rows * c.experts))).toBeCloseTo(load.rows, 6);
        expect(sum(load.classes.map((c) => c.experts))).toBeCloseTo(load.activeExperts, 9);
        expect(Math.max(...load.classes.map((c) => c.rows))).toBe(load.maximumRows);
        expect(load.localExperts).toBe(s.routedExperts);
        expect(load.activeExperts).toBeLessThanOrEqual(load.localExperts + 1e-9);
      }),
    );
  });

  it("stand on as many experts as a rank has, at most all rows of them, at least their share where rounded up", () => {
    fc.assert(
      fc.property(
        shape,
        tokens,
        fc.integer({ min: 1, max: 64 }),
        fc.constantFrom("balanced", "even", "uniform", "power_law_1.01"),
        (s, t, ranks, name) => {
          const expertParallel = Math.min(ranks, s.routedExperts);
          const load = rankLoad({ shape: s, tokens: t, expertParallel, routing: name });
          expect(load.localExperts).toBe(Math.ceil(s.routedExperts / expertParallel));
          expect(load.rows).toBeLessThanOrEqual(t * s.expertsPerToken + 1e-6);
          if (name !== "uniform")
            expect(load.rows).toBeGreaterThanOrEqual((t * s.expertsPerToken * load.localExperts) / s.routedExperts - 1e-6);
          expect(load.maximumRows).toBeLessThanOrEqual(t);
        },
      ),
    );
  });

  it("are padded to at least a tile an active expert, to less than a tile more each, and no further by tiles of one", () => {
    fc.assert(
      fc.property(shape, tokens, fc.integer({ min: 1, max: 128 }), (s, t, tile) => {
        const load = rankLoad({ shape: s, tokens: t, expertParallel: 1, routing: "balanced" });
        const padded = paddedRows(load, tile);
        expect(padded).toBeGreaterThanOrEqual(Math.max(load.rows, tile * load.activeExperts));
        expect(padded).toBeLessThan(load.rows + tile * load.activeExperts);
        expect(padded % tile).toBe(0);
        expect(paddedRows(load, 1)).toBe(load.rows);
      }),
      few,
    );
  });
});

describe("a power law", () => {
  const drawing = fc
    .tuple(router, tokens, fc.double({ min: 0, max: 3, noNaN: true }), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 64 }))
    .map(([r, t, exponent, seed, local]) => ({
      tokens: t,
      experts: r.routedExperts,
      expertsPerToken: r.expertsPerToken,
      local: Math.min(local, r.routedExperts),
      exponent,
      seed,
    }));

  it("hands out every row, whole, and to no expert more than every token", () => {
    fc.assert(
      fc.property(drawing, (d) => {
        const counts = drawCounts(d);
        expect(counts).toHaveLength(d.experts);
        expect(sum(counts)).toBe(d.tokens * d.expertsPerToken);
        expect(counts.every((c) => Number.isInteger(c) && c >= 0 && c <= d.tokens)).toBe(true);
        expect(drawCounts(d)).toEqual(counts);
      }),
    );
  });

  it("keeps every row when the busiest rank is put first, and puts none before it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        (counts, size) => {
          const local = Math.min(size, counts.length);
          const first = busiestFirst(counts, local);
          expect([...first].sort((a, b) => a - b)).toEqual([...counts].sort((a, b) => a - b));
          const ranks = Array.from({ length: Math.floor(counts.length / local) }, (_, r) => sum(counts.slice(r * local, (r + 1) * local)));
          expect(sum(first.slice(0, local))).toBe(Math.max(...ranks));
        },
      ),
    );
  });

  it("keeps every row through groups that can take them", () => {
    const grouped = fc.record({
      groups: fc.constantFrom(1, 2, 4, 8),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      tokens: fc.integer({ min: 1, max: 200 }),
      seed: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(
      fc.property(grouped, ({ groups, share, tokens: t, seed }) => {
        const kept = Math.max(1, Math.round(share * groups));
        const expertsPerToken = Math.min(8, (64 / groups) * kept);
        const counts = drawCounts({ tokens: t, experts: 64, expertsPerToken, local: 8, exponent: 1.2, seed });
        const rows = chooseInGroups(counts, t, expertsPerToken, { groups, kept });
        expect(sum(rows)).toBeCloseTo(t * expertsPerToken, 6);
        expect(Math.max(...rows)).toBeLessThanOrEqual(t + 1e-9);
        if (kept === groups) expect(rows).toHaveLength(64);
      }),
      few,
    );
  });
});

describe("placement", () => {
  it("keeps every token on some device, under whichever loads, and gives every expert a copy", () => {
    fc.assert(
      fc.property(loads, loads, fc.integer({ min: 0, max: 5 }), fc.constantFrom(1, 2, 4, 8), (made, served, extra, devices) => {
        const placement = placeExperts({ loads: made, devices, redundant: extra * devices });
        expect(sum(placement.copies)).toBe(8 + extra * devices);
        for (const [expert, copies] of placement.copies.entries()) {
          expect(copies).toBeGreaterThanOrEqual(1);
          expect(placement.devices.flat().filter((e) => e === expert)).toHaveLength(copies);
        }
        expect(sum(deviceLoads(placement, served))).toBeCloseTo(sum(served), 6);
        expect(sum(deviceLoads(placeInOrder(8, devices), served))).toBe(sum(served));
      }),
    );
  });

  it("is even with as many copies as each expert's load asks for, and never evener than even", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 12 }), (copies) => {
        const placement = placeExperts({ loads: copies, devices: 1, redundant: sum(copies) - copies.length });
        expect(placement.copies).toEqual(copies);
        expect(deviceImbalance(placement, copies).maximumOverMean).toBe(1);
      }),
      few,
    );
  });

  it("gains what the busiest device loses: nothing for nothing, more for a larger share, at most the ratio", () => {
    const ratio = fc.double({ min: 1, max: 20, noNaN: true });
    fc.assert(
      fc.property(ratio, ratio, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (a, b, share) => {
        const [before, after] = [Math.max(a, b), Math.min(a, b)];
        expect(balanceGain(before, before, share)).toBeCloseTo(1, 12);
        expect(balanceGain(before, after, 0)).toBe(1);
        const gain = balanceGain(before, after, share);
        expect(gain).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(gain).toBeLessThanOrEqual(balanceGain(before, after) * (1 + 1e-12));
        expect(balanceGain(before, after)).toBeCloseTo(before / after, 9);
      }),
      few,
    );
  });

  it("is as uneven when every load is doubled, and when every expert stands twice", () => {
    fc.assert(
      fc.property(
        loads.filter((l) => sum(l) > 0),
        (l) => {
          const once = imbalance(l);
          for (const other of [imbalance(l.map((x) => 2 * x)), imbalance([...l, ...l])])
            for (const measure of ["maximumOverMean", "maximumViolation", "coefficientOfVariation", "gini", "idleShare"] as const)
              expect(other[measure], measure).toBeCloseTo(once[measure], 9);
        },
      ),
      few,
    );
  });
});

describe("popularity", () => {
  const drawn = fc.record({
    experts: fc.integer({ min: 1, max: 300 }),
    coefficientOfVariation: fc.double({ min: 0, max: 3, noNaN: true }),
    stability: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.integer({ min: -1000, max: 1000 }),
  });

  it("is a share of every expert above zero, that sums to one on both days, and is equal without variation", () => {
    fc.assert(
      fc.property(drawn, (q) => {
        const { before, after } = drawPopularity(q);
        for (const day of [before, after]) {
          expect(day).toHaveLength(q.experts);
          expect(sum(day)).toBeCloseTo(1, 9);
          expect(day.every((share) => share > 0)).toBe(true);
        }
        expect(drawPopularity(q)).toEqual({ before, after });
        for (const share of drawPopularity({ ...q, coefficientOfVariation: 0 }).before) expect(share).toBeCloseTo(1 / q.experts, 12);
      }),
      few,
    );
  });

  it("hands out every row, to no expert that nobody asks for", () => {
    fc.assert(
      fc.property(
        loads.filter((l) => sum(l) > 0),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 99 }),
        (popularity, rows, seed) => {
          const counts = drawRows(popularity, rows, seed);
          expect(sum(counts)).toBe(rows);
          for (const [expert, asked] of popularity.entries()) if (asked === 0) expect(counts[expert]).toBe(0);
          expect(drawRows(popularity, rows, seed)).toEqual(counts);
        },
      ),
      few,
    );
  });

  it("never leaves the busiest below the mean, and devices no worse off than experts", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(8, 16, 64),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (experts, coefficientOfVariation, tokensPerExpert) => {
          const balance = simulateBalance({
            experts,
            devices: 4,
            coefficientOfVariation,
            tokensPerExpert,
            stability: 1,
            redundant: [0, 4],
          });
          for (const ratio of [balance.experts, balance.inOrder, ...balance.placed]) expect(ratio).toBeGreaterThanOrEqual(1);
          expect(balance.inOrder).toBeLessThanOrEqual(balance.experts);
        },
      ),
      { numRuns: 15 },
    );
  });
});
