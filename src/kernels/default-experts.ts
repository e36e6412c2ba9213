import type { Hardware } from "../machine/hardware";
import type { WeightFormatName } from "../machine/number-formats";
import type { Model } from "../model/model";
import { servedFormats } from "../model/served-formats";
import { kernels } from "./families";

/**
 * The kernel of the routed experts when none is asked for, by generation, format and split, as engines choose.
 *
 *     FP8 in blocks, experts dealt over ranks that exchange tokens   DeepGEMM on DeepEP's layout, where it was measured
 *     Blackwell, other splits      trtllm-gen (FP8 in blocks, NVFP4, MXFP4)
 *     otherwise                    TensorRT-LLM's CUTLASS kernel for the format, Marlin for 4-bit integers
 */
export function defaultExpertKernel(hardware: Hardware, format: WeightFormatName, exchanges: boolean): string {
  const blackwell = hardware.generation === "Blackwell";
  switch (format) {
    case "nvfp4":
      return blackwell ? "sglang_flashinfer_trtllm_moe" : "moe_torch_flow";
    case "w4a8_mxfp4_mxfp8":
      return "sglang_mxfp4_flashinfer_trtllm_moe";
    case "w4a16_mxfp4":
      return "moe_torch_flow";
    case "int4_wo":
      return "sglang_marlin_moe";
    case "fp8_block":
      if (exchanges && kernels().some((f) => f.kernel.startsWith("deepepmoe") && f.generation === hardware.generation)) return "deepepmoe";
      return blackwell ? "sglang_flashinfer_trtllm_moe" : "moe_torch_flow_cutlass";
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
