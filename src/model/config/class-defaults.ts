import { expertNames } from "./experts";
import { keyValueHeadNames } from "./head-names";
import type { Section } from "./section";
import { windowNames } from "./window-width";

/** A field that a file may leave to its class, its other names, and the numbers of the classes. */
interface Default {
  readonly field: string;
  readonly names: readonly string[];
  readonly values: ReadonlyMap<string, number>;
}

/** Pairs of a model type and a number. */
const pairs = (text: string): ReadonlyMap<string, number> => {
  const words = text.trim().split(/\s+/);
  return new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, Number(words[i + 1])] as const] : [])));
};

const shared = expertNames.sharedExperts;

/**
 * What a configuration class takes where a file does not say it. Fields without which a file would be read without an error and wrongly:
 * a head of 256 in place of an even part of the residual stream, four heads of keys in place of as many as queries, a window, the
 * width of an expert, a shared expert. Beside them what Google's and Mistral's files with images leave out.
 *
 * @source Transformers 5.24.0: defaults of configuration classes.
 */
const defaults: readonly Default[] = [
  {
    field: "head_dim",
    names: ["head_dim", "attention_head_dim", "kv_channels"],
    values: pairs(`
      afmoe 128 beam 128 cohere2_moe 128 cwm 128 ernie4_5 128 gemma 256 gemma2 256 gemma3_text 256 gemma4_text 256 glm 128 glm4 128
      gpt_oss 64 helium 128 hy_v3 128 internlm3 128 laguna 128 llama4_text 128 mimo_v2_flash 192 minimax_m2 128
      minimax_m3_vl_text 128 ministral3 128 muse_spark_text 64 nemotron_h 128 qwen3 128 qwen3_5_moe_text 256 qwen3_5_text 256
      qwen3_next 256 qwen3_vl_text 128 sarvam_moe 64 seed_oss 128 solar_open 128 step3p5 128 step3p7 128 vaultgemma 256
    `),
  },
  {
    field: "num_key_value_heads",
    names: [...keyValueHeadNames, "multi_query", "new_decoder_architecture"],
    values: pairs(`
      bamba 8 beam 8 bitnet 5 cwm 8 emu3_text_model 8 ernie4_5 2 ernie4_5_moe 4 exaone 8 gemma2 4 gemma3_text 4 gemma4_text 4 glm 2
      glm4 2 glm4_moe 8 glm4v_moe_text 8 glm4v_text 2 gpt_oss 8 granite_swa 4 hy_v3 8 inkling_text 8 internlm3 2 jamba 8 laguna 8
      llama4_text 8 mimo_v2_flash 4 minimax 8 minimax_m2 8 minimax_m3_vl_text 4 ministral 8 ministral3 8 mistral 8 mixtral 8
      muse_spark_text 16 nemotron_h 8 phimoe 8 qwen2_5_vl_text 8 qwen2_vl_text 8 qwen3_5_moe_text 2 qwen3_5_text 4 qwen3_moe 4
      qwen3_next 2 qwen3_omni_moe_text 4 sarvam_moe 4 seed_oss 8 smollm3 4 solar_open 8 starcoder2 2 step3p5 8 step3p7 8 vaultgemma 4
    `),
  },
  {
    field: "sliding_window",
    names: [...windowNames, "attention_chunk_size"],
    values: pairs(`
      afmoe 1024 cohere2 4096 cohere2_moe 4096 cwm 8192 exaone4 4096 exaone_moe 4096 gemma2 4096 gemma3_text 4096 gemma4_text 512
      gpt_oss 128 granite_swa 128 mistral 4096 olmo3 4096 vaultgemma 4096
    `),
  },
  {
    field: "moe_intermediate_size",
    names: expertNames.moeIntermediateSize,
    values: pairs(`
      afmoe 1408 axk1 2048 bailing_hybrid 768 beam 2560 deepseek_v2 1407 deepseek_v3 2048 deepseek_v32 2048 deepseek_v4 2048
      dots1 1408 ernie4_5_moe 1536 exaone_moe 1024 glm4_moe 1408 glm4_moe_lite 1536 glm4v_moe_text 1408 glm_moe_dsa 2048 hy_v3 1536
      hy_v4 768 inkling_text 3072 kimi_k25 2048 kimi_linear 1024 laguna 512 longcat_flash 2048 mimo_v2_flash 2048 mistral4 2048
      mistral_large4_text 6144 muse_spark_text 4096 nemotron_h 7688 qwen2_moe 1408 qwen3_5_moe_text 512 qwen3_moe 768 qwen3_next 512
      qwen3_omni_moe_text 768 qwen3_vl_moe_text 1408 sarvam_mla 2048 sarvam_moe 1024 solar_open 1280 step3p5 1280 step3p7 1280
    `),
  },
  {
    field: "n_shared_experts",
    names: [...shared, ...expertNames.sharedIntermediateSize],
    values: pairs(`
      afmoe 2 aria_text 2 axk1 1 bailing_hybrid 1 deepseek_v2 2 deepseek_v3 1 deepseek_v32 1 deepseek_v4 1 ernie4_5_moe 2
      exaone_moe 1 glm4_moe 1 glm4_moe_lite 1 glm4v_moe_text 1 glm_moe_dsa 1 hy_v3 1 hy_v4 1 inkling_text 2 kimi_k25 1 kimi_linear 1
      mistral4 1 mistral_large4_text 1 nemotron_h 1 sarvam_mla 1 sarvam_moe 1 solar_open 1
    `),
  },
  {
    field: "shared_expert_intermediate_size",
    names: expertNames.sharedIntermediateSize,
    values: pairs("laguna 512 qwen2_moe 5632 qwen3_5_moe_text 512 qwen3_next 512"),
  },
  { field: "num_attention_heads", names: ["num_attention_heads"], values: pairs("gemma3_text 8 mistral 32") },
  { field: "vocab_size", names: ["vocab_size"], values: pairs("gemma3_text 262208") },
];

/** Fields that a model without experts has no use for. */
const ofExperts: ReadonlySet<string> = new Set(["moe_intermediate_size", "n_shared_experts", "shared_expert_intermediate_size"]);

/**
 * The fields that a file leaves to its class, with what the class takes; none that is there under any of its names, be it null.
 *
 * @param types the model type, and with "_text" where it is known so
 */
export function classDefaults({ fields }: Section, types: readonly string[], hasExperts: boolean): ReadonlyMap<string, number> {
  return new Map(
    defaults.flatMap(({ field, names, values }) => {
      const value = types.map((type) => values.get(type)).find((one) => one !== undefined);
      const isOut = value === undefined || names.some((name) => fields.has(name)) || (ofExperts.has(field) && !hasExperts);
      return isOut ? [] : [[field, value] as const];
    }),
  );
}
