import { ConfigError, shown } from "./error";
import { layerRuleNames } from "./expert-layers";
import { expertNames } from "./experts";
import { layerCountNames } from "./head-names";
import { mixerNames } from "./layer-kinds";
import { fieldOf, isOff, pathOf, type Section } from "./section";

/** Fields that are read, of those that a smell could catch. */
const read: ReadonlySet<string> = new Set([
  ...Object.values(expertNames).flat(),
  ...layerRuleNames,
  ...mixerNames,
  ...layerCountNames,
  "enable_moe_block",
  "expert_dtype",
  "residual_moe",
  "zero_expert_num",
  "per_layer_config",
  "use_cla",
  "use_moe",
  "moe_enabled",
  "is_moe",
  "num_kv_shared_layers",
  "kv_source_layers",
  "kv_source_layer_ids",
  "global_attn_every_n_layers",
]);

/** Fields that change no dimension that a model holds. */
const harmless: ReadonlySet<string> = new Set(
  `attn_res_block_size aux_loss_alpha cla_share_factor compress_rates conv_kernel enable_moe_fp32_combine index_skip_topk_offset index_topk
  index_topk_blocks index_topk_freq index_topk_pattern kv_source_layers latent_moe_use_norm layer_norm_per_layer
  layer_rope_theta moe_act_fn moe_apply_router_weight_on_input moe_capacity moe_dense_experts_token_type_id moe_dropout
  moe_dynamic_exp_p moe_gate moe_gate_act moe_group moe_norm_gate_logits moe_normalize_expert_weights moe_renormalize
  moe_router_enable_expert_bias moe_router_enable_shared_expert moe_router_logit_softcapping moe_shared_expert_overlap
  moe_token_dispatcher_type moe_token_dropping moe_layer_recompute moe_grouped_gemm moe_permute_fusion
  moe_aux_loss_free moe_expert_parallel_size expert_parallel_size expert_model_parallel_size shared_expert_combination_strategy moe_use_aux_free mtp_hybrid_override_pattern mtp_layers_block_type norm_after_moe norm_expert_weight
  num_attention_heads_per_layer num_hash_layers output_router_logits router_type share_expert_gate shared_expert_gate
  shared_expert_sink shared_moe_mode top_k topk_method use_grouped_topk use_mambapy use_mixed_mlp_moe use_moe_router_bias use_short_conv
  vocab_size_per_layer_input zero_expert_type`.split(/\s+/),
);

/** Ends of names that say: a weight of a loss, a factor on activations, a way to compute the same. */
const harmlessEnd =
  /_(coef|coeff|coefficient|scale|scaling|scaling_factor|capacity_factor|eps|epsilon|dtype|loss|bias|func|fn|method|implementation|activation|prob|noise|dropout|beta|alpha|std)$/i;

/** What a field may speak of that would change a model, by its name. */
const smells = {
  experts: /expert|moe|rout|top_?k(?!en)/i,
  mixers: /mamba|ssm|^linear_|recurr|rwkv|lru|delta|conv|kda|lightning|retention|hyena|state_size|hybrid|layer_indices/i,
  layers: /per_layer|_loop|loop_|altup|laurel|block_config|cross_attention|kv_shared|kv_source|engram|n_?gram|layer_sharing|cla$|cla_/i,
} as const;

/**
 * Refuse a field that could change the model and is not understood: better no number than a wrong one.
 *
 * By its name alone; numbers with a fraction, and names that end like a weight of a loss, change no dimension. Sizes of linear
 * mixers are let pass where another field says which layers have one.
 *
 * @throws ConfigError naming the field.
 */
export function refuseNotUnderstood(section: Section): void {
  const mixersTold = mixerNames.some((name) => fieldOf(section, name) !== undefined);
  for (const name of section.fields.keys()) {
    const value = fieldOf(section, name);
    if (isOff(value) || read.has(name) || harmless.has(name) || harmlessEnd.test(name) || name.length > 200) continue;
    if (typeof value === "number" && !Number.isInteger(value)) continue;
    const tell = (problem: string): never => {
      throw new ConfigError(pathOf(section, name), `${problem}; got ${shown(value)}`);
    };
    if (smells.experts.test(name))
      tell("expected only fields that are understood; this one speaks of experts, and what it does is not known here");
    if (smells.layers.test(name)) tell("expected only fields that are understood; this one speaks of layers that differ or share");
    if (smells.mixers.test(name) && !mixersTold) {
      tell(
        "expected a field beside it that says which layers have attention (layer_types), since this one speaks of something in its place",
      );
    }
  }
}
