import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { source } from "../../src/data/sources";
import { expertPlaneFigure } from "../../src/figures/expert-plane";
import { endsOf, layerEndsFigure, shownLayers } from "../../src/figures/layer-ends";
import { sparsityLawsFigure } from "../../src/figures/sparsity-laws";
import { hardware } from "../../src/machine/hardware";
import { isMoe } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { granularity, hides, hidingFlopsPerByte, machineFlopsPerByte, sparsity, widthLines } from "../../src/network/hiding";
import { fusedRates, layerEnds, layerKind, sparsityGains } from "../../src/published/next";
import { sparsitySteps } from "../../src/published/sparsity-steps";

describe("width that hides communication", () => {
  it("is twice the width in FLOPs a byte: 4,096 for 2,048, 4,608 for 2,304, 6,144 for 3,072", () => {
    expect([2048, 2304, 3072].map((width) => hidingFlopsPerByte(width))).toEqual([4096, 4608, 6144]);
    // Two matrices: 4 h d FLOPs over 3 h bytes.
    expect(hidingFlopsPerByte(3000, 2)).toBe(4000);
  });

  it("is what a machine must not exceed: 1,979 TFLOP/s over 50 GB/s is 39,580", () => {
    const [h800, gb200] = [hardware("h800-sxm"), hardware("gb200")];
    expect(machineFlopsPerByte(h800, "network")).toBeCloseTo(39_580, 6);
    expect(machineFlopsPerByte(gb200, "scale-up")).toBeCloseTo(5e15 / 0.9e12, 6);
    expect(hides(model("deepseek-v4-pro"), gb200, "scale-up")).toBe(true);
    expect(hides(model("deepseek-v3"), gb200, "scale-up")).toBe(false);
    expect(machineFlopsPerByte(hardware("a100-sxm"), "scale-up")).toBeUndefined();
    expect(hides(model("llama-3.1-405b"), gb200, "scale-up")).toBeUndefined();
  });

  it("turns into a least width on each machine", () => {
    expect(
      widthLines([
        [hardware("h800-sxm"), "network"],
        [hardware("a100-sxm"), "network"],
      ]).map((l) => l.width),
    ).toEqual([39_580 / 2]);
  });

  it("lies within a tenth above the published ratio of arithmetic and link, above 512 tokens", () => {
    for (const rate of fusedRates().filter((r) => r.tokensPerRank > 512)) {
      const found = rate.flopsPerSecond / rate.linkBytesPerSecond;
      const bound = hidingFlopsPerByte(rate.model.moeIntermediateSize);
      expect(found / bound).toBeGreaterThan(0.9);
      expect(found / bound).toBeLessThan(1);
    }
    // 1,928 TFLOP/s over 499 GB/s at 8,192 tokens.
    const flash = fusedRates().find((r) => r.model.id === "deepseek-v4-flash" && r.tokensPerRank === 8192);
    expect((flash?.flopsPerSecond ?? 0) / (flash?.linkBytesPerSecond ?? 1)).toBeCloseTo(3864, 0);
  });

  it("hides where the machine has just as many FLOPs a byte, and says nothing of a machine without that link or FP8", () => {
    const { networkBytesPerSecond, scaleUpBytesPerSecond, ...linkless } = hardware("gb200");
    const at = (flops: number) => ({ ...linkless, scaleUpBytesPerSecond: 1e9, peakFlopsPerSecond: { fp8: flops } });
    expect(hides(model("deepseek-v3"), at(4096e9), "scale-up")).toBe(true);
    expect(hides(model("deepseek-v3"), at(4097e9), "scale-up")).toBe(false);
    for (const link of ["scale-up", "network"] as const) expect(machineFlopsPerByte(linkless, link), link).toBeUndefined();
    expect(machineFlopsPerByte({ ...at(1), peakFlopsPerSecond: { bf16: 1 } }, "scale-up")).toBeUndefined();
  });

  it("refuses sizes that are none, by name", () => {
    const refused = (field: string, value: number) => new RangeError(`${field} must be a positive integer, got ${value}`);
    for (const bad of [0, -1, 0.5, Number.NaN]) {
      expect(() => hidingFlopsPerByte(bad)).toThrow(refused("moeIntermediateSize", bad));
      expect(() => hidingFlopsPerByte(1, bad)).toThrow(refused("expertMatrices", bad));
      expect(() => granularity({ hiddenSize: bad, moeIntermediateSize: 1 })).toThrow(refused("hiddenSize", bad));
      expect(() => granularity({ hiddenSize: 1, moeIntermediateSize: bad })).toThrow(refused("moeIntermediateSize", bad));
      expect(() => sparsity({ routedExperts: 8, expertsPerToken: bad })).toThrow(refused("expertsPerToken", bad));
    }
  });

  it("grows with the width alone, by as much", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 8 }),
        (width, times) => hidingFlopsPerByte(width * times) === times * hidingFlopsPerByte(width),
      ),
    );
  });
});

describe("laws of shape", () => {
  it("count granularity as 2h/d and sparsity as E/k: V3 7.0 and 32", () => {
    expect(granularity(model("deepseek-v3"))).toBe(7);
    expect(granularity(model("deepseek-v4-pro"))).toBeCloseTo(4.667, 3);
    expect(sparsity(model("deepseek-v3"))).toBe(32);
    expect(sparsity(model("kimi-k3"))).toBe(56);
  });

  it("find no decay in Kimi K2's steps: 1.22, 1.21 and 1.27 a doubling", () => {
    expect(sparsitySteps().map((s) => Number(s.gainPerDoubling.toFixed(2)))).toEqual([1.22, 1.21, 1.27]);
    for (const { source: id } of sparsityGains()) expect(source(id).id).toBe(id);
  });
});

describe("layers at both ends", () => {
  it("are as published: V3 three dense, V4-Pro three by hash, Step-3 four and the last", () => {
    const kinds = (id: string, layers: readonly number[]) => layers.map((layer) => layerKind(model(id), layer));
    expect(kinds("deepseek-v3", [0, 2, 3, 60])).toEqual(["dense", "dense", "learned", "learned"]);
    expect(kinds("deepseek-v4-pro", [0, 2, 3])).toEqual(["hash", "hash", "learned"]);
    expect(kinds("step-3", [3, 4, 59, 60])).toEqual(["dense", "learned", "learned", "dense"]);
    expect(kinds("llama-4-maverick", [0, 1])).toEqual(["dense and learned in turn", "dense and learned in turn"]);
  });

  it("account for every dense layer of every model that does not alternate", () => {
    for (const m of models().filter(isMoe)) {
      const { firstDense, lastDense, alternating } = layerEnds(m);
      if (!alternating) expect(firstDense + lastDense, m.id).toBe(m.denseLayers);
    }
  });

  it("refuse dense models and layers that are not there", () => {
    expect(() => layerEnds(model("llama-3.1-405b"))).toThrow("no experts");
    expect(() => layerKind(model("deepseek-v3"), 61)).toThrow("from 0 to 60");
  });
});

describe("figures of what comes next", () => {
  const figures = [
    expertPlaneFigure(models(), [[hardware("gb200"), "scale-up"]], { "deepseek-v3": ["V3", "left"] }),
    sparsityLawsFigure(models()),
    layerEndsFigure(models(), 100e9),
  ];

  it("hold numbers alone, under 60 KB, with words for who cannot see them", () => {
    for (const figure of figures) {
      expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity|undefined/);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
      expect(figure.alt.length).toBeGreaterThan(40);
    }
  });

  it("draw every read mixture once", () => {
    const drawn = (figures[0]?.data ?? []).flatMap((t) => t.x as readonly number[]);
    expect(drawn).toHaveLength(models().filter((m) => isMoe(m) && m.confidence !== "low").length);
    expect(endsOf(model("deepseek-v3"))).toHaveLength(2 * shownLayers);
  });
});
