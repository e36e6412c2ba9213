import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pNorm } from "../../src/kernels/p-norm";
import {
  type DenseFamily,
  denseFamilies,
  denseFamily,
  denseGemmTime,
  denseProduct,
  denseTime,
  meanEdges,
  wholeEdges,
} from "../../src/kernels/product";
import { hardware } from "../../src/machine/hardware";

const h100 = hardware("h100-sxm");
const b200 = hardware("b200-sxm");

/** A family whose arithmetic can be followed by hand: one tile of 128 x 128, no overlap left out. */
const plain: DenseFamily = {
  kernel: "plain",
  weightFormat: "bfloat16",
  generation: "Hopper",
  fitted: "here",
  tileRows: [128],
  tileColumns: [128],
  splits: [1],
  constants: {
    fixedSeconds: 2e-6,
    memoryEfficiency: 0.5,
    arithmeticEfficiency: 0.5,
    secondsPerStep: 0,
    splitSeconds: 0,
    overlapExponent: 1,
    activationPasses: 0,
  },
};

describe("time of a dense product", () => {
  it("adds the fixed cost, whole waves of whole tiles, and the bytes at their efficiencies", () => {
    const time = denseTime(plain, { m: 128, n: 128 * 132, k: 1280 }, h100);
    // 132 tiles on 132 processors: one wave, each 128 x 128 x 1280 at half of a 132nd of the peak of 989e12.
    const tiles = (2 * 128 * 128 * 1280) / ((989e12 / 132) * 0.5);
    const bytes = 2 * (128 * 1280 + 1280 * 16896 + 128 * 16896);
    expect(time.waves).toBe(1);
    expect(time.computeSeconds).toBeCloseTo(tiles, 12);
    expect(time.memorySeconds).toBeCloseTo(bytes / (3.35e12 * 0.5), 12);
    expect(time.seconds).toBeCloseTo(2e-6 + tiles + bytes / (3.35e12 * 0.5), 12);
    expect(time.floorSeconds).toBeCloseTo(bytes / 3.35e12, 12);
  });

  it("needs a second wave for one tile more than there are processors", () => {
    expect(denseTime(plain, { m: 129, n: 128 * 132, k: 1280 }, h100).waves).toBe(2);
  });

  it("splits k over idle processors where that pays", () => {
    const family = { ...plain, splits: [1, 4] };
    const time = denseTime(family, { m: 16, n: 128, k: 16384 }, h100);
    expect(time.splits).toBe(4);
    expect(time.computeSeconds).toBeLessThan(denseTime(plain, { m: 16, n: 128, k: 16384 }, h100).computeSeconds / 2);
  });

  it("pays for each split its sum: so many parts of four bytes written and read, and a start of its own", () => {
    const split = { ...plain, splits: [4], constants: { ...plain.constants, splitSeconds: 3e-6, secondsPerStep: 1e-7 } };
    const time = denseTime(split, { m: 16, n: 128, k: 16_384 }, h100);
    // Two tiles in 133 parts are 266 pieces: three waves.
    expect(denseTime({ ...split, splits: [133] }, { m: 16, n: 256, k: 16_384 }, h100).waves).toBe(3);
    // One tile in four parts is one wave; each walks 16,384 / 4 / 128 = 32 steps.
    const step = (2 * 128 * 128 * 128) / ((989e12 / 132) * 0.5) + 1e-7;
    expect(time.waves).toBe(1);
    expect(time.computeSeconds).toBeCloseTo(32 * step + 3e-6 + (8 * 4 * 16 * 128) / 3.35e12, 15);
    // Five parts of 3,277 are walked in 26 steps each.
    expect(denseTime({ ...split, splits: [5] }, { m: 16, n: 128, k: 16_384 }, h100).computeSeconds).toBeCloseTo(
      26 * step + 3e-6 + (8 * 5 * 16 * 128) / 3.35e12,
      15,
    );
  });

  it("passes over the activations as often as the family does, two bytes each, beside its fixed cost", () => {
    const quantising = { ...plain, constants: { ...plain.constants, activationPasses: 3 } };
    expect(denseTime(quantising, { m: 64, n: 128, k: 4096 }, h100).overheadSeconds).toBeCloseTo(2e-6 + (3 * 2 * 64 * 4096) / 3.35e12, 15);
  });

  it("joins tiles and memory by its exponent, and is never less than its floor", () => {
    const free = { ...plain.constants, fixedSeconds: 0, memoryEfficiency: 1, arithmeticEfficiency: 1, overlapExponent: 2 };
    const time = denseTime({ ...plain, constants: free }, { m: 512, n: 4096, k: 4096 }, h100);
    expect(time.seconds).toBeCloseTo(Math.hypot(time.computeSeconds, time.memorySeconds), 12);
    const better = denseTime(
      { ...plain, constants: { ...free, memoryEfficiency: 100, arithmeticEfficiency: 100 } },
      { m: 512, n: 4096, k: 4096 },
      h100,
    );
    expect(better.seconds).toBe(better.floorSeconds);
    expect(better.floorSeconds).toBeCloseTo((2 * 512 * 4096 * 4096) / 989e12, 12);
  });

  it("chooses the tile that is fastest, of those whose accumulators fit a processor", () => {
    const tiles = { ...plain, tileRows: [64, 256], tileColumns: [64, 128, 256], constants: { ...plain.constants, secondsPerStep: 1e-6 } };
    const time = denseTime(tiles, { m: 256, n: 256 * 132, k: 1280 }, h100);
    // 256 x 256 would be one wave but does not fit; 256 x 128 takes two of half the work.
    expect(time).toMatchObject({ tile: { m: 256, n: 128 }, splits: 1, waves: 2 });
    expect(denseTime(tiles, { m: 16, n: 128, k: 1280 }, h100).tile).toEqual({ m: 64, n: 64 });
  });

  it("takes an H100's 132 processors where the machine does not say how many it has", () => {
    const { processors, ...unsaid } = h100;
    expect(denseTime(plain, { m: 128, n: 128 * 132, k: 128 }, unsaid).waves).toBe(1);
    expect(denseTime(plain, { m: 128, n: 128 * 133, k: 128 }, unsaid).waves).toBe(2);
  });

  it("says what binds: overhead above both, arithmetic above memory, memory when both take as long", () => {
    const at = (change: Partial<typeof plain.constants>) =>
      denseTime({ ...plain, constants: { ...plain.constants, ...change } }, { m: 512, n: 4096, k: 4096 }, h100);
    expect(at({ fixedSeconds: 1 }).bound).toBe("overhead");
    expect(at({ arithmeticEfficiency: 1e-3 }).bound).toBe("compute");
    expect(at({ memoryEfficiency: 1e-3 }).bound).toBe("memory");
    const { computeSeconds, memorySeconds } = at({ memoryEfficiency: 1 });
    expect(at({ memoryEfficiency: memorySeconds / computeSeconds }).bound).toBe("memory");
    // Overhead between the two is not named, nor one as long as the slower.
    expect(at({ memoryEfficiency: 1, fixedSeconds: (memorySeconds + computeSeconds) / 2 }).bound).toBe("compute");
    expect(at({ memoryEfficiency: 1, fixedSeconds: computeSeconds }).bound).toBe("compute");
  });

  it("steps up at 64, 128 and 256 rows as DeepGEMM does", () => {
    for (const edge of [64, 128, 256]) {
      const at = (m: number) =>
        denseGemmTime({ gemm: { m, n: 7168, k: 7168 }, hardware: h100, kernel: "sglang_deepgemm", weightFormat: "fp8_block" }).seconds;
      expect(at(edge + 1) / at(edge), `${edge} rows`).toBeGreaterThan(1.05);
      expect(at(edge) / at(edge - 1), `${edge} rows`).toBeLessThan(1.02);
    }
  });

  it("has a floor of a few microseconds for the smallest products, where overhead binds", () => {
    const time = denseGemmTime({ gemm: { m: 1, n: 32, k: 32 }, hardware: h100, weightFormat: "bfloat16" });
    // Measured: 2.58 us.
    expect(time.seconds).toBeGreaterThan(2.2e-6);
    expect(time.seconds).toBeLessThan(3e-6);
    expect(time.bound).toBe("overhead");
  });

  it("is bound by memory for few rows and by arithmetic for many", () => {
    const at = (m: number) => denseGemmTime({ gemm: { m, n: 8192, k: 8192 }, hardware: b200, weightFormat: "bfloat16" }).bound;
    expect([at(1), at(8192)]).toEqual(["memory", "compute"]);
  });

  it("is never below its floor, and no faster with more k", () => {
    const side = fc.integer({ min: 1, max: 20000 });
    fc.assert(
      fc.property(fc.constantFrom(...denseFamilies()), side, side, side, (family, m, n, k) => {
        const machine = family.generation === "Hopper" ? h100 : b200;
        const time = denseTime(family, { m, n, k }, machine);
        expect(Number.isFinite(time.seconds)).toBe(true);
        expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
        expect(denseTime(family, { m, n, k: k + 128 }, machine).seconds).toBeGreaterThanOrEqual(time.seconds);
      }),
    );
  });

  it("halves tiles and memory, but not the fixed cost, on a machine twice as fast", () => {
    const twice = { ...h100, memoryBytesPerSecond: 2 * h100.memoryBytesPerSecond, peakFlopsPerSecond: { bf16: 2 * 989e12 } };
    const [slow, fast] = [h100, twice].map((machine) => denseTime(plain, { m: 512, n: 4096, k: 4096 }, machine));
    expect((fast?.seconds ?? 0) - 2e-6).toBeCloseTo(((slow?.seconds ?? 0) - 2e-6) / 2, 12);
  });

  it("takes the constants of the nearest family where its own was not measured, and says so", () => {
    expect(denseFamily(hardware("a100-sxm"), undefined, "bfloat16").fitted).toBe("transferred");
    expect(denseFamily(h100, undefined, "bfloat16").fitted).toBe("here");
    expect(denseFamily(h100, undefined, "bfloat16")).toMatchObject({ generation: "Hopper", weightFormat: "bfloat16" });
    expect(denseFamily(h100, undefined, "bfloat16").kernel).toMatch(/^trtllm/);
    // Another generation of the same format before another format of the same generation; else a format of the same arithmetic.
    const constants = (kernel: string | undefined, format: string, id: string) => denseFamily(hardware(id), kernel, format).constants;
    const measured = (format: string, generation: string) =>
      denseFamilies().find((f) => f.kernel.startsWith("trtllm") && f.weightFormat === format && f.generation === generation)?.constants;
    expect(constants(undefined, "bfloat16", "b200-sxm")).toEqual(measured("bfloat16", "Blackwell"));
    expect(constants(undefined, "fp8", "h100-sxm")).toEqual(measured("fp8", "Hopper"));
    expect(constants(undefined, "nvfp4", "h100-sxm")).toEqual(measured("nvfp4", "Blackwell"));
    expect(constants(undefined, "int4_wo", "h100-sxm")).toEqual(measured("bfloat16", "Hopper"));
    // Of two formats of the same arithmetic its own, else the one listed first; and none of another arithmetic.
    expect(denseFamily(b200, undefined, "fp8_block").kernel).toBe("trtllm_deepgemm");
    expect(constants(undefined, "w4a8_mxfp4_mxfp8", "h100-sxm")).toEqual(measured("fp8", "Hopper"));
    expect(denseFamily(h100, undefined, "int4_wo").fitted).toBe("transferred");
    expect(denseFamilies().every((f) => f.fitted === "here")).toBe(true);
    expect(denseFamily(hardware("a100-sxm")).weightFormat).toBe("bfloat16");
    expect(denseFamily(h100).weightFormat).toBe("fp8_block");
    expect(denseFamily(h100)).toBe(denseFamily(h100));
    const named = ["sglang_deepgemm", "sglang_torch_linear"];
    expect(named.map((kernel) => denseFamily(h100, kernel, "fp8_block").kernel)).toEqual(named);
  });

  it("refuses sides that are not counts and kernels it does not know, naming them", () => {
    const ask = (m: number, kernel?: string) => () =>
      denseGemmTime({ gemm: { m, n: 8, k: 8 }, hardware: h100, ...(kernel === undefined ? {} : { kernel }) });
    for (const m of [0, -1, 1.5, Number.NaN]) expect(ask(m)).toThrow(new RangeError(`m must be a positive integer, got ${m}`));
    expect(() => denseGemmTime({ gemm: [1, 8, 8] as never, hardware: h100 })).toThrow("gemm must be a product { m, n, k }, got a list");
    expect(ask(1, "")).toThrow(new RangeError("kernel must be a name, got "));
    for (const side of ["n", "k"])
      expect(() => denseGemmTime({ gemm: { m: 1, n: 8, k: 8, [side]: 0 }, hardware: h100 })).toThrow(
        new RangeError(`${side} must be a positive integer, got 0`),
      );
    expect(ask(1, "trtllm_deepgem")).toThrow(/nearest: \S+, \S+, \S+$/);
    expect(ask(1, "trtllm_deepgem")).toThrow(/unknown kernel "trtllm_deepgem"; nearest: trtllm_deepgemm/);
  });
});

describe("denseProduct", () => {
  it("times any number of rows as denseTime does, though it leaves out tilings that others beat", () => {
    const size = fc.integer({ min: 1, max: 20_000 });
    const edges = fc.constantFrom(wholeEdges, meanEdges);
    fc.assert(
      fc.property(
        fc.constantFrom(...denseFamilies()),
        fc.constantFrom(h100, b200),
        size,
        size,
        size,
        edges,
        (family, machine, m, n, k, how) => {
          const settled = denseProduct(family, { n, k }, machine, how)(m);
          expect(denseTime(family, { m, n, k }, machine, how)).toMatchObject(settled);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("pNorm", () => {
  it("adds by one, takes the longer side by many, and is the long side of 3, 4 and 5 by two", () => {
    expect(pNorm(3, 4, 1)).toBeCloseTo(7, 14);
    expect(pNorm(4, 3, 2)).toBeCloseTo(5, 14);
    expect(pNorm(3e-6, 4e-6, 2)).toBeCloseTo(5e-6, 20);
    expect(pNorm(1, 1.5, 200)).toBe(1.5);
    expect([pNorm(0, 2, 3), pNorm(2, 0, 3), pNorm(0, 0, 3)]).toEqual([2, 2, 0]);
  });
});
