import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { busiestFirst, chooseInGroups, drawCounts } from "../../src/routing/power-law";
import {
  exponentOf,
  paddedRows,
  type RankLoad,
  type RouterLimit,
  rankLoad,
  requireRoutingName,
  rowTiles,
} from "../../src/routing/rank-load";

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

  it("gives the one expert of EP 256 one of 32 tokens, as many as the stride is long", () => {
    expect(rankLoad({ shape: v3, tokens: 32, expertParallel: 256, routing: "balanced" }).classes).toEqual([{ rows: 1, experts: 1 }]);
    expect(rankLoad({ shape: v3, tokens: 48, expertParallel: 256, routing: "balanced", limit: groups }).classes).toEqual([
      { rows: 48, experts: 1 },
    ]);
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
    // An eighth of the experts: 8 x 9 and 3 of the 24.
    expect(rows(8).rows).toBe(75);
    // Of 5 ranks the fullest holds 13 experts: 13 x 9 and 24 x 13 / 64 = 4.9.
    expect(rows(5).rows).toBe(13 * 9 + 5);
    // 4 tokens: 24 rows on 24 experts.
    expect(rows(1, 4)).toMatchObject({ rows: 24, activeExperts: 24, maximumRows: 1 });
    expect(rows(8, 4).classes).toEqual([{ rows: 1, experts: 3 }]);
  });

  it("sends every token to four favoured experts when the router keeps 4 of 8 groups and scores tie", () => {
    const rows = (expertParallel: number) =>
      rankLoad({ shape: v3, tokens: 16384, expertParallel, routing: "balanced", limit: groups }).rows;
    expect(rows(256)).toBe(16384);
    expect(rows(64)).toBe(4 * 16384);
    // The other four choices of a token are spread over 124 experts.
    expect(rows(1)).toBe(8 * 16384);
    expect(rows(2)).toBe(rows(1));
  });

  it("fills the favoured experts that the balanced router leaves empty: one token on four experts of EP 64 is a row on each", () => {
    const load = rankLoad({ shape: v3, tokens: 1, expertParallel: 64, routing: "balanced", limit: groups });
    expect(load).toMatchObject({ activeExperts: 4, localExperts: 4, rows: 4, maximumRows: 1 });
    // 40 tokens: 40 rows on each of the four, the other 160 over 124 experts.
    const { classes } = rankLoad({ shape: v3, tokens: 40, expertParallel: 1, routing: "balanced", limit: groups });
    expect(classes).toEqual([
      { rows: 40, experts: 4 },
      { rows: 160 / 124, experts: 124 },
    ]);
    // One token, one rank: four favoured and four others.
    expect(rankLoad({ shape: v3, tokens: 1, expertParallel: 1, routing: "balanced", limit: groups }).rows).toBe(8);
  });

  it("spreads what is not on a favoured expert over those that the groups leave open, an expert a row where there are few rows", () => {
    const classes = (tokens: number, expertParallel: number, limit: RouterLimit = groups, expertsPerToken = 8) =>
      rankLoad({ shape: { ...v3, expertsPerToken }, tokens, expertParallel, routing: "balanced", limit }).classes;
    // 10 tokens: 40 rows on 40 of 124 experts; of four of these on one of 32 ranks 4 x 40 / 124 = 1.3, so two.
    expect(classes(10, 1)).toEqual([
      { rows: 10, experts: 4 },
      { rows: 1, experts: 40 },
    ]);
    expect(classes(10, 32)).toEqual([
      { rows: 10, experts: 4 },
      { rows: 1, experts: 2 },
    ]);
    // All groups are kept: none is favoured, and 512 rows are two on each of 256 experts.
    expect(classes(64, 32, { ...groups, kept: 8 })).toEqual([{ rows: 2, experts: 8 }]);
    // One expert a token, less than the half that four of eight groups keep: it is the favoured one.
    expect(classes(64, 1, groups, 1)).toEqual([{ rows: 64, experts: 1 }]);
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

  it("has an expert a block as far as there are experts", () => {
    const asked = { shape: v3, tokens: 1024, expertParallel: 4, routing: "uniform" };
    expect(rankLoad({ ...asked, limit: { kind: "packed", block: 1 } }).classes).toEqual([{ rows: 32, experts: 64 }]);
    expect(rankLoad({ ...asked, limit: { kind: "packed", block: 2049 } }).classes).toEqual([{ rows: 2048, experts: 1 }]);
  });

  it("keeps one row on a rank that expects less: 8 rows over 256 ranks", () => {
    for (const routing of ["uniform", "even"])
      expect(rankLoad({ shape: v3, tokens: 1, expertParallel: 256, routing }).classes, routing).toEqual([{ rows: 1, experts: 1 }]);
  });

  it("spreads rows evenly without rounding when even", () => {
    expect(rankLoad({ shape: v3, tokens: 100, expertParallel: 4, routing: "even" })).toMatchObject({ activeExperts: 64, rows: 200 });
    // 2 tokens x 8 rows over 32 ranks: half a row on one expert of eight, counted as one.
    expect(rankLoad({ shape: v3, tokens: 2, expertParallel: 32, routing: "even" }).classes).toEqual([{ rows: 1, experts: 1 }]);
    // 11 tokens: 2.75 rows on three experts.
    expect(rankLoad({ shape: v3, tokens: 11, expertParallel: 32, routing: "even" }).classes).toEqual([{ rows: 2.75 / 3, experts: 3 }]);
  });
});

describe("rankLoad, chance", () => {
  const at = (tokens: number, expertParallel = 1) => rankLoad({ shape: v3, tokens, expertParallel, routing: "chance" });

  it("touches 256 (1 - (1 - 8/256)^32) = 163 experts with 32 tokens, and 8 with one", () => {
    expect(at(32).activeExperts).toBeCloseTo(256 * (1 - (248 / 256) ** 32), 9);
    expect(at(1)).toMatchObject({ activeExperts: expect.closeTo(8, 9), rows: expect.closeTo(8, 9) });
    // 256 rows on 163.3 experts are 1.57 on each, in the mean.
    const each = 256 / (256 * (1 - (248 / 256) ** 32));
    const { activeExperts, ...load } = at(32);
    expect(load).toMatchObject({ localExperts: 256, rows: 256, maximumRows: expect.closeTo(each, 9), mean: true });
    expect(load.classes).toEqual([{ rows: expect.closeTo(each, 9), experts: activeExperts }]);
  });

  it("keeps rows, grows with every token, and never doubles with twice the tokens", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20000 }), fc.integer({ min: 1, max: 400 }), (tokens, ranks) => {
        const [one, more, twice] = [at(tokens, ranks), at(tokens + 1, ranks), at(2 * tokens, ranks)];
        expect(one.rows * ranks).toBeGreaterThanOrEqual(tokens * 8 - 1e-6);
        expect(one.activeExperts).toBeLessThanOrEqual(one.rows * (1 + 1e-12));
        expect(more.activeExperts).toBeGreaterThanOrEqual(one.activeExperts);
        expect(twice.activeExperts).toBeLessThanOrEqual(2 * one.activeExperts * (1 + 1e-12));
      }),
    );
  });

  it("deals experts by ceil: 129 ranks hold two of 256 on the busiest as 128 do, 300 ranks one", () => {
    expect([128, 129, 255, 256, 300].map((ranks) => at(4096, ranks).localExperts)).toEqual([2, 2, 2, 1, 1]);
    for (const routing of ["balanced", "even", "chance"])
      for (const ranks of [3, 7, 100, 129, 200, 300])
        expect(
          rankLoad({ shape: v3, tokens: 4096, expertParallel: ranks, routing }).rows * ranks,
          `${routing} ${ranks}`,
        ).toBeGreaterThanOrEqual(4096 * 8 - 1e-6);
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
    expect(rankLoad({ shape, tokens: 7, expertParallel: 2, routing: "power_law_1.2" }).rows).toBeCloseTo(21, 9);
  });

  it("follows a group-limited router: four of eight groups leave at most half of the experts a token", () => {
    const limited = rankLoad({ shape: v3, tokens: 64, expertParallel: 1, routing: "power_law_1.2", limit: groups });
    expect(limited.rows).toBeCloseTo(512, 6);
    expect(limited.activeExperts).toBeLessThan(
      rankLoad({ shape: v3, tokens: 64, expertParallel: 1, routing: "power_law_1.2" }).activeExperts,
    );
  });
});

describe("a power law's drawing", () => {
  it("gives the same rows on every machine, of the busiest rank of five drawings and through every router", () => {
    const of = (limit?: RouterLimit) => rankLoad({ shape: v3, tokens: 64, expertParallel: 32, routing: "power_law_1.2", limit });
    expect(of()).toMatchObject({ rows: expect.closeTo(32.2, 9), activeExperts: expect.closeTo(7, 9), maximumRows: 11 });
    expect(of(groups)).toMatchObject({ rows: expect.closeTo(68.8, 9), activeExperts: expect.closeTo(7, 9), maximumRows: 53 });
    expect(of({ kind: "folded" })).toMatchObject({ rows: expect.closeTo(136, 9), maximumRows: 47.78125 });
    expect(of({ kind: "packed", block: 128 })).toEqual(of());
    // Groups that keep more or stand otherwise are another question.
    expect(of({ ...groups, kept: 8 }).rows).toBeCloseTo(of().rows, 9);
    expect(of({ ...groups, groups: 4 }).rows).toBeCloseTo(of().rows, 9);
  });

  it("gives the same counts on every machine, and next to an exponent of one those of one", () => {
    const few = { tokens: 20, experts: 8, expertsPerToken: 2, local: 4, exponent: 1.2, seed: 1 };
    expect(drawCounts(few)).toEqual([14, 7, 4, 3, 2, 8, 1, 1]);
    expect(drawCounts({ ...few, exponent: 1 })).toEqual([12, 8, 5, 3, 2, 8, 1, 1]);
    expect(drawCounts({ ...few, exponent: 1 + 1e-6 })).toEqual(drawCounts({ ...few, exponent: 1 }));
    expect(drawCounts({ ...few, tokens: 2, local: 3, exponent: 0.6, seed: 4 })).toEqual([1, 1, 0, 0, 0, 1, 0, 1]);
    expect(drawCounts({ ...few, tokens: 1000, local: 3, exponent: 0, seed: 4 })).toEqual([411, 1, 277, 91, 267, 367, 189, 397]);
  });

  it("gives back what rounding took or added, rank by rank: to the emptiest expert that is not full, from the fullest that is not empty", () => {
    const drawn = (tokens: number, experts: number, expertsPerToken: number, local: number, exponent: number, seed: number) =>
      drawCounts({ tokens, experts, expertsPerToken, local, exponent, seed });
    expect(drawn(4, 4, 1, 1, 0, 2)).toEqual([2, 1, 0, 1]);
    expect(drawn(1, 4, 1, 1, 1, 2)).toEqual([1, 0, 0, 0]);
    expect(drawn(2, 4, 1, 1, 0, 5)).toEqual([2, 0, 0, 0]);
    expect(drawn(8, 6, 1, 1, 1, 30)).toEqual([3, 0, 1, 1, 2, 1]);
    expect(drawn(20, 6, 1, 1, 0, 37)).toEqual([5, 0, 6, 3, 3, 3]);
    expect(drawn(2, 4, 1, 2, 0, 2)).toEqual([0, 1, 0, 1]);
    expect(drawn(1, 4, 2, 1, 0, 2)).toEqual([0, 1, 0, 1]);
    expect(drawn(3, 6, 2, 1, 0.5, 52)).toEqual([1, 0, 1, 2, 1, 1]);
  });

  it("puts the rank with the most rows first, the lower of two alike, and leaves experts beyond the last whole rank", () => {
    expect(busiestFirst([1, 2, 3, 9, 0, 0], 2)).toEqual([3, 9, 1, 2, 0, 0]);
    expect(busiestFirst([0, 0, 1, 2, 2, 1], 2)).toEqual([1, 2, 0, 0, 2, 1]);
    expect(busiestFirst([1, 1, 2, 2, 9], 2)).toEqual([2, 2, 1, 1, 9]);
    expect(busiestFirst([0, 0, 0, 1], 2)).toEqual([0, 1, 0, 0]);
  });
});

describe("a group-limited router", () => {
  it("is worked by hand: the best group by its two best experts, ties to the lower, filled up inside it", () => {
    // Dealt in columns of three: tokens draw 0 and 2, 0 and 2, 0 and 3. Both groups score one, and the lower keeps its own and adds 1.
    expect(chooseInGroups([3, 0, 2, 1], 3, 2, { groups: 2, kept: 1 })).toEqual([3, 3, 0, 0]);
    expect(chooseInGroups([3, 0, 2, 1], 3, 2, { groups: 2, kept: 2 })).toEqual([3, 0, 2, 1]);
    // One against two: the upper group wins and adds its last.
    expect(chooseInGroups([1, 0, 0, 1, 1, 0], 1, 3, { groups: 2, kept: 1 })).toEqual([0, 0, 0, 1, 1, 1]);
    // Two against three score alike, and the lower group has no more than its four.
    expect(chooseInGroups([1, 1, 0, 0, 0, 1, 1, 1], 1, 5, { groups: 2, kept: 1 })).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    // Three groups, of which the first and the last are kept and filled from the lower one.
    expect(chooseInGroups([1, 0, 0, 0, 1, 1], 1, 3, { groups: 3, kept: 2 })).toEqual([1, 0, 0, 0, 1, 1]);
    expect(chooseInGroups([0, 0, 0, 0, 1, 0], 1, 2, { groups: 3, kept: 2 })).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it("counts experts beyond whole groups to the last, and stands one in a group where there are more groups", () => {
    expect(chooseInGroups([0, 0, 1, 0, 1], 1, 2, { groups: 2, kept: 1 })).toEqual([0, 0, 1, 0, 1]);
    expect(chooseInGroups([1, 0, 0, 1, 1], 1, 3, { groups: 2, kept: 1 })).toEqual([0, 0, 1, 1, 1]);
    expect(chooseInGroups([0, 1], 1, 1, { groups: 4, kept: 1 })).toEqual([0, 1]);
  });

  it("gives a token an expert once, and lets 512 tokens stand for more", () => {
    expect(chooseInGroups([3, 1], 2, 2, { groups: 1, kept: 1 })).toEqual([2, 2]);
    // Every second of 1,024 tokens is followed: 350 of the first expert's 700, each for two.
    expect(chooseInGroups([700, 324], 1024, 1, { groups: 1, kept: 1 })).toEqual([700, 324]);
  });
});

describe("whole tiles of rows", () => {
  const load = (mean: boolean, ...classes: RankLoad["classes"]): RankLoad => ({
    ...{ activeExperts: 0, localExperts: 0, rows: 0, maximumRows: 0, classes },
    ...(mean ? { mean } : {}),
  });

  it("are doubled from the smallest up to the largest, and then so many of these", () => {
    const padded = (rows: number) => paddedRows(load(false, { rows, experts: 2 }), 64, 8);
    expect([1, 8, 9, 10, 64, 65, 129].map(padded)).toEqual([16, 16, 32, 32, 128, 256, 384]);
    // 100 rows are two tiles of 64, on each of two experts; 64 are one, on one.
    expect(rowTiles(load(false, { rows: 100, experts: 2 }, { rows: 64, experts: 1 }), 64)).toBe(5);
  });

  it("are of mean rows four tenths more, of the rows or of a tile, and one at least", () => {
    const padded = (rows: number) => paddedRows(load(true, { rows, experts: 2 }), 64, 8);
    expect([1, 10, 100].map(padded)).toEqual([16, 28, 2 * (100 + 0.4 * 64)]);
    const tiles = (rows: number) => rowTiles(load(true, { rows, experts: 2 }), 64);
    expect([1, 64, 128].map(tiles)).toEqual([2, 2.8, 4.8]);
  });
});

it("refuses routers that cannot be, by name", () => {
  const ask = (change: object, expertParallel = 1) =>
    rankLoad({ shape: { ...v3, ...change }, tokens: 1, expertParallel, routing: "balanced" });
  expect(() => ask({}, 0)).toThrow("expertParallel must be a positive integer, got 0");
  expect(() => ask({ routedExperts: 0 })).toThrow("routedExperts must be a positive integer, got 0");
  expect(() => ask({ expertsPerToken: 0 })).toThrow("expertsPerToken must be a positive integer, got 0");
  expect(() => ask({ expertsPerToken: 257 })).toThrow("expertsPerToken must be at most routedExperts, got 257 of 256");
  expect(ask({ expertsPerToken: 256 }, 256).rows).toBe(1);
  expect(() => rankLoad({ shape: 256 as never, tokens: 1, expertParallel: 1, routing: "even" })).toThrow(
    "shape must be a shape with routedExperts and expertsPerToken, got 256",
  );
  const many = (tokens: number, expertParallel: number) => () => rankLoad({ shape: v3, tokens, expertParallel, routing: "even" });
  expect(many(2 ** 45, 1)).toThrow("tokens must be so many that rows can be counted, got 35184372088832 at 8 experts each");
  expect(many(2 ** 45, 256)).not.toThrow();
  for (const wrong of ["power_law_", "power_law_1.", "xpower_law_1", "power_law_1x"])
    expect(() => exponentOf(wrong), wrong).toThrow(
      `routing must be balanced, chance, even, uniform or power_law_<exponent>; got "${wrong}"; nearest: power_law_1.2, power_law_1.01`,
    );
  expect(() => exponentOf(["power_law_1"] as never)).toThrow("routing must be balanced, chance, even, uniform or power_law_<exponent>");
  for (const routing of ["balanced", "chance", "even", "uniform", "power_law_1.2"])
    expect(() => requireRoutingName(routing), routing).not.toThrow();
  for (const routing of ["luck", ""]) expect(() => requireRoutingName(routing), routing).toThrow("routing must be balanced, chance");
  expect(exponentOf("power_law_12")).toBe(12);
  expect(exponentOf("power_law_0.25")).toBe(0.25);
});

it("names the routings there are when it is handed another", () => {
  expect(exponentOf("power_law_1.01")).toBe(1.01);
  expect(() => rankLoad({ shape: v3, tokens: 1, expertParallel: 1, routing: "balancd" })).toThrow(/got "balancd"; nearest: balanced/);
  expect(() => rankLoad({ shape: v3, tokens: 0, expertParallel: 1, routing: "balanced" })).toThrow(
    "tokens must be a positive integer, got 0",
  );
  // More ranks than experts: a rank still holds one.
  expect(rankLoad({ shape: v3, tokens: 32, expertParallel: 512, routing: "balanced" })).toMatchObject({ localExperts: 1, rows: 1 });
});
