import type { Decoder } from "./decoder-section";
import { ConfigError, shown } from "./error";
import { headNames, keyValueHeadNames } from "./head-names";
import type { Attends, LayerKind } from "./layer-kinds";
import { fieldOf, find, pathOf, type Section, sectionOf } from "./section";

/** One layer of a configuration: its fields, those of its own in place of the common ones. */
export interface Layer extends Pick<Decoder, "family" | "modelType"> {
  readonly section: Section;
  readonly index: number;
  readonly layers: number;
  readonly attends: Attends;
  /** The configuration's own word for the layer's mixer, where it has one. */
  readonly word?: string;
}

/** The layer at a number, from 0. */
export function layerOf({ section, family, modelType }: Decoder, kind: LayerKind, index: number, layers: number): Layer {
  const own = overrides(section, kind.attends ?? "full", index, layers);
  const fields = own.size === 0 ? section.fields : new Map([...section.fields, ...own]);
  return {
    section: { ...section, fields },
    family,
    modelType,
    index,
    layers,
    attends: kind.attends ?? "full",
    ...(kind.word === undefined ? {} : { word: kind.word }),
  };
}

/** Fields with which layers that have a window differ from the others, and the fields they stand for. */
const windowFields: readonly (readonly [string, string])[] = [
  ["swa_num_attention_heads", "num_attention_heads"],
  ["swa_num_key_value_heads", "num_key_value_heads"],
  ["swa_head_dim", "head_dim"],
  ["swa_v_head_dim", "v_head_dim"],
];

const fullFields: readonly (readonly [string, string])[] = [
  ["global_head_dim", "head_dim"],
  ["num_global_key_value_heads", "num_key_value_heads"],
  ["global_num_key_value_heads", "num_key_value_heads"],
];

/** The fields that a layer has for itself. */
function overrides(section: Section, attends: Attends, index: number, layers: number): ReadonlyMap<string, unknown> {
  const own = new Map<string, unknown>();
  for (const [name, common] of attends === "window" ? windowFields : attends === "full" ? fullFields : []) {
    const value = fieldOf(section, name);
    if (value !== undefined) own.set(common, value);
  }
  const other = fieldOf(section, "attention_other_setting");
  if (other !== undefined && attends === "window") {
    const { fields } = sectionOf(other, pathOf(section, "attention_other_setting"));
    for (const [name, value] of fields) if (name.startsWith("num_") || name === "head_dim") own.set(name, value);
  }
  for (const names of [headNames, keyValueHeadNames]) {
    const found = find(section, names);
    if (found !== undefined && Array.isArray(found.value))
      own.set(found.name, entry(found.value, pathOf(section, found.name), index, layers));
  }
  const heads = fieldOf(section, "num_attention_heads_per_layer");
  if (heads !== undefined) own.set("num_attention_heads", entry(heads, pathOf(section, "num_attention_heads_per_layer"), index, layers));
  const each = fieldOf(section, "per_layer_config");
  if (each !== undefined) {
    const path = pathOf(section, "per_layer_config");
    const keys = [String(index), String(index).padStart(2, "0"), String(index).padStart(3, "0")];
    const mine =
      (Array.isArray(each) ? each[index] : keys.map((key) => sectionOf(each, path).fields.get(key)).find((one) => one != null)) ?? {};
    for (const [name, value] of sectionOf(mine, `${path}.${index}`).fields) own.set(name, value);
  }
  return own;
}

function entry(list: unknown, path: string, index: number, layers: number): unknown {
  if (!Array.isArray(list) || list.length !== layers) {
    throw new ConfigError(path, `expected ${layers} entries, one a layer, got ${shown(list)}`);
  }
  return list[index];
}
