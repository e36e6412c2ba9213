import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publishedRankBalance } from "../../src/published/balanced-runs";
import { simulateBalance } from "../../src/routing/balance-simulation";
import { imbalance } from "../../src/routing/imbalance";
import { balanceGain, deviceImbalance, deviceLoads, type Placement, placeExperts, placeInOrder } from "../../src/routing/placement";
import { drawPopularity, drawRows } from "../../src/routing/popularity";
import { expertLoad } from "../../src/routing/uniform";

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

  it("takes experts of the same load in their order", () => {
    const placement = placeExperts({ loads: [1, 2, 2, 1], devices: 2, redundant: 0 });
    expect(placement.devices).toEqual([
      [1, 0],
      [2, 3],
    ]);
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
    expect(() => placeInOrder(0, 2)).toThrow("experts must be a positive integer, got 0");
    expect(() => placeInOrder(2, 0)).toThrow("devices must be a positive integer, got 0");
    expect(() => placeExperts({ loads: [], devices: 2, redundant: 2 })).toThrow("loads must hold at least one load, got none");
  });
});

describe("balanceGain", () => {
  it("is the ratio of busiest over mean, on the share that waits", () => {
    expect(balanceGain(2, 1)).toBe(2);
    // Half waits: 1 / (0.5 + 0.5 / 2).
    expect(balanceGain(2, 1, 0.5)).toBeCloseTo(1 / 0.75, 12);
    expect(() => balanceGain(0.5, 1)).toThrow("before must be at least 1, got 0.5");
    for (const share of [2, -0.5, Number.NaN])
      expect(() => balanceGain(2, 1, share)).toThrow(new RangeError(`share must be between 0 and 1, got ${share}`));
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
    const fair = { experts: 8, coefficientOfVariation: 1, stability: 1, seed: 1 };
    expect(() => drawPopularity({ ...fair, experts: 0 })).toThrow("experts must be a positive integer, got 0");
    expect(() => drawPopularity({ ...fair, coefficientOfVariation: -1 })).toThrow(
      "coefficientOfVariation must be a number of at least zero, got -1",
    );
    expect(() => drawPopularity({ ...fair, stability: -0.5 })).toThrow(new RangeError("stability must be between 0 and 1, got -0.5"));
  });

  it("draws the same shares on every machine", () => {
    const { before, after } = drawPopularity({ experts: 3, coefficientOfVariation: 1, stability: 0.5, seed: 1 });
    expect(before).toEqual([0.17877883213489, 0.716872064319509, 0.104349103545601].map((share) => expect.closeTo(share, 10)));
    expect(after).toEqual([0.51188432710274, 0.117116273762728, 0.370999399134533].map((share) => expect.closeTo(share, 10)));
  });
});

describe("drawRows", () => {
  it("draws as many rows as asked, by popularity", () => {
    const counts = drawRows([0, 3, 1], 40_000, 5);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(40_000);
    expect(counts[0]).toBe(0);
    expect((counts[1] as number) / 40_000).toBeCloseTo(0.75, 2);
    expect(() => drawRows([0, 0], 1, 1)).toThrow("popularity must hold a share above zero");
    expect(() => drawRows([1], 0, 1)).toThrow("rows must be a positive integer, got 0");
    expect(() => drawRows([1, -1], 1, 1)).toThrow("popularity[1] must be a number of at least zero, got -1");
  });

  it("draws the same rows on every machine", () => {
    expect(drawRows([1, 2, 0, 1], 20, 1)).toEqual([6, 8, 0, 6]);
    expect(drawRows([1, 2, 3, 4], 20, -5)).toEqual([2, 5, 2, 11]);
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

  it("is the mean over seeds 1 to 8 of a placement made for the day before and rows of the day after", () => {
    const asked = { experts: 8, devices: 4, coefficientOfVariation: 1, tokensPerExpert: 2, stability: 0.5, redundant: [4] };
    const runs = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
      const { before, after } = drawPopularity({ ...asked, seed });
      const rows = drawRows(after, 16, 1000 + seed);
      const of = (placement: Placement) => deviceImbalance(placement, rows).maximumOverMean;
      return [imbalance(rows).maximumOverMean, of(placeInOrder(8, 4)), of(placeExperts({ loads: before, devices: 4, redundant: 4 }))];
    });
    const means = [0, 1, 2].map((i) => expect.closeTo(runs.reduce((sum, run) => sum + (run[i] as number), 0) / 8, 12));
    expect(simulateBalance(asked)).toEqual({ experts: means[0], inOrder: means[1], placed: [means[2]] });
  });

  it("loses what a placement gained when popularity changes", () => {
    const at = (stability: number) =>
      simulateBalance({ experts: 64, devices: 8, coefficientOfVariation: 1, tokensPerExpert: 128, stability, redundant: [16] })
        .placed[0] as number;
    expect(at(1)).toBeLessThan(at(0.9));
    expect(at(0.9)).toBeLessThan(at(0));
  });
});
