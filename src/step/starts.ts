import { type LaunchMode, launch } from "../kernels/launch";
import type { Hardware } from "../machine/hardware";
import type { DecodeStep, DecodeTask } from "./decode";

/** What starting its kernels costs a decode step. */
export interface LaunchShare {
  readonly kernels: number;
  readonly startSeconds: number;
  /** Of the whole step, starts included. */
  readonly seconds: number;
  readonly share: number;
}

/** Which kernels of a step are one. */
export type Fusion = "none" | "experts" | "layer" | "step";

/**
 * What starting kernels costs a decode step, by how they are started and which are fused.
 *
 *     start   = kernels * o(mode)
 *     seconds = step's seconds + start - kernels unfused * o(graph)
 *
 * The step's tasks were fitted on kernels started from a graph, so that much is in its time and is taken out first. Fusing
 * "experts" makes dispatch, experts and combine of a layer one kernel, "layer" each layer, "step" all. Only starts are
 * saved: what else fusion saves (activations that stay on chip, exchange behind products, no waiting at the end of a kernel) is left
 * out, so a gain from fusion is the least to expect. Experts count as one kernel unfused, as in the tables: real code has
 * three to six, and its starts cost more.
 *
 * @example launchShare(decodeStep({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }), hardware("h800-sxm"), "graph").share
 */
export function launchShare(
  step: Pick<DecodeStep, "tasks" | "seconds">,
  hardware: Pick<Hardware, "generation" | "vendor">,
  mode: LaunchMode,
  fusion: Fusion = "none",
): LaunchShare {
  const unfused = kernelCount(step.tasks, "none");
  const kernels = kernelCount(step.tasks, fusion);
  const startSeconds = kernels * launch(mode, hardware).seconds;
  const seconds = step.seconds - unfused * launch("graph", hardware).seconds + startSeconds;
  return { kernels, startSeconds, seconds, share: startSeconds / seconds };
}

/** Kernels that the tasks of a step are launched as. */
export function kernelCount(tasks: readonly DecodeTask[], fusion: Fusion): number {
  if (fusion === "step") return 1;
  const layers = tasks.filter((t) => t.name === "attention core" || t.name === "linear mixer").length;
  const heads = tasks.filter((t) => t.name === "head").reduce((sum, t) => sum + t.kernelSeconds.length, 0);
  if (fusion === "layer") return layers + heads;
  // In the time between kernels none is started.
  const fused: readonly string[] = fusion === "experts" ? ["dispatch", "combine", "between kernels"] : ["between kernels"];
  return tasks.reduce((sum, t) => sum + (fused.includes(t.name) ? 0 : t.kernelSeconds.length), 0);
}
