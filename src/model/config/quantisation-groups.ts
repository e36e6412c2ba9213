import { fieldOf, type Section } from "./section";
import { objectAt, ofBits, type ReadFormat, restOf } from "./weight-words";

/** What a release says beside its formats: how it was trained, and whether attention was left so. */
export interface Beside {
  readonly plain: string;
  readonly keepsAttention: boolean;
}

/** Formats by groups of matrices (compressed-tensors, modelopt) or for all of them (Quark); undefined where neither is said. */
export function describeGroups(config: Section, beside: Beside): ReadFormat | undefined {
  const all = objectAt(config, "global_quant_config");
  const groups = objectAt(config, "config_groups");
  if (groups === undefined) return all === undefined ? undefined : quark(all, config, beside);
  const list = [...groups.fields.keys()].flatMap((name) => objectAt(groups, name) ?? []);
  const group = deciding(list) ?? list[0];
  if (group === undefined) return undefined;
  const experts = ofGroup(group, config, beside);
  const other = beside.keepsAttention ? undefined : list.find((one) => one !== group && isOfAttention(one));
  const rest = other === undefined ? undefined : ofGroup(other, config, { ...beside, keepsAttention: false });
  if (experts === undefined || rest === undefined || rest.words === experts.words) return experts;
  return {
    words: `${experts.words.replace(/,.*$/, "")} experts, ${rest.words.replace(/,.*$/, "")} rest`,
    experts: experts.experts,
    rest: rest.rest,
    known: experts.known && rest.known,
  };
}

/** The format of one group of matrices; undefined where it says none that is understood. */
function ofGroup(group: Section, config: Section, { plain, keepsAttention }: Beside): ReadFormat | undefined {
  const weights = objectAt(group, "weights");
  if (weights === undefined) return undefined;
  const bits = fieldOf(weights, "num_bits");
  const size = fieldOf(weights, "group_size");
  if (typeof bits !== "number") return undefined;
  if (fieldOf(weights, "type") === "float") {
    const format = `${fieldOf(config, "format") ?? ""} ${fieldOf(group, "format") ?? ""}`;
    if (bits === 8) {
      if (Array.isArray(fieldOf(weights, "block_structure"))) return restOf(keepsAttention, "fp8_block", "fp8 e4m3 128x128", plain);
      return restOf(keepsAttention, "fp8", /mxfp8/.test(format) || size === 32 ? "mxfp8" : "fp8 e4m3", plain);
    }
    if (bits !== 4) return undefined;
    return format.includes("mxfp4") || size === 32
      ? restOf(keepsAttention, "w4a16_mxfp4", "mxfp4", plain)
      : restOf(keepsAttention, "nvfp4", "nvfp4", plain);
  }
  const activations = objectAt(group, "input_activations");
  const activationBits = activations === undefined ? undefined : fieldOf(activations, "num_bits");
  return ofBits(bits, size, plain, keepsAttention || /expert/.test(targetsOf(group)), activationBits);
}

/** Quark says one format for all, but for what it excludes, and for layers that it names. */
function quark(all: Section, config: Section, beside: Beside): ReadFormat | undefined {
  const format = ofQuark(all, beside);
  const layers = objectAt(config, "layer_quant_config");
  const named = [...(layers?.fields.keys() ?? [])].filter((name) => /attn|attention/.test(name) && !/vision|visual/.test(name));
  // Of keys and values alone it says here how their outputs are cached.
  const name = named.find((one) => !/[kv]_proj/.test(one));
  const own = name === undefined || layers === undefined || beside.keepsAttention ? undefined : objectAt(layers, name);
  const rest = own === undefined ? undefined : ofQuark(own, beside);
  if (format === undefined || rest === undefined) return format;
  return { ...format, words: `${format.words} experts, ${rest.words} rest`, rest: rest.rest, known: format.known && rest.known };
}

function ofQuark(config: Section, { plain, keepsAttention }: Beside): ReadFormat | undefined {
  const weight = objectAt(config, "weight");
  const dtype = weight === undefined ? undefined : fieldOf(weight, "dtype");
  if (weight === undefined || typeof dtype !== "string") return undefined;
  if (/^(mx)?fp4/.test(dtype)) return restOf(keepsAttention, "w4a16_mxfp4", "mxfp4", plain);
  if (/^fp8/.test(dtype)) return restOf(keepsAttention, "fp8", "fp8 e4m3", plain);
  const bits = /^u?int(\d+)$/.exec(dtype)?.[1];
  const input = objectAt(config, "input_tensors");
  const inputBits = /^u?int(\d+)$/.exec(String(input === undefined ? "" : fieldOf(input, "dtype")))?.[1];
  return bits === undefined
    ? undefined
    : ofBits(Number(bits), fieldOf(weight, "group_size"), plain, keepsAttention, inputBits === undefined ? undefined : Number(inputBits));
}

/** Of groups in several formats that of the experts counts, or of the feed-forward parts where there are none. */
function deciding(groups: readonly Section[]): Section | undefined {
  for (const kind of [/experts?\b/, /mlp|feed_forward|mixer/]) {
    const group = groups.find((one) => kind.test(targetsOf(one)));
    if (group !== undefined) return group;
  }
  return undefined;
}

/** Whether a group is of attention: it says so, or is of all linear layers that no other group names. */
function isOfAttention(group: Section): boolean {
  return /attn|attention|\bLinear\b/.test(targetsOf(group));
}

/** The layers that a group is of, as far as it names them. */
function targetsOf(group: Section): string {
  const targets = fieldOf(group, "targets");
  return Array.isArray(targets) ? targets.filter((target) => typeof target === "string").join(" ") : "";
}
