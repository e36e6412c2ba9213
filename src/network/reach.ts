/** How a token's experts are chosen, as far as it decides on how many places they lie. */
export interface Choice {
  readonly expertsPerToken: number;
  /** Groups of experts that a router chooses first; one or absent where it does not. */
  readonly expertGroups?: number;
  readonly chosenGroups?: number;
}

/**
 * Places (nodes, or ranks) among so many on which the experts of one token lie, on average, when it chooses by chance.
 *
 *     no groups       n (1 - (1 - 1/n)^k)
 *     c of g groups   n (1 - sum over j of H(j) (1 - j/c)^k),   H(j) the chance that j of a place's g/n groups are chosen (hypergeometric)
 *
 * Experts are taken with replacement, of which there are many to a place: with 8 of 256 experts and 8 places it errs by 1.1 %. Where groups
 * do not divide over the places the two whole numbers around stand for the share between them.
 *
 * @example reachedPlaces(4, { expertsPerToken: 8 }) // 3.6
 * @example reachedPlaces(4, { expertsPerToken: 8, expertGroups: 8, chosenGroups: 4 }) // 2.9
 */
export function reachedPlaces(
  places: number,
  { expertsPerToken: k, expertGroups: groups = 1, chosenGroups: chosen = groups }: Choice,
): number {
  if (chosen >= groups) return places * (1 - (1 - 1 / places) ** k);
  const here = groups / places;
  // A place is a part of one group.
  if (here <= 1) return places * (chosen / groups) * (1 - (1 - Math.min(1, groups / (places * chosen))) ** k);
  const [less, more] = [Math.floor(here), Math.ceil(here)].map((own) => missed(own, groups, chosen, k)) as [number, number];
  return places * (1 - (less + (here - Math.floor(here)) * (more - less)));
}

/** Chance that a place with so many of the groups gets no expert of a token. */
function missed(own: number, groups: number, chosen: number, k: number): number {
  let chance = 0;
  for (let j = 0; j <= Math.min(own, chosen); j++) {
    chance += ((ways(own, j) * ways(groups - own, chosen - j)) / ways(groups, chosen)) * (1 - j / chosen) ** k;
  }
  return chance;
}

/** Ways to choose so many of n. */
function ways(n: number, some: number): number {
  if (some < 0 || some > n) return 0;
  let all = 1;
  for (let i = 0; i < some; i++) all *= (n - i) / (i + 1);
  return all;
}
