import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exponentOf, paddedRows, rankLoad } from "../src/skew";

const v3 = { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 256, expertsPerToken: 8 };
const groups = { kind: "groups", groups: 8, kept: 4 } as const;

/** Rows of rank 0's experts by the definition of the balanced routing, token by token. */
function dealt(tokens: number, experts: number, k: number, local: number): number[] {
  const stride = Math.ceil(experts / k);
  const rows = new Array<number>(experts).fill(0);
  for (let t = 0; t < tokens; t++) {
    for (let i = 0; i < k; i++) {
      const e = Math.floor(tokens >= stride ? t + i * stride : (t * stride) / tokens + i * stride) % experts;
      rows[e] = (rows[e] as number) + 1;
    }
  }
  return rows.slice(0, local);
}

describe("rankLoad, balanced", () => {
  it("gives the one expert of EP 256 two of 48 tokens: 48 = 32 + 16, and expert 0 is in both rounds", () => {
    expect(rankLoad({ shape: v3, tokens: 48, expertParallel: 256, routing: "balanced" })).toEqual({
      activeExperts: 1,
      localExperts: 1,
      rows: 2,
      maximumRows: 2,
      classes: [{ rows: 2, experts: 1 }],
    });
  });

  it("touches 8 experts a token until all 256 are touched by 32 tokens", () => {
    const active = (tokens: number) => rankLoad({ shape: v3, tokens, expertParallel: 1, routing: "balanced" }).activeExperts;
    expect([1, 2, 16, 32, 64].map(active)).toEqual([8, 16, 128, 256, 256]);
  });

  it("equals the definition, dealt token by token", () => {
    const cases = fc.record({
      k: fc.integer({ min: 1, max: 8 }),
      stride: fc.integer({ min: 1, max: 40 }),
      tokens: fc.integer({ min: 1, max: 200 }),
      ep: fc.constantFrom(1, 2, 4, 8),
    });
    fc.assert(
      fc.property(cases, ({ k, stride, tokens, ep }) => {
        const routedExperts = k * stride;
        fc.pre(routedExperts % ep === 0);
        const shape = { ...v3, routedExperts, expertsPerToken: k };
        const rows = dealt(tokens, routedExperts, k, routedExperts / ep).filter((r) => r > 0);
        const load = rankLoad({ shape, tokens, expertParallel: ep, routing: "balanced" });
        expect(load.activeExperts).toBe(rows.length);
        expect(load.rows).toBe(rows.reduce((a, b) => a + b, 0));
        expect(load.maximumRows).toBe(Math.max(...rows));
        expect(paddedRows(load, 16)).toBe(rows.reduce((a, r) => a + 16 * Math.ceil(r / 16), 0));
      }),
    );
  });

  it("keeps every row where an expert a token does not divide the experts: 600 rows over 64 are 24 of 10 and 40 of 9", () => {
    const rows = (expertParallel: number, tokens = 100) =>
      rankLoad({ shape: { ...v3, routedExperts: 64, expertsPerToken: 6 }, tokens, expertParallel, routing: "balanced" });
    expect(rows(1)).toMatchObject({ rows: 600, activeExperts: 64, maximumRows: 10 });
    expect(rows(1).classes).toEqual([
      { rows: 10, experts: 24 },
      { rows: 9, experts: 40 },
    ]);
    // An eighth of the experts: 8 x 9 and 3 of the 24; of 5 ranks of 12 experts the fullest has 12 x 9 and 5 of them, 24 x 12 / 64 = 4.5.
    expect(rows(8).rows).toBe(75);
    expect(rows(5).rows).toBe(113);
    // 4 tokens: 24 rows on 24 experts.
    expect(rows(1, 4)).toMatchObject({ rows: 24, activeExperts: 24, maximumRows: 1 });
    expect(rows(8, 4).classes).toEqual([{ rows: 1, experts: 3 }]);
  });

  it("sends every token to four favoured experts when the router keeps 4 of 8 groups and scores tie", () => {
    const rows = (expertParallel: number) =>
      rankLoad({ shape: v3, tokens: 16384, expertParallel, routing: "balanced", limit: groups }).rows;
    expect(rows(256)).toBe(16384);
    expect(rows(64)).toBe(4 * 16384);
    // 124 experts with 16384 * 8 / 256 = 512 rows each, and the favoured four.
    expect(rows(1)).toBe(4 * 16384 + 124 * 512);
    expect(rows(2)).toBe(rows(1));
  });

  it("keeps all rows on the GPU up to EP 8 where experts are folded, half of them at EP 16", () => {
    const rows = (expertParallel: number) =>
      rankLoad({ shape: v3, tokens: 1024, expertParallel, routing: "balanced", limit: { kind: "folded" } }).rows;
    expect([1, 8, 16, 32].map(rows)).toEqual([8192, 8192, 4096, 2048]);
  });
});

describe("rankLoad, uniform and even", () => {
  it("rounds the mean down, and below one row a local expert gives one row to as many experts as rows are expected", () => {
    expect(rankLoad({ shape: v3, tokens: 100, expertParallel: 4, routing: "uniform" })).toMatchObject({ activeExperts: 64, rows: 64 * 3 });
    // 4 tokens * 8 = 32 rows on 4 ranks: 8 here.
    expect(rankLoad({ shape: v3, tokens: 4, expertParallel: 4, routing: "uniform" })).toMatchObject({ activeExperts: 8, rows: 8 });
  });

  it("computes packed rows in blocks of 128, one expert's weights a block", () => {
    // 1024 tokens * 8 / 256 = 32 rows on each of 64 experts: 2048 rows in 16 blocks.
    expect(
      rankLoad({ shape: v3, tokens: 1024, expertParallel: 4, routing: "uniform", limit: { kind: "packed", block: 128 } }),
    ).toMatchObject({ activeExperts: 16, rows: 2048 });
  });

  it("spreads rows evenly without rounding when even", () => {
    expect(rankLoad({ shape: v3, tokens: 100, expertParallel: 4, routing: "even" })).toMatchObject({ activeExperts: 64, rows: 200 });
  });
});

describe("rankLoad, power law", () => {
  it("keeps every row on one rank: tokens * expertsPerToken", () => {
    expect(rankLoad({ shape: v3, tokens: 300, expertParallel: 1, routing: "power_law_1.2" }).rows).toBeCloseTo(2400, 6);
  });

  it("loads the busiest rank at least as much as the mean, and no expert above the tokens", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.constantFrom(1, 2, 8, 32, 256),
        fc.constantFrom(0.6, 1.01, 1.2),
        (tokens, expertParallel, exponent) => {
          const load = rankLoad({ shape: v3, tokens, expertParallel, routing: `power_law_${exponent}` });
          expect(load.rows).toBeGreaterThanOrEqual((tokens * 8) / expertParallel - 1e-6);
          expect(load.maximumRows).toBeLessThanOrEqual(tokens);
          expect(load.activeExperts).toBeLessThanOrEqual(load.localExperts + 1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is skewer with a larger exponent and gives the same answer twice", () => {
    const rows = (exponent: number) => rankLoad({ shape: v3, tokens: 4096, expertParallel: 32, routing: `power_law_${exponent}` }).rows;
    expect(rows(1.2)).toBeGreaterThan(rows(0.6));
    expect(rows(1.2)).toBe(rows(1.2));
  });

  it("ends when ranks do not divide the experts and every expert is full", () => {
    const shape = { ...v3, routedExperts: 5, expertsPerToken: 5 };
    expect(rankLoad({ shape, tokens: 7, expertParallel: 2, routing: "power_law_1.2" }).rows).toBeCloseTo(14, 9);
  });

  it("follows a group-limited router: four of eight groups leave at most half of the experts a token", () => {
    const limited = rankLoad({ shape: v3, tokens: 64, expertParallel: 1, routing: "power_law_1.2", limit: groups });
    expect(limited.rows).toBeCloseTo(512, 6);
    expect(limited.activeExperts).toBeLessThan(
      rankLoad({ shape: v3, tokens: 64, expertParallel: 1, routing: "power_law_1.2" }).activeExperts,
    );
  });
});

it("names the routings there are when it is handed another", () => {
  expect(exponentOf("power_law_1.01")).toBe(1.01);
  expect(() => rankLoad({ shape: v3, tokens: 1, expertParallel: 1, routing: "balancd" })).toThrow(/got "balancd"; nearest: balanced/);
  expect(() => rankLoad({ shape: v3, tokens: 0, expertParallel: 1, routing: "balanced" })).toThrow(
    "tokens must be a positive integer, got 0",
  );
  expect(() => rankLoad({ shape: v3, tokens: 1, expertParallel: 512, routing: "balanced" })).toThrow(
    "expertParallel must be at most routedExperts, got 512 for 256 experts",
  );
});
