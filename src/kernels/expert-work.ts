import { type Hardware, tileProcessors } from "../machine/hardware";
import { weightFormat as lookUpFormat, type WeightFormat } from "../machine/number-formats";
import type { MoeLayerShape } from "../model/model";
import { paddedRows, type RankLoad, rowTiles } from "../routing/rank-load";
import { type KernelConstants, type KernelFamily, peakFlops } from "./families";
import { pNorm } from "./p-norm";

/** A shape that may also say how wide its experts see the residual stream, and how its router is limited. */
export interface RoutedShape extends MoeLayerShape {
  readonly expertHiddenSize?: number;
  /** Matrices of one expert: 3 with a gate, 2 without; 3 if left out. */
  readonly expertMatrices?: number;
  readonly expertGroups?: number;
  readonly topkGroup?: number;
}

/** Columns of a weight tile that one processor streams. */
const tileColumns = 64;
/** Bytes that one processor reads from the last-level cache in a clock: set, not fitted; about half of what a streaming multiprocessor can. */
const cacheBytesPerClock = 24;
/** Share of weights that a cache so many times their size does not hold: how sharply it turns from all to none is set by eye. */
function missed(ratio: number): number {
  const cube = ratio * ratio * ratio;
  return 1 / (1 + cube * cube);
}
/** The tiles that a load is cut by: the family's own, or that of the whole call. By chance experts are tiled by their own rows: a mean has no one call. */
function tilesOf(
  { oneTile, tileRows, smallestTileRows }: KernelFamily,
  load: RankLoad,
  seenRows: number,
): { tile: number; smallest: number } {
  if (oneTile === 0 || load.mean === true) return { tile: tileRows, smallest: smallestTileRows };
  let tile = smallestTileRows;
  while (tile * load.localExperts < seenRows && tile < tileRows) tile *= 2;
  return { tile, smallest: tile };
}

/** Rows (a token at one of its experts) and tokens that a kernel passes over, of experts here and elsewhere. */
export interface SeenRows {
  readonly rows: number;
  readonly tokens: number;
}

/** A layer as a kernel cuts it on a machine: what neither a load nor a fitted constant changes. */
export interface LayerCut {
  readonly family: KernelFamily;
  readonly format: WeightFormat;
  /** Matrices of an expert. */
  readonly matrices: number;
  /** Widths of what an expert sees, and of itself on this GPU. */
  readonly hidden: number;
  readonly inner: number;
  /** Output columns of the first products and of the last, in tiles. */
  readonly upTiles: number;
  readonly downTiles: number;
  /** Bytes of the tiles of columns that one processor streams. */
  readonly rampBytes: number;
  readonly processors: number;
  readonly peakFlopsPerSecond: number;
  readonly memoryBytesPerSecond: number;
  readonly cacheBytesPerSecond: number;
  /** Of the last-level cache, what can hold weights from one call to the next: all where the same layer runs again and again, nothing when cold. */
  readonly warmBytes: number;
}

/** What a layer has to do for a load, as a kernel cuts it: all of its time that no fitted constant changes. */
export interface LayerWork {
  readonly cut: LayerCut;
  readonly load: RankLoad;
  readonly weightBytes: number;
  /** Of those, what comes from memory; the rest comes from the last-level cache. */
  readonly missedBytes: number;
  readonly activationBytes: number;
  readonly flops: number;
  readonly paddedRows: number;
  /** Row tiles of all experts, and rows of one of them. */
  readonly tiles: number;
  readonly oneTileRows: number;
  /** Elements of the rows computed here, and of those routed anywhere. */
  readonly rowElements: number;
  readonly routedElements: number;
  readonly floorMemorySeconds: number;
  readonly floorComputeSeconds: number;
}

/** The time of a layer and its parts, in seconds. */
export interface LayerSeconds {
  /** max(bytes / bandwidth, flops / peak) at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly computeSeconds: number;
  readonly memorySeconds: number;
  /** Fixed cost and costs per expert and row. */
  readonly overheadSeconds: number;
}

/** A layer as a family's kernel cuts it: needs its format and what is chosen of it, none of its fitted constants. */
export function layerCut(family: KernelFamily, model: RoutedShape, hardware: Hardware, tensorParallel: number, warm = true): LayerCut {
  const format = lookUpFormat(family.weightFormat);
  const h = model.expertHiddenSize ?? model.hiddenSize;
  const d = model.moeIntermediateSize / tensorParallel;
  const m = model.expertMatrices ?? 3;
  return {
    family,
    format,
    matrices: m,
    hidden: h,
    inner: d,
    upTiles: Math.ceil(((m - 1) * d) / family.tileColumns),
    downTiles: Math.ceil(h / family.tileColumns),
    rampBytes: m * tileColumns * h * format.weightBytes,
    processors: tileProcessors(hardware),
    peakFlopsPerSecond: peakFlops(hardware, format.arithmetic),
    memoryBytesPerSecond: hardware.memoryBytesPerSecond,
    cacheBytesPerSecond: cacheBytesPerClock * (hardware.processors ?? 0) * (hardware.clockHertz ?? 0),
    warmBytes: warm ? (hardware.cacheBytes ?? 0) : 0,
  };
}

/** The work of a load in a layer that is cut. */
export function workOf(cut: LayerCut, load: RankLoad, { rows: seenRows, tokens: seenTokens }: SeenRows): LayerWork {
  const { family, format, matrices: m, hidden: h, inner: d, warmBytes } = cut;
  const weightBytes = load.activeExperts * m * h * d * format.weightBytes;
  const { tile, smallest } = tilesOf(family, load, seenRows);
  const padded = paddedRows(load, tile, smallest);
  const flops = 2 * m * h * d * load.rows;
  // In: quantised rows; between: (m - 1) d written and read in BF16, d quantised written and read; out: BF16 rows.
  const activationBytes = load.rows * (h * (format.activationBytes + 2) + d * (4 * (m - 1) + 2 * format.activationBytes));
  const fewestBytes = weightBytes + Math.min(load.rows, seenTokens) * h * (format.activationBytes + 2);
  return {
    cut,
    load,
    weightBytes,
    missedBytes: weightBytes * missed(warmBytes / weightBytes),
    activationBytes,
    flops,
    paddedRows: padded,
    tiles: rowTiles(load, tile),
    oneTileRows: Math.min(tile, padded / load.activeExperts),
    rowElements: load.rows * h,
    routedElements:
      (family.routedTokens === 1 ? seenTokens : seenRows) * h + seenRows * (family.routedRowElements + family.routedActivation * m * d),
    // What the cache can hold need not come from memory: a bound, so all of the cache counts.
    floorMemorySeconds: Math.max(0, fewestBytes - warmBytes) / cut.memoryBytesPerSecond,
    floorComputeSeconds: flops / cut.peakFlopsPerSecond,
  };
}

/** The time of some work under a family's constants, and its parts: the formula itself. */
export function secondsOf(family: KernelConstants, work: LayerWork): LayerSeconds {
  const { cut, tiles } = work;
  const { hidden: h, inner: d, upTiles, downTiles, processors } = cut;
  const fromMemory = cut.memoryBytesPerSecond * family.memoryEfficiency;
  const fromCache = Math.max(fromMemory, cut.cacheBytesPerSecond);
  const memorySeconds =
    (work.missedBytes + work.activationBytes * family.activationTraffic) / fromMemory +
    (work.weightBytes - work.missedBytes) / fromCache +
    cut.rampBytes / family.tileBytesPerSecond;
  // Column tiles of the first products and of the last. With fewer tiles than processors a product takes as long as one tile does.
  const oneTileRows = work.oneTileRows + family.passRows;
  const allRows = (work.paddedRows + family.passRows * tiles) / processors;
  const columnRows = Math.max(oneTileRows, allRows * upTiles) * h + Math.max(oneTileRows, allRows * downTiles) * d;
  const computeSeconds =
    (2 * cut.family.tileColumns * columnRows * processors) / (cut.peakFlopsPerSecond * family.arithmeticEfficiency) +
    (tiles * (upTiles + downTiles) * family.secondsPerTile) / processors;
  const overheadSeconds =
    family.fixedSeconds +
    family.secondsPerLocalExpert * work.load.localExperts +
    family.secondsPerRowElement * work.rowElements +
    family.secondsPerRoutedElement * work.routedElements;
  const core = pNorm(memorySeconds, computeSeconds, family.overlapExponent);
  const floorSeconds = Math.max(work.floorMemorySeconds, work.floorComputeSeconds);
  return { seconds: Math.max(floorSeconds, overheadSeconds + core), floorSeconds, computeSeconds, memorySeconds, overheadSeconds };
}
