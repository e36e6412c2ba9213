import { type AttentionPlan, carriedWords } from "../kernels/attention/attention-plan";
import type { MixerPhase } from "../kernels/attention/mixer-demand";
import { kernelFamily } from "../kernels/families";
import { hasLargeCores } from "../machine/hardware";
import { isMoe } from "../model/model";
import type { EngineTime, UnmeasuredTime } from "./engine";
import type { PlannedBlock, PlannedRun } from "./planned-run";
import type { ProductKernels } from "./products";
import type { ResolvedQuestion } from "./question";

/** What stands ready for a step: its kernels and engine, and the cores of its mixers. */
export interface ReadyKernels {
  readonly kernel: string;
  readonly engineTime: EngineTime;
  readonly unmeasured: readonly UnmeasuredTime[];
  readonly kernels: ProductKernels;
  readonly runs: readonly PlannedRun[];
}

/**
 * What of a step was not measured on the machine's generation, in words.
 *
 * @example decodeStep(question).carried // ["time between kernels: of sglang Hopper"]
 */
export function carriedOf(
  { model, hardware, formats, engine, lentLinks }: ResolvedQuestion,
  { kernel, engineTime, unmeasured, kernels, runs }: ReadyKernels,
  phase: MixerPhase = "decode",
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
  for (const { mixers, of } of unmeasured) if (of.length > 0) carried.push(`time between kernels at ${mixers} mixers: of ${of.join(", ")}`);
  for (const core of runs.flatMap(({ blocks }) => blocks.flatMap((block) => coreIn(block, phase) ?? []))) {
    const words = carriedWords(core);
    const said = `attention: ${core.kernel}${core.carried === undefined ? "," : ""} ${words}`;
    if (words !== undefined && !carried.includes(said)) carried.push(said);
  }
  if (hasLargeCores(hardware)) carried.push(`processors: an H100's stand for ${hardware.processors} large cores`);
  if (engine === "tensorrt-llm" && hardware.vendor !== "NVIDIA") carried.push("engine: TensorRT-LLM runs on NVIDIA's machines alone");
  if (hardware.vendor === "AMD") carried.push("kernels of NVIDIA's machines: what AMD's take more is in the time between kernels");
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

/** The core of a mixer in decode, or of its prompts; undefined of a feed-forward part. */
export function coreIn(block: PlannedBlock, phase: MixerPhase): AttentionPlan | undefined {
  if (!("core" in block)) return undefined;
  return phase === "decode" ? block.core : block.prefill;
}
