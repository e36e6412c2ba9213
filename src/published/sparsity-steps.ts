import { sparsityGains } from "./next";

/** Optimum range of granularity that the law of Ling gives, independent of compute. @source lingleverage2025 */
export const optimalGranularity = [8, 12] as const;

/** One step between two sparsities, as a gain per doubling. */
export interface SparsityStep {
  readonly from: number;
  readonly to: number;
  /** Times fewer FLOPs for the same loss when sparsity doubles. */
  readonly gainPerDoubling: number;
}

/**
 * Gain of every published step: ratio ^ (1 / log2(to / from)).
 *
 * @example sparsitySteps()
 */
export function sparsitySteps(): readonly SparsityStep[] {
  const all = [...sparsityGains()].sort((a, b) => a.sparsity - b.sparsity);
  return all.slice(1).flatMap((to, i) => {
    const from = all[i];
    return from === undefined
      ? []
      : [
          {
            from: from.sparsity,
            to: to.sparsity,
            gainPerDoubling: (from.relativeFlops / to.relativeFlops) ** (1 / Math.log2(to.sparsity / from.sparsity)),
          },
        ];
  });
}
