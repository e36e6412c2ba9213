import { requirePositiveInteger, requireWhole } from "../checks";
import { timeFactor } from "../machine/hardware";
import { isMoe } from "../model/model";
import { formatCount } from "../text/numbers";
import { bandOf, leftOutOf } from "./answer-words";
import { carriedOf, coreIn } from "./carried";
import { type DecodeStep, layerSeconds, listed, totalOf } from "./decode";
import { type Engine, layersOf } from "./engine";
import { type Plan, planOf } from "./plan";
import { type ResolvedQuestion, resolveQuestion, type StepQuestion } from "./question";
import type { Passing } from "./task";
import { betweenTask } from "./task";
import { type LayerTasks, layerTasks, otherStarts, savedPerStart, sum } from "./tasks";

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
    | "overlap"
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
 * Attention works on whole tiles at and below the diagonal; products, experts and exchange are those of all tokens. With two micro-batches
 * each layer is timed as in a decode step: half of a group's prompts hides the exchange of the other half; a lone prompt is cut in two, the
 * second part attending to the first. Left out: waiting of prompts, and tokenising, so it errs low for a busy replica.
 *
 * @throws RangeError as resolveQuestion, by field; for two micro-batches of one prompt of one token.
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
  const passing = passings(resolved, promptTokens, pastTokens);
  const hosted = hostSeconds[plan.engine] * timeFactor(resolved.hardware, "betweenKernels");
  const parts = plan.runs.map((run) => ({
    count: run.count,
    halves: passing.map((half) => withHost(layerTasks(plan, run, half), hosted)),
  }));
  const all = { parts, ends: headTask(plan) };
  const seconds = sum(parts, ({ count, halves }) => count * layerSeconds(halves)) + sum(all.ends, (task) => task.seconds);
  const band = bandOf(plan, seconds, "prefill");
  return {
    seconds,
    floorSeconds: Math.min(
      seconds,
      totalOf(all, (task) => task.floorSeconds),
    ),
    tokensPerSecondPerGpu: (requests * promptTokens) / seconds / gpus,
    tasks: listed(all),
    kernel: plan.kernel,
    weightFormat: formats.experts,
    cacheFormat: formats.cache,
    engine: plan.engine,
    errorBand: { low: seconds * (band.low / seconds) ** widening, high: seconds * (band.high / seconds) ** widening },
    carried: [...carriedOf(resolved, plan, "prefill"), ...beyondMeasured(plan, pastTokens + promptTokens)],
    leftOut: [...leftOutOf(plan), ...(dataParallel > 1 && isMoe(resolved.model) && resolved.overlap === "none" ? [unhidden] : [])],
  };
}

const unhidden = "hiding of the exchange: without two micro-batches none of it runs beside computing";

/** What passes at once: all prompts, or each half of them. */
function passings({ overlap, groupRequests, requests, dataParallel }: ResolvedQuestion, promptTokens: number, pastTokens: number) {
  const passing = (count: number, newTokens: number, past: number, ofReplica: number): Passing => ({
    requests: 0,
    newTokens: 1,
    rows: count * newTokens,
    replicaRows: ofReplica * newTokens,
    prompts: { requests: count, newTokens, pastTokens: past },
    forwarded: true,
  });
  if (overlap === "none") return [passing(groupRequests, promptTokens, pastTokens, requests)];
  const halves = (whole: number) => [Math.ceil(whole / 2), Math.floor(whole / 2)] as const;
  if (groupRequests > 1) return halves(groupRequests).map((half) => passing(half, promptTokens, pastTokens, half * dataParallel));
  const [first, second] = halves(promptTokens);
  if (second === 0) throw new RangeError(`promptTokens must be at least 2 for two-micro-batches of one prompt, got ${promptTokens}`);
  return [passing(1, first, pastTokens, requests), passing(1, second, pastTokens + first, requests)];
}

/** A layer's tasks, and what its host takes to launch their kernels. */
function withHost(layer: LayerTasks, hosted: number): LayerTasks {
  const seconds = hosted * sum(layer.tasks, (task) => task.kernelSeconds.length);
  return { ...layer, tasks: [...layer.tasks, betweenTask(seconds)], computeSeconds: layer.computeSeconds + seconds };
}

/** Which cores are asked for longer requests than any that their kernel was measured with, in words. */
function beyondMeasured({ runs }: Plan, tokens: number): readonly string[] {
  const words = new Set<string>();
  for (const core of runs.flatMap(({ blocks }) => blocks.flatMap((block) => coreIn(block, "prefill") ?? []))) {
    if (tokens > core.longestTokens)
      words.add(
        `attention: ${core.kernel} on ${formatCount(tokens)} tokens of a request, measured up to ${formatCount(core.longestTokens)}`,
      );
  }
  return [...words];
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
