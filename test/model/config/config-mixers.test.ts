import { describe, expect, it } from "vitest";
import { isMixer } from "../../../src/model/blocks";
import { modelFromConfig } from "../../../src/model/config/read-config";
import { harmless } from "../../../src/text/harmless";

const small = {
  model_type: "llama",
  hidden_size: 1024,
  num_hidden_layers: 4,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  intermediate_size: 4096,
  vocab_size: 1000,
  tie_word_embeddings: false,
};

/** Count and mixers of each run. */
const mixersOf = (config: object) =>
  modelFromConfig({ ...small, ...config }).runs.map(({ count, blocks }) => [count, ...blocks.filter(isMixer)]);

describe("mixers of a configuration", () => {
  it("reads plain attention as one run: 1024 / 8 = 128 a head", () => {
    expect(mixersOf({})).toEqual([
      [4, { kind: "grouped", heads: 8, keyValueHeads: 2, headDim: 128, valueHeadDim: 128, cacheSource: "own" }],
    ]);
  });

  it.each([
    ["a lone field: every layer", { model_type: "mistral", sliding_window: 64 }, [64, 64, 64, 64]],
    ["a switch that is off: none", { model_type: "qwen2", sliding_window: 64, use_sliding_window: false }, [0, 0, 0, 0]],
    ["no switch in a family that has one: none", { model_type: "qwen2", sliding_window: 64, max_window_layers: 2 }, [0, 0, 0, 0]],
    ["layers from a number on", { model_type: "qwen2", sliding_window: 64, use_sliding_window: true, max_window_layers: 3 }, [0, 0, 0, 64]],
    ["a rhythm: every second full", { model_type: "gemma2", sliding_window: 64 }, [64, 0, 64, 0]],
    ["a rhythm in letters", { model_type: "exaone4", sliding_window: 64, sliding_window_pattern: "LLLG" }, [64, 64, 64, 0]],
    ["two widths: the smaller", { model_type: "mistral", sliding_window: 129, sliding_window_size: 128 }, [128, 128, 128, 128]],
  ])("reads windows by %s", (_, config, windows) => {
    const { runs } = modelFromConfig({ ...small, ...config });
    const found = runs.map(({ count, blocks }) => [count, (blocks[0] as { window?: number }).window ?? 0]);
    const expected = [...new Set(windows)].map((window) => [windows.filter((w) => w === window).length, window]);
    expect(found).toEqual(expected);
  });

  it("reads Llama 4's chunks: three, then one that attends to all", () => {
    const found = mixersOf({ model_type: "llama4_text", attention_chunk_size: 256 });
    expect(found).toMatchObject([
      [3, { chunk: 256 }],
      [1, { kind: "grouped" }],
    ]);
  });

  it("runs the indexer where the list says so, and selects blocks of the newest tokens nowhere", () => {
    const latent = { model_type: "glm_moe_dsa", kv_lora_rank: 64, qk_nope_head_dim: 32, qk_rope_head_dim: 16, v_head_dim: 32 };
    const index = { index_topk: 128, index_n_heads: 4, index_head_dim: 64, indexer_types: ["full", "shared", "shared", "full"] };
    const found = mixersOf({ ...latent, ...index });
    // 64 bytes of FP8 and a scale of 4.
    expect(found).toMatchObject([
      [2, { indexer: { scores: true, keyBytes: 68 } }],
      [2, { indexer: { scores: false } }],
    ]);
  });

  it("shares keys and values in groups of two", () => {
    expect(mixersOf({ model_type: "hunyuan", use_cla: true, cla_share_factor: 2, tie_word_embeddings: true })).toMatchObject([
      [2, { cacheSource: "own" }],
      [2, { cacheSource: "shared" }],
    ]);
  });

  it("reads Mamba-1 as channels of twice the hidden size, with a time step of a sixteenth of it", () => {
    const jamba = {
      model_type: "jamba",
      attn_layer_period: 4,
      attn_layer_offset: 3,
      mamba_d_state: 16,
      mamba_expand: 2,
      mamba_dt_rank: "auto",
    };
    expect(mixersOf(jamba)[0]).toEqual([
      3,
      {
        kind: "linear",
        family: "mamba1",
        keyHeads: 1,
        valueHeads: 2048,
        keyDim: 16,
        valueDim: 1,
        convolutionWidth: 4,
        gateRank: 64,
        stateElementBytes: 4,
      },
    ]);
  });
});

const intGroups = (weightBits: number, activationBits: number) => ({
  quant_method: "compressed-tensors",
  config_groups: {
    group_0: { targets: ["Linear"], weights: { num_bits: weightBits, type: "int" }, input_activations: { num_bits: activationBits } },
  },
});
const int8Quark = { weight: { dtype: "int8" }, input_tensors: { dtype: "int8" } };

describe("formats of a configuration", () => {
  it.each([
    ["Quark", { quant_method: "quark", global_quant_config: { weight: { dtype: "fp4" } } }, "w4a16_mxfp4", true],
    ["six bits", { bits: 6, group_size: 64 }, "int6_wo", true],
    ["three bits", { quant_method: "gptq", bits: 3, group_size: 128 }, "int3_wo", true],
    ["seven bits, in which nobody releases, as eight", { bits: 7, group_size: 64 }, "int8_wo", false],
    ["eight bits of weights alone", { quant_method: "gptq", bits: 8, group_size: 128 }, "int8_wo", true],
    ["eight bits of weights and activations", intGroups(8, 8), "int8", true],
    ["four bits under activations of eight", intGroups(4, 8), "int4_wo", false],
    ["Quark in eight bits", { quant_method: "quark", global_quant_config: int8Quark }, "int8", true],
    ["four bits", { bits: 4, group_size: 64 }, "int4_wo", true],
    ["a method that is not known", { quant_method: "bitnet" }, "bfloat16", false],
  ])("reads %s, and never refuses", (_, quantization_config, experts, known) => {
    expect(modelFromConfig({ ...small, quantization_config }).formats).toMatchObject({ experts, known });
  });
});

describe("texts of a configuration", () => {
  it.each([
    ["<img src=q onerror=alert(1)>", "img src q onerror alert 1"],
    ["x\u2028require(1)//", "x require 1 //"],
    ["a\u202Eb\u0000c", "a b c"],
    ["[a](javascript:x)", "a javascript:x"],
    ["模型_2", "模型_2"],
    ["x".repeat(100), "x".repeat(48)],
  ])("makes %j harmless", (text, expected) => {
    expect(harmless(text)).toBe(expected);
    expect(modelFromConfig(small, { name: text }).name).toBe(expected);
  });

  it("keeps the home folder of its author out", () => {
    expect(JSON.stringify(modelFromConfig({ ...small, _name_or_path: "/home/somebody/model" }))).not.toContain("somebody");
  });

  it.each([
    [{ weight_map: {}, metadata: {} }, "index of safetensors"],
    [{ _class_name: "StableDiffusionPipeline", _diffusers_version: "0.30" }, "diffusers"],
    [{ dim: 4096, n_layers: 32, n_heads: 32, vocab_size: -1 }, "params.json"],
    [{ tokenizer_class: "X", model_max_length: 10 }, "tokenizer_config.json"],
    [{ processor_class: "X", image_mean: [1] }, "preprocessor_config.json"],
    [{ num_layers: 2, ffn_hidden_size: 8, micro_batch_size: 1 }, "Megatron"],
  ])("says what a file is that is no config.json: %j", (config, words) => {
    expect(() => modelFromConfig(config)).toThrow(words);
  });
});
