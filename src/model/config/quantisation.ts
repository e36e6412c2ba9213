import type { CacheFormatName } from "../../machine/number-formats";
import { harmless } from "../../text/harmless";
import type { ModelFormats } from "../model";
import { describeGroups } from "./quantisation-groups";
import { fieldOf, type Section } from "./section";
import { both, floats, objectAt, ofBits, ofPlain, onlyExperts, type ReadFormat, restOf } from "./weight-words";

/**
 * The formats of the released weights and of the cache. Never an error: a format that is not known is said to be so, in the
 * release's own words, and stands for its nearest neighbour.
 *
 * @param outer the file as a whole, which holds the quantisation of nested configurations too.
 */
export function formatsOf(outer: Section, inner: Section): ModelFormats {
  const config = [inner, outer].flatMap((s) => ["quantization_config", "quantization"].flatMap((name) => objectAt(s, name) ?? []))[0];
  const plain = plainWords(inner) ?? plainWords(outer);
  const bits = fieldOf(inner, "quantization_bit");
  const format =
    config !== undefined
      ? quantised(config, plain ?? "bf16", textAt(inner, "expert_dtype") ?? textAt(outer, "expert_dtype"))
      : typeof bits === "number" && bits > 0
        ? ofBits(bits, undefined, plain ?? "bf16", false)
        : ofPlain(plain);
  const { words, experts, rest, known } = format;
  return Object.freeze({ experts, rest, cache: cacheOf(config), known, released: harmless(words) });
}

const textAt = (section: Section, name: string): string | undefined => {
  const value = fieldOf(section, name);
  return typeof value === "string" ? value : undefined;
};

function plainWords(section: Section): string | undefined {
  const name = textAt(section, "dtype") ?? textAt(section, "torch_dtype");
  if (name === undefined || name === "auto") return undefined;
  const short = name.replace(/^torch\./, "");
  return Object.hasOwn(floats, short) ? floats[short] : name;
}

const unknown = (words: string): ReadFormat => both("bfloat16", words, false);

function quantised(config: Section, plain: string, expertDtype: string | undefined): ReadFormat {
  const method = textAt(config, "quant_method") ?? (fieldOf(config, "quant_algo") === undefined ? undefined : "modelopt");
  if (fieldOf(config, "moe_quant_algo") !== undefined) return modelopt(config, plain, fieldOf(config, "moe_quant_algo"));
  switch (method) {
    case "fp8":
    case "fbgemm_fp8":
    case "finegrained_fp8": {
      const words = fp8(config);
      if (expertDtype !== "fp4") return words;
      return { words: "mxfp4 experts, fp8 rest", experts: "w4a8_mxfp4_mxfp8", rest: words.rest, known: true };
    }
    case "mxfp4":
      return onlyExperts("w4a16_mxfp4", `mxfp4 experts, ${plain} rest`);
    case "modelopt":
    case "modelopt_fp4":
    case "modelopt_mixed":
      return modelopt(config, plain, fieldOf(config, "quant_algo"));
    case "compressed-tensors":
    case "quark":
      return describeGroups(config, plain) ?? unknown(method);
    case "gptq":
    case "awq":
    case "auto-round":
    case "autoround":
    case "gptqmodel": {
      const bits = fieldOf(config, "bits") ?? fieldOf(config, "w_bit");
      return typeof bits === "number"
        ? ofBits(bits, fieldOf(config, "group_size") ?? fieldOf(config, "q_group_size"), plain, false)
        : unknown(method);
    }
    case "bitsandbytes":
      if (fieldOf(config, "load_in_4bit") === true) return both("int4_wo", `int4 ${textAt(config, "bnb_4bit_quant_type") ?? "fp4"}`);
      return fieldOf(config, "load_in_8bit") === true ? both("int8", "int8") : unknown("bitsandbytes");
    default:
      return mlx(config, plain) ?? unknown(method ?? "not stated");
  }
}

/** MLX says bits and groups alone, and a mode where they are no integers. */
function mlx(config: Section, plain: string): ReadFormat | undefined {
  const bits = fieldOf(config, "bits");
  const mode = textAt(config, "mode") ?? "affine";
  if (mode === "mxfp4") return both("w4a16_mxfp4", "mxfp4");
  if (mode === "nvfp4") return both("nvfp4", "nvfp4");
  if (mode === "mxfp8") return both("fp8", "mxfp8");
  if (typeof bits !== "number" || textAt(config, "quant_method") !== undefined) return undefined;
  return ofBits(bits, fieldOf(config, "group_size"), plain, false);
}

function fp8(config: Section): ReadFormat {
  const block = fieldOf(config, "weight_block_size");
  if (!Array.isArray(block)) return both("fp8", "fp8 e4m3");
  return both("fp8_block", `fp8 e4m3 ${block.slice(0, 2).map(String).join("x")}`);
}

function modelopt(config: Section, plain: string, algorithm: unknown): ReadFormat {
  if (typeof algorithm !== "string") return describeGroups(config, plain) ?? unknown("modelopt");
  if (/^(W4A16_)?NVFP4/.test(algorithm)) return restOf(config, "nvfp4", "nvfp4", plain);
  if (algorithm === "MXFP8") return both("fp8", "mxfp8");
  if (/^(W4A8_)?MXFP4/.test(algorithm))
    return restOf(config, algorithm.startsWith("W4A8") ? "w4a8_mxfp4_mxfp8" : "w4a16_mxfp4", "mxfp4", plain);
  if (/^FP8/.test(algorithm)) return both("fp8", "fp8 e4m3");
  if (/^W4A(8|16)_AWQ/.test(algorithm)) return both("int4_wo", "int4 g128");
  return algorithm === "MIXED_PRECISION" ? mixed(config, plain) : unknown(algorithm);
}

/** Layers in several formats: that of the experts, else of the feed-forward parts, and that of attention. */
function mixed(config: Section, plain: string): ReadFormat {
  const layers = objectAt(config, "quantized_layers");
  const of = (pattern: RegExp): ReadFormat | undefined => {
    for (const [name, layer] of layers?.fields ?? []) {
      const algorithm = (layer as { readonly quant_algo?: unknown } | null)?.quant_algo;
      if (pattern.test(name) && typeof algorithm === "string" && algorithm !== "MIXED_PRECISION") {
        return modelopt({ path: "", fields: new Map() }, plain, algorithm);
      }
    }
    return undefined;
  };
  const experts = of(/\.experts?\b/) ?? of(/mlp|feed_forward|mixer|moe/) ?? of(/./);
  if (experts === undefined) return unknown("mixed");
  const rest = of(/attn|attention/);
  return {
    words: `${experts.words} experts, ${rest?.words ?? plain} rest`,
    experts: experts.experts,
    rest: rest?.rest ?? "bfloat16",
    known: experts.known,
  };
}

/** FP8 where the release says that its cache is to be so; else as engines do it. */
function cacheOf(config: Section | undefined): CacheFormatName {
  if (config === undefined) return "bfloat16";
  const scheme = objectAt(config, "kv_cache_scheme");
  const eight = scheme !== undefined && fieldOf(scheme, "num_bits") === 8;
  return eight || /^FP8/i.test(textAt(config, "kv_cache_quant_algo") ?? "") ? "fp8" : "bfloat16";
}
