import { nearest } from "../../text/nearest";
import type { Decoder } from "./decoder-section";
import { ConfigError, shown } from "./error";
import { expertLayers, layersIn } from "./expert-layers";
import { layerCountNames } from "./head-names";
import { fieldOf, flag, inRange, listOf, optionalCount, pathOf, type Section, subsection } from "./section";
import { type Attends, windowRule } from "./windows";

export type { Attends } from "./windows";

/** What stands in a layer; layers of some models are a mixer alone or a feed-forward part alone. */
export interface LayerKind {
  readonly attends?: Attends;
  readonly feed?: "dense" | "experts" | "hash experts";
  /** The configuration's own word for the mixer. */
  readonly word?: string;
}

const most = 10_000;

type Part = Attends | "dense" | "experts";

/** How configurations name what a layer does with the tokens before it, or that it is a feed-forward part alone. */
const words: Readonly<Record<string, Part>> = {
  attention: "full",
  full_attention: "full",
  global_attention: "full",
  global: "full",
  indexed_attention: "full",
  deepseek_sparse_attention: "full",
  sparse_attention: "full",
  minimax_m3_sparse: "full",
  compressed_sparse_attention: "full",
  heavily_compressed_attention: "full",
  sliding_attention: "window",
  sliding_window: "window",
  local: "window",
  chunked_attention: "chunk",
  linear_attention: "linear",
  kda: "linear",
  mamba: "linear",
  mamba2: "linear",
  mlp: "dense",
  moe: "experts",
  // Of Inkling: short convolutions in attention. Elsewhere the word means attention beside Mamba, so only known families have it.
  hybrid: "full",
  hybrid_sliding: "window",
};

/** Letters of hybrid_override_pattern. */
const letters: Readonly<Record<string, Part>> = { M: "linear", "*": "full", "-": "dense", E: "experts" };

const listNames = ["layers_block_type", "layer_types", "hybrid_layer_pattern", "hybrid_override_pattern", "attention_layers"] as const;

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
  "sparse_attention_config",
  "compress_ratios",
];

/**
 * What stands in each layer.
 *
 * @throws ConfigError when a layer is of a kind that is not known, when numbers of layers disagree, or no layer has softmax attention.
 */
export function layerKinds(decoder: Decoder, experts: boolean): readonly LayerKind[] {
  const { section } = decoder;
  const named = namedParts(decoder);
  const isSingle = named?.parts.some(({ part }) => part === "dense" || part === "experts") === true;
  const kinds = isSingle ? single(named as Named, section, experts) : double(named, decoder, experts);
  if (kinds.every(({ attends }) => attends === undefined || attends === "linear")) {
    const field = mixerNames.find((name) => fieldOf(section, name) !== undefined) ?? layerCountNames[0];
    throw new ConfigError(pathOf(section, field), "expected at least one layer of softmax attention, got linear ones alone");
  }
  return kinds;
}

interface Named {
  readonly field: string;
  readonly parts: readonly { readonly part: Part; readonly word: string }[];
}

/** Layers that are each a mixer or a feed-forward part (Nemotron-H). */
function single({ field, parts }: Named, section: Section, experts: boolean): readonly LayerKind[] {
  const stated = optionalCount(section, layerCountNames, { most });
  if (stated !== undefined && stated !== parts.length) {
    throw new ConfigError(pathOf(section, layerCountNames[0]), `expected the ${parts.length} blocks of the pattern, got ${stated}`);
  }
  if (!experts && parts.some(({ part }) => part === "experts")) {
    throw new ConfigError(pathOf(section, field), "expected no block with experts, since their number is missing; got one");
  }
  return parts.map(({ part, word }) => (part === "dense" || part === "experts" ? { feed: part } : { attends: part, word }));
}

/** Layers that are each a mixer and a feed-forward part. */
function double(named: Named | undefined, decoder: Decoder, experts: boolean): readonly LayerKind[] {
  const { section } = decoder;
  const layers = optionalCount(section, layerCountNames, { most }) ?? named?.parts.length ?? countAgain(section);
  if (named !== undefined && named.parts.length !== layers) {
    throw new ConfigError(pathOf(section, named.field), `expected ${layers} entries, one a layer, got ${named.parts.length}`);
  }
  const mixers: readonly LayerKind[] =
    named?.parts.map(({ part, word }) => ({ attends: part as Attends, word })) ?? mixersOf(decoder, layers).map((attends) => ({ attends }));
  const sparse = experts ? expertLayers(section, layers) : [];
  const hashed = optionalCount(section, ["num_hash_layers"], { least: 0, most }) ?? 0;
  const marks = fieldOf(section, "mlp_layer_types");
  return mixers.map((mixer, layer) => {
    const hash = layer < hashed || (Array.isArray(marks) && marks[layer] === "hash_moe");
    return { ...mixer, feed: sparse[layer] !== true ? "dense" : hash ? "hash experts" : "experts" };
  });
}

function countAgain(section: Section): never {
  const near = nearest(
    layerCountNames[0],
    [...section.fields.keys()].filter((name) => name.length <= 64),
  );
  const nearby = near.length === 0 ? "" : `; nearest of the fields there: ${near.join(", ")}`;
  throw new ConfigError(
    pathOf(section, layerCountNames[0]),
    `expected a whole number from 1 to ${most} (also read as ${layerCountNames.slice(1).join(", ")}), got nothing${nearby}`,
  );
}

/** The list or pattern that names the kind of each block; undefined where there is none. */
function namedParts({ section, family, modelType }: Decoder): Named | undefined {
  const found = listNames.map((name) => ({ name, value: fieldOf(section, name) })).find(({ value }) => value !== undefined);
  if (found === undefined) return undefined;
  const path = pathOf(section, found.name);
  const isPattern = typeof found.value === "string";
  const entries = isPattern ? [...(found.value as string).slice(0, most + 1)] : found.value;
  if (!Array.isArray(entries) || entries.length === 0 || entries.length > most) {
    throw new ConfigError(path, `expected a list with one entry a layer, at most ${most}, got ${shown(found.value)}`);
  }
  const named = (parts: Named["parts"]): Named => ({ field: found.name, parts });
  if (found.name === "hybrid_layer_pattern")
    return named(entries.map((bit, i) => ({ part: whole(bit, `${path}[${i}]`) === 1 ? "window" : "full", word: String(bit) })));
  const known = isPattern ? letters : words;
  return named(
    entries.map((entry, i) => {
      const isKnown = typeof entry === "string" && Object.hasOwn(known, entry) && (family !== undefined || !entry.startsWith("hybrid"));
      if (!isKnown) throw new ConfigError(`${path}[${i}]`, `expected one of ${Object.keys(known).join(", ")}; got ${shown(entry)}`);
      const part = known[entry as string] as Part;
      // Llama 4 attends within chunks, whatever word stands for it.
      return { part: part === "window" && modelType === "llama4_text" ? "chunk" : part, word: entry as string };
    }),
  );
}

const whole = (value: unknown, path: string) => inRange(value, path, { least: 0, most: 1 });

/** The mixers of layers that no list names: linear ones by number or rhythm, then windows. */
function mixersOf(decoder: Decoder, layers: number): readonly Attends[] {
  const linear = linearRule(decoder.section, layers);
  const window = windowRule(decoder, layers);
  return Array.from({ length: layers }, (_, layer) => (linear(layer) ? "linear" : window(layer)));
}

type Test = (layer: number) => boolean;

/** Which layers have a linear mixer. */
function linearRule(section: Section, layers: number): Test {
  const softmax = fieldOf(section, "attn_type_list");
  if (softmax !== undefined) {
    const path = pathOf(section, "attn_type_list");
    const bits = listOf(softmax, path, layers).map((bit, i) => whole(bit, `${path}[${i}]`));
    return (layer) => bits[layer] === 0;
  }
  const attends = fieldOf(section, "attn_layer_indices");
  if (attends !== undefined) {
    const full = layersIn(attends, pathOf(section, "attn_layer_indices"), layers);
    return (layer) => !full.has(layer);
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
    return (layer) => linear.has(layer);
  }
  const period = optionalCount(section, ["attn_layer_period"], { most });
  const offset = optionalCount(section, ["attn_layer_offset"], { least: 0, most }) ?? 0;
  if (period !== undefined) return (layer) => layer % period !== offset;
  const interval = optionalCount(section, ["full_attention_interval", "layer_group_size"], { most });
  return interval === undefined ? () => false : (layer) => (layer + 1) % interval !== 0;
}

/** Whether a layer selects blocks of tokens (MiniMax-M3). */
export function selectsBlocks(section: Section, word: string | undefined, layer: number, layers: number): boolean {
  const sparse = subsection(section, "sparse_attention_config");
  if (sparse === undefined) return word === "minimax_m3_sparse";
  if (flag(sparse, ["use_sparse_attention"]) === false) return false;
  const marks = fieldOf(sparse, "sparse_attention_freq");
  if (marks === undefined) return true;
  const path = pathOf(sparse, "sparse_attention_freq");
  return whole(listOf(marks, path, layers)[layer], `${path}[${layer}]`) === 1;
}
