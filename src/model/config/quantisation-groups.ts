import { fieldOf, type Section } from "./section";
import { both, objectAt, ofBits, type ReadFormat, restOf } from "./weight-words";

/** Formats by groups of matrices (compressed-tensors, modelopt) or for all of them (Quark); undefined where neither is said. */
export function describeGroups(config: Section, plain: string): ReadFormat | undefined {
  const all = objectAt(config, "global_quant_config");
  const groups = objectAt(config, "config_groups");
  if (groups === undefined) return all === undefined ? undefined : quark(all, config, plain);
  const list = [...groups.fields.keys()].flatMap((name) => objectAt(groups, name) ?? []);
  const group = deciding(list) ?? list[0];
  const weights = group === undefined ? undefined : objectAt(group, "weights");
  if (group === undefined || weights === undefined) return undefined;
  const bits = fieldOf(weights, "num_bits");
  const size = fieldOf(weights, "group_size");
  if (typeof bits !== "number") return undefined;
  if (fieldOf(weights, "type") === "float") {
    const format = `${fieldOf(config, "format") ?? ""} ${fieldOf(group, "format") ?? ""}`;
    if (bits === 8)
      return Array.isArray(fieldOf(weights, "block_structure")) ? both("fp8_block", "fp8 e4m3 128x128") : both("fp8", "fp8 e4m3");
    if (bits !== 4) return undefined;
    return format.includes("mxfp4") || size === 32
      ? restOf(config, "w4a16_mxfp4", "mxfp4", plain)
      : restOf(config, "nvfp4", "nvfp4", plain);
  }
  const attentionKept = restOf(config, "int4_wo", "", plain).rest === "bfloat16";
  const activations = objectAt(group, "input_activations");
  const activationBits = activations === undefined ? undefined : fieldOf(activations, "num_bits");
  return ofBits(bits, size, plain, attentionKept || /expert/.test(targetsOf(group)), activationBits);
}

/** Quark says one format for all, but for what it excludes. */
function quark(all: Section, config: Section, plain: string): ReadFormat | undefined {
  const weight = objectAt(all, "weight");
  const dtype = weight === undefined ? undefined : fieldOf(weight, "dtype");
  if (weight === undefined || typeof dtype !== "string") return undefined;
  if (/^(mx)?fp4/.test(dtype)) return restOf(config, "w4a16_mxfp4", "mxfp4", plain);
  if (/^fp8/.test(dtype)) return both("fp8", "fp8 e4m3");
  const bits = /^u?int(\d+)$/.exec(dtype)?.[1];
  const input = objectAt(all, "input_tensors");
  const inputBits = /^u?int(\d+)$/.exec(String(input === undefined ? "" : fieldOf(input, "dtype")))?.[1];
  return bits === undefined
    ? undefined
    : ofBits(Number(bits), fieldOf(weight, "group_size"), plain, false, inputBits === undefined ? undefined : Number(inputBits));
}

/** Of groups in several formats that of the experts counts, or of the feed-forward parts where there are none. */
function deciding(groups: readonly Section[]): Section | undefined {
  for (const kind of [/experts?\b/, /mlp|feed_forward|mixer/]) {
    const group = groups.find((one) => kind.test(targetsOf(one)));
    if (group !== undefined) return group;
  }
  return undefined;
}

/** The layers that a group is of, as far as it names them. */
function targetsOf(group: Section): string {
  const targets = fieldOf(group, "targets");
  return Array.isArray(targets) ? targets.filter((target) => typeof target === "string").join(" ") : "";
}
