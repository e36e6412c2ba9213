import { ConfigError, shown } from "./error";
import type { Family } from "./families";
import { expertLayers, layersIn } from "./layers";
import { count, fieldOf, find, inRange, listOf, optionalCount, pathOf, type Section, subsection } from "./section";

/** What stands in the blocks of a model. */
export interface Blocks {
  readonly layers: number;
  readonly denseLayers: number;
  readonly moeLayers: number;
  readonly attentionLayers: number;
  readonly linearLayers: number;
  /** Attention blocks that see a window or a chunk only. */
  readonly windowLayers: number;
}

export const layerCountNames = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"] as const;

const most = 10_000;

/** One block: a mixer, a feed-forward part, or both. */
type Mixer = "full" | "window" | "linear";
type Part = Mixer | "dense" | "experts";

/** How configurations name what a layer does with the tokens before it, or that it is a feed-forward part alone. */
const parts: Readonly<Record<string, Part>> = {
  attention: "full",
  full_attention: "full",
  indexed_attention: "full",
  deepseek_sparse_attention: "full",
  compressed_sparse_attention: "full",
  heavily_compressed_attention: "full",
  sliding_attention: "window",
  chunked_attention: "window",
  linear_attention: "linear",
  mamba: "linear",
  mlp: "dense",
  moe: "experts",
  // Of Inkling: short convolutions in attention. Elsewhere the word means attention beside Mamba, so only known families have it.
  hybrid: "full",
  hybrid_sliding: "window",
};

/** Letters of hybrid_override_pattern. */
const letters: Readonly<Record<string, Part>> = { M: "linear", "*": "full", "-": "dense", E: "experts" };

const listNames = ["layers_block_type", "layer_types", "hybrid_layer_pattern", "hybrid_override_pattern"] as const;

/** Fields that say what a layer does with the tokens before it. */
export const mixerNames: readonly string[] = [
  ...listNames,
  "attn_type_list",
  "attn_layer_indices",
  "linear_attn_config",
  "attn_layer_period",
  "attn_layer_offset",
  "full_attention_interval",
  "layer_group_size",
];

/**
 * Count the blocks of a model by kind.
 *
 * @throws ConfigError when a layer is of a kind that is not known, or no layer has softmax attention.
 */
export function blocksOf(section: Section, hasExperts: boolean, family: Family | undefined): Blocks {
  const list = partsOf(section, family);
  const blocks = list?.some((part) => part === "dense" || part === "experts")
    ? single(list, section, hasExperts)
    : double(list as readonly Mixer[] | undefined, section, hasExperts, family);
  if (blocks.attentionLayers === 0) {
    const field = mixerNames.find((name) => fieldOf(section, name) !== undefined) ?? layerCountNames[0];
    throw new ConfigError(
      pathOf(section, field),
      `expected at least one layer of softmax attention, got ${blocks.linearLayers} linear ones alone`,
    );
  }
  return blocks;
}

/** Blocks that are each a mixer or a feed-forward part (Nemotron-H). */
function single(list: readonly Part[], section: Section, hasExperts: boolean): Blocks {
  const number = (part: Part) => list.filter((p) => p === part).length;
  const stated = optionalCount(section, layerCountNames, { most });
  if (stated !== undefined && stated !== list.length) {
    throw new ConfigError(pathOf(section, layerCountNames[0]), `expected the ${list.length} blocks of the pattern, got ${stated}`);
  }
  if (number("experts") > 0 !== hasExperts) {
    const field = find(section, listNames)?.name as string;
    throw new ConfigError(
      pathOf(section, field),
      `expected ${hasExperts ? "a block with experts" : "no block with experts, since their number is missing"}, got ${number("experts")}`,
    );
  }
  return {
    layers: list.length,
    denseLayers: number("dense"),
    moeLayers: number("experts"),
    attentionLayers: number("full") + number("window"),
    linearLayers: number("linear"),
    windowLayers: number("window"),
  };
}

/** Layers that are each a mixer and a feed-forward part. */
function double(list: readonly Mixer[] | undefined, section: Section, hasExperts: boolean, family: Family | undefined): Blocks {
  const layers = count(section, layerCountNames, { most });
  if (list !== undefined && list.length !== layers) {
    throw new ConfigError(
      pathOf(section, find(section, listNames)?.name as string),
      `expected ${layers} entries, one a layer, got ${list.length}`,
    );
  }
  const mixers = list ?? mixersOf(section, layers);
  const moeLayers = hasExperts ? expertLayers(section, layers).filter(Boolean).length : 0;
  const linearLayers = mixers.filter((mixer) => mixer === "linear").length;
  const each = family?.doubled === true ? 2 : 1;
  return {
    layers,
    denseLayers: layers - moeLayers,
    moeLayers,
    attentionLayers: each * (layers - linearLayers),
    linearLayers,
    windowLayers: mixers.filter((mixer) => mixer === "window").length,
  };
}

/** The list or pattern that names the kind of each block; undefined where there is none. */
function partsOf(section: Section, family: Family | undefined): readonly Part[] | undefined {
  const found = listNames.map((name) => ({ name, value: fieldOf(section, name) })).find(({ value }) => value !== undefined);
  if (found === undefined) return undefined;
  const path = pathOf(section, found.name);
  const isPattern = typeof found.value === "string";
  const entries = isPattern ? [...(found.value as string).slice(0, most + 1)] : found.value;
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > most) {
    throw new ConfigError(path, `expected a list with one entry a layer, at most ${most}, got ${shown(found.value)}`);
  }
  if (found.name === "hybrid_layer_pattern")
    return listOf(entries, path, entries.length).map((bit, i) => (whole(bit, `${path}[${i}]`) === 1 ? "window" : "full"));
  const known = isPattern ? letters : parts;
  return entries.map((entry, i) => {
    const isKnown = typeof entry === "string" && Object.hasOwn(known, entry) && (family !== undefined || !entry.startsWith("hybrid"));
    if (isKnown) return known[entry as string] as Part;
    throw new ConfigError(`${path}[${i}]`, `expected one of ${Object.keys(known).join(", ")}; got ${shown(entry)}`);
  });
}

const whole = (value: unknown, path: string) => inRange(value, path, { least: 0, most: 1 });

/** The mixers of layers that no list names. */
function mixersOf(section: Section, layers: number): readonly Mixer[] {
  const softmax = fieldOf(section, "attn_type_list");
  if (softmax !== undefined) {
    const path = pathOf(section, "attn_type_list");
    return listOf(softmax, path, layers).map((bit, i) => (whole(bit, `${path}[${i}]`) === 1 ? "full" : "linear"));
  }
  const attends = fieldOf(section, "attn_layer_indices");
  if (attends !== undefined) {
    const full = layersIn(attends, pathOf(section, "attn_layer_indices"), layers);
    return Array.from({ length: layers }, (_, layer) => (full.has(layer) ? "full" : "linear"));
  }
  const kimi = subsection(section, "linear_attn_config");
  if (kimi !== undefined) {
    const path = pathOf(kimi, "kda_layers");
    const numbers = fieldOf(kimi, "kda_layers");
    if (!Array.isArray(numbers)) throw new ConfigError(path, `expected a list of layers, counted from 1, got ${shown(numbers)}`);
    const linear = layersIn(
      numbers.map((layer) => (typeof layer === "number" ? layer - 1 : layer)),
      path,
      layers,
    );
    return Array.from({ length: layers }, (_, layer) => (linear.has(layer) ? "linear" : "full"));
  }
  const period = optionalCount(section, ["attn_layer_period"], { most });
  const offset = optionalCount(section, ["attn_layer_offset"], { least: 0, most }) ?? 0;
  const interval = optionalCount(section, ["full_attention_interval", "layer_group_size"], { most });
  return Array.from({ length: layers }, (_, layer) => {
    const full = period !== undefined ? layer % period === offset : interval === undefined || (layer + 1) % interval === 0;
    return full ? "full" : "linear";
  });
}
