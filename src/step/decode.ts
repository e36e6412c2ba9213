import { requireShare } from "../checks";
import type { StepFactors } from "../machine/step-factors";
import { bandOf, leftOutOf, slowOf } from "./answer-words";
import { type Engine, layersOf } from "./engine";
import { type Plan, planOf } from "./plan";
import { type ResolvedQuestion, requireDrafts, resolveQuestion, type StepQuestion } from "./question";
import { doublingsOf, partsOf, stretched, withFactors } from "./stretched";
import type { DecodeTask, Passing } from "./task";
import { betweenTask } from "./task";
import { type LayerTasks, layerTasks, otherStarts, savedPerStart } from "./tasks";

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
  readonly engine: Engine;
  /** Four in five measured steps of deployments that were left out of the fit lie between these, in seconds. */
  readonly errorBand: { readonly low: number; readonly high: number };
  /** What takes long and why, where measured rows show it: groups of queries that leave a kernel's fast path. */
  readonly slow: readonly string[];
  /** What was not measured on this machine's generation or lies outside what was, and whose constants stand in. */
  readonly carried: readonly string[];
  /** What the answer does not count. */
  readonly leftOut: readonly string[];
}

/**
 * Share of what two micro-batches could hide that they do hide: the rest is waiting for the slower rank, and kernels that share
 * processors and memory. Set between DeepSeek's trace and fleet on H800, which want nearly all (5 and 9 % short so), and a run on 72
 * ranks of H100 that gained 25 %, where this gives 37.
 */
export const hiding = 0.83;

/**
 * Time one decode step: every request of the replica gets one token, and with drafts as many more as are accepted.
 *
 *     none:              seconds = sum of the tasks of all layers
 *     two-micro-batches: a layer with an exchange takes all - h (all - max(C + P, M, the longer half's c + m)); all else is added
 *
 * C compute, M communication and P the processors' part of it of both halves, c and m of one; h the share that is hidden in fact.
 * Each layer is its blocks: cores attend, states are read and written, experts are those of the rank that the others wait for, the
 * shared expert runs beside them, and the engine's time between kernels is a task of its own. On a calibrated machine the parts of the
 * step are stretched, and its band with it: work, bytes and floor stay.
 *
 * @throws RangeError as resolveQuestion; for two micro-batches of one request, or a kernel or format not known.
 * @example decodeStep({ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 8 }).seconds
 */
export function decodeStep(question: DecodeStepQuestion): DecodeStep {
  const resolved = resolveQuestion(question);
  const plan = planOf(resolved);
  const { requests, draftTokens, acceptance, formats, gpus } = resolved;
  const timed = timeOf(plan);
  const { seconds } = timed;
  const tasks = listed(timed);
  const tokens = acceptedTokens(draftTokens, acceptance);
  return {
    seconds,
    floorSeconds: Math.min(seconds, floorsOf(timed)),
    tokensPerSecondPerGpu: (requests * tokens) / seconds / gpus,
    tokensPerSecondPerRequest: tokens / seconds,
    tasks,
    kernel: plan.kernel,
    weightFormat: formats.experts,
    cacheFormat: formats.cache,
    engine: plan.engine,
    errorBand: bandOf(plan, seconds),
    slow: slowOf(plan),
    carried: plan.carried,
    leftOut: leftOutOf(plan),
  };
}

/**
 * The seconds of decodeStep alone, for many questions.
 *
 * @throws RangeError as decodeStep.
 * @example decodeSeconds({ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 8 })
 */
export function decodeSeconds(question: DecodeStepQuestion): number {
  return timeOf(planOf(resolveQuestion(question))).seconds;
}

/** Tasks of a step: of layers that are alike those of one, all together or those of each half, and what comes after the layers. */
export interface LayeredTasks {
  readonly parts: readonly { readonly count: number; readonly halves: readonly { readonly tasks: readonly DecodeTask[] }[] }[];
  readonly ends: readonly DecodeTask[];
}

/** All layers and what comes after them, timed. */
interface Timed extends LayeredTasks {
  readonly seconds: number;
}

function timeOf(plan: Plan): Timed {
  const passing = passings(plan);
  const parts = plan.runs.map((run) => ({ count: run.count, halves: passing.map((half) => layerTasks(plan, run, half)) }));
  const ends = endTasks(plan);
  let seconds = 0;
  for (const { count, halves } of parts) seconds += count * layerSeconds(halves);
  for (const task of ends) seconds += task.seconds;
  const timed = { parts, ends, seconds };
  return plan.hardware.stepFactors === undefined ? timed : calibrated(timed, plan, plan.hardware.stepFactors);
}

/** A step with the factors that measured steps gave its machine. */
function calibrated(timed: Timed, { overlap, groupRequests }: Plan, factors: StepFactors): Timed {
  const { parts, ends, seconds } = timed;
  const floors = floorsOf(timed);
  const repeated = [...parts.flatMap(({ count, halves }) => halves.map(({ tasks }) => ({ count, tasks }))), { count: 1, tasks: ends }];
  const doublings = doublingsOf(groupRequests);
  const longer = (tasks: readonly DecodeTask[]) => tasks.map((task) => stretched(task, factors, doublings));
  return {
    parts: parts.map(({ count, halves }) => ({ count, halves: halves.map(({ tasks }) => ({ tasks: longer(tasks) })) })),
    ends: longer(ends),
    seconds: withFactors(
      { parts: partsOf(repeated, seconds), floor: overlap === "none" ? floors : Math.min(seconds, floors), doublings },
      factors,
    ),
  };
}

/** Sum of a value over all tasks of a step. */
export function totalOf({ parts, ends }: LayeredTasks, value: (task: DecodeTask) => number): number {
  let total = 0;
  for (const { count, halves } of parts) {
    let layer = 0;
    for (const { tasks } of halves) for (const task of tasks) layer += value(task);
    total += count * layer;
  }
  for (const task of ends) total += value(task);
  return total;
}

const floorsOf = (timed: Timed): number => totalOf(timed, (task) => task.floorSeconds);

/**
 * Share of the prompt tokens that the requests wait for: engines take prompts in while requests come and go, and pack them better
 * than one step with its mean number would. Read off steps with prompts in them (data/measurements/end-to-end.csv).
 */
const promptShare = 0.3;

/** What passes through a layer at once: all, or each half. */
function passings({ overlap, groupRequests, requests, dataParallel, draftTokens, promptTokens }: ResolvedQuestion): readonly Passing[] {
  const newTokens = 1 + draftTokens;
  const counted = Math.ceil(promptTokens * promptShare);
  const ofGroup = Math.ceil(counted / dataParallel);
  const promptsOf = (tokens: number) => (tokens === 0 ? undefined : { requests: 1, newTokens: tokens, pastTokens: 0 });
  if (overlap === "none") {
    const rows = groupRequests * newTokens + ofGroup;
    return [{ requests: groupRequests, newTokens, rows, replicaRows: requests * newTokens + counted, prompts: promptsOf(ofGroup) }];
  }
  if (groupRequests < 2) throw new RangeError(`requests must be at least 2 for each group for two-micro-batches, got ${groupRequests}`);
  return [Math.ceil, Math.floor].map((whole) => {
    const half = whole(groupRequests / 2);
    const tokens = whole(ofGroup / 2);
    const rows = half * newTokens + tokens;
    return { requests: half, newTokens, rows, replicaRows: rows * dataParallel, prompts: promptsOf(tokens) };
  });
}

/** After the layers: the head with its norm, draft layers, and, of all layers together, what the engine does for each request. */
function endTasks(plan: Plan): readonly DecodeTask[] {
  const { groupRequests, requests, draftTokens } = plan;
  const saved = savedPerStart(plan);
  const head = (rows: number) => otherStarts(plan.head(rows), saved);
  const last = plan.runs.at(-1);
  const tasks = [head(groupRequests * (1 + draftTokens))];
  if (draftTokens > 0 && last !== undefined) {
    const draft = layerTasks(plan, last, { requests: groupRequests, newTokens: 1, rows: groupRequests, replicaRows: requests });
    for (let i = 0; i < draftTokens; i++) tasks.push(...draft.tasks, head(groupRequests));
  }
  const { layerRequestSeconds } = plan.engineTime;
  if (layerRequestSeconds > 0) tasks.push(betweenTask(layerRequestSeconds * groupRequests * layersOf(plan.runs)));
  return tasks;
}

/** Tokens of a request in one step: (1 - a^(s + 1)) / (1 - a) of s drafts, each accepted with chance a after those before it. */
export function acceptedTokens(drafts: number, acceptance: number): number {
  requireDrafts(drafts);
  requireShare("acceptance", acceptance);
  let [tokens, chance] = [1, 1];
  for (let i = 0; i < drafts; i++) {
    chance *= acceptance;
    tokens += chance;
  }
  return tokens;
}

/** All tasks of a step in order, layer by layer. A thousand of them and more: a list of the right length, filled by place. */
export function listed({ parts, ends }: LayeredTasks): readonly DecodeTask[] {
  let length = ends.length;
  for (const { count, halves } of parts) for (const { tasks } of halves) length += count * tasks.length;
  const all = new Array<DecodeTask>(length);
  let end = 0;
  for (const { count, halves } of parts) {
    for (let layer = 0; layer < count; layer++) {
      for (const { tasks } of halves) {
        for (let i = 0; i < tasks.length; i++) all[end++] = tasks[i] as DecodeTask;
      }
    }
  }
  for (const task of ends) all[end++] = task;
  return all;
}

/** A layer of one half, or of two that hide each other's exchange. */
function layerSeconds([first, second]: readonly LayerTasks[]): number {
  if (first === undefined) return 0;
  const whole = first.computeSeconds + first.communicationSeconds;
  if (second === undefined) return whole;
  const other = second.computeSeconds + second.communicationSeconds;
  const all = whole + other;
  const processors = first.computeSeconds + first.processorSeconds + second.computeSeconds + second.processorSeconds;
  const links = first.communicationSeconds + second.communicationSeconds;
  return all - hiding * (all - Math.min(all, Math.max(processors, links, whole, other)));
}
