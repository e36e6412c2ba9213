import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Collective, collectiveTime, exchangeWays, ringWays, shotWay } from "../src/collective";
import { hardware } from "../src/hardware";

const h100 = hardware("h100-sxm");
const collectives: readonly Collective[] = ["all-reduce", "all-gather", "reduce-scatter", "all-to-all"];
const ring = {
  fixedSeconds: 5e-6,
  hopSecondsLL: 1e-6,
  efficiencyLL: 0.1,
  setupSecondsLL128: 2e-6,
  hopSecondsLL128: 1e-6,
  efficiencyLL128: 0.5,
  setupSecondsSimple: 2e-5,
  hopSecondsSimple: 2e-6,
  efficiencySimple: 0.8,
  localCopies: 0,
  inNetworkSeconds: 3e-5,
  inNetworkEfficiency: 0.6,
};

describe("time of a collective", () => {
  it("walks a ring of 4 in 3 steps, and twice that for an all-reduce", () => {
    const [gather] = ringWays(ring, "all-gather", 4e6, 4, 450e9, "Hopper");
    const [reduce] = ringWays(ring, "all-reduce", 4e6, 4, 450e9, "Hopper");
    // 5 us + 3 steps of 1 us; 3/4 of 4 MB at a tenth of 450 GB/s.
    expect(gather?.latencySeconds).toBeCloseTo(8e-6, 12);
    expect(gather?.transferSeconds).toBeCloseTo(3e6 / 45e9, 12);
    expect(reduce?.latencySeconds).toBeCloseTo(11e-6, 12);
    expect(reduce?.transferSeconds).toBeCloseTo(6e6 / 45e9, 12);
  });

  it("reduces in the switch from 8 GPUs on, not on Ampere", () => {
    expect(ringWays(ring, "all-reduce", 1e9, 8, 450e9, "Hopper").map((w) => w.algorithm)).toContain("in the switch");
    expect(ringWays(ring, "all-reduce", 1e9, 8, 300e9, "Ampere").map((w) => w.algorithm)).not.toContain("in the switch");
  });

  it("sends (n - 1) / n of the buffer in an all-to-all", () => {
    const c = {
      fixedSeconds: 4e-6,
      doublingSeconds: 1e-6,
      efficiencySmall: 0.1,
      setupSecondsMiddle: 1e-5,
      efficiencyMiddle: 0.5,
      setupSecondsLarge: 2e-5,
      efficiencyLarge: 1,
      localCopies: 0,
    };
    const [small] = exchangeWays(c, 8e6, 8, 450e9);
    expect(small?.latencySeconds).toBeCloseTo(7e-6, 12);
    expect(small?.transferSeconds).toBeCloseTo(7e6 / 45e9, 12);
  });

  it("reads everything in one shot while small, then in two shots, then hands to NCCL", () => {
    const c = {
      oneShotSeconds: 4e-6,
      gpuSeconds: 0,
      oneShotEfficiency: 0.5,
      twoShotSeconds: 8e-6,
      twoShotEfficiency: 0.5,
      largeSeconds: 2e-5,
      largeEfficiency: 0.8,
      largeFromBytes: 1e7,
      switchBytes: 2 ** 21,
    };
    expect(shotWay(c, 2 ** 19 - 1, 4, 450e9).algorithm).toBe("one shot");
    expect(shotWay(c, 2 ** 19, 4, 450e9).algorithm).toBe("two shots");
    expect(shotWay(c, 2 ** 19, 2, 450e9).algorithm).toBe("one shot");
    expect(shotWay(c, 1e7, 2, 450e9).algorithm).toBe("handed to NCCL");
    // One shot of 4 GPUs: 3 times the buffer at half of 450 GB/s.
    expect(shotWay(c, 225e3, 4, 450e9).transferSeconds).toBeCloseTo(3e-6, 12);
  });

  it("costs the host's time when called eagerly and small", () => {
    const ask = (implementation: "vllm" | "vllm-eager") =>
      collectiveTime({ collective: "all-reduce", bytes: 1024, gpus: 8, hardware: h100, implementation }).seconds;
    expect(ask("vllm")).toBeLessThan(6e-6);
    expect(ask("vllm-eager")).toBeGreaterThan(18e-6);
  });

  it("is bound by latency when small and by bandwidth when large", () => {
    for (const collective of collectives) {
      expect(collectiveTime({ collective, bytes: 1024, gpus: 8, hardware: h100 }).bound).toBe("latency");
      expect(collectiveTime({ collective, bytes: 1e9, gpus: 8, hardware: h100 }).bound).toBe("bandwidth");
    }
  });

  it("predicts a machine never fitted from its datasheet: more link, no slower", () => {
    for (const collective of collectives) {
      const [h200, h800] = ["h200-sxm", "h800-sxm"].map(
        (id) => collectiveTime({ collective, bytes: 1e8, gpus: 8, hardware: hardware(id) }).seconds,
      );
      expect(h800).toBeGreaterThan(2 * (h200 ?? 0));
    }
  });

  it("is never below its floor and never faster with more bytes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...collectives),
        fc.constantFrom("a100-sxm", "h100-sxm", "b200-sxm"),
        fc.integer({ min: 2, max: 8 }),
        fc.double({ min: 1, max: 1e9, noNaN: true }),
        (collective, id, gpus, bytes) => {
          const time = collectiveTime({ collective, bytes, gpus, hardware: hardware(id) });
          expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
          expect(collectiveTime({ collective, bytes: bytes * 1.5, gpus, hardware: hardware(id) }).seconds).toBeGreaterThanOrEqual(
            time.seconds,
          );
        },
      ),
    );
  });

  it("refuses what cannot be, naming it", () => {
    const ask =
      (bytes: number, gpus: number, id = "h100-sxm", implementation = "nccl") =>
      () =>
        collectiveTime({ collective: "all-gather", bytes, gpus, hardware: hardware(id), implementation: implementation as "nccl" });
    expect(ask(0, 8)).toThrow(/bytes must be a positive number/);
    expect(ask(Number.NaN, 8)).toThrow(/bytes/);
    expect(ask(8, 1)).toThrow(/gpus must be at least 2/);
    expect(ask(8, 2.5)).toThrow(/gpus must be a positive integer/);
    expect(ask(8, 16)).toThrow(/gpus must be at most the 8 that the link of h100-sxm joins/);
    expect(ask(8, 8, "h100-sxm", "vllm")).toThrow(/implementation must be nccl for all-gather/);
    expect(ask(8, 8, "h100-sxm", "ncll")).toThrow(/unknown implementation "ncll"; nearest: nccl/);
  });
});
