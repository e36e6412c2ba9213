import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { type CollectiveTables, collectiveTime, linkGeneration, scaleUpBytesPerSecond } from "../../src/network/collective";
import { type Collective, eagerWay, exchangeWays, ringWays, shotWay } from "../../src/network/collective-ways";

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

  it("waits less and wastes more with LL128, and waits most and wastes least with Simple; a local copy counts as a step of bytes", () => {
    const ways = ringWays({ ...ring, localCopies: 1 }, "all-gather", 4e6, 4, 450e9, "Hopper");
    expect(ways.map((w) => w.algorithm)).toEqual(["ring, LL", "ring, LL128", "ring, Simple"]);
    // 5 us + 2 us + 3 steps of 1 us, and 5 us + 20 us + 3 steps of 2 us; 3 steps and a copy of 1 MB each.
    expect(ways.map((w) => w.latencySeconds * 1e6)).toEqual([8, 10, 31].map((us) => expect.closeTo(us, 9)));
    expect(ways.map((w) => w.transferSeconds)).toEqual([0.1, 0.5, 0.8].map((e) => expect.closeTo(4e6 / (450e9 * e), 12)));
  });

  it("sends 9/8 of the buffer when the switch of 8 GPUs reduces, after a wait of its own", () => {
    const inSwitch = ringWays(ring, "all-reduce", 8e6, 8, 450e9, "Hopper")[3];
    expect(inSwitch?.latencySeconds).toBeCloseTo(35e-6, 12);
    expect(inSwitch?.transferSeconds).toBeCloseTo(9e6 / (450e9 * 0.6), 12);
    expect(ringWays(ring, "all-reduce", 8e6, 7, 450e9, "Hopper")).toHaveLength(3);
    expect(ringWays(ring, "all-gather", 8e6, 8, 450e9, "Hopper")).toHaveLength(3);
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
      efficiencyLarge: 0.8,
      localCopies: 0,
    };
    const [small] = exchangeWays(c, 8e6, 8, 450e9);
    expect(small?.latencySeconds).toBeCloseTo(7e-6, 12);
    expect(small?.transferSeconds).toBeCloseTo(7e6 / 45e9, 12);
    // Three doublings of 1 us; middle and large set up for 10 and 20 us more; a copy of a GPU's own eighth where there is one.
    const ways = exchangeWays({ ...c, localCopies: 1 }, 8e6, 8, 450e9);
    expect(ways.map((w) => w.algorithm.split(", ")[1])).toEqual(["small", "middle", "large"]);
    expect(ways.map((w) => w.latencySeconds * 1e6)).toEqual([7, 17, 27].map((us) => expect.closeTo(us, 9)));
    expect(ways.map((w) => w.transferSeconds)).toEqual([0.1, 0.5, 0.8].map((e) => expect.closeTo(8e6 / (450e9 * e), 12)));
    expect(exchangeWays(c, 8e6, 2, 450e9)[0]?.latencySeconds).toBeCloseTo(5e-6, 12);
  });

  it("takes the faster of one and two shots where no size is prescribed, with a cost for each GPU above two", () => {
    const c = {
      oneShotSeconds: 4e-6,
      gpuSeconds: 1e-6,
      oneShotEfficiency: 0.5,
      twoShotSeconds: 8e-6,
      twoShotEfficiency: 0.25,
      largeSeconds: 2e-5,
      largeEfficiency: 0.8,
      largeFromBytes: 1e9,
      switchBytes: 0,
    };
    // 4 GPUs: 4 + 2 us and 3 buffers at 225 GB/s, against 8 + 2 us and 1.5 buffers at 112.5 GB/s: as many bytes a second.
    expect(shotWay(c, 225e3, 4, 450e9)).toEqual({
      algorithm: "one shot",
      latencySeconds: expect.closeTo(6e-6, 12),
      transferSeconds: expect.closeTo(3e-6, 12),
    });
    expect(shotWay({ ...c, twoShotEfficiency: 0.8 }, 225e6, 4, 450e9)).toEqual({
      algorithm: "two shots",
      latencySeconds: expect.closeTo(10e-6, 12),
      transferSeconds: expect.closeTo((1.5 * 225e6) / 360e9, 12),
    });
    // Handed over: 1.5 buffers at 360 GB/s and a start of 20 us.
    expect(shotWay({ ...c, largeFromBytes: 225e3 }, 225e3, 4, 450e9)).toEqual({
      algorithm: "handed to NCCL",
      latencySeconds: 2e-5,
      transferSeconds: expect.closeTo((1.5 * 225e3) / 360e9, 15),
    });
  });

  it("called by the host takes at least the host's time, and copies into a buffer as often as it does", () => {
    const shot = { algorithm: "one shot", latencySeconds: 4e-6, transferSeconds: 2e-6 };
    // Two passes of 3.35 MB over 3.35 TB/s are 2 us more on the way; 20 us of the host less these 4 are left to wait.
    expect(eagerWay({ hostSeconds: 2e-5, copyPasses: 2 }, shot, 3.35e6, 3.35e12)).toEqual({
      algorithm: "one shot, called by the host",
      latencySeconds: expect.closeTo(16e-6, 12),
      transferSeconds: expect.closeTo(4e-6, 12),
    });
    expect(eagerWay({ hostSeconds: 1e-6, copyPasses: 0 }, shot, 3.35e6, 3.35e12).latencySeconds).toBe(4e-6);
  });

  it("chooses the fastest protocol and adds it up; its floor is what must leave a GPU, or half of it where a switch can reduce", () => {
    const tables: CollectiveTables = {
      ring: new Map([["nccl ring Hopper", ring]]),
      exchange: new Map(),
      shot: new Map(),
      eager: new Map(),
    };
    const ask = (collective: Collective, bytes: number, gpus: number) =>
      collectiveTime({ collective, bytes, gpus, hardware: h100 }, tables);
    const small = ask("all-gather", 400, 4);
    expect(small).toMatchObject({ algorithm: "ring, LL", bound: "latency", wireBytes: 300 });
    expect(small.seconds).toBeCloseTo(8e-6 + 300 / 45e9, 15);
    expect(small.floorSeconds).toBeCloseTo(300 / 450e9, 18);
    const large = ask("reduce-scatter", 4e9, 4);
    expect(large).toMatchObject({ algorithm: "ring, Simple", bound: "bandwidth" });
    expect(large.seconds).toBeCloseTo(31e-6 + 3e9 / 360e9, 12);
    expect(ask("all-reduce", 4e6, 4)).toMatchObject({ wireBytes: 6e6, floorSeconds: 3e6 / 450e9 });
    expect(ask("all-reduce", 3e6, 3).floorSeconds).toBe(4e6 / 450e9);
    expect(ask("all-gather", 3e6, 3).floorSeconds).toBe(2e6 / 450e9);
    const free = { ...ring, fixedSeconds: 0, hopSecondsLL: 0, efficiencyLL: 100 };
    const impossible = collectiveTime(
      { collective: "all-gather", bytes: 4e6, gpus: 4, hardware: h100 },
      { ...tables, ring: new Map([["nccl ring Hopper", free]]) },
    );
    expect(impossible.seconds).toBe(impossible.floorSeconds);
    const even = {
      ...ring,
      fixedSeconds: 0,
      setupSecondsSimple: 1,
      hopSecondsSimple: 0,
      efficiencySimple: 1,
      hopSecondsLL: 9,
      hopSecondsLL128: 9,
    };
    // A second to set up and a second of bytes: of two as long the latency is named.
    const both = collectiveTime(
      { collective: "all-gather", bytes: 600e9, gpus: 4, hardware: h100 },
      { ...tables, ring: new Map([["nccl ring Hopper", even]]) },
    );
    expect(both).toMatchObject({ algorithm: "ring, Simple", seconds: 2, bound: "latency" });
  });

  it("takes the link of the generation it knows: later machines Blackwell's, others Hopper's", () => {
    expect(["Ampere", "Hopper", "Blackwell", "Blackwell Ultra", "Rubin", "CDNA3", "Gaudi"].map(linkGeneration)).toEqual([
      "Ampere",
      "Hopper",
      "Blackwell",
      "Blackwell",
      "Blackwell",
      "Hopper",
      "Hopper",
    ]);
    expect(scaleUpBytesPerSecond(h100)).toBe(450e9);
    const { scaleUpBytesPerSecond: link, ...linkless } = h100;
    expect(() => scaleUpBytesPerSecond(linkless)).toThrow(new RangeError("h100-sxm has no scaleUpBytesPerSecond"));
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
    // Beyond eight GPUs no rule was measured: a byte more is never faster.
    const at = (bytes: number) => {
      const { latencySeconds, transferSeconds } = shotWay(c, bytes, 16, 450e9);
      return latencySeconds + transferSeconds;
    };
    for (const edge of [2 ** 21 / 16, c.largeFromBytes]) expect(at(edge)).toBeGreaterThanOrEqual(at(edge - 1));
    // The rule of eight GPUs still holds: two shots from 2^18 bytes on, NCCL from 1e7 on, whichever is faster; of nine the fastest is taken.
    const slow = { ...c, twoShotSeconds: 1, largeSeconds: 2 };
    expect([2 ** 18 - 1, 2 ** 18, 1e7].map((bytes) => shotWay(slow, bytes, 8, 450e9).algorithm)).toEqual([
      "one shot",
      "two shots",
      "handed to NCCL",
    ]);
    expect([2 ** 18, 1e7].map((bytes) => shotWay(slow, bytes, 9, 450e9).algorithm)).toEqual(["one shot", "one shot"]);
    expect(shotWay(c, 2 ** 22, 2, 450e9).algorithm).toBe("one shot");
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

  it("has on a what-if machine a latency so many times as long, in every way, and takes another way where that is then the faster", () => {
    const tables: CollectiveTables = {
      ring: new Map([["nccl ring Hopper", ring]]),
      exchange: new Map(),
      shot: new Map(),
      eager: new Map(),
    };
    const ask = (bytes: number, times: number) => {
      const machine = whatIfHardware(h100, { "times.messageLatency": { times } });
      return collectiveTime({ collective: "all-gather", bytes, gpus: 4, hardware: machine }, tables);
    };
    // 5 us and 3 hops of 1 us, of which a quarter and three times.
    expect(ask(400, 0.25).latencySeconds).toBeCloseTo(2e-6, 15);
    expect(ask(400, 3).seconds).toBeCloseTo(24e-6 + 300 / 45e9, 15);
    // 2.7 MB: 10 us and 12 us with LL128; a tenth of 31 us and 7.5 us with Simple, against 1 us and 12 us.
    expect(ask(3.6e6, 1).algorithm).toBe("ring, LL128");
    expect(ask(3.6e6, 0.1)).toMatchObject({ algorithm: "ring, Simple", latencySeconds: expect.closeTo(3.1e-6, 15) });
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
    expect(ask(8, 1)).toThrow(new RangeError("gpus must be at least 2, got 1"));
    expect(ask(8, 16)).toThrow(new RangeError("gpus must be at most the 8 that the link of h100-sxm joins, got 16"));
    expect(ask(8, 8)).not.toThrow();
    const { scaleUpDomain, ...open } = h100;
    expect(() => collectiveTime({ collective: "all-gather", bytes: 8, gpus: 999, hardware: open })).not.toThrow();
    expect(ask(8, 8, "h100-sxm", "vllm")).toThrow(new RangeError('implementation must be nccl for all-gather, got "vllm"'));
    expect(() => collectiveTime({ collective: "all" as never, bytes: 8, gpus: 8, hardware: h100 })).toThrow(/^collective must be one of /);
    expect(ask(8, 8, "h100-sxm", "trtlm")).toThrow(/^unknown implementation "trtlm"; nearest: trtllm, \S+, \S+$/);
    const none: CollectiveTables = {
      ring: new Map([
        ["a", ring],
        ["b", ring],
      ]),
      exchange: new Map(),
      shot: new Map(),
      eager: new Map(),
    };
    expect(() => collectiveTime({ collective: "all-gather", bytes: 8, gpus: 8, hardware: h100 }, none)).toThrow(
      new RangeError("no constants for nccl ring Hopper; there are: a, b"),
    );
    const missing = (collective: Collective, implementation: "nccl" | "vllm" | "vllm-eager") => () =>
      collectiveTime({ collective, bytes: 8, gpus: 8, hardware: h100, implementation }, none);
    expect(missing("all-to-all", "nccl")).toThrow("no constants for nccl all-to-all Hopper");
    expect(missing("all-reduce", "vllm")).toThrow("no constants for vllm all-reduce Hopper");
    expect(missing("all-reduce", "vllm-eager")).toThrow("no constants for vllm all-reduce Hopper");
    expect(ask(8, 8, "h100-sxm", "ncll")).toThrow(/unknown implementation "ncll"; nearest: nccl/);
  });
});
