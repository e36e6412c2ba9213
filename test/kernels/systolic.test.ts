import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { swapOperands, systolicCycles, systolicUtilisation } from "../../src/kernels/systolic";
import { simulatedCycles } from "../../src/published/matrix-units";

const array = { rows: 4, columns: 3 };

describe("systolicCycles", () => {
  it("equals SCALE-Sim on every row of its table", () => {
    const rows = simulatedCycles();
    expect(rows).toHaveLength(120);
    expect(rows.filter((r) => r.simulated)).toHaveLength(50);
    for (const { question, cycles } of rows) expect(systolicCycles(question), JSON.stringify(question)).toBe(cycles);
  });

  it("counts the pieces of weights, each loaded, streamed past and drained", () => {
    // k 8 in 2 rows of pieces, n 6 in 2 columns of pieces: 4 pieces of 2*4 + 3 + 5 - 2 = 14 cycles, less one.
    expect(systolicCycles({ array, dataflow: "weight-stationary", gemm: { m: 5, n: 6, k: 8 } })).toBe(2 * 2 * (2 * 4 + 3 + 5 - 2) - 1);
  });

  it("waits for the first piece only with double buffering, then for rows or for loading, whichever is more", () => {
    const few = systolicCycles({ array, dataflow: "weight-stationary", weights: "double-buffered", gemm: { m: 2, n: 6, k: 8 } });
    expect(few).toBe(4 + 3 * 4 + (2 + 4 + 3 - 2) - 1);
    const many = systolicCycles({ array, dataflow: "weight-stationary", weights: "double-buffered", gemm: { m: 9, n: 6, k: 8 } });
    expect(many).toBe(4 + 3 * 9 + (9 + 4 + 3 - 2) - 1);
  });

  it("holds results in place for the whole depth when output-stationary", () => {
    expect(systolicCycles({ array, dataflow: "output-stationary", gemm: { m: 5, n: 6, k: 8 } })).toBe(2 * 2 * (8 + 4 + 3 - 2) - 1);
  });

  it("is the same with and without double buffering for a single piece, and never slower with it", () => {
    const side = fc.integer({ min: 1, max: 300 });
    fc.assert(
      fc.property(side, side, side, side, side, (rows, columns, m, n, k) => {
        const question = { array: { rows, columns }, dataflow: "weight-stationary", gemm: { m, n, k } } as const;
        const plain = systolicCycles(question);
        const buffered = systolicCycles({ ...question, weights: "double-buffered" });
        if (k <= rows && n <= columns) expect(buffered).toBe(plain);
        expect(buffered).toBeLessThanOrEqual(plain);
      }),
    );
  });

  it("takes at least a cycle, and one for each multiply-add of an array of one cell", () => {
    const one = { rows: 1, columns: 1 };
    const side = fc.integer({ min: 1, max: 300 });
    for (const dataflow of ["weight-stationary", "output-stationary"] as const) {
      fc.assert(
        fc.property(side, side, side, side, side, (rows, columns, m, n, k) => {
          expect(systolicCycles({ array: one, dataflow, gemm: { m, n, k } })).toBeGreaterThanOrEqual(m * n * k);
          expect(systolicUtilisation({ array: { rows, columns }, dataflow, gemm: { m, n, k } })).toBeLessThanOrEqual(1);
        }),
      );
      expect(systolicCycles({ array: one, dataflow, gemm: { m: 1, n: 1, k: 1 } })).toBe(1);
    }
  });

  it("refuses sides that are no whole numbers and words it does not know", () => {
    const gemm = { m: 1, n: 1, k: 1 };
    expect(() => systolicCycles({ array: 128 as never, dataflow: "weight-stationary", gemm })).toThrow(
      "array must be an array { rows, columns }, got 128",
    );
    expect(() => systolicCycles({ array, dataflow: "weight-stationary", gemm: [1, 1, 1] as never })).toThrow(
      "gemm must be a product { m, n, k }, got a list",
    );
    expect(() => systolicCycles({ array: { rows: 0, columns: 1 }, dataflow: "weight-stationary", gemm })).toThrow(
      "rows must be a positive integer, got 0",
    );
    expect(() => systolicCycles({ array: { rows: 1, columns: 0 }, dataflow: "weight-stationary", gemm })).toThrow(
      "columns must be a positive integer, got 0",
    );
    expect(() => systolicCycles({ array, dataflow: "output-stationary", gemm: { ...gemm, k: 1.5 } })).toThrow(
      "k must be a positive integer, got 1.5",
    );
    expect(() => systolicCycles({ array, dataflow: "row-stationary" as never, gemm })).toThrow(
      'dataflow must be weight-stationary or output-stationary, got "row-stationary"',
    );
    expect(() => systolicCycles({ array, dataflow: "weight-stationary", weights: "kept" as never, gemm })).toThrow(
      'weights must be reloaded or double-buffered, got "kept"',
    );
  });
});

describe("systolicUtilisation", () => {
  it("is the multiply-adds over those the array could do in its cycles", () => {
    const question = { array, dataflow: "weight-stationary", gemm: { m: 5, n: 6, k: 8 } } as const;
    expect(systolicUtilisation(question)).toBeCloseTo((5 * 6 * 8) / (55 * 12), 12);
  });

  it("never exceeds one, and tends to rows over the array's side with double buffering", () => {
    const side = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        (s, m, n, k) =>
          systolicUtilisation({
            array: { rows: s, columns: s },
            dataflow: "weight-stationary",
            weights: "double-buffered",
            gemm: { m, n, k },
          }) <= 1,
      ),
    );
    const long = systolicUtilisation({
      array: { rows: 256, columns: 256 },
      dataflow: "weight-stationary",
      weights: "double-buffered",
      gemm: { m: 128, n: 8192, k: 8192 },
    });
    expect(long).toBeCloseTo(128 / 256, 2);
  });
});

describe("swapOperands", () => {
  it("lets activations stand and weights stream: rows and columns change places", () => {
    expect(swapOperands({ m: 1, n: 2, k: 3 })).toEqual({ m: 2, n: 1, k: 3 });
  });

  it("saves the reloading of a square array and not its padding", () => {
    const gemm = { m: 128, n: 4096, k: 7168 };
    const square = { rows: 256, columns: 256 };
    const reloaded = systolicUtilisation({ array: square, dataflow: "weight-stationary", gemm });
    const swapped = systolicUtilisation({ array: square, dataflow: "weight-stationary", gemm: swapOperands(gemm) });
    expect(swapped).toBeGreaterThan(2.5 * reloaded);
    expect(swapped).toBeLessThanOrEqual(0.5);
  });
});
