import type { MixerPhase } from "../kernels/attention/mixer-demand";
import { moeLayerTime } from "../kernels/expert-layer";
import { launch } from "../kernels/launch";
import { timeFactor } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import { type ExpertsBlock, isMixer, type Mixer } from "../model/blocks";
import { mixerWork } from "../model/mixers/mixers";
import type { MixerWork } from "../model/mixers/rules";
import { collectiveTask, exchangeTasks } from "./communication";
import type { Plan, PlannedBlock, PlannedRun } from "./plan";
import { productTask } from "./products";
import type { DecodeTask } from "./task";
import { busiestRank } from "./waiting";

/** What passes through one layer at once: of one attention group, and of all that enters the experts. */
export interface Passing {
  /** Requests of the busiest attention group, each with `newTokens`. */
  readonly requests: number;
  readonly newTokens: number;
  /** Rows of the group: new tokens of requests, and tokens of prompts. */
  readonly rows: number;
  /** Prompts of the group that are taken in: so many, of so many new tokens each, on a past of so many. */
  readonly prompts?: { readonly requests: number; readonly newTokens: number; readonly pastTokens: number };
  /** Rows of the replica. */
  readonly replicaRows: number;
}

/** The tasks of one layer of a run, and their sums. */
export interface LayerTasks {
  readonly tasks: readonly DecodeTask[];
  /** All but dispatch and combine. */
  readonly computeSeconds: number;
  readonly communicationSeconds: number;
  /** Of the communication, what processors do. */
  readonly processorSeconds: number;
}

/** The tasks of one layer of a run, in order; at the end the engine's time between its kernels. */
export function layerTasks(plan: Plan, run: PlannedRun, passing: Passing): LayerTasks {
  const tasks: DecodeTask[] = [];
  const exchanged = new Set<DecodeTask>();
  let [communicationSeconds, processorSeconds] = [0, 0];
  const { rows } = passing;
  const { tensorParallel, model } = plan;
  const reduce = tensorParallel > 1 ? collectiveTask("all-reduce", plan, rows * model.hiddenSize, tensorParallel) : undefined;
  for (const planned of run.blocks) {
    const { block } = planned;
    if (isMixer(block)) {
      tasks.push(...mixerTasks(plan, planned, block, passing));
      if (reduce !== undefined) tasks.push(reduce);
    } else if (block.kind === "dense") {
      tasks.push(productTask("dense feed-forward", plan.kernels, rows, planned.matrices["dense feed-forward"] ?? [], 2));
      // Beside experts its sum travels with theirs.
      if (reduce !== undefined && run.experts === undefined) tasks.push(reduce);
    } else {
      const exchange = exchangeTasks(plan, block, rows);
      communicationSeconds += exchange.seconds;
      processorSeconds += exchange.processorSeconds;
      for (const task of [...exchange.before, ...exchange.after]) exchanged.add(task);
      const experts = expertTask(plan, block, passing.replicaRows);
      tasks.push(...routerTasks(plan, planned, rows), ...exchange.before, experts);
      tasks.push(...sharedTasks(plan, planned, rows, experts), ...exchange.after);
      if (reduce !== undefined) tasks.push(reduce);
    }
  }
  const saved = savedPerStart(plan);
  if (saved !== 0) {
    for (const [i, task] of tasks.entries()) {
      tasks[i] = otherStarts(task, saved);
      if (exchanged.has(task)) communicationSeconds += (tasks[i] as DecodeTask).seconds - task.seconds;
    }
  }
  const { layerSeconds, latentSeconds, sparseSeconds, linearSeconds } = plan.engineTime;
  const between = (layerSeconds * run.parts) / 2 + latentSeconds * run.latent + sparseSeconds * run.sparse + linearSeconds * run.linear;
  if (between > 0) tasks.push(betweenTask(between));
  return { tasks, computeSeconds: total(tasks) - communicationSeconds, communicationSeconds, processorSeconds };
}

/** What the start of each kernel takes less on a machine that does not exist; 0 on every other. The tables' kernels start from a graph. */
export function savedPerStart({ hardware }: Pick<Plan, "hardware">): number {
  const factor = timeFactor(hardware, "kernelStarts");
  return factor === 1 ? 0 : (1 - factor) * launch("graph", hardware).seconds;
}

/** A task whose kernels each start so much sooner, but not below its floor. */
export function otherStarts(task: DecodeTask, savedSeconds: number): DecodeTask {
  if (savedSeconds === 0) return task;
  const seconds = Math.max(task.floorSeconds, task.seconds - savedSeconds * task.kernelSeconds.length);
  const scale = task.seconds === 0 ? 1 : seconds / task.seconds;
  return { ...task, seconds, kernelSeconds: task.kernelSeconds.map((each) => each * scale) };
}

/** Time in which no kernel runs. */
export function betweenTask(seconds: number): DecodeTask {
  return {
    name: "between kernels",
    seconds,
    floorSeconds: 0,
    flops: 0,
    bytes: 0,
    runBytes: 0,
    bound: "overhead",
    kernelSeconds: [seconds],
  };
}

/** Kernels beside a mixer's products: norm of the input, norms of latents. Rotation and the write to the cache are in the core's time. */
function besides(mixer: Mixer): number {
  return mixer.kind === "latent" || mixer.kind === "compressed" || ("queryRank" in mixer && mixer.queryRank !== undefined) ? 2 : 1;
}

/** Products before the core, those of an indexer, the core, products after it; prompts have a core of their own. */
function mixerTasks(plan: Plan, { matrices, core, prefill }: PlannedBlock, mixer: Mixer, passing: Passing): readonly DecodeTask[] {
  const { kernels, contextTokens } = plan;
  const { rows, requests, newTokens, prompts } = passing;
  const cores: DecodeTask[] = [];
  let products = matrices.indexer === undefined ? undefined : productTask("indexer", kernels, rows, matrices.indexer, 1);
  const add = (phase: MixerPhase, planned: typeof core, count: number, context: number, tokens: number) => {
    if (planned === undefined || count === 0) return;
    const parts = coreTasks(mixer, plan, planned, phase, count, context, tokens);
    if (products !== undefined && parts.index !== undefined) products = joined(products, parts.index);
    cores.push(parts.core);
  };
  add("decode", core, requests, contextTokens, newTokens);
  if (prompts !== undefined) add("prefill", prefill, prompts.requests, prompts.pastTokens, prompts.newTokens);
  return [
    productTask("attention projections", kernels, rows, matrices.projections ?? [], besides(mixer)),
    ...(products === undefined ? [] : [products]),
    ...cores,
    productTask("output projection", kernels, rows, matrices.output ?? [], 0),
  ];
}

/**
 * Attention, or the update of a state with its convolution; and apart from it the scores and the choice of an indexer.
 *
 * The tables time a sparse layer's indexer and attention together: its time is shared out by the bytes of either.
 */
function coreTasks(
  mixer: Mixer,
  { formats }: Plan,
  planned: NonNullable<PlannedBlock["core"]>,
  phase: MixerPhase,
  requests: number,
  contextTokens: number,
  newTokens: number,
): { readonly core: DecodeTask; readonly index: DecodeTask | undefined } {
  const time = planned.time(requests, contextTokens, newTokens);
  const works = mixerWork(mixer, { contextTokens, newTokens, cacheFormat: formats.cache, phase });
  const own = works[works.length - 1] as MixerWork;
  const scores = works.length > 1 ? works[0] : undefined;
  const bytesOf = (work: MixerWork) => requests * (work.readBytes + (work.part === "recurrence" ? work.writtenBytes : 0));
  const bytes = bytesOf(own);
  const indexBytes = scores === undefined ? 0 : bytesOf(scores);
  const slower = Math.max(time.computeSeconds, time.memorySeconds);
  const bound = time.overheadSeconds > slower ? "overhead" : time.computeSeconds > time.memorySeconds ? "compute" : "memory";
  const part = (name: DecodeTask["name"], work: MixerWork, moved: number): DecodeTask => {
    const share = indexBytes === 0 ? 1 : moved / (bytes + indexBytes);
    const seconds = time.seconds * share;
    const floorSeconds = time.floorSeconds * share;
    return {
      name,
      seconds,
      floorSeconds,
      flops: requests * work.flops,
      bytes: moved,
      runBytes: work.runBytes,
      bound,
      kernelSeconds: [seconds],
    };
  };
  return {
    core: part(mixer.kind === "linear" ? "linear mixer" : "attention core", own, bytes),
    index: scores === undefined || indexBytes === 0 ? undefined : part("indexer", scores, indexBytes),
  };
}

/** An indexer's products and scores as one task. */
function joined(products: DecodeTask, scores: DecodeTask): DecodeTask {
  return {
    name: "indexer",
    seconds: products.seconds + scores.seconds,
    floorSeconds: products.floorSeconds + scores.floorSeconds,
    flops: products.flops + scores.flops,
    bytes: products.bytes + scores.bytes,
    runBytes: scores.runBytes,
    bound: scores.seconds > products.seconds ? scores.bound : products.bound,
    kernelSeconds: [...products.kernelSeconds, ...scores.kernelSeconds],
  };
}

/** Router, and projections to and from the experts' width. */
function routerTasks({ kernels }: Plan, { matrices }: PlannedBlock, rows: number): readonly DecodeTask[] {
  const narrow = matrices["latent projection"];
  const router = productTask("router", kernels, rows, matrices.router ?? [], 2);
  return narrow === undefined ? [router] : [router, productTask("latent projections", kernels, rows, narrow, 0)];
}

/**
 * The shared expert beside the routed ones, in a stream of its own: what of it shows.
 *
 *     both = max(shared, routed, both floors together);   shown = both - routed
 *
 * Two kernels share the memory, so that together they take no less than both have to move.
 */
function sharedTasks({ kernels }: Plan, { matrices }: PlannedBlock, rows: number, routed: DecodeTask): readonly DecodeTask[] {
  const products = matrices["shared expert"];
  if (products === undefined) return [];
  const task = productTask("shared expert", kernels, rows, products, 2);
  const shown = Math.max(task.seconds, routed.seconds, task.floorSeconds + routed.floorSeconds) - routed.seconds;
  const seconds = Math.min(task.seconds, Math.max(shown, task.floorSeconds));
  return [{ ...task, seconds, kernelSeconds: task.kernelSeconds.map((each) => (each * seconds) / task.seconds) }];
}

/** The routed experts of the busiest rank; the block is already cut to this GPU's share of the width. */
function expertTask(plan: Plan, block: ExpertsBlock, tokens: number): DecodeTask {
  const { hardware, kernel, formats, expertParallel, routing } = plan;
  const model = shapeOf(plan, block);
  const waited = Math.max(1, Math.round(tokens * waitingOf(plan, model, tokens)));
  const time = moeLayerTime({
    model,
    hardware,
    kernel,
    weightFormat: formats.experts,
    tokens: waited,
    expertParallel,
    routing,
    cache: "cold",
  });
  return {
    name: "experts",
    seconds: time.seconds,
    floorSeconds: waited === tokens ? time.floorSeconds : (time.floorSeconds * tokens) / waited,
    flops: time.flops,
    bytes: time.weightBytes + time.activationBytes,
    runBytes: (block.matrices - 1) * block.width * block.inputWidth * lookUpFormat(formats.experts).weightBytes,
    bound: time.bound,
    kernelSeconds: [time.seconds],
  };
}

/** Rows of the rank that the others wait for, over the mean: given, or by chance where tokens choose so. */
function waitingOf({ waiting, routing, expertParallel }: Plan, shape: ReturnType<typeof shapeOf>, tokens: number): number {
  if (waiting !== undefined) return waiting;
  if (routing !== "chance") return 1;
  const { expertsPerToken, routedExperts, expertGroups, topkGroup } = shape;
  return busiestRank({ tokens, expertsPerToken, experts: routedExperts, ranks: expertParallel, expertGroups, chosenGroups: topkGroup });
}

/** The layer's shape as the expert kernels take it; slots stand for experts, since copies share an expert's rows. */
export function shapeOf({ model, expertSlots }: Pick<Plan, "model" | "expertSlots">, block: ExpertsBlock) {
  return {
    hiddenSize: model.hiddenSize,
    expertHiddenSize: block.inputWidth,
    moeIntermediateSize: block.width,
    routedExperts: block.routed + expertSlots - model.routedExperts,
    // Experts that compute nothing take no rows.
    expertsPerToken: Math.max(1, Math.round(block.computedPerToken)),
    expertMatrices: block.matrices,
    expertGroups: block.groups,
    topkGroup: block.chosenGroups,
  };
}

function total(tasks: readonly DecodeTask[]): number {
  return sum(tasks, (task) => task.seconds);
}

/** Sum of a value over items. */
export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let result = 0;
  for (const item of items) result += value(item);
  return result;
}
