import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limitOf, moeLayerTime, timeOf } from "../../src/kernels/expert-layer";
import { expertTaskTime } from "../../src/kernels/expert-task";
import { kernels } from "../../src/kernels/families";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";

const h100 = hardware("h100-sxm");
const v3 = { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 256, expertsPerToken: 8 };
const cutlass = { model: v3, hardware: h100, kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" };

const toyFamily = {
  kernel: "toy",
  weightFormat: "fp8",
  generation: "toy",
  router: "given",
  fitted: "here",
  from: "toy",
  tileRows: 16,
  smallestTileRows: 16,
  oneTile: 0,
  tileColumns: 10,
  passRows: 0,
  secondsPerTile: 0,
  fixedSeconds: 10e-6,
  secondsPerLocalExpert: 1e-6,
  secondsPerRowElement: 1e-9,
  secondsPerRoutedElement: 2e-9,
  routedTokens: 0,
  routedRowElements: 0,
  routedActivation: 0,
  memoryEfficiency: 0.5,
  arithmeticEfficiency: 0.5,
  activationTraffic: 1,
  overlapExponent: 1,
  tileBytesPerSecond: 1e9,
} as const;
const { cacheBytes: _, ...bare } = h100;
const toyMachine = { ...bare, processors: 1, memoryBytesPerSecond: 1e9, peakFlopsPerSecond: { fp8: 1e12 } };
const toyShape = { hiddenSize: 100, moeIntermediateSize: 10, routedExperts: 3, expertsPerToken: 1 };
const toyLoad = { activeExperts: 2, localExperts: 3, rows: 2, maximumRows: 1, classes: [{ rows: 1, experts: 2 }] };

/** All rows that are routed, and their tokens. */
const seen = (rows: number, expertsPerToken = toyShape.expertsPerToken) => ({ rows, tokens: rows / expertsPerToken });

describe("timeOf", () => {
  const time = timeOf(toyFamily, toyShape, toyMachine, 1, toyLoad, seen(4));

  it("adds up as worked by hand", () => {
    expect(time.weightBytes).toBe(2 * 3 * 100 * 10);
    // Rows in (100 of 1 B), out (100 of 2 B), between: up and gate 2 * 10 in BF16 written and read, 10 in FP8 written and read.
    expect(time.activationBytes).toBe(2 * (100 * (1 + 2) + 10 * (8 + 2)));
    expect(time.memorySeconds).toBeCloseTo((6000 + 800) / (1e9 * 0.5) + (3 * 64 * 100) / 1e9, 15);
    expect(time.computeSeconds).toBeCloseTo((6 * 100 * 10 * 32) / (1e12 * 0.5), 15);
    // Two tiles, each as long in passing as four rows.
    const passing = timeOf({ ...toyFamily, passRows: 4 }, toyShape, toyMachine, 1, toyLoad, seen(4));
    expect(passing.computeSeconds).toBeCloseTo((6 * 100 * 10 * (32 + 2 * 4)) / (1e12 * 0.5), 15);
    // 2 tiles of rows by 20 columns of up and gate and 100 of down, 10 columns a tile.
    const started = timeOf({ ...toyFamily, secondsPerTile: 1 }, toyShape, toyMachine, 1, toyLoad, seen(4));
    expect(started.computeSeconds - time.computeSeconds).toBeCloseTo((2 * 120) / 10, 6);
    expect(time.overheadSeconds).toBeCloseTo(10e-6 + 3 * 1e-6 + 100 * (2 * 1e-9 + 4 * 2e-9), 15);
    expect(time.seconds).toBeCloseTo(time.overheadSeconds + time.memorySeconds + time.computeSeconds, 15);
    expect(time.bound).toBe("memory");
  });

  it("charges a routed row for its bookkeeping, and for its activation where the kernel computes that wherever its expert stands", () => {
    const more = (chosen: object) => timeOf({ ...toyFamily, ...chosen }, toyShape, toyMachine, 1, toyLoad, seen(4)).overheadSeconds;
    // Four routed rows of 2 ns an element: 1,000 elements each, or one expert's width of 10 for each of 3 matrices.
    expect(more({ routedRowElements: 1000 }) - time.overheadSeconds).toBeCloseTo(4 * 1000 * 2e-9, 15);
    expect(more({ routedActivation: 1 }) - time.overheadSeconds).toBeCloseTo(4 * 3 * 10 * 2e-9, 15);
    // Three rows of each of two tokens: the width of 100 counts twice in place of six times.
    const three = { ...toyShape, expertsPerToken: 3 };
    const perRow = timeOf(toyFamily, three, toyMachine, 1, toyLoad, seen(6, 3)).overheadSeconds;
    const perToken = timeOf({ ...toyFamily, routedTokens: 1 }, three, toyMachine, 1, toyLoad, seen(6, 3)).overheadSeconds;
    expect(perRow - perToken).toBeCloseTo((6 - 2) * 100 * 2e-9, 15);
    // Without a gate two matrices, and cut over two GPUs half the width.
    const half = timeOf({ ...toyFamily, routedActivation: 1 }, { ...toyShape, expertMatrices: 2 }, toyMachine, 2, toyLoad, seen(4));
    expect(half.overheadSeconds - time.overheadSeconds).toBeCloseTo(4 * 2 * 5 * 2e-9, 15);
  });

  it("takes as long for fewer tiles than processors as for one on each", () => {
    // 4 tiles of up and gate, 20 of down. On 40 processors each has at most one: 16 rows by 10 columns, 100 deep and then 10 deep.
    const wide = timeOf(toyFamily, toyShape, { ...toyMachine, processors: 40 }, 1, toyLoad, seen(4));
    expect(wide.computeSeconds).toBeCloseTo((2 * 16 * 10 * (100 + 10) * 40) / (1e12 * 0.5), 15);
    // On 10 those of down take two turns each.
    const some = timeOf(toyFamily, toyShape, { ...toyMachine, processors: 10 }, 1, toyLoad, seen(4));
    expect(some.computeSeconds).toBeCloseTo((2 * 16 * 10 * (100 + 2 * 10) * 10) / (1e12 * 0.5), 15);
  });

  it("pads every expert to the tile of the call where the kernel takes one, by all rows routed as if they stayed", () => {
    const family = { ...toyFamily, tileRows: 128, smallestTileRows: 8 };
    expect(timeOf(family, toyShape, toyMachine, 1, toyLoad, seen(90)).paddedRows).toBe(2 * 8);
    // 90 rows over 3 local experts are 30 each: tiles of 32. Many more end at the largest tile.
    expect(timeOf({ ...family, oneTile: 1 }, toyShape, toyMachine, 1, toyLoad, seen(90)).paddedRows).toBe(2 * 32);
    expect(timeOf({ ...family, oneTile: 1 }, toyShape, toyMachine, 1, toyLoad, seen(9000)).paddedRows).toBe(2 * 128);
    // By chance the load is a mean of many calls: experts are tiled by their own rows.
    expect(timeOf({ ...family, oneTile: 1 }, toyShape, toyMachine, 1, { ...toyLoad, mean: true }, seen(90)).paddedRows).toBe(2 * 8);
  });

  it("has a floor of datasheet rates alone: weights once, each token in and out once", () => {
    expect(time.floorSeconds).toBeCloseTo((6000 + 2 * 100 * 3) / 1e9, 15);
    expect(timeOf({ ...toyFamily, memoryEfficiency: 0.1, fixedSeconds: 1 }, toyShape, toyMachine, 1, toyLoad, seen(4)).floorSeconds).toBe(
      time.floorSeconds,
    );
  });

  it("splits the experts' width over tensor-parallel ranks", () => {
    expect(timeOf(toyFamily, toyShape, toyMachine, 2, toyLoad, seen(4)).weightBytes).toBe(time.weightBytes / 2);
  });

  it("lets the slower of two resources hide the other when the exponent is large", () => {
    const hidden = timeOf({ ...toyFamily, overlapExponent: 12 }, toyShape, toyMachine, 1, toyLoad, seen(4));
    expect(hidden.seconds - hidden.overheadSeconds).toBeCloseTo(hidden.memorySeconds, 12);
    // Two of a kind joined with exponent 2 are root two of one: 1 s of weights beside 1 s of arithmetic.
    const even = {
      ...toyFamily,
      fixedSeconds: 0,
      secondsPerLocalExpert: 0,
      secondsPerRowElement: 0,
      secondsPerRoutedElement: 0,
      overlapExponent: 2,
    };
    const machine = { ...toyMachine, memoryBytesPerSecond: 2 * (6000 + 800), peakFlopsPerSecond: { fp8: 2 * 6 * 1000 * 32 } };
    const joined = timeOf({ ...even, tileBytesPerSecond: 1e30 }, toyShape, machine, 1, toyLoad, seen(4));
    expect([joined.memorySeconds, joined.computeSeconds]).toEqual([1, 1]);
    expect(joined.seconds).toBeCloseTo(Math.SQRT2, 12);
    expect(joined.bound).toBe("compute");
  });

  it("counts bytes in the format's own widths: twice the weights and the rows in BF16, moved as often as the family does", () => {
    const wide = { ...toyMachine, peakFlopsPerSecond: { bf16: 1e12 } };
    const bf16 = timeOf({ ...toyFamily, weightFormat: "bfloat16", activationTraffic: 3 }, toyShape, wide, 1, toyLoad, seen(4));
    expect(bf16.weightBytes).toBe(2 * time.weightBytes);
    expect(bf16.activationBytes).toBe(2 * (100 * (2 + 2) + 10 * (8 + 4)));
    expect(bf16.memorySeconds).toBeCloseTo((12_000 + 3 * 1040) / (1e9 * 0.5) + (3 * 64 * 100 * 2) / 1e9, 15);
    // Overhead that is as long as the slower of the two is not named; a floor of both alike is named for arithmetic.
    const { memorySeconds } = bf16;
    const just = {
      ...toyFamily,
      secondsPerLocalExpert: 0,
      secondsPerRowElement: 0,
      secondsPerRoutedElement: 0,
      fixedSeconds: memorySeconds,
    };
    expect(timeOf({ ...just, weightFormat: "bfloat16", activationTraffic: 3 }, toyShape, wide, 1, toyLoad, seen(4)).bound).toBe("memory");
    const level = { ...toyMachine, memoryBytesPerSecond: 6600, peakFlopsPerSecond: { fp8: 12_000 } };
    expect(timeOf(toyFamily, toyShape, level, 1, toyLoad, seen(4))).toMatchObject({ floorSeconds: 1, floorBound: "compute" });
  });

  it("says which of the three is the largest, and which of two its floor is", () => {
    const slow = { ...toyMachine, peakFlopsPerSecond: { fp8: 1e6 } };
    // 6 x 100 x 10 x 2 rows over 1e6 a second are 12 ms, padded to 32 rows at half the peak 384 ms.
    const computed = timeOf(toyFamily, toyShape, slow, 1, toyLoad, seen(4));
    expect(computed).toMatchObject({ bound: "compute", floorBound: "compute", flops: 12_000, paddedRows: 32, rowsPerExpert: 1 });
    expect(computed.floorSeconds).toBeCloseTo(0.012, 12);
    expect(computed.computeSeconds).toBeCloseTo(0.384, 12);
    expect(time.floorBound).toBe("memory");
    expect(timeOf({ ...toyFamily, fixedSeconds: 1 }, toyShape, toyMachine, 1, toyLoad, seen(4)).bound).toBe("overhead");
    expect(time).toMatchObject({
      activeExperts: 2,
      localExperts: 3,
      rows: 2,
      kernel: "toy",
      weightFormat: "fp8",
      fitted: "here",
      heldOutError: undefined,
    });
  });

  it("is never less than its floor, though a family were better than the datasheet", () => {
    const free = {
      ...toyFamily,
      fixedSeconds: 0,
      secondsPerLocalExpert: 0,
      secondsPerRowElement: 0,
      secondsPerRoutedElement: 0,
      memoryEfficiency: 100,
      arithmeticEfficiency: 100,
      tileBytesPerSecond: 1e30,
    };
    const impossible = timeOf(free, toyShape, toyMachine, 1, toyLoad, seen(4));
    expect(impossible.seconds).toBe(impossible.floorSeconds);
  });

  it("takes the width that experts see, and tokens rather than rows where a token has several experts here", () => {
    const narrow = timeOf(toyFamily, { ...toyShape, expertHiddenSize: 50 }, toyMachine, 1, toyLoad, seen(4));
    expect(narrow.weightBytes).toBe(time.weightBytes / 2);
    // Four rows of two tokens: each of the two comes in once and leaves once.
    const load = { activeExperts: 2, localExperts: 3, rows: 4, maximumRows: 2, classes: [{ rows: 2, experts: 2 }] };
    expect(timeOf(toyFamily, { ...toyShape, expertsPerToken: 2 }, toyMachine, 1, load, seen(4, 2)).floorSeconds).toBeCloseTo(
      (6000 + 2 * 300) / 1e9,
      15,
    );
  });
});

describe("moeLayerTime", () => {
  it("puts the floor of 128 tokens on DeepSeek-V3 at 256 experts' weights over 3.35 TB/s", () => {
    const { floorSeconds, weightBytes, bound, activeExperts, rowsPerExpert } = moeLayerTime({ ...cutlass, tokens: 128 });
    expect(weightBytes).toBeCloseTo(256 * 3 * 7168 * 2048 * (1 + 4 / 128 ** 2), 0);
    // Timed again and again, as much of it as the cache of 50 MiB holds need not come from memory.
    const bytes = weightBytes + 128 * 7168 * (1 + 4 / 128 + 2);
    expect(floorSeconds).toBeCloseTo((bytes - 50 * 2 ** 20) / 3.35e12, 9);
    expect(moeLayerTime({ ...cutlass, tokens: 128, cache: "cold" }).floorSeconds).toBeCloseTo(bytes / 3.35e12, 9);
    expect({ bound, activeExperts, rowsPerExpert }).toEqual({ bound: "memory", activeExperts: 256, rowsPerExpert: 4 });
  });

  it("takes a released model and its bare shape for the same", () => {
    for (const kernel of ["sglang_fused_moe_triton", "moe_torch_flow_cutlass"]) {
      expect(moeLayerTime({ ...cutlass, kernel, model: model("deepseek-v3"), tokens: 512 })).toEqual(
        moeLayerTime({ ...cutlass, kernel, tokens: 512 }),
      );
    }
  });

  it("halves the experts of kernels that run DeepSeek-V3's router themselves, unless routing is even", () => {
    const triton = { ...cutlass, kernel: "sglang_fused_moe_triton", tokens: 512 };
    expect(moeLayerTime(triton).activeExperts).toBe(128);
    expect(moeLayerTime({ ...triton, routing: "even" }).activeExperts).toBe(256);
  });

  it("keeps deepepmoe on its low-latency path as far as its buffers reach, and has no cliff there or at 128 tokens a rank", () => {
    const wide = { ...cutlass, kernel: "deepepmoe", expertParallel: 32, routing: "chance" };
    const at = (perRank: number, more = {}) => moeLayerTime({ ...wide, tokens: perRank * 32, ...more });
    expect(at(129).kernel).toBe("deepepmoe_generation");
    for (const edge of [128, 512, 513, 1024, 2048]) {
      const step = at(edge + 1).seconds / at(edge).seconds;
      expect(step, `${edge}`).toBeLessThan(1.02);
      expect(step, `${edge}`).toBeGreaterThanOrEqual(1);
    }
    const prefill = moeLayerTime({ ...wide, kernel: "deepepmoe_context", tokens: 100_000 * 32 });
    expect(at(100_000).seconds).toBeLessThanOrEqual(prefill.seconds);
    expect(at(200, { lowLatencyTokens: 100 }).seconds).toBeCloseTo(
      Math.min(2 * at(100).seconds, moeLayerTime({ ...wide, kernel: "deepepmoe_context", tokens: 6400 }).seconds),
      9,
    );
  });

  it("counts two matrices where experts have no gate: two thirds of the weights and of the operations", () => {
    const gated = moeLayerTime({ ...cutlass, tokens: 64 });
    const plain = moeLayerTime({ ...cutlass, tokens: 64, model: { ...v3, expertMatrices: 2 } });
    expect(plain.weightBytes / gated.weightBytes).toBeCloseTo(2 / 3, 12);
    expect(plain.flops / gated.flops).toBeCloseTo(2 / 3, 12);
    // Between the products 2048 in BF16 written and read in place of 4096; the rest stays.
    expect((gated.activationBytes - plain.activationBytes) / gated.rows).toBeCloseTo(2048 * 4, 6);
    expect(plain.seconds).toBeLessThan(gated.seconds);
  });

  it("reads weights that fit the last-level cache from there when warm, from memory when cold", () => {
    const small = { ...cutlass, hardware: hardware("l40s"), kernel: "sglang_fused_moe_triton", tokens: 1 };
    const [warm, cold] = (["warm", "cold"] as const).map((cache) =>
      moeLayerTime({ ...small, cache, model: { ...v3, hiddenSize: 2048, moeIntermediateSize: 768 } }),
    );
    expect(warm?.memorySeconds).toBeLessThan((cold?.memorySeconds ?? 0) * 0.7);
    expect(warm?.floorSeconds).toBeLessThan(cold?.floorSeconds ?? 0);
  });

  it("never falls below its floor, and never gets slower on a machine twice as fast", () => {
    const fast = {
      ...h100,
      memoryBytesPerSecond: 2 * h100.memoryBytesPerSecond,
      peakFlopsPerSecond: { bf16: 2 * 989e12, fp8: 2 * 1979e12 },
    };
    const hopper = kernels().filter((k) => k.generation === "Hopper");
    fc.assert(
      fc.property(
        fc.constantFrom(...hopper),
        fc.integer({ min: 1, max: 20000 }),
        fc.constantFrom(1, 4, 32),
        fc.constantFrom("balanced", "even", "uniform"),
        (k, tokens, expertParallel, routing) => {
          const question = { model: v3, kernel: k.kernel, weightFormat: k.weightFormat, tokens, expertParallel, routing };
          const time = moeLayerTime({ ...question, hardware: h100 });
          expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
          expect(moeLayerTime({ ...question, hardware: fast }).seconds).toBeLessThanOrEqual(time.seconds);
        },
      ),
    );
  });

  it("gives a finite time for every model and machine there is, in every known kernel", () => {
    for (const id of ["a100-sxm", "h20", "h200-sxm", "b300-sxm", "gb200", "l40s", "mi300x", "tpu-v7"]) {
      for (const { kernel, weightFormat } of kernels()) {
        const { seconds } = moeLayerTime({ model: model("kimi-k2"), hardware: hardware(id), kernel, weightFormat, tokens: 64 });
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThan(1);
      }
    }
  });

  it("meets TensorRT-LLM's table of one rank of TP8 of DeepSeek-V3 on B200 within 12 %, experts touched by chance", () => {
    const measured = { 1: 27, 8: 58, 16: 87, 32: 117, 64: 142, 128: 162, 256: 172 };
    for (const [tokens, microseconds] of Object.entries(measured)) {
      const { seconds } = moeLayerTime({
        model: v3,
        hardware: hardware("b200-sxm"),
        kernel: "sglang_flashinfer_trtllm_moe",
        weightFormat: "nvfp4",
        tokens: Number(tokens),
        tensorParallel: 8,
        routing: "chance",
        cache: "cold",
      });
      expect(Math.abs((seconds * 1e6) / microseconds - 1), tokens).toBeLessThan(0.12);
    }
  });

  it("refuses what cannot be, by name", () => {
    expect(() => moeLayerTime({ ...cutlass, tokens: 0 })).toThrow("tokens must be a positive integer, got 0");
    expect(() => moeLayerTime({ ...cutlass, tokens: 1.5 })).toThrow("tokens must be a positive integer, got 1.5");
    expect(() => moeLayerTime({ ...cutlass, tokens: Number.NaN })).toThrow("tokens must be a positive integer, got NaN");
    for (const field of ["hiddenSize", "moeIntermediateSize"])
      expect(() => moeLayerTime({ ...cutlass, model: { ...v3, [field]: 0 }, tokens: 1 })).toThrow(
        `${field} must be a positive integer, got 0`,
      );
    expect(() => moeLayerTime({ ...cutlass, tokens: 1, tensorParallel: -1 })).toThrow("tensorParallel must be a positive integer, got -1");
    expect(() => moeLayerTime({ ...cutlass, tokens: 1, weightFormat: "fp9" })).toThrow(/weightFormat must be one of .*; got "fp9"/);
    expect(() => moeLayerTime({ ...cutlass, tokens: 1, kernel: "moe_torch_flow_cutlas" })).toThrow(
      /unknown kernel "moe_torch_flow_cutlas"; nearest: moe_torch_flow/,
    );
  });
});

describe("limitOf", () => {
  const bare = { hiddenSize: 64, moeIntermediateSize: 32, routedExperts: 64, expertsPerToken: 4 };
  const v3Groups = { kind: "groups", groups: 8, kept: 4 };

  it("leaves rows where they are, packs them, or limits any shape of sixteen experts or more to DeepSeek-V3's groups", () => {
    expect(limitOf("given", v3)).toBeUndefined();
    expect(limitOf("packed", bare)).toEqual({ kind: "packed", block: 128 });
    expect(limitOf("groups-always", bare)).toEqual(v3Groups);
    expect(limitOf("groups-always", { ...bare, routedExperts: 16 })).toEqual(v3Groups);
    expect(limitOf("groups-always", { ...bare, routedExperts: 15 })).toBeUndefined();
  });

  it("takes a shape for DeepSeek-V3's when all four of its sizes are", () => {
    expect(limitOf("folded", v3)).toEqual({ kind: "folded" });
    // Rows of Kimi-K2's 384 experts are of a later version that does not fold.
    expect(limitOf("folded", { ...v3, routedExperts: 384 })).toBeUndefined();
    expect(limitOf("groups", v3)).toEqual(v3Groups);
    for (const field of ["hiddenSize", "moeIntermediateSize", "routedExperts", "expertsPerToken"] as const) {
      expect(limitOf("groups", { ...v3, [field]: 16 }), field).toBeUndefined();
    }
  });

  it("takes a model's own groups, and none where a token may use all", () => {
    expect(limitOf("groups", { ...bare, expertGroups: 4, topkGroup: 2 })).toEqual({ kind: "groups", groups: 4, kept: 2 });
    expect(limitOf("groups", { ...bare, expertGroups: 4, topkGroup: 4 })).toBeUndefined();
    expect(limitOf("groups", { ...bare, expertGroups: 4 })).toBeUndefined();
    expect(limitOf("groups", { ...v3, topkGroup: 4 })).toEqual(v3Groups);
    expect(limitOf("groups", { ...v3, expertGroups: 8 })).toEqual(v3Groups);
  });
});

describe("expertTaskTime", () => {
  it("is the layer of one expert that every token goes to", () => {
    const alone = { ...v3, routedExperts: 1, expertsPerToken: 1 };
    expect(expertTaskTime({ ...cutlass, rows: 32 })).toEqual(moeLayerTime({ ...cutlass, model: alone, tokens: 32, cache: "cold" }));
  });

  it("has the floor of one DeepSeek-V3 expert: 44 MB at 3.35 TB/s is 13 us", () => {
    expect(expertTaskTime({ model: v3, hardware: h100, rows: 1 }).floorSeconds).toBeCloseTo(13.15e-6, 7);
  });

  it("takes the machine's default for a kernel or a format that is not given", () => {
    const ask = (given: object) => expertTaskTime({ model: v3, hardware: h100, rows: 8, ...given });
    expect(ask({})).toMatchObject({ kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" });
    expect(ask({ kernel: "sglang_fused_moe_triton" })).toMatchObject({ kernel: "sglang_fused_moe_triton", weightFormat: "fp8_block" });
    expect(ask({ weightFormat: "bfloat16" })).toMatchObject({ kernel: "moe_torch_flow_cutlass", weightFormat: "bfloat16" });
  });

  it("refuses rows that cannot be", () => {
    expect(() => expertTaskTime({ model: v3, hardware: h100, rows: -1 })).toThrow("rows must be a positive integer, got -1");
  });
});
