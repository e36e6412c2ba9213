import { describe, expect, it } from "vitest";
import { keepsAttention } from "../../../src/model/config/kept-modules";
import { modelFromConfig } from "../../../src/model/config/read-config";
import { sectionOf } from "../../../src/model/config/section";

/** A model of four layers, and of experts where it is asked for. */
const dense = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 100,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};
const sparse = { ...dense, model_type: "mixtral", num_local_experts: 8, num_experts_per_tok: 2 };

const formats = (quantization_config: object, config: object = sparse) => modelFromConfig({ ...config, quantization_config }).formats;
const inLayers = (count: number, part: string) => Array.from({ length: count }, (_, layer) => `model.layers.${layer}.${part}`);

/** Groups as llm-compressor writes them. */
const group = (targets: readonly string[], weights: object, activations: object | null = null) => ({
  targets,
  weights,
  input_activations: activations,
  output_activations: null,
});
const compressed = (format: string, groups: readonly object[], ignore: readonly string[]) => ({
  quant_method: "compressed-tensors",
  format,
  config_groups: Object.fromEntries(groups.map((one, i) => [`group_${i}`, one])),
  ignore,
});
const fp8Weights = { num_bits: 8, type: "float", strategy: "channel", symmetric: true, group_size: null };
const fp8Tokens = { num_bits: 8, type: "float", strategy: "token", dynamic: true };
const nvfp4Weights = { num_bits: 4, type: "float", strategy: "tensor_group", group_size: 16 };

describe("modules that a release keeps as they were trained", () => {
  const keeps = (names: readonly string[], layers = 4) => keepsAttention(sectionOf({ ignore: names }, "quantization_config"), layers);

  it.each([
    ["re:.*self_attn.*"],
    ["*self_attn*"],
    ["*.attn.*"],
    ["self_attn."],
    ["re:.*self_attn\\.(q|k|v|o)_proj$"],
    ["re:model\\.layers\\.\\d+\\.self_attn\\.o_proj"],
    ["re:model\\.layers\\.[0-9]+\\.self_attn.*"],
    ["model.language_model.layers.*.self_attn.q_a_proj"],
    ["transformer.h.attn.c_attn"],
  ])("are attention in general: %s", (name) => {
    expect(keeps([name])).toBe(true);
  });

  it.each([
    ["lm_head"],
    ["model.visual.blocks.0.attn.qkv"],
    ["re:.*vision_tower.*attention.*"],
    ["mtp.layers.0.self_attn*"],
    ["model.layers.*.self_attn.q_norm"],
    ["model.layers.*.self_attn.kv_b_proj"],
    ["model.layers.*.self_attn.k_proj"],
    ["model.layers.*.linear_attn.conv1d"],
    ["re:.*mlp\\.gate$"],
    ["self_attn_layer_norm"],
  ])("are not attention: %s", (name) => {
    expect(keeps([name])).toBe(false);
  });

  it("are attention by its layers only where these are half of them or more", () => {
    expect(keeps(inLayers(1, "self_attn*"))).toBe(false);
    expect(keeps(inLayers(2, "self_attn*"))).toBe(true);
    expect(keeps(inLayers(2, "self_attn.q_proj").concat(inLayers(2, "self_attn.o_proj")))).toBe(true);
    expect(keeps(["model.layers.0*", "model.layers.1.*"])).toBe(true);
    expect(keeps(["model.layers.0*", "model.layers.1.mlp*"])).toBe(false);
    expect(keeps(["re:model\\.layers\\.(0|3)\\.self_attn.*"])).toBe(true);
    expect(keeps([], 0)).toBe(false);
  });
});

/** What a release says, the format of its experts, of the rest, and whether it is the one meant. */
const releases: readonly (readonly [string, object, string, string, boolean])[] = [
  ["FP8 by blocks", { quant_method: "fp8", fmt: "e4m3", weight_block_size: [128, 128] }, "fp8_block", "fp8_block", true],
  [
    "FP8 by blocks whose norms and routers are listed",
    {
      quant_method: "fp8",
      weight_block_size: [128, 128],
      modules_to_not_convert: ["lm_head", ...inLayers(4, "self_attn.q_norm"), ...inLayers(4, "mlp.gate")],
    },
    "fp8_block",
    "fp8_block",
    true,
  ],
  [
    "FP8 with ignored layers of attention",
    { quant_method: "fp8", activation_scheme: "static", ignored_layers: inLayers(4, "self_attn.qkv_proj") },
    "fp8",
    "bfloat16",
    true,
  ],
  [
    "FBGEMM's FP8, which leaves attention",
    { quant_method: "fbgemm_fp8", activation_scale_ub: 1200, modules_to_not_convert: inLayers(4, "self_attn.o_proj") },
    "fp8",
    "bfloat16",
    true,
  ],
  [
    "FP8 of compressed-tensors beside attention and a tower for vision as trained",
    compressed(
      "float-quantized",
      [group(["Linear"], fp8Weights, fp8Tokens)],
      ["re:.*lm_head", "re:.*self_attn", "re:.*router", "re:.*vision_model.*"],
    ),
    "fp8",
    "bfloat16",
    true,
  ],
  [
    "FP8 of compressed-tensors that leaves attention of the tower alone",
    compressed("float-quantized", [group(["Linear"], fp8Weights, fp8Tokens)], ["lm_head", "re:visual.*attn.*"]),
    "fp8",
    "fp8",
    true,
  ],
  [
    "FP8 by blocks of compressed-tensors",
    compressed(
      "float-quantized",
      [group(["Linear"], { ...fp8Weights, strategy: "block", block_structure: [128, 128] }, fp8Tokens)],
      ["lm_head"],
    ),
    "fp8_block",
    "fp8_block",
    true,
  ],
  [
    "NVFP4 experts in a group beside FP8 attention in another",
    compressed(
      "mixed-precision",
      [group(["re:.*self_attn.*_proj"], fp8Weights, fp8Tokens), group(["re:.*mlp.experts.*"], nvfp4Weights, nvfp4Weights)],
      ["lm_head"],
    ),
    "nvfp4",
    "fp8",
    true,
  ],
  [
    "four-bit experts by name beside all other linear layers in FP8",
    compressed(
      "mixed-precision",
      [group(["Linear"], fp8Weights, fp8Tokens), group(["re:.*experts.*"], { num_bits: 4, type: "int", group_size: 32 })],
      ["lm_head"],
    ),
    "int4_wo",
    "fp8",
    true,
  ],
  [
    "four bits of weights of all linear layers",
    compressed("pack-quantized", [group(["Linear"], { num_bits: 4, type: "int", group_size: 128 })], ["lm_head", "re:.*mlp.gate$"]),
    "int4_wo",
    "int4_wo",
    true,
  ],
  [
    "modelopt's NVFP4 over all",
    { quant_method: "modelopt", quant_algo: "NVFP4", exclude_modules: ["lm_head", "model.layers.*.mlp.gate"] },
    "nvfp4",
    "nvfp4",
    true,
  ],
  [
    "modelopt's NVFP4 beside attention in most layers",
    { quant_method: "modelopt", quant_algo: "NVFP4", ignore: ["lm_head", ...inLayers(3, "self_attn*")] },
    "nvfp4",
    "bfloat16",
    true,
  ],
  ["modelopt's FP8 by blocks", { quant_method: "modelopt", quant_algo: "FP8_PB_WO" }, "fp8_block", "fp8_block", true],
  ["modelopt's FP8 for each channel and token", { quant_method: "modelopt", quant_algo: "FP8_PER_CHANNEL_PER_TOKEN" }, "fp8", "fp8", true],
  ["modelopt's SmoothQuant", { quant_method: "modelopt", quant_algo: "W8A8_SQ_PER_CHANNEL" }, "int8", "int8", true],
  ["modelopt's four bits", { quant_method: "modelopt", quant_algo: "W4A16_AWQ" }, "int4_wo", "int4_wo", true],
  ["modelopt's four bits under FP8", { quant_method: "modelopt", quant_algo: "W4A8_AWQ" }, "int4_wo", "int4_wo", true],
  ["an algorithm of modelopt that is not known", { quant_method: "modelopt", quant_algo: "W3A3_ODD" }, "bfloat16", "bfloat16", false],
  [
    "Quark's FP4 beside attention in FP8",
    {
      quant_method: "quark",
      global_quant_config: { weight: { dtype: "fp4", group_size: 32 }, input_tensors: { dtype: "fp4" } },
      layer_quant_config: { "*self_attn*": { weight: { dtype: "fp8_e4m3" }, input_tensors: { dtype: "fp8_e4m3" } } },
      exclude: ["lm_head"],
    },
    "w4a16_mxfp4",
    "fp8",
    true,
  ],
  [
    "Quark's FP8, which says of keys and values how they are cached",
    {
      quant_method: "quark",
      global_quant_config: { weight: { dtype: "fp8_e4m3" }, input_tensors: { dtype: "fp8_e4m3" } },
      layer_quant_config: { "*self_attn.k_proj": { output_tensors: { dtype: "fp8_e4m3" }, weight: { dtype: "int8" } } },
      exclude: [],
    },
    "fp8",
    "fp8",
    true,
  ],
  ["AWQ over all", { quant_method: "awq", bits: 4, group_size: 128, modules_to_not_convert: ["mlp.gate."] }, "int4_wo", "int4_wo", true],
  [
    "AWQ beside attention",
    { quant_method: "awq", bits: 4, group_size: 64, modules_to_not_convert: ["self_attn"] },
    "int4_wo",
    "bfloat16",
    true,
  ],
  ["GPTQ", { quant_method: "gptq", bits: 4, group_size: 128, desc_act: false, sym: true }, "int4_wo", "int4_wo", true],
  [
    "GPTQModel with attention taken out",
    { quant_method: "gptq", bits: 4, group_size: 32, dynamic: { "-:.*self_attn.*": {} } },
    "int4_wo",
    "bfloat16",
    true,
  ],
  [
    "AutoRound with attention in 16 bits",
    {
      quant_method: "auto-round",
      bits: 4,
      group_size: 128,
      extra_config: Object.fromEntries(inLayers(4, "self_attn.q_proj").map((name) => [name, { bits: 16 }])),
    },
    "int4_wo",
    "bfloat16",
    true,
  ],
  [
    "AutoRound in MXFP4",
    { quant_method: "auto-round", bits: 4, group_size: 32, data_type: "mx_fp", act_bits: 4 },
    "w4a16_mxfp4",
    "w4a16_mxfp4",
    true,
  ],
  ["AutoRound in NVFP4", { quant_method: "auto-round", bits: 4, group_size: 16, data_type: "nv_fp" }, "nvfp4", "nvfp4", true],
  [
    "bitsandbytes in four bits",
    { quant_method: "bitsandbytes", load_in_4bit: true, bnb_4bit_quant_type: "nf4" },
    "int4_wo",
    "int4_wo",
    true,
  ],
  [
    "bitsandbytes in eight bits that skips attention",
    { quant_method: "bitsandbytes", load_in_8bit: true, llm_int8_skip_modules: ["self_attn", "lm_head"] },
    "int8",
    "bfloat16",
    true,
  ],
  [
    "torchao's four bits",
    { quant_method: "torchao", quant_type: "int4_weight_only", quant_type_kwargs: { group_size: 128 } },
    "int4_wo",
    "int4_wo",
    true,
  ],
  [
    "torchao's FP8 as a class",
    { quant_method: "torchao", quant_type: { default: { _type: "Float8DynamicActivationFloat8WeightConfig", _data: {} } } },
    "fp8",
    "fp8",
    true,
  ],
  [
    "torchao's four bits under activations of eight",
    { quant_method: "torchao", quant_type: { default: { _type: "Int8DynamicActivationInt4WeightConfig", _data: {} } } },
    "int4_wo",
    "int4_wo",
    false,
  ],
  [
    "torchao without a default",
    { quant_method: "torchao", quant_type: { "re:.*attn.*": { _type: "Int4WeightOnlyConfig" } } },
    "bfloat16",
    "bfloat16",
    false,
  ],
  ["HQQ", { quant_method: "hqq", quant_config: { weight_quant_params: { nbits: 4, group_size: 64 } } }, "int4_wo", "int4_wo", true],
  ["Quanto in eight bits", { quant_method: "quanto", weights: "int8", activations: null }, "int8_wo", "int8_wo", true],
  ["Quanto in FP8", { quant_method: "quanto", weights: "float8" }, "fp8", "fp8", true],
  ["EETQ", { quant_method: "eetq", weights: "int8" }, "int8_wo", "int8_wo", true],
  ["four-bit experts under FP8", { quant_method: "w4afp8", weight_block_size: [128, 128] }, "int4_wo", "fp8_block", false],
  [
    "MXFP4 experts of gpt-oss",
    { quant_method: "mxfp4", modules_to_not_convert: ["model.layers.*.self_attn"] },
    "w4a16_mxfp4",
    "bfloat16",
    true,
  ],
  ["a method that nobody knows", { quant_method: "vptq", config_for_layers: {} }, "bfloat16", "bfloat16", false],
  ["lists that hold no words", { quant_method: "fp8", modules_to_not_convert: [1, null, {}] }, "fp8", "fp8", true],
  ["fields of the wrong kind", { quant_method: "gptq", bits: "4", dynamic: [], extra_config: null }, "bfloat16", "bfloat16", false],
];

describe("formats of a release", () => {
  it.each(releases)("are read of %s", (_, config, experts, rest, known) => {
    expect(formats(config)).toMatchObject({ experts, rest, known });
  });

  it("stand in a model without experts for the feed-forward parts and the rest", () => {
    const attentionKept = { quant_method: "fp8", modules_to_not_convert: ["self_attn"] };
    expect(formats(attentionKept, dense)).toMatchObject({ experts: "fp8", rest: "bfloat16", released: "fp8 e4m3 experts, bf16 rest" });
  });

  it("say the format of attention beside that of the experts", () => {
    const mixed = compressed("mixed", [group(["re:.*self_attn.*"], fp8Weights, fp8Tokens), group(["re:.*experts.*"], nvfp4Weights)], []);
    expect(formats(mixed).released).toBe("nvfp4 experts, fp8 e4m3 rest");
  });

  it("count layers that have attention, of a hybrid few", () => {
    const hybrid = {
      ...{ ...sparse, model_type: "qwen3_next", num_experts: 8, num_local_experts: undefined, moe_intermediate_size: 32 },
      ...{ linear_num_value_heads: 4, linear_num_key_heads: 2, linear_key_head_dim: 16, linear_value_head_dim: 16 },
      full_attention_interval: 4,
    };
    const one = { quant_method: "modelopt", quant_algo: "NVFP4", ignore: ["model.layers.3.self_attn*"] };
    expect(formats(one, hybrid).rest).toBe("bfloat16");
    expect(formats(one, sparse).rest).toBe("nvfp4");
  });

  it.each([
    [{ kv_cache_scheme: { num_bits: 8, type: "float" } }, "fp8"],
    [{ kv_cache_scheme: "FP8" }, "fp8"],
    [{ kv_cache_quant_algo: "FP8" }, "fp8"],
    // Eight-bit integers take the bytes of FP8.
    [{ kv_cache_scheme: { num_bits: 8, type: "int" } }, "fp8"],
    [{ kv_cache_scheme: null, kv_cache_quant_algo: null }, "bfloat16"],
    [{ kv_cache_quant_algo: "NVFP4" }, "bfloat16"],
  ])("of the cache are %j in %s", (cache, expected) => {
    expect(formats({ quant_method: "modelopt", quant_algo: "FP8", ...cache }).cache).toBe(expected);
  });
});
