import { requirePositiveInteger } from "../checks";
import { nearest } from "../text/nearest";
import type { Block, DenseBlock, ExpertsBlock, Indexer, Run } from "./blocks";
import { mixerKinds, mixerSizes } from "./mixers/mixers";

/** Most layers, and most of any size: no released model comes near. */
const mostLayers = 10_000;
const largestSize = 1e9;

/** Refuse what is no model. @throws RangeError naming the field. */
export function requireModel(name: string, model: { readonly runs: readonly Run[] }): void {
  if (typeof model !== "object" || model === null || !Array.isArray(model.runs))
    throw new RangeError(`${name} must be a model with runs, as model(id) gives`);
}

/**
 * Refuse runs that no model can have.
 *
 * @throws RangeError naming the run, the block and the field, what was expected and what came.
 */
export function requireRuns(runs: readonly Run[], hiddenSize: number): void {
  if (!Array.isArray(runs) || runs.length === 0) throw new RangeError("runs must be a list of at least one run of layers");
  let layers = 0;
  runs.forEach(({ count, blocks }, i) => {
    requirePositiveInteger(`runs[${i}].count`, count);
    layers += count;
    if (!Array.isArray(blocks) || blocks.length === 0) throw new RangeError(`runs[${i}].blocks must be a list of at least one block`);
    blocks.forEach((block: Block, j: number) => {
      requireBlock(block, `runs[${i}].blocks[${j}]`, hiddenSize);
    });
  });
  if (layers > mostLayers) throw new RangeError(`runs must hold at most ${mostLayers} layers, got ${layers}`);
}

function requireBlock(block: Block, path: string, hiddenSize: number): void {
  const record = block as unknown as Readonly<Record<string, number>>;
  const sizes = (names: readonly string[]) => {
    for (const name of names) {
      requirePositiveInteger(`${path}.${name}`, record[name] as number);
      if ((record[name] as number) > largestSize)
        throw new RangeError(`${path}.${name} must be at most ${largestSize}, got ${record[name]}`);
    }
  };
  switch (block.kind) {
    case "dense":
      sizes(["width"]);
      requireMatrices(block, path);
      return;
    case "experts":
      requireExperts(block, path, hiddenSize, sizes);
      return;
    default: {
      const names = mixerSizes(block);
      if (names === undefined) {
        const kinds = ["dense", "experts", ...mixerKinds];
        throw new RangeError(
          `${path}.kind must be one of ${kinds.join(", ")}; got "${String((block as Block).kind)}"; nearest: ${nearest(String((block as Block).kind), kinds).join(", ")}`,
        );
      }
      sizes(names);
      for (const name of ["queryRank", "window", "chunk", "gateRank", "decayRank"]) if (record[name] !== undefined) sizes([name]);
      if ("indexer" in block && block.indexer !== undefined) requireIndexer(block.indexer, `${path}.indexer`);
    }
  }
}

function requireExperts(block: ExpertsBlock, path: string, hiddenSize: number, sizes: (names: readonly string[]) => void): void {
  sizes(["routed", "perToken", "width", "inputWidth", "groups", "chosenGroups"]);
  requireMatrices(block, path);
  if (block.perToken > block.routed)
    throw new RangeError(`${path}.perToken must be at most routed (${block.routed}), got ${block.perToken}`);
  if (!(block.computedPerToken > 0 && block.computedPerToken <= block.perToken)) {
    throw new RangeError(
      `${path}.computedPerToken must be above 0 and at most perToken (${block.perToken}), got ${block.computedPerToken}`,
    );
  }
  if (block.inputWidth > hiddenSize)
    throw new RangeError(`${path}.inputWidth must be at most hiddenSize (${hiddenSize}), got ${block.inputWidth}`);
  for (const name of ["shared", "sharedWidth", "emptyExperts"] as const) {
    if (!Number.isInteger(block[name]) || block[name] < 0)
      throw new RangeError(`${path}.${name} must be a whole number of at least 0, got ${block[name]}`);
  }
}

function requireMatrices({ matrices }: DenseBlock | ExpertsBlock, path: string): void {
  if (matrices !== 2 && matrices !== 3) throw new RangeError(`${path}.matrices must be 2 or 3, got ${String(matrices)}`);
}

function requireIndexer(indexer: Indexer, path: string): void {
  for (const name of ["heads", "headDim", "topK", "poolTokens", "keyBytes"] as const)
    requirePositiveInteger(`${path}.${name}`, indexer[name]);
}
