import type { Model } from "../model";
import { attentionOf } from "./attention";
import { blocksOf } from "./blocks";
import { type Decoder, decoderOf } from "./decoder";
import { ConfigError } from "./error";
import { expertsOf, noExperts } from "./experts";
import { feedForwardOf } from "./feed-forward";
import { attentionLabel, noteOf } from "./label";
import { refuseNotUnderstood } from "./not-understood";
import { weightDtypeOf } from "./quantisation";
import { count, flag, missing, pathOf } from "./section";
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
 * Read the configuration of a decoder, dense or mixture-of-experts, as Hugging Face repositories hold it in config.json.
 *
 * Fields are known under the names that families really use, nested text configurations included; what a family keeps in its
 * code (a gate, a shared embedding) comes from a table of model types. A type that is not known is read by its fields where
 * these leave no doubt. What the model does not hold (windows, other heads in some layers, prediction of several tokens) is
 * counted like the rest or left out, and `note` says so. No parameter counts are stated, since a configuration states none.
 *
 * @param config the parsed JSON.
 * @throws ConfigError naming the field, what was expected and what came: for what is missing or cannot be, for encoders and other
 * models that are no decoders with softmax attention, and for fields that speak of experts or layers and are not understood.
 */
export function modelFromConfig(config: unknown, options: ConfigOptions = {}): Model {
  const decoder = decoderOf(config);
  const { outer, section, modelType, family } = decoder;
  refuseNotUnderstood(section);
  const hiddenSize = count(section, ["hidden_size", "n_embd", "d_model", "n_embed"], { most: 1_000_000 });
  const experts = expertsOf(section, hiddenSize, family);
  const blocks = blocksOf(section, experts !== noExperts, family);
  if (experts !== noExperts) requireRule(decoder);
  const { kind, ...attention } = attentionOf(section, hiddenSize, family);
  const model = {
    aliases: Object.freeze([]),
    name: options.name ?? modelType ?? "own model",
    organization: options.organization ?? "",
    released: options.released ?? "",
    layers: blocks.layers,
    denseLayers: family?.doubled === true ? 0 : blocks.denseLayers,
    moeLayers: blocks.moeLayers,
    hiddenSize,
    ...experts,
    ...feedForwardOf(section, hiddenSize, blocks, family),
    attention: attentionLabel(section, kind, blocks),
    attentionLayers: blocks.attentionLayers,
    linearLayers: blocks.linearLayers,
    ...attention,
    vocabSize: count(section, ["vocab_size", "padded_vocab_size"], { most: 100_000_000 }),
    tiedEmbeddings: tiedOf(decoder),
    weightDtype: weightDtypeOf(outer, section),
    source: "config.json",
    locator: section.path,
    confidence: "high",
    note: noteOf(section, outer, blocks, family),
  } satisfies Omit<Model, "id">;
  return Object.freeze({ id: options.id ?? `own-${hash(JSON.stringify(model))}`, ...model });
}

/**
 * As modelFromConfig, of the text of a config.json.
 *
 * @throws ConfigError as modelFromConfig; naming line and column where the text stops being JSON.
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

/** Inside and outside may both speak; where they disagree nobody can know. */
function tiedOf({ outer, section, family }: Decoder): boolean {
  const names = ["tie_word_embeddings"];
  const inner = flag(section, names);
  const outside = flag(outer, names);
  if (inner !== undefined && outside !== undefined && inner !== outside) {
    throw new ConfigError(pathOf(section, names[0] as string), `expected ${outside} as in the outer tie_word_embeddings, got ${inner}`);
  }
  return inner ?? outside ?? family?.tied ?? missing(section, names, "true or false, since the model type is not known");
}

/** FNV-1a of 32 bits, in hexadecimal. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0).toString(16).padStart(8, "0");
}
