import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Tokens followed through a group-limited router; more are represented by these. */
const followed = 512;

/** One drawing of a skewed router's rows. */
export interface Drawing {
  readonly tokens: number;
  readonly experts: number;
  readonly expertsPerToken: number;
  /** Experts of a rank: what rounding leaves over is dealt rank by rank. */
  readonly local: number;
  /** Of the power law. */
  readonly exponent: number;
  readonly seed: number;
}

/**
 * Send tokens through a group-limited router whose scores are 1 for the experts drawn and 0 elsewhere.
 *
 * Experts are dealt to tokens in columns, most loaded first. A group scores the sum of its two best; the
 * best groups and, in them, the best experts are kept, and ties go to the lower number.
 */
export function chooseInGroups(
  counts: readonly number[],
  tokens: number,
  k: number,
  { groups, kept }: { readonly groups: number; readonly kept: number },
): number[] {
  const experts = counts.length;
  const size = Math.max(1, Math.floor(experts / groups));
  const flat: number[] = [];
  const order = counts.map((_, e) => e).sort((a, b) => (counts[b] as number) - (counts[a] as number));
  for (const e of order) for (let i = 0; i < (counts[e] as number); i++) flat.push(e);
  const rows = new Array<number>(experts).fill(0);
  const steps = Math.min(tokens, followed);
  for (let step = 0; step < steps; step++) {
    const token = Math.floor((step * tokens) / steps);
    const drawn: number[] = [];
    const scores = new Array<number>(groups).fill(0);
    for (let i = 0; i < k; i++) {
      const e = flat[i * tokens + token] as number;
      if (drawn.includes(e)) continue;
      drawn.push(e);
      const g = Math.min(groups - 1, Math.floor(e / size));
      scores[g] = Math.min(2, (scores[g] as number) + 1);
    }
    const best = bestOf(scores, kept);
    const chosen = drawn.filter((e) => best.includes(Math.min(groups - 1, Math.floor(e / size))));
    for (const g of best) {
      for (let e = g * size; e < (g + 1) * size && chosen.length < k; e++) if (!drawn.includes(e)) chosen.push(e);
    }
    for (const e of chosen) rows[e] = (rows[e] as number) + tokens / steps;
  }
  return rows;
}

/** The groups of the best scores, in their order; ties go to the lower number. A score is 0, 1 or 2. */
function bestOf(scores: readonly number[], kept: number): readonly number[] {
  const above = (least: number) => scores.reduce((count, score) => count + (score >= least ? 1 : 0), 0);
  // All above this score are kept, and of those with it the first.
  const last = above(2) >= kept ? 2 : above(1) >= kept ? 1 : 0;
  let left = kept - above(last + 1);
  const best: number[] = [];
  for (const [group, score] of scores.entries()) if (score > last || (score === last && left-- > 0)) best.push(group);
  return best;
}

/** Rows on each expert of one drawing: whole numbers that add up to tokens * k, none above tokens. */
export function drawCounts({ tokens, experts, expertsPerToken, local, exponent, seed }: Drawing): number[] {
  const generator = xoroshiro128plus(seed);
  const random = () => uniformFloat64(generator);
  const total = tokens * expertsPerToken;
  const [from, to] = total > experts ? [1, tokens * 0.8] : [0.01, 2];
  const e = 1 - exponent;
  const [least, range] = [from ** e, to ** e - from ** e];
  const draw = () => (Math.abs(e) < 1e-9 ? from * (to / from) ** random() : (range * random() + least) ** (1 / e));
  const weights = Array.from({ length: experts }, draw);
  const sum = weights.reduce((a, b) => a + b, 0);
  const counts = weights.map((w) => Math.min(tokens, Math.round((w / sum) * total)));
  const left = total - counts.reduce((a, b) => a + b, 0);
  // What rounding and the cap left over goes to the emptiest expert of one rank after another, or comes from the fullest.
  const step = Math.sign(left);
  for (let done = 0, from = 0; done < Math.abs(left); from = from + local < experts ? from + local : 0) {
    const e = step > 0 ? emptiest(counts, from, Math.min(local, experts - from)) : fullest(counts, from, Math.min(local, experts - from));
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
export function busiestFirst(counts: readonly number[], local: number): number[] {
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
  const swapped = [...counts];
  for (let e = 0; e < local; e++) {
    swapped[e] = counts[first + e] as number;
    swapped[first + e] = counts[e] as number;
  }
  return swapped;
}
