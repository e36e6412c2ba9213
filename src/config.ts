import { attentionOf } from "./config/attention";
import { ConfigError, shown } from "./config/error";
import { expertsOf, names } from "./config/experts";
import { familyOf, modelTypes } from "./config/families";
import { expertLayers, layerNames, mixersOf } from "./config/layers";
import { weightDtypeOf } from "./config/quantisation";
import { count, fieldOf, find, flag, inRange, missing, pathOf, type Section, sectionOf, subsection, word } from "./config/section";
import { parseConfig } from "./config/text";
import type { Model } from "./model";

export { ConfigError } from "./config/error";

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
 * Read the configuration of a decoder, dense or mixture-of-experts, as Hugging Face repositories hold it in config.json.
 *
 * @param config the parsed JSON.
 * @throws ConfigError naming the field, what was expected and what came; also for architectures that a model cannot hold.
 */
export function modelFromConfig(config: unknown, options: ConfigOptions = {}): Model {
  const outer = sectionOf(config, "");
  const section = decoder(outer);
  const family = familyOf(modelType(section) ?? "") ?? familyOf(modelType(outer) ?? "");
  const hiddenSize = count(section, ["hidden_size", "n_embd", "d_model"], { most: 1_000_000 });
  const layers = count(section, layerNames, { most: 10_000 });
  const attention = attentionOf(section, hiddenSize, family);
  const experts = expertsOf(section, hiddenSize, family);
  const mixers = mixersOf(section, layers);
  const moeLayers = experts === undefined ? 0 : expertLayers(section, layers).filter(Boolean).length;
  const denseLayers = layers - moeLayers;
  const linearLayers = mixers.filter((m) => m === "linear").length;
  const matrices = family?.matrices ?? 3;
  const { kind, ...sizes } = attention;
  const read = {
    aliases: Object.freeze([]),
    name: options.name ?? modelType(outer) ?? "own model",
    organization: options.organization ?? "",
    released: options.released ?? "",
    layers,
    denseLayers,
    moeLayers,
    hiddenSize,
    ...(experts ?? dense),
    intermediateSize: denseLayers === 0 ? 0 : denseWidth(section, hiddenSize, family?.ffnFactor),
    parallelIntermediateSize: 0,
    expertMatrices: experts === undefined ? 0 : matrices,
    ffnMatrices: matrices,
    attention: linearLayers > 0 ? `hybrid linear (${linearLayers}) + ${kind} (${layers - linearLayers})` : kind,
    attentionLayers: layers - linearLayers,
    linearLayers,
    ...sizes,
    vocabSize: count(section, ["vocab_size", "padded_vocab_size"], { most: 100_000_000 }),
    tiedEmbeddings:
      flag(section, ["tie_word_embeddings"]) ??
      flag(outer, ["tie_word_embeddings"]) ??
      family?.tied ??
      missing(section, ["tie_word_embeddings"], "true or false"),
    weightDtype: weightDtypeOf(outer, section),
    source: "config.json",
    locator: section.path,
    confidence: "high",
    note: "",
  } satisfies Omit<Model, "id">;
  return Object.freeze({ id: options.id ?? `own-${hash(JSON.stringify(read))}`, ...read });
}

/** FNV-1a of 32 bits, in hexadecimal. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16).padStart(8, "0");
}

/**
 * As modelFromConfig, of the text of a config.json.
 *
 * @throws ConfigError naming line and column where the text stops being JSON.
 */
export function modelFromConfigText(text: string, options: ConfigOptions = {}): Model {
  return modelFromConfig(parseConfig(text), options);
}

const dense = {
  routedExperts: 0,
  expertsPerToken: 0,
  moeIntermediateSize: 0,
  expertHiddenSize: 0,
  sharedExperts: 0,
  sharedIntermediateSize: 0,
  expertGroups: 1,
  topkGroup: 1,
} as const;

function denseWidth(section: Section, hiddenSize: number, factor: number | undefined): number {
  const fields = ["dense_intermediate_size", "intermediate_size_mlp"];
  const found = find(section, fields) ?? find(section, names.intermediateSize);
  if (found !== undefined) return inRange(found.value, pathOf(section, found.name), { most: 10_000_000 });
  return factor === undefined ? missing(section, names.intermediateSize, "a whole number from 1 to 10000000") : factor * hiddenSize;
}

const textSections = ["text_config", "llm_config", "language_config"] as const;

/** The object that holds the decoder: the file itself, or the text part of a multimodal one. */
function decoder(outer: Section): Section {
  if (flag(outer, ["is_encoder_decoder"]) === true) {
    throw new ConfigError(
      "is_encoder_decoder",
      "expected a decoder; models with an encoder (T5, BART, Whisper) are not supported, got true",
    );
  }
  const thinker = subsection(outer, "thinker_config") ?? outer;
  const text = textSections.map((name) => subsection(thinker, name)).find((s) => s !== undefined);
  if (text !== undefined) return text;
  const type = modelType(outer);
  const usual = find(outer, ["hidden_size", "n_embd", "d_model"]) === undefined && fieldOf(outer, "vision_config") !== undefined;
  if (usual || (type !== undefined && /^(t5|bert|vit|mamba|clip)/.test(type))) {
    throw new ConfigError("model_type", `expected a decoder, such as ${modelTypes.slice(0, 5).join(", ")}; got ${shown(type)}`);
  }
  return outer;
}

function modelType(section: Section): string | undefined {
  return word(section, ["model_type"]);
}
