import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { model } from "../../src/model/registry";
import {
  crossingGpus,
  exchangeBytes,
  expertParallelTraffic,
  tensorParallelTraffic,
  widthLimit,
  wireSeconds,
} from "../../src/network/split";

const v3 = model("deepseek-v3");
const shapes = fc.record({ hiddenSize: fc.integer({ min: 1, max: 20000 }), expertsPerToken: fc.integer({ min: 1, max: 64 }) });

describe("what a split layer sends", () => {
  it("counts an all-reduce in BF16 twice, less the GPU's own share", () => {
    const sent = tensorParallelTraffic({ model: v3, tokensPerGpu: 128, gpus: 8 });
    // 1,024 tokens x 7,168 x 2 B = 14,680,064 B; 2 x 7/8 of it; in 14 messages of an eighth.
    expect(sent.bytes).toBe(14_680_064 * 2 * (7 / 8));
    expect(sent.messages).toBe(14);
    expect(sent.messageBytes).toBe(14_680_064 / 8);
  });

  it("counts a copy an expert, FP8 out and BF16 back", () => {
    const sent = expertParallelTraffic({ model: v3, tokensPerGpu: 128, gpus: 8 });
    // 128 x 8 copies, 7/8 leave: 896 x 7,168 x 3 B, in twice 896 messages of 1.5 x 7,168 B on the mean.
    expect(sent.bytes).toBe(896 * 7168 * 3);
    expect(sent.messages).toBe(1792);
    expect(sent.messageBytes).toBe(10_752);
  });

  it("takes the narrower width of latent experts", () => {
    const k3 = model("kimi-k3");
    expect(expertParallelTraffic({ model: k3, tokensPerGpu: 1, gpus: 2 }).bytes).toBe(16 * 0.5 * 3584 * 3);
  });

  it("gives the bound of the ISCA paper: 120.96 us at 50 GB/s and 6.72 us at 900 GB/s", () => {
    const bytes = exchangeBytes(32 * 9, 7000);
    expect(bytes).toBe(3 * 32 * 9 * 7000);
    expect(wireSeconds(bytes, 50e9)).toBeCloseTo(120.96e-6, 12);
    expect(wireSeconds(bytes, 900e9)).toBeCloseTo(6.72e-6, 12);
  });
});

describe("where expert parallelism sends less", () => {
  it("crosses at three quarters of the experts a token", () => {
    expect(crossingGpus(v3)).toBe(6);
    expect(crossingGpus(model("deepseek-v4-pro"))).toBe(4.5);
    // 16 experts at half the width: 3 x 16 x 3,584 / (4 x 7,168) = 6.
    expect(crossingGpus(model("kimi-k3"))).toBe(6);
  });

  it("is where the two send the same, whatever the tokens", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 2, max: 512 }), (shape, tokensPerGpu, gpus) => {
        const difference =
          tensorParallelTraffic({ model: shape, tokensPerGpu, gpus }).bytes -
          expertParallelTraffic({ model: shape, tokensPerGpu, gpus }).bytes;
        const crossing = crossingGpus(shape);
        if (gpus > crossing) expect(difference).toBeGreaterThan(0);
        if (gpus < crossing) expect(difference).toBeLessThan(0);
      }),
    );
  });

  it("sends nothing alone", () => {
    expect(tensorParallelTraffic({ model: v3, tokensPerGpu: 5, gpus: 1 })).toEqual({ bytes: 0, messages: 0, messageBytes: 0 });
    expect(expertParallelTraffic({ model: v3, tokensPerGpu: 5, gpus: 1 })).toEqual({ bytes: 0, messages: 0, messageBytes: 0 });
  });
});

describe("how far an expert can be cut", () => {
  it("leaves a whole block of scales: 16 ways of 2,048, 4 ways of 512", () => {
    expect(widthLimit(2048)).toBe(16);
    expect(widthLimit(512)).toBe(4);
    expect(widthLimit(1408)).toBe(11);
    expect(widthLimit(512, 32)).toBe(16);
  });

  it("refuses counts that are none", () => {
    expect(() => widthLimit(0)).toThrow("moeIntermediateSize");
    const shape = "model must be a model, or a shape with hiddenSize and expertsPerToken, got deepseek-v3";
    expect(() => crossingGpus("deepseek-v3" as never)).toThrow(shape);
    expect(() => tensorParallelTraffic({ model: "deepseek-v3" as never, tokensPerGpu: 1, gpus: 2 })).toThrow(shape);
    expect(() => tensorParallelTraffic({ model: v3, tokensPerGpu: 0, gpus: 2 })).toThrow("tokensPerGpu");
    expect(() => expertParallelTraffic({ model: v3, tokensPerGpu: 1, gpus: 1.5 })).toThrow("gpus");
    expect(() => wireSeconds(1, 0)).toThrow("bytesPerSecond");
    expect(() => wireSeconds(-1, 1)).toThrow("bytes must be a number of at least zero, got -1");
    expect(() => exchangeBytes(-1, 1)).toThrow("copies must be a number of at least zero, got -1");
    expect(() => exchangeBytes(1, 0)).toThrow("hiddenSize must be a positive number, got 0");
    expect(() => widthLimit(128, 0)).toThrow("block must be a positive integer, got 0");
    for (const field of ["hiddenSize", "expertsPerToken"]) {
      const shape = { ...v3, [field]: 0 };
      expect(() => crossingGpus(shape)).toThrow(`${field} must be a positive integer, got 0`);
      expect(() => tensorParallelTraffic({ model: shape, tokensPerGpu: 1, gpus: 2 })).toThrow(`${field} must be a positive integer, got 0`);
    }
  });
});
