import { requireNonNegative, requirePositive, requirePositiveInteger } from "../checks";

/** Experts dealt to GPUs as they come, none of them twice. */
export interface Unevenness {
  readonly tokensPerExpert: number;
  readonly routedExperts: number;
  readonly gpus: number;
  /** Coefficient of variation of what experts are asked for, chance left out. */
  readonly skew: number;
}

/**
 * Tokens of the busiest GPU over those of the mean GPU, as a rule of thumb.
 *
 *     1 + z(gpus) sqrt((skew^2 + 1 / tokensPerExpert) / expertsPerGpu)
 *
 * Experts differ by their skew and by chance (a Poisson count), and average out over those that share a GPU as if they were
 * independent. Real neighbours are not, and a real load has a longer tail than a bell, so the truth lies higher.
 *
 * @throws RangeError unless counts are positive and the skew is not negative.
 */
export function busiestOverMean({ tokensPerExpert, routedExperts, gpus, skew }: Unevenness): number {
  requirePositive("tokensPerExpert", tokensPerExpert);
  requirePositiveInteger("routedExperts", routedExperts);
  requirePositiveInteger("gpus", gpus);
  requireNonNegative("skew", skew);
  return 1 + expectedMaximum(gpus) * Math.sqrt(((skew ** 2 + 1 / tokensPerExpert) * gpus) / routedExperts);
}

/**
 * The largest of n draws from a bell curve, in standard deviations above the mean, to be expected.
 *
 *     r - (ln ln n + ln 4 pi) / (2 r) + 0.5772 / r,  r = sqrt(2 ln n)
 *
 * The limit for many draws, too high for few: by 5 % for 16, 2 % from 100 on; 0 for one draw, where nothing stands out.
 * The waiting of a step (`step/waiting.ts`), to which constants are fitted, takes the same quantity by Blom's rank, within 0.4 % of it from 16 on.
 *
 * @source Cramér (1946), Mathematical Methods of Statistics, section 28.6
 */
export function expectedMaximum(n: number): number {
  requirePositiveInteger("n", n);
  if (n === 1) return 0;
  const root = Math.sqrt(2 * Math.log(n));
  return Math.max(0, root - (Math.log(Math.log(n)) + Math.log(4 * Math.PI)) / (2 * root) + eulerGamma / root);
}

const eulerGamma = 0.5772156649015329;
