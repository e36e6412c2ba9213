import { type Block, isMixer, type Run } from "../blocks";
import { fieldOf, type Section } from "./section";

/** What some blocks leave out, in a sentence. */
const ofBlocks: readonly (readonly [(block: Block) => boolean, string])[] = [
  [
    (block) => isMixer(block) && (("window" in block && block.window !== undefined) || ("chunk" in block && block.chunk !== undefined)),
    "layers with a window or chunk keep no more than it; an engine that keeps the whole context for them needs more",
  ],
  [
    (block) => "indexer" in block && block.indexer !== undefined,
    "attention reads what its indexer selects; an engine that does not select while the context is short reads the whole context",
  ],
  [(block) => "cacheSource" in block && block.cacheSource === "shared", "projections that layers with shared keys may lack are counted"],
  [(block) => block.kind === "experts" && block.emptyExperts > 0, "experts that compute nothing are taken to be picked as often as others"],
];

/** What fields speak of that a model does not hold. */
const ofFields: readonly (readonly [readonly string[], string])[] = [
  [
    ["num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers", "num_mtp_layers"],
    "modules that draft tokens ahead are not among the layers or the parameters",
  ],
  [["vision_config", "audio_config", "vision_tower", "visual"], "towers for vision and audio are left out"],
  [["hc_mult"], "what carries residual streams over beside one another is left out"],
  [["hidden_size_per_layer_input"], "embeddings of single layers are left out"],
  [["gated_norm_rank"], "gates of norms are left out"],
  [["num_hash_layers"], "tables that route by token are left out"],
];

/** How far a file is understood. */
interface HowRead {
  readonly isKnown: boolean;
  readonly isFormatKnown: boolean;
  /** Fields that are taken as their class has them. */
  readonly byClass: readonly string[];
}

/** What is left out of a model, in plain sentences. */
export function noteOf(section: Section, outer: Section, runs: readonly Run[], how: HowRead): string {
  const blocks = runs.flatMap((run) => run.blocks);
  const isIn = (name: string) => isOn(fieldOf(section, name)) || isOn(fieldOf(outer, name));
  return [
    ...ofBlocks.flatMap(([is, note]) => (blocks.some(is) ? [note] : [])),
    ...ofFields.flatMap(([fields, note]) => (fields.some(isIn) ? [note] : [])),
    ...(how.byClass.length === 0 ? [] : [`the file leaves to its class: ${how.byClass.join(", ")}`]),
    ...(how.isKnown ? [] : ["the model type is not known, so it was read by its fields alone"]),
    ...(how.isFormatKnown ? [] : ["the format of its weights is not one that is known here; the nearest stands in its place"]),
    "norms and biases are left out",
  ].join("; ");
}

function isOn(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value !== undefined && value !== false && value !== 0;
}
