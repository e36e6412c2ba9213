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
  /** Groups the router is limited to: set by kernels that run a group-limited router of their own. */
  readonly groups?: RouterGroups | undefined;
}

/** Group-limited routing: the experts stand in `groups`, a token uses the best `kept` of them. */
export interface RouterGroups {
  readonly groups: number;
  readonly kept: number;
}

const samplings = 5;
const remembered = new Map<string, RankLoad>();

/**
 * Rows and active experts of the busiest expert-parallel rank.
 *
 * - `balanced`: token t of T goes to experts t + i s (mod E), s = ceil(E / k), i = 0..k-1; with
 *   fewer tokens than s the tokens spread over the stride. Every expert holds the mean rounded
 *   up or down, and rank 0 is among the ranks with the most. This is how the measured tables
 *   were made, and the least imbalance a whole number of rows allows.
 * - `even`, `uniform`: every local expert holds the same share (fractions allowed); at most one expert a row is active.
 * - `power_law_a`: popularity of experts is drawn from a power law of exponent a between 1 and
 *   0.8 T, scaled to T k rows, no expert above T; the rank with the most rows counts. Averaged
 *   over five seeded drawings.
 *
 * With `groups`, a balanced router that keeps the first half of its groups sends all rows there:
 * each token keeps k * kept / groups of its experts, and fills up with the first experts of all,
 * which ties favour. Measured tables of kernels with a group-limited router show exactly this.
 *
 * @throws RangeError for counts that are not positive integers or a routing not known.
 */
export function rankLoad({ shape, tokens, expertParallel, routing, groups }: RankQuestion): RankLoad {
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
    return groups === undefined ? balanced(tokens, routedExperts, expertsPerToken, local) : limited(tokens, routedExperts, expertsPerToken, local, groups);
  }
  if (routing === "even" || routing === "uniform") return even(tokens, routedExperts, expertsPerToken, local);
  const key = `${routing} ${routedExperts} ${expertsPerToken} ${expertParallel} ${tokens} ${groups?.groups ?? 0} ${groups?.kept ?? 0}`;
  let load = remembered.get(key);
  if (load === undefined) {
    load = powerLaw(tokens, routedExperts, expertsPerToken, local, exponentOf(routing));
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

function limited(tokens: number, experts: number, k: number, local: number, { groups, kept }: RouterGroups): RankLoad {
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

function powerLaw(tokens: number, experts: number, k: number, local: number, exponent: number): RankLoad {
  const classes: LoadClass[] = [];
  for (let s = 0; s < samplings; s++) {
    const counts = drawCounts(tokens, experts, k, exponent, generator(s + 1));
    const rank = busiest(counts, local);
    for (const rows of rank) if (rows > 0) classes.push({ rows, experts: 1 / samplings });
  }
  return fromClasses(local, classes);
}

/** Rows on each expert of one drawing: whole numbers that add up to tokens * k, none above tokens. */
function drawCounts(tokens: number, experts: number, k: number, exponent: number, random: () => number): number[] {
  const total = tokens * k;
  const [from, to] = total > experts ? [1, Math.max(1.25, tokens * 0.8)] : [0.01, 2];
  const e = 1 - exponent;
  const draw = () => (Math.abs(e) < 1e-9 ? from * (to / from) ** random() : ((to ** e - from ** e) * random() + from ** e) ** (1 / e));
  const weights = Array.from({ length: experts }, draw);
  const sum = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((w) => Math.min(tokens, Math.round((w / sum) * total)));
  let left = total - counts.reduce((a, b) => a + b, 0);
  // What rounding and the cap left over goes to, or comes from, one expert after another.
  for (let i = 0; left !== 0; i = (i + 1) % experts) {
    const count = counts[i] as number;
    if (left > 0 && count < tokens) {
      counts[i] = count + 1;
      left--;
    } else if (left < 0 && count > 1) {
      counts[i] = count - 1;
      left++;
    } else if (left < 0 && i === experts - 1 && counts.every((c) => c <= 1)) {
      const occupied = counts.findIndex((c) => c > 0);
      counts[occupied] = 0;
      left++;
    }
  }
  return counts;
}

function busiest(counts: readonly number[], local: number): readonly number[] {
  let best = counts.slice(0, local);
  let most = -1;
  for (let from = 0; from + local <= counts.length; from += local) {
    const rank = counts.slice(from, from + local);
    const rows = rank.reduce((a, b) => a + b, 0);
    if (rows > most) {
      most = rows;
      best = rank;
    }
  }
  return best;
}
