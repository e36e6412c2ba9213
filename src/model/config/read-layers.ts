import type { Block, Mixer } from "../blocks";
import type { Decoder } from "./decoder-section";
import { type Layer, layerOf } from "./layer";
import { layerKinds, selectsBlocks } from "./layer-kinds";
import { readBlockSelected } from "./read-block-selected";
import { readCompressed } from "./read-compressed";
import { feedForwardOf } from "./read-feed-forward";
import { readGrouped } from "./read-grouped";
import { readLatent } from "./read-latent";
import { readLinear } from "./read-linear";
import { fieldOf, flag, optionalCount } from "./section";

/** How each kind of mixer is read: the compiler asks for one of every kind. */
const readers: { readonly [K in Mixer["kind"]]: (layer: Layer, hiddenSize: number) => Extract<Mixer, { kind: K }> } = {
  grouped: readGrouped,
  latent: readLatent,
  compressed: readCompressed,
  "block-selected": readBlockSelected,
  linear: readLinear,
};

/** The blocks of each layer, from the first to the last. */
export function readLayers(decoder: Decoder, hiddenSize: number, experts: boolean): readonly (readonly Block[])[] {
  const kinds = layerKinds(decoder, experts);
  const plain = new Map<string, readonly Block[]>();
  return kinds.map((kind, index) => {
    const layer = layerOf(decoder, kind, index, kinds.length);
    const mixer = kind.attends === undefined ? [] : [readers[mixerKind(layer)](layer, hiddenSize)];
    const key = `${kind.feed} ${mixer.some((block) => "cacheSource" in block && block.cacheSource === "shared")} ${layer.section.fields === decoder.section.fields ? "" : index}`;
    const feed = plain.get(key) ?? (kind.feed === undefined ? [] : feedForwardOf(layer, kind.feed, hiddenSize, key.includes("true")));
    plain.set(key, feed);
    // LongCat: two mixers and two dense parts a layer, beside the experts.
    if (decoder.family?.doubled !== true) return [...mixer, ...feed];
    const [dense, ...others] = feed;
    return [...mixer, dense as Block, ...mixer, dense as Block, ...others];
  });
}

function mixerKind({ section, attends, word, index, layers, modelType }: Layer): Mixer["kind"] {
  if (attends === "linear") return "linear";
  const compressed =
    fieldOf(section, "compress_ratios") !== undefined || /^deepseek_v4/.test(modelType ?? "") || /compressed/.test(word ?? "");
  if (compressed) return "compressed";
  if (attends === "full" && selectsBlocks(section, word, index, layers)) return "block-selected";
  const rank = flag(section, ["use_mla"]) === false ? 0 : (optionalCount(section, ["kv_lora_rank"], { least: 0, most: 1_000_000 }) ?? 0);
  return rank > 0 ? "latent" : "grouped";
}
