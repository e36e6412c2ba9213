import { describe, expect, it } from "vitest";
import { idleConstants, lawTime, type MixerConstants, type MixerRates, mixerRates } from "../../../src/kernels/attention/attention-law";
import { type DemandSetting, demandOf, type MixerDemand, scoresOf } from "../../../src/kernels/attention/mixer-demand";
import { hardware } from "../../../src/machine/hardware";
import type { BlockSelectedMixer, CompressedMixer, GroupedMixer, LatentMixer, LinearMixer, Mixer } from "../../../src/model/blocks";

const indexer = { heads: 2, headDim: 8, topK: 3, scores: true, poolTokens: 1, keyBytes: 12 };
/** 32 bytes a token in BF16; 64 FLOPs a pair. */
const grouped: GroupedMixer = { kind: "grouped", heads: 4, keyValueHeads: 2, headDim: 3, valueHeadDim: 5, cacheSource: "own" };
const latent: LatentMixer = {
  ...{ kind: "latent", heads: 4, latentRank: 256, rotaryDim: 6, noRotaryDim: 3, valueHeadDim: 5, cacheSource: "own" },
} as LatentMixer;
const compressed: CompressedMixer = {
  ...{ kind: "compressed", heads: 4, headDim: 100, queryRank: 6, outputRank: 5, outputGroups: 2, window: 10, compressionRatio: 4 },
  cacheSource: "own",
} as CompressedMixer;
const selected: BlockSelectedMixer = {
  ...{ kind: "block-selected", heads: 4, keyValueHeads: 2, headDim: 3, valueHeadDim: 5, blockTokens: 6, indexer },
} as BlockSelectedMixer;
const linear: LinearMixer = {
  ...{ kind: "linear", family: "gated-delta", keyHeads: 2, valueHeads: 4, keyDim: 3, valueDim: 64 },
  ...{ convolutionWidth: 4, stateElementBytes: 4 },
} as LinearMixer;
const demand = (
  mixer: Mixer,
  phase: "decode" | "prefill",
  numbers: readonly [number, number, number],
  change: Partial<DemandSetting> = {},
) =>
  demandOf({
    ...{ mixer, hiddenSize: 7, part: "core", phase, cacheFormat: "bfloat16", weightFormat: "bfloat16", tileRows: 16, unitRows: 1 },
    ...change,
  })(...numbers);

describe("what grouped attention asks of a GPU", () => {
  it("is in decode its cache with the new tokens in it, queries and results, and whole tiles of rows", () => {
    // Five requests of 100 tokens and 3 new: 103 are read; rows of queries: 2 heads for each of keys, three tokens.
    expect(demand(grouped, "decode", [5, 100, 3])).toEqual({
      units: 5 * 2 * 6,
      cutTokens: 103,
      cacheBytes: 5 * 103 * 32,
      // (4 + 2) heads of 3 + 5 numbers of each of 15 tokens, and what is written.
      otherBytes: 15 * 6 * 8 * 2 + 5 * 3 * 32,
      flops: 5 * 3 * 103 * 64,
      paddedFlops: (5 * 3 * 103 * 64 * 16) / 6,
      outsideFlops: 0,
      longestShare: 1,
      wideGroup: false,
      chunks: 0,
      newTokens: 15,
      weightBytes: 0,
      productFlops: 0,
      indexBytes: 0,
      indexFlops: 0,
    });
    expect(demand(grouped, "decode", [5, 100, 3], { unitRows: 4 }).units).toBe(5 * 2 * 2);
    expect(demand(grouped, "decode", [5, 100, 3], { tileRows: 4 }).paddedFlops).toBeCloseTo((5 * 3 * 103 * 64 * 8) / 6, 6);
  });

  it("is in prefill pairs on and below the diagonal, with half a tile beside it, and the longest unit's share", () => {
    // Two prompts of 8 on 100: 8 100 + 36 pairs; units of four rows of 16.
    const prompts = demand(grouped, "prefill", [2, 100, 8], { unitRows: 4 });
    const flops = 2 * 836 * 64;
    expect(prompts).toMatchObject({ units: 2 * 2 * 4, cutTokens: 0, flops, outsideFlops: 0, newTokens: 16, otherBytes: 0 });
    // The past is read, the new is written, queries and results pass.
    expect(prompts.cacheBytes).toBe(2 * (100 * 32 + 8 * 32) + 16 * 48 * 2);
    expect(prompts.paddedFlops).toBeCloseTo(flops * (1 + 8 / (100 + 4 + 8)), 6);
    expect(prompts.longestShare).toBeCloseTo(108 / 104, 12);
  });

  it("counts pairs out of reach apart", () => {
    const outside = (mixer: Mixer, reach: number) => {
      const { outsideFlops, flops, longestShare } = demand(mixer, "prefill", [1, 100, 8]);
      expect(outsideFlops / flops).toBeCloseTo(836 / (8 * reach) - 1, 9);
      expect(longestShare).toBe(1);
    };
    outside({ ...grouped, window: 10 }, 10);
    outside({ ...grouped, chunk: 40 }, 20);
    outside(selected, 18);
    outside({ ...latent, indexer: { ...indexer, topK: 20 } }, 20);
    // In whole tiles: 16 rows fill half of one of 32.
    const tiled = demand({ ...grouped, window: 10 }, "prefill", [1, 100, 8], { tileRows: 32 });
    expect(tiled.outsideFlops / tiled.flops).toBeCloseTo(2 * (836 / 80 - 1), 9);
    expect(demand({ ...compressed, indexer }, "prefill", [1, 100, 8]).outsideFlops).toBe(0);
    for (const mixer of [latent, compressed]) expect(demand(mixer, "prefill", [1, 100, 8]).outsideFlops).toBe(0);
    expect(demand({ ...grouped, window: 10 }, "decode", [1, 100, 8]).outsideFlops).toBe(0);
  });

  it("leaves the fast path of wide groups in decode above 32 heads of queries for one of keys", () => {
    const wide = (heads: number, phase: "decode" | "prefill") =>
      demand({ ...grouped, heads, keyValueHeads: 1 }, phase, [1, 10, 1]).wideGroup;
    expect([wide(32, "decode"), wide(33, "decode"), wide(33, "prefill")]).toEqual([false, true, false]);
    expect(demand({ ...latent, heads: 64 }, "decode", [1, 10, 1]).wideGroup).toBe(false);
  });

  it("has of a layer its matrices, in their formats, and products of every new token", () => {
    const layer = demand(grouped, "decode", [5, 100, 3], { part: "layer", weightFormat: "fp8" });
    // 28 by 7 and 7 by 20.
    expect(layer).toMatchObject({ weightBytes: 28 * 7 + 7 * 20, productFlops: 2 * (28 * 7 + 7 * 20) * 15 });
    const wide = demand(latent, "decode", [1, 1, 1], { part: "layer", weightFormat: "fp8" });
    // Down 298 by 7 and output 7 by 20 in a byte; absorbed 1,024 by 3 and 20 by 256 in two.
    expect(wide.weightBytes).toBe(298 * 7 + 7 * 20 + 2 * (1024 * 3 + 20 * 256));
  });
});

describe("what other mixers ask of a GPU", () => {
  it("is of latent attention one head of keys in decode, and heads apart where a dense layer takes prompts in", () => {
    const width = 4 * (2 * 9 + 2 * 5);
    expect(demand(latent, "decode", [5, 100, 3])).toMatchObject({
      ...{ units: 5 * 1 * 12, cacheBytes: 5 * 103 * 524, otherBytes: 15 * width * 2 + 5 * 3 * 524 },
      paddedFlops: (5 * 3 * 103 * 8 * 518 * 16) / 12,
    });
    const prompt = demand(latent, "prefill", [1, 100, 8]);
    expect(prompt).toMatchObject({ units: 4 * 8, flops: 836 * 8 * 14 });
    expect(prompt.cacheBytes).toBe(100 * 524 + 8 * 524 + 8 * width * 2);
    expect(demand(latent, "prefill", [1, 100, 8], { unitRows: 64 }).units).toBe(4);
    const sparse = { ...latent, indexer };
    expect(demand(sparse, "prefill", [1, 100, 8]).units).toBe(4 * 8);
    // Made from the latent before, heads stand apart in a sparse layer too, at their own sizes: 14 in place of 518.
    const expanded = demand(sparse, "prefill", [1, 100, 8], { expanded: true });
    expect(expanded.flops).toBeCloseTo((8 * 3 * 8 * 518 * 14) / 518, 6);
    expect(demand(sparse, "prefill", [1, 100, 8], { unitRows: 64 }).units).toBe(1);
    expect(demand(sparse, "prefill", [1, 100, 8], { unitRows: 64, expanded: true }).units).toBe(4);
    expect(demand(grouped, "prefill", [1, 100, 8], { expanded: true }).flops).toBe(836 * 64);
  });

  it("has of a sparse layer its index: keys read and written, and scores", () => {
    const { indexBytes, indexFlops } = demand({ ...latent, indexer }, "decode", [5, 100, 3]);
    expect(indexBytes).toBe(5 * (103 * 12 + 3 * 12));
    expect(indexFlops).toBe(5 * 3 * 103 * 2 * 8 * 2);
  });

  it("is of compressed attention one key for all heads", () => {
    const { units, otherBytes } = demand(compressed, "decode", [5, 100, 4]);
    expect(units).toBe(5 * 16);
    // Queries and results of four heads of 100; four raw rows and one compressed of 200 bytes each.
    expect(otherBytes).toBe(20 * 800 * 2 + 5 * 5 * 200);
  });

  it("is of a recurrence its state read once and written for each token of decode, in chunks of 64 in prefill", () => {
    const state = 4 * 3 * 64 * 4;
    const width = (2 * 2 * 3 + 2 * 4 * 64) * 2;
    expect(demand(linear, "decode", [5, 100, 3], { part: "recurrence" })).toMatchObject({
      ...{ units: 5 * 4 * 2, cacheBytes: 15 * width + 5 * state * 4, flops: 0, paddedFlops: 15 * 4 * 7 * 3 * 64, chunks: 3, cutTokens: 0 },
    });
    const flops = 5 * 100 * 4 * (4 * 64 * (3 + 64) + 6 * 3 * 64);
    expect(demand(linear, "prefill", [5, 0, 100], { part: "recurrence" })).toMatchObject({
      ...{ units: 5 * 4, cacheBytes: 500 * width + 5 * state * 2, flops, paddedFlops: flops, chunks: 2 },
    });
  });

  it("is of a convolution four numbers a channel and token, and its own state", () => {
    // 4 64 + 2 2 3 channels: two blocks of 256, four of them a unit; three taps kept.
    const channels = 268;
    const state = 3 * channels * 2;
    expect(demand(linear, "decode", [5, 100, 9], { part: "convolution" })).toMatchObject({
      ...{ units: Math.ceil((5 * 2 * 2) / 4), cacheBytes: 45 * channels * 4 + 5 * state * 10, chunks: 0 },
      ...{ flops: 45 * channels * 2 * 4, paddedFlops: 45 * channels * 2 * 4 },
    });
    expect(demand(linear, "prefill", [5, 0, 9], { part: "convolution" })).toMatchObject({
      ...{ cacheBytes: 45 * channels * 4 + 5 * state * 2, chunks: 5 },
    });
  });

  it("has an index of its own where it scores", () => {
    expect(scoresOf({ ...latent, indexer })).toBe(indexer);
    expect(scoresOf({ ...latent, indexer: undefined } as never)).toBeUndefined();
    expect([scoresOf(latent), scoresOf(grouped), scoresOf({ ...latent, indexer: { ...indexer, scores: false } })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("the law, term by term", () => {
  const rates: MixerRates = {
    ...{ bytesPerSecond: 1e12, cacheBytes: 1e8, cacheBytesPerSecond: 1e13, processors: 100 },
    ...{ coreFlopsPerSecond: 1e15, productFlopsPerSecond: 2e15, indexFlopsPerSecond: 4e15 },
  };
  const none: MixerDemand = {
    ...{ units: 100, cutTokens: 0, cacheBytes: 0, otherBytes: 0, flops: 0, paddedFlops: 0, outsideFlops: 0, longestShare: 1 },
    ...{ wideGroup: false, chunks: 0, newTokens: 0, weightBytes: 0, productFlops: 0, indexBytes: 0, indexFlops: 0 },
  };
  const constants: MixerConstants = { ...idleConstants, fixedSeconds: 0, unitSeconds: 0, overlapExponent: 1, streamShare: 1 };
  const of = (c: Partial<MixerConstants>, d: Partial<MixerDemand>, warm = false) =>
    lawTime({ ...constants, ...c }, { ...none, ...d }, rates, warm);

  it("adds fixed times: of the smallest call, of waves after the first, of chunks, and of a layer's tokens by their bytes", () => {
    const time = of({ fixedSeconds: 1, unitSeconds: 2, chunkSeconds: 3 }, { units: 250, chunks: 4 });
    expect(time.overheadSeconds).toBe(1 + 2 * 1.5 + 12);
    expect(of({ unitSeconds: 2 }, { units: 50 }).overheadSeconds).toBe(0);
    const tokens = { tokenBytes: 5e12, weightEfficiency: 1 };
    expect(of(tokens, { newTokens: 2, weightBytes: 1 }).overheadSeconds).toBeCloseTo(10, 9);
    expect(of(tokens, { newTokens: 2 }).overheadSeconds).toBe(0);
  });

  it("reads caches at their share of the bandwidth and the rest at all of it, slower where processors stand idle", () => {
    const time = (c: Partial<MixerConstants>, d: Partial<MixerDemand>) =>
      of({ memoryEfficiency: 0.5, ...c }, { cacheBytes: 1e12, otherBytes: 1e12, ...d }).memorySeconds;
    expect(time({}, {})).toBeCloseTo(3, 12);
    expect(time({}, { units: 25 })).toBeCloseTo(12, 12);
    expect(time({ streamShare: 2 }, { units: 25 })).toBeCloseTo(6, 12);
    expect(time({ streamShare: 8 }, { units: 25 })).toBeCloseTo(3, 12);
    // Cut in parts of 128 tokens, at most so many.
    expect(time({ mostParts: 8 }, { units: 25, cutTokens: 256 })).toBeCloseTo(6, 12);
    expect(time({ mostParts: 2 }, { units: 25, cutTokens: 25_600 })).toBeCloseTo(6, 12);
    expect(time({ mostParts: 8 }, { units: 25, cutTokens: 64 })).toBeCloseTo(12, 12);
  });

  it("multiplies whole tiles, of wide groups more, and a share of what is out of reach, over the longest unit where units are few", () => {
    const time = (c: Partial<MixerConstants>, d: Partial<MixerDemand>) =>
      of({ arithmeticEfficiency: 0.5, ...c }, { paddedFlops: 1e15, ...d }).computeSeconds;
    expect(time({}, {})).toBe(2);
    expect(time({ wideGroupCost: 3 }, { wideGroup: true })).toBe(6);
    expect(time({ wideGroupCost: 3 }, {})).toBe(2);
    expect(time({ outsideShare: 0.5 }, { outsideFlops: 1e15 })).toBe(3);
    expect(time({}, { units: 50 })).toBe(4);
    expect(time({}, { units: 50, longestShare: 1.5 })).toBe(6);
    expect(time({ mostParts: 2 }, { units: 50, cutTokens: 1000 })).toBe(2);
    expect(time({}, { units: 1000, longestShare: 1.5 })).toBe(2);
  });

  it("finds of a repeated call 1 / (1 + (bytes / share of the cache)^3) on the chip, where that is faster", () => {
    const c = { memoryEfficiency: 0.5, cacheEfficiency: 1, cacheShare: 0.5, weightEfficiency: 0.5, indexMemoryEfficiency: 0.5 };
    // 5e7 bytes at 0.5 of 1e8: half of them at 1e13, half at 5e11.
    expect(of(c, { cacheBytes: 5e7 }, true).memorySeconds).toBeCloseTo(2.5e7 / 1e13 + 2.5e7 / 5e11, 12);
    expect(of(c, { cacheBytes: 5e7 }).memorySeconds).toBeCloseTo(5e7 / 5e11, 12);
    // Weights and index keys take room too.
    const shared = of(c, { cacheBytes: 2e7, weightBytes: 2e7, indexBytes: 1e7, indexFlops: 1e-9 }, true);
    expect(shared.memorySeconds).toBeCloseTo(2.5e7 / 1e13 + 2.5e7 / 5e11, 12);
    expect(of({ ...c, cacheEfficiency: 0.001 }, { cacheBytes: 5e7 }, true).memorySeconds).toBeCloseTo(5e7 / 5e11, 12);
  });

  it("adds of a layer its products and of an index its scores, each joined with its bytes", () => {
    const layer = of({ weightEfficiency: 0.5, productEfficiency: 0.5, overlapExponent: 2 }, { weightBytes: 1.5e12, productFlops: 4e15 });
    expect(layer).toMatchObject({ memorySeconds: 3, computeSeconds: 4 });
    expect(layer.seconds).toBeCloseTo(5, 9);
    const index = of({ indexMemoryEfficiency: 0.5, indexEfficiency: 0.5, overlapExponent: 2 }, { indexBytes: 1.5e12, indexFlops: 8e15 });
    expect(index).toMatchObject({ memorySeconds: 3, computeSeconds: 4 });
    expect(index.seconds).toBeCloseTo(5, 9);
    // One after another, each after the core.
    const all = of(
      { weightEfficiency: 1, productEfficiency: 1, indexMemoryEfficiency: 1, indexEfficiency: 1, overlapExponent: 100 },
      { otherBytes: 1e12, weightBytes: 2e12, indexBytes: 3e12, indexFlops: 1 },
    );
    expect(all.seconds).toBeCloseTo(6, 6);
  });

  it("is not faster than its host, nor than its floor", () => {
    expect(of({ hostSeconds: 1e9, fixedSeconds: 1 }, {}).seconds).toBe(1e9);
    expect(of({ hostSeconds: 1, fixedSeconds: 1 }, {}).seconds).toBeCloseTo(2 ** (1 / 8), 9);
    expect(of({}, { flops: 1e15, productFlops: 2e15, indexFlops: 4e15 }).floorSeconds).toBeCloseTo(3, 12);
    const bytes = { cacheBytes: 1e12, weightBytes: 1e12, indexBytes: 1e12, otherBytes: 1e12 };
    expect(of({}, bytes).floorSeconds).toBeCloseTo(4, 12);
    expect(of({}, bytes, true).floorSeconds).toBeCloseTo(4 - 1e8 / 1e12, 12);
    expect(of({}, { otherBytes: 1e7 }, true).floorSeconds).toBe(0);
    expect(of({}, { flops: 1e15 }).seconds).toBe(1);
  });

  it("has a machine's rates, and middling ones in place of what its record lacks", () => {
    const h100 = hardware("h100-sxm");
    const { bf16 = 0, fp8 = 0 } = h100.peakFlopsPerSecond;
    expect(mixerRates(h100, "bf16", "fp8")).toEqual({
      ...{ bytesPerSecond: h100.memoryBytesPerSecond, cacheBytes: h100.cacheBytes, processors: h100.processors },
      cacheBytesPerSecond: (h100.processors ?? 0) * (h100.clockHertz ?? 0) * 64,
      ...{ coreFlopsPerSecond: bf16, productFlopsPerSecond: fp8, indexFlopsPerSecond: fp8 },
    });
    const { processors: _p, cacheBytes: _c, clockHertz: _h, ...bare } = h100;
    expect(mixerRates(bare, "fp8", "bf16")).toMatchObject({
      ...{ processors: 132, cacheBytes: 5e7, cacheBytesPerSecond: 132 * 1.8e9 * 64, coreFlopsPerSecond: fp8, productFlopsPerSecond: bf16 },
    });
  });
});
