import type { Decoder } from "./decoder-section";
import { ConfigError, shown } from "./error";
import { fieldOf, flag, inRange, listOf, optionalCount, pathOf, type Section } from "./section";
import { windowOf } from "./window-width";

/** To which of the tokens before it a layer attends; linear ones keep a state of all. */
export type Attends = "full" | "window" | "chunk" | "linear";

type Rule = (layer: number) => Attends;

const full: Rule = () => "full";

/** Every nth layer attends to all, the others to a window. */
const everyNth =
  (n: number): Rule =>
  (layer) =>
    (layer + 1) % n === 0 ? "full" : "window";

const rhythmNames = ["sliding_window_pattern", "_sliding_window_pattern", "global_attn_every_n_layers", "layer_switch"] as const;

/** Families whose classes let every nth layer attend to all where the configuration does not say: the last of each n. */
const rhythms: Readonly<Record<string, number>> = {
  afmoe: 4,
  cohere2: 4,
  cohere2_moe: 4,
  exaone4: 4,
  exaone_moe: 4,
  gemma2: 2,
  gemma3_text: 6,
  gemma4_text: 6,
  gpt_oss: 2,
  olmo3: 4,
  vaultgemma: 2,
};

/** As these, but the first of each n. */
const rhythmsFromFirst: Readonly<Record<string, number>> = { cwm: 4, gpt_neo: 2, granite_swa: 4, granitemoe_swa: 4 };

/** Families whose classes have a window only where use_sliding_window is true. */
const switched = /^(qwen2|qwen3|mimo$|smollm3|dots1)/;

/**
 * Which layers attend to a window or a chunk, where no list says so: by rhythm, by the family's rule, or all where a window is
 * stated alone.
 */
export function windowRule({ section, modelType = "" }: Decoder, layers: number): Rule {
  if (fieldOf(section, "compress_ratios") !== undefined) return full;
  if (optionalCount(section, ["attention_chunk_size"], { most: 1e9 }) !== undefined && windowOf(section) === undefined)
    return chunkRule(section, layers);
  const window = windowOf(section);
  const use = flag(section, ["use_sliding_window"]);
  if (window === undefined || use === false) return full;
  const rhythm = rhythmOf(section);
  if (rhythm !== undefined) return rhythm;
  const first = optionalCount(section, ["max_window_layers"], { least: 0, most: 10_000 });
  if (use === undefined && (switched.test(modelType) || first !== undefined)) return full;
  if (first !== undefined) return (layer) => (layer < first ? "full" : "window");
  const [last, ahead] = [rhythms, rhythmsFromFirst].map((table) => (Object.hasOwn(table, modelType) ? table[modelType] : undefined));
  if (ahead !== undefined) return (layer) => (layer % ahead === 0 ? "full" : "window");
  return last === undefined ? () => "window" : everyNth(last);
}

/** A rhythm as a number, or as letters (EXAONE: "LLLG"). */
function rhythmOf(section: Section): Rule | undefined {
  const name = rhythmNames.find((field) => fieldOf(section, field) !== undefined);
  if (name === undefined) return undefined;
  const value = fieldOf(section, name);
  const path = pathOf(section, name);
  if (typeof value !== "string") return everyNth(inRange(value, path, { most: 10_000 }));
  if (!/^[LG]{1,10000}$/.test(value))
    throw new ConfigError(path, `expected a number, or letters L (window) and G (all), got ${shown(value)}`);
  return (layer) => (value[layer % value.length] === "L" ? "window" : "full");
}

/** Llama 4: layers with rotary positions attend within chunks, every fourth has none and attends to all. */
function chunkRule(section: Section, layers: number): Rule {
  const rotary = fieldOf(section, "no_rope_layers");
  if (Array.isArray(rotary) && rotary.length > 0) {
    const path = pathOf(section, "no_rope_layers");
    const bits = listOf(rotary, path, layers).map((bit, i) => inRange(Number(bit), `${path}[${i}]`, { least: 0, most: 1 }));
    return (layer) => (bits[layer] === 1 ? "chunk" : "full");
  }
  const interval = optionalCount(section, ["no_rope_layer_interval"], { most: 10_000 }) ?? 4;
  return (layer) => ((layer + 1) % interval === 0 ? "full" : "chunk");
}
