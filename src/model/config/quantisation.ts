import { ConfigError, shortened, shown } from "./error";
import { count, fieldOf, flag, nameOf, optionalCount, pathOf, type Section, subsection, word } from "./section";

const floats: ReadonlyMap<string, string> = new Map([
  ["bfloat16", "bf16"],
  ["bf16", "bf16"],
  ["float16", "fp16"],
  ["fp16", "fp16"],
  ["half", "fp16"],
  ["float32", "fp32"],
  ["fp32", "fp32"],
  ["float", "fp32"],
]);

/**
 * The format of the released weights, in the registry's words: "bf16", "fp8 e4m3 128x128", "mxfp4 experts, bf16 rest".
 *
 * @param outer the file as a whole, which holds the quantisation of nested configurations too.
 * @throws ConfigError for a method of quantisation that is not known, since its bytes a weight are not either.
 */
export function weightDtypeOf(outer: Section, inner: Section): string {
  const [config] = [inner, outer].flatMap((section) =>
    ["quantization_config", "quantization"].flatMap((name) => subsection(section, name) ?? []),
  );
  const plain = plainFormat(inner) ?? plainFormat(outer);
  const bits = optionalCount(inner, ["quantization_bit"], { least: 0, most: 16 }) ?? 0;
  if (config === undefined && bits > 0) return integer(bits, pathOf(inner, "quantization_bit"), undefined, plain ?? "bf16");
  if (config === undefined) return plain ?? "not stated";
  return quantised(config, plain ?? "bf16", word(inner, ["expert_dtype"]) ?? word(outer, ["expert_dtype"]));
}

function plainFormat(section: Section): string | undefined {
  const name = word(section, ["dtype", "torch_dtype"]);
  if (name === undefined || name === "auto") return undefined;
  const known = floats.get(name.replace(/^torch\./, ""));
  if (known === undefined) {
    const field = fieldOf(section, "dtype") === undefined ? "torch_dtype" : "dtype";
    throw new ConfigError(pathOf(section, field), `expected one of bfloat16, float16, float32; got ${shown(name)}`);
  }
  return known;
}

const methods = "fp8, fbgemm_fp8, mxfp4, modelopt, compressed-tensors, gptq, awq, bitsandbytes, quark";

function quantised(config: Section, plain: string, expertDtype: string | undefined): string {
  const method = word(config, ["quant_method"]) ?? (fieldOf(config, "quant_algo") === undefined ? undefined : "modelopt");
  if (fieldOf(config, "moe_quant_algo") !== undefined) return modelopt(config, plain, "moe_quant_algo");
  switch (method) {
    case "fp8":
    case "fbgemm_fp8":
    case "finegrained_fp8":
      return expertDtype === "fp4" ? "fp4 (mxfp4) experts, fp8 rest" : fp8(config);
    case "mxfp4":
      return `mxfp4 experts, ${plain} rest`;
    case "modelopt":
    case "modelopt_fp4":
    case "modelopt_mixed":
      return modelopt(config, plain);
    case "compressed-tensors":
    case "quark":
      return compressedTensors(config, plain);
    case "gptq":
    case "awq":
    case "auto-round":
      return wholeBits(config, ["bits", "w_bit"], fieldOf(config, "group_size") ?? fieldOf(config, "q_group_size"), plain);
    case "bitsandbytes":
      return bitsandbytes(config);
    case undefined:
      if (fieldOf(config, "bits") !== undefined) return mlx(config, plain);
      throw new ConfigError(pathOf(config, "quant_method"), `expected one of ${methods}; got nothing`);
    default:
      throw new ConfigError(pathOf(config, "quant_method"), `expected one of ${methods}; got ${shown(method)}`);
  }
}

/** MLX says bits and groups alone, and a mode where they are no integers. */
function mlx(config: Section, plain: string): string {
  const mode = word(config, ["mode"]) ?? "affine";
  if (mode === "affine") return wholeBits(config, ["bits"], fieldOf(config, "group_size"), plain);
  if (mode === "mxfp4" || mode === "nvfp4") return `${mode}, ${plain} rest`;
  if (mode === "mxfp8") return "mxfp8";
  throw new ConfigError(pathOf(config, "mode"), `expected affine, mxfp4, nvfp4 or mxfp8; got ${shown(mode)}`);
}

function fp8(config: Section): string {
  const block = fieldOf(config, "weight_block_size");
  if (block === undefined) return "fp8 e4m3";
  if (!Array.isArray(block) || block.length !== 2 || !block.every((side) => Number.isInteger(side) && side > 0)) {
    throw new ConfigError(pathOf(config, "weight_block_size"), `expected two whole numbers, got ${shown(block)}`);
  }
  return `fp8 e4m3 ${block.join("x")}`;
}

function modelopt(config: Section, plain: string, field = "quant_algo"): string {
  const algorithm = word(config, [field]);
  if (algorithm === undefined) return compressedTensors(config, plain);
  if (/^(W4A16_)?NVFP4/.test(algorithm)) return `nvfp4, ${plain} rest`;
  if (algorithm === "MXFP8") return "mxfp8";
  if (/^MXFP4|^W4A8_MXFP4/.test(algorithm)) return `mxfp4, ${plain} rest`;
  if (/^FP8/.test(algorithm)) return "fp8 e4m3";
  if (/^W4A(8|16)_AWQ/.test(algorithm)) return "int4 g128";
  if (algorithm === "MIXED_PRECISION") return mixed(config, plain);
  throw new ConfigError(pathOf(config, field), `expected NVFP4, MXFP4, FP8, W4A16_AWQ or MIXED_PRECISION; got ${shown(algorithm)}`);
}

/** Of parts in several formats that of the experts counts, or of the feed-forward parts where there are none; undefined where neither is named. */
function deciding<T>(parts: readonly T[], names: (part: T) => string): T | undefined {
  return [/\.experts?\b/, /mlp|feed_forward|mixer/]
    .map((kind) => parts.find((part) => kind.test(names(part))))
    .find((part) => part !== undefined);
}

/** Layers in several formats. */
function mixed(config: Section, plain: string): string {
  const path = pathOf(config, "quantized_layers");
  const layers = fieldOf(config, "quantized_layers");
  if (typeof layers !== "object" || layers === null)
    throw new ConfigError(path, `expected an object with the format of each layer, got ${shown(layers)}`);
  const algorithms = Object.entries(layers).map(([name, layer]) => {
    const algorithm: unknown = typeof layer === "object" && layer !== null ? (layer as Record<string, unknown>).quant_algo : undefined;
    return { name, algorithm };
  });
  const layer = deciding(algorithms, ({ name }) => name) ?? algorithms[0];
  return modelopt(
    {
      path: layer === undefined ? path : `${path}.${shortened(layer.name)}`,
      fields: new Map([["quant_algo", layer?.algorithm ?? "none"]]),
    },
    plain,
  );
}

function compressedTensors(config: Section, plain: string): string {
  const groups = subsection(config, "config_groups");
  const all = groups === undefined ? [] : [...groups.fields.keys()].map((name) => subsection(groups, name) as Section);
  const group = deciding(all, targetsOf) ?? all[0];
  const weights = group === undefined ? undefined : subsection(group, "weights");
  if (weights === undefined)
    throw new ConfigError(pathOf(config, "config_groups"), "expected a group with the format of its weights, got none");
  const bits = count(weights, ["num_bits"], { most: 16 });
  const type = word(weights, ["type"]) ?? "int";
  const format = `${word(config, ["format"]) ?? ""} ${word(group as Section, ["format"]) ?? ""}`;
  if (type === "float" && bits === 8) return "fp8 e4m3";
  if (type === "float" && bits === 4) {
    const group4 = fieldOf(weights, "group_size");
    return `${format.includes("mxfp4") || group4 === 32 ? "mxfp4" : "nvfp4"} experts, ${plain} rest`;
  }
  if (type === "int") return integer(bits, pathOf(weights, "num_bits"), groupSize(fieldOf(weights, "group_size")), plain);
  throw new ConfigError(pathOf(weights, "type"), `expected int, or float of 4 or 8 bits; got ${shown(type)} of ${bits} bits`);
}

/** The layers that a group is of, as far as it names them. */
function targetsOf(group: Section): string {
  const targets = fieldOf(group, "targets");
  return Array.isArray(targets) ? targets.filter((target) => typeof target === "string").join(" ") : "";
}

/** Weights in whole numbers, whose bits stand under one of some names. */
function wholeBits(config: Section, names: readonly string[], group: unknown, plain: string): string {
  return integer(count(config, names, { most: 16 }), nameOf(config, names), groupSize(group), plain);
}

function integer(bits: number, path: string, group: number | undefined, plain: string): string {
  if (bits === 16) return plain;
  if (bits !== 4 && bits !== 8) throw new ConfigError(path, `expected weights of 4 or 8 bits, got ${bits}`);
  return `int${bits}${group === undefined ? "" : ` g${group}`}, ${plain} rest`;
}

function groupSize(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

function bitsandbytes(config: Section): string {
  if (flag(config, ["load_in_4bit"]) === true) return `int4 (${word(config, ["bnb_4bit_quant_type"]) ?? "fp4"})`;
  if (flag(config, ["load_in_8bit"]) === true) return "int8";
  throw new ConfigError(pathOf(config, "load_in_4bit"), "expected load_in_4bit or load_in_8bit to be true, got neither");
}
