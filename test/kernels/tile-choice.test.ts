import { describe, expect, it } from "vitest";
import { meanEdges, wholeEdges } from "../../src/kernels/product";
import {
  type DenseTiles,
  fastestTiling,
  leastSeconds,
  type TileChoice,
  tileChoice,
  tilingAt,
  tilingSeconds,
} from "../../src/kernels/tile-choice";

/** Half of a peak of 2^20 a second: 128 steps of a tile of 64 by 64 take 2 s; a microsecond a step beside. */
const costs = { arithmeticEfficiency: 0.5, secondsPerStep: 1e-6, splitSeconds: 3 };
const matrix = { n: 128, k: 256, processors: 1, peak: 2 ** 20, bandwidth: 1024 };
const choice = (tiles: Partial<DenseTiles>, change: Partial<typeof matrix> = {}, keepAll = true) =>
  tileChoice({ tileRows: [64], tileColumns: [64], splits: [1], ...tiles }, costs, { ...matrix, ...change }, Math.ceil, keepAll);
/** Rows, columns and splits of each tiling that stands. */
const standing = (...asked: Parameters<typeof choice>) => {
  const { numbers } = choice(...asked);
  return Array.from({ length: numbers.length / 7 }, (_, i) => [numbers[7 * i], numbers[7 * i + 5], numbers[7 * i + 6]]);
};
/** The tiling that takes least for so many rows, and what it takes. */
const bestTiling = (tiles: TileChoice, m: number) => {
  const at = fastestTiling(tiles, m);
  return { seconds: tilingSeconds(tiles, at, m), ...tilingAt(tiles, at, m) };
};

describe("the numbers of a tiling", () => {
  it("are waves for each tile of rows, seconds of a wave, and of adding up the parts of k", () => {
    // Two columns of tiles on one processor; two steps of 128 x 2 x 64 x 64 over 2^19 a second and a microsecond each.
    const wave = 2 * ((128 * 2 * 64 * 64) / 2 ** 19 + 1e-6);
    expect([...choice({}).numbers]).toEqual([64, 2, wave, 0, 0, 64, 1]);
    // Cut in two: twice the waves, of one step each; 3 s and 8 bytes of both parts of each of 128 numbers a row.
    expect([...choice({ splits: [2] }).numbers]).toEqual([64, 4, wave / 2, 3, (8 * 2 * 128) / 1024, 64, 2]);
    // On four processors a wave does four tiles, each as fast as before.
    expect([...choice({}, { processors: 4 }).numbers].slice(1, 3)).toEqual([2 / 4, 2 * ((4 * 128 * 2 * 64 * 64) / 2 ** 19 + 1e-6)]);
  });

  it("are not of tiles whose accumulators fit no processor: more than 256 by 128", () => {
    expect(standing({ tileRows: [128, 256], tileColumns: [128, 256] })).toEqual([
      [128, 128, 1],
      [128, 256, 1],
      [256, 128, 1],
    ]);
  });
});

describe("tilings that stand where many rows are asked for", () => {
  const few = (tiles: Partial<DenseTiles>, change: Partial<typeof matrix> = {}) => standing(tiles, change, false);

  it("are those that no other of the same rows beats in every number", () => {
    // A matrix of 64 columns fills one tile of either: the wider one only takes longer.
    expect(few({ tileColumns: [128, 64] }, { n: 64 })).toEqual([[64, 64, 1]]);
    // Of 128 columns the narrow tile takes two waves, the wide one a longer one: either may be the better.
    expect(few({ tileColumns: [128, 64] })).toEqual([
      [64, 128, 1],
      [64, 64, 1],
    ]);
    // To cut k in two takes shorter waves, though more and a sum.
    expect(few({ splits: [1, 2] })).toHaveLength(2);
    // k of one step cannot be cut.
    expect(few({ splits: [1, 2] }, { k: 128 })).toEqual([[64, 64, 1]]);
  });

  it("are compared at the same rows alone, and of equals the first stands", () => {
    expect(few({ tileRows: [64, 128] }, { n: 64 })).toHaveLength(2);
    expect(few({ tileColumns: [64, 64, 64] })).toEqual([[64, 64, 1]]);
    expect(standing({ tileColumns: [64, 64, 64] })).toHaveLength(3);
  });
});

describe("the least seconds for one number of rows after another", () => {
  it("are those of the best tiling for each, whatever was asked before", () => {
    const tiles = { tileRows: [32, 64, 128], tileColumns: [32, 64, 128], splits: [1, 2] };
    for (const edges of [wholeEdges, meanEdges])
      for (const change of [{}, { processors: 4 }, { n: 1024, processors: 16 }, { bandwidth: 2 ** 20 }]) {
        const all = tileChoice(tiles, costs, { ...matrix, ...change }, edges, true);
        const least = leastSeconds(all);
        const rows = [1, 3, 17, 31, 32, 33, 63, 65, 100, 128, 129, 500, 1000, 4096];
        const chosen = rows.map((m) => fastestTiling(all, m));
        for (const m of [...rows, ...[...rows].reverse(), 1, 4096, 2]) expect(least(m), `${m}`).toBe(bestTiling(all, m).seconds);
        expect(new Set(chosen).size).toBeGreaterThan(1);
      }
  });
});

describe("the best tiling", () => {
  it("takes whole waves of whole tiles, and for a split its sum for each row", () => {
    const wave = choice({}).numbers[2] as number;
    expect(bestTiling(choice({}), 65)).toEqual({ seconds: 4 * wave, m: 64, n: 64, splits: 1, waves: 4 });
    // Three rows: one tile of rows, four waves of half the length, 3 s and two seconds for each row.
    expect(bestTiling(choice({ splits: [2] }), 3)).toEqual({ seconds: 4 * (wave / 2) + 3 + 3 * 2, m: 64, n: 64, splits: 2, waves: 4 });
  });

  it("is the one that takes least, wherever it stands, and the first of those that take the same", () => {
    // 128 rows and columns: 64 x 128 takes two waves, 128 x 64 as many, of one length.
    const sides = { tileRows: [64, 128], tileColumns: [64, 128] };
    const even = { tileRows: [64, 128], tileColumns: [128, 64] };
    const seconds = (tiles: Partial<DenseTiles>) => bestTiling(choice(tiles), 128).seconds;
    expect(seconds({ tileRows: [64], tileColumns: [128] })).toBe(seconds({ tileRows: [128], tileColumns: [64] }));
    const only = (m: number, n: number) => ({ ...choice({ tileRows: [m], tileColumns: [n] }) });
    const joined = (a: [number, number], b: [number, number]) => ({
      ...only(...a),
      numbers: Float64Array.from([...only(...a).numbers, ...only(...b).numbers]),
    });
    expect(bestTiling(joined([64, 128], [128, 64]), 128)).toMatchObject({ m: 64, n: 128 });
    expect(bestTiling(joined([128, 64], [64, 128]), 128)).toMatchObject({ m: 128, n: 64 });
    // The whole tile takes a step less than its halves.
    for (const tiles of [sides, even]) expect(bestTiling(choice(tiles), 128)).toMatchObject({ m: 128, n: 128, waves: 1 });
    expect(bestTiling(choice({ tileRows: [128, 64] }), 64)).toMatchObject({ m: 64, waves: 2 });
    expect(bestTiling(choice({ tileRows: [64, 128] }), 64)).toMatchObject({ m: 64, waves: 2 });
  });

  it("cuts k where the shorter waves are worth the sum, which grows with the rows", () => {
    // On four processors one tile of 64 columns takes 16 s; cut in two 8 s, 3 s and a second for each row.
    const cut = choice({ splits: [1, 2] }, { n: 64, processors: 4 });
    expect([1, 4, 6].map((m) => bestTiling(cut, m).splits)).toEqual([2, 2, 1]);
    expect(bestTiling(cut, 1).seconds).toBeCloseTo(8 + 3 + 1, 4);
    expect(bestTiling(choice({ splits: [1, 2] }), 1).splits).toBe(1);
  });

  it("has edges as they are asked for", () => {
    const half = { ...choice({}), edges: (number: number) => number };
    expect(bestTiling(half, 32).waves).toBe(1);
  });
});

describe("edges of tiles and waves", () => {
  it("are whole as tables time them, and on the mean one up to one and half of one more where they are many", () => {
    expect([0.1, 1, 1.1].map(wholeEdges)).toEqual([1, 1, 2]);
    expect([0.1, 1, 2, 4].map(meanEdges)).toEqual([1, 1, 2.25, 4.375]);
  });
});

describe("what the fastest tiling takes", () => {
  it.each([
    ["whole", wholeEdges],
    ["mean", meanEdges],
  ])("is the same whatever rows were asked for before: %s edges", (_, edges) => {
    const tiles = { tileRows: [16, 64, 128], tileColumns: [32, 64, 128], splits: [1, 2, 4] };
    const all = tileChoice(tiles, costs, { ...matrix, n: 1000, k: 4096, processors: 6 }, edges, true);
    const seconds = leastSeconds(all);
    const found = new Set<number>();
    for (const m of [4096, 1, 4096, 65, 64, 17, 2, 900, 129, 1, 30_000, 128, 16, 4096]) {
      const at = fastestTiling(all, m);
      found.add(at);
      expect(seconds(m)).toBe(tilingSeconds(all, at, m));
    }
    // Otherwise the first would do.
    expect(found.size).toBeGreaterThan(1);
  });
});
