import { arrayCaps, arrayMachines } from "../kernels/array-caps";
import { type Hardware, hardware } from "../machine/hardware";
import { type WeightFormatName, weightFormat } from "../machine/number-formats";
import { requestsPerSecond } from "../machine/random-access";
import { model } from "../model/registry";
import { meanTokensPerExpert } from "../routing/uniform";
import { type DecodeStepQuestion, decodeStep } from "../step/decode";
import { arrayConditions } from "./conditions-arrays";
import { launchConditions } from "./conditions-launch";
import { requestConditions } from "./conditions-requests";
import { isKnown } from "./known-by";
import { published } from "./premise";
import type { ClaimRule } from "./rule";
import { bytesInRunsUpTo, stepAccesses } from "./runs";
import { knob, type Scenario } from "./scenario";
import { modelWithExperts } from "./scenario-checks";
import type { Condition } from "./verdict";

const wide = 256;

/**
 * How many times as fast arrays half as wide, of the same peak together, would multiply an expert's rows.
 *
 * Weights stream from memory at a share of its datasheet rate; products are in 8 bits where the machine has them, else in
 * BF16. A model released in 4 bits keeps its weights in 4 bits with their scales, any other in the bits of the product.
 */
export function gainOfHalfArray(machine: Hardware, rows: number, memoryShare: number, weightDtype: string): number {
  const { peakFlopsPerSecond: peak, memoryBytesPerSecond } = machine;
  const eight = Math.max(peak.fp8 ?? 0, peak.int8 ?? 0);
  const [flopsPerSecond, bytes] = eight > (peak.bf16 ?? 0) ? [eight, 1] : [peak.bf16 ?? Number.NaN, 2];
  const weightBytes = /fp4|int4/.test(weightDtype) ? weightFormat("w4a8_mxfp4_mxfp8").weightBytes : bytes;
  const limits = { rates: { flopsPerSecond, bytesPerSecond: memoryBytesPerSecond * memoryShare }, weightBytes, tokenTile: 1 };
  return arrayCaps(rows, { ...limits, arrayRows: wide / 2 }).utilisation / arrayCaps(rows, { ...limits, arrayRows: wide }).utilisation;
}

/** Claim 1: what a 128-wide array would gain over a 256-wide one on the machines whose weights stand in the latter. */
const arraySize: ClaimRule = {
  id: "1",
  parameters: ["model", "hardware", "tokensInFlight", "memoryShare"],
  choices: (knownBy) => ({
    hardware: arrayMachines()
      .filter((m) => m.limits.arrayRows >= wide && isKnown(String(m.released), knownBy))
      .map((m) => m.id),
  }),
  value: (s) => gainOfHalfArray(hardware(s.hardware), rowsOf(s), knob("1", "memoryShare", s), model(s.model).formats.experts),
  conditions: (s) => {
    // The first of its conditions is the quantity itself; the second compares training runs published since.
    const [, training, turned] = arrayConditions(
      rowsOf(s),
      arrayMachines().filter((m) => isKnown(String(m.released), s.knownBy)),
    );
    return [
      ...(training !== undefined && published("tpurecipes2026ironwood", s) ? [training] : []),
      ...(turned === undefined ? [] : [turned]),
    ];
  },
};

/** Tokens of one expert, whole. */
function rowsOf(s: Scenario): number {
  return Math.max(1, Math.round(meanTokensPerExpert(s.tokensInFlight, modelWithExperts(s))));
}

/**
 * Claim 2: starts of kernels over the whole step.
 *
 *     share = layers kernelsPerLayer start / (layers kernelsPerLayer start + bytes / (bandwidth memoryShare))
 *
 * The step moves its bytes and does nothing else: no links and no arithmetic, so the share comes out high.
 */
const startCost: ClaimRule = {
  id: "2",
  parameters: ["model", "hardware", "tokensInFlight", "expertParallel", "contextTokens", "kernelsPerLayer", "startSeconds", "memoryShare"],
  value: (s) => {
    const bytes = stepAccesses(s, false).reduce((sum, a) => sum + a.bytes, 0);
    const work = bytes / (hardware(s.hardware).memoryBytesPerSecond * knob("2", "memoryShare", s));
    const starts = model(s.model).layers * knob("2", "kernelsPerLayer", s) * knob("2", "startSeconds", s);
    return starts / (starts + work);
  },
  conditions: (s) => {
    const known = (c: Condition) =>
      c.condition.startsWith("fusing")
        ? published("deepgemm2026megamoe", s)
        : !c.condition.startsWith("gaps") || published("deepseekprofile2025", s);
    const { hardware: machine, ...question } = stepQuestion(s);
    return launchConditions(decodeStep({ ...question, hardware: machine }), machine).filter(known);
  },
};

/** Claim 3: share of a step's bytes in runs of at most 64 B. */
const granularity: ClaimRule = {
  id: "3",
  parameters: ["model", "tokensInFlight", "expertParallel", "contextTokens", "sparseAttention"],
  value: (s) => bytesInRunsUpTo(stepAccesses(s, knob("3", "sparseAttention", s) === 1), 64),
};

/** Claim 4: messages that would fill a network card over the messages it takes. */
const requestRate: ClaimRule = {
  id: "4",
  parameters: ["model", "messagesPerSecond", "networkBytesPerSecond"],
  value: (s) => requestsPerSecond(knob("4", "networkBytesPerSecond", s), messageBytes(s)) / knob("4", "messagesPerSecond", s),
  conditions: (s): readonly Condition[] => {
    const question = { ...stepQuestion(s), weightFormat: s.weightFormat as WeightFormatName };
    const networked = question.hardware.networkBytesPerSecond === undefined ? { ...question, hardware: hardware("h800-sxm") } : question;
    // Rates of every tier were published after the article.
    return published("mori2026", s) || published("deepep2026", s) ? requestConditions(networked) : [];
  },
};

/** One decode step of the scenario on one GPU. */
function stepQuestion(s: Scenario): DecodeStepQuestion {
  const m = model(s.model);
  const expertParallel = Math.min(s.expertParallel, Math.max(1, m.routedExperts));
  return {
    model: m,
    hardware: hardware(s.hardware),
    requestsPerGpu: Math.max(1, Math.round(s.tokensInFlight / expertParallel)),
    contextTokens: s.contextTokens,
    expertParallel,
  };
}

/** Bytes of one routed token on its way out, with its scales. */
function messageBytes(s: Scenario): number {
  return modelWithExperts(s).expertHiddenSize * weightFormat(s.weightFormat).activationBytes;
}

export const machineRules = [arraySize, startCost, granularity, requestRate];
