import type { Block, Run } from "../blocks";

/**
 * Group layers that are alike into runs, wherever they stand, in the order of the first of each.
 *
 * @example runsOf([[a], [b], [a]]) // [{ count: 2, blocks: [a] }, { count: 1, blocks: [b] }]
 */
export function runsOf(layers: readonly (readonly Block[])[]): readonly Run[] {
  const runs = new Map<string, { count: number; readonly blocks: readonly Block[] }>();
  for (const blocks of layers) {
    const key = JSON.stringify(blocks);
    const run = runs.get(key);
    if (run === undefined) runs.set(key, { count: 1, blocks });
    else run.count++;
  }
  return [...runs.values()].map(({ count, blocks }) =>
    Object.freeze({ count, blocks: Object.freeze(blocks.map((b) => Object.freeze(b))) }),
  );
}
