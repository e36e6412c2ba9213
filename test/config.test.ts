import { describe, expect, it } from "vitest";
import { modelFromConfig, modelFromConfigText } from "../src/config";
import { addModel, model, models } from "../src/model";

const mixtral = {
  model_type: "mixtral",
  hidden_size: 4096,
  intermediate_size: 14336,
  num_attention_heads: 32,
  num_experts_per_tok: 2,
  num_hidden_layers: 32,
  num_key_value_heads: 8,
  num_local_experts: 8,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
  vocab_size: 32000,
};

describe("modelFromConfig", () => {
  it("reads the dimensions that the registry holds", () => {
    const { id, aliases, name, organization, released, source, locator, confidence, note, totalParameters, activeParameters, ...sizes } =
      model("mixtral-8x7b");
    expect(modelFromConfig(mixtral)).toMatchObject(sizes);
  });

  it("gives equal configurations equal ids, and others another", () => {
    expect(modelFromConfig({ ...mixtral }).id).toBe(modelFromConfig(mixtral).id);
    expect(modelFromConfig({ ...mixtral, vocab_size: 32001 }).id).not.toBe(modelFromConfig(mixtral).id);
  });

  it("says where a text stops being JSON, and reads Python's Infinity", () => {
    expect(() => modelFromConfigText('{\n  "a": 1,\n  b: 2\n}')).toThrow(
      'config.json:3:3: expected a field\'s name in double quotes, got "b:"',
    );
    expect(modelFromConfigText(`{"time_step_limit": [0.0, Infinity], ${JSON.stringify(mixtral).slice(1)}`).layers).toBe(32);
  });
});

describe("addModel", () => {
  it("makes a model findable by its id, without listing it", () => {
    const added = addModel(modelFromConfig(mixtral, { id: "mine" }));
    expect(model("mine")).toBe(added);
    expect(models()).not.toContain(added);
  });

  it("takes the same model twice, and refuses another one under a taken id", () => {
    expect(addModel(modelFromConfig(mixtral, { id: "mine" }))).toBe(model("mine"));
    expect(() => addModel(modelFromConfig({ ...mixtral, vocab_size: 5 }, { id: "mine" }))).toThrow(
      'the id "mine" is already taken by mixtral; give the model another id',
    );
    expect(() => addModel(modelFromConfig(mixtral, { id: "deepseek-v3" }))).toThrow("already taken by DeepSeek-V3");
  });
});
