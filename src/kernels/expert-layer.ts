import { requirePositiveInteger } from "../checks";
import type { Hardware } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import type { MoeLayerShape } from "../model/model";
import { paddedRows, type RankLoad, type RouterLimit, rankLoad } from "../routing/rank-load";
import { defaultKernel, type HeldOutError, type KernelFamily, kernelFamily, peakFlops } from "./families";

/** A shape that may also say how wide its experts see the residual stream, and how its router is limited. */
export interface RoutedShape extends MoeLayerShape {
  readonly expertHiddenSize?: number;
  readonly expertGroups?: number;
  readonly topkGroup?: number;
}

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
  /** "balanced", "even", "uniform" or "power_law_<exponent>". */
  readonly routing?: string;
}

/** What most of a layer's time goes to: arithmetic, memory, or fixed costs and costs per expert and row. */
export type LayerBound = "compute" | "memory" | "overhead";

/** The time of a layer on one GPU, its lower bound, and what both are made of. */
export interface MoeLayerTime {
  /** max(bytes / bandwidth, flops / peak) at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  /** Fixed cost and costs per expert and row. */
  readonly overheadSeconds: number;
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

/** Columns of a weight tile that one processor streams. */
const tileColumns = 64;
/** Tokens a rank that DeepEP's low-latency buffers hold in the measured tables. */
const lowLatencyTokens = 128;

/** Rows of one block of DeepGEMM's contiguous layout. */
const contiguousBlocks: RouterLimit = { kind: "packed", block: 128 };

/** DeepSeek-V3's router, which kernels that route themselves apply to any layer of its shape. */
const v3Groups: RouterLimit = { kind: "groups", groups: 8, kept: 4 };

/**
 * Time one mixture-of-experts layer on one GPU.
 *
 *     seconds = fixed + perExpert El + (perRow R + perRouted T k) h + (memory^p + compute^p)^(1/p)
 *     memory  = (A 3 h d w + activations) / (bandwidth memoryEfficiency) + 192 h w / tileRate
 *     compute = 6 h d padded / (peak arithmeticEfficiency)
 *
 * El experts stand on the GPU, A of them are active, R rows are computed there, T tokens choose k each; h and d are the
 * widths of model and expert (d split by tensor parallelism), w bytes a weight. A processor streams a tile of 64 columns of
 * each matrix at tileRate however few there are. Communication is not in it.
 *
 * @throws RangeError for counts that are not positive integers, unknown kernels, formats or routings.
 */
export function moeLayerTime(question: MoeLayerQuestion): MoeLayerTime {
  const { model, hardware, kernel, weightFormat, tokens, expertParallel = 1, tensorParallel = 1, routing = "balanced" } = question;
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("moeIntermediateSize", model.moeIntermediateSize);
  requirePositiveInteger("tensorParallel", tensorParallel);
  const family = kernelFamily(pathOf(kernel, tokens / expertParallel), weightFormat, hardware);
  const load = rankLoad({ shape: model, tokens, expertParallel, routing, limit: limitOf(family.router, model) });
  return timeOf(family, model, hardware, tensorParallel, load, tokens * model.expertsPerToken);
}

/** The same of one expert's task: two products, up and gate [rows, 2 d, h], then down [rows, h, d]. */
export interface ExpertTaskQuestion {
  readonly model: Pick<RoutedShape, "hiddenSize" | "moeIntermediateSize" | "expertHiddenSize">;
  readonly hardware: Hardware;
  readonly kernel?: string;
  readonly weightFormat?: string;
  /** Tokens at this expert. */
  readonly rows: number;
}

/**
 * Time the task of one expert, alone on the GPU.
 *
 * The layer's formula with one active expert and the rows it gets. Its fixed cost is the cost of a whole layer's
 * kernels (routing, permutation, both products, activation, sum), which a layer of many experts pays once: so
 * `overheadSeconds` is latency of a lone task, not its share of a full layer's time.
 *
 * @throws RangeError as moeLayerTime.
 */
export function expertTaskTime({ model, hardware, kernel, weightFormat, rows }: ExpertTaskQuestion): MoeLayerTime {
  requirePositiveInteger("rows", rows);
  const chosen = defaultKernel(hardware);
  const shape = { ...model, routedExperts: 1, expertsPerToken: 1 };
  return moeLayerTime({
    model: shape,
    hardware,
    kernel: kernel ?? chosen.kernel,
    weightFormat: weightFormat ?? chosen.weightFormat,
    tokens: rows,
  });
}

/** The time of a load under a family's constants: the formula itself. */
export function timeOf(
  family: KernelFamily,
  model: RoutedShape,
  hardware: Hardware,
  tensorParallel: number,
  load: RankLoad,
  routedRows: number,
): MoeLayerTime {
  const format = lookUpFormat(family.weightFormat);
  const peak = peakFlops(hardware, format.arithmetic);
  const bandwidth = hardware.memoryBytesPerSecond;
  const h = model.expertHiddenSize ?? model.hiddenSize;
  const d = model.moeIntermediateSize / tensorParallel;
  const weightBytes = load.activeExperts * 3 * h * d * format.weightBytes;
  const padded = paddedRows(load, family.tileRows);
  const flops = 6 * h * d * load.rows;
  // In: quantised rows; between: 2 d written and read in BF16, d quantised written and read; out: BF16 rows.
  const activationBytes = load.rows * (h * (format.activationBytes + 2) + d * (8 + 2 * format.activationBytes));
  const fewestBytes = weightBytes + Math.min(load.rows, routedRows / model.expertsPerToken) * h * (format.activationBytes + 2);
  const floorMemory = fewestBytes / bandwidth;
  const floorCompute = flops / peak;
  const rampSeconds = (3 * tileColumns * h * format.weightBytes) / family.tileBytesPerSecond;
  const memorySeconds = (weightBytes + activationBytes * family.activationTraffic) / (bandwidth * family.memoryEfficiency) + rampSeconds;
  const computeSeconds = (6 * h * d * padded) / (peak * family.arithmeticEfficiency);
  const overheadSeconds =
    family.fixedSeconds +
    family.secondsPerLocalExpert * load.localExperts +
    (family.secondsPerRowElement * load.rows + family.secondsPerRoutedElement * routedRows) * h;
  const p = family.overlapExponent;
  const slower = Math.max(memorySeconds, computeSeconds);
  const core = slower * (1 + (Math.min(memorySeconds, computeSeconds) / slower) ** p) ** (1 / p);
  const floorSeconds = Math.max(floorMemory, floorCompute);
  return {
    floorSeconds,
    seconds: Math.max(floorSeconds, overheadSeconds + core),
    computeSeconds,
    memorySeconds,
    overheadSeconds,
    bound: overheadSeconds > slower ? "overhead" : computeSeconds >= memorySeconds ? "compute" : "memory",
    activeExperts: load.activeExperts,
    localExperts: load.localExperts,
    rows: load.rows,
    rowsPerExpert: load.rows / load.activeExperts,
    paddedRows: padded,
    weightBytes,
    activationBytes,
    flops,
    floorBound: floorCompute >= floorMemory ? "compute" : "memory",
    kernel: family.kernel,
    weightFormat: family.weightFormat,
    fitted: family.fitted,
    heldOutError: family.heldOutError,
  };
}

/** "deepepmoe" is two kernels: the low-latency path up to 128 tokens a rank, the normal path above. */
function pathOf(kernel: string, tokensPerRank: number): string {
  if (kernel !== "deepepmoe") return kernel;
  return tokensPerRank <= lowLatencyTokens ? "deepepmoe_generation" : "deepepmoe_context";
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
