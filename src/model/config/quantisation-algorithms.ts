import type { WeightFormatName } from "../../machine/number-formats";
import type { Beside } from "./quantisation-groups";
import { fieldOf, type Section } from "./section";
import { objectAt, ofBits, type ReadFormat, restOf } from "./weight-words";

interface Algorithm {
  readonly is: RegExp;
  readonly format: WeightFormatName;
  readonly words: string;
  /** Whether the format is the one that is meant, and not its neighbour alone. */
  readonly known?: boolean;
}

/** Words for formats as tools name them (modelopt, torchao, AutoRound, engines); the first that fits counts. */
const algorithms: readonly Algorithm[] = [
  { is: /nvfp4|nv_fp/, format: "nvfp4", words: "nvfp4" },
  { is: /mxfp8|mx_fp8/, format: "fp8", words: "mxfp8" },
  { is: /w4a8_?mxfp4/, format: "w4a8_mxfp4_mxfp8", words: "mxfp4" },
  { is: /mxfp4|mx_fp/, format: "w4a16_mxfp4", words: "mxfp4" },
  { is: /fp8_pb|fp8_block/, format: "fp8_block", words: "fp8 e4m3 128x128" },
  { is: /w4a(8|16)_awq/, format: "int4_wo", words: "int4 g128" },
  // Four bits under activations in FP8.
  { is: /w4a(fp)?8|int8dynamicactivationint4|int8_dynamic_activation_int4/, format: "int4_wo", words: "int4", known: false },
  { is: /w8a8_sq|w8a8_int8|int8dynamicactivationint8|int8_dynamic_activation_int8/, format: "int8", words: "int8" },
  { is: /int4weightonly|int4_weight_only|w4a16/, format: "int4_wo", words: "int4" },
  { is: /int8weightonly|int8_weight_only|w8a16|eetq/, format: "int8_wo", words: "int8" },
  { is: /float8weightonly|float8_weight_only/, format: "fp8", words: "fp8 weights", known: false },
  { is: /fp8|float8/, format: "fp8", words: "fp8 e4m3" },
  { is: /^int8$/, format: "int8_wo", words: "int8" },
  { is: /^int4$/, format: "int4_wo", words: "int4" },
];

/** The format that a tool's word stands for; undefined where it is not known. */
export function ofAlgorithm(name: string, { plain, keepsAttention }: Beside): ReadFormat | undefined {
  const found = algorithms.find(({ is }) => is.test(name.toLowerCase()));
  return found === undefined ? undefined : restOf(keepsAttention, found.format, found.words, plain, found.known);
}

/** torchao names a class for all matrices, or for those that a name fits ("default"). */
export function torchao(config: Section, beside: Beside): ReadFormat | undefined {
  const type = fieldOf(config, "quant_type");
  if (typeof type === "string") return ofAlgorithm(type, beside);
  const kinds = objectAt(config, "quant_type");
  const usual = kinds === undefined ? undefined : objectAt(kinds, "default");
  const name = usual === undefined ? undefined : fieldOf(usual, "_type");
  return typeof name === "string" ? ofAlgorithm(name, beside) : undefined;
}

/** Weights alone, in so many bits, as HQQ and Quanto say it. */
export function weightsAlone(config: Section, { plain, keepsAttention }: Beside): ReadFormat | undefined {
  const inner = objectAt(config, "quant_config") ?? config;
  const parameters = objectAt(inner, "weight_quant_params") ?? inner;
  const said = fieldOf(parameters, "nbits") ?? /^q?int(\d)$/.exec(String(fieldOf(config, "weights")))?.[1];
  const bits = said === undefined ? Number.NaN : Number(said);
  return Number.isFinite(bits) ? ofBits(bits, fieldOf(parameters, "group_size"), plain, keepsAttention) : undefined;
}
