import { describe, expect, it } from "vitest";
import type { Model } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { parameterCount } from "../../src/model/parameters";
import { weightMatrices } from "../../src/model/weights";

const elements = (m: Model, keep: (part: string) => boolean = () => true) =>
  weightMatrices(m)
    .filter((w) => keep(w.part))
    .reduce((sum, w) => sum + w.outputs * w.inputs * w.count, 0);
const bare = (m: Model) => Object.fromEntries(weightMatrices(m).map((w) => [`${w.part}: ${w.name}`, [w.outputs, w.inputs, w.count]]));
/** All parameters but an input embedding of its own, which is looked up and not multiplied. */
const multiplied = (m: Model) => parameterCount(m).total - (m.tiedEmbeddings ? 0 : m.vocabSize * m.hiddenSize);

describe("weightMatrices", () => {
  it("is DeepSeek-V3 part by part: latent attention, router, experts, three dense layers, head", () => {
    expect(bare(model("deepseek-v3"))).toEqual({
      "attention: query down": [1536, 7168, 61],
      "attention: query up": [128 * 192, 1536, 61],
      "attention: key and value down": [512 + 64, 7168, 61],
      "attention: key and value up": [128 * (192 - 64 + 128), 512, 61],
      "attention: output projection": [7168, 128 * 128, 61],
      "router: router": [256, 7168, 58],
      "routed expert: up and gate": [2 * 2048, 7168, 58 * 256],
      "routed expert: down": [7168, 2048, 58 * 256],
      "shared expert: up and gate": [2 * 2048, 7168, 58],
      "shared expert: down": [7168, 2048, 58],
      "dense feed-forward: up and gate": [2 * 18_432, 7168, 3],
      "dense feed-forward: down": [7168, 18_432, 3],
      "head: head": [129_280, 7168, 1],
    });
  });

  it("fuses query, key and value of grouped attention: Mixtral's 48 + 2 x 8 heads of 128", () => {
    expect(bare(model("mixtral-8x22b"))).toEqual({
      "attention: query, key and value": [(48 + 8 + 8) * 128, 6144, 56],
      "attention: output projection": [6144, 48 * 128, 56],
      "router: router": [8, 6144, 56],
      "routed expert: up and gate": [2 * 16_384, 6144, 56 * 8],
      "routed expert: down": [6144, 16_384, 56 * 8],
      "head: head": [32_000, 6144, 1],
    });
  });

  it("has one matrix up where an expert has no gate, and the narrow width where experts see one", () => {
    const nemotron = model("nemotron-3-super-120b-a12b");
    expect(nemotron.expertMatrices).toBe(2);
    expect(bare(nemotron)["routed expert: up and gate"]).toEqual([
      nemotron.moeIntermediateSize,
      nemotron.expertHiddenSize,
      nemotron.moeLayers * nemotron.routedExperts,
    ]);
  });

  it("projects a query at once where it has no rank, and an output through ranks in groups where it has", () => {
    expect(bare(model("deepseek-v2-lite"))).toMatchObject({
      "attention: query": [16 * 192, 2048, 27],
      "attention: key and value down": [512 + 64, 2048, 27],
      "attention: key and value up": [16 * (192 - 64 + 128), 512, 27],
      "attention: output projection": [2048, 16 * 128, 27],
    });
    expect(bare(model("deepseek-v4-pro"))).toMatchObject({
      "attention: query down": [1536, 7168, 61],
      "attention: query up": [128 * 512, 1536, 61],
      "attention: key that is the value": [512, 7168, 61],
      "attention: output down": [1024, 128 * 512, 61],
      "attention: output up": [7168, 16 * 1024, 61],
    });
  });

  it("has no matrix of which there is none", () => {
    const m = { ...model("deepseek-v3"), denseLayers: 0 };
    expect(weightMatrices(m).some((w) => w.part === "dense feed-forward")).toBe(false);
  });

  it("has the dense parts that stand beside the experts of Arctic", () => {
    expect(bare(model("snowflake-arctic"))).toMatchObject({
      "parallel feed-forward: up and gate": [2 * 7168, 7168, 35],
      "parallel feed-forward: down": [7168, 7168, 35],
    });
  });

  it("sums to the parameters of every model without linear mixers, gates or latent projections", () => {
    const plain = models().filter(
      (m) => m.linearLayers === 0 && !m.attention.includes("gated") && m.expertHiddenSize === (m.routedExperts > 0 ? m.hiddenSize : 0),
    );
    expect(plain.length).toBeGreaterThan(50);
    for (const m of plain) expect(elements(m) / multiplied(m), m.id).toBeCloseTo(1, 9);
  });

  it("never exceeds the parameters, and leaves out at most 3 % of any mixture of experts", () => {
    for (const m of models()) {
      const share = elements(m) / multiplied(m);
      expect(share, m.id).toBeLessThan(1 + 1e-9);
      expect(share, m.id).toBeGreaterThan(m.routedExperts > 0 ? 0.97 : 0.77);
    }
  });

  it("has the experts that parameterCount has, and no matrix without elements", () => {
    for (const m of models()) {
      expect(
        elements(m, (part) => part === "routed expert"),
        m.id,
      ).toBe(m.moeLayers * m.routedExperts * parameterCount(m).perExpert);
      for (const w of weightMatrices(m)) expect(w.outputs * w.inputs * w.count, `${m.id} ${w.name}`).toBeGreaterThan(0);
    }
  });

  it("names no matrix of a model twice", () => {
    for (const m of models()) expect(Object.keys(bare(m)), m.id).toHaveLength(weightMatrices(m).length);
  });
});
