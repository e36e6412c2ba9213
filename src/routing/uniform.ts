import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { requirePositive, requirePositiveInteger } from "../checks";

/** How many ways a router spreads a token. */
export interface Router {
  readonly routedExperts: number;
  /** Distinct experts each token goes to (top-k). */
  readonly expertsPerToken: number;
}

/**
 * Mean tokens that reach each routed expert.
 *
 *     tokens * expertsPerToken / routedExperts
 *
 * Exact for any router: every token goes to expertsPerToken experts, whichever they are.
 *
 * @throws RangeError unless every count is a positive integer and a token has no more experts than there are.
 * @example meanTokensPerExpert(6144, { routedExperts: 384, expertsPerToken: 8 }) // 128
 */
export function meanTokensPerExpert(tokens: number, router: Router): number {
  requireRouting(tokens, router);
  return (tokens * router.expertsPerToken) / router.routedExperts;
}

/**
 * Tokens in flight at which each routed expert sees `tokensPerExpert` on average: the inverse of meanTokensPerExpert.
 *
 *     tokensPerExpert * routedExperts / expertsPerToken
 *
 * @throws RangeError as meanTokensPerExpert, or when tokensPerExpert is not positive.
 * @example tokensForMean(128, { routedExperts: 256, expertsPerToken: 8 }) // 4,096
 */
export function tokensForMean(tokensPerExpert: number, router: Router): number {
  requireRouting(1, router);
  requirePositive("tokensPerExpert", tokensPerExpert);
  return (tokensPerExpert * router.routedExperts) / router.expertsPerToken;
}

/**
 * Expected share of routed experts that receive no token, under uniform routing.
 *
 *     (1 - expertsPerToken / routedExperts) ^ tokens
 *
 * Each token picks distinct experts, independently of the others. A skewed router
 * leaves more idle (the power is convex), so this is the fewest to expect.
 *
 * @throws RangeError as meanTokensPerExpert.
 */
export function idleExpertShare(tokens: number, router: Router): number {
  requireRouting(tokens, router);
  return (1 - router.expertsPerToken / router.routedExperts) ** tokens;
}

/** The load of one expert under a uniform router, as a random count. */
export interface ExpertLoad {
  readonly mean: number;
  readonly standardDeviation: number;
  readonly idleShare: number;
  /** Expected load of the busiest of all routed experts. */
  readonly expectedMaximum: number;
  /** Tokens that a share of 5, 50 and 95 % of experts stay at or below. */
  readonly quantiles: { readonly p05: number; readonly p50: number; readonly p95: number };
  /** P(load = tokens), from the first to the last count whose probability exceeds 1e-12. */
  readonly distribution: readonly { readonly tokens: number; readonly probability: number }[];
}

/**
 * Distribution of the tokens on one expert under a uniform router.
 *
 *     load ~ Binomial(tokens, p),  p = expertsPerToken / routedExperts
 *     expectedMaximum = sum over n >= 0 of 1 - P(load <= n) ^ routedExperts
 *
 * The distribution is exact for one expert. The maximum takes experts as independent; they share
 * a fixed total, which puts it a little low: by less than half a percent at a mean of one token or
 * more over hundreds of experts, by 2 % for 64 tokens over 8 experts, by 10 % for one token (tests hold it
 * against simulations). A real router is skewed and lies above all of this: it is the floor.
 *
 * @throws RangeError as meanTokensPerExpert.
 * @example expertLoad(6144, { routedExperts: 256, expertsPerToken: 8 }).mean // 192
 */
export function expertLoad(tokens: number, router: Router): ExpertLoad {
  requireRouting(tokens, router);
  const p = router.expertsPerToken / router.routedExperts;
  const mean = tokens * p;
  const standardDeviation = Math.sqrt(tokens * p * (1 - p));
  const distribution = binomialAround(tokens, p, standardDeviation);
  return {
    mean,
    standardDeviation,
    idleShare: idleExpertShare(tokens, router),
    expectedMaximum: expectedMaximum(distribution, router.routedExperts),
    quantiles: { p05: quantile(distribution, 0.05), p50: quantile(distribution, 0.5), p95: quantile(distribution, 0.95) },
    distribution,
  };
}

/**
 * Tokens on each expert when every token picks distinct experts uniformly at random.
 *
 * The same seed gives the same counts on every machine. Sum of the counts: tokens * expertsPerToken.
 *
 * @throws RangeError as meanTokensPerExpert, or when the seed is not an integer.
 */
export function simulateUniformRouting(tokens: number, router: Router, seed: number): readonly number[] {
  requireRouting(tokens, router);
  if (!Number.isInteger(seed)) throw new RangeError(`seed must be an integer, got ${String(seed)}`);
  const generator = xoroshiro128plus(seed);
  const { routedExperts, expertsPerToken } = router;
  const counts = new Array<number>(routedExperts).fill(0);
  const deck = counts.map((_, expert) => expert);
  for (let token = 0; token < tokens; token++) {
    for (let i = 0; i < expertsPerToken; i++) {
      const j = uniformInt(generator, i, routedExperts - 1);
      [deck[i], deck[j]] = [deck[j] as number, deck[i] as number];
      counts[deck[i] as number] = (counts[deck[i] as number] as number) + 1;
    }
  }
  return counts;
}

/** Refuse tokens and routers that cannot be. */
export function requireRouting(tokens: number, { routedExperts, expertsPerToken }: Router): void {
  requirePositiveInteger("tokens", tokens);
  requirePositiveInteger("routedExperts", routedExperts);
  requirePositiveInteger("expertsPerToken", expertsPerToken);
  if (expertsPerToken > routedExperts) {
    throw new RangeError(`expertsPerToken must be at most routedExperts, got ${expertsPerToken} of ${routedExperts}`);
  }
}

/**
 * P(load = tokens) of Binomial(n, p), for the counts that double precision can see: twelve standard deviations and twelve
 * counts to either side of the mean.
 *
 *     P(k + 1) / P(k) = (n - k) / (k + 1) * p / (1 - p)
 *
 * The counts are weighed from the likeliest outwards by that ratio, and divided by their sum: no factorial and no logarithm,
 * so the digits are the same on every machine.
 */
function binomialAround(n: number, p: number, standardDeviation: number): ExpertLoad["distribution"] {
  const reach = Math.ceil(12 * standardDeviation) + 12;
  const from = Math.max(0, Math.floor(n * p) - reach);
  const to = Math.min(n, Math.ceil(n * p) + reach);
  const odds = p / (1 - p);
  const likeliest = Math.min(n, Math.floor((n + 1) * p));
  const weights = new Float64Array(to - from + 1);
  weights[likeliest - from] = 1;
  for (let k = likeliest; k < to; k++) weights[k + 1 - from] = ((weights[k - from] as number) * (n - k) * odds) / (k + 1);
  for (let k = likeliest; k > from; k--) weights[k - 1 - from] = ((weights[k - from] as number) * k) / ((n - k + 1) * odds);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from(weights, (weight, i) => ({ tokens: from + i, probability: weight / whole })).filter(
    ({ probability }) => probability > 1e-12,
  );
}

function expectedMaximum(distribution: ExpertLoad["distribution"], draws: number): number {
  let below = 0;
  let expected = distribution[0]?.tokens ?? 0;
  for (const { probability } of distribution) {
    below = Math.min(1, below + probability);
    expected += 1 - below ** draws;
  }
  return expected;
}

function quantile(distribution: ExpertLoad["distribution"], share: number): number {
  let below = 0;
  for (const { tokens, probability } of distribution) {
    below += probability;
    if (below >= share) return tokens;
  }
  return distribution.at(-1)?.tokens ?? 0;
}
