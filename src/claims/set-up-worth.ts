import type { Hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { decodeStep } from "../step/decode";
import { fittingQuestion } from "../step/fitting";
import type { StepQuestion } from "../step/question";
import { type MachineQuestion, type Scale, speedOf } from "../step/resources";
import { launchShare } from "../step/starts";
import { elasticityOf } from "../step/worth";
import { answered, questionOf } from "./claim-steps";
import { servedAs } from "./served-as";
import type { AskedSetUp } from "./set-ups";

/** The largest dense model that was released with its weights: what worths are compared with. */
export const denseReference = "llama-3.1-405b";

/** Of the memory, for weights and caches. */
const usableShare = 0.9;

/** How wide the dense model's weights are: eight bits where the machine multiplies them, or as the set-up's are. */
export type DenseWidth = "eight bits" | "as served";

/**
 * A set-up's place with a dense model in it: the same machine, engine, requests per GPU and context, every matrix cut over eight GPUs.
 *
 * No more requests than fit; undefined where not even one does. Requests a GPU are taken at the next power of two, so that set-ups alike
 * share an answer.
 */
export function denseQuestion(setUp: AskedSetUp, width: DenseWidth = "eight bits"): StepQuestion | undefined {
  const own = questionOf(setUp);
  if (own === undefined || setUp.requestsPerGpu === undefined) return undefined;
  const { hardware, contextTokens, engine } = own;
  const requests = Math.max(1, 8 * 2 ** Math.round(Math.log2(setUp.requestsPerGpu)));
  const reference = model(denseReference);
  const eightBits = hardware.peakFlopsPerSecond.fp8 === undefined ? "bfloat16" : "fp8_block";
  const { weightFormat = eightBits } = width === "eight bits" ? {} : servedAs(setUp, reference, hardware);
  const key = `${hardware.id} ${engine} ${weightFormat} ${requests} ${contextTokens}`;
  let found = dense.get(key);
  if (found === undefined) {
    const place = { hardware, requests, contextTokens, ...(engine === undefined ? {} : { engine }) };
    const asked = { ...place, model: reference, tensorParallel: 8, weightFormat };
    found = { question: answered(() => fittingQuestion(asked, usableShare)) };
    dense.set(key, found);
  }
  return found.question;
}

const dense = new Map<string, { readonly question: StepQuestion | undefined }>();

/** A scale that hands out one record for a machine and a factor, so that plans made for it serve again. */
function remembering(scale: Scale): Scale {
  const records = new WeakMap<Hardware, Map<number, Hardware>>();
  return <Q extends MachineQuestion>(question: Q, factor: number): Q => {
    const ofMachine = records.get(question.hardware) ?? new Map<number, Hardware>();
    records.set(question.hardware, ofMachine);
    const machine = ofMachine.get(factor) ?? Object.freeze(scale(question, factor).hardware);
    ofMachine.set(factor, machine);
    return { ...question, hardware: machine };
  };
}

const scales = new WeakMap<Scale, Scale>();
const worths = new WeakMap<StepQuestion["model"], Map<string, number>>();

/** The elasticity of a step to a resource, remembered by what is asked; NaN where the step has no answer. */
export function stepWorth(question: StepQuestion | undefined, name: string, scale: Scale): number {
  if (question === undefined) return Number.NaN;
  const { model: m, hardware: h, ...rest } = question;
  const ofModel = worths.get(m) ?? new Map<string, number>();
  worths.set(m, ofModel);
  const key = `${name} ${h.id} ${JSON.stringify(rest)}`;
  let found = ofModel.get(key);
  if (found === undefined) {
    const kept = scales.get(scale) ?? remembering(scale);
    scales.set(scale, kept);
    found = answered(() => elasticityOf(question, kept)) ?? Number.NaN;
    ofModel.set(key, found);
  }
  return found;
}

/** Worth of a resource to a set-up over its worth to a dense model in the same place. */
export function worthOverDense(setUp: AskedSetUp, name: string, scale: Scale, width?: DenseWidth): number {
  return stepWorth(questionOf(setUp), name, scale) / stepWorth(denseQuestion(setUp, width), name, scale);
}

const shares = new WeakMap<StepQuestion["model"], Map<string, number>>();

/** Share of a step without micro-batches in starts of kernels and the time between them, which is also their worth. */
export function startingShare(question: StepQuestion | undefined): number {
  if (question === undefined) return Number.NaN;
  const { model: m, hardware: h, ...rest } = question;
  const ofModel = shares.get(m) ?? new Map<string, number>();
  shares.set(m, ofModel);
  const key = `${h.id} ${JSON.stringify(rest)}`;
  let found = ofModel.get(key);
  if (found === undefined) {
    found = answered(() => shareOf(question)) ?? Number.NaN;
    ofModel.set(key, found);
  }
  return found;
}

function shareOf(question: StepQuestion): number {
  const step = decodeStep(question);
  const between = step.tasks.reduce((sum, task) => sum + (task.name === "between kernels" ? task.seconds : 0), 0);
  return launchShare(step, question.hardware, "graph").share + between / step.seconds;
}

/** Messages one by one, and the processors that an exchange holds: scales made once. */
export const messageSpeed = speedOf("messages");
export const exchangeProcessorSpeed = speedOf("exchangeProcessors");
