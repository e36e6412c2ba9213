import { describe, expect, it } from "vitest";
import { type GroupedMixer, isMixer, isSoftmax } from "../../../src/model/blocks";
import { modelFromConfig } from "../../../src/model/config/read-config";
import type { Model } from "../../../src/model/model";
import { model } from "../../../src/model/registry";

/** The first mixer of a model that attends by softmax. */
const attentionOf = (m: Model) => m.runs.flatMap(({ blocks }) => blocks).find(isSoftmax) as Partial<GroupedMixer>;

/** Sizes that nearly all configurations name alike. */
const common = (m: Model) => ({
  hidden_size: m.hiddenSize,
  num_hidden_layers: m.layers,
  num_attention_heads: attentionOf(m).heads,
  num_key_value_heads: attentionOf(m).keyValueHeads,
  head_dim: attentionOf(m).headDim,
  vocab_size: m.vocabSize,
  tie_word_embeddings: m.tiedEmbeddings,
});

const from = (length: number, mark: (layer: number) => unknown) => Array.from({ length }, (_, layer) => mark(layer));

/** Dimensions of the registry in the words of families of which no published file stands in data/configs/. */
const inTheirWords: readonly (readonly [string, (m: Model) => object])[] = [
  [
    "dbrx",
    (m) => ({
      model_type: "dbrx",
      d_model: m.hiddenSize,
      n_layers: m.layers,
      n_heads: attentionOf(m).heads,
      vocab_size: m.vocabSize,
      tie_word_embeddings: false,
      attn_config: { model_type: "", kv_n_heads: attentionOf(m).keyValueHeads, clip_qkv: 8, tie_word_embeddings: true },
      ffn_config: { ffn_hidden_size: 10752, moe_num_experts: 16, moe_top_k: 4, moe_loss_weight: 0.05, moe_normalize_expert_weights: 1 },
    }),
  ],
  [
    "minimax-text-01",
    (m) => ({
      ...common(m),
      model_type: "minimax_text_01",
      attn_type_list: from(80, (layer) => (layer % 8 === 7 ? 1 : 0)),
      intermediate_size: 9216,
      num_local_experts: 32,
      num_experts_per_tok: 2,
      shared_intermediate_size: 0,
      shared_moe_mode: "sigmoid",
    }),
  ],
  [
    "hunyuan-large",
    (m) => ({
      ...common(m),
      model_type: "hunyuan",
      intermediate_size: 18304,
      num_experts: 16,
      moe_topk: from(64, () => 1),
      num_shared_expert: from(64, () => 1),
      use_mixed_mlp_moe: true,
      use_cla: true,
      cla_share_factor: 2,
    }),
  ],
  [
    "snowflake-arctic",
    (m) => ({
      ...common(m),
      model_type: "arctic",
      intermediate_size: 4864,
      num_local_experts: 128,
      num_experts_per_tok: 2,
      moe_layer_frequency: 1,
    }),
  ],
  [
    "grok-2",
    (m) => ({
      ...common(m),
      model_type: "grok-1",
      intermediate_size: 32768,
      moe_intermediate_size: 16384,
      num_local_experts: 8,
      num_experts_per_tok: 2,
      residual_moe: true,
    }),
  ],
  [
    "qwen1.5-moe-a2.7b",
    (m) => ({
      ...common(m),
      model_type: "qwen2_moe",
      intermediate_size: 5632,
      moe_intermediate_size: 1408,
      shared_expert_intermediate_size: 5632,
      num_experts: 60,
      num_experts_per_tok: 4,
      decoder_sparse_step: 1,
      mlp_only_layers: [],
    }),
  ],
  [
    "step-3",
    (m) => ({
      ...common(m),
      num_key_value_heads: undefined,
      model_type: "step3_text",
      num_attention_groups: 1,
      share_q_dim: 2048,
      intermediate_size: 18432,
      moe_intermediate_size: 5120,
      share_expert_dim: 5120,
      moe_num_experts: 48,
      moe_top_k: 3,
      moe_layers_enum: from(56, (layer) => layer + 4).join(","),
    }),
  ],
  [
    "kimi-linear-48b-a3b",
    (m) => ({
      ...common(m),
      head_dim: 72,
      model_type: "kimi_linear",
      kv_lora_rank: 512,
      q_lora_rank: null,
      qk_nope_head_dim: 128,
      qk_rope_head_dim: 64,
      v_head_dim: 128,
      linear_attn_config: {
        full_attn_layers: [4, 8, 12, 16, 20, 24, 27],
        num_heads: 32,
        head_dim: 128,
        short_conv_kernel_size: 4,
        kda_layers: from(27, (layer) => layer + 1).filter((n) => n !== 27 && (n as number) % 4 > 0),
      },
      intermediate_size: 9216,
      moe_intermediate_size: 1024,
      num_experts: 256,
      num_experts_per_token: 8,
      num_shared_experts: 1,
      first_k_dense_replace: 1,
      moe_layer_freq: 1,
      num_expert_group: 1,
      topk_group: 1,
    }),
  ],
  [
    "jamba-v0.1",
    (m) => ({
      ...common(m),
      model_type: "jamba",
      intermediate_size: 14336,
      num_experts: 16,
      num_experts_per_tok: 2,
      attn_layer_period: 8,
      attn_layer_offset: 4,
      expert_layer_period: 2,
      expert_layer_offset: 1,
      mamba_d_state: 16,
    }),
  ],
  [
    "gpt-3-175b",
    (m) => ({ model_type: "gpt2", n_embd: m.hiddenSize, n_layer: m.layers, n_head: attentionOf(m).heads, vocab_size: m.vocabSize }),
  ],
];

describe("the words of a family", () => {
  it.each(inTheirWords)("give the dimensions of %s", (id, config) => {
    const held = model(id);
    const read = modelFromConfig(config(held));
    const kinds = (m: Model) => m.runs.map(({ count, blocks }) => ({ count, mixers: blocks.filter(isMixer).map(({ kind }) => kind) }));
    const dimensions = Object.entries(held).filter(([, value]) => typeof value === "number" || typeof value === "boolean");
    const elsewhere = ["totalParameters", "activeParameters", "predictionModules"];
    for (const [field, value] of dimensions) {
      if (!elsewhere.includes(field)) expect(read[field as keyof Model], field).toBe(value);
    }
    expect(kinds(read)).toEqual(expect.arrayContaining(kinds(held)));
  });

  const llama = { ...common(model("llama-2-70b")), model_type: "llama", intermediate_size: 28672 };

  it.each([
    [
      "Falcon 7B: one head of keys and values, whatever stands beside it",
      { model_type: "falcon", num_key_value_heads: undefined, num_kv_heads: 64 },
      [{ keyValueHeads: 1 }, { matrices: 2 }],
    ],
    [
      "Falcon 40B: as many as stated",
      { model_type: "falcon", new_decoder_architecture: true, num_key_value_heads: undefined, num_kv_heads: 8 },
      [{ keyValueHeads: 8 }, {}],
    ],
    [
      "MPT: four times the hidden size, or as often as it says",
      { model_type: "mpt", intermediate_size: undefined, expansion_ratio: 3 },
      [{}, { width: 3 * 8192 }],
    ],
    ["Qwen 1: half of the stated width each for gate and up", { model_type: "qwen" }, [{}, { width: 28672 / 2, matrices: 3 }]],
    [
      "ChatGLM: groups of queries, padded vocabulary",
      {
        model_type: "chatglm",
        num_key_value_heads: undefined,
        multi_query_attention: true,
        multi_query_group_num: 2,
        vocab_size: undefined,
        padded_vocab_size: 65024,
      },
      [{ keyValueHeads: 2 }, {}, { vocabSize: 65024 }],
    ],
    [
      "Bamba: attention in the layers that are numbered",
      { model_type: "bamba", attn_layer_indices: [9, 18, 27], mamba_d_state: 256, mamba_n_heads: 128 },
      [{ kind: "linear", family: "mamba2", valueHeads: 128 }, {}, { attentionLayers: 3, linearLayers: 77 }],
    ],
    [
      "an unknown type that leaves no doubt",
      { model_type: "my_llama", architectures: ["MyLlamaForCausalLM"], hidden_act: "silu" },
      [{}, { matrices: 3 }, { note: expect.stringContaining("the model type is not known, so it was read by its fields alone") }],
    ],
    [
      "one expert alone is a dense layer",
      { num_experts: 1, num_experts_per_tok: 1 },
      [{}, {}, { routedExperts: 0, moeLayers: 0, denseLayers: 80 }],
    ],
  ])("read %s", (_, change, [mixer, feedForward, whole = {}]) => {
    const read = modelFromConfig({ ...llama, ...change });
    expect(read.runs[0]?.blocks).toMatchObject([mixer, feedForward]);
    expect(read).toMatchObject(whole as object);
  });

  it.each([
    [
      "no gate is told by the activation",
      { model_type: "mine", architectures: ["MineForCausalLM"], hidden_act: "gelu" },
      "hidden_act: expected silu, swish, swiglu or geglu",
    ],
    [
      "tied or not is told by nothing",
      { model_type: "mine", architectures: ["MineForCausalLM"], hidden_act: "silu", tie_word_embeddings: undefined },
      "tie_word_embeddings: expected true or false, since the model type is not known",
    ],
    [
      "Mamba stands beside attention in no known layer",
      { mamba_d_state: 128 },
      "mamba_d_state: expected a field beside it that says which layers have attention (layer_types)",
    ],
    [
      "layers share what is not known",
      { kv_shared_groups: 20 },
      "kv_shared_groups: expected only fields that are understood; this one speaks of layers that differ or share",
    ],
  ])("are refused where %s", (_, change, message) => {
    expect(() => modelFromConfig({ ...llama, ...change })).toThrow(message);
  });
});
