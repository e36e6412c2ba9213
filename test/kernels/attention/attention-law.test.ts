import { describe, expect, it } from "vitest";
import { idleConstants, lawTime, type MixerRates } from "../../../src/kernels/attention/attention-law";
import type { MixerDemand } from "../../../src/kernels/attention/mixer-demand";

const rates: MixerRates = {
  bytesPerSecond: 1e12,
  cacheBytes: 1e8,
  cacheBytesPerSecond: 1e13,
  processors: 100,
  coreFlopsPerSecond: 1e15,
  productFlopsPerSecond: 1e15,
  indexFlopsPerSecond: 2e15,
};
const demand: MixerDemand = {
  units: 300,
  cutTokens: 0,
  cacheBytes: 1e9,
  otherBytes: 0,
  flops: 1e9,
  paddedFlops: 0,
  outsideFlops: 0,
  longestShare: 1,
  wideGroup: false,
  chunks: 0,
  newTokens: 0,
  weightBytes: 0,
  productFlops: 0,
  indexBytes: 0,
  indexFlops: 0,
  indexPairs: 0,
  choosingTokens: 0,
};
const constants = { ...idleConstants, fixedSeconds: 1e-5, unitSeconds: 2e-6, memoryEfficiency: 0.5 };

describe("lawTime", () => {
  it("adds the fixed time, the waves after the first and the bytes at the share of the bandwidth", () => {
    expect(lawTime(constants, demand, rates, false).seconds).toBeCloseTo(1e-5 + 2e-6 * (300 / 100 - 1) + 1e9 / (1e12 * 0.5), 12);
  });

  it("joins memory and arithmetic by the p-norm", () => {
    const both = { ...demand, paddedFlops: 8e11 };
    const c = { ...constants, arithmeticEfficiency: 0.4, overlapExponent: 2 };
    expect(lawTime(c, both, rates, false).seconds).toBeCloseTo(1.4e-5 + Math.hypot(2e-3, 8e11 / (1e15 * 0.4)), 12);
  });

  it("leaves processors idle when units are fewer, unless their context is cut", () => {
    const few = { ...demand, units: 10, cutTokens: 1280 };
    const whole = lawTime({ ...constants, mostParts: 1, streamShare: 1 }, few, rates, false);
    const cut = lawTime({ ...constants, mostParts: 10, streamShare: 1 }, few, rates, false);
    expect(whole.memorySeconds).toBeCloseTo(10 * cut.memorySeconds, 12);
  });

  it("reads a repeated call's small cache from the last level, and a large one from memory", () => {
    const c = { ...constants, cacheEfficiency: 1, cacheShare: 1 };
    const small = { ...demand, cacheBytes: 1e6 };
    expect(lawTime(c, small, rates, true).memorySeconds).toBeCloseTo(1e6 / 1e13, 10);
    expect(lawTime(c, demand, rates, true).memorySeconds / lawTime(c, demand, rates, false).memorySeconds).toBeCloseTo(1, 3 - 1);
  });

  it("adds a layer's weights and an indexer's scores as kernels of their own", () => {
    const layer = { ...demand, weightBytes: 8e8, indexBytes: 6e8, indexFlops: 1 };
    const time = lawTime({ ...constants, weightEfficiency: 0.8, indexMemoryEfficiency: 0.6 }, layer, rates, false);
    expect(time.memorySeconds).toBeCloseTo(2e-3 + 8e8 / 0.8e12 + 6e8 / 0.6e12, 12);
  });

  it("has a floor of datasheet rates that it is never under", () => {
    const fast = { ...constants, memoryEfficiency: 1.1, fixedSeconds: 1e-9, unitSeconds: 1e-12 };
    expect(lawTime(fast, demand, rates, false)).toMatchObject({ floorSeconds: 1e-3, seconds: 1e-3 });
  });
});
