import { describe, expect, it } from "vitest";
import { type MoeLayerQuestion, moeLayerPlan, moeLayerTime } from "../../src/kernels/expert-layer";
import { hardware } from "../../src/machine/hardware";

const model = { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 256, expertsPerToken: 8 };
const asked: MoeLayerQuestion = { model, hardware: hardware("h800-sxm"), kernel: "deepepmoe", weightFormat: "fp8_block", tokens: 1 };

describe("full calls of DeepEP's low-latency path in proportion", () => {
  it("have each of its parts so many times, and the experts and what binds them as they are", () => {
    // 12 tokens a rank where a call holds 8: half a call more, on so many ranks that the other path takes longer than that.
    const question = { ...asked, expertParallel: 128, lowLatencyTokens: 8 };
    const [full, more] = [
      moeLayerTime({ ...question, kernel: "deepepmoe_generation", tokens: 8 * 128 }),
      moeLayerTime({ ...question, tokens: 12 * 128 }),
    ];
    expect(more.kernel).toBe("deepepmoe_generation");
    const parts = ["seconds", "floorSeconds", "computeSeconds", "memorySeconds", "overheadSeconds"] as const;
    const counts = ["rows", "paddedRows", "weightBytes", "activationBytes", "flops"] as const;
    for (const name of [...parts, ...counts]) expect(more[name] / full[name], name).toBeCloseTo(1.5, 9);
    const { activeExperts, localExperts, rowsPerExpert, bound, floorBound } = full;
    expect(more).toMatchObject({ activeExperts, localExperts, rowsPerExpert, bound, floorBound });
  });
});

describe("a layer that cannot be", () => {
  it.each<[string, object]>([
    ["kernel must be a name, got ", { kernel: "" }],
    ["weightFormat must be a name, got 8", { weightFormat: 8 }],
    ['cache must be warm or cold, got "hot"', { cache: "hot" }],
    ["model must be a model, or a shape with hiddenSize, moeIntermediateSize, routedExperts and expertsPerToken, got v3", { model: "v3" }],
    ["expertHiddenSize must be a positive integer, got 0", { model: { ...model, expertHiddenSize: 0 } }],
    ["expertMatrices must be a positive integer, got 2.5", { model: { ...model, expertMatrices: 2.5 } }],
    ["expertGroups must be a positive integer, got 0", { model: { ...model, expertGroups: 0 } }],
    ["topkGroup must be a positive integer, got -1", { model: { ...model, topkGroup: -1 } }],
  ])("is refused by name: %s", (words, change) => {
    expect(() => moeLayerPlan({ ...asked, ...change } as MoeLayerQuestion)).toThrow(words);
  });
});
