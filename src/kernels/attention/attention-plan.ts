import type { Hardware } from "../../machine/hardware";
import type { CacheFormatName, WeightFormatName } from "../../machine/number-formats";
import type { Mixer } from "../../model/blocks";
import { mixerMatrices } from "../../model/mixers/mixers";
import { formatCount, formatNumber } from "../../text/numbers";
import { denseFamily, denseTime } from "../product";
import { type ChosenFamily, chooseFamily, type MixerFamily, type MixerWorkName, workOf } from "./attention-families";
import { type LawTime, lawTime, type MixerConstants, type MixerRates, mixerRates } from "./attention-law";
import { geometryOf } from "./geometry";
import { outsideOf } from "./measured-geometry";
import { demandOf, type MixerPart, type MixerPhase, widestGroup } from "./mixer-demand";
import { ownArithmetic } from "./own-arithmetic";

/** How a mixer is run. */
export interface AttentionOptions {
  readonly phase: MixerPhase;
  readonly part: MixerPart;
  readonly cacheFormat: CacheFormatName;
  readonly weightFormat: WeightFormatName;
  /** Of the products in prefill. */
  readonly arithmetic: "bfloat16" | "fp8";
  /** Width of the model: of projections alone. */
  readonly hiddenSize: number;
  readonly kernel?: string;
  /** Whether one call is repeated, as in a benchmark: caches that fit are read from the last level on the chip. */
  readonly warm: boolean;
}

/** The time of one call and what binds it. */
export interface AttentionPlanTime extends LawTime {
  readonly bytes: number;
  readonly flops: number;
}

/** A mixer on a machine, all choices made: only the numbers of a step are left to give. */
export interface AttentionPlan {
  readonly kernel: string;
  readonly carried: string | undefined;
  /** Sizes of the heads, and a processor's arithmetic, that lie outside what was measured for the kernel, in words; undefined where none does. */
  readonly outside: string | undefined;
  /** Why the kernel is slower than its kind, in words, where that was measured. */
  readonly slow: string | undefined;
  readonly heldOutError: { readonly median: number; readonly p90: number } | undefined;
  /** The time of a call, of so many requests with so many tokens before and new. */
  readonly time: (requests: number, contextTokens: number, newTokens: number) => AttentionPlanTime;
}

/** What of a plan was not measured, in words: whose constants they are, and sizes outside their range. */
export function carriedWords({ carried, outside }: Pick<AttentionPlan, "carried" | "outside">): string | undefined {
  return joined([carried, outside === undefined ? undefined : `outside its rows: ${outside}`]);
}

/** Of a sparse layer's fixed time, what its projections, norms and conversions take: an estimate, the tables time the whole layer. */
const projectionShare = 0.6;

/** The rates that a part of a mixer runs at, for an arithmetic as families name it. */
export function ratesFor(hardware: Hardware, part: MixerPart, phase: MixerPhase, arithmetic: string): MixerRates {
  const product = arithmetic === "nvfp4" ? "fp4" : arithmetic.startsWith("fp8") ? "fp8" : "bf16";
  const core = part === "core" && phase === "prefill" && product === "fp8" ? "fp8" : "bf16";
  return mixerRates(hardware, core, part === "layer" ? product : "bf16");
}

/**
 * Choose the kernel of a mixer on a machine once, to time it many times.
 *
 * `mixer` is as one GPU has it: cut by cutMixer before. A grouped or linear layer is its core and its products by
 * the dense families, one after another; latent, compressed and block-selected layers have families of their own. The
 * core alone of a sparse layer is its layer's family without the weights and with two fifths of the fixed time.
 *
 * @throws RangeError for formats that there are not.
 * @example
 * const { time } = attentionPlan(block, hardware("h200-sxm"), { phase: "decode", part: "core", cacheFormat: "bfloat16",
 *   weightFormat: "fp8_block", arithmetic: "bfloat16", hiddenSize: 4096, warm: false });
 * time(64, 4096, 1).seconds;
 */
export function attentionPlan(mixer: Mixer, hardware: Hardware, options: AttentionOptions): AttentionPlan {
  if (mixer.kind === "linear" && (options.part === "core" || options.part === "layer")) {
    const parts = (["convolution", "recurrence"] as const)
      .filter((part) => part === "recurrence" || mixer.convolutionWidth > 0)
      .map((part) => attentionPlan(mixer, hardware, { ...options, part }));
    const last = parts[parts.length - 1] as AttentionPlan;
    const outside = joined(parts.map((plan) => plan.outside));
    const plan = { ...last, outside, time: added(parts.map((p) => p.time)) };
    return options.part === "core" ? plan : withProducts(plan, mixer, hardware, options);
  }
  if (mixer.kind === "grouped" && options.part === "layer") {
    return withProducts(attentionPlan(mixer, hardware, { ...options, part: "core" }), mixer, hardware, options);
  }
  const { phase, part, cacheFormat, weightFormat, kernel, hiddenSize, warm } = options;
  const linear = mixer.kind === "linear";
  const work = workOf(mixer, part);
  const ofLayer = work.endsWith("layer");
  const arithmetic = ofLayer ? weightFormat : linear || phase === "decode" ? "bfloat16" : options.arithmetic;
  const { family, carried }: ChosenFamily = chooseFamily(hardware, {
    work,
    phase,
    kernel,
    cacheFormat: linear ? "bfloat16" : cacheFormat,
    arithmetic,
  });
  const { tileRows, unitRows } = family;
  const expanded = family.kernel.includes("dense_mha");
  const demand = demandOf({ mixer, hiddenSize, part, phase, cacheFormat, weightFormat, tileRows, unitRows, expanded });
  const rates = ratesFor(hardware, part, phase, arithmetic);
  const { efficiency, said } = ownArithmetic(family, hardware);
  const outside = joined([standIn(mixer, work), outsideOf(family, geometryOf(mixer, part, phase)), said]);
  const fitted = { ...family.constants, arithmeticEfficiency: efficiency };
  const constants = ofLayer && part === "core" ? withoutProjections(fitted) : fitted;
  return {
    kernel: kernel ?? family.kernel,
    carried,
    outside,
    slow: slowPath(mixer, phase, family),
    heldOutError: carried === undefined && outside === undefined ? family.heldOutError : undefined,
    time: (requests, contextTokens, newTokens) => {
      const d = demand(requests, contextTokens, newTokens);
      const time = lawTime(constants, d, rates, warm) as LawTime & { bytes?: number; flops?: number };
      time.bytes = d.cacheBytes + d.otherBytes + d.weightBytes + d.indexBytes;
      time.flops = d.flops + d.productFlops + d.indexFlops;
      return time as AttentionPlanTime;
    },
  };
}

/** Words of several parts, each once; undefined where there are none. */
function joined(words: readonly (string | undefined)[]): string | undefined {
  const said = [...new Set(words.filter((word) => word !== undefined))];
  return said.length === 0 ? undefined : said.join(", ");
}

/** Which recurrence was measured where another stands in its place. */
function standIn(mixer: Mixer, work: MixerWorkName): string | undefined {
  if (mixer.kind !== "linear" || work.endsWith("convolution") || work === mixer.family) return undefined;
  return `recurrence ${mixer.family} (measured ${work})`;
}

/** Arithmetic of wide groups, in that of narrow ones, from which a kernel has left its fast path. */
const slowFrom = 4;

/** Why a group of queries takes long, where the kernel's rows show it: they hold such groups, and cost by that much more. */
function slowPath(mixer: Mixer, phase: MixerPhase, { kernel, constants }: MixerFamily): string | undefined {
  if (mixer.kind !== "grouped" || phase !== "decode") return undefined;
  const group = mixer.heads / mixer.keyValueHeads;
  if (group <= widestGroup || constants.wideGroupCost <= slowFrom) return undefined;
  const times = formatNumber(constants.wideGroupCost, 2);
  return `${formatCount(group)} query heads on one KV head: above ${widestGroup} ${kernel} takes ${times} times the arithmetic, as measured`;
}

function withoutProjections(c: MixerConstants): MixerConstants {
  return { ...c, fixedSeconds: c.fixedSeconds * (1 - projectionShare), tokenBytes: 0 };
}

function added(times: readonly AttentionPlan["time"][]): AttentionPlan["time"] {
  return (requests, contextTokens, newTokens) => times.map((time) => time(requests, contextTokens, newTokens)).reduce(sum);
}

function sum(a: AttentionPlanTime, b: AttentionPlanTime): AttentionPlanTime {
  return {
    seconds: a.seconds + b.seconds,
    floorSeconds: a.floorSeconds + b.floorSeconds,
    computeSeconds: a.computeSeconds + b.computeSeconds,
    memorySeconds: a.memorySeconds + b.memorySeconds,
    overheadSeconds: a.overheadSeconds + b.overheadSeconds,
    bytes: a.bytes + b.bytes,
    flops: a.flops + b.flops,
  };
}

/** The core, and each matrix as a dense product of all new tokens. */
function withProducts(
  plan: AttentionPlan,
  mixer: Mixer,
  hardware: Hardware,
  { hiddenSize, weightFormat }: AttentionOptions,
): AttentionPlan {
  const products = mixerMatrices(mixer, hiddenSize).map(({ outputs, inputs, bf16 }) => ({
    n: outputs,
    k: inputs,
    family: denseFamily(hardware, undefined, bf16 === true ? "bfloat16" : weightFormat),
  }));
  return {
    ...plan,
    time: (requests, contextTokens, newTokens) =>
      products
        .map(({ n, k, family }) => denseTime(family, { m: requests * newTokens, n, k }, hardware))
        .reduce(sum, plan.time(requests, contextTokens, newTokens)),
  };
}
