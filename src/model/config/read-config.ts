import { harmless } from "../../text/harmless";
import { isSoftmax } from "../blocks";
import { decoder as build } from "../decoder";
import type { Model, ModelParts } from "../model";
import { type Decoder, decoderOf } from "./decoder-section";
import { ConfigError } from "./error";
import { routedExpertsOf } from "./experts";
import { runsOf } from "./group-layers";
import { refuseNotUnderstood } from "./not-understood";
import { noteOf } from "./note";
import { formatsOf } from "./quantisation";
import { readLayers } from "./read-layers";
import { count, fieldOf, flag, missing, optionalCount, type Section } from "./section";
import { parseConfig } from "./text";

export { ConfigError } from "./error";

/** What a configuration does not say of itself. */
export interface ConfigOptions {
  /** Id of the model; "own-" and a number made of its content when left out, so that equal configurations have equal ids. */
  readonly id?: string;
  /** Name for figures; the model type when left out. */
  readonly name?: string;
  readonly organization?: string;
  /** Day of the release, ISO; empty when left out. */
  readonly released?: string;
}

/**
 * Read the configuration of a decoder, dense or mixture-of-experts, as Hugging Face repositories hold it in config.json: layer by
 * layer a list of blocks, of which equal layers become runs.
 *
 * Fields are known under the names that families really use, nested text configurations included; what a family keeps in its
 * code (a gate, a shared embedding, which layers have a window) comes from tables of model types. A type that is not known is read
 * by its fields where these leave no doubt. A format that is not known never stops the reading: `formats.known` is then false.
 * What the model does not hold `note` says. Texts of the file and of the options become harmless here: no markup, no signs unseen.
 *
 * @param config the parsed JSON.
 * @throws ConfigError naming the field, what was expected and what came: for what is missing or cannot be, for encoders and other
 * models that are no decoders with softmax attention, for fields that speak of experts or layers and are not understood, and for
 * files that are no config.json, saying which to take.
 */
export function modelFromConfig(config: unknown, options: ConfigOptions = {}): Model {
  const decoder = decoderOf(config);
  const { outer, section, modelType, family, byClass } = decoder;
  refuseNotUnderstood(section);
  const hiddenSize = count(section, ["hidden_size", "n_embd", "d_model", "n_embed"], { most: 1_000_000 });
  const experts = routedExpertsOf(section) > 0;
  const layers = readLayers(decoder, hiddenSize, experts);
  if (experts) requireRule(decoder);
  const formats = formatsOf(outer, section, layers.filter((blocks) => blocks.some(isSoftmax)).length);
  const runs = runsOf(layers);
  const parts: Omit<ModelParts, "id"> = {
    aliases: [],
    name: harmless(options.name ?? modelType ?? "") || "own model",
    organization: harmless(options.organization ?? ""),
    released: harmless(options.released ?? ""),
    hiddenSize,
    ...embeddingWidthOf(section, hiddenSize),
    vocabSize: count(section, ["vocab_size", "padded_vocab_size"], { most: 100_000_000 }),
    tiedEmbeddings: tiedOf(decoder),
    runs,
    formats,
    predictionModules: predictionModulesOf(decoder),
    ...architectureOf(decoder),
    residualStreams: optionalCount(section, ["hc_mult"], { most: 1_000 }) ?? 1,
    source: "config.json",
    locator: section.path,
    confidence: "high",
    note: noteOf(section, outer, runs, { isKnown: family !== undefined, isFormatKnown: formats.known, byClass }),
  };
  const id = options.id === "" ? "" : harmless(options.id ?? "");
  try {
    return build({ id: options.id === undefined ? `own-${hash(JSON.stringify(parts))}` : id, ...parts });
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError("", error.message);
    throw error;
  }
}

/**
 * As modelFromConfig, of the text of a config.json.
 *
 * @throws ConfigError as modelFromConfig; naming line and column where the text stops being JSON.
 * @example modelFromConfigText(JSON.stringify({ model_type: "qwen3", hidden_size: 1024, intermediate_size: 3072,
 *   num_hidden_layers: 28, num_attention_heads: 16, num_key_value_heads: 8, head_dim: 128, vocab_size: 151936,
 *   tie_word_embeddings: true, torch_dtype: "bfloat16" }), { id: "mine" }).layers // 28
 */
export function modelFromConfigText(text: string, options: ConfigOptions = {}): Model {
  return modelFromConfig(parseConfig(text), options);
}

/** Some families have dense layers that only a field tells: without it all layers would have experts in silence. */
function requireRule({ section, family }: Decoder): void {
  const needs = family?.needs ?? [];
  if (needs.length > 0 && needs.every((name) => section.fields.get(name) == null)) {
    missing(section, needs, "the field that tells layers with experts from dense ones");
  }
}

/** Where inside and outside disagree the outside counts, as in transformers: inside stands a class's default. */
function tiedOf({ outer, section, family }: Decoder): boolean {
  const names = ["tie_word_embeddings"];
  const inner = flag(section, names);
  return flag(outer, names) ?? inner ?? family?.tied ?? missing(section, names, "true or false, since the model type is not known");
}

/** OPT-350m's input embedding and head are narrower than its layers. */
function embeddingWidthOf(section: Section, hiddenSize: number): { readonly embeddingWidth?: number } {
  const width = optionalCount(section, ["word_embed_proj_dim"], { most: 1_000_000 }) ?? hiddenSize;
  return width === hiddenSize ? {} : { embeddingWidth: width };
}

/** The class that runs the model: of the file as a whole, as engines read it, else of its text part. */
function architectureOf({ outer, section }: Decoder): { readonly architecture?: string } {
  const first = [outer, section].map((part) => fieldOf(part, "architectures")).find(Array.isArray)?.[0];
  return typeof first === "string" && /^\w{1,100}$/.test(first) ? { architecture: first } : {};
}

/** Modules that draft tokens ahead: of two numbers the greater, since one counts what is trained and one what is run. */
function predictionModulesOf({ outer, section }: Decoder): number {
  const names = ["num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers", "num_mtp_layers"];
  const counts = [section, outer].flatMap((part) => names.map((name) => optionalCount(part, [name], { least: 0, most: 1_000 }) ?? 0));
  return Math.max(...counts);
}

/** FNV-1a of 32 bits, in hexadecimal. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16).padStart(8, "0");
}
