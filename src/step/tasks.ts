import { attentionTime } from "../kernels/attention-core";
import { moeLayerTime } from "../kernels/expert-layer";
import { peakFlops } from "../kernels/families";
import { bf16Bytes } from "../kernels/gemm";
import { launch } from "../kernels/launch";
import { type DenseFamily, denseFamily, denseTime } from "../kernels/product";
import type { Hardware } from "../machine/hardware";
import { weightFormat as lookUpFormat, type WeightFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { allReduceTime } from "../network/all-reduce";
import { type ExchangeDirection, type ExchangeTime, expertExchangeTime } from "../network/exchange";
import type { DecodeStepQuestion, DecodeTask, TaskName } from "./task";

/** What stays the same for every task of a step. */
export interface Plan {
  readonly hardware: Hardware;
  readonly format: WeightFormat;
  readonly quantised: DenseFamily;
  readonly wide: DenseFamily;
  readonly launchSeconds: number;
  /** Adds up what the GPUs of a tensor-parallel group hold of so many tokens; absent where there is one. */
  readonly allReduce?: (tokens: number) => DecodeTask;
}

/** The families and formats of all products outside the experts, and how a tensor-parallel group adds up its parts. */
export function planOf(hardware: Hardware, experts: WeightFormat, hiddenSize = 0, tensorParallel = 1): Plan {
  const other = experts.name.startsWith("fp8") && hardware.peakFlopsPerSecond.fp8 !== undefined ? "fp8_block" : "bfloat16";
  return {
    hardware,
    format: lookUpFormat(other),
    quantised: denseFamily(hardware, undefined, other),
    wide: denseFamily(hardware, undefined, "bfloat16"),
    launchSeconds: launch("graph", hardware).seconds,
    ...(tensorParallel === 1 ? {} : { allReduce: (tokens) => allReduceTask(tokens, hiddenSize, tensorParallel, hardware) }),
  };
}

function allReduceTask(tokens: number, hiddenSize: number, gpus: number, hardware: Hardware): DecodeTask {
  const bytes = bf16Bytes * hiddenSize * tokens;
  const time = allReduceTime(bytes, gpus, hardware);
  return {
    name: "all-reduce",
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: 0,
    bytes: time.wireBytes,
    runBytes: bytes / gpus,
    bound: time.bound === "latency" ? "latency" : "scale-up",
    kernelSeconds: [time.seconds],
  };
}

/** The tasks of one layer of either kind for some of a GPU's requests, and their sums. */
export interface LayerTasks {
  readonly denseLayer: readonly DecodeTask[];
  readonly moeLayer: readonly DecodeTask[];
  readonly denseSeconds: number;
  readonly computeSeconds: number;
  readonly communicationSeconds: number;
  readonly processorSeconds: number;
}

/** Tasks of a layer for `requests` of the GPU's requests. */
export function layerTasks(plan: Plan, requests: number, question: DecodeStepQuestion, kernel: string, format: string): LayerTasks {
  const { model } = question;
  // Once after attention and once after the feed-forward part.
  const reduce = plan.allReduce === undefined ? [] : [plan.allReduce(requests)];
  const attention = [...attentionTasks(plan, requests, question), ...reduce];
  const gated = (matrices: number, width: number) => Math.max(1, matrices - 1) * width;
  const denseLayer = [...attention];
  if (model.intermediateSize > 0) {
    denseLayer.push(
      feedForward(
        "dense feed-forward",
        plan,
        requests,
        model.hiddenSize,
        model.intermediateSize,
        gated(model.ffnMatrices, model.intermediateSize),
      ),
    );
    denseLayer.push(...reduce);
  }
  const denseSeconds = total(denseLayer);
  if (model.moeLayers === 0)
    return { denseLayer, moeLayer: [], denseSeconds, computeSeconds: 0, communicationSeconds: 0, processorSeconds: 0 };
  const dispatch = exchange("dispatch", requests, question);
  const combine = exchange("combine", requests, question);
  const router = productTask("router", plan, requests, [{ n: model.routedExperts, k: model.hiddenSize, bf16: true }], 2);
  const experts = expertTask(requests, question, kernel, format);
  const width = model.sharedIntermediateSize + model.parallelIntermediateSize;
  const shared =
    width === 0 ? [] : [feedForward("shared expert", plan, requests, model.hiddenSize, width, gated(model.expertMatrices, width))];
  const before = [...attention, router];
  const compute = [...before, experts, ...shared, ...reduce];
  const moeLayer =
    question.expertParallel === 1
      ? compute
      : [...before, exchangeTask("dispatch", dispatch), experts, ...shared, exchangeTask("combine", combine), ...reduce];
  return {
    denseLayer,
    moeLayer,
    denseSeconds,
    computeSeconds: total(compute),
    communicationSeconds: dispatch.seconds + combine.seconds,
    processorSeconds: Math.min(dispatch.seconds, dispatch.processorSeconds) + Math.min(combine.seconds, combine.processorSeconds),
  };
}

function attentionTasks(plan: Plan, requests: number, { model, hardware, contextTokens }: DecodeStepQuestion): readonly DecodeTask[] {
  const { hiddenSize: h, attentionHeads: heads, headDim, valueHeadDim, kvLoraRank, qkRopeHeadDim = 0, qLoraRank } = model;
  const core = attentionTime({ model, hardware, requests, contextTokens });
  const coreTask: DecodeTask = {
    name: "attention core",
    seconds: core.seconds,
    floorSeconds: core.floorSeconds,
    flops: core.flops,
    bytes: core.bytes,
    runBytes: core.runBytes,
    bound: core.bound,
    kernelSeconds: [core.seconds],
  };
  if (kvLoraRank === undefined)
    return [
      groupedProjections(plan, requests, model),
      coreTask,
      productTask("output projection", plan, requests, outputProducts(model), 0),
    ];
  const noRope = headDim - qkRopeHeadDim;
  const down: Products = qLoraRank
    ? [
        { n: qLoraRank + kvLoraRank + qkRopeHeadDim, k: h },
        { n: heads * headDim, k: qLoraRank },
      ]
    : [{ n: heads * headDim + kvLoraRank + qkRopeHeadDim, k: h }];
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

/** Query, key and value of heads of their own; in DeepSeek V4 queries go through a rank, and one key is also the value. */
function groupedProjections(plan: Plan, requests: number, model: Model): DecodeTask {
  const { hiddenSize: h, attentionHeads: heads, headDim, valueHeadDim, keyValueHeads, qLoraRank } = model;
  if (qLoraRank === undefined) {
    // Kernels beside the product: norm, rotation with the write to the cache.
    const queryKeyValue = { n: heads * headDim + keyValueHeads * (headDim + valueHeadDim), k: h };
    return productTask("attention projections", plan, requests, [queryKeyValue], 2);
  }
  // Beside these also the norm of the latent query.
  const down = { n: qLoraRank + keyValueHeads * headDim, k: h };
  return productTask("attention projections", plan, requests, [down, { n: heads * headDim, k: qLoraRank }], 3);
}

/** One product, or two through a rank: first each group of heads to its own rank, then all ranks to the hidden size. */
function outputProducts({ hiddenSize, attentionHeads, valueHeadDim, outputLoraRank, outputGroups = 1 }: Model): Products {
  const heads = attentionHeads * valueHeadDim;
  if (outputLoraRank === undefined) return [{ n: hiddenSize, k: heads }];
  return [
    { n: outputLoraRank, k: heads },
    { n: hiddenSize, k: outputGroups * outputLoraRank },
  ];
}

type Products = readonly [Product, ...Product[]];

interface Product {
  readonly n: number;
  readonly k: number;
  readonly bf16?: boolean;
}

/** Products one after another, and kernels beside them that only launch and pass over the residual stream. */
export function productTask(name: TaskName, plan: Plan, rows: number, products: Products, besides: number): DecodeTask {
  const { hardware } = plan;
  const streamBytes = 2 * bf16Bytes * rows * products[0].k;
  const besideSeconds = plan.launchSeconds + streamBytes / hardware.memoryBytesPerSecond;
  const kernelSeconds: number[] = new Array<number>(besides).fill(besideSeconds);
  let seconds = besides * besideSeconds;
  let [flops, bytes, computeFloor, runBytes, longest] = [0, besides * streamBytes, 0, 0, 0];
  let bound: DecodeTask["bound"] = "overhead";
  for (const { n, k, bf16 = false } of products) {
    const family = bf16 ? plan.wide : plan.quantised;
    const time = denseTime(family, { m: rows, n, k }, hardware);
    seconds += time.seconds;
    kernelSeconds.push(time.seconds);
    flops += time.flops;
    bytes += time.bytes;
    computeFloor += time.flops / peakFlops(hardware, bf16 ? "bf16" : plan.format.arithmetic);
    runBytes = Math.max(runBytes, n * k * (bf16 ? bf16Bytes : plan.format.weightBytes));
    if (time.seconds > longest) {
      longest = time.seconds;
      bound = time.bound;
    }
  }
  return {
    name,
    seconds,
    floorSeconds: Math.max(computeFloor, bytes / hardware.memoryBytesPerSecond),
    flops,
    bytes,
    runBytes,
    bound,
    kernelSeconds,
  };
}

/** Up and gate, the activation between, then down. */
function feedForward(name: TaskName, plan: Plan, rows: number, hiddenSize: number, width: number, gatedWidth: number): DecodeTask {
  return productTask(
    name,
    plan,
    rows,
    [
      { n: gatedWidth, k: hiddenSize },
      { n: hiddenSize, k: width },
    ],
    2,
  );
}

function expertTask(
  requests: number,
  { model, hardware, expertParallel }: DecodeStepQuestion,
  kernel: string,
  weightFormat: string,
): DecodeTask {
  const time = moeLayerTime({
    model,
    hardware,
    kernel,
    weightFormat,
    tokens: requests * expertParallel,
    expertParallel,
    routing: "even",
    cache: "cold",
  });
  const runBytes =
    Math.max(1, model.expertMatrices - 1) * model.moeIntermediateSize * model.expertHiddenSize * lookUpFormat(weightFormat).weightBytes;
  return {
    name: "experts",
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: time.flops,
    bytes: time.weightBytes + time.activationBytes,
    runBytes,
    bound: time.bound,
    kernelSeconds: [time.seconds],
  };
}

function exchange(direction: ExchangeDirection, tokens: number, { model, hardware, expertParallel }: DecodeStepQuestion): ExchangeTime {
  return expertExchangeTime({ direction, model, hardware, tokens, expertParallel });
}

function exchangeTask(name: "dispatch" | "combine", time: ExchangeTime): DecodeTask {
  return {
    name,
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: 0,
    bytes: time.bytes,
    runBytes: time.messageBytes,
    bound: time.bound,
    kernelSeconds: [time.seconds],
  };
}

function total(tasks: readonly DecodeTask[]): number {
  return sum(tasks, (t) => t.seconds);
}

/** Sum of a value over items. */
export function sum<T>(items: readonly T[], value: (item: T) => number): number {
  let result = 0;
  for (const item of items) result += value(item);
  return result;
}
