import type { Model } from "../model";
import { ConfigError } from "./error";
import type { Family } from "./families";
import { count, fieldOf, flag, optionalCount, pathOf, type Section } from "./section";

/** The part of a model that its attention blocks are made of. */
export type AttentionPart = Pick<Model, "attentionHeads" | "keyValueHeads" | "headDim" | "valueHeadDim"> &
  Partial<Pick<Model, "kvLoraRank" | "qkRopeHeadDim" | "qLoraRank" | "outputLoraRank" | "outputGroups">> & {
    /** MHA, GQA, MQA, MLA... as the registry names it. */
    readonly kind: string;
  };

const heads = { most: 65_536 };
const width = { most: 1_000_000 };

const gateNames = ["attn_output_gate", "attention_output_gate", "mla_use_output_gate"] as const;

const names = {
  attentionHeads: ["num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"],
  keyValueHeads: ["num_key_value_heads", "num_kv_heads", "n_head_kv", "kv_n_heads", "multi_query_group_num", "num_attention_groups"],
  headDim: ["head_dim", "attention_head_dim", "kv_channels"],
  kvLoraRank: ["kv_lora_rank"],
  qLoraRank: ["q_lora_rank"],
  valueHeadDim: ["v_head_dim"],
} as const;

/** Read the sizes of attention: grouped, or latent where there is a rank of keys and values. */
export function attentionOf(section: Section, hiddenSize: number, family: Family | undefined): AttentionPart {
  const attentionHeads = count(section, names.attentionHeads, heads);
  // Laguna's gate is one number a head, too little to count, unless its text says otherwise.
  const perElement = typeof fieldOf(section, "gating") === "string" && fieldOf(section, "gating") !== "per-head";
  const gated = flag(section, gateNames) ?? family?.gatedAttention ?? perElement;
  const gate = gated ? "gated " : "";
  const kvLoraRank = optionalCount(section, names.kvLoraRank, width);
  return kvLoraRank === undefined
    ? grouped(section, hiddenSize, attentionHeads, family, gate)
    : latent(section, attentionHeads, kvLoraRank, gate);
}

function latent(section: Section, attentionHeads: number, kvLoraRank: number, gate: string): AttentionPart {
  const qkRopeHeadDim = count(section, ["qk_rope_head_dim"], { least: 0, ...width });
  const noRope = count(section, ["qk_nope_head_dim"], width);
  const qLoraRank = optionalCount(section, names.qLoraRank, width);
  return {
    kind: `${gate}MLA${sparse(section)}`,
    attentionHeads,
    keyValueHeads: attentionHeads,
    headDim: noRope + qkRopeHeadDim,
    valueHeadDim: count(section, names.valueHeadDim, width),
    kvLoraRank,
    qkRopeHeadDim,
    ...(qLoraRank === undefined ? {} : { qLoraRank }),
  };
}

function grouped(section: Section, hiddenSize: number, attentionHeads: number, family: Family | undefined, gate: string): AttentionPart {
  const keyValueHeads = keyValueHeadsOf(section, attentionHeads, family);
  const headDim = optionalCount(section, names.headDim, width) ?? evenly(section, hiddenSize, attentionHeads);
  const qLoraRank = optionalCount(section, names.qLoraRank, width);
  const outputLoraRank = optionalCount(section, ["o_lora_rank"], width);
  const qkRopeHeadDim = qLoraRank === undefined ? undefined : optionalCount(section, ["qk_rope_head_dim"], width);
  const outputGroups = outputLoraRank === undefined ? undefined : count(section, ["o_groups"], heads);
  return {
    kind: `${gate}${keyValueHeads === attentionHeads ? "MHA" : keyValueHeads === 1 ? "MQA" : "GQA"}${sparse(section)}`,
    attentionHeads,
    keyValueHeads,
    headDim,
    valueHeadDim: optionalCount(section, names.valueHeadDim, width) ?? headDim,
    ...(qkRopeHeadDim === undefined ? {} : { qkRopeHeadDim }),
    ...(qLoraRank === undefined ? {} : { qLoraRank }),
    ...(outputLoraRank === undefined ? {} : { outputLoraRank }),
    ...(outputGroups === undefined ? {} : { outputGroups }),
  };
}

/** One head for all where multi-query attention says so, whatever number stands beside it (Falcon's newer form excepted). */
function keyValueHeadsOf(section: Section, attentionHeads: number, family: Family | undefined): number {
  const one = flag(section, ["multi_query"]) ?? family?.multiQuery ?? false;
  const newer = flag(section, ["new_decoder_architecture"]) ?? false;
  const keyValueHeads = one && !newer ? 1 : (optionalCount(section, names.keyValueHeads, heads) ?? attentionHeads);
  if (attentionHeads % keyValueHeads !== 0) {
    const field = names.keyValueHeads.find((name) => section.fields.has(name)) ?? names.keyValueHeads[0];
    throw new ConfigError(pathOf(section, field), `expected a divisor of the ${attentionHeads} attention heads, got ${keyValueHeads}`);
  }
  return keyValueHeads;
}

function evenly(section: Section, hiddenSize: number, attentionHeads: number): number {
  if (hiddenSize % attentionHeads !== 0) {
    throw new ConfigError(
      pathOf(section, names.headDim[0]),
      `expected a whole number, since the hidden size of ${hiddenSize} does not divide into ${attentionHeads} heads; got nothing`,
    );
  }
  return hiddenSize / attentionHeads;
}

function sparse(section: Section): string {
  return optionalCount(section, ["index_topk"], { most: 1e9 }) === undefined ? "" : " + DSA";
}
