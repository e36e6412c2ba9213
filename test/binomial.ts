/** P(X = k) of Binomial(n, successes / outOf), computed in whole numbers and rounded once. */
export function exactBinomial(k: number, n: number, successes: number, outOf: number): number {
  let ways = 1n;
  for (let i = 0; i < k; i++) ways = (ways * BigInt(n - i)) / BigInt(i + 1);
  const numerator = ways * BigInt(successes) ** BigInt(k) * BigInt(outOf - successes) ** BigInt(n - k);
  const denominator = BigInt(outOf) ** BigInt(n);
  // 20 digits beyond the first one that counts.
  const shift = Math.max(0, denominator.toString().length - numerator.toString().length) + 20;
  return Number(`${(numerator * 10n ** BigInt(shift)) / denominator}e-${shift}`);
}
