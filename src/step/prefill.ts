import { requirePositiveInteger, requireWhole } from "../checks";
import { timeFactor } from "../machine/hardware";
import { bandOf, leftOutOf } from "./answer-words";
import { carriedOf } from "./carried";
import { type DecodeStep, listed, totalOf } from "./decode";
import { type Engine, layersOf } from "./engine";
import { type Plan, planOf } from "./plan";
import { resolveQuestion, type StepQuestion } from "./question";
import type { DecodeTask } from "./task";
import { betweenTask } from "./task";
import { layerTasks, otherStarts, savedPerStart, sum } from "./tasks";

/** Prompts that a replica takes in at once. */
export interface PrefillQuestion
  extends Pick<
    StepQuestion,
    | "model"
    | "hardware"
    | "tensorParallel"
    | "expertParallel"
    | "dataParallel"
    | "weightFormat"
    | "cacheFormat"
    | "kernel"
    | "engine"
    | "routing"
    | "waiting"
    | "expertSlots"
  > {
  /** Prompts of the whole replica. */
  readonly requests: number;
  /** New tokens of each. */
  readonly promptTokens: number;
  /** Already in the cache of each: chunks before, or a prefix that is shared; 0 if left out. */
  readonly pastTokens?: number;
}

/** Taking prompts in on one GPU: its time, its rate, and the tasks that it is made of. */
export interface PrefillStep
  extends Pick<
    DecodeStep,
    "seconds" | "floorSeconds" | "tasks" | "kernel" | "weightFormat" | "cacheFormat" | "engine" | "errorBand" | "carried" | "leftOut"
  > {
  /** Of the prompts. */
  readonly tokensPerSecondPerGpu: number;
}

/**
 * What one more kernel costs where prompts are taken in: they run outside graphs, so the host launches each. Read off the least times
 * to first token of deployments with few clients, in which prompts still wait for one another, so more than a launch by itself.
 */
const hostSeconds: { readonly [E in Engine]: number } = { "tensorrt-llm": 40e-6, vllm: 40e-6, sglang: 120e-6 };

/** No measured row is a bare prefill, so the band of a decode step stands wider. */
const widening = 2;

/**
 * Time one step that takes prompts in: every new token of every prompt through all layers, and the head for the last of each.
 *
 *     seconds = sum of the tasks of all layers + head of one row a prompt + the engine's time between kernels, and its host's for each kernel
 *
 * Attention works on whole tiles at and below the diagonal; products, experts and exchange are those of all tokens. Left out: waiting
 * of prompts, tokenising, and overlap of exchange with computation, so it errs low for a busy replica and high for two micro-batches.
 *
 * @throws RangeError as resolveQuestion, by field.
 * @example prefillStep({ model: model("llama-3-70b"), hardware: hardware("h200-sxm"), requests: 1, promptTokens: 8192, tensorParallel: 8 }).seconds
 */
export function prefillStep(question: PrefillQuestion): PrefillStep {
  const { promptTokens, pastTokens = 0, ...rest } = question;
  requirePositiveInteger("promptTokens", promptTokens);
  requireWhole("pastTokens", pastTokens);
  const resolved = resolveQuestion({ ...rest, contextTokens: pastTokens + promptTokens });
  const plan = planOf(resolved);
  const { groupRequests, requests, formats, gpus, dataParallel } = resolved;
  if (!Number.isSafeInteger(groupRequests * promptTokens * dataParallel))
    throw new RangeError(`requests and promptTokens must make a number of tokens that can be counted, got ${requests * promptTokens}`);
  const passing = {
    requests: 0,
    newTokens: 1,
    rows: groupRequests * promptTokens,
    replicaRows: requests * promptTokens,
    prompts: { requests: groupRequests, newTokens: promptTokens, pastTokens },
  };
  const hosted = hostSeconds[plan.engine] * timeFactor(resolved.hardware, "betweenKernels");
  const withHost = (tasks: readonly DecodeTask[]) => [...tasks, betweenTask(hosted * sum(tasks, (task) => task.kernelSeconds.length))];
  const parts = plan.runs.map((run) => ({ count: run.count, halves: [{ tasks: withHost(layerTasks(plan, run, passing).tasks) }] }));
  const all = { parts, ends: headTask(plan) };
  const seconds = totalOf(all, (task) => task.seconds);
  const band = bandOf(plan, seconds, "prefill");
  return {
    seconds,
    floorSeconds: totalOf(all, (task) => task.floorSeconds),
    tokensPerSecondPerGpu: (requests * promptTokens) / seconds / gpus,
    tasks: listed(all),
    kernel: plan.kernel,
    weightFormat: formats.experts,
    cacheFormat: formats.cache,
    engine: plan.engine,
    errorBand: { low: seconds * (band.low / seconds) ** widening, high: seconds * (band.high / seconds) ** widening },
    carried: carriedOf(resolved, plan, "prefill"),
    leftOut: leftOutOf(plan),
  };
}

function headTask(plan: Plan) {
  const { groupRequests, engineTime } = plan;
  const task = otherStarts(plan.head(groupRequests), savedPerStart(plan));
  const forRequests = engineTime.layerRequestSeconds * groupRequests * layersOf(plan.runs);
  return forRequests > 0 ? [task, betweenTask(forRequests)] : [task];
}

/**
 * Seconds to the first token of one prompt on an idle replica: its prefill.
 *
 * @throws RangeError as prefillStep.
 * @example timeToFirstToken({ model: model("llama-3-70b"), hardware: hardware("h200-sxm"), promptTokens: 8192, tensorParallel: 8 })
 */
export function timeToFirstToken(question: Omit<PrefillQuestion, "requests">): number {
  return prefillStep({ ...question, requests: 1 }).seconds;
}
