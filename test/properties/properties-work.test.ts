import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArrayLimits, arrayCaps, arrayMachines } from "../../src/kernels/array-caps";
import { expertWork, paddedLength, tileUtilisation } from "../../src/kernels/gemm";
import { datasheetRates, ridgePoint, ridgeRows, roofline } from "../../src/kernels/roofline";
import { swapOperands, systolicCycles, systolicUtilisation } from "../../src/kernels/systolic";
import { machines } from "../../src/machine/hardware";
import { type WeightFormatName, weightFormat, weightFormatNames } from "../../src/machine/number-formats";
import { decoder } from "../../src/model/decoder";
import { blockMatrices, weightMatrices } from "../../src/model/matrices";
import { isMoe } from "../../src/model/model";
import { expertParameters, parameterCount } from "../../src/model/parameters";
import { models } from "../../src/model/registry";
import { granularity, hides, hidingFlopsPerByte, machineFlopsPerByte, sparsity } from "../../src/network/hiding";
import { tileRowBytes } from "../../src/step/decode-accesses";
import { toBase, type Unit } from "../../src/units";

const side = fc.integer({ min: 1, max: 3000 });
const rate = fc.integer({ min: 1, max: 1e6 }).map((n) => n * 1e9);
const rates = fc.record({ flopsPerSecond: rate, bytesPerSecond: rate });
const format = fc.constantFrom(...weightFormatNames).map((name) => weightFormat(name));
const anyModel = fc.constantFrom(...models());
const moeModel = fc.constantFrom(...models().filter(isMoe));
const few = { numRuns: 60 };

describe("units", () => {
  it("scale: a thousand of one prefix is one of the next, and twice the number is twice the quantity", () => {
    const ladders: readonly (readonly [number, readonly Unit[]])[] = [
      [1e3, ["ns", "us", "ms", "s"]],
      [1e3, ["B", "kB", "MB", "GB"]],
      [1024, ["KiB", "MiB", "GiB"]],
      [1e3, ["MB/s", "GB/s", "TB/s"]],
      [1e3, ["MFLOP", "GFLOP"]],
      [1e3, ["GFLOP/s", "TFLOP/s", "PFLOP/s"]],
      [1e3, ["MHz", "GHz"]],
      [1e3, ["1e6/s", "1e9/s"]],
      [100, ["percent", "share"]],
      [8, ["bit", "B"]],
      [8, ["Gb/s", "GB/s"]],
    ];
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (value) => {
        for (const [step, units] of ladders) {
          for (const [i, unit] of units.slice(1).entries()) {
            expect((toBase(value, units[i] as Unit) * step) / toBase(value, unit), `${units[i]} to ${unit}`).toBeCloseTo(1, 12);
            expect(toBase(2 * value, unit)).toBe(2 * toBase(value, unit));
          }
        }
      }),
      few,
    );
  });
});

describe("work", () => {
  it("of an expert moves no more bytes in a narrower format, and computes as much in every one", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 300 }), format, format, (hiddenSize, moeIntermediateSize, rows, a, b) => {
        const [narrow, wide] = a.weightBytes <= b.weightBytes ? [a, b] : [b, a];
        const [less, more] = [narrow, wide].map((f) =>
          expertWork({ hiddenSize, moeIntermediateSize }, rows, { ...f, activationBytes: 1 }),
        ) as [ReturnType<typeof expertWork>, ReturnType<typeof expertWork>];
        for (const product of ["upAndGate", "down"] as const) {
          expect(less[product].bytes).toBeLessThanOrEqual(more[product].bytes);
          expect(less[product].flops).toBe(more[product].flops);
        }
      }),
      few,
    );
  });

  it("pads to at least one tile, to no more for fewer rows, and pads what is padded no further", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 256 }), (a, b, tile) => {
        const [fewer, more] = a < b ? [a, b] : [b, a];
        expect(paddedLength(fewer, tile)).toBeGreaterThanOrEqual(tile);
        expect(paddedLength(fewer, tile)).toBeLessThanOrEqual(paddedLength(more, tile));
        expect(paddedLength(paddedLength(a, tile), tile)).toBe(paddedLength(a, tile));
      }),
      few,
    );
  });

  it("uses no less of its tiles when a tile is halved", () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 128 }), fc.integer({ min: 1, max: 128 }), (m, n, tm, tn) => {
        expect(tileUtilisation({ m, n }, { m: tm, n: tn })).toBeGreaterThanOrEqual(tileUtilisation({ m, n }, { m: 2 * tm, n: tn }));
        expect(tileUtilisation({ m, n }, { m: tm, n: tn })).toBeGreaterThanOrEqual(tileUtilisation({ m, n }, { m: tm, n: 2 * tn }));
      }),
      few,
    );
  });

  it("asks for a row of a tile in proportion to its width", () => {
    fc.assert(
      fc.property(side, fc.constantFrom(0.5, 1, 2), (elements, bytes) => {
        expect(tileRowBytes(2 * elements, bytes)).toBe(2 * tileRowBytes(elements, bytes));
        expect(tileRowBytes(elements, 2 * bytes)).toBe(2 * tileRowBytes(elements, bytes));
      }),
      few,
    );
  });
});

describe("roofline", () => {
  it("meets its ridge where both take the same time, whichever machine and format", () => {
    fc.assert(
      fc.property(fc.constantFrom(...machines()), side, (machine, bytes) => {
        for (const name of Object.keys(machine.peakFlopsPerSecond)) {
          const r = datasheetRates(machine, name as "bf16");
          const { computeSeconds, memorySeconds } = roofline({ flops: ridgePoint(r) * bytes, bytes }, r);
          expect(computeSeconds / memorySeconds).toBeCloseTo(1, 12);
        }
      }),
      few,
    );
  });

  it("puts the ridge at twice the rows for twice the bytes of a weight or twice the peak, at half for twice the bandwidth", () => {
    fc.assert(
      fc.property(rates, fc.constantFrom(0.5, 1, 2), (r, bytes) => {
        const rows = ridgeRows(r, bytes);
        expect(ridgeRows(r, 2 * bytes)).toBeCloseTo(2 * rows, 6);
        expect(ridgeRows({ ...r, flopsPerSecond: 2 * r.flopsPerSecond }, bytes) / rows).toBeCloseTo(2, 9);
        expect(ridgeRows({ ...r, bytesPerSecond: 2 * r.bytesPerSecond }, bytes) / rows).toBeCloseTo(0.5, 9);
      }),
      few,
    );
  });
});

describe("caps of an array", () => {
  const limits = fc.record({
    rates,
    weightBytes: fc.constantFrom(0.53125, 1, 2),
    tokenTile: fc.integer({ min: 1, max: 256 }),
    arrayRows: fc.integer({ min: 1, max: 512 }),
  });

  it("lie above zero and up to one, and the smallest of them is the one it names", () => {
    fc.assert(
      fc.property(side, limits, (rows, l) => {
        const caps = arrayCaps(rows, l);
        const three = [caps.memory, caps.padding, caps.array];
        for (const cap of three) expect(cap > 0 && cap <= 1).toBe(true);
        expect(caps.utilisation).toBe(Math.min(...three));
        if (caps.bound === "none") expect(three).toEqual([1, 1, 1]);
        else expect(caps[caps.bound]).toBe(caps.utilisation);
      }),
    );
  });

  it("never fall with twice the rows, nor with a faster memory", () => {
    const twice = (l: ArrayLimits) => ({ ...l, rates: { ...l.rates, bytesPerSecond: 2 * l.rates.bytesPerSecond } });
    fc.assert(
      fc.property(side, limits, (rows, l) => {
        const { utilisation } = arrayCaps(rows, l);
        expect(arrayCaps(2 * rows, l).utilisation).toBeGreaterThanOrEqual(utilisation);
        expect(arrayCaps(rows, twice(l)).utilisation).toBeGreaterThanOrEqual(utilisation);
      }),
      few,
    );
    for (const { limits: l } of arrayMachines()) expect(arrayCaps(1 << 20, l).bound).toBe("none");
  });
});

describe("a systolic array", () => {
  const array = fc.record({ rows: fc.integer({ min: 1, max: 256 }), columns: fc.integer({ min: 1, max: 256 }) });
  const dataflow = fc.constantFrom("weight-stationary", "output-stationary") as fc.Arbitrary<"weight-stationary">;

  it("needs no fewer cycles for a larger product, and at least one multiply-add a cell and cycle", () => {
    fc.assert(
      fc.property(array, dataflow, side, side, side, (a, flow, m, n, k) => {
        const cycles = systolicCycles({ array: a, dataflow: flow, gemm: { m, n, k } });
        expect(cycles * a.rows * a.columns).toBeGreaterThanOrEqual(m * n * k);
        for (const larger of [
          { m: m + 1, n, k },
          { m, n: n + 1, k },
          { m, n, k: k + 1 },
        ])
          expect(systolicCycles({ array: a, dataflow: flow, gemm: larger })).toBeGreaterThanOrEqual(cycles);
        expect(systolicUtilisation({ array: a, dataflow: flow, gemm: { m, n, k } })).toBeLessThanOrEqual(1);
      }),
      few,
    );
  });

  it("has its operands back after two swaps", () => {
    fc.assert(
      fc.property(side, side, side, (m, n, k) => {
        expect(swapOperands(swapOperands({ m, n, k }))).toEqual({ m, n, k });
      }),
      few,
    );
  });
});

describe("parameters and weights", () => {
  it("of an expert grow with each of its sides, and with a matrix", () => {
    fc.assert(
      fc.property(moeModel, (m) => {
        const one = expertParameters(m);
        expect(expertParameters({ ...m, moeIntermediateSize: 2 * m.moeIntermediateSize })).toBe(2 * one);
        expect(expertParameters({ ...m, expertHiddenSize: 3 * m.expertHiddenSize })).toBe(3 * one);
        expect(expertParameters({ ...m, expertMatrices: m.expertMatrices + 1 }) / one).toBeCloseTo(1 + 1 / m.expertMatrices, 12);
      }),
      few,
    );
  });

  it("are all counted: what a token uses is part of the total, and the parts are in it", () => {
    fc.assert(
      fc.property(anyModel, (m) => {
        const count = parameterCount(m);
        expect(count.active).toBe(count.activeBy[count.activeConvention]);
        for (const active of Object.values(count.activeBy)) expect(active > 0 && active <= count.total).toBe(true);
        expect(Object.values(count.byPart).reduce((sum, part) => sum + part, 0)).toBe(count.total - count.embedding);
        expect(count.total - count.embedding).toBeGreaterThanOrEqual(m.moeLayers * m.routedExperts * count.perExpert);
        expect(parameterCount({ ...m, vocabSize: m.vocabSize + 10 }).total - count.total).toBe((m.tiedEmbeddings ? 10 : 20) * m.hiddenSize);
      }),
      few,
    );
  });

  it("stand in matrices that have elements, in no more than there are parameters", () => {
    fc.assert(
      fc.property(anyModel, (m) => {
        const matrices = weightMatrices(m);
        for (const { outputs, inputs, count } of matrices)
          for (const n of [outputs, inputs, count]) expect(Number.isInteger(n) && n > 0).toBe(true);
        const elements = matrices.reduce((sum, w) => sum + w.outputs * w.inputs * w.count, 0);
        expect(elements).toBeLessThanOrEqual(parameterCount(m).total);
        // One more layer of any run has that layer's matrices more.
        m.runs.forEach((run, i) => {
          const longer = decoder({ ...m, runs: m.runs.map((r, j) => (j === i ? { ...r, count: r.count + 1 } : r)) });
          const layer = run.blocks.flatMap((block) => blockMatrices(block, m.hiddenSize));
          const more = layer.reduce((sum, w) => sum + w.outputs * w.inputs * w.count, 0);
          expect(parameterCount(longer).total - parameterCount(m).total).toBe(more);
        });
      }),
      few,
    );
  });
});

describe("what hides and how fine a model is cut", () => {
  it("hides when an expert does the machine's FLOPs a byte or more, and is answered only where there are experts and a link", () => {
    fc.assert(
      fc.property(anyModel, fc.constantFrom(...machines()), fc.constantFrom("scale-up", "network"), (m, machine, link) => {
        const needed = machineFlopsPerByte(machine, link as "network");
        const hidden = hides(m, machine, link as "network");
        if (needed === undefined || !isMoe(m)) expect(hidden).toBeUndefined();
        else expect(hidden).toBe(hidingFlopsPerByte(m.moeIntermediateSize, m.expertMatrices) >= needed);
      }),
    );
  });

  it("asks twice the FLOPs a byte of a link half as fast", () => {
    fc.assert(
      fc.property(fc.constantFrom(...machines().filter((m) => m.peakFlopsPerSecond.fp8 && m.networkBytesPerSecond)), (machine) => {
        const slower = { ...machine, networkBytesPerSecond: (machine.networkBytesPerSecond as number) / 2 };
        expect(machineFlopsPerByte(slower, "network")).toBe(2 * (machineFlopsPerByte(machine, "network") as number));
      }),
      few,
    );
  });

  it("counts granularity and sparsity as ratios: twice the expert is half as fine, twice the experts a token half as sparse", () => {
    fc.assert(
      fc.property(moeModel, (m) => {
        expect(granularity({ ...m, moeIntermediateSize: 2 * m.moeIntermediateSize })).toBe(granularity(m) / 2);
        expect(sparsity({ ...m, expertsPerToken: 2 * m.expertsPerToken })).toBe(sparsity(m) / 2);
        expect(sparsity(m)).toBeGreaterThanOrEqual(1);
      }),
      few,
    );
  });
});

it("a weight takes its two to sixteen bits, with its scales up to an eighth more", () => {
  for (const name of weightFormatNames) {
    const { weightBytes, activationBytes } = weightFormat(name as WeightFormatName);
    const bits = [2, 3, 4, 5, 6, 8, 16].find((width) => weightBytes >= width / 8 && weightBytes <= (width / 8) * 1.125);
    expect(bits, name).toBe(Number(/(\d+)/.exec(name.replace(/^w4a\d+.*|^nvfp4/, "4"))?.[1]));
    expect(activationBytes, name).toBeGreaterThanOrEqual(weightBytes);
  }
});
