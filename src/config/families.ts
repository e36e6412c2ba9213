/** What a family of models has in its code and not in its configuration. */
export interface Family {
  /** Whether head and input embedding are one matrix where the configuration does not say. */
  readonly tied: boolean;
  /** Matrices of a feed-forward part: 3 with a gate, 2 without. */
  readonly matrices: 2 | 3;
  /** Width of the feed-forward part over the hidden size, where no field gives it. */
  readonly ffnFactor?: number;
  /** Heads of keys and values where no field gives them; as many as of queries where this is absent. */
  readonly keyValueHeads?: 1;
  /** Whether attention has a gate on its output where no field says so. */
  readonly gatedAttention?: boolean;
  /** Fields that decide which layers have experts and must therefore be there. */
  readonly needs?: readonly string[];
  /** Width of the shared expert is that of a routed one where no field gives it, and there is always one. */
  readonly oneSharedExpert?: boolean;
}

const gated: Family = { tied: false, matrices: 3 };
const gatedTied: Family = { tied: true, matrices: 3 };
const plain: Family = { tied: false, matrices: 2 };
const plainTied: Family = { tied: true, matrices: 2 };
const deepseek: Family = { ...gated, needs: ["first_k_dense_replace"] };

const families: Readonly<Record<string, Family>> = {
  arcee: plain,
  apertus: plain,
  arctic: gated,
  axk1: deepseek,
  bloom: { ...plainTied, ffnFactor: 4 },
  cohere: gatedTied,
  cohere2: gatedTied,
  dbrx: gated,
  deepseek: deepseek,
  deepseek_ref: gated,
  deepseek_v2: deepseek,
  deepseek_v3: deepseek,
  deepseek_v32: deepseek,
  deepseek_v4: gated,
  dots1: deepseek,
  ernie4_5: gatedTied,
  ernie4_5_moe: gatedTied,
  falcon: { ...plainTied, ffnFactor: 4 },
  gemma: gatedTied,
  gemma2: gatedTied,
  gemma3_text: gatedTied,
  gemma4_text: gatedTied,
  glm: gated,
  glm4: gated,
  glm4_moe: deepseek,
  glm_moe_dsa: deepseek,
  gpt2: { ...plainTied, ffnFactor: 4 },
  gpt_bigcode: { ...plainTied, ffnFactor: 4, keyValueHeads: 1 },
  gpt_neox: plain,
  gpt_oss: gated,
  gptj: { ...plain, ffnFactor: 4 },
  granite: gated,
  granitemoe: gated,
  jamba: gated,
  kimi_k2: deepseek,
  kimi_linear: gated,
  llama: gated,
  llama4_text: { ...gated, oneSharedExpert: true },
  longcat_flash: gated,
  mimo: gated,
  mimo_v2_flash: gated,
  minimax: gated,
  minimax_m2: gated,
  minimax_m3: gated,
  mistral: gated,
  mixtral: gated,
  nemotron: plain,
  nemotron_h: plain,
  olmo: gated,
  olmo2: gated,
  olmoe: gated,
  opt: plainTied,
  phi: plain,
  phi3: gated,
  phimoe: gated,
  qwen2: gated,
  qwen2_moe: gated,
  qwen3: gated,
  qwen3_5_moe_text: gated,
  qwen3_5_text: gated,
  qwen3_moe: gated,
  qwen3_next: { ...gated, gatedAttention: true },
  qwen3_vl_moe_text: gated,
  qwen3_vl_text: gated,
  stablelm: gated,
  starcoder2: plainTied,
  step3p7: deepseek,
};

/** What is known of a model type; undefined where it is not known. */
export function familyOf(modelType: string): Family | undefined {
  return Object.hasOwn(families, modelType) ? families[modelType] : undefined;
}

/** All model types that are known by name. */
export const modelTypes: readonly string[] = Object.keys(families);
