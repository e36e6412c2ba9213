import { hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { model } from "../model/registry";
import { type DecodeStep, type DecodeStepQuestion, decodeStep } from "../step/decode";
import { shareByDecade, timedTasks } from "../step/durations";
import { launchShare } from "../step/starts";
import type { AskedSetUp } from "./set-ups";

/** Where a set-up does not say how much context its requests have: the article's time knew 4K. */
const usualContext = 4096;

/**
 * The question to decodeStep that a published set-up is: the one place in the claims that knows its fields.
 *
 * Experts over ranks go with attention that is data-parallel; a set-up without them cuts every matrix over its tensor-parallel degree.
 * A group of GPUs has one request at least. Undefined where the number of requests is not published.
 */
export function questionOf(setUp: AskedSetUp, change: Partial<DecodeStepQuestion> = {}): DecodeStepQuestion | undefined {
  if (setUp.requestsPerGpu === undefined) return undefined;
  const wide = (setUp.expertParallel ?? 1) > 1;
  return {
    model: model(setUp.model),
    hardware: hardware(setUp.machine),
    requestsPerGpu: Math.max(1, Math.round(setUp.requestsPerGpu)),
    contextTokens: setUp.contextTokens ?? usualContext,
    expertParallel: wide ? (setUp.expertParallel as number) : 1,
    tensorParallel: wide ? 1 : (setUp.tensorParallel ?? 1),
    ...change,
  };
}

/** What the claims ask of one decode step. */
export interface StepNumbers {
  readonly tokensPerSecondPerGpu: number;
  /** Share of the step that starting its kernels takes, one by one and from a graph. */
  readonly streamShare: number;
  readonly graphShare: number;
  /** Share of its time in kernels of 1 to 10 microseconds. */
  readonly shortShare: number;
  /** Format that the step takes the routed experts in. */
  readonly weightFormat: string;
}

/** The numbers of a set-up's step, remembered; undefined where the step has no answer to it. */
export function stepNumbers(question: DecodeStepQuestion | undefined): StepNumbers | undefined {
  if (question === undefined) return undefined;
  const { model: m, hardware: h, ...rest } = question;
  // By the model itself and not by its id: a reader's own model may be replaced by another of the same name.
  const own = remembered.get(m) ?? new Map<string, StepNumbers | undefined>();
  remembered.set(m, own);
  const key = JSON.stringify([h.id, rest]);
  if (!own.has(key)) own.set(key, ask(question));
  return own.get(key);
}

const remembered = new WeakMap<Model, Map<string, StepNumbers | undefined>>();

function ask(question: DecodeStepQuestion): StepNumbers | undefined {
  const step = stepOf(question);
  if (step === undefined) return undefined;
  return {
    tokensPerSecondPerGpu: step.tokensPerSecondPerGpu,
    streamShare: launchShare(step, question.hardware, "stream").share,
    graphShare: launchShare(step, question.hardware, "graph").share,
    shortShare: shareByDecade(timedTasks(step.tasks))[1]?.timeShare ?? 0,
    weightFormat: step.weightFormat,
  };
}

function stepOf(question: DecodeStepQuestion): DecodeStep | undefined {
  try {
    return decodeStep(question);
  } catch (error) {
    // A degree that cuts no whole part, or more ranks than experts: the row is counted as left out.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
