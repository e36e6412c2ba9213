import { describe, expect, it } from "vitest";
import { type Hardware, machines } from "../../src/machine/hardware";
import { model } from "../../src/model/model";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";

const notCounts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY];

describe("a decode step of what cannot be", () => {
  it("names the dimension or rate that cannot be", () => {
    const v3 = { model: model("deepseek-v3"), hardware: machines().find((m) => m.id === "h800-sxm") as Hardware };
    const ask = (change: Partial<Record<"model" | "hardware", object>>) => () =>
      decodeStep({ ...v3, requestsPerGpu: 8, contextTokens: 100, expertParallel: 8, ...change } as DecodeStepQuestion);
    expect(ask({})).not.toThrow();
    const counts = [
      "layers",
      "hiddenSize",
      "attentionHeads",
      "keyValueHeads",
      "headDim",
      "valueHeadDim",
      "vocabSize",
      "ffnMatrices",
    ] as const;
    const ofExperts = ["expertsPerToken", "moeIntermediateSize", "expertHiddenSize", "expertMatrices"] as const;
    for (const field of [...counts, ...ofExperts, "kvLoraRank", "qLoraRank"] as const)
      for (const value of notCounts)
        expect(ask({ model: { ...v3.model, [field]: value } }), field).toThrow(
          new RangeError(`${field} must be a positive integer, got ${value}`),
        );
    const mayBeZero = [
      "moeLayers",
      "routedExperts",
      "intermediateSize",
      "sharedIntermediateSize",
      "parallelIntermediateSize",
      "qkRopeHeadDim",
    ] as const;
    for (const field of mayBeZero) {
      for (const value of [-1, Number.NaN])
        expect(ask({ model: { ...v3.model, [field]: value } }), field).toThrow(
          new RangeError(`${field} must be a number of at least zero, got ${value}`),
        );
      expect(ask({ model: { ...v3.model, [field]: 1.5 } }), field).toThrow(new RangeError(`${field} must be a whole number, got 1.5`));
    }
    expect(ask({ model: { ...v3.model, routedExperts: 0 } })).toThrow(
      new RangeError("routedExperts must be at least 1 with 58 moeLayers, got 0"),
    );
    expect(ask({ model: { ...v3.model, moeLayers: 62 } })).toThrow(new RangeError("moeLayers must be at most layers (61), got 62"));
    expect(ask({ model: { ...v3.model, qkRopeHeadDim: 192 } })).toThrow(
      new RangeError("qkRopeHeadDim must be below headDim (192), got 192"),
    );
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const field of ["memoryBytesPerSecond", "scaleUpBytesPerSecond", "networkBytesPerSecond"] as const)
        expect(ask({ hardware: { ...v3.hardware, [field]: value } }), field).toThrow(
          new RangeError(`${field} must be a positive number, got ${value}`),
        );
      for (const field of ["processors", "scaleUpDomain"] as const)
        expect(ask({ hardware: { ...v3.hardware, [field]: value } }), field).toThrow(
          new RangeError(`${field} must be a positive integer, got ${value}`),
        );
      expect(ask({ hardware: { ...v3.hardware, peakFlopsPerSecond: { bf16: value } } })).toThrow(
        new RangeError(`peakFlopsPerSecond.bf16 must be a positive number, got ${value}`),
      );
    }
  });

  it("takes what may be absent for absent", () => {
    const v3 = model("deepseek-v3");
    const h800 = machines().find((m) => m.id === "h800-sxm") as Hardware;
    const { scaleUpBytesPerSecond, networkBytesPerSecond, scaleUpDomain, processors, ...alone } = h800;
    const { qLoraRank, ...direct } = v3;
    const { kvLoraRank, qkRopeHeadDim, qLoraRank: none, ...grouped } = v3;
    const ask = (m: object, hardware: Hardware = alone) =>
      decodeStep({ model: { ...v3, ...m }, hardware, requestsPerGpu: 8, contextTokens: 100, expertParallel: 1 });
    expect(ask({}).seconds).toBeGreaterThan(0);
    expect(
      decodeStep({ model: direct, hardware: alone, requestsPerGpu: 8, contextTokens: 100, expertParallel: 1 }).seconds,
    ).toBeGreaterThan(0);
    expect(
      decodeStep({ model: grouped, hardware: alone, requestsPerGpu: 8, contextTokens: 100, expertParallel: 1 }).seconds,
    ).toBeGreaterThan(0);
    expect(ask({ moeLayers: 61 }).tasks.filter((t) => t.name === "router")).toHaveLength(61);
    expect(ask({ intermediateSize: 0, ffnMatrices: 0 }).tasks.map((t) => t.name)).not.toContain("dense feed-forward");
    const dense = { moeLayers: 0, routedExperts: 0, expertsPerToken: 0, expertHiddenSize: 0, moeIntermediateSize: 0, expertMatrices: 0 };
    expect(ask(dense).tasks.map((t) => t.name)).not.toContain("router");
    expect(ask({ qkRopeHeadDim: 191 }).seconds).toBeGreaterThan(0);
  });
});
