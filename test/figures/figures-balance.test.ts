import { describe, expect, it } from "vitest";
import { sources } from "../../src/data/sources";
import { balanceGainsFigure } from "../../src/figures/balance-gains";
import { imbalanceByTokensFigure } from "../../src/figures/imbalance-by-tokens";
import { placementFigure } from "../../src/figures/placement-loads";
import { balanceGains, publishedRankBalance } from "../../src/published/balanced-runs";
import { simulateBalance } from "../../src/routing/balance-simulation";
import { expectWhole } from "./figure-cases";

describe("published balance", () => {
  it("is as published, from sources that exist", () => {
    expect(publishedRankBalance()).toEqual({ experts: 11.948, before: 2.564, after: 1.109, coefficientOfVariation: 1.282 });
    expect(balanceGains().find((g) => g.system === "8 MI355X (3)")?.gain).toBeCloseTo(8.68 / 6.48, 12);
    const known = sources().map((s) => s.id);
    for (const { source } of balanceGains()) expect(known).toContain(source);
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

  it("keep the measured copies on the axis where a model has fewer experts, and a count whole", () => {
    const few = placementFigure({ experts: 8, devices: 8, tokensPerExpert: 1536, coefficientOfVariation: 1.282 });
    const [from, to] = (few.layout.xaxis as { range: readonly [number, number] }).range;
    const { x } = few.data.find(({ name }) => name === "measured") as unknown as { x: readonly number[] };
    for (const at of x) expect(at > from && at < to).toBe(true);
    expect(few.setting).toBe("8 experts on 8 GPUs, 1,536 tokens per expert.");
  });

  it("draw what the model gives", () => {
    const stable = figures[1]?.data[0] as { y: number[] };
    const q = { experts: 256, devices: 32, tokensPerExpert: 128, coefficientOfVariation: 1.282, stability: 1, redundant: [32] };
    expect(stable.y[1]).toBe(simulateBalance(q).placed[0]);
  });
});
