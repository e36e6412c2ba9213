import type { LatentMixer } from "../blocks";
import { headNames } from "./head-names";
import type { Layer } from "./layer";
import { cacheSourceOf, gateOf, reachOf } from "./layer-fields";
import { indexerOf } from "./read-indexer";
import { count, optionalCount } from "./section";

const heads = { most: 65_536 };
const width = { most: 1_000_000 };

/** Read multi-head latent attention of one layer, with its indexer where it has one (DeepSeek sparse attention). */
export function readLatent(layer: Layer): LatentMixer {
  const { section, family } = layer;
  const queryRank = optionalCount(section, ["q_lora_rank"], { least: 0, ...width });
  // A layer with a window attends to all of it.
  const indexer = layer.attends === "full" ? indexerOf(layer) : undefined;
  return {
    kind: "latent",
    heads: count(section, headNames, heads),
    latentRank: count(section, ["kv_lora_rank"], width),
    rotaryDim: count(section, ["qk_rope_head_dim"], { least: 0, ...width }),
    noRotaryDim: count(section, ["qk_nope_head_dim"], width),
    valueHeadDim: count(section, ["v_head_dim"], width),
    ...(queryRank === undefined || queryRank === 0 ? {} : { queryRank }),
    ...reachOf(layer),
    ...gateOf(section, family),
    ...(indexer === undefined ? {} : { indexer }),
    cacheSource: cacheSourceOf(layer),
  };
}
