import { requirePositiveInteger, requireRecord } from "../checks";
import { nearest } from "../text/nearest";
import { busiestFirst, chooseInGroups, drawCounts } from "./power-law";
import type { Router } from "./uniform";

/** Experts of one rank that carry the same number of rows. */
export interface LoadClass {
  readonly rows: number;
  readonly experts: number;
}

/** What the busiest expert-parallel rank has to compute. */
export interface RankLoad {
  /** Experts of the rank that receive at least one row. */
  readonly activeExperts: number;
  /** Experts whose weights stand on the rank. */
  readonly localExperts: number;
  /** Rows (a token at one of its experts) computed on the rank. */
  readonly rows: number;
  /** Rows of the busiest expert. */
  readonly maximumRows: number;
  readonly classes: readonly LoadClass[];
  /** Rows of a class are a mean over draws: tiles are then taken by their mean too. */
  readonly mean?: boolean;
}

/** Which rank, of what, under which router. */
export interface RankQuestion {
  readonly shape: Router;
  /** Tokens that enter the layer, of all ranks together. */
  readonly tokens: number;
  readonly expertParallel: number;
  /** "balanced", "chance", "uniform", "even" or "power_law_<exponent>". */
  readonly routing: string;
  /** What the kernel's router makes of that routing; absent where it takes it as it is. */
  readonly limit?: RouterLimit | undefined;
}

/**
 * What a kernel's own router does to a routing handed to it.
 *
 * groups: experts stand in groups, a token uses the best `kept` of them. folded: expert e counts as
 * local when e modulo the stride of the balanced routing is, a fault of one measured table. packed: rows of a uniform
 * routing lie one after another, and each block of them is computed with one expert's weights: a fault of another.
 */
export type RouterLimit =
  | { readonly kind: "groups"; readonly groups: number; readonly kept: number }
  | { readonly kind: "folded" }
  | { readonly kind: "packed"; readonly block: number };

const samplings = 5;
const remembered = new Map<string, RankLoad>();

/**
 * Rows and active experts of the busiest expert-parallel rank.
 *
 * - `balanced`: token t of T goes to experts t + i s (mod E), s = ceil(E / k), i = 0..k-1; with
 *   fewer tokens than s the tokens spread over the stride. Every expert holds the mean rounded
 *   up or down, and rank 0 is among the ranks with the most. This is how the measured tables
 *   were made, and the least imbalance a whole number of rows allows. Where k does not divide E, what is
 *   left over of the mean is spread over the ranks as evenly as it goes.
 * - `chance`: each token takes k of E experts at random: the rank's experts are touched with
 *   probability 1 - (1 - k/E)^T each, and T k local / E rows arrive there. Means, so fractions of experts and rows.
 * - `even`: every local expert holds the same share (fractions allowed); at most one expert per row is active.
 * - `uniform`: every local expert holds the mean rounded down; where that is nothing, as many experts as the
 *   rank expects rows hold one each. The wide expert-parallel tables were made so. Alone among the routings it does not keep
 *   all rows: up to half of them are lost just below two rows an expert.
 * - `power_law_a`: popularity of experts is drawn from a power law of exponent a between 1 and
 *   0.8 T, scaled to T k rows, no expert above T; the rank with the most rows counts. Averaged
 *   over five seeded drawings.
 *
 * A rank holds local = ceil(E / ranks) experts: the busiest counts, since the others wait for it. With more ranks than
 * experts a rank holds one copy of one, and its rows are those of a whole expert: what copies would take off is not modelled.
 *
 * With a limit of groups, a balanced router keeps the first groups (all tie) and sends every row
 * there: a token keeps k kept / groups of its experts and fills up with the first experts of all.
 * Tables of kernels with a group-limited router show exactly this.
 *
 * @throws RangeError for counts that are not positive integers or a routing not known.
 */
export function rankLoad({ shape, tokens, expertParallel, routing, limit }: RankQuestion): RankLoad {
  requireRecord("shape", shape, "a shape with routedExperts and expertsPerToken");
  const { routedExperts, expertsPerToken } = shape;
  requirePositiveInteger("tokens", tokens);
  requirePositiveInteger("expertParallel", expertParallel);
  requirePositiveInteger("routedExperts", routedExperts);
  requirePositiveInteger("expertsPerToken", expertsPerToken);
  if (expertsPerToken > routedExperts) {
    throw new RangeError(`expertsPerToken must be at most routedExperts, got ${expertsPerToken} of ${routedExperts}`);
  }
  if (!Number.isSafeInteger(tokens * expertsPerToken * Math.ceil(routedExperts / expertParallel)))
    throw new RangeError(`tokens must be so many that rows can be counted, got ${tokens} at ${expertsPerToken} experts each`);
  const local = Math.ceil(routedExperts / expertParallel);
  if (routing === "balanced") {
    if (limit?.kind === "groups") return limited(tokens, routedExperts, expertsPerToken, local, limit);
    return limit?.kind === "folded"
      ? folded(tokens, routedExperts, expertsPerToken, local)
      : balanced(tokens, routedExperts, expertsPerToken, local);
  }
  if (routing === "chance") return chance(tokens, routedExperts, expertsPerToken, local);
  if (routing === "even") return even(tokens, routedExperts, expertsPerToken, local);
  if (routing === "uniform") {
    return limit?.kind === "packed"
      ? packed(tokens, routedExperts, expertsPerToken, local, limit.block)
      : uniform(tokens, routedExperts, expertsPerToken, local);
  }
  const limitKey = limit === undefined ? "" : limit.kind === "groups" ? `${limit.groups}/${limit.kept}` : limit.kind;
  const key = `${routing} ${routedExperts} ${expertsPerToken} ${expertParallel} ${tokens} ${limitKey}`;
  let load = remembered.get(key);
  if (load === undefined) {
    load = powerLaw(tokens, routedExperts, expertsPerToken, local, exponentOf(routing), limit);
    remembered.set(key, load);
  }
  return load;
}

const routings = ["balanced", "chance", "even", "uniform"];

/** Refuse what is no routing. @throws RangeError naming the routings there are. */
export function requireRoutingName(routing: string): void {
  if (!routings.includes(routing)) exponentOf(routing);
}

/** The exponent of "power_law_1.2". @throws RangeError naming the routings there are. */
export function exponentOf(routing: string): number {
  const match = typeof routing === "string" ? /^power_law_(\d{1,3}(?:\.\d{1,12})?)$/.exec(routing) : null;
  if (match === null) {
    const known = ["balanced", "chance", "even", "uniform", "power_law_1.01", "power_law_1.2"];
    throw new RangeError(
      `routing must be balanced, chance, even, uniform or power_law_<exponent>; got "${String(routing)}"; nearest: ${nearest(String(routing), known).join(", ")}`,
    );
  }
  return Number(match[1]);
}

/** Sum over the experts of the rank of their rows rounded up to whole tiles: doubled from the smallest up to `tile`, then multiples of it. */
export function paddedRows(load: RankLoad, tile: number, smallest = tile): number {
  let padded = 0;
  for (const { rows, experts } of load.classes)
    padded += (load.mean === true ? meanTiledRows(rows, tile, smallest) : tiledRows(rows, tile, smallest)) * experts;
  return padded;
}

function tiledRows(rows: number, tile: number, smallest: number): number {
  if (rows > tile) return Math.ceil(rows / tile) * tile;
  let fit = smallest;
  while (fit < rows) fit *= 2;
  return fit;
}

/** What rounding up to tiles adds on average, as a share of the tile: about 0.4 between a power of two and the next, and half beyond. */
const meanPadding = 0.4;

function meanTiledRows(rows: number, tile: number, smallest: number): number {
  return Math.max(smallest, rows + meanPadding * Math.min(rows, tile));
}

/** Row tiles of the largest size that the rank's experts take: how often weights pass through the processors. */
export function rowTiles(load: RankLoad, tile: number): number {
  let tiles = 0;
  for (const { rows, experts } of load.classes)
    tiles += (load.mean === true ? Math.max(1, rows / tile + meanPadding) : Math.ceil(rows / tile)) * experts;
  return tiles;
}

function fromClasses(localExperts: number, classes: readonly LoadClass[]): RankLoad {
  let activeExperts = 0;
  let rows = 0;
  let maximumRows = 0;
  for (const c of classes) {
    activeExperts += c.experts;
    rows += c.experts * c.rows;
    maximumRows = Math.max(maximumRows, c.rows);
  }
  return { activeExperts, localExperts, rows, maximumRows, classes };
}

function balanced(tokens: number, experts: number, k: number, local: number): RankLoad {
  const stride = Math.ceil(experts / k);
  if (experts % k !== 0) {
    const mean = Math.floor((tokens * k) / experts);
    const more = Math.ceil((((tokens * k) % experts) * local) / experts);
    return fromClasses(local, oneMore(mean, more, local - more));
  }
  const cycles = Math.floor(local / stride);
  const rest = local - cycles * stride;
  const more = (part: number) => (tokens >= stride ? Math.min(part, tokens % stride) : Math.ceil((part * tokens) / stride));
  const high = cycles * (tokens % stride) + more(rest);
  return fromClasses(local, oneMore(Math.floor(tokens / stride), high, local - high));
}

/** Experts that hold one row more than a number, and those that hold that number. */
function oneMore(rows: number, high: number, low: number): readonly LoadClass[] {
  const classes: LoadClass[] = [];
  if (high > 0) classes.push({ rows: rows + 1, experts: high });
  if (rows > 0 && low > 0) classes.push({ rows, experts: low });
  return classes;
}

function limited(
  tokens: number,
  experts: number,
  k: number,
  local: number,
  { groups, kept }: { readonly groups: number; readonly kept: number },
): RankLoad {
  const open = Math.max(k, Math.floor((experts * kept) / groups));
  const reachable = Math.max(1, Math.min(local, open));
  const favoured = Math.min(k, k - Math.floor((k * kept) / groups));
  const hot = Math.min(reachable, favoured);
  // What is not on a favoured expert is spread over the others that the groups leave open.
  const others = Math.min(reachable, open) - hot;
  const rest = tokens * (k - favoured);
  const classes: LoadClass[] = hot > 0 ? [{ rows: tokens, experts: hot }] : [];
  if (others > 0 && rest > 0) {
    const share = rest / (open - favoured);
    classes.push(share >= 1 ? { rows: share, experts: others } : { rows: 1, experts: Math.ceil((others * rest) / (open - favoured)) });
  }
  return fromClasses(local, classes);
}

function folded(tokens: number, experts: number, k: number, local: number): RankLoad {
  const stride = Math.ceil(experts / k);
  const plain = balanced(tokens, experts, k, local);
  const rows = k * balanced(tokens, experts, k, Math.min(local, stride)).rows;
  return fromClasses(local, [{ rows: rows / plain.activeExperts, experts: plain.activeExperts }]);
}

function uniform(tokens: number, experts: number, k: number, local: number): RankLoad {
  const rows = Math.floor((tokens * k) / experts);
  if (rows > 0) return fromClasses(local, [{ rows, experts: local }]);
  return fromClasses(local, [{ rows: 1, experts: Math.max(1, Math.floor((tokens * k * local) / experts)) }]);
}

function packed(tokens: number, experts: number, k: number, local: number, block: number): RankLoad {
  const { rows } = uniform(tokens, experts, k, local);
  const active = Math.min(local, Math.ceil(rows / block));
  return fromClasses(local, [{ rows: rows / active, experts: active }]);
}

function chance(tokens: number, experts: number, k: number, local: number): RankLoad {
  const rows = (tokens * k * local) / experts;
  const active = local * -Math.expm1(tokens * Math.log1p(-k / experts));
  const each = rows / active;
  return { activeExperts: active, localExperts: local, rows, maximumRows: each, classes: [{ rows: each, experts: active }], mean: true };
}

function even(tokens: number, experts: number, k: number, local: number): RankLoad {
  const rows = (tokens * k * local) / experts;
  const active = Math.max(1, Math.min(local, Math.round(rows)));
  return fromClasses(local, [{ rows: Math.max(1, rows) / active, experts: active }]);
}

function powerLaw(tokens: number, experts: number, k: number, local: number, exponent: number, limit: RouterLimit | undefined): RankLoad {
  const classes = new Map<number, number>();
  for (let s = 0; s < samplings; s++) {
    const counts = busiestFirst(drawCounts({ tokens, experts, expertsPerToken: k, local, exponent, seed: s + 1 }), local);
    for (const rows of limit === undefined ? counts.slice(0, local) : throughLimit(counts, tokens, k, local, limit)) {
      if (rows > 0) classes.set(rows, (classes.get(rows) ?? 0) + 1 / samplings);
    }
  }
  return fromClasses(
    local,
    [...classes].map(([rows, experts]) => ({ rows, experts })),
  );
}

/** Rows of the first rank's experts after the kernel's own router has had its say. */
function throughLimit(counts: readonly number[], tokens: number, k: number, local: number, limit: RouterLimit): readonly number[] {
  if (limit.kind === "packed") return counts.slice(0, local);
  if (limit.kind === "folded") {
    const stride = Math.ceil(counts.length / k);
    const kept = counts.reduce((sum, rows, e) => sum + (e % stride < local ? rows : 0), 0);
    const plain = counts.slice(0, local);
    const sum = plain.reduce((a, b) => a + b, 0);
    return plain.map((rows) => (rows * kept) / Math.max(1, sum));
  }
  return chooseInGroups(counts, tokens, k, limit).slice(0, local);
}
