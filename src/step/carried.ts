import { kernelFamily } from "../kernels/families";
import { isMoe } from "../model/model";
import type { EngineTime } from "./engine";
import type { PlannedRun } from "./planned-run";
import type { ProductKernels } from "./products";
import type { ResolvedQuestion } from "./question";

/** What stands ready for a step: its kernels and engine, and the cores of its mixers. */
export interface ReadyKernels {
  readonly kernel: string;
  readonly engineTime: EngineTime;
  readonly kernels: ProductKernels;
  readonly runs: readonly PlannedRun[];
}

/**
 * What of a step was not measured on the machine's generation, in words.
 *
 * @example decodeStep(question).carried // ["time between kernels: of sglang Hopper"]
 */
export function carriedOf(
  { model, hardware, formats, lentLinks }: ResolvedQuestion,
  { kernel, engineTime, kernels, runs }: ReadyKernels,
): readonly string[] {
  const carried: string[] = [];
  if (isMoe(model)) {
    // DeepEP's two paths are two families, fitted together.
    const { fitted, from } = kernelFamily(kernel === "deepepmoe" ? "deepepmoe_generation" : kernel, formats.experts, hardware);
    if (fitted !== "here")
      carried.push(`routed experts: ${kernel} in ${formats.experts} on ${hardware.generation}, by the constants of ${from}`);
  }
  const { fitted: products, from } = kernels.quantised;
  if (products !== "here") carried.push(`products in ${formats.rest}: not measured on ${hardware.generation}, by the constants of ${from}`);
  if (engineTime.carriedFrom !== undefined) carried.push(`time between kernels: of ${engineTime.carriedFrom}`);
  for (const { blocks } of runs)
    for (const block of blocks) {
      const core = "core" in block ? block.core : undefined;
      const words = core?.carried === undefined ? undefined : `attention: ${core.kernel} ${core.carried}`;
      if (words !== undefined && !carried.includes(words)) carried.push(words);
    }
  if (lentLinks) {
    const { hostLinkBytesPerSecond: slot } = hardware;
    // A machine's own network is in its sources.
    const card =
      slot !== undefined && hardware.sources.networkBytesPerSecond !== undefined ? " stands in" : " and a card of 400 Gb/s stand in";
    const [link, rings] =
      slot === undefined
        ? ["PCIe 4.0", ""]
        : [`its PCIe slot (${slot / 1e9} GB/s)`, "; rings wait as over A100's NVLink, the least they can"];
    carried.push(`links: not in the record of ${hardware.id}; ${link}${card}${rings}`);
  }
  return carried;
}
