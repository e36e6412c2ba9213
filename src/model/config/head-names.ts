/** Names that families have for the number of heads. */
export const headNames = ["num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads"] as const;

/** Names that families have for the number of key and value heads. */
export const keyValueHeadNames = [
  "num_key_value_heads",
  "num_kv_heads",
  "n_head_kv",
  "kv_n_heads",
  "multi_query_group_num",
  "num_attention_groups",
] as const;

/** Names that families have for the number of layers. */
export const layerCountNames = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"] as const;
