import { describe, expect, it } from "vitest";
import { exchangeInitiatorsFigure, proxyPenalty, startedDispatches } from "../../src/figures/exchange-initiators";
import { exchangeProcessorsFigure, processorRows } from "../../src/figures/exchange-processors";
import { transferSizesFigure } from "../../src/figures/transfer-sizes";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { computeGivenBack, processorShare } from "../../src/network/processor-tax";
import { hostCrossings, hostPaths, hostPoints } from "../../src/published/host-paths";
import { exchangesByProcessors } from "../../src/published/transfers";

describe("processors that communication takes", () => {
  it("are 15.2 % of 132 when 20, and give 1.13 times the arithmetic back at 5", () => {
    expect(processorShare(20, 132)).toBeCloseTo(0.1515, 4);
    expect(processorShare(4, 132)).toBeCloseTo(0.0303, 4);
    // (132 - 5) / (132 - 20) = 127 / 112.
    expect(computeGivenBack(20, 5, 132)).toBeCloseTo(127 / 112, 12);
  });

  it("cannot be more than there are", () => {
    expect(() => processorShare(133, 132)).toThrow("at most the 132");
    expect(() => processorShare(-1, 132)).toThrow("taken must be a number of at least zero, got -1");
    expect(() => processorShare(1, 0)).toThrow("processors must be a positive integer, got 0");
    expect(() => computeGivenBack(132, 0, 132)).toThrow("must leave a processor");
  });

  it("are published with 11.3 GB/s each at 64 and 26.8 at 24 for DeepEP V2", () => {
    const each = exchangesByProcessors()
      .filter((e) => e.version === "DeepEP V2" && e.link === "NVLink")
      .map((e) => e.dispatchBytesPerSecond / e.processors / 1e9);
    expect(each).toEqual([expect.closeTo(11.3, 1), expect.closeTo(26.8, 1)]);
    expect(processorRows("NVLink").every((e) => e.expertParallel === 8)).toBe(true);
  });
});

describe("host and GPU over PCIe", () => {
  it("cross where the measurement does: loads between 2 and 4 KiB, stores beyond 256 KiB", () => {
    const { storeBytes, loadBytes } = hostCrossings();
    expect(loadBytes).toBeGreaterThan(2048);
    expect(loadBytes).toBeLessThan(4096);
    expect(storeBytes).toBeGreaterThan(262_144);
  });

  it("start in 7.5 us by a call and in 0.1 us by a store", () => {
    expect(hostPaths().map((p) => Number((p.secondsPerMessage * 1e6).toFixed(2)))).toEqual([0.1, 0.77, 7.52, 7.74]);
  });

  it("lie within 30 % of the two ends, from 64 B on", () => {
    for (const p of hostPoints().filter((x) => x.bytes >= 64)) expect(Math.abs(p.error), `${p.path} ${p.bytes}`).toBeLessThan(0.3);
  });
});

describe("who starts an exchange", () => {
  it("costs 6.6 times at 128 GPUs and 128 tokens, 3.9 times at one token", () => {
    expect(proxyPenalty(128, 128)).toBeCloseTo(2038.5 / 307.7, 6);
    expect(proxyPenalty(1, 128)).toBeCloseTo(488.4 / 125.9, 6);
    expect(() => proxyPenalty(128, 8)).toThrow("no dispatch of 128 tokens over 8");
    expect(startedDispatches(128).every((e) => e.direction !== "combine")).toBe(true);
  });
});

describe("figures of movers", () => {
  it("hold numbers alone, under 60 KB, with words for who cannot see them", () => {
    for (const figure of [
      transferSizesFigure(),
      exchangeInitiatorsFigure(model("deepseek-v3"), hardware("h100-sxm")),
      exchangeProcessorsFigure(),
    ]) {
      expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity|undefined/);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
      expect(figure.alt.length).toBeGreaterThan(40);
    }
  });
});
