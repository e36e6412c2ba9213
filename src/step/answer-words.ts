import type { MixerPhase } from "../kernels/attention/mixer-demand";
import { kernels } from "../kernels/families";
import { formatBytes, formatSeconds } from "../text/numbers";
import { coreIn } from "./carried";
import { mixerTimeElsewhere } from "./engine";
import { footprintOf, heldShare } from "./memory-footprint";
import type { Plan } from "./plan";
import { quantizes } from "./planned-run";

/** How much wider the band stands for what is carried. */
const carriedWidening = 1.5;

/** What is added either way on a machine of whose generation neither steps nor kernels were measured: the error of half the layers left out. */
export const unmeasuredError = 0.18;

/**
 * Where four in five steps lie, by the errors of deployments left out of the fit; wider where the engine's constants or the links are
 * carried, or a core's heads lie outside what was measured for its kernel; by the error of layers whose generation was left out
 * (data/fit-held.csv) where the experts' kernels are those of other machines too; and up by what other engines take between the kernels
 * of mixers that no step of this one had.
 */
export function bandOf(
  { engineTime, lentLinks, unmeasured, runs, hardware }: Plan,
  seconds: number,
  phase: MixerPhase = "decode",
): { readonly low: number; readonly high: number } {
  const outside = runs.some(({ blocks }) => blocks.some((block) => coreIn(block, phase)?.outside !== undefined));
  const engine = engineTime.carriedFrom !== undefined;
  const wider = engine || lentLinks || outside || unmeasured.some(({ of }) => of.length > 0) ? carriedWidening : 1;
  const further = engine && !kernels().some(({ generation }) => generation === hardware.generation) ? 1 + unmeasuredError : 1;
  let high = seconds * engineTime.bandHigh ** wider * further;
  for (const { name, due, of } of unmeasured) if (of.length === 0) high += due * mixerTimeElsewhere(name).seconds;
  return { low: (seconds * engineTime.bandLow ** wider) / further, high };
}

/** Which cores take long in decode and why, where the rows of their kernels show it. */
export function slowOf({ runs }: Pick<Plan, "runs">): readonly string[] {
  const cores = runs.flatMap(({ blocks }) => blocks.flatMap((block) => coreIn(block, "decode")?.slow ?? []));
  return [...new Set(cores)].map((words) => `attention: ${words}`);
}

/** What a step does not count, in words, as far as the question touches it. */
export function leftOutOf(plan: Plan): readonly string[] {
  const { model, hardware, formats, padded, draftTokens, promptTokens, dataParallel, expertParallel, unmeasured } = plan;
  const leftOut = ["scheduling that the host does not hide, and waiting of requests"];
  plan.memory.held ??= heldShare(plan);
  const { totalBytes } = footprintOf(plan, plan.memory.held);
  if (totalBytes > hardware.memoryBytes)
    leftOut.push(`that it does not fit: ${formatBytes(totalBytes)} of weights and caches on a GPU of ${formatBytes(hardware.memoryBytes)}`);
  for (const { name, mixers, of } of unmeasured) {
    const { seconds, engines } = mixerTimeElsewhere(name);
    if (of.length === 0)
      leftOut.push(`time between kernels at ${mixers} mixers: measured in ${engines.join(" and ")} alone, ${formatSeconds(seconds)} each`);
  }
  if (padded) leftOut.push("heads that the degree does not divide are padded: what an engine does with them instead");
  if (draftTokens > 0) leftOut.push("the drafting module's own shape: it is taken as one more layer like the last, and the head");
  if (promptTokens > 0) leftOut.push("attention of prompt tokens to their past");
  if (model.residualStreams > 1) leftOut.push("mappings between residual streams");
  if (dataParallel > 1 && expertParallel > 1) leftOut.push("experts that are more popular than others");
  const untimed = [formats.experts, formats.rest].filter((format) => quantizes(format) && format !== "fp8_block");
  if (hardware.vendor === "AMD" && untimed.length > 0)
    leftOut.push(`bringing inputs into ${[...new Set(untimed)].join(" and ")}: on AMD's machines measured for FP8 in blocks alone`);
  return leftOut;
}
