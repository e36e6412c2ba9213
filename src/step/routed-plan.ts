import { type MoeLayerPlan, moeLayerPlan } from "../kernels/expert-layer";
import type { Hardware } from "../machine/hardware";
import type { ExpertsBlock } from "../model/blocks";
import { dispatches, exchangePlan, type LayerExchange } from "./communication";
import type { ResolvedQuestion } from "./question";
import { busiestPlan } from "./waiting";

/** The layer's shape as the expert kernels take it. */
export type RoutedExperts = ReturnType<typeof shapeOf>;

/** The routed experts of a block over the ranks that share them, all choices made: only rows and tokens are left to give. */
export interface RoutedPlan {
  readonly shape: RoutedExperts;
  readonly layer: MoeLayerPlan;
  readonly exchange: (rows: number) => LayerExchange;
  /** Rows of the rank that the others wait for, over the mean, of so many tokens that choose by chance. */
  readonly busiest: (tokens: number) => number;
}

/** What the routed experts of a step need of its plan. */
interface DealtExperts extends ResolvedQuestion {
  readonly kernel: string;
  readonly exchangeMachine: Hardware;
  /** What was made so far, by block. */
  readonly routed: Map<ExpertsBlock, RoutedPlan>;
}

/** The routed experts of a block in a plan; made when they are first asked for, and kept with the plan's set-up. */
export function routedPlan(plan: DealtExperts, block: ExpertsBlock): RoutedPlan {
  const before = plan.routed.get(block);
  if (before !== undefined) return before;
  const { hardware, kernel, formats, expertParallel, routing } = plan;
  const shape = shapeOf(plan, block);
  const layout = dispatches(plan) ? "dispatched" : "gathered";
  const asked = { model: shape, hardware, kernel, weightFormat: formats.experts, expertParallel, routing, cache: "cold", layout } as const;
  const { expertsPerToken, routedExperts, expertGroups, topkGroup: chosenGroups } = shape;
  const busiest = busiestPlan({ expertsPerToken, experts: routedExperts, ranks: expertParallel, expertGroups, chosenGroups });
  const made = { shape, layer: moeLayerPlan(asked), exchange: exchangePlan(plan, block), busiest };
  plan.routed.set(block, made);
  return made;
}

/** The layer's shape as the expert kernels take it; slots stand for experts, since copies share an expert's rows. */
export function shapeOf({ model, expertSlots }: Pick<ResolvedQuestion, "model" | "expertSlots">, block: ExpertsBlock) {
  return {
    hiddenSize: model.hiddenSize,
    expertHiddenSize: block.inputWidth,
    moeIntermediateSize: block.width,
    routedExperts: block.routed + expertSlots - model.routedExperts,
    // Experts that compute nothing take no rows; what a fraction of one has less, its tokens have less.
    expertsPerToken: Math.ceil(block.computedPerToken),
    expertMatrices: block.matrices,
    expertGroups: block.groups,
    topkGroup: block.chosenGroups,
  };
}
