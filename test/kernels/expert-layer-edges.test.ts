import { describe, expect, it } from "vitest";
import { defaultLowLatencyTokens, type MoeLayerQuestion, moeLayerTime, timeOf } from "../../src/kernels/expert-layer";
import { expertTaskTime } from "../../src/kernels/expert-task";
import { defaultKernel, type KernelFamily, kernelFamily } from "../../src/kernels/families";
import { hardware } from "../../src/machine/hardware";

const h100 = hardware("h100-sxm");
const v3 = { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 256, expertsPerToken: 8 };

/** Everything a second or none, so that one part shows. */
const family: KernelFamily = {
  kernel: "toy",
  weightFormat: "fp8",
  generation: "toy",
  router: "given",
  fitted: "here",
  from: "toy",
  tileRows: 64,
  smallestTileRows: 8,
  oneTile: 0,
  tileColumns: 10,
  passRows: 0,
  secondsPerTile: 0,
  fixedSeconds: 0,
  secondsPerLocalExpert: 0,
  secondsPerRowElement: 0,
  secondsPerRoutedElement: 0,
  routedTokens: 0,
  routedRowElements: 0,
  routedActivation: 0,
  memoryEfficiency: 0.5,
  arithmeticEfficiency: 0.5,
  activationTraffic: 0,
  overlapExponent: 1,
  tileBytesPerSecond: 1e30,
};
const shape = { hiddenSize: 100, moeIntermediateSize: 10, routedExperts: 2, expertsPerToken: 1 };
const load = { activeExperts: 2, localExperts: 2, rows: 2, maximumRows: 1, classes: [{ rows: 1, experts: 2 }] };
/** Rows of one token each. */
const two = { rows: 2, tokens: 2 };
/** Reads 1e9 bytes a second from memory at half of its rate, and 24 bytes in each of 1e8 clocks from the cache. */
const machine = { ...h100, processors: 1, clockHertz: 1e8, memoryBytesPerSecond: 2e9, peakFlopsPerSecond: { fp8: 1e30 } };
/** Of two experts of three matrices of 100 by 10. */
const weightBytes = 6000;

describe("weights in the last-level cache", () => {
  const memory = (cacheBytes: number, warm?: boolean) =>
    timeOf(family, shape, { ...machine, cacheBytes }, 1, load, two, warm).memorySeconds;

  it("are missed by a share of 1 / (1 + r^6), r the cache over the weights, and the rest comes at the cache's rate", () => {
    for (const [ratio, missed] of [
      [1, 1 / 2],
      [2, 1 / 65],
      [0.5, 64 / 65],
    ] as const) {
      const seconds = (weightBytes * missed) / 1e9 + (weightBytes * (1 - missed)) / 2.4e9;
      expect(memory(ratio * weightBytes, true) / seconds, `${ratio}`).toBeCloseTo(1, 9);
    }
  });

  it("are there where nothing is said, and all in memory after other layers", () => {
    expect(memory(weightBytes)).toBe(memory(weightBytes, true));
    expect(memory(weightBytes, false)).toBeCloseTo(weightBytes / 1e9, 15);
  });

  it("are never read slower than from memory", () => {
    const slow = timeOf(family, shape, { ...machine, clockHertz: 1, cacheBytes: weightBytes }, 1, load, two, true);
    expect(slow.memorySeconds).toBeCloseTo(weightBytes / 1e9, 15);
  });

  it("are not there for the task of one expert: others have run since", () => {
    const { kernel, weightFormat } = defaultKernel(h100);
    const small = { hiddenSize: 2048, moeIntermediateSize: 768 };
    const asked = { model: { ...small, routedExperts: 1, expertsPerToken: 1 }, hardware: h100, kernel, weightFormat, tokens: 16 };
    const task = expertTaskTime({ model: small, hardware: h100, rows: 16 });
    expect(task.seconds).toBe(moeLayerTime({ ...asked, cache: "cold" }).seconds);
    expect(task.seconds).toBeGreaterThan(moeLayerTime({ ...asked, cache: "warm" }).seconds);
  });
});

describe("tiles of a layer", () => {
  it("hold just the rows of each expert where the kernel takes one tile a call", () => {
    const padded = (routed: number) =>
      timeOf({ ...family, oneTile: 1 }, shape, machine, 1, load, { rows: routed, tokens: routed }).paddedRows;
    // 16 rows fill the smallest tile of two experts; 17 do not.
    expect([16, 17, 32].map(padded)).toEqual([2 * 8, 2 * 16, 2 * 16]);
  });

  it("pass as long as so many rows more, also where a product has fewer of them than processors", () => {
    const asked = { ...machine, peakFlopsPerSecond: { fp8: 1e12 }, processors: 40 };
    const seconds = (passRows: number) => timeOf({ ...family, passRows }, shape, asked, 1, load, two).computeSeconds;
    // One tile of 8 rows and of so many more, by 10 columns, 100 deep and then 10 deep, on each of 40 processors.
    expect(seconds(4)).toBeCloseTo((2 * 10 * (8 + 4) * (100 + 10) * 40) / (1e12 * 0.5), 15);
  });
});

describe("what of the tokens is on the GPU", () => {
  const asked = { model: v3, hardware: hardware("b200-sxm"), kernel: "deepgemm", weightFormat: "fp8_block", routing: "chance" } as const;

  it("is its own rows where an exchange sent them, and all tokens where they are gathered", () => {
    const at = (layout: "gathered" | "dispatched", expertParallel: number, tokens = 128 * expertParallel) =>
      moeLayerTime({ ...asked, tokens, expertParallel, layout });
    const [gathered, sent] = [at("gathered", 64), at("dispatched", 64)];
    expect(moeLayerTime({ ...asked, tokens: 8192, expertParallel: 64 }).seconds).toBe(gathered.seconds);
    // 65,536 rows are routed, 1,024 of them to this rank: what the others cost in bookkeeping is all that is saved.
    const { secondsPerRoutedElement, routedRowElements } = kernelFamily("deepgemm", "fp8_block", asked.hardware);
    const saved = secondsPerRoutedElement * (65_536 - 1024) * (7168 + routedRowElements);
    expect(gathered.seconds - sent.seconds).toBeCloseTo(saved, 12);
    expect(sent.rows).toBe(gathered.rows);
    // As many tokens for each rank: a rank of more has fewer experts, and is no slower.
    expect(at("dispatched", 128).seconds).toBeLessThan(sent.seconds);
    // On one rank the two are one.
    expect(at("dispatched", 1, 512).overheadSeconds).toBe(at("gathered", 1, 512).overheadSeconds);
  });

  it("counts tokens that came, at most one for each row, where a kernel costs tokens", () => {
    const byToken = { ...asked, kernel: "sglang_flashinfer_trtllm_moe", tokens: 8192, expertParallel: 64 } as const;
    const family = kernelFamily(byToken.kernel, "fp8_block", asked.hardware);
    expect(family.routedTokens).toBe(1);
    const each = 7168 * 8192 + 65_536 * (family.routedRowElements + family.routedActivation * 3 * 2048);
    const own = 7168 * 1024 + 1024 * (family.routedRowElements + family.routedActivation * 3 * 2048);
    const [gathered, sent] = [moeLayerTime(byToken), moeLayerTime({ ...byToken, layout: "dispatched" })];
    expect(gathered.overheadSeconds - sent.overheadSeconds).toBeCloseTo(family.secondsPerRoutedElement * (each - own), 12);
  });

  it("is as its tables have it for DeepEP's kernels, which are of rows that were sent", () => {
    const deep = { ...asked, hardware: h100, kernel: "deepepmoe", tokens: 8192, expertParallel: 64 } as const;
    expect(moeLayerTime({ ...deep, layout: "dispatched" }).seconds).toBe(moeLayerTime(deep).seconds);
  });

  it("is one of two words", () => {
    expect(() => moeLayerTime({ ...asked, tokens: 1, layout: "sent" as "dispatched" })).toThrow(
      /^layout must be gathered or dispatched, got "sent"/,
    );
  });
});

describe("DeepEP's two paths", () => {
  const asked: MoeLayerQuestion = { model: v3, hardware: hardware("h800-sxm"), kernel: "deepepmoe", weightFormat: "fp8_block", tokens: 1 };
  const at = (tokens: number, expertParallel: number, lowLatencyTokens?: number, other: Partial<MoeLayerQuestion> = {}) => {
    const question = { ...asked, ...other, tokens, expertParallel, ...(lowLatencyTokens === undefined ? {} : { lowLatencyTokens }) };
    const held = (lowLatencyTokens ?? defaultLowLatencyTokens) * expertParallel;
    return {
      both: moeLayerTime(question),
      full: moeLayerTime({ ...question, kernel: "deepepmoe_generation", tokens: held }),
      prefill: moeLayerTime({ ...question, kernel: "deepepmoe_context" }),
      times: tokens / held,
    };
  };

  it("are low latency as far as the buffers reach, the last token of them too", () => {
    for (const tokens of [1, 512 * 8]) expect(at(tokens, 8).both.kernel).toBe("deepepmoe_generation");
    expect(at(64 * 8, 8, 64).both.seconds).toBe(at(64 * 8, 8, 64).full.seconds);
  });

  it("are beyond it the prefill kernel between one full call and full calls in proportion", () => {
    const cases = [1, 8, 32, 128].flatMap((ranks) =>
      [8, 64, 512].flatMap((most) => [1.01, 1.5, 3, 20].map((times) => at(Math.ceil(times * most * ranks), ranks, most))),
    );
    // Of 384 experts on one B200 the prefill kernel is faster than a full call of 4,096 tokens.
    cases.push(at(4137, 1, 4096, { model: { ...v3, routedExperts: 384 }, hardware: hardware("b200-sxm") }));
    const regime = cases.map(({ both, full, prefill, times }) => {
      const repeated = full.seconds * times;
      expect(both.seconds).toBeCloseTo(Math.min(repeated, Math.max(prefill.seconds, full.seconds)), 12);
      if (prefill.seconds > repeated) {
        expect(both.kernel).toBe("deepepmoe_generation");
        expect(both.flops / full.flops).toBeCloseTo(times, 9);
        return "repeated";
      }
      expect(both).toMatchObject({ kernel: "deepepmoe_context", flops: prefill.flops });
      return prefill.seconds < full.seconds ? "no faster than one" : "prefill";
    });
    expect(new Set(regime)).toEqual(new Set(["repeated", "prefill", "no faster than one"]));
  });

  it("are refused by name for ranks or tokens that are no counts", () => {
    expect(() => at(1, 0)).toThrow("expertParallel must be a positive integer, got 0");
    expect(() => at(1, 1, 0)).toThrow("lowLatencyTokens must be a positive integer, got 0");
  });
});
