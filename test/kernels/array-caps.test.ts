import { describe, expect, it } from "vitest";
import { sources } from "../../src/data/sources";
import { arrayCapsFigure } from "../../src/figures/array-cap-lines";
import { systolicUtilisationFigure, utilisationBy } from "../../src/figures/systolic-utilisation";
import { tensorCoreTileFigure, tileShares } from "../../src/figures/tensor-core-tile";
import { trainingRatioFigure } from "../../src/figures/training-ratio";
import { arrayCaps, arrayMachines } from "../../src/kernels/array-caps";
import { tensorCoreTiles, trainingPairs } from "../../src/published/matrix-units";
import { expectWhole } from "../figures/figure-cases";

const rates = { flopsPerSecond: 2000, bytesPerSecond: 10 };

describe("arrayCaps", () => {
  it("takes the smallest of memory, padding and array, and says which", () => {
    // m* = 2000 / 10 * 1 / 2 = 100.
    expect(arrayCaps(20, { rates, weightBytes: 1, tokenTile: 16, arrayRows: 50 })).toEqual({
      memory: 0.2,
      padding: 20 / 32,
      array: 0.4,
      utilisation: 0.2,
      bound: "memory",
    });
    expect(arrayCaps(20, { rates, weightBytes: 0.1, tokenTile: 16, arrayRows: 50 })).toMatchObject({
      memory: 1,
      utilisation: 0.4,
      bound: "array",
    });
    expect(arrayCaps(20, { rates, weightBytes: 0.1, tokenTile: 64, arrayRows: 50 })).toMatchObject({ padding: 20 / 64, bound: "padding" });
    expect(arrayCaps(256, { rates, weightBytes: 1, tokenTile: 64, arrayRows: 256 })).toMatchObject({ utilisation: 1, bound: "none" });
  });

  it("reproduces the published machines at 128 tokens", () => {
    const at = (id: string) => arrayCaps(128, (arrayMachines().find((m) => m.id === id) as (typeof machines)[number]).limits);
    const machines = arrayMachines();
    // 918e12 * 2 / (2 * 1.638e12) = 560.4 rows; 128 / 560.4 = 22.8 %, array 128 / 256.
    expect(at("tpu-v6e")).toMatchObject({ array: 0.5, bound: "memory" });
    expect(at("tpu-v6e").memory).toBeCloseTo(128 / 560.44, 4);
    expect(at("tpu-v7").memory).toBeCloseTo((128 * 2 * 7.38e12) / 4.614e15, 6);
    expect(at("tpu-v5p").utilisation).toBeCloseTo(0.771, 3);
    expect(at("tpu-v5e").utilisation).toBeCloseTo(0.532, 3);
  });

  it("refuses rows and tiles that cannot be", () => {
    expect(() => arrayCaps(0, { rates, weightBytes: 1, tokenTile: 1, arrayRows: 1 })).toThrow("rows must be a positive integer, got 0");
    expect(() => arrayCaps(1, { rates, weightBytes: 1, tokenTile: 0, arrayRows: 1 })).toThrow(
      "tokenTile must be a positive integer, got 0",
    );
    expect(() => arrayCaps(1, { rates, weightBytes: 1, tokenTile: 1, arrayRows: 0 })).toThrow(
      "arrayRows must be a positive integer, got 0",
    );
    expect(() => arrayCaps(1, { rates, weightBytes: 0, tokenTile: 1, arrayRows: 1 })).toThrow(
      "weightBytes must be a positive number, got 0",
    );
  });
});

describe("published tables of arrays", () => {
  it("hold the tiles and the training rates with sources that exist", () => {
    expect(tensorCoreTiles().find((t) => t.format === "bf16" && t.processors === 2 && t.m === 256 && t.n === 256)?.flopsPerClock).toBe(
      16288.6,
    );
    expect(trainingPairs().find((p) => p.machine === "tpu-v5p")?.ratio).toBeCloseTo(152.415 / 314.53, 12);
    const known = sources().map((s) => s.id);
    for (const { source } of [...trainingPairs(), ...arrayMachines()]) expect(known).toContain(source);
  });
});

describe("figures of arrays", () => {
  const figures = [
    arrayCapsFigure(arrayMachines(), 128),
    systolicUtilisationFigure({ n: 4096, k: 7168 }, 128),
    tensorCoreTileFigure("fp8"),
    trainingRatioFigure(),
  ];

  it("hold finite numbers, words and at most 60 KB", () => {
    for (const figure of figures) {
      expectWhole(figure, figure.alt);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
    }
  });

  it("draw what the model gives", () => {
    const memory = figures[0]?.data[0] as { x: number[]; y: number[] };
    const v5e = arrayMachines()[0];
    if (v5e === undefined) throw new Error("expected a machine");
    expect(memory.y[9]).toBe(100 * arrayCaps(10, v5e.limits).memory);
    const buffered = figures[1]?.data[2] as { x: number[]; y: number[] };
    expect(buffered.y[buffered.x.indexOf(128)]).toBe(
      100 * utilisationBy("weights stand, double-buffered", 256, { m: 128, n: 4096, k: 7168 }),
    );
    expect(Math.max(...tileShares("fp8").map((t) => t.share))).toBe(1);
  });
});
