import { harmless } from "../../text/harmless";
import { ConfigError } from "./error";
import { fieldOf, type Section } from "./section";

interface OtherFile {
  /** Whether a file is of this kind. */
  readonly is: (has: (name: string) => boolean, section: Section) => boolean;
  readonly what: string;
  /** Which file to take in its place; "" for the config.json that lies beside it. */
  readonly take?: (section: Section) => string;
}

const beside = "take the config.json that lies beside it";

const some = (section: Section, pattern: RegExp) => [...section.fields.keys()].some((name) => name.length <= 200 && pattern.test(name));

/** Files that people hold for a config.json, and how each is told. */
const others: readonly OtherFile[] = [
  {
    is: (has) =>
      has("peft_type") || has("base_model_name_or_path") || (has("lora_alpha") && has("target_modules")) || has("lora_parameters"),
    what: "the configuration of an adapter (LoRA, PEFT): it holds what was added to a model",
    take: (section) => {
      const base = fieldOf(section, "base_model_name_or_path");
      const name = typeof base === "string" && !base.startsWith("/") ? harmless(base) : "";
      return `take the config.json of the model it was made for${name === "" ? "" : ` (${name})`}`;
    },
  },
  {
    is: (_, section) =>
      some(section, /^general\.(architecture|name|file_type|quantization_version)$|^gguf\.|^GGUF\b/) ||
      some(section, /^[\w-]+\.(block_count|embedding_length|context_length)$/),
    what: "metadata of a GGUF file: its names are other ones",
    take: () => "take the config.json of the repository that the GGUF file was made from",
  },
  {
    is: (has) => has("quantization") && has("producer"),
    what: "an hf_quant_config.json: it holds the format of the weights, not their sizes",
  },
  {
    is: (has) => has("weight_map") || (has("metadata") && has("weight_map")),
    what: "an index of safetensors (model.safetensors.index.json): it says which file holds which weight",
  },
  {
    is: (has, section) => has("_diffusers_version") || fieldOf(section, "_class_name") !== undefined,
    what: "a file of diffusers (model_index.json): an image or video model of several parts",
    take: () => "a decoder of text is expected; such a part may lie in the folder text_encoder",
  },
  {
    is: (has) =>
      has("tokenizer_class") &&
      !has("hidden_size") &&
      !has("model_type") &&
      (has("model_max_length") || has("added_tokens_decoder") || has("chat_template")),
    what: "a tokenizer_config.json: it says how text becomes tokens",
  },
  {
    is: (has) => has("added_tokens") && has("pre_tokenizer"),
    what: "a tokenizer.json: it says how text becomes tokens",
  },
  {
    is: (has) =>
      !has("hidden_size") && (has("processor_class") || has("image_processor_type") || has("feature_extractor_type") || has("image_mean")),
    what: "the configuration of a processor (preprocessor_config.json): it says how images or sound are taken in",
  },
  {
    is: (has) => has("dim") && has("n_layers") && has("n_heads") && !has("model_type") && !has("architectures"),
    what: "a params.json of Meta or Mistral, whose names are other ones",
    take: () => "take the config.json of the repository's Hugging Face form (often named -hf)",
  },
  {
    is: (_, section) =>
      !section.fields.has("model_type") &&
      (some(section, /^(num-layers|hidden-size|num-attention-heads)$/) ||
        ["num_layers", "ffn_hidden_size", "micro_batch_size"].every((name) => section.fields.has(name)) ||
        some(section, /^(tensor_model_parallel_size|pipeline_model_parallel_size|--num-layers)$/)),
    what: "arguments of Megatron",
    take: () => "take the config.json of the model's Hugging Face form (convert the checkpoint first)",
  },
  {
    is: (has) =>
      !has("hidden_size") &&
      !has("model_type") &&
      !has("architectures") &&
      !has("text_config") &&
      ["temperature", "top_p", "top_k", "do_sample", "max_new_tokens", "max_length", "repetition_penalty", "eos_token_id"].some(has) &&
      (has("eos_token_id") || has("transformers_version") || has("do_sample") || has("max_new_tokens") || has("temperature")),
    what: "a generation_config.json: it says how text is sampled",
  },
];

/**
 * Refuse a file that is no config.json and is often held for one.
 *
 * @throws ConfigError saying what it is and which file to take.
 */
export function refuseOtherFiles(section: Section): void {
  const has = (name: string) => section.fields.has(name);
  const other = others.find(({ is }) => is(has, section));
  if (other !== undefined) {
    throw new ConfigError("", `expected a model's config.json, got ${other.what}; ${other.take?.(section) ?? beside}`);
  }
}
