import { isMoe, type Model } from "../model/model";
import { whatIfModel } from "../model/what-if-model";
import { meanTokensPerExpert } from "../routing/uniform";
import { decodeStep } from "./decode";
import { prefillStep } from "./prefill";
import { resolveQuestion, type StepQuestion } from "./question";
import type { DecodeTask } from "./task";
import { trainingStep } from "./training";

/** What a model is asked for: tokens one by one, prompts taken in, or a micro-batch of training. */
export type GranularityPhase = "decode" | "prefill" | "training";

/** A step of one phase of a model whose experts are split so many times. */
export interface PhasePoint {
  readonly phase: GranularityPhase;
  readonly granularity: number;
  readonly tokensPerExpert: number;
  /** Of one routed expert of one layer, as its share of the layer; of training forward and backward. */
  readonly taskSeconds: number;
  /** Of a dispatch and a combine of one layer; of training those of both passes; 0 where there are none. */
  readonly exchangeSeconds: number;
  /** Of one token to one expert; 0 where nothing is sent. */
  readonly messageBytes: number;
  readonly tokensPerSecondPerGpu: number;
}

/** The splits that sweeps over granularity try unless asked for others. */
export const usualGranularities = [1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64] as const;

/**
 * A model with its experts split so many times, for each split that leaves whole experts and one for each rank.
 *
 * @throws RangeError for a model without experts.
 * @example splitModels(model("deepseek-v3"), 64, [1 / 4, 3]).map(({ granularity }) => granularity) // [0.25], as 3 does not divide 2,048
 */
export function splitModels(
  base: Model,
  expertParallel: number,
  granularities: readonly number[] = usualGranularities,
): readonly { readonly granularity: number; readonly model: Model }[] {
  if (!isMoe(base)) throw new RangeError(`${base.id} has no experts to split`);
  return granularities.flatMap((granularity) => {
    const split = splitOrNothing(base, granularity);
    return split === undefined || split.routedExperts < expertParallel ? [] : [{ granularity, model: split }];
  });
}

function splitOrNothing(model: Model, granularity: number): Model | undefined {
  try {
    return whatIfModel(model, { granularity });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * Three phases of the same model on the same GPUs, its experts split and nothing else: decode as asked, one prompt of
 * `contextTokens` for each GPU, and one training sequence of as many tokens for each GPU.
 *
 *     tokens per expert = tokens in flight * expertsPerToken / routedExperts, whatever the split
 *     task = experts of a layer / experts of the layer that a GPU holds
 *
 * Training is a forward and a backward pass through all layers, without an update and with no exchange hidden; it errs as trainingStep
 * does. Decode and training send a message for each expert of a token, which errs high for the finest splits; prompts go to each node
 * once. Whether prompts and sequences fit
 * the memory is not asked: training keeps more there than this model counts.
 *
 * @throws RangeError for a model without experts, and as decodeStep.
 * @example granularityPhases({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })
 */
export function granularityPhases(question: StepQuestion, granularities: readonly number[] = usualGranularities): readonly PhasePoint[] {
  const { gpus, requests, expertParallel } = resolveQuestion(question);
  const { hardware, weightFormat, contextTokens } = question;
  const place = { hardware, expertParallel, ...(weightFormat === undefined ? {} : { weightFormat }) };
  const inFlight = gpus * contextTokens;
  return splitModels(question.model, expertParallel, granularities).flatMap(({ granularity, model }) => {
    const local = Math.ceil(model.routedExperts / expertParallel);
    const point = (phase: GranularityPhase, tokens: number, step: Timed, layer: readonly DecodeTask[]): PhasePoint => ({
      phase,
      granularity,
      tokensPerExpert: meanTokensPerExpert(tokens, model),
      taskSeconds: secondsOf(layer, "experts") / local,
      exchangeSeconds: secondsOf(layer, "dispatch") + secondsOf(layer, "combine"),
      messageBytes: layer.find(({ name }) => name === "dispatch")?.runBytes ?? 0,
      tokensPerSecondPerGpu: step.tokensPerSecondPerGpu,
    });
    const decode = decodeStep({ ...question, model });
    const prefill = prefillStep({ ...place, model, requests: gpus, promptTokens: contextTokens, dataParallel: gpus });
    const training = trainingStep({ ...place, model, sequences: gpus, sequenceTokens: contextTokens, dataParallel: gpus });
    return [
      point("decode", requests, decode, firstOfEach(decode.tasks)),
      point("prefill", inFlight, prefill, firstOfEach(prefill.tasks)),
      point("training", inFlight, training, firstOfEach(training.tasks)),
    ];
  });
}

type Timed = { readonly tokensPerSecondPerGpu: number };

const secondsOf = (tasks: readonly DecodeTask[], name: string): number =>
  tasks.reduce((sum, task) => (task.name === name ? sum + task.seconds : sum), 0);

/** The tasks of the first layer that has each: one of a name, and of training one of a name and pass. */
function firstOfEach<T extends DecodeTask & { readonly pass?: string }>(tasks: readonly T[]): readonly T[] {
  const first = new Map<string, T>();
  for (const task of tasks) {
    const key = `${task.name} ${task.pass ?? ""}`;
    if (!first.has(key)) first.set(key, task);
  }
  return [...first.values()];
}
