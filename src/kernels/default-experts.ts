import type { Hardware } from "../machine/hardware";
import { weightFormat as lookUpFormat, type WeightFormatName } from "../machine/number-formats";
import { hasGraphicsMemory, hasTensorMemory, isBlackwellCard, isGraphicsCard } from "../machine/tensor-memory";
import type { Model } from "../model/model";
import { servedFormats } from "../model/served-formats";
import { defaultKernel, kernels } from "./families";

/** Engines by the names that a step takes. */
type EngineName = "tensorrt-llm" | "vllm" | "sglang";

/** What the choice of a kernel goes by. */
export interface ExpertChoice {
  readonly hardware: Hardware;
  readonly format: WeightFormatName;
  /** Experts are dealt out over ranks that exchange tokens, rather than add up what each has. */
  readonly exchanges: boolean;
  /** TensorRT-LLM's kernels where no engine is named, but DeepEP's layout for an exchange. */
  readonly engine?: EngineName | undefined;
  /** Matrices of one expert; 2 without a gate. */
  readonly matrices?: number;
  /** The class that runs the model, where it is known. */
  readonly architecture?: string | undefined;
}

/**
 * The kernel of the routed experts when none is asked for, by generation, format, split and engine, as engines choose.
 *
 *     FP8 in blocks, tokens exchanged   DeepGEMM on DeepEP's layout, but in TensorRT-LLM its own kernels
 *     TensorRT-LLM     trtllm-gen on Blackwell (FP8 in blocks, NVFP4 without an exchange, MXFP4), CUTLASS otherwise; experts without a gate have their own
 *     SGLang           FlashInfer's trtllm-gen on Blackwell (FP8 in blocks by the model's class), CuTe DSL for an exchange in NVFP4, Triton otherwise
 *     vLLM             the same families as its modular kernels name them
 *     integers of 4 bits                Marlin
 *
 * Graphics cards of Blackwell (compute capability 12.0) have no trtllm-gen: TensorRT-LLM runs CUTLASS in every format; SGLang Triton in BF16
 * and FP8 in blocks, FlashInfer's CUTLASS in NVFP4 and MXFP4; vLLM FlashInfer's CUTLASS in BF16, FP8 and NVFP4, Triton in FP8 in blocks and
 * Marlin in MXFP4. FlashInfer's CUTLASS is TensorRT-LLM's. On Ada vLLM runs Triton in FP8 too, and cards widen 4 bits by Marlin, as L40S did. So at NVIDIA/TensorRT-LLM commit 04c2347b
 * (MOE_DEVELOPER_GUIDE.md; MXFP4 there is of pull request 7937), vllm-project/vllm 001a058b, 01362014, 001eda31, 011fbfd6 (fused_moe/oracle)
 * and 03063c09 (flashinfer_cutlass_moe.py), sgl-project/sglang 165e34cd and 16ac180d (model_overrides). Later vLLM may take DeepGEMM for FP8 in blocks.
 *
 * Read off the launch scripts and defaults behind data/measurements/end-to-end.csv; vLLM's Triton kernel for MXFP4 on Hopper off its
 * steps, which no other measured kernel meets. SGLang's choice by class: python/sglang/srt/arg_groups/model_overrides at commit
 * 0bc64389 of sgl-project/sglang, and server_args.py of early 2026 before it. A kernel that was not measured on the machine is carried (see kernelFamily).
 *
 * @example defaultExpertKernel({ hardware: hardware("b200-sxm"), format: "nvfp4", exchanges: false }) // "moe_torch_flow_min_latency"
 */
export function defaultExpertKernel({ hardware, format, exchanges, engine, matrices = 3, architecture }: ExpertChoice): string {
  const blackwell = hasTensorMemory(hardware);
  if (format === "fp8_block" && exchanges && engine !== "tensorrt-llm" && measured("deepepmoe", hardware.generation)) return "deepepmoe";
  if (engine === "vllm" && hardware.vendor === "NVIDIA") return vllm(format, blackwell, hardware);
  const cutlassOnly = isBlackwellCard(hardware) && cutlassOnCards.includes(format);
  const own = engine !== "sglang";
  if (own && matrices === 2 && (format === "bfloat16" || format === "fp8" || format === "nvfp4")) return "moe_torch_flow_nongated";
  if (cutlassOnly) return flashInferCutlass;
  switch (isWeightOnly(format) ? "int4_wo" : format) {
    case "nvfp4":
      if (hasGraphicsMemory(hardware)) return gptOssMarlin;
      if (exchanges) return own ? "moe_torch_flow_cutlass" : "sglang_flashinfer_cutedsl_moe";
      return own ? "moe_torch_flow_min_latency" : "sglang_flashinfer_trtllm_moe";
    case "w4a8_mxfp4_mxfp8":
      return own ? "moe_torch_flow" : "sglang_mxfp4_flashinfer_trtllm_moe";
    case "w4a16_mxfp4":
      if (hasGraphicsMemory(hardware) && own) return gptOssMarlin;
      return own ? "moe_torch_flow" : gptOssTriton;
    case "int4_wo":
      return "sglang_marlin_moe";
    case "fp8_block":
      if (blackwell && (own || !runsTriton(architecture))) return "sglang_flashinfer_trtllm_moe";
      return own || hardware.vendor !== "NVIDIA" ? "moe_torch_flow_cutlass" : "sglang_fused_moe_triton";
    case "bfloat16":
      return own || hardware.vendor !== "NVIDIA" ? "moe_torch_flow_cutlass" : "sglang_fused_moe_triton";
    default:
      return "moe_torch_flow_cutlass";
  }
}

/** TensorRT-LLM's CUTLASS, which FlashInfer carries. */
const flashInferCutlass = "moe_torch_flow_cutlass";

/** Formats that TensorRT-LLM and SGLang leave to CUTLASS where there is no trtllm-gen: those of four bits that the tensor cores multiply. */
const cutlassOnCards: readonly WeightFormatName[] = ["nvfp4", "w4a8_mxfp4_mxfp8"];

const gptOssTriton = "vllm_gptossmxfp4moe_triton_oaitritonmxfp4expertsmonolithic";
const gptOssMarlin = "vllm_gptossmxfp4moe_marlin_marlinexperts";

/**
 * Whether SGLang leaves a class of models to Triton in FP8 in blocks on Blackwell: all but those that it gives trtllm-gen, which are
 * DeepSeek's and what shares its code, Qwen3 and later, Llama 4 and MiMo-V2.
 */
function runsTriton(architecture: string | undefined): boolean {
  return architecture !== undefined && !trtllmGenClasses.test(architecture);
}

const trtllmGenClasses =
  /^(DeepseekV|KimiK2|MistralLarge3|Pixtral|GlmMoeDsa|Glm5Next|HYV4|LongcatFlash|Dots3Note|Qwen3|Qwen4|InternS2|Llama4|MiMoV2)/;

/** Integers of every width run in the kernel of four bits, which widens them alike. */
const isWeightOnly = (format: WeightFormatName): boolean => /^int\d_wo$/.test(format);

function vllm(format: WeightFormatName, blackwell: boolean, hardware: Hardware): string {
  const { generation } = hardware;
  const card = isGraphicsCard(hardware);
  switch (isWeightOnly(format) ? "int4_wo" : format) {
    case "nvfp4":
      if (card) return isBlackwellCard(hardware) ? flashInferCutlass : gptOssMarlin;
      return "vllm_compressedtensorsw4a4nvfp4moe_flashinfer_trtllm_trtllmnvfp4expertsmonolithic";
    case "w4a8_mxfp4_mxfp8":
      if (card) return gptOssMarlin;
      return "vllm_mxfp4moe_flashinfer_trtllm_mxfp4_mxfp8_trtllmmxfp4expertsmodular";
    case "w4a16_mxfp4":
      if (blackwell) return "vllm_gptossmxfp4moe_flashinfer_trtllm_mxfp4_bf16_trtllmmxfp4expertsmonolithic";
      return generation === "Hopper" ? gptOssTriton : gptOssMarlin;
    case "int4_wo":
      return "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts";
    case "fp8_block":
      return blackwell ? "vllm_fp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic" : "vllm_fp8moe_triton_tritonexperts";
    case "fp8":
    case "int8":
      if (card && generation === "Ada") return "vllm_modeloptfp8moe_triton_tritonexperts";
      return blackwell
        ? "vllm_modeloptfp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"
        : "vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts";
    default:
      if (blackwell) return "vllm_unquantizedfusedmoe_flashinfer_trtllm_trtllmbf16experts";
      if (isBlackwellCard(hardware)) return flashInferCutlass;
      return generation === "Ampere" ? "vllm_fused_moe" : "vllm_unquantizedfusedmoe_triton_tritonexperts";
  }
}

const measured = (kernel: string, generation: string): boolean =>
  kernels().some((f) => f.kernel.startsWith(kernel) && f.generation === generation);

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
  return {
    kernel: defaultExpertKernel({
      hardware,
      format: experts,
      exchanges: expertParallel > 1,
      matrices: model.expertMatrices,
      architecture: model.architecture,
    }),
    weightFormat: experts,
  };
}

/**
 * A kernel that computes full layers in a format on a machine: the machine's default, or one measured in that format. Where
 * none was measured in it, the default too: its constants are then transferred from another format.
 *
 * @throws RangeError naming the formats when this is none of them.
 * @example layerKernel(hardware("h100-sxm"), "fp8_block")
 */
export function layerKernel(hardware: Hardware, weightFormat: string): string {
  const usual = defaultKernel(hardware);
  if (usual.weightFormat === lookUpFormat(weightFormat).name) return usual.kernel;
  const inFormat = kernels().filter((f) => f.weightFormat === weightFormat && f.kernel !== loneExpertKernel);
  return (inFormat.find((f) => f.generation === hardware.generation) ?? inFormat[0] ?? usual).kernel;
}

/**
 * The kernel for an expert alone on its GPU: that of wide expert parallelism where measured in the format, else that of full layers.
 *
 * @example loneKernel(hardware("h100-sxm"), "fp8_block")
 */
export function loneKernel(hardware: Hardware, weightFormat: string): string {
  const measured = kernels().some((f) => f.kernel === loneExpertKernel && f.weightFormat === weightFormat);
  return measured ? loneExpertKernel : layerKernel(hardware, weightFormat);
}

/** The kernel that was measured with one expert alone on its GPU. */
export const loneExpertKernel = "deepepmoe_generation";
