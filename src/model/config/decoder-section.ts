import { nearest } from "../../text/nearest";
import { classDefaults } from "./class-defaults";
import { ConfigError, shown } from "./error";
import { expertNames } from "./experts";
import { type Family, familyOf, modelTypes } from "./model-families";
import { fieldOf, flag, flattened, isOff, pathOf, type Section, sectionOf, subsection, word } from "./section";
import { refuseOtherFiles } from "./wrong-files";

/** The decoder in a configuration. */
export interface Decoder {
  /** The file as a whole. */
  readonly outer: Section;
  /** The object that holds the decoder's sizes: the file itself, or the text part of a multimodal one. */
  readonly section: Section;
  readonly modelType: string | undefined;
  /** What is known of its family; undefined where the model type is not known. */
  readonly family: Family | undefined;
  /** Fields that the file leaves to its class. */
  readonly byClass: readonly string[];
}

/** Objects that hold the text part, and those that hold these in turn. */
const textParts = ["text_config", "llm_config", "language_config", "thinker_config", "llm"] as const;

const deepest = 3;

/** Objects that hold some of a decoder's own sizes. */
const ownParts = ["attn_config", "ffn_config"] as const;

/** Model types that a model cannot hold, and why. */
const refusals: readonly (readonly [RegExp, string])[] = [
  [/^(t5|mt5|umt5|bart|mbart|pegasus|marian|whisper|blenderbot|switch_transformers|nllb|m2m|prophetnet|longt5)/, "it has an encoder"],
  [/^modernbert-decoder/, "its parts are not those of the decoders known here"],
  [/bert|^(electra|xlnet|xlm|deberta|ernie|rembert|roformer|funnel|mpnet|reformer|big_bird|data2vec)(?!4)/, "it is an encoder"],
  [/^(vit|clip|siglip|dinov|swin|convnext|resnet|detr|sam|beit|deit|segformer|wav2vec|hubert)/, "it is a vision or audio model"],
  [/^(mamba|mamba2|falcon_mamba|rwkv|xlstm)/, "it has no softmax attention"],
  [/^(falcon_h1|zamba|hymba|recurrent_gemma|lfm)/, "its blocks are neither attention nor one of the linear mixers that a model holds"],
  [/^(jetmoe|doge|zaya)$/, "its experts are not feed-forward parts that a router picks"],
  [/^(gemma3n|openelm|nemotron-nas|deci)/, "its layers differ in their feed-forward parts"],
  [/^(mllama|idefics$)/, "it has layers of cross-attention"],
  [/^(blt|hrm_text|cpmant|ctrl|openai-gpt|fuyu|git)$/, "its parts are not those of the decoders known here"],
];

/**
 * Find the decoder in a configuration.
 *
 * @throws ConfigError when there is none that a model can hold: encoders, models with one, Mamba alone, layers that differ.
 */
export function decoderOf(config: unknown): Decoder {
  const outer = sectionOf(config, "");
  refuseOtherFiles(outer);
  refuseOthers(outer);
  let section = outer;
  for (let depth = 0; ; depth++) {
    const inner = textParts.map((name) => subsection(section, name)).find((part) => part !== undefined);
    if (inner === undefined) break;
    if (depth === deepest)
      throw new ConfigError("", `expected the decoder at most ${deepest} objects inside (text_config), got one deeper`);
    section = inner;
    refuseOthers(section);
  }
  const modelType = word(section, ["model_type"]) ?? word(outer, ["model_type"]);
  const family = familyOf(modelType) ?? familyOf(`${modelType}_text`);
  if (family === undefined) refuseUnknownType(outer, section, modelType);
  const own = flattened(section, ownParts);
  const hasExperts = expertNames.routedExperts.some((name) => !isOff(fieldOf(own, name)));
  const byClass = family === undefined ? new Map() : classDefaults(own, [`${modelType}`, `${modelType}_text`], hasExperts);
  return { outer, section: { ...own, fields: new Map([...own.fields, ...byClass]) }, modelType, family, byClass: [...byClass.keys()] };
}

function refuseOthers(section: Section): void {
  if (flag(section, ["is_encoder_decoder"]) === true) {
    throw new ConfigError(
      pathOf(section, "is_encoder_decoder"),
      `expected a decoder alone; models with an encoder are not supported, got true`,
    );
  }
  const type = word(section, ["model_type"]);
  const refusal = type === undefined ? undefined : refusals.find(([pattern]) => pattern.test(type));
  if (refusal !== undefined) {
    throw new ConfigError(
      pathOf(section, "model_type"),
      `expected a decoder with softmax attention, dense or with experts; got ${shown(type)}: ${refusal[1]}`,
    );
  }
}

/** A type that is not known is read by its fields, if it says that it generates text. */
function refuseUnknownType(outer: Section, section: Section, modelType: string | undefined): void {
  const architectures = [fieldOf(section, "architectures"), fieldOf(outer, "architectures")].find(Array.isArray) as
    | readonly unknown[]
    | undefined;
  const generates = architectures?.some(
    (name) => typeof name === "string" && /For(CausalLM|ConditionalGeneration)$|LMHeadModel$/.test(name),
  );
  if (generates === true) return;
  if (modelType === undefined && architectures === undefined) {
    throw new ConfigError(
      "model_type",
      "expected the type of the model (such as qwen3_moe), or architectures that end in ForCausalLM; got nothing",
    );
  }
  const near = modelType === undefined ? "" : `; nearest of the known types: ${nearest(modelType.slice(0, 64), modelTypes).join(", ")}`;
  throw new ConfigError(
    modelType === undefined ? "architectures" : "model_type",
    `expected a decoder: a known type, or architectures that end in ForCausalLM; got ${shown(modelType ?? architectures?.[0])}${near}`,
  );
}
