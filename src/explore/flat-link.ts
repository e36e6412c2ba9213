import type { Block, ExpertsBlock, Mixer, ModelParts, Run } from "../index";

/** A model as links of version 1.1 carry it: one kind of layer in flat fields. */
export type FlatModel = Readonly<Record<string, unknown>>;

/** Whether a record is one of version 1.1. */
export function isFlat(record: object): boolean {
  return !("runs" in record) && "attentionHeads" in record;
}

/**
 * The parts of a model out of the flat fields of version 1.1.
 *
 * Layers with a linear mixer carry nothing of it there, so they come as attention, as that version counted them; windows and other
 * heads in some layers were never in such a record.
 *
 * @throws RangeError naming a field that is no number.
 */
export function partsOfFlat(record: FlatModel): Pick<ModelParts, "hiddenSize" | "vocabSize" | "tiedEmbeddings" | "runs" | "formats"> {
  const number = (field: string, otherwise = 0): number => {
    const value = record[field] ?? otherwise;
    if (typeof value !== "number" || !Number.isFinite(value) || Math.abs(value) > 1e12)
      throw new RangeError(`expected ${field} to be a number, got ${String(value).slice(0, 40)}`);
    return value;
  };
  const [mixers, dense, experts] = [number("attentionLayers") + number("linearLayers"), number("denseLayers"), number("moeLayers")];
  const each = Math.max(1, Math.round(mixers / Math.max(1, dense + experts)));
  const mixer = mixerOf(record, number);
  const attend = new Array<Mixer>(each).fill(mixer);
  const ffn = number("ffnMatrices", 3) === 2 ? 2 : 3;
  const denseBlock = (width: number): readonly Block[] => (width > 0 ? [{ kind: "dense", width, matrices: ffn }] : []);
  const runs: Run[] = [];
  // Half layers (Nemotron 3): mixers and feed-forward parts stand alone.
  const halves = mixers > 0 && mixers + dense + experts === number("layers") && dense + experts > 0 && mixers < number("layers");
  if (halves) runs.push({ count: mixers, blocks: [mixer] });
  const before = halves ? [] : attend;
  if (dense > 0) runs.push({ count: dense, blocks: [...before, ...denseBlock(number("intermediateSize"))] });
  if (experts > 0) runs.push({ count: experts, blocks: [...before, ...denseBlock(number("parallelIntermediateSize")), expertsOf(number)] });
  return {
    hiddenSize: number("hiddenSize"),
    vocabSize: number("vocabSize"),
    tiedEmbeddings: record.tiedEmbeddings === true,
    runs,
    formats: formatsOf(String(record.weightDtype ?? "")),
  };
}

type Reader = (field: string, otherwise?: number) => number;

function mixerOf(record: FlatModel, number: Reader): Mixer {
  const gate = String(record.attention ?? "").includes("gated") ? { gate: "element" as const } : {};
  const rank = record.qLoraRank === undefined ? {} : { queryRank: number("qLoraRank") };
  const [heads, headDim] = [number("attentionHeads"), number("headDim")];
  const shared = { heads, valueHeadDim: number("valueHeadDim", headDim), cacheSource: "own" as const, ...rank, ...gate };
  if (record.kvLoraRank === undefined) return { kind: "grouped", keyValueHeads: number("keyValueHeads"), headDim, ...shared };
  const rotaryDim = number("qkRopeHeadDim");
  return { kind: "latent", latentRank: number("kvLoraRank"), rotaryDim, noRotaryDim: headDim - rotaryDim, ...shared };
}

function expertsOf(number: Reader): ExpertsBlock {
  const perToken = number("expertsPerToken");
  return {
    kind: "experts",
    routed: number("routedExperts"),
    perToken,
    computedPerToken: perToken,
    width: number("moeIntermediateSize"),
    inputWidth: number("expertHiddenSize", number("hiddenSize")),
    matrices: number("expertMatrices", 3) === 2 ? 2 : 3,
    shared: number("sharedExperts"),
    sharedWidth: number("sharedIntermediateSize"),
    groups: number("expertGroups", 1),
    chosenGroups: number("topkGroup", 1),
    router: "learned",
    emptyExperts: 0,
  };
}

/** Formats by the words that version 1.1 had for them. */
function formatsOf(released: string): ModelParts["formats"] {
  const cache = "bfloat16" as const;
  const of = (experts: ModelParts["formats"]["experts"], rest: ModelParts["formats"]["rest"], known = true) => ({
    experts,
    rest,
    cache,
    known,
    released,
  });
  if (/^(mxfp4|fp4)/.test(released)) return of("w4a16_mxfp4", /fp8 rest/.test(released) ? "fp8_block" : "bfloat16");
  if (released.startsWith("nvfp4")) return of("nvfp4", "bfloat16");
  if (released.startsWith("int4")) return of("int4_wo", "bfloat16");
  if (/^(fp8|mxfp8)/.test(released)) return of("fp8_block", "fp8_block");
  return of("bfloat16", "bfloat16", /^(bf16|fp16)/.test(released));
}
