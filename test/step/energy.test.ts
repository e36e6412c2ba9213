import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { accessJoules, energyOf, energyParts, readRates } from "../../src/step/energy";
import { prefillStep } from "../../src/step/prefill";

const h100 = hardware("h100-sxm");
const v3 = { model: model("deepseek-v3"), hardware: h100, requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 };
const dense = {
  model: model("llama-3.1-405b"),
  hardware: h100,
  requests: 64,
  contextTokens: 4096,
  tensorParallel: 8,
  weightFormat: "fp8_block",
};

describe("joules of an access", () => {
  it("by hand: 64 B open a row of 909 pJ and move at 2.54 pJ a bit; a kilobyte shares its row among 1,024 bytes", () => {
    const short = accessJoules(64, 32);
    expect(short.opened).toBeCloseTo(909e-12 / 64, 18);
    expect(short.moved.low).toBeCloseTo(2.54e-12 * 8, 18);
    expect(short.moved.high).toBeCloseTo(13.11e-12 * 8, 18);
    expect(accessJoules(1024, 32).opened).toBeCloseTo(909e-12 / 1024, 18);
    // 4 KB open four rows: as much a byte as one of 1 KB; 1,025 bytes open two.
    expect(accessJoules(4096, 32).opened).toBeCloseTo(accessJoules(1024, 32).opened, 18);
    expect(accessJoules(1025, 32).opened).toBeCloseTo((2 * 909e-12) / 1025, 18);
  });

  it("pays for the whole access where a run fills half of it", () => {
    expect(accessJoules(32, 64).moved.low).toBeCloseTo(2 * accessJoules(64, 64).moved.low, 18);
    expect(accessJoules(32, 64).moved.high).toBeCloseTo(2 * accessJoules(64, 64).moved.high, 18);
  });
});

describe("joules a token", () => {
  const { joulesPerToken, total, limitJoulesPerToken } = energyOf(v3);
  const step = decodeStep(v3);
  const tokens = 64;

  it("sends bytes by tier: dispatched and combined bytes, to and from a switch inside a node, by transceivers beyond", () => {
    const sent = step.tasks.filter((t) => t.name === "dispatch" || t.name === "combine");
    const all = sent.reduce((sum, t) => sum + t.bytes, 0);
    const far = sent.reduce((sum, t) => sum + (t.networkBytes ?? 0), 0);
    // 64 ranks, eight of a node: 56 of 63 messages that leave a GPU leave the node.
    expect(far / all).toBeCloseTo(56 / 63, 6);
    expect(joulesPerToken.network.low).toBeCloseTo((far * (15 / (800e9 / 8)) * 4) / tokens, 9);
    expect(joulesPerToken.network.high).toBeCloseTo((far * (9 / (400e9 / 8)) * 8) / tokens, 9);
    expect(joulesPerToken.scaleUp.low).toBeCloseTo(((all - far) * 8 * 1.3e-12 * 2) / tokens, 9);
  });

  it("counts arithmetic at FP16's joules, less in proportion in FP8; constant power by the time of the step", () => {
    const both = { bf16: 0, fp8: 0 };
    const wide = ["attention core", "router", "head", "indexer"];
    for (const { name, flops } of step.tasks) both[wide.includes(name) ? "bf16" : "fp8"] += flops;
    const half = (h100.peakFlopsPerSecond.bf16 ?? 0) / (h100.peakFlopsPerSecond.fp8 ?? 0);
    expect(joulesPerToken.arithmetic.high).toBeCloseTo((0.7e-12 * (both.bf16 + both.fp8 * half)) / tokens, 9);
    expect(joulesPerToken.constant.low).toBeCloseTo((54 * step.seconds) / tokens, 12);
  });

  it("sums its parts, from low to high, below what the power limit comes to", () => {
    for (const bound of ["low", "high"] as const)
      expect(energyParts.reduce((sum, part) => sum + joulesPerToken[part][bound], 0)).toBeCloseTo(total[bound], 12);
    for (const part of energyParts) expect(joulesPerToken[part].low).toBeLessThanOrEqual(joulesPerToken[part].high);
    expect(limitJoulesPerToken).toBeCloseTo((700 * step.seconds) / tokens, 9);
    expect(total.high).toBeLessThan(limitJoulesPerToken ?? 0);
  });

  it("is more for a dense model, its least above twice the most of the mixture, and memory's share is less as prompts are taken in", () => {
    expect(energyOf(dense).total.low).toBeGreaterThan(2 * total.high);
    const prompts = { model: dense.model, hardware: h100, requests: 1, promptTokens: 4096, tensorParallel: 8, weightFormat: "fp8_block" };
    const filled = energyOf(prompts);
    expect(filled.joulesPerToken.constant.low).toBeCloseTo((54 * prefillStep(prompts).seconds) / (4096 / 8), 9);
    expect(filled.joulesPerToken.memory.high / filled.total.high).toBeLessThan(joulesPerToken.memory.high / total.high);
    expect(filled.joulesPerToken.network).toEqual({ low: 0, high: 0 });
  });

  it("moves bytes of tasks through the memory and once over the chip, opens rows for their runs, and names what it leaves out", () => {
    const local = step.tasks.filter(({ name, bytes }) => name !== "dispatch" && name !== "combine" && bytes > 0);
    // HBM3 moves 64 bytes at the least.
    const moved = (bound: "low" | "high") => local.reduce((sum, t) => sum + t.bytes * accessJoules(t.runBytes, 64).moved[bound], 0);
    for (const bound of ["low", "high"] as const) {
      expect(joulesPerToken.memory[bound]).toBeCloseTo(moved(bound) / tokens, 9);
      expect(joulesPerToken.rowActivation[bound]).toBeCloseTo(
        local.reduce((sum, t) => sum + t.bytes * accessJoules(t.runBytes, 64).opened, 0) / tokens,
        9,
      );
    }
    const bytes = local.reduce((sum, t) => sum + t.bytes, 0);
    const chip = joulesPerToken.onChip;
    expect(chip.high).toBeGreaterThan(chip.low);
    expect(chip.low / bytes).toBeGreaterThan(0);
    expect(energyOf(v3).leftOut.join()).toMatch(/^host.*activations that kernels hand on.*constant power/);
    const { powerWatts: _, ...unknown } = h100;
    expect(energyOf({ ...v3, hardware: unknown })).not.toHaveProperty("limitJoulesPerToken");
  });

  it("has rates from facts, each by hand", () => {
    const facts = new Map(
      Object.entries({
        "memory movement": 1,
        "memory interface": 2,
        "memory high": 4,
        "memory rowActivation": 5,
        "memory rowBytes": 6,
        "onChip firstLevelLow": 7,
        "onChip lastLevelLow": 8,
        "onChip firstLevelHigh": 9,
        "onChip lastLevelHigh": 10,
        "arithmetic low": 11,
        "arithmetic high": 12,
        "scaleUp low": 13,
        "scaleUp high": 14,
        "scaleUp crossings": 2,
        "network lowWatts": 15,
        "network lowRate": 3,
        "network lowEnds": 2,
        "network highWatts": 18,
        "network highRate": 6,
        "network highEnds": 5,
        "constant watts": 19,
      }),
    );
    expect(readRates(facts)).toEqual({
      memory: { movedLow: 3, movedHigh: 4, rowJoules: 5, rowBytes: 6 },
      onChip: { low: 15, high: 19 },
      arithmetic: { low: 11, high: 12 },
      scaleUp: { low: 26, high: 28 },
      network: { low: 10, high: 15 },
      constantWatts: 19,
    });
    for (const name of facts.keys())
      expect(() => readRates(new Map([...facts].filter(([key]) => key !== name))), name).toThrow(`energy.csv: no ${name}`);
  });

  it("sends sums and gathers of a group over its link too", () => {
    const asked = { model: v3.model, hardware: h100, requests: 64, contextTokens: 1000 };
    for (const split of [{ tensorParallel: 8 }, { dataParallel: 8, expertParallel: 1 }]) {
      const names = ["all-reduce", "all-gather", "reduce-scatter"];
      const bytes = decodeStep({ ...asked, ...split }).tasks.reduce((sum, t) => sum + (names.includes(t.name) ? t.bytes : 0), 0);
      expect(bytes).toBeGreaterThan(0);
      expect(energyOf({ ...asked, ...split }).joulesPerToken.scaleUp.low).toBeCloseTo((bytes * 8 * 1.3e-12 * 2) / (64 / 8), 9);
    }
  });

  it("multiplies experts in their format, the rest in its own, and cores, states, scores, routers and heads in BF16", () => {
    const b200 = hardware("b200-sxm");
    const { bf16 = 0, fp8 = 0, fp4 = 0 } = b200.peakFlopsPerSecond;
    const wide = ["attention core", "linear mixer", "indexer", "router", "head"];
    for (const [id, weightFormat, experts, rest] of [
      ["deepseek-v3.2-exp", "nvfp4", fp4, bf16],
      ["qwen3-next-80b-a3b", "fp8", fp8, fp8],
    ] as const) {
      const asked = { model: model(id), hardware: b200, requests: 64, contextTokens: 4096, weightFormat };
      const peak = (name: string) => (wide.includes(name) ? bf16 : name === "experts" ? experts : rest);
      const joules = decodeStep(asked).tasks.reduce((sum, t) => sum + (t.flops * bf16) / peak(t.name), 0) * 0.7e-12;
      expect(energyOf(asked).joulesPerToken.arithmetic.high / (joules / 64), id).toBeCloseTo(1, 9);
    }
  });

  it("names a fact that is missing", () => {
    expect(() => readRates(new Map())).toThrow(/energy.csv: no scaleUp crossings/);
  });
});
