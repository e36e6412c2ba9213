import type { Blocks } from "./blocks";
import { fieldOf, optionalCount, type Section } from "./section";

/** Attention in words, as the registry has it: "hybrid GDN (36) + gated GQA (12)", "GQA, SWA-128 in 39 of 48". */
export function attentionLabel(section: Section, kind: string, blocks: Blocks): string {
  const { linearLayers, attentionLayers, windowLayers } = blocks;
  const width = optionalCount(section, ["sliding_window", "sliding_window_size", "attention_chunk_size"], { least: 0, most: 1e9 });
  const window = windowLayers === 0 ? "" : `, SWA${width === undefined ? "" : `-${width}`} in ${windowLayers} of ${attentionLayers}`;
  return linearLayers === 0
    ? `${kind}${window}`
    : `hybrid ${linearKind(section)} (${linearLayers}) + ${kind} (${attentionLayers})${window}`;
}

const linearKinds: readonly (readonly [string, string])[] = [
  ["linear_num_key_heads", "GDN"],
  ["linear_attn_config", "KDA"],
  ["linear_num_heads", "KDA"],
  ["attn_type_list", "lightning"],
  ["linear_attn_alpha_factor", "lightning"],
  ["mamba_num_heads", "Mamba-2"],
  ["mamba_n_heads", "Mamba-2"],
  ["mamba_d_state", "Mamba"],
];

function linearKind(section: Section): string {
  return linearKinds.find(([field]) => fieldOf(section, field) !== undefined)?.[1] ?? "linear";
}

const counted = "counted like the others";

/** What a field says that a model does not hold, and how it is counted instead. */
const leftOut: readonly (readonly [readonly string[], string])[] = [
  [["zero_expert_num"], "experts that compute nothing are left out, though they are among those that a token picks"],
  [
    ["swa_num_attention_heads", "swa_num_key_value_heads", "swa_head_dim", "attention_other_setting"],
    `layers with a window have heads of their own and are ${counted}`,
  ],
  [["global_head_dim", "num_global_key_value_heads"], `layers without a window have heads of their own and are ${counted}`],
  [["num_attention_heads_per_layer", "per_layer_config"], `layers differ in their heads and are ${counted}`],
  [["share_q_dim"], "queries go through a low rank, which is counted in full"],
  [["use_cla", "kv_source_layers"], "layers that share keys and values are counted as if each had its own"],
  [["index_topk", "sparse_attention_config", "index_topk_blocks"], "the indexer of sparse attention is left out"],
  [["num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers"], "prediction of several tokens is left out"],
];

/** What is left out of a model, in a sentence; empty where nothing is. */
export function noteOf(section: Section, outer: Section, blocks: Blocks, family: unknown): string {
  const notes = leftOut.flatMap(([fields, note]) => (fields.some((name) => isOn(fieldOf(section, name))) ? [note] : []));
  if (blocks.linearLayers > 0) notes.unshift("layers with a linear mixer are counted as attention");
  if (["vision_config", "audio_config"].some((name) => fieldOf(outer, name) !== undefined)) notes.push("vision and audio are left out");
  if (family === undefined) notes.push("the model type is not known, so it was read by its fields alone");
  return notes.join("; ");
}

function isOn(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== false && value !== 0;
}
