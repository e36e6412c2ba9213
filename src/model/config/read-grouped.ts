import type { GroupedMixer } from "../blocks";
import { ConfigError } from "./error";
import { headNames, keyValueHeadNames } from "./head-names";
import type { Layer } from "./layer";
import { cacheSourceOf, gateOf, reachOf } from "./layer-fields";
import { count, flag, nameOf, optionalCount, pathOf, type Section, word } from "./section";

const heads = { most: 65_536 };
const width = { most: 1_000_000 };
const none = { least: 0, ...width };

/** Read multi-head, grouped-query or multi-query attention of one layer. */
export function readGrouped(layer: Layer, hiddenSize: number): GroupedMixer {
  const { section, family } = layer;
  const number = count(section, headNames, heads);
  // Zero is how DeepSeek-VL2 says that no head of latent attention is there.
  const headDim =
    positive(optionalCount(section, ["head_dim", "attention_head_dim", "kv_channels"], none)) ?? evenly(section, hiddenSize, number);
  const queryRank = positive(optionalCount(section, ["q_lora_rank", "share_q_dim"], none));
  return {
    kind: "grouped",
    heads: number,
    keyValueHeads: keyValueHeadsOf(layer, number),
    headDim,
    valueHeadDim: positive(optionalCount(section, ["v_head_dim"], none)) ?? headDim,
    ...(queryRank === undefined ? {} : { queryRank }),
    ...reachOf(layer),
    ...gateOf(section, family),
    ...(layer.attends === "full" && flag(section, ["attention_k_eq_v"]) === true ? { keyIsValue: true } : {}),
    ...(word(section, ["qk_norm_type"]) === "per_layer" ? { normAcrossHeads: true } : {}),
    cacheSource: cacheSourceOf(layer),
  };
}

const positive = (value: number | undefined) => (value === 0 ? undefined : value);

/** One head for all where multi-query attention says so, whatever number stands beside it (Falcon's newer form excepted). */
function keyValueHeadsOf({ section, family }: Layer, number: number): number {
  const one = flag(section, ["multi_query"]) ?? family?.multiQuery ?? false;
  const newer = flag(section, ["new_decoder_architecture"]) ?? false;
  const keyValueHeads = one && !newer ? 1 : (optionalCount(section, keyValueHeadNames, heads) ?? number);
  if (number % keyValueHeads !== 0) {
    throw new ConfigError(nameOf(section, keyValueHeadNames), `expected a divisor of the ${number} attention heads, got ${keyValueHeads}`);
  }
  return keyValueHeads;
}

function evenly(section: Section, hiddenSize: number, number: number): number {
  if (hiddenSize % number === 0) return hiddenSize / number;
  throw new ConfigError(
    pathOf(section, "head_dim"),
    `expected a whole number, since the hidden size of ${hiddenSize} does not divide into ${number} heads; got nothing`,
  );
}
