import { hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { model } from "../model/registry";
import { type DecodeStepQuestion, decodeStep } from "../step/decode";
import { shareByDecade, timedTasks } from "../step/durations";
import { launchShare } from "../step/starts";
import { servedAs } from "./served-as";
import type { AskedSetUp } from "./set-ups";

/** Where a set-up does not say how much context its requests have: the article's time knew 4K. */
const usualContext = 4096;

/**
 * The question to decodeStep that a published set-up is: the one place in the claims that knows its fields.
 *
 * Attention is cut over the tensor-parallel degree and dealt over what is left of the GPUs, experts over their ranks, as published, in
 * the engine and the formats that it names; the replica has one request at least. Undefined where the number of requests is not published.
 */
export function questionOf(setUp: AskedSetUp): DecodeStepQuestion | undefined {
  if (setUp.requestsPerGpu === undefined) return undefined;
  const { tensorParallel = 1, expertParallel = 1, contextTokens = usualContext, draftTokens = 0 } = setUp;
  const gpus = setUp.gpus ?? Math.max(tensorParallel, expertParallel);
  const [served, place] = [model(setUp.model), hardware(setUp.machine)];
  return {
    model: served,
    hardware: place,
    requests: Math.max(1, Math.round(setUp.requestsPerGpu * gpus)),
    contextTokens,
    tensorParallel,
    dataParallel: gpus / tensorParallel,
    expertParallel,
    draftTokens,
    ...servedAs(setUp, served, place),
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
  const step = answered(() => decodeStep(question));
  if (step === undefined) return undefined;
  return {
    tokensPerSecondPerGpu: step.tokensPerSecondPerGpu,
    streamShare: launchShare(step, question.hardware, "stream").share,
    graphShare: launchShare(step, question.hardware, "graph").share,
    shortShare: shareByDecade(timedTasks(step.tasks))[1]?.timeShare ?? 0,
    weightFormat: step.weightFormat,
  };
}

/** What the step answers; undefined for a set-up that it has no answer to. */
export function answered<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    // A degree that cuts no whole part, or ranks that do not divide the GPUs: the row is counted as left out.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
