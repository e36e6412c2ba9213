import { requirePositiveInteger } from "../checks";
import { defaultKernel, kernels } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { shareOf } from "../model/shard";
import { requireRates, requireStepModel } from "../model/step-checks";
import type { DecodeStepQuestion, DecodeTask } from "./task";
import { type LayerTasks, layerTasks, planOf, productTask, sum } from "./tasks";

export type { DecodeStepQuestion, DecodeTask, TaskName } from "./task";

/** One decode step of one GPU: its time, its rate, and the tasks that it is made of. */
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
 * With tensor parallelism each GPU of a group works on the requests of the whole group with its share of every matrix
 * (shareOf); two all-reduces a layer, after attention and after the feed-forward part, add the shares up and count as
 * compute. A token goes to every GPU of the group that holds its expert. Gathering the vocabulary's shares is left out.
 *
 * Left out, each of which makes a real step longer: waiting for the slowest GPU (routing is balanced), sampling and
 * the host, prediction of several tokens, contention of links and memory between halves, the first and last layer's
 * unhidden halves. Left out and in the other direction: sliding windows, sparse attention. Linear mixers are left out.
 *
 * @throws RangeError naming the field for counts that are not positive integers, dimensions or rates that cannot be, experts
 * on more GPUs than there are experts, a degree that cuts no whole parts, two micro-batches of one request, or a kernel or
 * format not known.
 */
export function decodeStep(question: DecodeStepQuestion): DecodeStep {
  const { contextTokens, expertParallel, tensorParallel = 1, overlap = "none" } = question;
  requireStepModel(question.model);
  requireRates(question.hardware);
  requirePositiveInteger("requestsPerGpu", question.requestsPerGpu);
  const share = shareOf(question);
  const { model, hardware, requestsPerGpu } = share;
  requirePositiveInteger("contextTokens", contextTokens);
  requirePositiveInteger("expertParallel", expertParallel);
  if (overlap !== "none" && overlap !== "two-micro-batches")
    throw new RangeError(`overlap must be none or two-micro-batches, got "${String(overlap)}"`);
  if (expertParallel > Math.max(1, model.routedExperts)) {
    throw new RangeError(`expertParallel must be at most routedExperts (${model.routedExperts} in ${model.id}), got ${expertParallel}`);
  }
  const halves = overlap === "none" ? [requestsPerGpu] : [Math.ceil(requestsPerGpu / 2), Math.floor(requestsPerGpu / 2)];
  if (halves.includes(0)) throw new RangeError(`requestsPerGpu must be at least 2 for two-micro-batches, got ${requestsPerGpu}`);
  const chosen = defaultExperts(model, hardware, expertParallel);
  const kernel = question.kernel ?? chosen.kernel;
  const format = question.weightFormat ?? chosen.weightFormat;
  const plan = planOf(question.hardware, lookUpFormat(format), model.hiddenSize, tensorParallel);
  const first = layerTasks(plan, halves[0] as number, share, kernel, format);
  const parts =
    halves.length === 1 ? [first] : [first, halves[1] === halves[0] ? first : layerTasks(plan, halves[1] as number, share, kernel, format)];
  const head = productTask("head", plan, requestsPerGpu, [{ n: model.vocabSize, k: model.hiddenSize, bf16: true }], 1);
  const denseLayers = model.layers - model.moeLayers;
  const seconds = denseLayers * sum(parts, (p) => p.denseSeconds) + model.moeLayers * moeSeconds(parts) + head.seconds;
  const tasks = inOrder(parts, denseLayers, model.moeLayers, head);
  return { seconds, tokensPerSecondPerGpu: question.requestsPerGpu / seconds, tasks, kernel, weightFormat: format };
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
 * FP8 in blocks over several GPUs takes DeepGEMM on DeepEP's masked layout; else TensorRT-LLM's kernel for the format. NVFP4 on a
 * machine without FP4 is taken as MXFP4 that is widened, whose scales are smaller: 6 % too few bytes. Formats of 8-bit integers
 * are taken as BF16: too many.
 */
export function defaultExperts(
  model: Model,
  hardware: Hardware,
  expertParallel: number,
): { readonly kernel: string; readonly weightFormat: string } {
  const peaks = hardware.peakFlopsPerSecond;
  const released = model.weightDtype;
  const bf16 = { kernel: "moe_torch_flow_cutlass", weightFormat: "bfloat16" };
  if (/^(mxfp4|fp4)/.test(released)) {
    return peaks.fp4 !== undefined
      ? { kernel: "sglang_mxfp4_flashinfer_trtllm_moe", weightFormat: "w4a8_mxfp4_mxfp8" }
      : { kernel: "moe_torch_flow", weightFormat: "w4a16_mxfp4" };
  }
  if (released.startsWith("nvfp4")) {
    return peaks.fp4 !== undefined
      ? { kernel: "sglang_flashinfer_trtllm_moe", weightFormat: "nvfp4" }
      : { kernel: "moe_torch_flow", weightFormat: "w4a16_mxfp4" };
  }
  if (released.startsWith("int4")) return { kernel: "sglang_marlin_moe", weightFormat: "int4_wo" };
  if (!/^(fp8|mxfp8)/.test(released) || peaks.fp8 === undefined) return bf16;
  const masked = kernels().some((f) => f.kernel.startsWith("deepepmoe") && f.generation === hardware.generation);
  return expertParallel > 1 && masked ? { kernel: "deepepmoe", weightFormat: "fp8_block" } : defaultKernel(hardware, model);
}

function moeSeconds(parts: readonly LayerTasks[]): number {
  const processors = sum(parts, (p) => p.computeSeconds + p.processorSeconds);
  const links = sum(parts, (p) => p.communicationSeconds);
  const alone = Math.max(...parts.map((p) => p.computeSeconds + p.communicationSeconds));
  return Math.min(
    sum(parts, (p) => p.computeSeconds + p.communicationSeconds),
    Math.max(processors, links, alone),
  );
}
