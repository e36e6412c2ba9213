import type { CacheFormatName } from "../../machine/number-formats";
import { harmless } from "../../text/harmless";
import type { ModelFormats } from "../model";
import { keepsAttention } from "./kept-modules";
import { ofAlgorithm, torchao, weightsAlone } from "./quantisation-algorithms";
import { type Beside, describeGroups } from "./quantisation-groups";
import { fieldOf, type Section } from "./section";
import { both, floats, objectAt, ofBits, ofPlain, onlyExperts, type ReadFormat, restOf } from "./weight-words";

/**
 * The formats of the released weights and of the cache. Never an error: a format that is not known is said to be so, in the
 * release's own words, and stands for its nearest neighbour.
 *
 * @param outer the file as a whole, which holds the quantisation of nested configurations too.
 * @param attentionLayers how many layers have attention, of which a release may leave some as they were trained.
 */
export function formatsOf(outer: Section, inner: Section, attentionLayers: number): ModelFormats {
  const config = [inner, outer].flatMap((s) => ["quantization_config", "quantization"].flatMap((name) => objectAt(s, name) ?? []))[0];
  const plain = plainWords(inner) ?? plainWords(outer);
  const bits = fieldOf(inner, "quantization_bit");
  const format =
    config !== undefined
      ? quantised(
          config,
          { plain: plain ?? "bf16", keepsAttention: keepsAttention(config, attentionLayers) },
          textAt(inner, "expert_dtype") ?? textAt(outer, "expert_dtype"),
        )
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

function quantised(config: Section, beside: Beside, expertDtype: string | undefined): ReadFormat {
  const { plain, keepsAttention } = beside;
  const method = textAt(config, "quant_method") ?? (fieldOf(config, "quant_algo") === undefined ? undefined : "modelopt");
  if (fieldOf(config, "moe_quant_algo") !== undefined) return modelopt(config, beside, fieldOf(config, "moe_quant_algo"));
  switch (method) {
    case "fp8":
    case "fbgemm_fp8":
    case "finegrained_fp8": {
      if (expertDtype !== "fp4") return fp8(config, beside);
      const words = fp8(config, { plain, keepsAttention: false });
      return { words: "mxfp4 experts, fp8 rest", experts: "w4a8_mxfp4_mxfp8", rest: words.rest, known: true };
    }
    case "mxfp4":
      return onlyExperts("w4a16_mxfp4", `mxfp4 experts, ${plain} rest`);
    case "modelopt":
    case "modelopt_fp4":
    case "modelopt_mixed":
      return modelopt(config, beside, fieldOf(config, "quant_algo"));
    case "compressed-tensors":
    case "quark":
      return describeGroups(config, beside) ?? unknown(method);
    case "gptq":
    case "awq":
    case "auto-round":
    case "autoround":
    case "auto_round":
    case "gptqmodel": {
      const type = textAt(config, "data_type") ?? "int";
      if (type !== "int") return ofAlgorithm(type, beside) ?? unknown(`${method} ${type}`);
      const bits = fieldOf(config, "bits") ?? fieldOf(config, "w_bit");
      return typeof bits === "number"
        ? ofBits(bits, fieldOf(config, "group_size") ?? fieldOf(config, "q_group_size"), plain, keepsAttention)
        : unknown(method);
    }
    case "bitsandbytes":
      if (fieldOf(config, "load_in_4bit") === true)
        return restOf(keepsAttention, "int4_wo", `int4 ${textAt(config, "bnb_4bit_quant_type") ?? "fp4"}`, plain);
      return fieldOf(config, "load_in_8bit") === true ? restOf(keepsAttention, "int8", "int8", plain) : unknown("bitsandbytes");
    case "w4afp8":
      // Experts in four bits under activations in FP8, the rest as DeepSeek releases it.
      return {
        words: "int4 experts, fp8 rest",
        experts: "int4_wo",
        rest: fp8(config, { plain, keepsAttention: false }).rest,
        known: false,
      };
    case "torchao":
      return torchao(config, beside) ?? unknown(method);
    case "hqq":
    case "quanto":
      return weightsAlone(config, beside) ?? ofAlgorithm(textAt(config, "weights") ?? "", beside) ?? unknown(method);
    case "eetq":
    case "w8a8_int8":
    case "w8a8_fp8":
    case "mxfp8":
      return ofAlgorithm(method === "w8a8_fp8" ? "fp8" : method, beside) ?? unknown(method);
    default:
      return mlx(config, beside) ?? unknown(method ?? "not stated");
  }
}

/** MLX says bits and groups alone, and a mode where they are no integers. */
function mlx(config: Section, { plain, keepsAttention }: Beside): ReadFormat | undefined {
  const bits = fieldOf(config, "bits");
  const mode = textAt(config, "mode") ?? "affine";
  if (mode === "mxfp4") return both("w4a16_mxfp4", "mxfp4");
  if (mode === "nvfp4") return both("nvfp4", "nvfp4");
  if (mode === "mxfp8") return both("fp8", "mxfp8");
  if (typeof bits !== "number" || textAt(config, "quant_method") !== undefined) return undefined;
  return ofBits(bits, fieldOf(config, "group_size"), plain, keepsAttention);
}

function fp8(config: Section, { plain, keepsAttention }: Beside): ReadFormat {
  const block = fieldOf(config, "weight_block_size");
  if (!Array.isArray(block)) return restOf(keepsAttention, "fp8", "fp8 e4m3", plain);
  return restOf(keepsAttention, "fp8_block", `fp8 e4m3 ${block.slice(0, 2).map(String).join("x")}`, plain);
}

function modelopt(config: Section, beside: Beside, algorithm: unknown): ReadFormat {
  if (typeof algorithm !== "string") return describeGroups(config, beside) ?? unknown("modelopt");
  if (algorithm === "MIXED_PRECISION") return mixed(config, beside);
  return ofAlgorithm(algorithm, beside) ?? unknown(algorithm);
}

/** Layers in several formats: that of the experts, else of the feed-forward parts, and that of attention. */
function mixed(config: Section, beside: Beside): ReadFormat {
  const { plain } = beside;
  const layers = objectAt(config, "quantized_layers");
  const of = (pattern: RegExp): ReadFormat | undefined => {
    for (const [name, layer] of layers?.fields ?? []) {
      const algorithm = (layer as { readonly quant_algo?: unknown } | null)?.quant_algo;
      if (pattern.test(name) && typeof algorithm === "string" && algorithm !== "MIXED_PRECISION") {
        return ofAlgorithm(algorithm, { plain, keepsAttention: false }) ?? unknown(algorithm);
      }
    }
    return undefined;
  };
  const experts = of(/\.experts?\b/) ?? of(/mlp|feed_forward|mixer|moe/) ?? of(/./);
  if (experts === undefined) return describeGroups(config, beside) ?? unknown("mixed");
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
  const words = [textAt(config, "kv_cache_quant_algo"), textAt(config, "kv_cache_scheme")];
  return eight || words.some((word) => /^FP8/i.test(word ?? "")) ? "fp8" : "bfloat16";
}
