import { publishedConfigs } from "./configs";

/** A text that is no configuration of a decoder, and what its error must say. */
export interface BrokenConfig {
  readonly name: string;
  readonly text: string;
  readonly message: string;
}

type Fields = Record<string, unknown>;

const published = (name: string): string => publishedConfigs.find((c) => c.name === name)?.text as string;

/** A published configuration with some of its fields put otherwise; undefined deletes one. */
const changed = (name: string, change: Fields, inside?: string): string => {
  const config = JSON.parse(published(name)) as Fields;
  Object.assign(inside === undefined ? config : (config[inside] as Fields), change);
  return JSON.stringify(config);
};

/** Texts that are no JSON, or no configuration of a decoder. */
const strangers: readonly BrokenConfig[] = [
  { name: "empty file", text: "", message: "config.json:1:1: expected a value, got the end of the text" },
  { name: "a page of HTML", text: "<!doctype html>\n<html></html>", message: 'config.json:1:1: expected a value, got "<!doctype"' },
  {
    name: "truncated file",
    text: published("qwen3-30b-a3b").slice(0, 300),
    message: "config.json:14:3: expected a text that ends, got ",
  },
  {
    name: "comma after the last field",
    text: '{\n  "model_type": "llama",\n}',
    message: 'config.json:3:1: expected a field\'s name in double quotes, got "}"',
  },
  { name: "a list", text: "[1, 2]", message: "expected an object of fields (a Hugging Face config.json), got a list of 2" },
  { name: "an empty object", text: "{}", message: "model_type: expected the type of the model (such as qwen3_moe)" },
  {
    name: "package.json",
    text: '{ "name": "left-pad", "version": "1.3.0" }',
    message: "model_type: expected the type of the model (such as qwen3_moe), or architectures that end in ForCausalLM; got nothing",
  },
  {
    name: "hf_quant_config.json",
    text: '{ "producer": { "name": "modelopt" }, "quantization": { "quant_algo": "NVFP4" } }',
    message: "got an hf_quant_config.json",
  },
  {
    name: "T5",
    text: '{ "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 512, "is_encoder_decoder": true }',
    message: "is_encoder_decoder: expected a decoder alone; models with an encoder are not supported, got true",
  },
  {
    name: "BERT",
    text: '{ "model_type": "bert", "architectures": ["BertForMaskedLM"], "hidden_size": 768, "num_hidden_layers": 12 }',
    message: 'model_type: expected a decoder with softmax attention, dense or with experts; got "bert": it is an encoder',
  },
  {
    name: "Mamba alone",
    text: '{ "model_type": "mamba2", "architectures": ["Mamba2ForCausalLM"], "hidden_size": 2560, "state_size": 128 }',
    message: 'got "mamba2": it has no softmax attention',
  },
  {
    name: "layers of different shapes",
    text: published("llama-3.3-nemotron-super-49b"),
    message: 'got "nemotron-nas": its layers differ in their feed-forward parts',
  },
  {
    name: "unknown type that generates no text",
    text: '{ "model_type": "qwen3_moo", "architectures": ["Qwen3MooForSequenceClassification"] }',
    message:
      'model_type: expected a decoder: a known type, or architectures that end in ForCausalLM; got "qwen3_moo"; nearest of the known types: qwen3, qwen, qwen3_moe',
  },
];

/** Configurations of decoders with something missing, misspelt or impossible. */
const spoilt: readonly BrokenConfig[] = [
  {
    name: "misspelt number of experts",
    text: changed("qwen3-30b-a3b", { num_experts: undefined, num_expert: 128 }),
    message:
      "num_expert: expected only fields that are understood; this one speaks of experts, and what it does is not known here; got 128",
  },
  {
    name: "no number of experts",
    text: changed("qwen3-30b-a3b", { num_experts: undefined }),
    message:
      "num_experts: expected a number of experts beside num_experts_per_tok (also read as n_routed_experts, num_local_experts, moe_num_experts, num_routed_experts), got nothing; nearest of the fields there: num_experts_per_tok",
  },
  {
    name: "misspelt hidden size",
    text: changed("llama-3.1-8b", { hidden_size: undefined, hiden_size: 4096 }),
    message:
      "hidden_size: expected a whole number from 1 to 1000000 (also read as n_embd, d_model, n_embed), got nothing; nearest of the fields there: hiden_size",
  },
  {
    name: "number in quotes inside text_config",
    text: changed("qwen3.5-35b-a3b", { num_experts: "256" }, "text_config"),
    message: 'text_config.num_experts: expected a whole number from 0 to 1000000, got "256"',
  },
  {
    name: "huge number",
    text: changed("llama-3.1-8b", { hidden_size: 1e300 }),
    message: "hidden_size: expected a whole number from 1 to 1000000, got 1e+300",
  },
  {
    name: "not a number",
    text: changed("llama-3.1-8b", { num_hidden_layers: 0 }).replace('"num_hidden_layers":0', '"num_hidden_layers": NaN'),
    message: 'num_hidden_layers: expected a whole number from 1 to 10000, got "NaN"',
  },
  {
    name: "negative number",
    text: changed("deepseek-v3", { kv_lora_rank: -512 }),
    message: "kv_lora_rank: expected a whole number from 0 to 1000000, got -512",
  },
  {
    name: "more experts a token than there are",
    text: changed("mixtral-8x7b", { num_experts_per_tok: 9 }),
    message: "num_experts_per_tok: expected at most the 8 routed experts, got 9",
  },
  {
    name: "heads that do not divide",
    text: changed("llama-3.1-8b", { num_key_value_heads: 7 }),
    message: "num_key_value_heads: expected a divisor of the 32 attention heads, got 7",
  },
  {
    name: "no rule for dense layers",
    text: changed("deepseek-v3", { first_k_dense_replace: undefined }),
    message:
      "first_k_dense_replace: expected the field that tells layers with experts from dense ones (also read as mlp_layer_types), got nothing",
  },
  {
    name: "no layer with experts",
    text: changed("deepseek-v3", { first_k_dense_replace: 61 }),
    message: "first_k_dense_replace: expected at least one of 61 layers to have experts, got none by first_k_dense_replace, moe_layer_freq",
  },
  {
    name: "list of layers too short",
    text: changed("gpt-oss-20b", { layer_types: ["full_attention"] }),
    message: "layer_types: expected 24 entries, one a layer, got 1",
  },
  {
    name: "unknown kind of layer",
    text: changed("gpt-oss-20b", { layer_types: new Array(24).fill("<img src=x onerror=alert(1)>") }),
    message: "layer_types[0]: expected one of attention, full_attention,",
  },
  {
    name: "unknown letter in a pattern",
    text: changed("nemotron-3-nano-30b-a3b", { hybrid_override_pattern: "MEX" }),
    message: 'hybrid_override_pattern[2]: expected one of M, *, -, E; got "X"',
  },
  {
    name: "field about experts that is not understood",
    text: changed("mixtral-8x7b", { moe_expert_copies: 2 }),
    message: "moe_expert_copies: expected only fields that are understood; this one speaks of experts",
  },
  {
    name: "two names that disagree",
    text: changed("gpt-oss-20b", { experts_per_token: 5 }),
    message: "experts_per_token: expected 4 as in num_experts_per_tok, which means the same, got 5",
  },
  {
    name: "minus nothing of experts",
    text: changed("mixtral-8x7b", { num_local_experts: 0 }).replace('"num_local_experts":0', '"num_local_experts":-0'),
    message: "num_local_experts: expected a whole number from 0, got -0",
  },
  {
    name: "a window of no width",
    text: changed("gpt-oss-20b", { sliding_window: null }),
    message: "sliding_window: expected the width of the window that layer 0 attends to, got nothing",
  },
  {
    name: "a linear mixer of no sizes",
    text: changed("llama-3.1-8b", { num_hidden_layers: 2, layer_types: ["linear_attention", "full_attention"] }),
    message: "linear_num_value_heads: expected the sizes of the linear mixer of layer 0",
  },
  {
    name: "fields on the prototype",
    text: '{ "model_type": "llama", "__proto__": { "hidden_size": 4096 }, "constructor": { "hidden_size": 4096 } }',
    message: "hidden_size: expected a whole number from 1 to 1000000",
  },
];

/** Every text of these must end in an error that says so. */
export const brokenConfigs: readonly BrokenConfig[] = [...strangers, ...spoilt];
