import { describe, expect, it } from "vitest";
import { accessBandwidthFigure } from "../../src/figures/access-bandwidth";
import { accessLadderFigure, accessRungs } from "../../src/figures/access-ladder";
import type { Figure } from "../../src/figures/figure";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { accessSweeps, tmaBounds } from "../../src/published/access-sweeps";
import { shareInRunsUpTo } from "../../src/step/decode-accesses";
import { formatBytes, formatNumber, formatSeconds, formatShare } from "../../src/text/numbers";
import { expectWhole, figures, steps, type Trace, trace, traces, v3, yAt } from "./figure-cases";

describe("access-ladder", () => {
  const figure = figures["access-ladder"]?.() as Figure;
  const rungs = accessRungs(v3, 64, 32_768, 128);
  const rung = (tensor: string) => rungs.find((r) => r.tensor === tensor)?.runBytes;

  it("has the runs of decodeAccesses in BF16, FP8 and FP4, the published sizes and the tile's rows", () => {
    expect(rung("routed expert: up and gate")).toEqual([2, 1 + 4 / 128 ** 2, 0.5 + 1 / 16].map((b) => 2 * 2048 * 7168 * b));
    expect(rung("row of a weight tile, 128 wide")).toEqual([256, 128, 64]);
    expect(rung("weight tile, 128 by 128")).toEqual([32_768, 16_384, 8192]);
    expect(rung("DRAM sector")).toEqual([32, 32, 32]);
    // A latent of 512 and a rotary part of 64, in BF16.
    expect(rung("selected KV rows")).toEqual([1152, 1152, 1152]);
    expect(accessRungs(model("mixtral-8x22b"), 64, 32_768, 8).some((r) => r.tensor === "selected KV rows")).toBe(false);
  });

  it("climbs from the shortest run to the longest, one rung each", () => {
    const inFp8 = rungs.map((r) => r.runBytes[1] as number);
    expect(inFp8).toEqual([...inFp8].sort((a, b) => a - b));
    expect(trace(figure, "FP8").x).toEqual(inFp8);
    expect(trace(figure, "FP8").y).toEqual(rungs.map((_, i) => i));
    expect(new Set(rungs.map((r) => r.tensor)).size).toBe(rungs.length);
  });

  it("reads out the longest run of an expert and all that lies below a page", () => {
    const below = rungs.filter((r) => (r.runBytes[1] as number) < 4096).map((r) => r.tensor);
    for (const words of [figure.caption, figure.alt])
      for (const part of [formatBytes(2 * 2048 * 7168 * (1 + 4 / 128 ** 2)), ...below]) expect(words).toContain(part);
  });

  it("says something of a dense model, which has no expert", () => {
    expectWhole(accessLadderFigure(model("llama-3-70b"), 64, 32_768, 1), "access-ladder dense");
  });
});

describe("run-lengths", () => {
  const figure = figures["run-lengths"]?.() as Figure;

  it("shareInRunsUpTo weighs runs by their bytes: 30 of 100 B lie in runs of up to 64 B", () => {
    const accesses = [
      [64, 30],
      [4096, 50],
      [1e6, 20],
    ].map(([runBytes, bytes]) => ({ tensor: "", run: "", runBytes: runBytes as number, bytes: bytes as number }));
    expect([63, 64, 4096, 1e7].map((length) => shareInRunsUpTo(accesses, length))).toEqual([0, 0.3, 0.8, 1]);
  });

  it("draws for each step the share up to each length, from nothing to all", () => {
    for (const { name, accesses } of steps) {
      const { x, y } = trace(figure, name);
      expect([x[0], y[0], x.at(-1), y.at(-1)]).toEqual([32, 0, 1e10, 100]);
      expect([...y]).toEqual([...y].sort((a, b) => a - b));
      expect([...x]).toEqual([...x].sort((a, b) => a - b));
      for (const i of [1, 3, x.length - 2]) expect(y[i]).toBeCloseTo(100 * shareInRunsUpTo(accesses, x[i] as number), 9);
    }
  });

  it("reads out the shares up to a page, and that only attention which selects moves small runs", () => {
    for (const { name, accesses } of steps)
      for (const words of [figure.caption, figure.alt]) expect(words).toContain(`${name} ${formatShare(shareInRunsUpTo(accesses, 4096))}`);
    expect(shareInRunsUpTo(steps[1]?.accesses ?? [], 64)).toBe(0);
    expect(shareInRunsUpTo(steps[1]?.accesses ?? [], 4096)).toBeLessThan(0.01);
    expect(shareInRunsUpTo(steps[2]?.accesses ?? [], 4096)).toBeGreaterThan(0.05);
  });
});

describe("access-bandwidth", () => {
  const figure = figures["access-bandwidth"]?.() as Figure;

  it("bounds H800's fewest loads by the latency of its smallest: 114 x 1,024 B at 222.8 GB/s are 524 ns", () => {
    const few = accessSweeps()[0];
    expect(few).toMatchObject({ machine: "H800 PCIe", loadsInFlight: 114 });
    expect(few?.latencySeconds).toBeCloseTo((114 * 1024) / 222.8e9, 12);
    const drawn = traces(figure).filter((t) => t.name === "H800 PCIe, bound")[0] as Trace;
    expect(yAt(drawn, 512)).toBeCloseTo((114 * 512) / ((114 * 1024) / 222.8e9), 0); // half of what 1,024 B reach
    expect(yAt(drawn, 65_536)).toBe(few?.bestBytesPerSecond);
  });

  it("draws the bound of rows: 160 x 16 / 45 ns of 32 B, and the machine's rate from 64 B on", () => {
    const rows = trace(figure, "H100 SXM, rows of HBM3");
    expect((yAt(rows, 32) as number) / ((160 * 16 * 32) / 45e-9)).toBeCloseTo(1, 9);
    expect(yAt(rows, 64)).toBe(3.35e12);
    expect(figure.caption).toContain("64 B");
  });

  it("draws every published rate below its bound, exactly on it where the bound was read off", () => {
    for (const p of tmaBounds()) {
      expect(p.measured / p.bound, `${p.machine} ${p.loadsInFlight} x ${p.loadBytes}`).toBeLessThan(1 + 1e-9);
      expect(p.measured / p.bound, `${p.machine} ${p.loadsInFlight} x ${p.loadBytes}`).toBeGreaterThan(0.5);
    }
    expect(tmaBounds().some((p) => p.readOff && Math.abs(p.measured / p.bound - 1) < 1e-9)).toBe(true);
    expect(tmaBounds().filter((p) => !p.readOff).length).toBeGreaterThan(15);
    expect(trace(figure, "H800 PCIe, 114 loads in flight").y).toEqual(
      tmaBounds()
        .filter((p) => p.machine === "H800 PCIe" && p.loadsInFlight === 114)
        .map((p) => p.measured),
    );
  });

  it("draws what rows of 5,120 B reach of H100's rate, and reads it out", () => {
    expect(trace(figure, "H100 row gather").y).toEqual([0.27 * 3.35e12, 0.79 * 3.35e12]);
    for (const part of ["27 %", "79 %", formatSeconds((114 * 1024) / 222.8e9)]) expect(figure.caption).toContain(part);
  });

  it("holds more loads in flight against fewer at one and the same size", () => {
    const [few, many] = accessSweeps();
    const at = (sweep: typeof few) => sweep?.measured.find(({ loadBytes }) => loadBytes === 1024)?.bytesPerSecond as number;
    expect(figure.title).toContain(`${formatNumber(at(many) / at(few))} times the rate at 1,024 B`);
  });

  it("takes the memory of the machine drawn", () => {
    const { caption, data } = accessBandwidthFigure(hardware("b200-sxm"));
    expect(caption).toContain("on the fewest stacks of HBM3E that give its bandwidth (7)");
    expect(data.map((t) => t.name)).toContain("B200 SXM (HGX, DGX), rows of HBM3E");
  });

  it("leaves H100's gathered rows where they were measured when another machine is drawn", () => {
    expect(trace(accessBandwidthFigure(hardware("b200-sxm")), "H100 row gather").y).toEqual([0.27 * 3.35e12, 0.79 * 3.35e12]);
  });
});
