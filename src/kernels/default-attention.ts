import type { Hardware } from "../machine/hardware";
import type { CacheFormatName } from "../machine/number-formats";
import { hasTensorMemory, isGraphicsCard } from "../machine/tensor-memory";
import type { LatentMixer, Mixer } from "../model/blocks";

/**
 * The attention kernel that an engine runs in decode, by the names of the measured tables; nothing where the families' own choice stands.
 *
 *     TensorRT-LLM   its own kernels for grouped and latent attention
 *     SGLang         FlashAttention-3 on Hopper, trtllm-gen on Blackwell; for sparse layers its indexer with either; on graphics cards
 *                    FlashInfer for grouped and Triton for latent attention (get_default_attn_backend at commit 00d56e2c)
 *     others         the families' choice, but not SGLang's conversion of an FP8 latent cache on Hopper
 *
 * Sparse layers take SGLang's constants in every engine: the other tables' fixed times of 150 to 200 us are of an older indexer.
 *
 * @example decodeAttentionKernel(model("deepseek-v3").runs[0].blocks[0], "tensorrt-llm", hardware("h200-sxm"), "fp8") // "trtllm_default"
 */
export function decodeAttentionKernel(
  mixer: Mixer,
  engine: string,
  hardware: Pick<Hardware, "generation" | "vendor" | "memoryKind">,
  cache: CacheFormatName,
): string | undefined {
  const blackwell = hasTensorMemory(hardware);
  const sglangOnCard = engine === "sglang" && isGraphicsCard(hardware);
  if (mixer.kind === "grouped") {
    if (engine === "tensorrt-llm") return "trtllm_torch_flow";
    if (sglangOnCard) return "sglang_flashinfer";
    return engine === "sglang" && blackwell ? "sglang_trtllm_mha" : undefined;
  }
  if (mixer.kind !== "latent") return undefined;
  if (mixer.indexer !== undefined) {
    const name = mixer.indexer.scores ? "sglang_dsa_indexer" : "sglang_dsa_skip_indexer";
    return `${name}_${blackwell ? "trtllm" : cache === "fp8" ? "flashmla_kv" : "fa3"}`;
  }
  if (sglangOnCard) return "sglang_triton";
  if (engine === "tensorrt-llm" || (cache === "fp8" && !blackwell)) return "trtllm_default";
  return undefined;
}

/** What an engine runs where prompts are taken in. */
export interface PrefillChoice {
  /** By the names of the measured tables; the families' own choice if left out. */
  readonly kernel?: string;
  /** Of the core's products. */
  readonly arithmetic: "bfloat16" | "fp8";
}

/** The generations that kernels were measured on, of which one stands in for those like it: Blackwell with tensor memory, Ada for graphics cards. */
type Measured = "Ampere" | "Ada" | "Hopper" | "Blackwell" | undefined;

function measuredAs(hardware: Pick<Hardware, "generation" | "vendor" | "memoryKind">): Measured {
  if (hasTensorMemory(hardware)) return "Blackwell";
  if (isGraphicsCard(hardware)) return "Ada";
  return (["Ampere", "Hopper"] as const).find((name) => name === hardware.generation);
}

/**
 * The attention kernel that an engine runs where it takes prompts in, by the names of the measured tables.
 *
 *                  grouped                                   latent                                     sparse latent
 *     TensorRT-LLM its own                                   its own                                    its own
 *     SGLang       FlashAttention-3 on Hopper, trtllm-gen    FlashAttention-3 on Hopper, trtllm-gen     FlashMLA; trtllm-gen on Blackwell
 *                  on Blackwell, FlashInfer on older ones    on Blackwell                               with an FP8 cache
 *     vLLM         FlashAttention; trtllm-gen on Blackwell   FlashAttention                             FlashMLA; FlashInfer on Blackwell with
 *                                                                                                       an FP8 cache or few heads
 *
 * What nobody measured, and other makers' machines, take the families' choice. The table of SGLang's latent core on Hopper is none of
 * them: it multiplies absorbed keys, where the engine makes keys and values of each head, and is above the time of the engine's whole
 * layer. SGLang attends densely to prompts within the selection; the sparse kernel's constants stand for these too.
 *
 * @source SGLang, docs/advanced_features/attention_backend.md; vLLM, v1/attention/backends/mla/prefill/selector.py; read 2026-11-30
 * @example prefillAttention(model("deepseek-v3").runs[0].blocks[0], "vllm", hardware("h200-sxm"), "bfloat16").kernel // "vllm_FLASH_ATTN"
 */
export function prefillAttention(
  mixer: Mixer,
  engine: string,
  hardware: Pick<Hardware, "generation" | "vendor" | "memoryKind">,
  cache: CacheFormatName,
): PrefillChoice {
  const measured = measuredAs(hardware);
  const choice = measured === undefined ? undefined : choices[mixer.kind](mixer as never, engine, measured, cache);
  return { arithmetic: "bfloat16", ...choice };
}

type Choose<M extends Mixer> = (
  mixer: M,
  engine: string,
  machine: Exclude<Measured, undefined>,
  cache: CacheFormatName,
) => Partial<PrefillChoice> | undefined;

const choices: { readonly [K in Mixer["kind"]]: Choose<Extract<Mixer, { kind: K }>> } = {
  grouped: (_, engine, machine, cache) => {
    if (engine === "tensorrt-llm") return { kernel: "trtllm_torch_flow" };
    if (engine !== "sglang") return undefined;
    if (machine === "Ada") return { kernel: "sglang_flashinfer" };
    if (machine === "Ampere") return { kernel: "sglang_flash_attention" };
    const kernel = machine === "Hopper" ? "sglang_fa3" : "sglang_trtllm_mha";
    // Both bring queries into FP8 where the cache is.
    return cache === "fp8" ? { kernel, arithmetic: "fp8" } : { kernel };
  },
  latent: (mixer, engine, machine, cache) => {
    if (mixer.indexer !== undefined) return { kernel: sparseKernel(mixer, engine, machine === "Blackwell", cache) };
    if (engine === "vllm" && machine !== "Ampere") return { kernel: "vllm_FLASH_ATTN" };
    if (engine !== "sglang") return { kernel: "trtllm_default" };
    if (machine === "Ada") return { kernel: "sglang_triton" };
    return { kernel: machine === "Blackwell" ? "sglang_trtllm_mla" : machine === "Hopper" ? "sglang_fa3" : "trtllm_default" };
  },
  compressed: (_, engine, machine) => {
    if (engine === "tensorrt-llm") return machine === "Blackwell" ? { kernel: "trtllm_DeepseekV4TrtllmAttention" } : undefined;
    return { kernel: engine === "vllm" ? "vllm_FLASHMLA_SPARSE_DSV4" : "sglang_compressed_flashmla" };
  },
  "block-selected": (_, engine, machine) => {
    if (engine === "tensorrt-llm") return { kernel: machine === "Blackwell" ? "trtllm_msa_fmha_sm100" : "trtllm_default" };
    return engine === "sglang" && machine !== "Ada" ? { kernel: "sglang_minimax_prefill_triton_sparse" } : undefined;
  },
  linear: ({ family }, engine) => {
    if (family === "gated-delta" && engine !== "vllm")
      return { kernel: `${engine === "sglang" ? "sglang" : "trtllm"}_chunk_gated_delta_rule` };
    return family === "kimi-delta" && engine === "sglang" ? { kernel: "sglang_chunk_kda" } : undefined;
  },
};

/** Heads of a GPU from which vLLM takes FlashMLA on Blackwell. */
const manyHeads = 32;

function sparseKernel({ heads, indexer }: LatentMixer, engine: string, blackwell: boolean, cache: CacheFormatName): string {
  if (engine === "tensorrt-llm") return "trtllm_default";
  if (engine === "vllm") return blackwell && (cache === "fp8" || heads < manyHeads) ? "vllm_FLASHINFER_MLA_SPARSE" : "vllm_FLASHMLA_SPARSE";
  const name = indexer?.scores === true ? "sglang_dsa_indexer" : "sglang_dsa_skip_indexer";
  return `${name}_${cache !== "fp8" ? "flashmla_sparse" : blackwell ? "trtllm" : "flashmla_kv"}`;
}
