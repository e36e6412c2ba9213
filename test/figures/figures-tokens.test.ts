import { describe, expect, it } from "vitest";
import type { Figure } from "../../src/figures/figure";
import { articleDate, releasesFigure } from "../../src/figures/releases";
import { tokensPerExpertFigure } from "../../src/figures/tokens-per-expert";
import { isMoe } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { releases } from "../../src/model/release-sizes";
import { deployments } from "../../src/published/tables";
import { expertLoad, simulateUniformRouting } from "../../src/routing/uniform";
import { formatNumber, formatShare } from "../../src/text/numbers";
import { exactBinomial } from "../binomial";
import { compared, expectWhole, figures, kimi, trace, traces, yAt } from "./figure-cases";

describe("tokens-per-expert", () => {
  const figure = figures["tokens-per-expert"]?.() as Figure;

  it("draws tokens x experts a token / experts, and the diagonal for a dense model", () => {
    expect(yAt(trace(figure, "Kimi-K2"), 65_536)).toBeCloseTo((65_536 * 8) / 384, 9);
    expect(yAt(trace(figure, "Kimi-K2"), 64)).toBeCloseTo((64 * 8) / 384, 9);
    expect(yAt(trace(figure, "Mixtral-8x22B"), 4096)).toBe((4096 * 2) / 8);
    expect(trace(figure, "Llama-3.1-405B").y).toEqual(trace(figure, "Llama-3.1-405B").x);
  });

  it("marks the tokens asked for and the published deployments", () => {
    expect(trace(figure, "6,144 tokens").y).toEqual([6144, (6144 * 2) / 8, 192, 128, (6144 * 6) / 384]);
    expect([trace(figure, "decode").x, trace(figure, "decode").y]).toEqual([
      [1024, 8192, 4096],
      [32, 256, 64],
    ]);
    expect([...trace(figure, "prefill").y, ...trace(figure, "training").y]).toEqual([16_384, 8192]);
    expect(["decode", "prefill", "training"].reduce((n, regime) => n + trace(figure, regime).x.length, 0)).toBe(deployments().length);
  });

  it("reads its numbers out: 128 and 192, decode from 32 to 256, the rest from 8,192 to 16,384", () => {
    for (const words of [figure.caption, figure.alt]) {
      for (const part of ["Kimi-K2 128", "DeepSeek-V3 192", "32 to 256", "8,192 to 16,384"]) expect(words).toContain(part);
    }
    expect(tokensPerExpertFigure(compared, 3072).caption).toContain("Kimi-K2 64");
  });

  it("says how many settings are drawn of each regime", () => {
    const drawn = (regime: string) => deployments().filter((d) => d.regime === regime).length;
    const words = `Of decode ${drawn("decode")} published settings are drawn`;
    for (const said of [figure.caption, figure.alt]) {
      expect(said).toContain(words);
      expect(said).toContain(`of prefill ${drawn("prefill")} and of training ${drawn("training")}`);
    }
  });
});

describe("releases", () => {
  const figure = figures.releases?.() as Figure;
  const panel = (yaxis: string) => traces(figure).filter((t) => t.yaxis === yaxis);

  it("draws every model of the registry once in each panel, at its day", () => {
    for (const yaxis of ["y", "y2"])
      expect(
        panel(yaxis)
          .flatMap((t) => t.text ?? [])
          .sort(),
      ).toEqual(
        models()
          .map((m) => m.name)
          .sort(),
      );
    const at = (yaxis: string, name: string) =>
      panel(yaxis).flatMap((t) => (t.text?.includes(name) ? [[t.x[t.text.indexOf(name)], t.y[t.text.indexOf(name)]]] : []));
    expect(at("y", "DeepSeek-V3")).toEqual([["2024-12-26", 192]]);
    expect(at("y2", "DeepSeek-V3")).toEqual([["2024-12-26", 3 * 7168 * 2048]]);
    expect(at("y2", "Llama-3.1-405B")).toEqual([["2024-07-23", 3 * 16_384 * 53_248]]);
  });

  it("sets a name off its mark by pixels in each panel, or above and below by as many", () => {
    const offsets = (named: Parameters<typeof releasesFigure>[2]) =>
      (releasesFigure(models(), 6144, named).layout.annotations as readonly { text: string; ax?: number; ay?: number }[])
        .filter(({ text }) => text === "DeepSeek-V3")
        .map(({ ax, ay }) => [ax, ay]);
    expect(offsets({ "DeepSeek-V3": [-70, 40, -50, 31] })).toEqual([
      [-70, 40],
      [-50, 31],
    ]);
    expect(offsets({ "DeepSeek-V3": ["below", "above"] })).toEqual([
      [0, 30],
      [0, -30],
    ]);
  });

  it("counts after the article the mixtures at 64 to 256 tokens per expert, and says the share", () => {
    const after = models().filter((m) => isMoe(m) && m.released > articleDate);
    const inside = after.filter(
      (m) => (6144 * m.expertsPerToken) / m.routedExperts >= 64 && (6144 * m.expertsPerToken) / m.routedExperts <= 256,
    );
    for (const words of [figure.caption, figure.alt])
      expect(words).toContain(`${formatShare(inside.length / after.length)} of the ${after.length} `);
    const sizes = after.map((m) => m.expertMatrices * m.expertHiddenSize * m.moeIntermediateSize).sort((a, b) => a - b);
    const median = ((sizes[Math.floor((sizes.length - 1) / 2)] as number) + (sizes[Math.ceil((sizes.length - 1) / 2)] as number)) / 2;
    expect(figure.alt).toContain(`${formatNumber(median / 1e6)} million`);
  });

  it("releases gives all tokens to a dense model, and tells unverified dimensions", () => {
    expect(releases([model("llama-3.1-405b"), kimi, model("grok-2")], 6144)).toMatchObject([
      { tokensPerExpert: 6144, dense: true, unverified: false },
      { tokensPerExpert: 128, parametersPerExpert: 3 * 7168 * 2048, dense: false, unverified: false },
      { dense: false, unverified: true },
    ]);
  });

  it("says something of models that all came before the article", () => {
    expectWhole(
      releasesFigure(
        models().filter((m) => m.released < articleDate),
        6144,
      ),
      "releases before",
    );
  });
});

describe("expert-load", () => {
  const figure = figures["expert-load"]?.() as Figure;

  it("draws published and simulated loads, busiest first, in multiples of the mean", () => {
    expect(trace(figure, "Qwen3").y[0]).toBeCloseTo(1140 / 390, 12);
    const simulated = [...simulateUniformRouting(6144, kimi, 1)].sort((a, b) => b - a).map((n) => n / 128);
    expect(trace(figure, "simulated").y).toEqual(simulated);
    expect(trace(figure, "simulated").x[0]).toBeCloseTo((100 * 0.5) / 384, 12);
  });

  it("draws the share of experts that a load exceeds by the binomial", () => {
    const { x, y } = trace(figure, "uniform router, formula");
    for (const tokens of [100, 128, 150]) {
      const below = Array.from({ length: tokens }, (_, k) => exactBinomial(k, 6144, 1, 48)).reduce((sum, p) => sum + p, 0);
      const share = 1 - below - exactBinomial(tokens, 6144, 1, 48) / 2; // half of those at the load itself
      expect(x[y.findIndex((load) => Math.abs(load - tokens / 128) < 1e-9)]).toBeCloseTo(100 * share, 6);
    }
  });

  it("reads out what chance and what was seen amount to", () => {
    const { expectedMaximum, standardDeviation } = expertLoad(6144, kimi);
    for (const part of [formatNumber(expectedMaximum / 128), formatShare(standardDeviation / 128), formatNumber(1140 / 390)])
      expect(figure.caption).toContain(part);
    for (const part of [formatNumber(expectedMaximum / 128), "384 experts", formatNumber(1140 / 390)]) expect(figure.alt).toContain(part);
  });
});
