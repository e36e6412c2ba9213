import type { Outcome } from "./kinds";
import type { Part } from "./part";

/** What a claim comes to. */
export type Verdict = "Right" | "Mostly right" | "Half right" | "Mostly wrong" | "Wrong" | "Depends on a word" | "Not yet";

/**
 * All seven, the best first.
 *
 * @example verdicts[0] // "Right"
 */
export const verdicts: readonly Verdict[] = [
  "Right",
  "Mostly right",
  "Half right",
  "Mostly wrong",
  "Wrong",
  "Depends on a word",
  "Not yet",
];

/** What the rule needs of a part. */
export interface Counted extends Pick<Part, "stance" | "stress" | "outcome"> {
  /** What each reading comes to, where there are several. */
  readonly readings?: readonly { readonly outcome: Outcome }[];
}

/**
 * The verdict of a claim, from its parts alone.
 *
 *     score = sum of weight times (right 1, open 1/2, wrong 0) / sum of weight
 *
 * A part weighs its stress, half of it where the author hedges. Where he only asks, the answers to his questions are what counts. A
 * finding of ours (stress 0) counts for nothing. A score of 1 is Right, from 3/5 Mostly right, up to 2/5 Mostly wrong, 0 Wrong, between
 * them Half right. Parts that nothing decides yet are left out; where they are half of the weight or more, Not yet.
 *
 * A part whose readings disagree is scored once with the best and once with the worst of them: where one score is on the side of right
 * and the other is not, or one on the side of wrong, the claim Depends on a word; else it is what holds under either reading, which is
 * the lower. Readings are never averaged.
 *
 * @throws RangeError when no part counts.
 * @example verdictOf(claim("5").parts)
 */
export function verdictOf(parts: readonly Counted[]): Verdict {
  const score = verdictScore(parts);
  if (score === undefined) return "Not yet";
  return side(score.best) === side(score.worst) ? wordOf(score.worst) : "Depends on a word";
}

/** The score of a claim with the worst and with the best of its readings; the same where no readings disagree. */
export interface Score {
  readonly worst: number;
  readonly best: number;
}

/**
 * The score that a verdict follows from; undefined where half of the weight or more is not decided yet.
 *
 * @throws RangeError when no part counts.
 * @example verdictScore(claim("3").parts)
 */
export function verdictScore(parts: readonly Counted[]): Score | undefined {
  const counted = countedParts(parts);
  const all = total(counted);
  if (all === 0) throw new RangeError("parts must hold at least one that counts, got none");
  const decided = counted.filter(({ part }) => part.outcome !== "pending");
  if (2 * total(decided) <= all) return undefined;
  return { worst: scoreOf(decided, Math.min), best: scoreOf(decided, Math.max) };
}

/**
 * Whether a verdict lies on a border of the rule between right, half and wrong, or is one step of one part away from another side.
 *
 * A step is from right to open or from open to wrong, or back. Undefined where it is further away, turns on a word or is not known yet.
 *
 * @throws RangeError when no part counts.
 * @example nearness(claim("3").parts)
 */
export function nearness(parts: readonly Counted[]): "border" | "one step" | undefined {
  const score = verdictScore(parts);
  if (score === undefined || side(score.best) !== side(score.worst)) return undefined;
  const at = score.worst;
  if (borders.some((border) => Math.abs(at - border) <= hair)) return "border";
  const decided = countedParts(parts).filter(({ part }) => part.outcome !== "pending");
  const all = total(decided);
  const moves = decided.some(({ part, weight }) => {
    const own = partScore(part, Math.min);
    return [own - 0.5, own + 0.5].some((other) => other >= 0 && other <= 1 && side(at + (weight * (other - own)) / all) !== side(at));
  });
  return moves ? "one step" : undefined;
}

interface Weighed<P extends Counted> {
  readonly part: P;
  readonly weight: number;
}

/** The parts that a verdict counts, with their weights. */
export function countedParts<P extends Counted>(parts: readonly P[]): readonly Weighed<P>[] {
  const stated = parts.some((part) => part.stance !== "asks" && part.stress > 0);
  return parts.flatMap((part) => {
    if (part.stress === 0 || (stated && part.stance === "asks")) return [];
    return [{ part, weight: part.stance === "hedges" ? part.stress / 2 : part.stress }];
  });
}

type Choose = (...scores: readonly number[]) => number;

function scoreOf(decided: readonly Weighed<Counted>[], choose: Choose): number {
  return decided.reduce((sum, { part, weight }) => sum + weight * partScore(part, choose), 0) / total(decided);
}

function partScore({ outcome, readings = [] }: Counted, choose: Choose): number {
  if (outcome !== "depends") return scores[outcome];
  const known = readings.map((r) => r.outcome).filter((o) => o !== "pending" && o !== "depends");
  return choose(...known.map((o) => scores[o]));
}

/** A part that depends on its reading has the score of one of them. */
const scores: Readonly<Record<Outcome, number>> = { right: 1, open: 0.5, wrong: 0, depends: Number.NaN, pending: Number.NaN };

function total(parts: readonly Weighed<Counted>[]): number {
  return parts.reduce((sum, { weight }) => sum + weight, 0);
}

/** Shares of fifths come out of sums of halves, so a hair to either side is floating point. */
const hair = 1e-9;

/** Up to the first a claim is on the side of wrong, from the second on that of right. */
const borders = [0.4, 0.6] as const;

function wordOf(score: number): Verdict {
  if (score >= 1 - hair) return "Right";
  if (score >= borders[1] - hair) return "Mostly right";
  if (score > borders[0] + hair) return "Half right";
  return score > hair ? "Mostly wrong" : "Wrong";
}

function side(score: number): -1 | 0 | 1 {
  if (score >= borders[1] - hair) return 1;
  return score <= borders[0] + hair ? -1 : 0;
}
