import { requirePositiveInteger } from "./checks";
import { weightFormat as lookUpFormat } from "./formats";
import type { Hardware } from "./hardware";
import { defaultKernel, kernelFamily, type KernelFamily, peakFlops, runsOwnRouter } from "./kernel";
import type { MoeLayerShape } from "./model";
import { paddedRows, rankLoad, type RankLoad, type RouterGroups } from "./skew";

/** A shape that may also say how wide its experts see the residual stream, and how its router is limited. */
export interface RoutedShape extends MoeLayerShape {
  readonly expertHiddenSize?: number;
  readonly expertGroups?: number;
  readonly topkGroup?: number;
}

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
}

/** DeepSeek-V3's router, which kernels that route themselves apply to any layer of its shape. */
const v3Groups: RouterGroups = { groups: 8, kept: 4 };

/**
 * Time one mixture-of-experts layer on one GPU.
 *
 *     seconds = fixed + perExpert El + (perRow R + perRouted T k) h + (memory^p + compute^p)^(1/p)
 *     memory  = (A 3 h d w (1 + fill P / tiles) + activations) / (bandwidth memoryEfficiency)
 *     compute = 6 h d padded / (peak arithmeticEfficiency)
 *
 * El experts stand on the GPU, A of them are active, R rows are computed there, T tokens choose k each; h and d are the
 * widths of model and expert (d split by tensor parallelism), w bytes a weight, P processors. Communication is not in it.
 *
 * @throws RangeError for counts that are not positive integers, unknown kernels, formats or routings.
 */
export function moeLayerTime(question: MoeLayerQuestion): MoeLayerTime {
  const { model, hardware, kernel, weightFormat, tokens, expertParallel = 1, tensorParallel = 1, routing = "balanced" } = question;
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("moeIntermediateSize", model.moeIntermediateSize);
  requirePositiveInteger("tensorParallel", tensorParallel);
  const family = kernelFamily(kernel, weightFormat, hardware);
  const groups = runsOwnRouter(kernel) ? groupsOf(model) : undefined;
  const load = rankLoad({ shape: model, tokens, expertParallel, routing, groups });
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
  const chosen = kernel === undefined || weightFormat === undefined ? defaultKernel(hardware) : { kernel, weightFormat };
  const shape = { ...model, routedExperts: 1, expertsPerToken: 1 };
  return moeLayerTime({ model: shape, hardware, kernel: kernel ?? chosen.kernel, weightFormat: weightFormat ?? chosen.weightFormat, tokens: rows });
}

/** Times of a load under a family: the formula itself. */
function timeOf(family: KernelFamily, model: RoutedShape, hardware: Hardware, tensorParallel: number, load: RankLoad, routedRows: number): MoeLayerTime {
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
  const columnTiles = (load.activeExperts * d) / 64;
  const unfilled = (family.fillTiles * (hardware.processors ?? 132)) / columnTiles;
  const memorySeconds = (weightBytes * (1 + unfilled) + activationBytes * family.activationTraffic) / (bandwidth * family.memoryEfficiency);
  const computeSeconds = (6 * h * d * padded) / (peak * family.arithmeticEfficiency);
  const overheadSeconds =
    family.fixedSeconds + family.secondsPerLocalExpert * load.localExperts +
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
  };
}

function groupsOf(model: RoutedShape): RouterGroups | undefined {
  const { expertGroups, topkGroup } = model;
  if (expertGroups !== undefined && topkGroup !== undefined) return expertGroups > topkGroup ? { groups: expertGroups, kept: topkGroup } : undefined;
  const v3 = model.hiddenSize === 7168 && model.moeIntermediateSize === 2048 && model.routedExperts === 256 && model.expertsPerToken === 8;
  return v3 ? v3Groups : undefined;
}
