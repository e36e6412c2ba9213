import { kernels } from "../kernels/families";
import type { Plan } from "./plan";
import { quantizes } from "./planned-run";

/** How much wider the band stands for what is carried. */
const carriedWidening = 1.5;

/** What is added either way on a machine of whose generation neither steps nor kernels were measured: the error of half the layers left out. */
export const unmeasuredError = 0.18;

/**
 * Where four in five steps lie, by the errors of deployments left out of the fit; wider where the engine's constants or the links are carried,
 * and by the error of layers whose generation was left out (data/fit-held.csv) where the experts' kernels are those of other machines too.
 */
export function bandOf({ engineTime, lentLinks, hardware }: Plan, seconds: number): { readonly low: number; readonly high: number } {
  const carried = engineTime.carriedFrom !== undefined;
  const wider = carried || lentLinks ? carriedWidening : 1;
  const further = carried && !kernels().some(({ generation }) => generation === hardware.generation) ? 1 + unmeasuredError : 1;
  return { low: (seconds * engineTime.bandLow ** wider) / further, high: seconds * engineTime.bandHigh ** wider * further };
}

/** What a step does not count, in words, as far as the question touches it. */
export function leftOutOf(plan: Plan): readonly string[] {
  const { model, hardware, formats, padded, draftTokens, promptTokens, dataParallel, expertParallel } = plan;
  const leftOut = ["scheduling that the host does not hide, and waiting of requests"];
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
