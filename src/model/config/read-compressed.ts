import type { CompressedMixer } from "../blocks";
import { ConfigError, shown } from "./error";
import { headNames } from "./head-names";
import type { Layer } from "./layer";
import { cacheSourceOf } from "./layer-fields";
import { indexerOf } from "./read-indexer";
import { count, fieldOf, inRange, optionalCount, pathOf, subsection } from "./section";

const heads = { most: 65_536 };
const width = { most: 1_000_000 };

/** Rows of so many tokens and fewer are chosen among by an index; there are few of longer ones, which are all read. */
const mostIndexed = 16;

/** Read DeepSeek V4's attention of one layer: a window, and compressed rows by the layer's ratio. */
export function readCompressed(layer: Layer): CompressedMixer {
  const { section, modelType } = layer;
  const compressionRatio = ratioOf(layer);
  const packed = modelType === "deepseek_v41";
  const indexed = compressionRatio > 0 && compressionRatio <= mostIndexed;
  // V4.1 keeps its index keys in four bits.
  const indexer = indexed ? indexerOf(layer, packed ? (headDim) => headDim / 2 + 4 : undefined) : undefined;
  return {
    kind: "compressed",
    heads: count(section, headNames, heads),
    headDim: count(section, ["head_dim"], width),
    queryRank: count(section, ["q_lora_rank"], width),
    outputRank: count(section, ["o_lora_rank"], width),
    outputGroups: count(section, ["o_groups"], heads),
    window: count(section, ["sliding_window"], { most: 1e9 }),
    compressionRatio,
    ...(indexer === undefined ? {} : { indexer }),
    cacheSource: compressionRatio === 0 ? "own" : cacheSourceOf(layer),
  };
}

/** By the list of ratios, whose entries beyond the layers are of prediction modules; else by the words of the layers. */
function ratioOf({ section, index, word }: Layer): number {
  const list = fieldOf(section, "compress_ratios");
  if (list !== undefined) {
    const path = pathOf(section, "compress_ratios");
    if (!Array.isArray(list) || list.length <= index) throw new ConfigError(path, `expected a ratio for each layer, got ${shown(list)}`);
    return inRange(list[index], `${path}[${index}]`, { least: 0, most: 1e6 });
  }
  if (word === undefined || word === "sliding_attention") return word === undefined ? missingRatio(section) : 0;
  const rates = subsection(section, "compress_rates");
  const usual = word === "compressed_sparse_attention" ? 4 : 128;
  return rates === undefined ? usual : (optionalCount(rates, [word], { most: 1e6 }) ?? usual);
}

function missingRatio(section: Layer["section"]): never {
  throw new ConfigError(pathOf(section, "compress_ratios"), "expected a list of ratios, one a layer (also read: layer_types), got nothing");
}
