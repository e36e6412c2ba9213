/** One member of a population: its quantity, its weight and the class it is shown under. */
export interface Member {
  readonly value: number;
  readonly weight: number;
  readonly group: string;
}

/** A class of a population, or all of it: how many rows, what share of their weight holds, and the quantity's spread. */
export interface Summary {
  readonly count: number;
  /** Sum of the weights: a long sweep of one source counts once. */
  readonly weight: number;
  readonly share: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The rows that a share is a share of. */
export interface Population extends Summary {
  readonly name: string;
  readonly classes: readonly (Summary & { readonly name: string })[];
  /** Rows that could not be asked: the model has no answer for them. */
  readonly leftOut: number;
}

/**
 * The share of a population for which a statement holds, by weight, in all and by class.
 *
 *     share = sum of the weights for which it holds / sum of the weights
 *
 * Low and high are 10 and 90 % of the weight. Members whose value is not a number are left out and counted.
 *
 * @example populationOf("two rows", [{ value: 1, weight: 1, group: "a" }, { value: 3, weight: 3, group: "b" }], (v) => v > 2).share // 0.75
 */
export function populationOf(name: string, members: readonly Member[], holds: (value: number) => boolean): Population {
  const kept = members.filter((m) => !Number.isNaN(m.value) && m.weight > 0);
  const groups = [...new Set(kept.map((m) => m.group))].sort();
  const classes = groups.map((group) => ({
    name: group,
    ...summary(
      kept.filter((m) => m.group === group),
      holds,
    ),
  }));
  return { name, ...summary(kept, holds), classes, leftOut: members.length - kept.length };
}

function summary(members: readonly Member[], holds: (value: number) => boolean): Summary {
  const weight = sum(members);
  return {
    count: members.length,
    weight,
    share: sum(members.filter((m) => holds(m.value))) / weight,
    low: weightedQuantile(members, 0.1),
    median: weightedQuantile(members, 0.5),
    high: weightedQuantile(members, 0.9),
  };
}

/** The smallest value at or below which so much of the weight lies; NaN of none. */
export function weightedQuantile(members: readonly Pick<Member, "value" | "weight">[], share: number): number {
  const ascending = [...members].sort((a, b) => a.value - b.value);
  const wanted = share * sum(ascending) - 1e-12;
  let passed = 0;
  for (const { value, weight } of ascending) {
    passed += weight;
    if (passed >= wanted) return value;
  }
  return Number.NaN;
}

function sum(members: readonly { readonly weight: number }[]): number {
  return members.reduce((total, { weight }) => total + weight, 0);
}
