import { requirePositiveInteger } from "./checks";
import type { MoeLayerShape } from "./model";
import { nearest } from "./nearest";

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
}

/** Which rank, of what, under which router. */
export interface RankQuestion {
  readonly shape: MoeLayerShape;
  /** Tokens that enter the layer, of all ranks together. */
  readonly tokens: number;
  readonly expertParallel: number;
  /** "balanced", "uniform", "even" or "power_law_<exponent>". */
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
/** Tokens followed through a group-limited router; more are represented by these. */
const followed = 512;
const remembered = new Map<string, RankLoad>();

/**
 * Rows and active experts of the busiest expert-parallel rank.
 *
 * - `balanced`: token t of T goes to experts t + i s (mod E), s = ceil(E / k), i = 0..k-1; with
 *   fewer tokens than s the tokens spread over the stride. Every expert holds the mean rounded
 *   up or down, and rank 0 is among the ranks with the most. This is how the measured tables
 *   were made, and the least imbalance a whole number of rows allows.
 * - `even`: every local expert holds the same share (fractions allowed); at most one expert a row is active.
 * - `uniform`: every local expert holds the mean rounded down; where that is nothing, as many experts as the
 *   rank expects rows hold one each. The wide expert-parallel tables were made so.
 * - `power_law_a`: popularity of experts is drawn from a power law of exponent a between 1 and
 *   0.8 T, scaled to T k rows, no expert above T; the rank with the most rows counts. Averaged
 *   over five seeded drawings.
 *
 * With a limit of groups, a balanced router keeps the first groups (all tie) and sends every row
 * there: a token keeps k kept / groups of its experts and fills up with the first experts of all.
 * Tables of kernels with a group-limited router show exactly this.
 *
 * @throws RangeError for counts that are not positive integers or a routing not known.
 */
export function rankLoad({ shape, tokens, expertParallel, routing, limit }: RankQuestion): RankLoad {
  const { routedExperts, expertsPerToken } = shape;
  requirePositiveInteger("tokens", tokens);
  requirePositiveInteger("expertParallel", expertParallel);
  requirePositiveInteger("routedExperts", routedExperts);
  requirePositiveInteger("expertsPerToken", expertsPerToken);
  if (expertsPerToken > routedExperts) {
    throw new RangeError(`expertsPerToken must be at most routedExperts, got ${expertsPerToken} of ${routedExperts}`);
  }
  if (expertParallel > routedExperts) {
    throw new RangeError(`expertParallel must be at most routedExperts, got ${expertParallel} for ${routedExperts} experts`);
  }
  const local = Math.max(1, Math.floor(routedExperts / expertParallel));
  if (routing === "balanced") {
    if (limit?.kind === "groups") return limited(tokens, routedExperts, expertsPerToken, local, limit);
    return limit?.kind === "folded" ? folded(tokens, routedExperts, expertsPerToken, local) : balanced(tokens, routedExperts, expertsPerToken, local);
  }
  if (routing === "even") return even(tokens, routedExperts, expertsPerToken, local);
  if (routing === "uniform") {
    return limit?.kind === "packed" ? packed(tokens, routedExperts, expertsPerToken, local, limit.block) : uniform(tokens, routedExperts, expertsPerToken, local);
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

/** The exponent of "power_law_1.2". @throws RangeError naming the routings there are. */
export function exponentOf(routing: string): number {
  const match = /^power_law_(\d+(?:\.\d+)?)$/.exec(routing);
  if (match === null) {
    const known = ["balanced", "even", "uniform", "power_law_1.01", "power_law_1.2"];
    throw new RangeError(`routing must be balanced, even, uniform or power_law_<exponent>; got "${routing}"; nearest: ${nearest(routing, known).join(", ")}`);
  }
  return Number(match[1]);
}

/** Sum over the experts of the rank of their rows rounded up to whole tiles. */
export function paddedRows(load: RankLoad, tile: number): number {
  let padded = 0;
  for (const { rows, experts } of load.classes) padded += Math.ceil(rows / tile) * tile * experts;
  return padded;
}

function fromClasses(localExperts: number, classes: readonly LoadClass[]): RankLoad {
  let activeExperts = 0;
  let rows = 0;
  let maximumRows = 0;
  for (const c of classes) {
    activeExperts += c.experts;
    rows += c.experts * c.rows;
    if (c.rows > maximumRows) maximumRows = c.rows;
  }
  return { activeExperts, localExperts, rows, maximumRows, classes };
}

function balanced(tokens: number, experts: number, k: number, local: number): RankLoad {
  const stride = Math.ceil(experts / k);
  const cycles = Math.floor(local / stride);
  const rest = local - cycles * stride;
  const more = (part: number) => (tokens >= stride ? Math.min(part, tokens % stride) : Math.ceil((part * tokens) / stride));
  const floor = tokens >= stride ? Math.floor(tokens / stride) : 0;
  const high = cycles * (tokens >= stride ? tokens % stride : tokens) + more(rest);
  const low = local - high;
  const classes: LoadClass[] = [];
  if (high > 0) classes.push({ rows: floor + 1, experts: high });
  if (floor > 0 && low > 0) classes.push({ rows: floor, experts: low });
  return fromClasses(local, classes);
}

function limited(tokens: number, experts: number, k: number, local: number, { groups, kept }: { readonly groups: number; readonly kept: number }): RankLoad {
  const reachable = Math.max(1, Math.min(local, Math.floor((experts * kept) / groups)));
  const chosen = balanced(tokens, experts, k, reachable);
  const favoured = Math.min(reachable, k - Math.floor((k * kept) / groups));
  const classes: LoadClass[] = [];
  let taken = 0;
  for (const c of chosen.classes) {
    const hot = Math.min(c.experts, favoured - taken);
    if (hot > 0) classes.push({ rows: Math.min(tokens, c.rows + tokens), experts: hot });
    if (c.experts > hot) classes.push({ rows: c.rows, experts: c.experts - hot });
    taken += hot;
  }
  if (taken < favoured) classes.push({ rows: tokens, experts: favoured - taken });
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
  return fromClasses(local, [{ rows: 1, experts: Math.max(1, Math.min(local, Math.floor((tokens * k * local) / experts))) }]);
}

function packed(tokens: number, experts: number, k: number, local: number, block: number): RankLoad {
  const { rows } = uniform(tokens, experts, k, local);
  const active = Math.max(1, Math.min(local, Math.ceil(rows / block)));
  return fromClasses(local, [{ rows: rows / active, experts: active }]);
}

function even(tokens: number, experts: number, k: number, local: number): RankLoad {
  const rows = (tokens * k * local) / experts;
  const active = Math.max(1, Math.min(local, Math.round(rows)));
  return fromClasses(local, [{ rows: Math.max(1, rows) / active, experts: active }]);
}

/** A small generator with a fixed start, so that the same question has the same answer everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function powerLaw(tokens: number, experts: number, k: number, local: number, exponent: number, limit: RouterLimit | undefined): RankLoad {
  const classes = new Map<number, number>();
  for (let s = 0; s < samplings; s++) {
    const counts = busiestFirst(drawCounts(tokens, experts, k, local, exponent, generator(s + 1)), local);
    for (const rows of limit === undefined ? counts.slice(0, local) : throughLimit(counts, tokens, k, local, limit)) {
      if (rows > 0) classes.set(rows, (classes.get(rows) ?? 0) + 1 / samplings);
    }
  }
  return fromClasses(local, [...classes].map(([rows, experts]) => ({ rows, experts })));
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

/**
 * Send tokens through a group-limited router whose scores are 1 for the experts drawn and 0 elsewhere.
 *
 * Experts are dealt to tokens in columns, most loaded first. A group scores the sum of its two best; the
 * best groups and, in them, the best experts are kept, and ties go to the lower number.
 */
function chooseInGroups(counts: readonly number[], tokens: number, k: number, { groups, kept }: { readonly groups: number; readonly kept: number }): number[] {
  const experts = counts.length;
  const size = Math.max(1, Math.floor(experts / groups));
  const flat: number[] = [];
  const order = counts.map((_, e) => e).sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  for (const e of order) for (let i = 0; i < (counts[e] as number); i++) flat.push(e);
  const rows = new Array<number>(experts).fill(0);
  const steps = Math.min(tokens, followed);
  for (let step = 0; step < steps; step++) {
    const token = Math.floor((step * tokens) / steps);
    const drawn: number[] = [];
    const scores = new Array<number>(groups).fill(0);
    for (let i = 0; i < k; i++) {
      const e = flat[i * tokens + token];
      if (e === undefined || drawn.includes(e)) continue;
      drawn.push(e);
      const g = Math.min(groups - 1, Math.floor(e / size));
      scores[g] = Math.min(2, (scores[g] as number) + 1);
    }
    const best = scores.map((_, g) => g).sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b).slice(0, kept);
    best.sort((a, b) => a - b);
    const chosen = drawn.filter((e) => best.includes(Math.min(groups - 1, Math.floor(e / size))));
    for (const g of best) {
      for (let e = g * size; e < (g + 1) * size && chosen.length < k; e++) if (!drawn.includes(e)) chosen.push(e);
    }
    for (const e of chosen) rows[e] = (rows[e] as number) + tokens / steps;
  }
  return rows;
}

/** Rows on each expert of one drawing: whole numbers that add up to tokens * k, none above tokens. */
function drawCounts(tokens: number, experts: number, k: number, local: number, exponent: number, random: () => number): number[] {
  const total = tokens * k;
  const [from, to] = total > experts ? [1, Math.max(1.25, tokens * 0.8)] : [0.01, 2];
  const e = 1 - exponent;
  const draw = () => (Math.abs(e) < 1e-9 ? from * (to / from) ** random() : ((to ** e - from ** e) * random() + from ** e) ** (1 / e));
  const weights = Array.from({ length: experts }, draw);
  const sum = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((w) => Math.min(tokens, Math.round((w / sum) * total)));
  const left = total - counts.reduce((a, b) => a + b, 0);
  // What rounding and the cap left over goes to the emptiest expert of one rank after another, or comes from the fullest.
  const step = Math.sign(left);
  for (let done = 0, from = 0; done < Math.abs(left); from = from + local + local <= experts ? from + local : 0) {
    const e = step > 0 ? emptiest(counts, from, local) : fullest(counts, from, local);
    const count = counts[e] as number;
    if (step > 0 ? count >= tokens : count <= 0) continue;
    counts[e] = count + step;
    done++;
  }
  return counts;
}

function emptiest(counts: readonly number[], from: number, length: number): number {
  let best = from;
  for (let e = from + 1; e < from + length; e++) if ((counts[e] as number) < (counts[best] as number)) best = e;
  return best;
}

function fullest(counts: readonly number[], from: number, length: number): number {
  let best = from;
  for (let e = from + 1; e < from + length; e++) if ((counts[e] as number) > (counts[best] as number)) best = e;
  return best;
}

/** The counts with the rank that has the most rows in the first place. */
function busiestFirst(counts: readonly number[], local: number): number[] {
  let first = 0;
  let most = -1;
  for (let from = 0; from + local <= counts.length; from += local) {
    let rows = 0;
    for (let e = from; e < from + local; e++) rows += counts[e] as number;
    if (rows > most) {
      most = rows;
      first = from;
    }
  }
  if (first === 0) return [...counts];
  const swapped = [...counts];
  for (let e = 0; e < local; e++) {
    swapped[e] = counts[first + e] as number;
    swapped[first + e] = counts[e] as number;
  }
  return swapped;
}
