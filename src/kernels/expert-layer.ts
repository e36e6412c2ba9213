import { requireName, requirePositiveInteger, requireRecord, requireWord } from "../checks";
import { requireMachine } from "../machine/check-rates";
import type { Hardware } from "../machine/hardware";
import { type RankLoad, type RouterLimit, rankLoad } from "../routing/rank-load";
import { type LayerCut, type LayerSeconds, layerCut, type RoutedShape, type SeenRows, secondsOf, workOf } from "./expert-work";
import { type HeldOutError, type KernelFamily, kernelFamily } from "./families";

export type { RoutedShape };

/** One mixture-of-experts layer on one GPU of a group: its shape, the machine, the kernel and the tokens. */
export interface MoeLayerQuestion {
  readonly model: RoutedShape;
  readonly hardware: Hardware;
  /** As in the measured tables: see kernels(). */
  readonly kernel: string;
  readonly weightFormat: string;
  /** Tokens that enter the layer, before the experts are split over ranks. */
  readonly tokens: number;
  readonly expertParallel?: number;
  readonly tensorParallel?: number;
  /**
   * "balanced", "chance", "even", "uniform" or "power_law_<exponent>". "uniform" is what the wide expert-parallel tables were measured
   * with: each expert holds the mean rounded down, so up to half of the rows are lost where a rank expects few; "balanced" keeps them.
   */
  readonly routing?: string;
  /**
   * Where the weights are when the layer starts. "warm", as the tables time it: the same layer again and again, so that
   * weights that fit the last-level cache are read from there. "cold": other layers have run since, as in a model.
   */
  readonly cache?: "warm" | "cold";
  /**
   * What of the tokens is on the GPU. "gathered", as the tables time it: all that enter the layer, and the kernel passes over those of
   * experts elsewhere. "dispatched": an exchange has brought those of its own experts alone. DeepEP's tables are of the latter.
   */
  readonly layout?: "gathered" | "dispatched";
  /** Tokens a rank up to which "deepepmoe" runs its low-latency path; 512 if left out. */
  readonly lowLatencyTokens?: number;
}

/** What most of a layer's time goes to: arithmetic, memory, or fixed costs and costs per expert and row. */
export type LayerBound = "compute" | "memory" | "overhead";

/** The time of a layer on one GPU, its lower bound, and what both are made of. */
export interface MoeLayerTime extends LayerSeconds {
  /** The largest of the three. */
  readonly bound: LayerBound;
  readonly activeExperts: number;
  readonly localExperts: number;
  readonly rows: number;
  readonly rowsPerExpert: number;
  readonly paddedRows: number;
  readonly weightBytes: number;
  readonly activationBytes: number;
  readonly flops: number;
  readonly floorBound: "compute" | "memory";
  readonly kernel: string;
  readonly weightFormat: string;
  readonly fitted: KernelFamily["fitted"];
  /** How far the family's predictions were off on rows left out of the fit; undefined where it was not fitted here. */
  readonly heldOutError: HeldOutError | undefined;
}

/**
 * Tokens a rank that DeepEP's low-latency buffers are set to hold. The measured tables end at 128, a default of one engine;
 * engines let it be 256 to 1,024 (sgl-project/sglang pulls 6934 and 28985), recipes for GB300 set 512 (InferenceX pull 1557).
 */
export const defaultLowLatencyTokens = 512;

/** Rows of one block of DeepGEMM's contiguous layout. */
const contiguousBlocks: RouterLimit = { kind: "packed", block: 128 };

/** DeepSeek-V3's router, which kernels that route themselves apply to any layer of its shape. */
const v3Groups: RouterLimit = { kind: "groups", groups: 8, kept: 4 };

/**
 * Time one mixture-of-experts layer on one GPU.
 *
 *     seconds = fixed + perExpert El + perRow R h + perRouted (T t h + T k (n + a m d)) + (memory^p + compute^p)^(1/p)
 *     memory  = (A m h d w miss + activations) / (bandwidth memoryEfficiency) + A m h d w (1 - miss) / cacheRate + 64 m h w / tileRate
 *     compute = 2 c (h max(one, all u / P) + d max(one, all v / P)) P / (peak arithmeticEfficiency) + perTile tiles (u + v) / P
 *     miss    = 1 / (1 + (cache / (A m h d w))^6), 1 when cold
 *
 * El experts stand on the GPU, A of them are active, R rows are computed there, T tokens choose k each; h and d are the
 * widths of model and expert (d split by tensor parallelism), m matrices an expert, w bytes a weight. Where an exchange brought the
 * rank's own rows alone, they stand for T k, and they or T, whichever is fewer, for T. The width of
 * a token counts once (t = 1) or for each routed row (t = k); a routed row costs n elements however narrow it is, and where its activation
 * is computed wherever its expert stands, a is 1. An expert's rows are
 * padded to a tile of a power of two, beyond the largest tile to whole tiles; a kernel of one tile a call takes it for all experts
 * from T k / El, as if every routed row stayed on the GPU. c columns of a product are one tile: u = (m - 1) d / c and v = h / c of them,
 * rounded up, for each row tile, dealt over P processors. all = padded + passRows tiles are the rows to multiply, and no product takes
 * less than one tile, of one = tile + passRows rows. A processor streams a tile of 64 columns of each matrix at tileRate however
 * few there are. Communication is not in it, nor waiting for other ranks: too fast for a
 * step of a real model by both. "deepepmoe" is two kernels: the low-latency one as far as its buffers reach, and
 * beyond them the faster of the prefill kernel and of full low-latency calls in proportion, so that no token more is a cliff.
 *
 * @throws RangeError for counts that are not positive integers, unknown kernels, formats or routings.
 * @example
 * moeLayerTime({ model: model("deepseek-v3"), hardware: hardware("b200-sxm"), kernel: "deepgemm", weightFormat: "fp8_block",
 *   tokens: 64, routing: "chance", cache: "cold" }).seconds;
 */
export function moeLayerTime(question: MoeLayerQuestion): MoeLayerTime {
  requirePositiveInteger("tokens", question.tokens);
  return moeLayerPlan(question)(question.tokens);
}

/** A layer whose kernel, machine and split are settled: only its tokens are left to give. */
export type MoeLayerPlan = (tokens: number) => MoeLayerTime;

/** moeLayerTime with all but the tokens settled once, for many numbers of them. @throws RangeError as moeLayerTime. */
export function moeLayerPlan(question: Omit<MoeLayerQuestion, "tokens">): MoeLayerPlan {
  const { model, kernel, expertParallel = 1, tensorParallel = 1, cache = "warm", layout = "gathered" } = question;
  const { lowLatencyTokens = defaultLowLatencyTokens } = question;
  requireShape(model);
  requireMachine(question.hardware);
  requireName("kernel", kernel);
  requireName("weightFormat", question.weightFormat);
  requirePositiveInteger("tensorParallel", tensorParallel);
  requirePositiveInteger("expertParallel", expertParallel);
  requirePositiveInteger("lowLatencyTokens", lowLatencyTokens);
  requireWord("cache", cache, ["warm", "cold"]);
  requireWord("layout", layout, ["gathered", "dispatched"]);
  if (kernel !== "deepepmoe") return kernelPlan(question, kernel);
  return bothPaths(
    kernelPlan(question, "deepepmoe_generation"),
    kernelPlan(question, "deepepmoe_context"),
    lowLatencyTokens * expertParallel,
  );
}

/** Sizes that cannot be, by name; what a shape may leave out is checked where it is there. */
function requireShape(model: RoutedShape): void {
  requireRecord("model", model, "a model, or a shape with hiddenSize, moeIntermediateSize, routedExperts and expertsPerToken");
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("moeIntermediateSize", model.moeIntermediateSize);
  for (const name of ["expertHiddenSize", "expertMatrices", "expertGroups", "topkGroup"] as const) {
    const size = model[name];
    if (size !== undefined) requirePositiveInteger(name, size);
  }
}

/** DeepEP's low-latency path as far as its buffers hold the tokens; beyond them the faster of its other path and of full calls in proportion. */
function bothPaths(lowLatency: MoeLayerPlan, other: MoeLayerPlan, held: number): MoeLayerPlan {
  let full: MoeLayerTime | undefined;
  return (tokens) => {
    if (!(tokens > held)) return lowLatency(tokens);
    full ??= lowLatency(held);
    const normal = other(tokens);
    if (normal.seconds > (full.seconds * tokens) / held) return repeated(full, tokens / held);
    return normal.seconds >= full.seconds ? normal : { ...normal, seconds: full.seconds };
  };
}

function kernelPlan(question: Omit<MoeLayerQuestion, "tokens">, kernel: string): MoeLayerPlan {
  const { model, hardware, weightFormat, expertParallel = 1, tensorParallel = 1, routing = "balanced", cache = "warm" } = question;
  const family = kernelFamily(kernel, weightFormat, hardware);
  const limit = limitOf(family.router, model);
  const cut = layerCut(family, model, hardware, tensorParallel, cache === "warm");
  const own = question.layout === "dispatched" && !kernel.startsWith("deepepmoe");
  return (tokens) => {
    const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit });
    const seen = own ? { rows: load.rows, tokens: Math.min(tokens, load.rows) } : { rows: tokens * model.expertsPerToken, tokens };
    return cutTime(cut, load, seen);
  };
}

/** The same kernel so many times over: parts in proportion, so that one token more is no cliff. */
function repeated(time: MoeLayerTime, times: number): MoeLayerTime {
  // Field by field: a step asks for this twice, and a record put together from names takes longer than all else of it.
  return {
    floorSeconds: time.floorSeconds * times,
    seconds: time.seconds * times,
    computeSeconds: time.computeSeconds * times,
    memorySeconds: time.memorySeconds * times,
    overheadSeconds: time.overheadSeconds * times,
    bound: time.bound,
    activeExperts: time.activeExperts,
    localExperts: time.localExperts,
    rows: time.rows * times,
    rowsPerExpert: time.rowsPerExpert,
    paddedRows: time.paddedRows * times,
    weightBytes: time.weightBytes * times,
    activationBytes: time.activationBytes * times,
    flops: time.flops * times,
    floorBound: time.floorBound,
    kernel: time.kernel,
    weightFormat: time.weightFormat,
    fitted: time.fitted,
    heldOutError: time.heldOutError,
  };
}

/** The time of a load under a family's constants, with what it is made of. */
export function timeOf(
  family: KernelFamily,
  model: RoutedShape,
  hardware: Hardware,
  tensorParallel: number,
  load: RankLoad,
  seen: SeenRows,
  warm = true,
): MoeLayerTime {
  return cutTime(layerCut(family, model, hardware, tensorParallel, warm), load, seen);
}

function cutTime(cut: LayerCut, load: RankLoad, seen: SeenRows): MoeLayerTime {
  const { family } = cut;
  const work = workOf(cut, load, seen);
  const { floorSeconds, seconds, computeSeconds, memorySeconds, overheadSeconds } = secondsOf(family, work);
  // Field by field: a record that begins with a spread has a shape of its own each time, which all that reads it pays for.
  return {
    floorSeconds,
    seconds,
    computeSeconds,
    memorySeconds,
    overheadSeconds,
    bound: overheadSeconds > Math.max(memorySeconds, computeSeconds) ? "overhead" : computeSeconds >= memorySeconds ? "compute" : "memory",
    activeExperts: load.activeExperts,
    localExperts: load.localExperts,
    rows: load.rows,
    rowsPerExpert: load.rows / load.activeExperts,
    paddedRows: work.paddedRows,
    weightBytes: work.weightBytes,
    activationBytes: work.activationBytes,
    flops: work.flops,
    floorBound: work.floorComputeSeconds >= work.floorMemorySeconds ? "compute" : "memory",
    kernel: family.kernel,
    weightFormat: family.weightFormat,
    fitted: family.fitted,
    heldOutError: family.heldOutError,
  };
}

/** What a kernel's router does to a model's routing; a bare shape of DeepSeek-V3 is taken to have its groups. */
export function limitOf(router: KernelFamily["router"], model: RoutedShape): RouterLimit | undefined {
  if (router === "given") return undefined;
  if (router === "packed") return contiguousBlocks;
  if (router === "groups-always") return model.routedExperts >= 16 ? v3Groups : undefined;
  const v3 = model.hiddenSize === 7168 && model.moeIntermediateSize === 2048 && model.routedExperts === 256 && model.expertsPerToken === 8;
  if (router === "folded") return model.routedExperts === 384 ? undefined : { kind: "folded" };
  const { expertGroups, topkGroup } = model;
  if (expertGroups === undefined || topkGroup === undefined) return v3 ? v3Groups : undefined;
  return expertGroups > topkGroup ? { kind: "groups", groups: expertGroups, kept: topkGroup } : undefined;
}
