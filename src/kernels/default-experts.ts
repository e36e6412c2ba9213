import type { Hardware } from "../machine/hardware";
import type { WeightFormatName } from "../machine/number-formats";
import type { Model } from "../model/model";
import { servedFormats } from "../model/served-formats";
import { kernels } from "./families";

/** Engines by the names that a step takes. */
type EngineName = "tensorrt-llm" | "vllm" | "sglang";

/**
 * The kernel of the routed experts when none is asked for, by generation, format, split and engine, as engines choose.
 *
 *     FP8 in blocks, experts dealt out and tokens exchanged   DeepGEMM on DeepEP's layout, but in TensorRT-LLM its own kernels
 *     Blackwell     trtllm-gen (FP8 in blocks, NVFP4, MXFP4); in TensorRT-LLM with an exchange, and in NVFP4, CUTLASS
 *     Hopper        TensorRT-LLM's CUTLASS kernel; Triton in SGLang, and in vLLM for BF16; Marlin for integers of 4 bits
 *
 * Read off the launch scripts and defaults behind data/measurements/end-to-end.csv (column kernel).
 */
export function defaultExpertKernel(hardware: Hardware, format: WeightFormatName, exchanges: boolean, engine?: EngineName): string {
  const blackwell = /Blackwell|Rubin/.test(hardware.generation);
  const own = engine === undefined || engine === "tensorrt-llm";
  switch (format) {
    case "nvfp4":
      if (exchanges) return engine === "sglang" ? "sglang_flashinfer_cutedsl_moe" : "moe_torch_flow_cutlass";
      return own ? "moe_torch_flow_min_latency" : "sglang_flashinfer_trtllm_moe";
    case "w4a8_mxfp4_mxfp8":
      return own ? "moe_torch_flow" : "sglang_mxfp4_flashinfer_trtllm_moe";
    case "w4a16_mxfp4":
      return "moe_torch_flow";
    case "int4_wo":
      return "sglang_marlin_moe";
    case "fp8_block":
      if (exchanges && engine !== "tensorrt-llm" && kernels().some((f) => f.kernel.startsWith("deepepmoe") && f.generation === hardware.generation))
        return "deepepmoe";
      return blackwell ? "sglang_flashinfer_trtllm_moe" : engine === "sglang" && hardware.vendor === "NVIDIA" ? "sglang_fused_moe_triton" : "moe_torch_flow_cutlass";
    case "bfloat16":
      return own || hardware.vendor !== "NVIDIA" ? "moe_torch_flow_cutlass" : engine === "vllm" ? "vllm_fused_moe" : "sglang_fused_moe_triton";
    default:
      return "moe_torch_flow_cutlass";
  }
}

/**
 * Kernel and format of the routed experts when none is asked for: the release's format as far as the machine has it, and the kernel
 * that engines run in it.
 *
 * @example defaultExperts(model("deepseek-v3"), hardware("h200-sxm"), 1) // { kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" }
 */
export function defaultExperts(
  model: Model,
  hardware: Hardware,
  expertParallel: number,
): { readonly kernel: string; readonly weightFormat: WeightFormatName } {
  const { experts } = servedFormats(model, hardware);
  return { kernel: defaultExpertKernel(hardware, experts, expertParallel > 1), weightFormat: experts };
}
