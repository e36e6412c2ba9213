import type { Indexer } from "../blocks";
import { ConfigError, shown } from "./error";
import type { Layer } from "./layer";
import { count, fieldOf, optionalCount, pathOf, type Section } from "./section";

const sizes = { most: 1_000_000 };

/** One byte an element, and a scale of four: as engines keep keys of DeepSeek's sparse attention. */
const fp8KeyBytes = (headDim: number) => headDim + 4;

/** Read the indexer of a layer; undefined where no field speaks of one. */
export function indexerOf({ section, index }: Layer, keyBytes = fp8KeyBytes): Indexer | undefined {
  const topK = optionalCount(section, ["index_topk"], { least: 0, most: 1e9 }) ?? 0;
  if (topK === 0) return undefined;
  const headDim = count(section, ["index_head_dim"], sizes);
  return {
    heads: count(section, ["index_n_heads"], sizes),
    headDim,
    topK,
    scores: scoresOf(section, index),
    poolTokens: optionalCount(section, ["index_kpool"], sizes) ?? 1,
    keyBytes: keyBytes(headDim),
  };
}

/** Which layers score for themselves: by list, or by a rhythm after the first few; all where neither is said. */
function scoresOf(section: Section, layer: number): boolean {
  const types = fieldOf(section, "indexer_types");
  if (types !== undefined) {
    const path = pathOf(section, "indexer_types");
    if (!Array.isArray(types)) throw new ConfigError(path, `expected a list of "full" and "shared", one a layer, got ${shown(types)}`);
    const type: unknown = types[layer];
    if (type !== "full" && type !== "shared") throw new ConfigError(`${path}[${layer}]`, `expected "full" or "shared", got ${shown(type)}`);
    return type === "full";
  }
  const sources = fieldOf(section, "index_source_layer_ids");
  if (Array.isArray(sources)) return sources.includes(layer);
  const frequency = optionalCount(section, ["index_topk_freq"], sizes) ?? 1;
  const offset = optionalCount(section, ["index_skip_topk_offset"], { least: 0, most: 10_000 }) ?? 1;
  return Math.max(layer - offset + 1, 0) % frequency === 0;
}
