import { requireFlag, requirePositiveInteger, requireWord } from "../checks";
import type { ExpertsBlock } from "../model/blocks";
import { backwardTasks, ofPass, type Pass, type TrainingTask, upProjections } from "./backward";
import type { DecodeStep } from "./decode";
import { hiding } from "./decode";
import { collectives } from "./flows";
import { type Plan, planOf } from "./plan";
import type { PlannedRun } from "./planned-run";
import { resolveQuestion, type StepQuestion } from "./question";
import type { DecodeTask } from "./task";
import { type LayerTasks, layerTasks, sum } from "./tasks";
import { trainedRun } from "./trained-run";
import { sentOn, updateTasks } from "./update";

export type { Pass, TrainingTask } from "./backward";

/** One micro-batch of a training run, as one stage of the pipeline sees it. */
export interface TrainingQuestion
  extends Pick<
    StepQuestion,
    "model" | "hardware" | "tensorParallel" | "expertParallel" | "dataParallel" | "weightFormat" | "kernel" | "routing" | "waiting"
  > {
  /** Of one micro-batch of the whole group that the experts are dealt over. */
  readonly sequences: number;
  readonly sequenceTokens: number;
  /** Layers of the stage, all like the most frequent one; all layers of the model if left out. */
  readonly layers?: number;
  /** Stages of the pipeline; 1 if left out: nothing is sent on. */
  readonly pipelineStages?: number;
  /** Groups that hold the same weights and add their gradients up; 1 if left out: experts have nobody to add to. */
  readonly replicas?: number;
  /** Micro-batches of each update, of which one carries its share; no update is counted if left out. */
  readonly microBatches?: number;
  /** Make the up-projections of latent attention again in the backward pass, as DeepSeek-V3 does; no if left out. */
  readonly recomputeUpProjections?: boolean;
  /** none; or the forward pass of one micro-batch beside the backward pass of another, hiding each other's exchange. */
  readonly overlap?: "none" | "forward-beside-backward";
}

/** Forward and backward pass of one micro-batch through a stage, on one GPU. */
export interface TrainingStep extends Pick<DecodeStep, "seconds" | "floorSeconds" | "kernel" | "weightFormat" | "carried" | "leftOut"> {
  readonly tokensPerSecondPerGpu: number;
  /** Layer by layer, forward, then backward, then the update's share. */
  readonly tasks: readonly TrainingTask[];
  /** Seconds of each pass; they sum to the step without overlap. */
  readonly secondsBy: Readonly<Record<Pass, number>>;
}

/**
 * Time one micro-batch of training through the layers of a stage: forward pass, backward pass, and its share of the update.
 *
 *     none:                    seconds = sum of the tasks
 *     forward-beside-backward: of all layers, all - h (all - max(C + P, M)), and the update
 *
 * C compute, M exchange, P the processors' part of it; h as in a decode step. The forward pass is that of prompts taken in, by the same
 * kernels; the backward pass has two products of each matrix. Left out are norms, conversions, copies, waiting and the optimiser's
 * arithmetic, so the products err low; the exchange counts each copy of a token to an expert, where prompts go to each node once, so it
 * errs high where copies to one node travel as one.
 *
 * @throws RangeError naming the field, as resolveQuestion.
 * @example trainingStep({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), sequences: 64, sequenceTokens: 4096, expertParallel: 64, layers: 4 })
 */
export function trainingStep(question: TrainingQuestion): TrainingStep {
  const { sequences, sequenceTokens, layers, pipelineStages = 1, replicas = 1, microBatches, ...rest } = question;
  const { recomputeUpProjections = false, overlap = "none", ...of } = rest;
  for (const [name, value] of Object.entries({
    sequences,
    sequenceTokens,
    layers: layers === undefined ? 1 : layers,
    pipelineStages,
    replicas,
    microBatches: microBatches === undefined ? 1 : microBatches,
  }))
    requirePositiveInteger(name, value);
  requireWord("overlap", overlap, ["none", "forward-beside-backward"]);
  requireFlag("recomputeUpProjections", recomputeUpProjections);
  const plan = planOf(resolveQuestion({ ...of, requests: sequences, contextTokens: sequenceTokens }));
  const rows = plan.groupRequests * sequenceTokens;
  if (!Number.isSafeInteger(rows * plan.dataParallel))
    throw new RangeError(`sequences and sequenceTokens must make a number of tokens that can be counted, got ${rows * plan.dataParallel}`);
  const passing = {
    requests: 0,
    newTokens: 1,
    rows,
    replicaRows: sequences * sequenceTokens,
    prompts: { requests: plan.groupRequests, newTokens: sequenceTokens, pastTokens: 0 },
  };
  const runs = stageRuns(plan, layers).map((run) => trainedRun(plan, run));
  const passes = runs.map((run) => {
    const timed = layerTasks(plan, run, passing);
    // The time between kernels is an engine's that serves; a trainer has its own.
    const forward = timed.tasks.filter(({ name }) => name !== "between kernels").map((task) => onceAPlace(plan, run, task));
    const again = recomputeUpProjections ? upProjections(plan, run, rows) : [];
    const backward = backwardTasks(plan, run, passing, forward);
    return { count: run.count, timed, tasks: [...forward.map(ofPass("forward")), ...again, ...backward] };
  });
  const update = [
    ...(pipelineStages > 1 ? sentOn(plan, rows) : []),
    ...(microBatches === undefined ? [] : updateTasks(plan, runs, { replicas, microBatches })),
  ];
  const tasks = [...passes.flatMap(({ count, tasks: each }) => Array.from({ length: count }, () => each).flat()), ...update];
  const all = sum(tasks, ({ seconds }) => seconds);
  const seconds = overlap === "none" ? all : all - hiding * hidden(passes);
  return {
    seconds,
    floorSeconds: floorOf(tasks, overlap),
    tokensPerSecondPerGpu: (sequences * sequenceTokens) / seconds / plan.gpus,
    tasks,
    secondsBy: byPass(tasks),
    kernel: plan.kernel,
    weightFormat: plan.formats.experts,
    carried: [...plan.carried, "backward pass: by the constants of the forward kernels; none was timed for it"],
    leftOut: [
      "norms, conversions, copies, and the time between kernels",
      "the optimiser's arithmetic and its memory traffic",
      "waiting for other ranks, and bubbles of the pipeline",
      "embedding and head with their loss",
      "an error band: one public trace exists, and no step of another run to leave out",
    ],
  };
}

/** The layers of a stage: all of the model's, or so many like its most frequent layer. */
function stageRuns({ runs }: Plan, layers: number | undefined): readonly PlannedRun[] {
  if (layers === undefined) return runs;
  const most = runs.reduce((a, b) => (b.count > a.count ? b : a));
  return [{ ...most, count: layers }];
}

/** What a forward pass beside a backward pass could hide: the backward pass exchanges as much as the forward pass, the other way. */
function hidden(
  passes: readonly { readonly count: number; readonly timed: LayerTasks; readonly tasks: readonly TrainingTask[] }[],
): number {
  return sum(passes, ({ count, timed, tasks }) => {
    const [links, processors] = [2 * timed.communicationSeconds, 2 * timed.processorSeconds];
    const all = sum(tasks, ({ seconds }) => seconds);
    return count * (all - Math.min(all, Math.max(all - links + processors, links)));
  });
}

/** A dispatch or combine can at best send one copy of a token to each node (or GPU of one node) that any of its experts is on. */
function onceAPlace({ hardware, expertParallel }: Plan, { experts }: PlannedRun, task: DecodeTask): DecodeTask {
  if (experts === undefined || (task.name !== "dispatch" && task.name !== "combine")) return task;
  const domain = hardware.scaleUpDomain ?? expertParallel;
  const places = expertParallel <= domain ? expertParallel : Math.ceil(expertParallel / domain);
  return { ...task, floorSeconds: (task.floorSeconds * placesTouched(experts, places)) / experts.perToken };
}

/**
 * Places that a token's experts lie in, on average.
 *
 *     c (1 - (1 - 1/c)^k),   c the places that it may choose: its groups of experts where they are as many as places, else all
 *
 * @example placesTouched({ perToken: 8, groups: 8, chosenGroups: 4 }, 8) // 4 (1 - 0.75^8) = 3.6
 */
export function placesTouched(
  { perToken, groups, chosenGroups }: Pick<ExpertsBlock, "perToken" | "groups" | "chosenGroups">,
  places: number,
): number {
  return spread(groups > 1 && groups >= places ? Math.min(places, chosenGroups) : places, perToken);
}

function spread(places: number, chosen: number): number {
  return places * (1 - (1 - 1 / places) ** chosen);
}

/** Work at datasheet rates: one after another, or where the exchange can be hidden the longer of computing and sending. */
function floorOf(tasks: readonly TrainingTask[], overlap: "none" | "forward-beside-backward"): number {
  const isSent = ({ name }: TrainingTask) => (collectives as readonly string[]).includes(name);
  const floor = (task: TrainingTask) => task.floorSeconds;
  const links = sum(tasks.filter(isSent), floor);
  const computing = sum(
    tasks.filter((task) => !isSent(task)),
    floor,
  );
  return overlap === "none" ? computing + links : Math.max(computing, links);
}

function byPass(tasks: readonly TrainingTask[]): Readonly<Record<Pass, number>> {
  const by: Record<Pass, number> = { forward: 0, backward: 0, weights: 0, recomputed: 0, update: 0 };
  for (const { pass, seconds } of tasks) by[pass] += seconds;
  return by;
}
