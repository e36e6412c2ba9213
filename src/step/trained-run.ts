import { type Block, isMixer, type Mixer } from "../model/blocks";
import { type FeedForwardMatrix, feedForwardMatrices } from "../model/feed-forward";
import { mixerMatrices } from "../model/mixers/mixers";
import type { BlockMatrix } from "../model/mixers/rules";
import type { Plan } from "./plan";
import { coreOf, kernelsBeside, nothingYet, type PlannedBlock, type PlannedRun } from "./planned-run";
import { productPlan } from "./products";

/** The products of a block by what they are of: projections, output, router and so on. */
export type BlockMatrices = Readonly<Record<string, readonly (BlockMatrix | FeedForwardMatrix)[]>>;

/** Layers that are alike as one GPU trains them. */
export interface TrainedRun extends PlannedRun {
  /** Of each block, in their order. */
  readonly matrices: readonly BlockMatrices[];
}

/** Name of the matrix that makes keys and values of every head from the rank of a latent mixer. */
export const keyValueUp = "key and value up";

/**
 * A run as training attends: a latent mixer makes keys and values of every head from its rank and then attends as grouped heads do.
 *
 * Serving keeps the ranks and multiplies them as they are, which costs more arithmetic and is what the tables of latent prefill time.
 */
export function trainedRun(plan: Plan, run: PlannedRun): TrainedRun {
  const all = run.blocks.map((planned) => trainedBlock(plan, planned));
  return { ...run, blocks: all.map(({ planned }) => planned), matrices: all.map(({ matrices }) => matrices) };
}

function trainedBlock(plan: Plan, planned: PlannedBlock): { readonly planned: PlannedBlock; readonly matrices: BlockMatrices } {
  const { kernels, model } = plan;
  const own = matricesOf(planned.block, model.hiddenSize);
  if (planned.block.kind !== "latent" || planned.block.indexer !== undefined || !("core" in planned)) return { planned, matrices: own };
  const { heads, noRotaryDim, rotaryDim, valueHeadDim, latentRank } = planned.block;
  const kept = (group: string) => (own[group] ?? []).filter(({ name }) => !name.includes("absorbed"));
  const up = { name: keyValueUp, stage: "projections", outputs: heads * (noRotaryDim + valueHeadDim), inputs: latentRank } as const;
  const matrices = { ...own, projections: [...kept("projections"), up], output: kept("output") };
  const grouped: Mixer = {
    kind: "grouped",
    heads,
    keyValueHeads: heads,
    headDim: noRotaryDim + rotaryDim,
    valueHeadDim,
    cacheSource: "own",
  };
  const prefill = coreOf(grouped, { ...plan, engine: undefined, formats: { ...plan.formats, cache: "bfloat16" } }, "prefill");
  const projections = productPlan("attention projections", kernels, matrices.projections, kernelsBeside(planned.block));
  const output = productPlan("output projection", kernels, matrices.output, 0);
  return { planned: { ...planned, last: nothingYet(), projections, output, prefill }, matrices };
}

function matricesOf(block: Block, hiddenSize: number): BlockMatrices {
  const all = isMixer(block) ? mixerMatrices(block, hiddenSize) : feedForwardMatrices(block, hiddenSize);
  const groups: Record<string, (BlockMatrix | FeedForwardMatrix)[]> = {};
  for (const matrix of all) {
    const name = "stage" in matrix ? matrix.stage : matrix.part;
    const group = groups[name];
    if (group === undefined) groups[name] = [matrix];
    else group.push(matrix);
  }
  return groups;
}
