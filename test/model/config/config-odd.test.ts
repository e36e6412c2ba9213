import { describe, expect, it } from "vitest";
import { isSoftmax } from "../../../src/model/blocks";
import { modelFromConfig, modelFromConfigText } from "../../../src/model/config/read-config";
import type { Model } from "../../../src/model/model";
import { parameterCount } from "../../../src/model/parameters";

const small = {
  model_type: "qwen3_moe",
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 16,
  intermediate_size: 128,
  moe_intermediate_size: 32,
  num_experts: 8,
  num_experts_per_tok: 2,
  vocab_size: 100,
  tie_word_embeddings: false,
};

/** The configuration as a text in which a field has a value as it is written. */
const written = (field: string, value: string) => {
  const { [field]: _, ...others } = small as Record<string, unknown>;
  return `${JSON.stringify(others).slice(0, -1)},"${field}":${value}}`;
};

describe("a number that is none", () => {
  it.each(["-0", "1e400", "-1e400", '"1e3"', "1.5", "true", '{"a":8}', "[[8]]", "NaN", '""'])("is refused by its field: %s", (value) => {
    for (const field of ["hidden_size", "num_hidden_layers", "num_experts", "num_experts_per_tok", "head_dim", "sliding_window"]) {
      expect(() => modelFromConfigText(written(field, value))).toThrow(new RegExp(`^${field}(\\[0\\])?: expected`));
    }
  });

  it("is a whole one where it is written with a point", () => {
    expect(modelFromConfigText(written("num_experts", "8.0")).routedExperts).toBe(8);
  });

  it.each([[[8]], [[8, 8, 8]], [[8, 8, 8, 8, 8]], [[]]])("is a list with another number of entries than layers: %j", (list) => {
    expect(() => modelFromConfig({ ...small, num_experts: list })).toThrow(
      `num_experts: expected 4 entries, one a layer, got ${list.length}`,
    );
  });

  it("is no layer where a list of layers as a text is empty", () => {
    expect(modelFromConfig({ ...small, mlp_only_layers: "" }).moeLayers).toBe(4);
    expect(modelFromConfig({ ...small, mlp_only_layers: "0, 2" }).moeLayers).toBe(2);
    expect(() => modelFromConfig({ ...small, mlp_only_layers: [-0] })).toThrow(
      "mlp_only_layers[0]: expected a whole number from 0, got -0",
    );
  });
});

describe("what a file leaves to its class", () => {
  const without = (config: object, ...fields: string[]) =>
    Object.fromEntries(Object.entries(config).filter(([name]) => !fields.includes(name)));
  const attention = (m: Model) => m.runs.flatMap(({ blocks }) => blocks).find(isSoftmax);

  it("is taken as the class has it, and said", () => {
    const qwen = modelFromConfig(without(small, "num_key_value_heads", "moe_intermediate_size"));
    expect(attention(qwen)).toMatchObject({ heads: 4, keyValueHeads: 4, headDim: 16 });
    expect(qwen.moeIntermediateSize).toBe(768);
    expect(qwen.note).toContain("the file leaves to its class: num_key_value_heads, moe_intermediate_size");
    const gemma = { ...without(small, "head_dim", "num_experts", "moe_intermediate_size", "num_experts_per_tok"), model_type: "gemma2" };
    expect(attention(modelFromConfig(gemma))).toMatchObject({ headDim: 256, window: 4096 });
  });

  it("is not taken where the file says null, nor for experts that are not there", () => {
    expect(attention(modelFromConfig({ ...small, head_dim: null }))).toMatchObject({ headDim: 16 });
    expect(attention(modelFromConfig({ ...small, num_attention_heads: 8, num_key_value_heads: null }))).toMatchObject({ keyValueHeads: 8 });
    expect(attention(modelFromConfig({ ...small, model_type: "mistral", num_experts: 0, sliding_window: null }))).not.toHaveProperty(
      "window",
    );
    const dense = modelFromConfig(without({ ...small, num_experts: 0 }, "moe_intermediate_size", "num_experts_per_tok"));
    expect(dense.note).not.toContain("leaves to its class");
  });

  it("is not taken for a field that stands under another name, or of a type that is not known", () => {
    const other = modelFromConfig({ ...without(small, "num_key_value_heads"), num_kv_heads: 1 });
    expect(attention(other)).toMatchObject({ keyValueHeads: 1 });
    const unknown = { ...without(small, "num_key_value_heads"), model_type: "odd", architectures: ["OddForCausalLM"], hidden_act: "silu" };
    expect(attention(modelFromConfig(unknown))).toMatchObject({ keyValueHeads: 4 });
  });

  it("lets a file with images that says little be read, as Google and Mistral publish them", () => {
    const gemma = {
      architectures: ["Gemma3ForConditionalGeneration"],
      model_type: "gemma3",
      text_config: {
        ...{ hidden_size: 2560, intermediate_size: 10240, model_type: "gemma3_text", num_hidden_layers: 34, sliding_window: 1024 },
        rope_scaling: { factor: 8, rope_type: "linear" },
      },
      vision_config: { hidden_size: 1152, model_type: "siglip_vision_model", num_hidden_layers: 27 },
      torch_dtype: "bfloat16",
    };
    const m = modelFromConfig(gemma);
    // Of each layer 2560 (2 8 + 2 4) 256 and 3 2560 10240; one table of 262,208 rows.
    expect(parameterCount(m).total).toBe(34 * (2560 * 24 * 256 + 3 * 2560 * 10240) + 262_208 * 2560);
    expect(m.attention).toBe("29 x GQA, window 1024 + 5 x GQA");
  });
});
