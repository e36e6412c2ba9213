import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ExchangeTables, expertExchangeTime, messageBytes, senders } from "../src/dispatch";
import { number, readRows, text } from "../src/facts";
import { hardware } from "../src/hardware";
import { model } from "../src/model";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");
const tables: ExchangeTables = {
  scaleUp: new Map([
    [
      "deepep-low-latency dispatch Hopper",
      { fixedSeconds: 1e-5, secondsPerExpert: 1e-8, secondsPerMessage: 1e-9, efficiency: 0.5, secondsPerToken: 1e-12, overlapExponent: 1 },
    ],
  ]),
  network: new Map([
    [
      "deepep-low-latency network Hopper",
      {
        dispatchSeconds: 2e-5,
        dispatchDoublingSeconds: 2e-6,
        combineSeconds: 0,
        combineDoublingSeconds: 0,
        efficiency: 1,
        secondsPerMessage: 0,
      },
    ],
  ]),
  copy: new Map(),
};

describe("time of an expert all-to-all", () => {
  it("counts the bytes of a message: FP8, a scale every 128, a header; BF16 on the way back", () => {
    expect(messageBytes("dispatch", 7168)).toBe(7168 + 56 * 4 + 16);
    expect(messageBytes("combine", 7168)).toBe(14336);
    expect(messageBytes("dispatch", 7168, "bfloat16")).toBe(14336 + 16);
  });

  it("deals experts to processors in equal groups", () => {
    expect([8, 128, 160, 256, 288, 384].map((experts) => senders(experts, 132))).toEqual([8, 128, 80, 128, 96, 128]);
  });

  it("adds latency, messages and bytes inside a node", () => {
    const time = expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 8 }, tables);
    // 128 tokens x 8 experts x 7/8 on other GPUs = 896 messages of 7,408 B over half of 200 GB/s.
    expect(time.messages).toBe(896);
    expect(time.seconds).toBeCloseTo(1e-5 + 256e-8 + 896e-9 + (896 * 7408) / 100e9, 12);
    expect(time.floorSeconds).toBeCloseTo((896 * 7408) / 200e9, 12);
  });

  it("takes the slower link across nodes", () => {
    const time = expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 16 }, tables);
    // Half of the 1,024 messages go to the other node at 50 GB/s; 7/16 stay inside at 100 GB/s. One doubling of nodes.
    expect(time.seconds).toBeCloseTo(2.2e-5 + (512 * 7408) / 50e9, 12);
    expect(time.bound).toBe("network");
  });

  it("costs nothing on one GPU", () => {
    expect(expertExchangeTime({ direction: "combine", model: v3, hardware: h800, tokens: 128, expertParallel: 1 }).seconds).toBe(0);
  });

  it("predicts DeepEP's own H800 table, on which nothing was fitted, within a quarter", () => {
    const rows = readRows("measurements/deepep-h800.csv").filter((r) => text(r, "link").startsWith("NVLink"));
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      for (const direction of ["dispatch", "combine"] as const) {
        const { seconds } = expertExchangeTime({
          direction,
          model: v3,
          hardware: h800,
          tokens: number(row, "tokens"),
          expertParallel: number(row, "expertParallel"),
        });
        const measured = number(row, `${direction}Us`) * 1e-6;
        expect(Math.abs(seconds / measured - 1), `${direction} at ${text(row, "expertParallel")}`).toBeLessThan(0.25);
      }
    }
  });

  it("is never below its floor and never faster with more tokens", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("dispatch", "combine"),
        fc.integer({ min: 1, max: 4096 }),
        fc.constantFrom(2, 8, 16, 64, 144),
        fc.constantFrom("h100-sxm", "h800-sxm", "b200-sxm", "gb200"),
        (direction, tokens, expertParallel, id) => {
          const at = (t: number) =>
            expertExchangeTime({ direction: direction as "dispatch", model: v3, hardware: hardware(id), tokens: t, expertParallel });
          expect(at(tokens).seconds).toBeGreaterThanOrEqual(at(tokens).floorSeconds);
          expect(at(tokens + 1).seconds).toBeGreaterThanOrEqual(at(tokens).seconds);
        },
      ),
    );
  });

  it("sends one copy a rank in TensorRT-LLM's all-to-all, and FP4 less than BF16", () => {
    const ask = (weightFormat: string) =>
      expertExchangeTime({
        direction: "dispatch",
        model: v3,
        hardware: hardware("gb200"),
        tokens: 64,
        expertParallel: 4,
        implementation: "trtllm-two-sided",
        weightFormat,
      });
    // 4 ranks hold the 8 experts of a token; 3 of 4 are other GPUs.
    expect(ask("bfloat16").messages).toBe(64 * 4 * (3 / 4));
    expect(ask("nvfp4").seconds).toBeLessThan(ask("bfloat16").seconds);
  });

  it("refuses what cannot be, naming it", () => {
    const ask = (change: object) => () =>
      expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 1, expertParallel: 8, ...change });
    expect(ask({ tokens: 0 })).toThrow(/tokens must be a positive integer/);
    expect(ask({ expertParallel: 512 })).toThrow(/expertParallel must be at most routedExperts, got 512 for 256 experts/);
    expect(ask({ implementation: "deepep" })).toThrow(/nearest: deepep-low-latency/);
    expect(ask({ implementation: "trtllm-one-sided", expertParallel: 16 })).toThrow(/at most the 8/);
  });
});
