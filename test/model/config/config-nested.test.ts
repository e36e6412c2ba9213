import { describe, expect, it } from "vitest";
import { isMixer } from "../../../src/model/blocks";
import { modelFromConfig } from "../../../src/model/config/read-config";
import { mixerKept } from "../../../src/model/mixers/mixers";
import { parameterCount } from "../../../src/model/parameters";

/** What is held against a file: worked by hand from its sizes. */
interface Expected {
  readonly layers: number;
  readonly moeLayers: number;
  readonly attention: string;
  readonly total: number;
  /** BF16 elements that the first token of a request keeps in the cache, over all layers. */
  readonly kept: number;
  readonly formats?: readonly [experts: string, rest: string];
  readonly predictionModules?: number;
}

const from = <T>(length: number, entry: (i: number) => T): readonly T[] => Array.from({ length }, (_, i) => entry(i));
const vision = { vision_config: { model_type: "siglip_vision_model", hidden_size: 1152, num_hidden_layers: 27, num_attention_heads: 16 } };

const qwen3Moe = {
  ...{ hidden_size: 2048, intermediate_size: 6144, moe_intermediate_size: 768, num_hidden_layers: 48, num_attention_heads: 32 },
  ...{ num_key_value_heads: 4, head_dim: 128, num_experts: 128, num_experts_per_tok: 8, decoder_sparse_step: 1, mlp_only_layers: [] },
  ...{ hidden_act: "silu", sliding_window: null, use_sliding_window: false, max_window_layers: 28, norm_topk_prob: true },
};
/** Queries and output, keys and values; experts and router. */
const qwen3MoeLayer = 2048 * 128 * (2 * 32 + 2 * 4) + 128 * 3 * 2048 * 768 + 128 * 2048;

const latent = (heads: number, hidden: number, queryRank?: number) =>
  (queryRank === undefined ? hidden * heads * 192 : hidden * queryRank + queryRank * heads * 192) +
  hidden * (512 + 64) +
  512 * heads * (128 + 128) +
  heads * 128 * hidden;

/** Files in the layout of published ones, unlike those of data/configs: names of fields, nesting and formats as each family has them. */
const files: readonly (readonly [string, object, Expected])[] = [
  [
    "latent attention without a rank of queries inside text_config",
    {
      ...{ architectures: ["KimiVLForConditionalGeneration"], model_type: "kimi_vl", ...vision, tie_word_embeddings: false },
      text_config: {
        ...{ model_type: "deepseek_v3", vocab_size: 163840, hidden_size: 2048, intermediate_size: 11264, moe_intermediate_size: 1408 },
        ...{ num_hidden_layers: 27, num_attention_heads: 16, num_key_value_heads: 16, n_shared_experts: 2, n_routed_experts: 64 },
        ...{ num_experts_per_tok: 6, moe_layer_freq: 1, first_k_dense_replace: 1, kv_lora_rank: 512, q_lora_rank: null, n_group: 1 },
        ...{ qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128, topk_group: 1, num_nextn_predict_layers: 1, ep_size: 1 },
      },
      media_placeholder_token_id: 163605,
    },
    {
      ...{ layers: 27, moeLayers: 26, attention: "MLA", kept: 27 * 576, predictionModules: 1 },
      total: 2 * 163840 * 2048 + 27 * latent(16, 2048) + 3 * 2048 * 11264 + 26 * (66 * 3 * 2048 * 1408 + 64 * 2048),
    },
  ],
  [
    "llm_config beside a tower, in FP8 of compressed-tensors that leaves the tower",
    {
      ...{ architectures: ["InternVLChatModel"], model_type: "internvl_chat", ...vision, tie_word_embeddings: false },
      llm_config: { ...qwen3Moe, architectures: ["Qwen3MoeForCausalLM"], model_type: "qwen3_moe", vocab_size: 151936, dtype: "bfloat16" },
      quantization_config: {
        quant_method: "compressed-tensors",
        format: "float-quantized",
        config_groups: {
          group_0: {
            targets: ["Linear"],
            weights: { num_bits: 8, type: "float", strategy: "channel" },
            input_activations: { num_bits: 8 },
          },
        },
        ignore: ["re:.*lm_head", "re:.*mlp.gate$", "re:mlp1.*", "re:vision_model.*attn.*"],
      },
    },
    {
      ...{ layers: 48, moeLayers: 48, attention: "GQA", kept: 48 * 2 * 4 * 128, formats: ["fp8", "fp8"] },
      total: 2 * 151936 * 2048 + 48 * qwen3MoeLayer,
    },
  ],
  [
    "a thinker beside a talker that has a text configuration too",
    {
      ...{ architectures: ["Qwen3OmniMoeForConditionalGeneration"], model_type: "qwen3_omni_moe", enable_audio_output: true },
      talker_config: { text_config: { ...qwen3Moe, model_type: "qwen3_omni_moe_talker_text", hidden_size: 1024, vocab_size: 3072 } },
      thinker_config: {
        model_type: "qwen3_omni_moe_thinker",
        audio_config: { d_model: 1280, encoder_layers: 32 },
        text_config: {
          ...{ ...qwen3Moe, model_type: "qwen3_omni_moe_text", vocab_size: 152064, tie_word_embeddings: false },
          ...{ shared_expert_intermediate_size: 0, use_sliding_window: false, attention_bias: false },
        },
        ...vision,
      },
    },
    { layers: 48, moeLayers: 48, attention: "GQA", kept: 48 * 1024, total: 2 * 152064 * 2048 + 48 * qwen3MoeLayer },
  ],
  [
    "first layer dense, shared expert, quantised at the outer level, with a module that drafts",
    {
      ...{ architectures: ["Glm4vMoeForConditionalGeneration"], model_type: "glm4v_moe", ...vision, tie_word_embeddings: false },
      text_config: {
        ...{ model_type: "glm4v_moe_text", hidden_size: 4096, intermediate_size: 10944, moe_intermediate_size: 1408, vocab_size: 151552 },
        ...{ num_hidden_layers: 46, num_attention_heads: 96, num_key_value_heads: 8, head_dim: 128, n_routed_experts: 128 },
        ...{ n_shared_experts: 1, num_experts_per_tok: 8, first_k_dense_replace: 1, n_group: 1, topk_group: 1, partial_rotary_factor: 0.5 },
        ...{ num_nextn_predict_layers: 1, use_qk_norm: false, attention_bias: true, dtype: "bfloat16" },
      },
      quantization_config: { quant_method: "fp8", weight_block_size: [128, 128], modules_to_not_convert: ["model.visual", "lm_head"] },
    },
    {
      ...{ layers: 46, moeLayers: 45, attention: "GQA", kept: 46 * 2048, predictionModules: 1, formats: ["fp8_block", "fp8_block"] },
      total: 2 * 151552 * 4096 + 46 * 4096 * 128 * (2 * 96 + 16) + 3 * 4096 * 10944 + 45 * (129 * 3 * 4096 * 1408 + 128 * 4096),
    },
  ],
  [
    "queries through a few channels, layers of experts in a text, a shared expert by its width",
    {
      ...{ architectures: ["Step3VLForConditionalGeneration"], model_type: "step3_vl", ...vision },
      text_config: {
        ...{ model_type: "step3_text", hidden_size: 7168, intermediate_size: 18432, num_hidden_layers: 61, num_attention_heads: 64 },
        ...{ num_attention_groups: 1, head_dim: 256, share_q_dim: 2048, moe_intermediate_size: 5120, share_expert_dim: 5120 },
        ...{ moe_num_experts: 48, moe_top_k: 3, moe_layers_enum: from(56, (i) => i + 4).join(","), vocab_size: 128815 },
        ...{ norm_expert_weight: false, max_seq_len: 65536 },
      },
    },
    {
      ...{ layers: 61, moeLayers: 56, attention: "MQA", kept: 61 * 512 },
      total:
        2 * 128815 * 7168 +
        61 * (7168 * 2048 + 2048 * 64 * 256 + 2 * 7168 * 256 + 64 * 256 * 7168) +
        5 * 3 * 7168 * 18432 +
        56 * (49 * 3 * 7168 * 5120 + 48 * 7168),
    },
  ],
  [
    "experts between a first and a last layer, none of them shared",
    {
      ...{ architectures: ["Ernie4_5_MoeForCausalLM"], model_type: "ernie4_5_moe", hidden_size: 8192, intermediate_size: 28672 },
      ...{ moe_intermediate_size: 3584, num_hidden_layers: 54, num_attention_heads: 64, num_key_value_heads: 8, moe_num_experts: 64 },
      ...{ moe_k: 8, moe_layer_start_index: 3, moe_layer_end_index: 53, moe_layer_interval: 1, moe_num_shared_experts: 0 },
      ...{ moe_capacity: [64, 64, 64], moe_use_aux_free: true, moe_gate: "topk", vocab_size: 103424, tie_word_embeddings: false },
    },
    {
      ...{ layers: 54, moeLayers: 51, attention: "GQA", kept: 54 * 2048 },
      total: 2 * 103424 * 8192 + 54 * 8192 * 128 * (2 * 64 + 16) + 3 * 3 * 8192 * 28672 + 51 * (64 * 3 * 8192 * 3584 + 64 * 8192),
    },
  ],
  [
    "one list for each size of the experts, nulls for latent attention, four bits of GPTQ",
    {
      ...{ architectures: ["HunYuanMoEV1ForCausalLM"], model_type: "hunyuan_v1_moe", hidden_size: 4096, intermediate_size: 3072 },
      ...{ moe_intermediate_size: from(32, () => 3072), num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8 },
      ...{ attention_head_dim: 128, head_dim: 128, num_experts: 64, moe_topk: from(32, () => 8), num_shared_expert: from(32, () => 1) },
      ...{ use_cla: false, cla_share_factor: 2, use_mixed_mlp_moe: true, moe_layer_num_skipped: 0, moe_drop_tokens: false, use_mla: false },
      ...{
        kv_lora_rank: null,
        q_lora_rank: null,
        v_head_dim: null,
        vocab_size: 128167,
        tie_word_embeddings: true,
        torch_dtype: "bfloat16",
      },
      quantization_config: { quant_method: "gptq", bits: 4, group_size: 128, sym: true, desc_act: false },
    },
    {
      ...{ layers: 32, moeLayers: 32, attention: "GQA", kept: 32 * 2048, formats: ["int4_wo", "int4_wo"] },
      total: 128167 * 4096 + 32 * (4096 * 128 * (2 * 32 + 16) + 65 * 3 * 4096 * 3072 + 64 * 4096),
    },
  ],
  [
    "two shared experts under a third name, no layer dense",
    {
      ...{ architectures: ["BailingMoeForCausalLM"], model_type: "bailing_moe", hidden_size: 2048, intermediate_size: 5632 },
      ...{ moe_intermediate_size: 1408, num_hidden_layers: 28, num_attention_heads: 16, num_key_value_heads: 4, head_dim: 128 },
      ...{ num_experts: 64, num_experts_per_tok: 6, num_shared_experts: 2, first_k_dense_replace: 0, norm_topk_prob: true },
      ...{ multi_gate: false, moe_router_topk_scaling_factor: 2.5, vocab_size: 126464, tie_word_embeddings: false, use_qkv_bias: false },
    },
    {
      ...{ layers: 28, moeLayers: 28, attention: "GQA", kept: 28 * 1024 },
      total: 2 * 126464 * 2048 + 28 * (2048 * 128 * (2 * 16 + 8) + 66 * 3 * 2048 * 1408 + 64 * 2048),
    },
  ],
  [
    "a window that is switched off, a wide shared expert, AWQ that leaves routers",
    {
      ...{ architectures: ["Qwen2MoeForCausalLM"], model_type: "qwen2_moe", hidden_size: 3584, intermediate_size: 18944 },
      ...{ moe_intermediate_size: 2560, shared_expert_intermediate_size: 20480, num_hidden_layers: 28, num_attention_heads: 28 },
      ...{ num_key_value_heads: 4, num_experts: 64, num_experts_per_tok: 8, decoder_sparse_step: 1, mlp_only_layers: [] },
      ...{ sliding_window: 65536, use_sliding_window: false, max_window_layers: 28, vocab_size: 151936, tie_word_embeddings: false },
      quantization_config: { quant_method: "awq", bits: 4, group_size: 128, modules_to_not_convert: ["gate", "shared_expert_gate"] },
    },
    {
      ...{ layers: 28, moeLayers: 28, attention: "GQA", kept: 28 * 1024, formats: ["int4_wo", "int4_wo"] },
      // The gate of the shared expert, 3584 a layer, is left out.
      total: 2 * 151936 * 3584 + 28 * (3584 * 128 * (2 * 28 + 8) + 64 * 3 * 3584 * 2560 + 3 * 3584 * 20480 + 64 * 3584),
    },
  ],
  [
    "a list of linear layers counted from one, and experts from the second layer on",
    {
      ...{ architectures: ["KimiLinearForCausalLM"], model_type: "kimi_linear", hidden_size: 2304, intermediate_size: 9216 },
      ...{ moe_intermediate_size: 1024, num_hidden_layers: 8, num_attention_heads: 32, num_key_value_heads: 32, head_dim: 72 },
      ...{ num_experts: 256, num_experts_per_token: 8, num_shared_experts: 1, first_k_dense_replace: 1, moe_layer_freq: 1 },
      ...{ kv_lora_rank: 512, q_lora_rank: null, qk_rope_head_dim: 64, qk_nope_head_dim: 128, v_head_dim: 128, mla_use_nope: true },
      ...{ num_expert_group: 1, topk_group: 1, moe_router_activation_func: "sigmoid", moe_renormalize: true, use_grouped_topk: true },
      linear_attn_config: {
        full_attn_layers: [4, 8],
        head_dim: 128,
        kda_layers: [1, 2, 3, 5, 6, 7],
        num_heads: 32,
        short_conv_kernel_size: 4,
      },
      ...{ vocab_size: 163840, tie_word_embeddings: false, num_nextn_predict_layers: 0 },
    },
    {
      ...{ layers: 8, moeLayers: 7, attention: "6 x Kimi Delta Attention + 2 x MLA", kept: 2 * 576, predictionModules: 0 },
      total:
        2 * 163840 * 2304 +
        6 * (2304 * (4 * 4096 + 32 + 2 * 128) + 2 * 128 * 4096) +
        2 * latent(32, 2304) +
        3 * 2304 * 9216 +
        7 * (257 * 3 * 2304 * 1024 + 256 * 2304),
    },
  ],
  [
    "layers of Mamba-2 between few of attention, experts of the usual width and a shared one of its own",
    {
      ...{ architectures: ["GraniteMoeHybridForCausalLM"], model_type: "granitemoehybrid", hidden_size: 1536, intermediate_size: 512 },
      ...{ shared_intermediate_size: 1024, num_hidden_layers: 40, num_attention_heads: 12, num_key_value_heads: 4 },
      layer_types: from(40, (i) => (i % 10 === 5 ? "attention" : "mamba")),
      ...{ mamba_n_heads: 48, mamba_d_head: 64, mamba_d_state: 128, mamba_n_groups: 1, mamba_d_conv: 4, mamba_expand: 2 },
      ...{ mamba_chunk_size: 256, mamba_conv_bias: true, mamba_proj_bias: false, num_local_experts: 64, num_experts_per_tok: 6 },
      ...{ attention_multiplier: 0.0078125, vocab_size: 100352, tie_word_embeddings: true, position_embedding_type: "nope" },
    },
    {
      ...{ layers: 40, moeLayers: 40, attention: "36 x Mamba-2 + 4 x GQA", kept: 4 * 1024 },
      total:
        100352 * 1536 +
        36 * 1536 * (2 * 3072 + 2 * 128 + 48 + 3072) +
        4 * 1536 * 128 * (2 * 12 + 8) +
        40 * (64 * 3 * 1536 * 512 + 3 * 1536 * 1024 + 64 * 1536),
    },
  ],
  [
    "nothing but nulls beside FP8 that leaves a tower",
    {
      ...{ architectures: ["Mistral3ForConditionalGeneration"], model_type: "mistral3", ...vision, tie_word_embeddings: null },
      text_config: {
        ...{ model_type: "ministral3", hidden_size: 4096, intermediate_size: 14336, num_hidden_layers: 34, num_attention_heads: 32 },
        ...{ num_key_value_heads: 8, head_dim: 128, sliding_window: null, vocab_size: 131072, tie_word_embeddings: false },
        quantization_config: null,
      },
      quantization_config: {
        ...{ quant_method: "fp8", activation_scheme: "static", dequantize: false, weight_block_size: null },
        modules_to_not_convert: ["model.vision_tower", "model.multi_modal_projector", "lm_head"],
      },
    },
    {
      ...{ layers: 34, moeLayers: 0, attention: "GQA", kept: 34 * 2048, formats: ["fp8", "fp8"] },
      total: 2 * 131072 * 4096 + 34 * (4096 * 128 * (2 * 32 + 16) + 3 * 4096 * 14336),
    },
  ],
  [
    "one expert, which is none",
    {
      ...{
        architectures: ["HunYuanForCausalLM"],
        model_type: "hunyuan",
        hidden_size: 4096,
        intermediate_size: 14336,
        num_hidden_layers: 32,
      },
      ...{ num_attention_heads: 32, num_key_value_heads: 8, attention_head_dim: 128, num_experts: 1, moe_topk: 1, num_shared_expert: 1 },
      ...{ use_cla: true, cla_share_factor: 2, use_mixed_mlp_moe: false, vocab_size: 129024, tie_word_embeddings: true },
    },
    {
      // Every second layer reads the keys and values of the one before; projections that it may lack are counted, as the note says.
      ...{ layers: 32, moeLayers: 0, attention: "16 x GQA + 16 x GQA, shared cache", kept: 16 * 2048 },
      total: 129024 * 4096 + 32 * 3 * 4096 * 14336 + 32 * 4096 * 128 * 2 * 32 + 16 * 4096 * 128 * 16,
    },
  ],
];

describe("a file in a family's own words", () => {
  it.each(files)("is read: %s", (_, config, expected) => {
    const m = modelFromConfig(config, { id: "own" });
    const { layers, moeLayers, attention } = m;
    const kept = m.runs.reduce(
      (sum, { count, blocks }) =>
        sum + count * blocks.filter(isMixer).reduce((bytes, mixer) => bytes + mixerKept(mixer, 1, "bfloat16").cacheBytes, 0),
      0,
    );
    expect({ layers, moeLayers, attention, total: parameterCount(m).total, kept: kept / 2 }).toEqual({
      layers: expected.layers,
      moeLayers: expected.moeLayers,
      attention: expected.attention,
      total: expected.total,
      kept: expected.kept,
    });
    if (expected.formats !== undefined) expect([m.formats.experts, m.formats.rest]).toEqual(expected.formats);
    if (expected.predictionModules !== undefined) expect(m.predictionModules).toBe(expected.predictionModules);
  });
});

describe("a file of a family that is not held", () => {
  const base = { ...qwen3Moe, architectures: ["OddForCausalLM"], model_type: "odd", vocab_size: 1000, tie_word_embeddings: false };
  const ernie = {
    ...base,
    num_experts: undefined,
    num_experts_per_tok: undefined,
    model_type: "ernie4_5_moe_vl",
    moe_num_experts: 64,
    moe_k: 6,
  };

  it.each([
    [
      "experts for words and for images",
      { ...ernie, moe_intermediate_size: [1536, 512] },
      "moe_intermediate_size: expected 48 entries, one a layer",
    ],
    [
      "layers of experts for words and for images",
      { ...ernie, moe_layer_start_index: [1, 1] },
      "moe_layer_start_index: expected a whole number",
    ],
    [
      "experts in an object of their own",
      { ...base, num_experts: undefined, num_experts_per_tok: undefined, moe_config: { moe_num_experts: 32 } },
      "moe_",
    ],
    [
      "a rhythm that is not understood",
      { ...base, moe_expert_interval: 2 },
      "moe_expert_interval: expected only fields that are understood",
    ],
    [
      "a word for a layer that is not known",
      { ...base, layer_types: from(48, () => "retention") },
      "layer_types[0]: expected one of attention, full_attention",
    ],
    [
      "widths that differ from layer to layer",
      { ...base, num_experts: 0, intermediate_size: from(48, (i) => 512 * (1 + (i % 2))) },
      "intermediate_size[1]: expected 512",
    ],
    [
      "windows that differ from layer to layer",
      { ...base, sliding_window: from(48, () => 512) },
      "sliding_window: expected a whole number",
    ],
    [
      "n-grams beside the embedding",
      { ...base, ngram_vocab_size_ratio: 78 },
      "ngram_vocab_size_ratio: expected only fields that are understood",
    ],
  ])("is refused by the field: %s", (_, config, words) => {
    expect(() => modelFromConfig(JSON.parse(JSON.stringify(config)))).toThrow(words);
  });
});
