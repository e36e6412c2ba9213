import { describe, expect, it } from "vitest";
import { type Hardware, hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { fittingQuestion, fittingRequests, withGroupRequests } from "../../src/step/fitting";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { type PrefillQuestion, prefillStep } from "../../src/step/prefill";
import type { StepQuestion } from "../../src/step/question";
import { arithmeticOf, cacheSize, resourceNames, resources, speedOf, withProcessors } from "../../src/step/resources";
import { capacityWorth, elasticityOf, movedByAccess, worthOf } from "../../src/step/worth";

const machine: Hardware = {
  ...hardware("h100-sxm"),
  memoryBytes: 8e10,
  memoryBytesPerSecond: 3e12,
  peakFlopsPerSecond: { bf16: 1e15, fp8: 2e15 },
  scaleUpBytesPerSecond: 4e11,
  networkBytesPerSecond: 5e10,
  clockHertz: 2e9,
  cacheBytes: 5e7,
  processors: 100,
};
const qwen = model("qwen3-30b-a3b");
const question: StepQuestion = { model: qwen, hardware: machine, requests: 8, contextTokens: 1000 };
const changed = (scaled: StepQuestion) =>
  Object.fromEntries(Object.entries(scaled.hardware).filter(([name, value]) => value !== machine[name as keyof Hardware]));

describe("a resource of a machine", () => {
  it("is scaled alone: each rate by its factor", () => {
    expect(resourceNames).toEqual(["memoryBandwidth", "arithmetic", "scaleUpBandwidth", "networkBandwidth", "clock"]);
    const scaled = resourceNames.map((name) => changed(resources[name](question, 1.5)));
    expect(scaled).toEqual([
      { memoryBytesPerSecond: 4.5e12 },
      { peakFlopsPerSecond: { bf16: 1.5e15, fp8: 3e15 } },
      { scaleUpBytesPerSecond: 6e11 },
      { networkBytesPerSecond: 7.5e10 },
      { clockHertz: 3e9 },
    ]);
    expect(changed(arithmeticOf("fp8")(question, 1.5))).toEqual({ peakFlopsPerSecond: { bf16: 1e15, fp8: 3e15 } });
    expect(changed(cacheSize(question, 1.5))).toEqual({ cacheBytes: 7.5e7 });
    expect(changed(withProcessors(question, 7))).toEqual({ processors: 7 });
    const { hardware: _, ...rest } = resources.clock(question, 2);
    expect(rest).toEqual({ model: qwen, requests: 8, contextTokens: 1000 });
  });

  it("is a time made shorter, that of a what-if too, beside others", () => {
    expect(changed(speedOf("messages")(question, 2))).toEqual({ times: { messages: 0.5 } });
    const slow = { ...question, hardware: { ...machine, times: { messages: 3, kernelStarts: 2 } } };
    expect(speedOf("messages")(slow, 2).hardware.times).toEqual({ messages: 1.5, kernelStarts: 2 });
  });

  it("leaves a machine as it is that lacks it", () => {
    const { scaleUpBytesPerSecond: _a, networkBytesPerSecond: _b, clockHertz: _c, cacheBytes: _d, ...bare } = machine;
    const lacking = { ...question, hardware: bare };
    for (const scale of [resources.scaleUpBandwidth, resources.networkBandwidth, resources.clock, cacheSize, arithmeticOf("fp4")])
      expect(scale(lacking, 2)).toEqual(lacking);
  });
});

/** Tokens a second of a toy that takes so many seconds on memory, on the cache, on starts, on nothing. */
const toy =
  ({ memory = 0, cache = 0, starts = 0, exchange = 0, fixed = 0, fp8 = 0 }) =>
  ({ hardware: h }: StepQuestion) =>
    1 /
    ((memory * 3e12) / h.memoryBytesPerSecond +
      (cache * 5e7) / (h.cacheBytes ?? 0) +
      (fp8 * 2e15) / (h.peakFlopsPerSecond.fp8 ?? 0) +
      starts * (h.times?.kernelStarts ?? 1) +
      exchange * (h.times?.exchangeProcessors ?? 1) +
      fixed);

describe("the worth of a toy", () => {
  it("is of fixed times what each takes, and what is left is the kernels'", () => {
    const { fixed, elasticities, tokensPerSecondPerGpu, corners } = worthOf(question, { rate: toy({ memory: 1, starts: 2, fixed: 1 }) });
    expect(tokensPerSecondPerGpu).toBe(1 / 4);
    expect(elasticities.memoryBandwidth).toBeCloseTo(1 / 4, 4);
    expect(elasticities.fixedTimes).toBeCloseTo(3 / 4, 4);
    expect(fixed.kernelStarts).toBeCloseTo(2 / 4, 4);
    expect(fixed.kernels).toBeCloseTo(1 / 4, 4);
    for (const name of ["betweenKernels", "messageLatency", "messages"] as const) expect(fixed[name]).toBeCloseTo(0, 12);
    expect(corners).toEqual([]);
  });

  it("is of sizes what each gives by itself: cache, processors of an exchange, processors", () => {
    const { sizes, arithmetic, notInModel } = worthOf(question, { rate: toy({ cache: 1, exchange: 1, fp8: 2 }) });
    expect(sizes.lastLevelCache).toBeCloseTo(1 / 4, 4);
    expect(sizes.exchangeProcessors).toBeCloseTo(1 / 4, 4);
    expect(arithmetic.fp8).toBeCloseTo(2 / 4, 4);
    expect(arithmetic.bf16).toBe(0);
    expect(Object.keys(arithmetic)).toEqual(["bf16", "fp8"]);
    expect(notInModel.join()).toMatch(/side of the matrix array.*memory that a step does not reach.*power/);
    // A rate that grows with the square of processors: from 90 to 111 of a hundred, and from 1 to 2 of one.
    const square = ({ hardware: h }: StepQuestion) => (h.processors ?? 0) ** 2;
    expect(worthOf(question, { rate: square }).sizes.processors).toBeCloseTo(2, 9);
    const seen: number[] = [];
    const watch = ({ hardware: h }: StepQuestion) => {
      seen.push(h.processors ?? 0);
      return 1;
    };
    void worthOf(question, { rate: watch }).sizes;
    // Ten per cent more rounded up, less rounded down.
    expect([Math.max(...seen), Math.min(...seen)]).toEqual([111, 90]);
    seen.length = 0;
    void worthOf({ ...question, hardware: { ...machine, processors: 1 } }, { rate: watch }).sizes;
    expect([Math.max(...seen), Math.min(...seen)]).toEqual([2, 1]);
    const { processors: _, ...unknown } = machine;
    expect(worthOf({ ...question, hardware: unknown }, { rate: watch }).sizes.processors).toBe(0);
  });

  it("names what single differences miss: of three that tie each costs half of all, and all together all", () => {
    const tied = ({ hardware: h }: StepQuestion) =>
      1 / Math.max(3e12 / h.memoryBytesPerSecond, 1e15 / (h.peakFlopsPerSecond.bf16 ?? 0), 2e9 / (h.clockHertz ?? 0));
    const { elasticities } = worthOf(question, { rate: tied });
    for (const name of ["memoryBandwidth", "arithmetic", "clock"] as const) expect(elasticities[name]).toBeCloseTo(1 / 2, 9);
    expect(elasticities.rest).toBeCloseTo(-1 / 2, 9);
    expect(elasticities.fixedTimes).toBeCloseTo(0, 9);
  });

  it("has a corner where its sides differ by more than 0.05, whichever is the larger", () => {
    // Of a resource that gives a power of itself upwards and another downwards.
    const kinked =
      (less: number, more: number) =>
      ({ hardware: h }: StepQuestion) => {
        const r = h.memoryBytesPerSecond / 3e12;
        return r ** (r < 1 ? less : more);
      };
    const corners = (less: number, more: number) => worthOf(question, { rate: kinked(less, more) }).corners;
    expect(corners(0.5, 0.54)).toEqual([]);
    expect(corners(0.5, 0.56)).toEqual(["memoryBandwidth"]);
    expect(corners(0.56, 0.5)).toEqual(["memoryBandwidth"]);
    const { sides, elasticities } = worthOf(question, { rate: kinked(0.5, 0.7) });
    expect(sides.memoryBandwidth).toEqual({ less: expect.closeTo(0.5, 9), more: expect.closeTo(0.7, 9) });
    expect(elasticities.memoryBandwidth).toBeCloseTo(0.6, 9);
    // Both sides from a part more and less: a change of a half is not past its corner.
    expect(elasticityOf(question, resources.memoryBandwidth, { rate: kinked(0.5, 0.7), change: 0.5 })).toBeCloseTo(0.6, 9);
  });

  it("is refused without a rate, and for a change that is none", () => {
    expect(() => worthOf(question, { rate: () => 0 })).toThrow("rate must be a positive number, got 0");
    expect(() => worthOf(question, { rate: 5 as never })).toThrow(new RangeError("rate must be a function of a question, got 5"));
    for (const change of [0, 0.51, Number.NaN, "0.1" as never]) {
      expect(() => worthOf(question, { change })).toThrow(`change must be above 0 and at most 0.5, got ${change}`);
      expect(() => elasticityOf(question, cacheSize, { change })).toThrow(`change must be above 0 and at most 0.5, got ${change}`);
    }
    expect(() => worthOf(question, { rate: () => 1, change: 0.5 })).not.toThrow();
    expect(() => elasticityOf(question, cacheSize, { rate: () => 1, change: 0.5 })).not.toThrow();
  });
});

describe("the worth of a step", () => {
  it("is of decode its tokens a second, with sizes of its own", () => {
    const worth = worthOf(question);
    expect(worth.tokensPerSecondPerGpu).toBe(decodeStep(question).tokensPerSecondPerGpu);
    expect(worth.sizes.memoryCapacity).toBe(capacityWorth(question, 0.9)?.elasticity);
    // HBM3 moves 64 bytes at the least.
    expect(worth.sizes.accessGranularity).toBe(worth.elasticities.memoryBandwidth * movedByAccess(decodeAccesses(question), 64));
    expect(worthOf({ ...question, hardware: { ...machine, memoryBytes: 1e9 } }).sizes).not.toHaveProperty("memoryCapacity");
    expect(elasticityOf(question, resources.memoryBandwidth)).toBeCloseTo(worth.elasticities.memoryBandwidth, 12);
  });

  it("is of prompts their tokens a second, without sizes of memory", () => {
    const prompts: PrefillQuestion = { model: qwen, hardware: machine, requests: 1, promptTokens: 100 };
    const worth = worthOf(prompts);
    expect(worth.tokensPerSecondPerGpu).toBe(prefillStep(prompts).tokensPerSecondPerGpu);
    expect(worth.sizes).not.toHaveProperty("memoryCapacity");
    expect(worth.sizes).not.toHaveProperty("accessGranularity");
  });

  it("grows in what is moved with the smallest access as far as runs are not whole ones", () => {
    // 48 bytes in accesses of 32 are 64, of 128 are 128: a factor of two over two doublings.
    expect(movedByAccess([{ bytes: 48, runBytes: 48 }], 64)).toBeCloseTo(1 / 2, 12);
    expect(movedByAccess([{ bytes: 1280, runBytes: 128 }], 64)).toBe(0);
    // Beside as many bytes in whole accesses: 128 and 192.
    const mixed = [
      { bytes: 48, runBytes: 48 },
      { bytes: 64, runBytes: 1 << 20 },
    ];
    expect(movedByAccess(mixed, 64)).toBeCloseTo(Math.log2(192 / 128) / 2, 12);
  });
});

describe("requests that fit a memory", () => {
  const { weightBytes, cacheBytes } = memoryFootprint({ model: qwen, requests: 1, contextTokens: 1000 });
  const holding = (requests: number, more = 0) => ({
    ...question,
    hardware: { ...machine, memoryBytes: weightBytes + requests * cacheBytes + more },
  });

  it("are what is left beside the weights over the cache of one, to the byte", () => {
    expect(fittingRequests(holding(5), 1)).toBe(5);
    expect(fittingRequests(holding(5, -1), 1)).toBe(4);
    expect(fittingRequests(holding(0), 1)).toBe(0);
    expect(fittingRequests(holding(0, -1), 1)).toBe(0);
    expect(fittingRequests({ ...holding(0), hardware: { ...machine, memoryBytes: (weightBytes + 3.5 * cacheBytes) * 2 } }, 0.5)).toBe(3);
    for (const share of [0, 1.01, Number.NaN, "0.9" as never])
      expect(() => fittingRequests(question, share)).toThrow(`usableShare must be above 0 and at most 1, got ${share}`);
  });

  it("cut a question down to them in its place, and keep one that fits", () => {
    expect(fittingQuestion(holding(8), 1)).toEqual(holding(8));
    const fits = holding(9);
    expect(fittingQuestion(fits, 1)).toBe(fits);
    expect(fittingQuestion(holding(7), 1)).toEqual({ ...holding(7), dataParallel: 1, expertParallel: 1, requests: 7 });
    expect(fittingQuestion(holding(1), 1)).toMatchObject({ requests: 1 });
    expect(fittingQuestion(holding(1, -1), 1)).toBeUndefined();
    const { requests: _, ...bare } = question;
    expect(withGroupRequests({ ...bare, requestsPerGpu: 4, expertParallel: 8 }, 3)).toEqual({
      ...bare,
      requests: 24,
      dataParallel: 8,
      expertParallel: 8,
    });
  });

  it("make more memory worth what their rates differ, a tenth more and less, where the model just fits in the less", () => {
    const rateAt = (requests: number) => decodeStep({ ...question, requests }).tokensPerSecondPerGpu;
    const room = (memoryBytes: number) => Math.floor((memoryBytes - weightBytes) / cacheBytes);
    const memoryBytes = Math.ceil(1.1 * (weightBytes + 1.5 * cacheBytes));
    const worth = capacityWorth({ ...question, hardware: { ...machine, memoryBytes } }, 1);
    const [less, now, more] = [memoryBytes / 1.1, memoryBytes, memoryBytes * 1.1].map(room) as [number, number, number];
    expect(less).toBe(1);
    expect(worth?.groupRequests).toBe(now);
    expect(worth?.tokensPerSecondPerGpu).toBe(rateAt(now));
    expect(worth?.elasticity).toBeCloseTo(Math.log(rateAt(more) / rateAt(less)) / (2 * Math.log(1.1)), 9);
    const short = { ...machine, memoryBytes: Math.floor(1.1 * (weightBytes + 0.5 * cacheBytes)) };
    expect(capacityWorth({ ...question, hardware: short }, 1)).toBeUndefined();
  });
});
