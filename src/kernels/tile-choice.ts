/** The tiles and splits a kernel chooses from: its structure, picked by error on the fitted rows, not fitted itself. */
export interface DenseTiles {
  readonly tileRows: readonly number[];
  readonly tileColumns: readonly number[];
  /** Parts that k may be split in. */
  readonly splits: readonly number[];
}

/** Of the fitted constants of a family, those of its tiles. */
export interface TileCosts {
  /** Share of the datasheet peak that a whole tile is multiplied at. */
  readonly arithmeticEfficiency: number;
  /** For each 128 of k that a tile walks, beside its arithmetic: what makes long, narrow products slow. */
  readonly secondsPerStep: number;
  /** Of adding up the parts when k is split over processors. */
  readonly splitSeconds: number;
}

/** What the time of each tiling of one matrix needs beside the rows; settled once for a matrix, a family and a machine. */
export interface TileChoice {
  /** Of each tiling in a row: see `fields`. */
  readonly numbers: Float64Array;
  readonly edges: (number: number) => number;
}

/** A tiling of a choice for some rows. */
export interface Tiling {
  readonly m: number;
  readonly n: number;
  readonly splits: number;
  readonly waves: number;
}

/** The machine and the matrix that tiles are chosen for. */
export interface TiledMatrix {
  readonly n: number;
  readonly k: number;
  readonly processors: number;
  readonly peak: number;
  readonly bandwidth: number;
}

/** Numbers of a tiling: its rows, waves for each tile of rows, seconds of a wave, of adding the parts of k up, the same for each row, columns, splits. */
const fields = 7;
/** k is walked in steps of this many. */
const stepLength = 128;
/** Accumulators of a larger tile do not fit a processor. */
const largestTile = 256 * 128;

/**
 * The tilings that a family has for a matrix.
 *
 *     waves for each tile of rows = ceil(n / tn) s / P
 *     seconds of a wave           = ceil(k / s / 128) (128 2 tm tn P / (peak e) + step)
 *     seconds of adding up        = s > 1: split + 8 s m n / bandwidth
 *
 * @param keepAll whether tilings stay that another one beats whatever the rows: sorting them out pays where many rows are asked for.
 */
export function tileChoice(
  tiles: DenseTiles,
  c: TileCosts,
  { n, k, processors, peak, bandwidth }: TiledMatrix,
  edges: (number: number) => number,
  keepAll: boolean,
): TileChoice {
  const { tileRows, tileColumns, splits } = tiles;
  const numbers = new Float64Array(tileRows.length * tileColumns.length * splits.length * fields);
  let end = 0;
  for (const tm of tileRows) {
    for (const tn of tileColumns) {
      if (tm * tn > largestTile) continue;
      const stepSeconds = (stepLength * 2 * tm * tn * processors) / (peak * c.arithmeticEfficiency) + c.secondsPerStep;
      for (const s of splits) {
        numbers[end] = tm;
        numbers[end + 1] = (Math.ceil(n / tn) * s) / processors;
        numbers[end + 2] = Math.ceil(k / s / stepLength) * stepSeconds;
        numbers[end + 3] = s === 1 ? 0 : c.splitSeconds;
        numbers[end + 4] = s === 1 ? 0 : (8 * s * n) / bandwidth;
        numbers[end + 5] = tn;
        numbers[end + 6] = s;
        end += fields;
      }
    }
  }
  return { numbers: keepAll ? numbers.subarray(0, end) : undominated(numbers, end), edges };
}

/** Tilings less those that one of the same rows beats, or equals, in every number. */
function undominated(numbers: Float64Array, end: number): Float64Array {
  const kept = new Float64Array(end);
  let length = 0;
  for (let tiling = 0; tiling < end; tiling += fields) {
    if (isBeaten(numbers, end, tiling)) continue;
    for (let field = 0; field < fields; field++) kept[length++] = numbers[tiling + field] as number;
  }
  return kept.slice(0, length);
}

/** Whether another tiling of the same rows beats this one, or equals it and comes first. */
function isBeaten(numbers: Float64Array, end: number, tiling: number): boolean {
  for (let other = 0; other < end; other += fields) {
    if (numbers[other] !== numbers[tiling] || !isNoWorse(numbers, other, tiling)) continue;
    if (other < tiling || !isNoWorse(numbers, tiling, other)) return true;
  }
  return false;
}

function isNoWorse(numbers: Float64Array, a: number, b: number): boolean {
  for (let field = 1; field <= 4; field++) if ((numbers[a + field] as number) > (numbers[b + field] as number)) return false;
  return true;
}

/** Where in the choice the tiling stands that takes least for so many rows, the first of those that take the same. */
export function fastestTiling({ numbers, edges }: TileChoice, m: number): number {
  let seconds = Number.POSITIVE_INFINITY;
  let best = 0;
  let tileRows = 0;
  let tilesOfRows = 0;
  for (let i = 0; i < numbers.length; i += fields) {
    const waveSeconds = numbers[i + 2] as number;
    // A wave is the least.
    if (waveSeconds >= seconds) continue;
    if (numbers[i] !== tileRows) {
      tileRows = numbers[i] as number;
      tilesOfRows = edges(m / tileRows);
    }
    const candidate =
      edges(tilesOfRows * (numbers[i + 1] as number)) * waveSeconds + (numbers[i + 3] as number) + m * (numbers[i + 4] as number);
    if (candidate < seconds) {
      seconds = candidate;
      best = i;
    }
  }
  return best;
}

/** What the fastest tiling takes. */
export const leastSeconds =
  (choice: TileChoice) =>
  (m: number): number =>
    tilingSeconds(choice, fastestTiling(choice, m), m);

function wavesOf({ numbers, edges }: TileChoice, at: number, m: number): number {
  return edges(edges(m / (numbers[at] as number)) * (numbers[at + 1] as number));
}

/** What the tiling at a place takes for so many rows. */
export function tilingSeconds(choice: TileChoice, at: number, m: number): number {
  const { numbers } = choice;
  return wavesOf(choice, at, m) * (numbers[at + 2] as number) + (numbers[at + 3] as number) + m * (numbers[at + 4] as number);
}

/** The tiling at a place. */
export function tilingAt(choice: TileChoice, at: number, m: number): Tiling {
  const { numbers } = choice;
  return { m: numbers[at] as number, n: numbers[at + 5] as number, splits: numbers[at + 6] as number, waves: wavesOf(choice, at, m) };
}
