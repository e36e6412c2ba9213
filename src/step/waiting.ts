import { requirePositive, requirePositiveInteger } from "../checks";

/**
 * How many times the mean the busiest of some ranks has to do when tokens choose experts by chance.
 *
 *     mean m = tokens k / ranks;   busiest = m x,   where m (x ln x - x + 1) = v c,   at most what a rank can get
 *     v = (1 - 1 / ranks) (experts - k) / (experts - 1), more where a token chooses groups of experts first;   c = g(ranks)^2 / 2
 *
 * A large-deviation bound of the rows of one rank, with g(ranks) the expected largest of so many standard normal numbers in
 * place of the bound's own logarithm: a Poisson number's tail where m is small, a normal number's where it is large. The others
 * wait for the busiest in each layer. Experts are taken as equally popular, so real routing is at least as uneven; balancers take
 * some of that back.
 *
 * @throws RangeError naming the count that cannot be.
 * @example busiestRank({ tokens: 1, expertsPerToken: 8, experts: 256, ranks: 8 }) // 2.6 of one token's eight experts on one of eight ranks
 */
export function busiestRank(question: BusiestQuestion & { readonly tokens: number }): number {
  requirePositive("tokens", question.tokens);
  return busiestPlan(question)(question.tokens);
}

/** Who chooses among what: all but the tokens. */
export interface BusiestQuestion {
  readonly expertsPerToken: number;
  readonly experts: number;
  readonly ranks: number;
  /** Experts are in this many groups, of which a token uses chosenGroups. */
  readonly expertGroups?: number;
  readonly chosenGroups?: number;
}

/** busiestRank with all but the tokens settled once, for many numbers of them. @throws RangeError as busiestRank. */
export function busiestPlan(question: BusiestQuestion): (tokens: number) => number {
  const { expertsPerToken: k, experts, ranks, expertGroups: groups = 1, chosenGroups: chosen = groups } = question;
  requirePositive("expertsPerToken", k);
  for (const [name, count] of [
    ["experts", experts],
    ["ranks", ranks],
    ["expertGroups", groups],
    ["chosenGroups", chosen],
  ] as const)
    requirePositiveInteger(name, count);
  if (ranks <= 1 || k >= experts) return () => 1;
  const variance = (1 - 1 / ranks) * ((experts - k) / (experts - 1)) + ofGroups(k, ranks, groups, chosen) / (k / ranks);
  const spread = (variance * largestNormal(ranks) ** 2) / 2;
  const most = (ranks * Math.min(k, Math.ceil(experts / ranks))) / k;
  return (tokens) => {
    const target = spread / ((tokens * k) / ranks);
    // x ln x - x + 1 is (x - 1)^2 / 2 - (x - 1)^3 / 6 ... near 1; Newton's rule from above.
    let x = 1 + Math.sqrt(2 * target) + target;
    for (let i = 0; i < 6; i++) x -= (x * Math.log(x) - x + 1 - target) / Math.log(x);
    return Math.min(most, x);
  };
}

/** Variance that choosing groups first adds to the rows of one token on a rank: whole groups, or parts of one, stand on a rank. */
function ofGroups(k: number, ranks: number, groups: number, chosen: number): number {
  if (chosen >= groups) return 0;
  const share = 1 / Math.min(ranks, groups);
  const part = Math.min(1, groups / ranks);
  return (part * (k / chosen)) ** 2 * chosen * share * (1 - share) * ((groups - chosen) / (groups - 1));
}

/**
 * Expected largest of n standard normal numbers by Blom's rank, 0.2 to 0.4 % from the exact one for 16 and more. The rule of thumb for
 * balance (`routing/busiest-gpu.ts`) takes the limit for many draws in its place, which a reader can work by hand and lies 2 to 5 % higher.
 */
function largestNormal(n: number): number {
  return normalQuantile((n - 0.375) / (n + 0.25));
}

/** Where the normal distribution's sum reaches p, of at least one half, to 0.00045 (Hastings). */
function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
}
