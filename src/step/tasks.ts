import { mixerCoreTime } from "../kernels/attention-core";
import { moeLayerTime } from "../kernels/expert-layer";
import { launch } from "../kernels/launch";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import { type Block, type DenseBlock, type ExpertsBlock, isMixer, type Mixer, type Run } from "../model/blocks";
import { feedForwardMatrices } from "../model/feed-forward";
import { mixerMatrices } from "../model/mixers/mixers";
import { cutBlock } from "../model/shard";
import { collectiveTask, exchangeTasks } from "./communication";
import { type ProductKernels, productKernels, productTask } from "./products";
import type { ResolvedQuestion } from "./question";
import type { DecodeTask } from "./task";

/** What stays the same for every task of a step. */
export interface Plan extends ResolvedQuestion {
  readonly kernels: ProductKernels;
  /** Of the routed experts. */
  readonly kernel: string;
  /** Runs as one GPU holds them. */
  readonly share: readonly Run[];
}

/** The kernels of a question and the share of the model that one GPU holds. */
export function planOf(question: ResolvedQuestion, kernel: string): Plan {
  const { model, hardware, formats, tensorParallel, expertTensorParallel } = question;
  const cut = { tensorParallel, expertTensorParallel };
  return {
    ...question,
    kernel,
    kernels: productKernels(hardware, formats.rest, launch("graph", hardware).seconds),
    share: model.runs.map(({ count, blocks }) => ({ count, blocks: blocks.map((block) => cutBlock(block, cut)) })),
  };
}

/** The tasks of one layer of a run for some requests of the busiest group, and their sums. */
export interface LayerTasks {
  readonly tasks: readonly DecodeTask[];
  /** All but dispatch and combine. */
  readonly computeSeconds: number;
  readonly communicationSeconds: number;
  /** Of the communication, what processors do. */
  readonly processorSeconds: number;
}

/**
 * The tasks of one layer of a run, in order.
 *
 * @param requests of one attention group; @param replicaRequests of all of them, which is what enters the experts.
 */
export function layerTasks(plan: Plan, { blocks }: Run, requests: number, replicaRequests: number): LayerTasks {
  const tasks: DecodeTask[] = [];
  let [communicationSeconds, processorSeconds] = [0, 0];
  const rows = requests * (1 + plan.draftTokens);
  const reduce = plan.tensorParallel > 1 ? [collectiveTask("all-reduce", plan, rows * plan.model.hiddenSize, plan.tensorParallel)] : [];
  for (const block of blocks) {
    if (isMixer(block)) {
      tasks.push(...mixerTasks(plan, block, requests), ...reduce);
    } else if (block.kind === "dense") {
      tasks.push(denseTask(plan, block, rows));
      // Beside experts its sum travels with theirs.
      if (!blocks.some(isExperts)) tasks.push(...reduce);
    } else {
      const exchange = exchangeTasks(plan, block, rows);
      communicationSeconds += exchange.seconds;
      processorSeconds += exchange.processorSeconds;
      tasks.push(...routerTasks(plan, block, rows), ...exchange.before, expertTask(plan, block, replicaRequests * (1 + plan.draftTokens)));
      tasks.push(...sharedTasks(plan, block, rows), ...exchange.after, ...reduce);
    }
  }
  return { tasks, computeSeconds: total(tasks) - communicationSeconds, communicationSeconds, processorSeconds };
}

const isExperts = (block: Block): block is ExpertsBlock => block.kind === "experts";

/** Kernels beside a mixer's products: norm of the input, rotation with the write to the cache, norms of latents. */
function besides(mixer: Mixer): number {
  return mixer.kind === "latent" || mixer.kind === "compressed" || ("queryRank" in mixer && mixer.queryRank !== undefined) ? 3 : 2;
}

/** Products before the core, the indexer, the core, products after it. */
function mixerTasks(plan: Plan, mixer: Mixer, requests: number): readonly DecodeTask[] {
  const { model, hardware, contextTokens, draftTokens, formats, kernels } = plan;
  const matrices = mixerMatrices(mixer, model.hiddenSize);
  const stage = (name: string) => matrices.filter((matrix) => matrix.stage === name);
  const newTokens = 1 + draftTokens;
  const rows = requests * newTokens;
  const times = mixerCoreTime({ mixer, hardware, requests, contextTokens, newTokens, cacheFormat: formats.cache });
  const core = (
    { seconds, floorSeconds, flops, bytes, runBytes, bound }: (typeof times)["core"],
    name: DecodeTask["name"],
  ): DecodeTask => ({
    name,
    seconds,
    floorSeconds,
    flops,
    bytes,
    runBytes,
    bound,
    kernelSeconds: [seconds],
  });
  const index =
    times.index === undefined
      ? []
      : [indexerTask(productTask("indexer", kernels, rows, stage("indexer"), 1), core(times.index, "indexer"))];
  return [
    productTask("attention projections", kernels, rows, stage("projections"), besides(mixer)),
    ...index,
    core(times.core, mixer.kind === "linear" ? "linear mixer" : "attention core"),
    productTask("output projection", kernels, rows, stage("output"), 0),
  ];
}

/** An indexer's products and scores as one task. */
function indexerTask(products: DecodeTask, scores: DecodeTask): DecodeTask {
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

function denseTask({ model, kernels }: Plan, block: DenseBlock, rows: number): DecodeTask {
  return productTask("dense feed-forward", kernels, rows, feedForwardMatrices(block, model.hiddenSize), 2);
}

/** Router, and projections to and from the experts' width. */
function routerTasks({ model, kernels }: Plan, block: ExpertsBlock, rows: number): readonly DecodeTask[] {
  const matrices = feedForwardMatrices(block, model.hiddenSize);
  const narrow = matrices.filter(({ part }) => part === "latent projection");
  return [
    productTask(
      "router",
      kernels,
      rows,
      matrices.filter(({ part }) => part === "router"),
      2,
    ),
    ...(narrow.length === 0 ? [] : [productTask("latent projections", kernels, rows, narrow, 0)]),
  ];
}

function sharedTasks({ model, kernels }: Plan, block: ExpertsBlock, rows: number): readonly DecodeTask[] {
  const shared = feedForwardMatrices(block, model.hiddenSize).filter(({ part }) => part === "shared expert");
  return shared.length === 0 ? [] : [productTask("shared expert", kernels, rows, shared, 2)];
}

/** The routed experts of the busiest rank; the block is already cut to this GPU's share of the width. */
function expertTask(plan: Plan, block: ExpertsBlock, tokens: number): DecodeTask {
  const { hardware, kernel, formats, expertParallel, routing } = plan;
  const time = moeLayerTime({
    model: shapeOf(plan, block),
    hardware,
    kernel,
    weightFormat: formats.experts,
    tokens,
    expertParallel,
    routing,
    // A step has evicted the weights that a benchmark's last call left in the cache.
    cache: "cold",
  });
  const { weightBytes } = lookUpFormat(formats.experts);
  return {
    name: "experts",
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: time.flops,
    bytes: time.weightBytes + time.activationBytes,
    runBytes: (block.matrices - 1) * block.width * block.inputWidth * weightBytes,
    bound: time.bound,
    kernelSeconds: [time.seconds],
  };
}

/** The layer's shape as the expert kernels take it. */
export function shapeOf({ model }: Pick<Plan, "model">, block: ExpertsBlock) {
  return {
    hiddenSize: model.hiddenSize,
    expertHiddenSize: block.inputWidth,
    moeIntermediateSize: block.width,
    routedExperts: block.routed,
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
