import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { fittingQuestion } from "../step/fitting";
import type { StepQuestion } from "../step/question";
import { type FixedName, type WorthName, worthOf } from "../step/worth";
import { denseReference } from "./set-up-worth";

/** What a share of worth goes to, in the parts that a reader buys. */
export type EraPart = Exclude<WorthName, "fixedTimes" | "rest" | "clock"> | FixedName;

/** One part of a machine, before and now. */
export interface EraWorth {
  readonly part: EraPart;
  readonly words: string;
  /** Share of the worth to a dense model, and to a fine-grained mixture. */
  readonly before: number;
  readonly now: number;
  readonly outcome: "gained" | "lost" | "held";
}

/** Two steps that stand for two eras, and what each part of the machine is worth to them. */
export interface Eras {
  readonly before: StepQuestion;
  readonly now: StepQuestion;
  /** What gained most first. */
  readonly parts: readonly EraWorth[];
}

/** A share that moves by less is taken as held: two in a hundred, within what the fits of kernels are off. */
const least = 0.02;

const words: Readonly<Record<EraPart, string>> = {
  memoryBandwidth: "memory bandwidth",
  arithmetic: "arithmetic",
  scaleUpBandwidth: "scale-up link",
  networkBandwidth: "network",
  betweenKernels: "time between kernels",
  kernelStarts: "starts of kernels",
  messageLatency: "latency of exchanges",
  messages: "messages one by one",
  kernels: "fixed times inside kernels",
};

/** The article's set-up: experts dealt over 64 GPUs, 64 requests on each, 4K of context. */
const place = { requestsPerGpu: 64, contextTokens: 4096 } as const;

/**
 * What gained value and what lost it, from the largest dense model to a fine-grained mixture: decode on one machine, by this cost model.
 *
 * The dense model is cut over a node of eight in 8-bit weights, the mixture's experts are dealt over 64 GPUs; both hold no more
 * requests than fit nine tenths of the memory. Other models and machines move shares otherwise: see the notebook on worth.
 *
 * @throws RangeError for a machine whose memory does not hold both, or for ids that are not known.
 * @example worthByEra("h100-sxm").parts[0].words // "network"
 */
export function worthByEra(machineId = "h100-sxm", mixtureId = "deepseek-v3"): Eras {
  const machine = hardware(machineId);
  const fitting = (question: StepQuestion) => {
    const found = fittingQuestion(question, 0.9);
    if (found === undefined) throw new RangeError(`memory of ${machineId} must hold ${question.model.id} and one request, and does not`);
    return found;
  };
  const weightFormat = machine.peakFlopsPerSecond.fp8 === undefined ? "bfloat16" : "fp8_block";
  const before = fitting({ ...place, model: model(denseReference), hardware: machine, tensorParallel: 8, weightFormat });
  const now = fitting({ ...place, model: model(mixtureId), hardware: machine, expertParallel: 64 });
  const [old, young] = [sharesOf(before), sharesOf(now)];
  const parts = (Object.keys(words) as EraPart[]).map((part): EraWorth => {
    const moved = young[part] - old[part];
    const outcome = Math.abs(moved) < least ? "held" : moved > 0 ? "gained" : "lost";
    return { part, words: words[part], before: old[part], now: young[part], outcome };
  });
  return { before, now, parts: parts.sort((a, b) => b.now - b.before - (a.now - a.before)) };
}

function sharesOf(question: StepQuestion): Readonly<Record<EraPart, number>> {
  const { elasticities, fixed } = worthOf(question);
  return { ...elasticities, ...fixed };
}
