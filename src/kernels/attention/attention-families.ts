import { at, number, oneOf, type Row, readRows, text } from "../../data/rows";
import type { Hardware } from "../../machine/hardware";
import { hasGraphicsMemory } from "../../machine/tensor-memory";
import type { Mixer } from "../../model/blocks";
import { idleConstants, type MixerConstants, mixerConstantNames } from "./attention-law";
import type { MixerPart, MixerPhase } from "./mixer-demand";

/** What a family of kernels does. */
export const mixerWorks = [
  "grouped",
  "latent",
  "latent layer",
  "sparse latent layer",
  "csa layer",
  "hca layer",
  "block-selected layer",
  "convolution",
  "mamba2 convolution",
  "gated-delta",
  "kimi-delta",
] as const;
export type MixerWorkName = (typeof mixerWorks)[number];

/** What tells one family from another. */
export interface FamilyKey {
  readonly work: MixerWorkName;
  readonly phase: MixerPhase;
  readonly kernel: string;
  readonly generation: string;
  readonly cacheFormat: string;
  /** Of the weights of a layer; of the products in a core. */
  readonly arithmetic: string;
}

export interface MixerFamily extends FamilyKey {
  readonly constants: MixerConstants;
  readonly tileRows: number;
  readonly unitRows: number;
  /** On head geometries left out of the fit; undefined where there were too few. */
  readonly heldOutError: { readonly median: number; readonly p90: number } | undefined;
}

export const familyColumns = [
  "work",
  "phase",
  "kernel",
  "generation",
  "cacheFormat",
  "arithmetic",
] as const satisfies readonly (keyof FamilyKey)[];

export const familyName = (key: FamilyKey): string => familyColumns.map((column) => key[column]).join(" | ");

let table: readonly MixerFamily[] | undefined;

/** All families of data/attention-kernels.csv. @throws Error naming file and line of a broken row. */
export function mixerFamilies(): readonly MixerFamily[] {
  table ??= readFamilies();
  return table;
}

function readKey(row: Row): FamilyKey {
  return {
    work: oneOf(row, "work", mixerWorks),
    phase: oneOf(row, "phase", ["decode", "prefill"]),
    kernel: text(row, "kernel"),
    generation: text(row, "generation"),
    cacheFormat: text(row, "cacheFormat"),
    arithmetic: text(row, "arithmetic"),
  };
}

function readFamilies(): readonly MixerFamily[] {
  const found = new Map<string, { key: FamilyKey; values: Record<string, number> }>();
  const names = [...mixerConstantNames, "tileRows", "unitRows"];
  for (const row of readRows("attention-kernels.csv")) {
    const name = familyColumns.map((column) => row.cells[column]).join(" | ");
    let family = found.get(name);
    if (family === undefined) {
      family = { key: readKey(row), values: {} };
      found.set(name, family);
    }
    const constant = oneOf(row, "constant", names);
    if (family.values[constant] !== undefined) throw new Error(`${at(row)}: ${constant} of ${name} is given twice`);
    family.values[constant] = number(row, "value");
  }
  const errors = new Map(
    readRows("attention-errors.csv")
      .filter((row) => row.cells.by === "family")
      .map((row) => [text(row, "what"), { median: number(row, "median"), p90: number(row, "p90") }]),
  );
  return Object.freeze(
    [...found].map(([name, { key, values }]) => {
      const { tileRows = 64, unitRows = 64, ...constants } = values;
      return Object.freeze({
        ...key,
        tileRows,
        unitRows,
        constants: Object.freeze({ ...idleConstants, ...constants }),
        heldOutError: errors.get(name),
      });
    }),
  );
}

/** Which work a part of a mixer is; undefined where no table has it. */
export function workOf(mixer: Mixer, part: MixerPart): MixerWorkName {
  switch (mixer.kind) {
    case "grouped":
      return "grouped";
    case "latent":
      return mixer.indexer !== undefined ? "sparse latent layer" : part === "layer" ? "latent layer" : "latent";
    case "compressed":
      return mixer.indexer === undefined ? "hca layer" : "csa layer";
    case "block-selected":
      return "block-selected layer";
    case "linear":
      return part === "convolution"
        ? mixer.family === "mamba2"
          ? "mamba2 convolution"
          : "convolution"
        : mixer.family === "kimi-delta"
          ? "kimi-delta"
          : "gated-delta";
  }
}

/** Kernels that engines run where nothing is said, the first that fits the machine: TensorRT-LLM's and vLLM's choices. */
const preferred: readonly string[] = [
  "flashmla",
  "vllm_flash_attn_fa3",
  "vllm_flashinfer_trtllmprefill",
  "vllm_flashinfer_trtllmdecode",
  "vllm_flash_attn_fa2",
  "vllm_flash_attn",
  "sglang_flash_attention",
  "sglang_trtllm_mla",
  "vllm_FLASHINFER_MLA",
  "vllm_FLASHMLA",
  "vllm_FLASH_ATTN_MLA",
  "vllm_TRTLLM_RAGGED",
  "vllm_FLASH_ATTN",
  "vllm_MiniMaxM3SparseMSAImpl",
  "vllm_MiniMaxM3SparseTritonImpl",
  "trtllm_default",
  "vllm_FLASHMLA_SPARSE",
  "sglang_compressed_flashmla",
  "vllm_causal_conv1d_update",
  "vllm_causal_conv1d_fn",
  "vllm_chunk_gated_delta_rule_flashinfer",
  "vllm_flashkda_fwd",
  "vllm_fused_recurrent_kda",
  "sglang_fused_recurrent_gated_delta_rule_packed_decode",
];

export interface FamilyQuestion {
  readonly work: MixerWorkName;
  readonly phase: MixerPhase;
  readonly kernel?: string | undefined;
  readonly cacheFormat: string;
  readonly arithmetic: string;
}

/** The family to use, and from where it is carried: undefined where it was fitted on this kernel, generation and formats. */
export interface ChosenFamily {
  readonly family: MixerFamily;
  readonly carried: string | undefined;
}

/**
 * The family of kernels for a question on a machine.
 *
 * Without the kernel asked for, or on a machine or in a format that was not measured, the nearest family stands in: the
 * same kernel counts most, then a machine of its kind (generation, and whether its memory is HBM), then the formats.
 * What is carried across generations was up to 45 % off in the median where that could be tested.
 */
export function chooseFamily(hardware: Hardware, question: FamilyQuestion): ChosenFamily {
  let best: MixerFamily | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const family of mixerFamilies()) {
    if (family.work !== question.work || family.phase !== question.phase) continue;
    const score = closeness(family, hardware, question);
    if (score > most) [best, most] = [family, score];
  }
  // Mamba-2's convolution was timed in prefill alone: in decode it is one among the others.
  if (best === undefined) return chooseFamily(hardware, { ...question, work: "convolution" });
  const family = best;
  const { kernel = family.kernel, cacheFormat, arithmetic } = question;
  const differs = [
    ...(family.kernel === kernel ? [] : [`kernel ${family.kernel}`]),
    ...(alike(family.generation, hardware) ? [] : [`${family.generation}`]),
    ...(family.cacheFormat === cacheFormat ? [] : [`cache ${family.cacheFormat}`]),
    ...(family.arithmetic === arithmetic ? [] : [`arithmetic ${family.arithmetic}`]),
  ];
  return { family, carried: differs.length === 0 ? undefined : `from ${differs.join(", ")}` };
}

/** Generations that were measured on cards with graphics memory: their kernels are those of small machines. */
const graphicsGenerations: readonly string[] = ["Ada"];

function alike(generation: string, hardware: Hardware): boolean {
  return generation === hardware.generation && graphicsGenerations.includes(generation) === hasGraphicsMemory(hardware);
}

function closeness(family: MixerFamily, hardware: Hardware, { kernel, cacheFormat, arithmetic }: FamilyQuestion): number {
  const sameMemory = graphicsGenerations.includes(family.generation) === hasGraphicsMemory(hardware);
  const age = generationsByAge.indexOf(family.generation);
  const rank = preferred.indexOf(family.kernel);
  return (
    (family.kernel === kernel ? 8 : 0) +
    (family.kernel.split("_")[0] === kernel?.split("_")[0] ? 0.5 : 0) +
    (alike(family.generation, hardware) ? 6 : sameMemory ? 4 : 0) +
    (family.cacheFormat === cacheFormat ? 2 : 0) +
    (family.arithmetic === arithmetic ? 1 : 0) +
    (kernel === undefined && rank >= 0 ? 0.9 - rank / 100 : 0) +
    age / 1000
  );
}

const generationsByAge = ["Ampere", "Ada", "Hopper", "Blackwell"];
