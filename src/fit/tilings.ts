import type { KernelConstants } from "../kernels/families";

/** How a kernel cuts its work, and what it does to rows of experts elsewhere: chosen among a few ways, not fitted. */
export const chosenNames = [
  "tileRows",
  "smallestTileRows",
  "oneTile",
  "tileColumns",
  "routedTokens",
  "routedRowElements",
  "routedActivation",
] as const;
/** One such way. */
export type Tiling = Pick<KernelConstants, (typeof chosenNames)[number]>;
/** The ways that a family is tried with: smallest and largest tile of rows, and whether a call takes one tile for all experts. A later one has to fit clearly better. */
export const defaultTilings: readonly Tiling[] = (
  [
    [8, 64, 0],
    [8, 128, 0],
    [16, 128, 0],
    [128, 128, 0],
    [8, 256, 1],
    [8, 128, 1],
    [8, 64, 1],
    [64, 128, 1],
    [16, 64, 1],
  ] as const
).map(([smallestTileRows, tileRows, oneTile]) => ({
  smallestTileRows,
  tileRows,
  oneTile,
  tileColumns: 128,
  routedTokens: 0,
  routedRowElements: 0,
  routedActivation: 0,
}));
/** Columns of a tile that the best of them is tried with again; few stand for kernels that also cut a product's depth over processors. */
export const narrowColumns = [64, 32, 16] as const;
/**
 * What routing may cost: the width of each routed row, with no bookkeeping or with that of so many elements beside it, or with the activation of rows
 * that stay elsewhere; and the same with the width of each token once.
 */
export const routedWays = (
  [
    [0, 1024, 0],
    [0, 4096, 0],
    [0, 16_384, 0],
    [0, 0, 1],
    [1, 64, 0],
    [1, 256, 0],
    [1, 1024, 0],
    [1, 64, 1],
    [1, 256, 1],
  ] as const
).map(([routedTokens, routedRowElements, routedActivation]) => ({ routedTokens, routedRowElements, routedActivation }));
