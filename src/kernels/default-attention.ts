import type { Hardware } from "../machine/hardware";
import type { CacheFormatName } from "../machine/number-formats";
import { hasTensorMemory, isGraphicsCard } from "../machine/tensor-memory";
import type { Mixer } from "../model/blocks";

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
