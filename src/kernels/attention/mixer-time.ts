import {
  requireFlag,
  requireName,
  requireNonNegative,
  requirePositiveInteger,
  requireRecord,
  requireWhole,
  requireWord,
} from "../../checks";
import { requireMachine } from "../../machine/check-rates";
import type { Hardware } from "../../machine/hardware";
import { cacheFormat as readCacheFormat, weightFormat as readWeightFormat } from "../../machine/number-formats";
import type { Mixer } from "../../model/blocks";
import { cutMixer, mixerKinds, mixerSizes } from "../../model/mixers/mixers";
import { nearest } from "../../text/nearest";
import { type AttentionOptions, type AttentionPlan, attentionPlan, carriedWords } from "./attention-plan";
import type { MixerPart, MixerPhase } from "./mixer-demand";

/** The mixer of one layer on one GPU. */
export interface MixerQuestion {
  /** The model the block is of: its width. */
  readonly model: { readonly hiddenSize: number };
  /** A mixer out of model.runs. */
  readonly block: Mixer;
  readonly hardware: Hardware;
  /** Of the tensor-parallel group. */
  readonly requests: number;
  /** In the cache before. */
  readonly contextTokens: number;
  /** Of a request; 1 if left out. */
  readonly newTokens?: number;
  /** decode for one new token or the verification of a few, prefill otherwise. */
  readonly phase?: MixerPhase;
  /** core if left out: the operator without projections. layer: projections, norms and output product too. */
  readonly part?: MixerPart;
  readonly tensorParallel?: number;
  readonly weightFormat?: string;
  readonly cacheFormat?: string;
  readonly arithmetic?: string;
  /** As the tables name it; the one that engines run if left out. */
  readonly kernel?: string;
  /** Time a benchmark that repeats one call; false, as in a step, if left out. */
  readonly warm?: boolean;
}

/** The time of a mixer, its lower bound, and what it is made of. */
export interface MixerTime {
  readonly seconds: number;
  /** The larger of bytes over bandwidth and flops over peak, by the datasheet. */
  readonly floorSeconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  readonly overheadSeconds: number;
  readonly bound: "compute" | "memory" | "overhead";
  readonly bytes: number;
  readonly flops: number;
  readonly kernel: string;
  /** From where the constants are, unless they were fitted on this kernel, generation and formats; and which sizes lie outside what was measured. */
  readonly carried: string | undefined;
  /** On head geometries left out of the fit; undefined where carried. */
  readonly heldOutError: { readonly median: number; readonly p90: number } | undefined;
}

const fields = [
  "model",
  "block",
  "hardware",
  "requests",
  "contextTokens",
  "newTokens",
  "phase",
  "part",
  "tensorParallel",
  "weightFormat",
  "cacheFormat",
  "arithmetic",
  "kernel",
  "warm",
] as const satisfies readonly (keyof MixerQuestion)[];

/** New tokens up to which a call on a cache is taken for the verification of drafts. */
const mostDrafts = 16;

/**
 * Time the mixer of one layer on one GPU, in decode or in prefill, by the families of data/attention-kernels.csv.
 *
 *     seconds = fixed + unit waves + (memory^p + compute^p)^(1/p), and of a layer its products
 *
 * Formula and what is left out: lawTime. A kernel, format or generation that was not measured has the constants of the
 * nearest, with the machine's own datasheet, and `carried` says so: across generations that was up to 45 % off.
 *
 * @throws RangeError naming the field for what cannot be asked.
 * @example mixerTime({ model, block, hardware: hardware("b200-sxm"), requests: 64, contextTokens: 32768 }).bound // "memory"
 */
export function mixerTime(question: MixerQuestion): MixerTime {
  const { requests, contextTokens, newTokens = 1 } = question;
  for (const field of Object.keys(question)) {
    if (!(fields as readonly string[]).includes(field))
      throw new RangeError(`unknown field "${field}"; nearest: ${nearest(field, fields).join(", ")}`);
  }
  requirePositiveInteger("requests", requests);
  requirePositiveInteger("newTokens", newTokens);
  requireWhole("contextTokens", contextTokens);
  const plan = planOf(question, newTokens);
  const time = plan.time(requests, contextTokens, newTokens);
  const { overheadSeconds, computeSeconds, memorySeconds } = time;
  return {
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    computeSeconds,
    memorySeconds,
    overheadSeconds,
    bound: overheadSeconds > Math.max(computeSeconds, memorySeconds) ? "overhead" : computeSeconds > memorySeconds ? "compute" : "memory",
    bytes: time.bytes,
    flops: time.flops,
    kernel: plan.kernel,
    carried: carriedWords(plan),
    heldOutError: plan.heldOutError,
  };
}

const parts: readonly MixerPart[] = ["core", "layer", "convolution", "recurrence"];
const phases: readonly MixerPhase[] = ["decode", "prefill"];

/** The question's choices, checked. */
function planOf(question: MixerQuestion, newTokens: number): AttentionPlan {
  const { model, block, hardware, contextTokens, tensorParallel = 1, kernel, warm = false, part = "core" } = question;
  const { cacheFormat = "bfloat16", weightFormat = "bfloat16", arithmetic = "bfloat16" } = question;
  const { phase = newTokens === 1 || (contextTokens > 0 && newTokens <= mostDrafts) ? "decode" : "prefill" } = question;
  requireWord("part", part, parts);
  requireWord("phase", phase, phases);
  requireMixer(block);
  if (block.kind !== "linear" && (part === "convolution" || part === "recurrence")) {
    throw new RangeError(`part must be core or layer of a mixer without a state, got "${part}"`);
  }
  if (block.kind === "linear" && part === "convolution" && block.convolutionWidth === 0) {
    throw new RangeError("part must not be convolution of a mixer that has none");
  }
  requirePositiveInteger("tensorParallel", tensorParallel);
  requireMachine(hardware);
  requireFlag("warm", warm);
  if (kernel !== undefined) requireName("kernel", kernel);
  requireRecord("model", model, "a record with hiddenSize");
  const { hiddenSize } = model;
  requirePositiveInteger("model.hiddenSize", hiddenSize);
  const options: AttentionOptions = {
    phase,
    part,
    cacheFormat: readCacheFormat(cacheFormat),
    weightFormat: readWeightFormat(weightFormat).name as AttentionOptions["weightFormat"],
    arithmetic: arithmeticOf(arithmetic),
    hiddenSize,
    warm,
    ...(kernel === undefined ? {} : { kernel }),
  };
  return attentionPlan(cutMixer(block, tensorParallel), hardware, options);
}

function arithmeticOf(name: string): "bfloat16" | "fp8" {
  if (name === "bfloat16" || name === "bf16") return "bfloat16";
  if (name === "fp8") return "fp8";
  throw new RangeError(`arithmetic must be bfloat16 or fp8, got "${name}"`);
}

function requireMixer(block: Mixer): void {
  const sizes = block === undefined || block === null ? undefined : mixerSizes(block);
  if (sizes === undefined) throw new RangeError(`block must be a mixer (${mixerKinds.join(", ")}), got "${String(block?.kind)}"`);
  for (const size of sizes) requirePositiveInteger(`block.${size}`, (block as unknown as Record<string, number>)[size] as number);
  if (block.kind === "linear") requireNonNegative("block.convolutionWidth", block.convolutionWidth);
}
