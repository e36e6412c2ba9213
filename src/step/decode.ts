import { defaultExpertKernel } from "../kernels/default-experts";
import { productTask } from "./products";
import { resolveQuestion, type StepQuestion } from "./question";
import type { DecodeTask } from "./task";
import { type LayerTasks, layerTasks, planOf, sum } from "./tasks";

export type { DecodeTask, TaskName } from "./task";

/** A decode step as it is asked for: see StepQuestion. */
export type DecodeStepQuestion = StepQuestion;

/** One decode step of one GPU: its time, its rate, and the tasks that it is made of. */
export interface DecodeStep {
  readonly seconds: number;
  readonly floorSeconds: number;
  readonly tokensPerSecondPerGpu: number;
  readonly tokensPerSecondPerRequest: number;
  /** In order, layer by layer; with two micro-batches those of the first, then of the second, in each layer. */
  readonly tasks: readonly DecodeTask[];
  readonly kernel: string;
  readonly weightFormat: string;
  readonly cacheFormat: string;
}

/**
 * Time one decode step: every request of the replica gets one token, and with drafts as many more as are accepted.
 *
 *     none:              seconds = sum of the tasks of all layers
 *     two-micro-batches: a layer with an exchange takes max(C + P, M, the longer half's c + m); all else is added
 *
 * C compute, M communication and P the processors' part of it of both halves, c and m of one: while one half computes
 * the other's tokens travel, and the kernels that pack, send and receive still take processors (P, their time inside a
 * node). Each layer is its blocks: cores attend, states are read and written, experts are those of the busiest rank.
 *
 * @throws RangeError as resolveQuestion; for a degree that cuts no whole parts, two micro-batches of one request, or a kernel or
 * format not known.
 * @example decodeStep({ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 8 }).seconds
 */
export function decodeStep(question: DecodeStepQuestion): DecodeStep {
  const resolved = resolveQuestion(question);
  const { model, overlap, groupRequests, requests, dataParallel, formats, gpus, contextTokens: _ } = resolved;
  const exchanges = dataParallel > 1 && resolved.expertParallel > 1;
  const plan = planOf(resolved, question.kernel ?? defaultExpertKernel(resolved.hardware, formats.experts, exchanges));
  const halves = overlap === "none" ? [groupRequests] : [Math.ceil(groupRequests / 2), Math.floor(groupRequests / 2)];
  if (halves.includes(0)) throw new RangeError(`requests must be at least 2 for each group for two-micro-batches, got ${groupRequests}`);
  const parts = plan.share.map((run) => ({
    count: run.count,
    halves: halves.map((half) => layerTasks(plan, run, half, overlap === "none" ? requests : half * dataParallel)),
  }));
  const rows = groupRequests * (1 + resolved.draftTokens);
  const vocabulary = { outputs: Math.ceil(model.vocabSize / resolved.tensorParallel), inputs: model.hiddenSize, bf16: true as const };
  const head = productTask("head", plan.kernels, rows, [vocabulary], 1);
  const seconds = sum(parts, (part) => part.count * layerSeconds(part.halves)) + head.seconds;
  const tasks = [
    ...parts.flatMap(({ count, halves: both }) =>
      repeated(
        both.flatMap((half) => half.tasks),
        count,
      ),
    ),
    head,
  ];
  const tokens = acceptedTokens(resolved.draftTokens, resolved.acceptance);
  return {
    seconds,
    floorSeconds:
      overlap === "none"
        ? sum(tasks, (task) => task.floorSeconds)
        : Math.min(
            seconds,
            sum(tasks, (task) => task.floorSeconds),
          ),
    tokensPerSecondPerGpu: (requests * tokens) / seconds / gpus,
    tokensPerSecondPerRequest: tokens / seconds,
    tasks,
    kernel: plan.kernel,
    weightFormat: formats.experts,
    cacheFormat: formats.cache,
  };
}

/** Tokens of a request in one step: (1 - a^(s + 1)) / (1 - a) of s drafts, each accepted with chance a after those before it. */
export function acceptedTokens(drafts: number, acceptance: number): number {
  let [tokens, chance] = [1, 1];
  for (let i = 0; i < drafts; i++) {
    chance *= acceptance;
    tokens += chance;
  }
  return tokens;
}

function repeated(tasks: readonly DecodeTask[], count: number): readonly DecodeTask[] {
  const result = new Array<DecodeTask>(count * tasks.length);
  for (let i = 0; i < result.length; i++) result[i] = tasks[i % tasks.length] as DecodeTask;
  return result;
}

/** A layer of one half, or of two that hide each other's exchange. */
function layerSeconds(halves: readonly LayerTasks[]): number {
  const all = sum(halves, (half) => half.computeSeconds + half.communicationSeconds);
  if (halves.length === 1) return all;
  const processors = sum(halves, (half) => half.computeSeconds + half.processorSeconds);
  const links = sum(halves, (half) => half.communicationSeconds);
  const alone = Math.max(...halves.map((half) => half.computeSeconds + half.communicationSeconds));
  return Math.min(all, Math.max(processors, links, alone));
}
