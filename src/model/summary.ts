import { type Block, type DenseBlock, type ExpertsBlock, isMixer, isSoftmax, type Run } from "./blocks";
import { mixerLabel } from "./mixers/mixers";
import type { ModelParts, StackSummary } from "./model";

/**
 * What is said of a stack in one number, folded over its runs. Sizes of experts are those of the first run that has any.
 *
 * @example summaryOf(model("nemotron-3-nano-30b-a3b")).attentionLayers // 6
 */
export function summaryOf({ runs, hiddenSize }: Pick<ModelParts, "runs" | "hiddenSize">): StackSummary {
  const experts = firstOf(runs, (block): block is ExpertsBlock => block.kind === "experts");
  const isDense = (block: Block): block is DenseBlock => block.kind === "dense";
  const dense =
    firstOf(
      runs.filter(({ blocks }) => !blocks.some(({ kind }) => kind === "experts")),
      isDense,
    ) ?? firstOf(runs, isDense);
  const layersWith = (test: (run: Run) => boolean) => runs.reduce((sum, run) => sum + (test(run) ? run.count : 0), 0);
  const blocksOf = (test: (block: Block) => boolean) => runs.reduce((sum, run) => sum + run.count * run.blocks.filter(test).length, 0);
  const hasExperts = ({ blocks }: Run) => blocks.some(({ kind }) => kind === "experts");
  return {
    layers: layersWith(() => true),
    denseLayers: layersWith((run) => run.blocks.some(isDense) && !hasExperts(run)),
    moeLayers: layersWith(hasExperts),
    attentionLayers: blocksOf(isSoftmax),
    linearLayers: blocksOf((block) => block.kind === "linear"),
    hiddenSize,
    expertHiddenSize: experts?.inputWidth ?? 0,
    routedExperts: experts?.routed ?? 0,
    expertsPerToken: experts?.perToken ?? 0,
    moeIntermediateSize: experts?.width ?? 0,
    sharedExperts: experts?.shared ?? 0,
    sharedIntermediateSize: experts?.sharedWidth ?? 0,
    intermediateSize: dense?.width ?? 0,
    expertMatrices: experts?.matrices ?? 0,
    expertGroups: experts?.groups ?? 1,
    topkGroup: experts?.chosenGroups ?? 1,
    attention: attentionWords(runs),
  };
}

function firstOf<B extends Block>(runs: readonly Run[], is: (block: Block) => block is B): B | undefined {
  for (const { blocks } of runs) for (const block of blocks) if (is(block)) return block;
  return undefined;
}

/** Each kind of mixer with its count, the most frequent first: "45 x Gated DeltaNet + 15 x gated GQA". */
function attentionWords(runs: readonly Run[]): string {
  const counts = new Map<string, number>();
  for (const { count, blocks } of runs)
    for (const block of blocks) if (isMixer(block)) counts.set(mixerLabel(block), (counts.get(mixerLabel(block)) ?? 0) + count);
  if (counts.size === 1) return [...counts.keys()][0] as string;
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([label, count]) => `${count} x ${label}`)
    .join(" + ");
}
