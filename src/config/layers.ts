import { ConfigError, shown } from "./error";
import { fieldOf, find, inRange, optionalCount, pathOf, type Section } from "./section";

/** What stands in each block of a model. */
export interface Blocks {
  readonly layers: number;
  readonly denseLayers: number;
  readonly moeLayers: number;
  readonly attentionLayers: number;
  readonly linearLayers: number;
  /** Softmax blocks that see a window or a chunk only. */
  readonly windowLayers: number;
}

const most = 10_000;

/** Number of blocks. */
export const layerNames = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"] as const;

/** A rule that tells layers with experts from dense ones, by the field that holds it. Several hold at once. */
type Rule = (value: unknown, path: string, layers: number) => (layer: number) => boolean;

const whole = (value: unknown, path: string, least = 0) => inRange(value, path, { least, most });

/** True for the last of every `step` layers. */
const everyStep: Rule = (value, path) => {
  const step = whole(value, path);
  return (layer) => step > 0 && (layer + 1) % step === 0;
};

const fromLayer: Rule = (value, path) => {
  const first = whole(value, path);
  return (layer) => layer >= first;
};

/** One mark a layer: 1 or true with experts. */
const marks: Rule = (value, path, layers) => {
  const list = listOf(value, path, layers);
  for (const [i, mark] of list.entries()) {
    if (mark !== 0 && mark !== 1 && mark !== true && mark !== false) {
      throw new ConfigError(`${path}[${i}]`, `expected 1 for a layer with experts or 0, got ${shown(mark)}`);
    }
  }
  return (layer) => list[layer] === 1 || list[layer] === true;
};

/** Numbers of layers, in a list or in a text with commas. */
function layersIn(value: unknown, path: string, layers: number): ReadonlySet<number> {
  const list = typeof value === "string" ? value.split(",").map((n) => (n.trim() === "" ? Number.NaN : Number(n))) : value;
  if (!Array.isArray(list) || list.length > layers) {
    throw new ConfigError(path, `expected at most ${layers} numbers of layers, got ${shown(value)}`);
  }
  return new Set(list.map((n, i) => inRange(n, `${path}[${i}]`, { least: 0, most: layers - 1 })));
}

const rules: Readonly<Record<string, Rule>> = {
  first_k_dense_replace: fromLayer,
  num_dense_layers: fromLayer,
  moe_layer_start_index: fromLayer,
  moe_layer_end_index: (value, path) => {
    const last = whole(value, path, -1);
    return (layer) => last === -1 || layer <= last;
  },
  moe_layer_interval: everyStep,
  decoder_sparse_step: everyStep,
  interleave_moe_layer_step: everyStep,
  moe_layer_frequency: everyStep,
  moe_every_n_layers: everyStep,
  moe_layer_freq: (value, path, layers) => {
    if (Array.isArray(value)) return marks(value, path, layers);
    const step = whole(value, path, 1);
    return (layer) => layer % step === 0;
  },
  is_moe_layer: marks,
  mlp_only_layers: (value, path, layers) => {
    const dense = layersIn(value, path, layers);
    return (layer) => !dense.has(layer);
  },
  moe_layers: (value, path, layers) => {
    const sparse = layersIn(value, path, layers);
    return (layer) => sparse.has(layer);
  },
  moe_layers_enum: (value, path, layers) => {
    const sparse = layersIn(value, path, layers);
    return (layer) => sparse.has(layer);
  },
  mlp_layer_types: (value, path, layers) => {
    const list = listOf(value, path, layers);
    for (const [i, type] of list.entries()) {
      if (type !== "dense" && type !== "sparse") throw new ConfigError(`${path}[${i}]`, `expected "dense" or "sparse", got ${shown(type)}`);
    }
    return (layer) => list[layer] === "sparse";
  },
};

/** Fields that say which layers have experts. */
export const layerRuleNames: readonly string[] = [...Object.keys(rules), "expert_layer_period", "expert_layer_offset"];

/** Which layers have experts, by all rules that the configuration has; all of them where it has none. */
export function expertLayers(section: Section, layers: number): readonly boolean[] {
  const tests = Object.entries(rules).flatMap(([name, rule]) => {
    const value = fieldOf(section, name);
    return value === undefined ? [] : [rule(value, pathOf(section, name), layers)];
  });
  const period = optionalCount(section, ["expert_layer_period"], { most });
  if (period !== undefined) {
    const offset = optionalCount(section, ["expert_layer_offset"], { least: 0, most }) ?? 0;
    tests.push((layer) => layer % period === offset);
  }
  return Array.from({ length: layers }, (_, layer) => tests.every((test) => test(layer)));
}

/** What a block does with the tokens before it. */
export type Mixer = "full" | "window" | "linear" | "none";

const mixers: Readonly<Record<string, Mixer>> = {
  full_attention: "full",
  attention: "full",
  full: "full",
  sliding_attention: "window",
  chunked_attention: "window",
  linear_attention: "linear",
  mamba: "linear",
};

/** The mixer of each layer. */
export function mixersOf(section: Section, layers: number): readonly Mixer[] {
  const pattern = fieldOf(section, "hybrid_override_pattern");
  if (pattern !== undefined)
    throw new ConfigError(
      pathOf(section, "hybrid_override_pattern"),
      `expected nothing: patterns of layers are not read yet, got ${shown(pattern)}`,
    );
  const types = find(section, ["layer_types", "layers_block_type"]);
  if (types !== undefined)
    return listOf(types.value, pathOf(section, types.name), layers).map((type, i) => named(type, `${pathOf(section, types.name)}[${i}]`));
  const list = fieldOf(section, "attn_type_list");
  if (list !== undefined) {
    const isSoftmax = listOf(list, pathOf(section, "attn_type_list"), layers);
    return isSoftmax.map((softmax, i) =>
      inRange(softmax, `${pathOf(section, "attn_type_list")}[${i}]`, { least: 0, most: 1 }) === 1 ? "full" : "linear",
    );
  }
  const kda = fieldOf(section, "linear_attn_config");
  if (kda !== undefined) return kimiMixers(kda, pathOf(section, "linear_attn_config"), layers);
  return periodic(section, layers);
}

function named(type: unknown, path: string): Mixer {
  const mixer = typeof type === "string" && Object.hasOwn(mixers, type) ? mixers[type] : undefined;
  if (mixer === undefined) throw new ConfigError(path, `expected one of ${Object.keys(mixers).join(", ")}; got ${shown(type)}`);
  return mixer;
}

function kimiMixers(value: unknown, path: string, layers: number): readonly Mixer[] {
  const kdaLayers = (value as Record<string, unknown>).kda_layers;
  // Numbered from 1.
  const linear = layersIn(
    Array.isArray(kdaLayers) ? kdaLayers.map((n) => (typeof n === "number" ? n - 1 : n)) : kdaLayers,
    `${path}.kda_layers`,
    layers,
  );
  return Array.from({ length: layers }, (_, layer) => (linear.has(layer) ? "linear" : "full"));
}

function periodic(section: Section, layers: number): readonly Mixer[] {
  const jamba = optionalCount(section, ["attn_layer_period"], { most });
  const offset = optionalCount(section, ["attn_layer_offset"], { least: 0, most }) ?? 0;
  const interval = optionalCount(section, ["full_attention_interval"], { most });
  return Array.from({ length: layers }, (_, layer) => {
    if (jamba !== undefined) return layer % jamba === offset ? "full" : "linear";
    if (interval !== undefined) return (layer + 1) % interval === 0 ? "full" : "linear";
    return "full";
  });
}

/** A list with one entry a layer. @throws ConfigError for anything else. */
export function listOf(value: unknown, path: string, layers: number): readonly unknown[] {
  if (!Array.isArray(value))
    throw new ConfigError(path, `expected a list with one entry for each of ${layers} layers, got ${shown(value)}`);
  if (value.length !== layers) throw new ConfigError(path, `expected ${layers} entries, one a layer, got ${value.length}`);
  return value;
}
