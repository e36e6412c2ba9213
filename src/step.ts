import { attentionTime } from "./attention";
import { requirePositiveInteger } from "./checks";
import { denseFamily, type DenseFamily, denseTime } from "./dense";
import { type ExchangeDirection, type ExchangeTime, expertExchangeTime } from "./dispatch";
import { weightFormat as lookUpFormat, type WeightFormat } from "./formats";
import { bf16Bytes } from "./gemm";
import type { Hardware } from "./hardware";
import { defaultKernel, kernels, peakFlops } from "./kernel";
import { launch } from "./launch";
import { moeLayerTime } from "./layer";
import type { Model } from "./model";

export type TaskName =
  | "attention projections" | "attention core" | "output projection" | "router" | "dispatch" | "experts" | "shared expert" | "combine" | "dense feed-forward" | "head";

/** One task of a decode step. Layers alike share one record. */
export interface DecodeTask {
  readonly name: TaskName;
  readonly seconds: number;
  /** The work at datasheet rates: no constant fitted. */
  readonly floorSeconds: number;
  readonly flops: number;
  /** Moved in memory; for dispatch and combine, sent over the links. */
  readonly bytes: number;
  /** The longest contiguous run in which its main tensor is read or sent. */
  readonly runBytes: number;
  readonly bound: "compute" | "memory" | "overhead" | "latency" | "messages" | "scale-up" | "network";
}

export interface DecodeStepQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** Each GPU attends to its own requests, one new token each. */
  readonly requestsPerGpu: number;
  /** Tokens already in each request's cache. */
  readonly contextTokens: number;
  readonly expertParallel: number;
  readonly overlap?: "none" | "two-micro-batches";
  /** Of the routed experts. */
  readonly kernel?: string;
  readonly weightFormat?: string;
}

export interface DecodeStep {
  readonly seconds: number;
  readonly tokensPerSecondPerGpu: number;
  /** In order, layer by layer; with two micro-batches those of the first, then of the second, in each layer. */
  readonly tasks: readonly DecodeTask[];
  readonly kernel: string;
  readonly weightFormat: string;
}

/**
 * Time one decode step: every request of every GPU gets one token.
 *
 *     none:              seconds = sum of the tasks
 *     two-micro-batches: a layer with experts takes max(C + P, M, the longer half's c + m); all else is added
 *
 * C compute, M communication and P the processors' part of it of both halves, c and m of one: while one half computes
 * the other's tokens travel, and the kernels that pack, send and receive still take processors (P, their time inside a
 * node). Attention is data-parallel and weights outside the routed experts are on every GPU. Weights outside them
 * are FP8 in blocks or BF16 as the experts'; router, head and absorbed latent projections are BF16.
 *
 * Left out, each of which makes a real step longer: waiting for the slowest GPU (routing is balanced), sampling and
 * the host, prediction of several tokens, contention of links and memory between halves, the first and last layer's
 * unhidden halves. Left out and in the other direction: sliding windows, sparse attention. Linear mixers are left out.
 *
 * @throws RangeError naming the field for counts that are not positive integers, experts on more GPUs than there are
 * experts, two micro-batches of one request, or a kernel or format not known.
 */
export function decodeStep(question: DecodeStepQuestion): DecodeStep {
  const { model, hardware, requestsPerGpu, contextTokens, expertParallel, overlap = "none" } = question;
  requirePositiveInteger("requestsPerGpu", requestsPerGpu);
  requirePositiveInteger("contextTokens", contextTokens);
  requirePositiveInteger("expertParallel", expertParallel);
  if (overlap !== "none" && overlap !== "two-micro-batches") throw new RangeError(`overlap must be none or two-micro-batches, got "${String(overlap)}"`);
  if (expertParallel > Math.max(1, model.routedExperts)) {
    throw new RangeError(`expertParallel must be at most routedExperts (${model.routedExperts} in ${model.id}), got ${expertParallel}`);
  }
  const halves = overlap === "none" ? [requestsPerGpu] : [Math.ceil(requestsPerGpu / 2), Math.floor(requestsPerGpu / 2)];
  if (halves.includes(0)) throw new RangeError(`requestsPerGpu must be at least 2 for two-micro-batches, got ${requestsPerGpu}`);
  const chosen = defaultExperts(model, hardware, expertParallel);
  const kernel = question.kernel ?? chosen.kernel;
  const format = question.weightFormat ?? chosen.weightFormat;
  const plan = planOf(model, hardware, lookUpFormat(format));
  const first = layerTasks(plan, halves[0] as number, question, kernel, format);
  const parts = halves.length === 1 ? [first] : [first, halves[1] === halves[0] ? first : layerTasks(plan, halves[1] as number, question, kernel, format)];
  const head = productTask("head", plan, requestsPerGpu, [{ n: model.vocabSize, k: model.hiddenSize, bf16: true }], 1);
  const denseLayers = model.layers - model.moeLayers;
  const seconds = denseLayers * sum(parts, (p) => p.denseSeconds) + model.moeLayers * moeSeconds(parts) + head.seconds;
  const tasks = inOrder(parts, denseLayers, model.moeLayers, head);
  return { seconds, tokensPerSecondPerGpu: requestsPerGpu / seconds, tasks, kernel, weightFormat: format };
}

function inOrder(parts: readonly LayerTasks[], denseLayers: number, moeLayers: number, head: DecodeTask): readonly DecodeTask[] {
  const dense = parts.flatMap((p) => p.denseLayer);
  const moe = parts.flatMap((p) => p.moeLayer);
  const tasks = new Array<DecodeTask>(denseLayers * dense.length + moeLayers * moe.length + 1);
  let next = 0;
  for (let layer = 0; layer < denseLayers; layer++) for (const task of dense) tasks[next++] = task;
  for (let layer = 0; layer < moeLayers; layer++) for (const task of moe) tasks[next++] = task;
  tasks[next] = head;
  return tasks;
}

/**
 * Kernel and format of the routed experts when none is asked for: the format that the model was released in, as far as the
 * machine has it, and a kernel measured in it.
 *
 * FP8 in blocks over several GPUs takes DeepGEMM on DeepEP's masked layout; else TensorRT-LLM's kernel for the format.
 */
export function defaultExperts(model: Model, hardware: Hardware, expertParallel: number): { readonly kernel: string; readonly weightFormat: string } {
  const peaks = hardware.peakFlopsPerSecond;
  const released = model.weightDtype;
  const bf16 = { kernel: "moe_torch_flow_cutlass", weightFormat: "bfloat16" };
  if (/^(mxfp4|fp4)/.test(released)) {
    return peaks.fp4 !== undefined ? { kernel: "moe_torch_flow", weightFormat: "w4a8_mxfp4_mxfp8" } : { kernel: "moe_torch_flow", weightFormat: "w4a16_mxfp4" };
  }
  if (released.startsWith("int4")) return { kernel: "sglang_marlin_moe", weightFormat: "int4_wo" };
  if (!released.startsWith("fp8") || peaks.fp8 === undefined) return bf16;
  const masked = kernels().some((f) => f.kernel.startsWith("deepepmoe") && f.generation === hardware.generation);
  return expertParallel > 1 && masked ? { kernel: "deepepmoe", weightFormat: "fp8_block" } : defaultKernel(hardware, model);
}

/** What stays the same for every task of a step. */
interface Plan {
  readonly hardware: Hardware;
  readonly format: WeightFormat;
  readonly quantised: DenseFamily;
  readonly wide: DenseFamily;
  readonly launchSeconds: number;
}

function planOf(_model: Model, hardware: Hardware, experts: WeightFormat): Plan {
  const other = experts.name.startsWith("fp8") && hardware.peakFlopsPerSecond.fp8 !== undefined ? "fp8_block" : "bfloat16";
  return {
    hardware, format: lookUpFormat(other), quantised: denseFamily(hardware, undefined, other), wide: denseFamily(hardware, undefined, "bfloat16"),
    launchSeconds: launch("graph", hardware).seconds,
  };
}

interface LayerTasks {
  readonly denseLayer: readonly DecodeTask[];
  readonly moeLayer: readonly DecodeTask[];
  readonly denseSeconds: number;
  readonly computeSeconds: number;
  readonly communicationSeconds: number;
  readonly processorSeconds: number;
}

function layerTasks(plan: Plan, requests: number, question: DecodeStepQuestion, kernel: string, format: string): LayerTasks {
  const { model } = question;
  const attention = attentionTasks(plan, requests, question);
  const gated = (matrices: number, width: number) => Math.max(1, matrices - 1) * width;
  const denseLayer = [...attention];
  if (model.intermediateSize > 0) {
    denseLayer.push(feedForward("dense feed-forward", plan, requests, model.hiddenSize, model.intermediateSize, gated(model.ffnMatrices, model.intermediateSize)));
  }
  const denseSeconds = total(denseLayer);
  if (model.moeLayers === 0) return { denseLayer, moeLayer: [], denseSeconds, computeSeconds: 0, communicationSeconds: 0, processorSeconds: 0 };
  const dispatch = exchange("dispatch", requests, question);
  const combine = exchange("combine", requests, question);
  const router = productTask("router", plan, requests, [{ n: model.routedExperts, k: model.hiddenSize, bf16: true }], 2);
  const experts = expertTask(requests, question, kernel, format);
  const width = model.sharedIntermediateSize + model.parallelIntermediateSize;
  const shared = width === 0 ? [] : [feedForward("shared expert", plan, requests, model.hiddenSize, width, gated(model.expertMatrices, width))];
  const before = [...attention, router];
  const compute = [...before, experts, ...shared];
  const moeLayer = question.expertParallel === 1 ? compute : [...before, exchangeTask("dispatch", dispatch), experts, ...shared, exchangeTask("combine", combine)];
  return {
    denseLayer, moeLayer, denseSeconds, computeSeconds: total(compute), communicationSeconds: dispatch.seconds + combine.seconds,
    processorSeconds: Math.min(dispatch.seconds, dispatch.processorSeconds) + Math.min(combine.seconds, combine.processorSeconds),
  };
}

function moeSeconds(parts: readonly LayerTasks[]): number {
  if (parts.length === 1) return sum(parts, (p) => p.computeSeconds + p.communicationSeconds);
  const processors = sum(parts, (p) => p.computeSeconds + p.processorSeconds);
  const links = sum(parts, (p) => p.communicationSeconds);
  const alone = Math.max(...parts.map((p) => p.computeSeconds + p.communicationSeconds));
  return Math.min(sum(parts, (p) => p.computeSeconds + p.communicationSeconds), Math.max(processors, links, alone));
}

function attentionTasks(plan: Plan, requests: number, { model, hardware, contextTokens }: DecodeStepQuestion): readonly DecodeTask[] {
  const { hiddenSize: h, attentionHeads: heads, headDim, valueHeadDim, keyValueHeads, kvLoraRank, qkRopeHeadDim = 0, qLoraRank } = model;
  const core = attentionTime({ model, hardware, requests, contextTokens });
  const coreTask: DecodeTask = { name: "attention core", seconds: core.seconds, floorSeconds: core.floorSeconds, flops: core.flops, bytes: core.bytes, runBytes: core.runBytes, bound: core.bound };
  if (kvLoraRank === undefined) {
    // Kernels beside the product: norm, rotation with the write to the cache.
    const projections = productTask("attention projections", plan, requests, [{ n: heads * headDim + keyValueHeads * (headDim + valueHeadDim), k: h }], 2);
    return [projections, coreTask, productTask("output projection", plan, requests, [{ n: h, k: heads * valueHeadDim }], 0)];
  }
  const noRope = headDim - qkRopeHeadDim;
  const down = qLoraRank ? [{ n: qLoraRank + kvLoraRank + qkRopeHeadDim, k: h }, { n: heads * headDim, k: qLoraRank }] : [{ n: heads * headDim + kvLoraRank + qkRopeHeadDim, k: h }];
  // The key's up-projection is absorbed into the query, the value's into the output: one small product a head, in BF16.
  const absorbedKey = { n: heads * kvLoraRank, k: noRope, bf16: true };
  const absorbedValue = { n: heads * valueHeadDim, k: kvLoraRank, bf16: true };
  return [
    // Beside the products: norm of the input, norms of the latents, rotation with the write to the cache.
    productTask("attention projections", plan, requests, [...down, absorbedKey], 3),
    coreTask,
    productTask("output projection", plan, requests, [absorbedValue, { n: h, k: heads * valueHeadDim }], 0),
  ];
}

interface Product {
  readonly n: number;
  readonly k: number;
  readonly bf16?: boolean;
}

/** Products one after another, and kernels beside them that only launch and pass over the residual stream. */
function productTask(name: TaskName, plan: Plan, rows: number, products: readonly Product[], besides: number): DecodeTask {
  const { hardware } = plan;
  const streamBytes = products.length === 0 ? 0 : 2 * bf16Bytes * rows * (products[0] as Product).k;
  let seconds = besides * (plan.launchSeconds + streamBytes / hardware.memoryBytesPerSecond);
  let [flops, bytes, computeFloor, runBytes, longest] = [0, besides * streamBytes, 0, 0, 0];
  let bound: DecodeTask["bound"] = "overhead";
  for (const { n, k, bf16 = false } of products) {
    const family = bf16 ? plan.wide : plan.quantised;
    const time = denseTime(family, { m: rows, n, k }, hardware);
    seconds += time.seconds;
    flops += time.flops;
    bytes += time.bytes;
    computeFloor += time.flops / peakFlops(hardware, bf16 ? "bf16" : plan.format.arithmetic);
    runBytes = Math.max(runBytes, n * k * (bf16 ? bf16Bytes : plan.format.weightBytes));
    if (time.seconds > longest) {
      longest = time.seconds;
      bound = time.bound;
    }
  }
  return { name, seconds, floorSeconds: Math.max(computeFloor, bytes / hardware.memoryBytesPerSecond), flops, bytes, runBytes, bound };
}

/** Up and gate, the activation between, then down. */
function feedForward(name: TaskName, plan: Plan, rows: number, hiddenSize: number, width: number, gatedWidth: number): DecodeTask {
  return productTask(name, plan, rows, [{ n: gatedWidth, k: hiddenSize }, { n: hiddenSize, k: width }], 2);
}

function expertTask(requests: number, { model, hardware, expertParallel }: DecodeStepQuestion, kernel: string, weightFormat: string): DecodeTask {
  const time = moeLayerTime({ model, hardware, kernel, weightFormat, tokens: requests * expertParallel, expertParallel });
  const runBytes = Math.max(1, model.expertMatrices - 1) * model.moeIntermediateSize * model.expertHiddenSize * lookUpFormat(weightFormat).weightBytes;
  return { name: "experts", seconds: time.seconds, floorSeconds: time.floorSeconds, flops: time.flops, bytes: time.weightBytes + time.activationBytes, runBytes, bound: time.bound };
}

function exchange(direction: ExchangeDirection, tokens: number, { model, hardware, expertParallel }: DecodeStepQuestion): ExchangeTime {
  return expertExchangeTime({ direction, model, hardware, tokens, expertParallel });
}

function exchangeTask(name: "dispatch" | "combine", time: ExchangeTime): DecodeTask {
  return { name, seconds: time.seconds, floorSeconds: time.floorSeconds, flops: 0, bytes: time.bytes, runBytes: time.messageBytes, bound: time.bound };
}

function total(tasks: readonly DecodeTask[]): number {
  return sum(tasks, (t) => t.seconds);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let result = 0;
  for (const item of items) result += value(item);
  return result;
}
