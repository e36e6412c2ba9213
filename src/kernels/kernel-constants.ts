/** The constants of a kernel family: what a layer's time needs beside the datasheet. */
export interface KernelConstants {
  /** Rows are computed in tiles of at most this many. */
  readonly tileRows: number;
  /** The smallest tile: an expert with few rows takes the least power of two of it that holds them. */
  readonly smallestTileRows: number;
  /** Whether a call takes one tile for all experts (1), by the rows that its experts would have if every routed row stayed here, or each expert its own (0). */
  readonly oneTile: 0 | 1;
  /** Columns of one output tile. */
  readonly tileColumns: number;
  /** What the layer's kernels cost when there is next to nothing to do. */
  readonly fixedSeconds: number;
  /** For each expert that stands on the GPU, active or not: scheduling and set-up. */
  readonly secondsPerLocalExpert: number;
  /** For each row computed on the GPU and each element of hiddenSize. */
  readonly secondsPerRowElement: number;
  /** For each row routed, also to experts elsewhere, and each element that routing, permutation and sum handle for it: hiddenSize and the next three. */
  readonly secondsPerRoutedElement: number;
  /** Whether the width of the model counts once for each token, as its input is read and its sum is written (1), or for each of its rows (0). */
  readonly routedTokens: 0 | 1;
  /** What a routed row costs however narrow the model is, in elements: scores, sorting, its place in the permutation. */
  readonly routedRowElements: number;
  /** Whether the activation between the products runs over every routed row, those of experts elsewhere too (1): the width of an expert for each matrix counts then; or over the rows computed here alone (0). */
  readonly routedActivation: 0 | 1;
  /** Share of the datasheet bandwidth that weights stream at when the GPU is full. */
  readonly memoryEfficiency: number;
  /** Share of the datasheet peak that whole tiles are multiplied at. */
  readonly arithmeticEfficiency: number;
  /** Bytes of activations moved, as a multiple of the fewest. */
  readonly activationTraffic: number;
  /** p of the p-norm that joins compute and memory: 1 adds them, many take the slower. */
  readonly overlapExponent: number;
  /** What passing an expert's weights through the processors once costs beside multiplying, in rows: widening of narrow weights, set-up. */
  readonly passRows: number;
  /** What a processor spends on each output tile (tileColumns of one row tile) beside multiplying: its start and its end. */
  readonly secondsPerTile: number;
  /** Rate at which one processor streams the weights of its own column tile: what bounds a GPU with too few experts to fill it. */
  readonly tileBytesPerSecond: number;
}

export const constantNames = [
  "tileRows",
  "smallestTileRows",
  "oneTile",
  "tileColumns",
  "fixedSeconds",
  "secondsPerLocalExpert",
  "secondsPerRowElement",
  "secondsPerRoutedElement",
  "routedTokens",
  "routedRowElements",
  "routedActivation",
  "memoryEfficiency",
  "arithmeticEfficiency",
  "activationTraffic",
  "overlapExponent",
  "passRows",
  "secondsPerTile",
  "tileBytesPerSecond",
] as const satisfies readonly (keyof KernelConstants)[];
