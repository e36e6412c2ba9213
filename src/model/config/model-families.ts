/** What a family of models has in its code and not in its configuration. */
export interface Family {
  /** Whether head and input embedding are one matrix where the configuration does not say. */
  readonly tied: boolean;
  /** Matrices of a feed-forward part: 3 with a gate, 2 without. */
  readonly matrices: 2 | 3;
  /** Fields that decide which layers have experts: without them a configuration of the family is not complete. */
  readonly needs: readonly string[];
  /** Width of the feed-forward part over the hidden size, where no field gives it. */
  readonly ffnFactor?: number;
  /** intermediate_size is the width of gate and up together. */
  readonly halvedFfn?: boolean;
  /** One head of keys and values for all queries, unless a field says otherwise. */
  readonly multiQuery?: boolean;
  /** Gate on attention's output, for each head or each element, or with the queries, which no field tells apart. */
  readonly gate?: "head" | "element" | "query";
  /** There is one shared expert, as wide as a routed one, which no field tells. */
  readonly sharedExpert?: boolean;
  /** A dense feed-forward part runs beside the experts, as wide as the residual stream or as intermediate_size. */
  readonly parallel?: "hidden" | "intermediate";
  /** Two attention blocks and two dense feed-forward parts a layer, beside the experts. */
  readonly doubled?: boolean;
}

const words = (text: string) => text.trim().split(/\s+/);

/** Gated feed-forward part, a head of its own. */
const usual = words(`
  afmoe aquila arctic aria_text axk1 axk2 baichuan bailing_hybrid bailing_moe bailing_moe_linear bailing_moe_v2 bamba beam bitnet chameleon
  chatglm cwm dbrx deepseek deepseek_ref deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 deepseek_v41 dots1 dots3_note_text emu3_text_model
  exaone exaone4 exaone_moe flex_olmo glm glm4 glm4_moe glm4_moe_lite glm4v_moe_text glm4v_text glm5_next_text glm_moe_dsa gpt_oss
  granite granitemoe granitemoehybrid granitemoeshared grok-1 helium hunyuan_v1_dense hunyuan_v1_moe hy_v3 hy_v4 hyperclovax
  inkling_text internlm internlm2 internlm3 jamba kimi_k2 kimi_k25 kimi_linear laguna llama llama4_text longcat_flash mimo
  mimo_v2_flash minicpm4 minimax minimax_m1 minimax_m2 minimax_m3 minimax_m3_vl_text minimax_text_01 ministral ministral3 mistral
  mistral4 mistral_large4_text mixtral moshi muse_spark_text olmo olmo2 olmo3 olmo_hybrid olmoe orion phi3 phimoe qwen qwen2 qwen2_5_vl_text
  qwen2_moe qwen2_vl_text qwen3 qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen3_omni_moe_text qwen3_vl_moe_text
  qwen3_vl_text sarvam_mla sarvam_moe seed_oss solar_open stablelm step3_text step3p5 step3p7 xverse yi
`);

/** Gated, with the input embedding as head. */
const tied = words(`
  cohere cohere2 cohere2_moe ernie4_5 ernie4_5_moe gemma gemma2 gemma3_text gemma4_text granite_swa hunyuan hunyuan_vl_text minicpm minicpm3
  smollm3 vaultgemma youtu
`);

/** Without a gate, a head of its own. */
const plain = words("apertus arcee codegen gpt_neox gptj jais2 nanochat nemotron nemotron_h persimmon phi phi-msft");

/** Without a gate, with the input embedding as head. */
const plainTied = words(
  "RefinedWeb RefinedWebModel biogpt bloom falcon gpt2 gpt_bigcode gpt_neo gpt_neox_japanese mpt opt starcoder2 xglm",
);

const quadruple = { ffnFactor: 4 } as const;
const firstDense = { needs: ["first_k_dense_replace", "mlp_layer_types"] } as const;

/** What goes beyond the four groups. */
const particular: Readonly<Record<string, Partial<Family>>> = {
  RefinedWeb: { ...quadruple, multiQuery: true },
  RefinedWebModel: { ...quadruple, multiQuery: true },
  afmoe: { needs: ["num_dense_layers", "mlp_layer_types"], gate: "element" },
  arctic: { parallel: "hidden" },
  axk1: firstDense,
  axk2: { ...firstDense, gate: "query" },
  bailing_hybrid: { ...firstDense, gate: "head" },
  bailing_moe_v2: firstDense,
  beam: { needs: ["mlp_layer_types"], gate: "element" },
  bloom: quadruple,
  codegen: quadruple,
  deepseek: firstDense,
  deepseek_v2: firstDense,
  deepseek_v3: firstDense,
  deepseek_v32: firstDense,
  dots1: firstDense,
  dots3_note_text: { ...firstDense, gate: "head" },
  exaone_moe: { needs: ["first_k_dense_replace", "is_moe_layer", "mlp_layer_types"] },
  falcon: { ...quadruple, multiQuery: true },
  gemma4_text: { parallel: "intermediate" },
  glm4_moe: firstDense,
  glm4_moe_lite: firstDense,
  glm5_next_text: firstDense,
  glm_moe_dsa: firstDense,
  gpt2: quadruple,
  gpt_bigcode: { ...quadruple, multiQuery: true },
  gpt_neo: quadruple,
  gpt_neox_japanese: quadruple,
  gptj: quadruple,
  hunyuan_v1_moe: { sharedExpert: true },
  hy_v3: firstDense,
  hy_v4: { needs: ["mlp_layer_types"], gate: "element" },
  inkling_text: { needs: ["mlp_layer_types"] },
  jamba: { needs: ["expert_layer_period"] },
  kimi_k2: firstDense,
  kimi_linear: firstDense,
  laguna: { needs: ["mlp_layer_types", "mlp_only_layers"] },
  llama4_text: { needs: ["interleave_moe_layer_step", "moe_layers"], sharedExpert: true },
  longcat_flash: { doubled: true },
  mimo_v2_flash: { needs: ["moe_layer_freq", "mlp_layer_types"] },
  minimax_m3: { needs: ["moe_layer_freq", "first_k_dense_replace", "mlp_layer_types"] },
  minimax_m3_vl_text: { needs: ["moe_layer_freq", "mlp_layer_types"] },
  mistral_large4_text: firstDense,
  moshi: { halvedFfn: true },
  mpt: quadruple,
  muse_spark_text: { gate: "element" },
  "phi-msft": quadruple,
  qwen: { halvedFfn: true },
  qwen3_5_moe_text: { gate: "element" },
  qwen3_5_text: { gate: "element" },
  qwen3_next: { gate: "element" },
  step3_text: { needs: ["moe_layers_enum"] },
  step3p5: { gate: "head", needs: ["first_k_dense_replace", "moe_layers_enum", "mlp_layer_types"] },
  step3p7: { gate: "head", needs: ["first_k_dense_replace", "moe_layers_enum", "mlp_layer_types"] },
};

const group = (types: readonly string[], base: Pick<Family, "tied" | "matrices">): readonly (readonly [string, Family])[] =>
  types.map((type) => [type, { ...base, needs: [], ...particular[type] }]);

const families: ReadonlyMap<string, Family> = new Map([
  ...group(usual, { tied: false, matrices: 3 }),
  ...group(tied, { tied: true, matrices: 3 }),
  ...group(plain, { tied: false, matrices: 2 }),
  ...group(plainTied, { tied: true, matrices: 2 }),
]);

/**
 * What is known of a model type, as Hugging Face names it; undefined where nothing is.
 *
 * @source Transformers 5.24.0: defaults of configuration classes, and the modules their models are built of.
 */
export function familyOf(modelType: string | undefined): Family | undefined {
  return families.get(modelType ?? "");
}

/** All model types that are known by name. */
export const modelTypes: readonly string[] = [...families.keys()];
