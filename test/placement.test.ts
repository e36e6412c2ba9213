import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulateBalance } from "../src/balance";
import { balanceConditions } from "../src/claims/conditions-balance";
import { balanceGainsFigure } from "../src/figures/balance-gains";
import { imbalanceByTokensFigure } from "../src/figures/imbalance-by-tokens";
import { placementFigure } from "../src/figures/placement";
import { imbalance } from "../src/imbalance";
import { model } from "../src/model";
import { balanceGain, deviceImbalance, deviceLoads, placeExperts, placeInOrder } from "../src/placement";
import { balanceGains, publishedRankBalance } from "../src/published/balance";
import { expertLoad } from "../src/routing";
import { drawPopularity, drawRows } from "../src/skewed-routing";
import { sources } from "../src/sources";
import { expectWhole } from "./figure-cases";

describe("placeExperts", () => {
  it("copies the busiest first and deals the largest first to the emptiest device with a free slot", () => {
    // 8, 4, 2, 2 and two more slots: 8 becomes 4 + 4, then the first of the two 4s a copy: 8/3 three times, 4, 2, 2.
    const placement = placeExperts({ loads: [8, 4, 2, 2], devices: 2, redundant: 2 });
    expect(placement.copies).toEqual([3, 1, 1, 1]);
    // 4 | 8/3, then 8/3 to the second (2.67 < 4), 8/3 to the first (4 < 5.33), 2 to the second, 2 to the first, which has the last slot.
    expect(placement.devices).toEqual([
      [1, 0, 3],
      [0, 0, 2],
    ]);
    const loads = deviceLoads(placement, [8, 4, 2, 2]);
    expect(loads[0]).toBeCloseTo(4 + 8 / 3 + 2, 12);
    expect(loads[1]).toBeCloseTo(8 / 3 + 8 / 3 + 2, 12);
  });

  it("fills every slot, keeps every expert, and spreads what there is and no more", () => {
    const loads = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(loads, fc.integer({ min: 0, max: 6 }), (counts, extra) => {
        const placement = placeExperts({ loads: counts, devices: 4, redundant: 4 * extra });
        expect(placement.devices.map((d) => d.length)).toEqual(new Array(4).fill(2 + extra));
        expect(new Set(placement.devices.flat()).size).toBe(8);
        const total = counts.reduce((a, b) => a + b, 0);
        expect(deviceLoads(placement, counts).reduce((a, b) => a + b, 0)).toBeCloseTo(total, 6);
      }),
    );
  });

  it("is no worse than the order on the loads it was made for, over many skewed routers", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { before } = drawPopularity({ experts: 64, coefficientOfVariation: 1, stability: 1, seed });
      expect(deviceImbalance(placeExperts({ loads: before, devices: 8, redundant: 0 }), before).maximumOverMean).toBeLessThanOrEqual(
        deviceImbalance(placeInOrder(64, 8), before).maximumOverMean,
      );
    }
  });

  it("refuses slots that do not divide, and numbers that cannot be", () => {
    expect(() => placeExperts({ loads: [1, 1, 1], devices: 2, redundant: 0 })).toThrow(
      "experts and redundant slots must divide by devices, got 3 + 0 for 2",
    );
    expect(() => placeExperts({ loads: [1, -1], devices: 2, redundant: 0 })).toThrow("loads[1] must be a number of at least zero, got -1");
    expect(() => placeExperts({ loads: [1, 1], devices: 0, redundant: 0 })).toThrow("devices must be a positive integer, got 0");
    expect(() => placeExperts({ loads: [1, 1], devices: 2, redundant: -2 })).toThrow(
      "redundant must be a whole number of at least zero, got -2",
    );
    expect(() => deviceLoads(placeInOrder(2, 2), [1])).toThrow("loads must hold one load for each of 2 experts, got 1");
    expect(() => placeInOrder(3, 2)).toThrow("experts must divide by devices, got 3 for 2");
  });
});

describe("balanceGain", () => {
  it("is the ratio of busiest over mean, on the share that waits", () => {
    expect(balanceGain(2, 1)).toBe(2);
    // Half waits: 1 / (0.5 + 0.5 / 2).
    expect(balanceGain(2, 1, 0.5)).toBeCloseTo(1 / 0.75, 12);
    expect(() => balanceGain(0.5, 1)).toThrow("before must be at least 1, got 0.5");
    expect(() => balanceGain(2, 1, 2)).toThrow("share must be between 0 and 1, got 2");
  });
});

describe("drawPopularity", () => {
  it("sums to one, has about the variation asked for, and remembers as much as asked", () => {
    const { before, after } = drawPopularity({ experts: 20_000, coefficientOfVariation: 0.5, stability: 1, seed: 3 });
    expect(before.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect(imbalance(before).coefficientOfVariation).toBeCloseTo(0.5, 1);
    expect(after).toEqual(before);
    const moved = drawPopularity({ experts: 20_000, coefficientOfVariation: 0.5, stability: 0, seed: 3 });
    const mean = 1 / 20_000;
    const together = moved.before.reduce((sum, p, i) => sum + (p / mean - 1) * ((moved.after[i] as number) / mean - 1), 0) / 20_000;
    expect(Math.abs(together)).toBeLessThan(0.01);
  });

  it("refuses what cannot be", () => {
    expect(() => drawPopularity({ experts: 8, coefficientOfVariation: 1, stability: 2, seed: 1 })).toThrow(
      "stability must be between 0 and 1, got 2",
    );
    expect(() => drawPopularity({ experts: 8, coefficientOfVariation: 1, stability: 1, seed: 0.5 })).toThrow(
      "seed must be an integer, got 0.5",
    );
  });
});

describe("drawRows", () => {
  it("draws as many rows as asked, by popularity", () => {
    const counts = drawRows([0, 3, 1], 40_000, 5);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(40_000);
    expect(counts[0]).toBe(0);
    expect((counts[1] as number) / 40_000).toBeCloseTo(0.75, 2);
    expect(() => drawRows([0, 0], 1, 1)).toThrow("popularity must hold a share above zero");
  });
});

describe("simulateBalance", () => {
  it("gives a fair router the floor that the formula has", () => {
    const fair = simulateBalance({
      experts: 256,
      devices: 32,
      coefficientOfVariation: 0,
      tokensPerExpert: 128,
      stability: 1,
      redundant: [],
    });
    const floor = expertLoad(4096, { routedExperts: 256, expertsPerToken: 8 });
    expect(fair.experts / (floor.expectedMaximum / floor.mean)).toBeCloseTo(1, 1);
  });

  it("comes within 15 % of what TensorRT-LLM measured for experts, ranks, and ranks with copies", () => {
    const published = publishedRankBalance();
    const model = simulateBalance({
      experts: 256,
      devices: 32,
      coefficientOfVariation: published.coefficientOfVariation,
      tokensPerExpert: 128,
      stability: 1,
      redundant: [32],
    });
    expect(Math.abs(model.experts / published.experts - 1)).toBeLessThan(0.15);
    expect(Math.abs(model.inOrder / published.before - 1)).toBeLessThan(0.15);
    expect(Math.abs((model.placed[0] as number) / published.after - 1)).toBeLessThan(0.15);
  });

  it("loses what a placement gained when popularity changes", () => {
    const at = (stability: number) =>
      simulateBalance({ experts: 64, devices: 8, coefficientOfVariation: 1, tokensPerExpert: 128, stability, redundant: [16] })
        .placed[0] as number;
    expect(at(1)).toBeLessThan(at(0.9));
    expect(at(0.9)).toBeLessThan(at(0));
  });
});

describe("published balance", () => {
  it("is as published, from sources that exist", () => {
    expect(publishedRankBalance()).toEqual({ experts: 11.948, before: 2.564, after: 1.109, coefficientOfVariation: 1.282 });
    expect(balanceGains().find((g) => g.system === "8 MI355X (3)")?.gain).toBeCloseTo(8.68 / 6.48, 12);
    const known = sources().map((s) => s.id);
    for (const { source } of balanceGains()) expect(known).toContain(source);
  });
});

describe("balanceConditions", () => {
  it("finds experts fragmented, not uniform as they come, and even after paying for it", () => {
    expect(balanceConditions(model("deepseek-v3"), 6144).map((c) => c.holds)).toEqual([true, false, false, true, false]);
    expect(balanceConditions(model("mixtral-8x22b"), 6144)[0]?.holds).toBe(false);
  });
});

describe("figures of balance", () => {
  const figures = [
    imbalanceByTokensFigure(),
    placementFigure({ experts: 256, devices: 32, tokensPerExpert: 128, coefficientOfVariation: 1.282 }),
    balanceGainsFigure(),
    placementFigure({ experts: 256, devices: 256, tokensPerExpert: 8, coefficientOfVariation: 1.282 }),
  ];

  it("hold finite numbers, words and at most 60 KB", () => {
    for (const figure of figures) {
      expectWhole(figure, figure.alt);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
    }
  });

  it("draw what the model gives", () => {
    const stable = figures[1]?.data[0] as { y: number[] };
    const q = { experts: 256, devices: 32, tokensPerExpert: 128, coefficientOfVariation: 1.282, stability: 1, redundant: [32] };
    expect(stable.y[1]).toBe(simulateBalance(q).placed[0]);
  });
});
