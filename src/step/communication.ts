import { type Hardware, timeFactor } from "../machine/hardware";
import { bf16Bytes } from "../machine/number-formats";
import type { ExpertsBlock } from "../model/blocks";
import { type AllReduceOwner, allReducePlan, gatherPlan } from "../network/all-reduce";
import { type ExchangePlan, type ExchangeTime, expertExchangePlan } from "../network/exchange";
import type { ExchangeDirection } from "../network/message-bytes";
import type { Engine } from "./engine";
import type { ResolvedQuestion } from "./question";
import type { DecodeTask } from "./task";

/** A collective whose group is settled: only the rows are left to give. The task of the last rows is kept for layers that share it. */
export type CollectivePlan = (rows: number) => DecodeTask;

/** A collective of a number of BF16 numbers for each row, as a task. */
export function collectivePlan(
  name: "all-reduce" | "all-gather" | "reduce-scatter",
  { hardware, engine }: Pick<ResolvedQuestion, "hardware" | "engine">,
  numbersPerRow: number,
  gpus: number,
): CollectivePlan {
  const time = name === "all-reduce" ? allReducePlan(gpus, hardware, owners[engine]) : gatherPlan(name, gpus, hardware);
  let lastRows = 0;
  let last: DecodeTask | undefined;
  return (rows) => {
    if (last !== undefined && lastRows === rows) return last;
    const bytes = bf16Bytes * rows * numbersPerRow;
    const { seconds, floorSeconds, wireBytes, networkBytes, bound: longer } = time(bytes);
    const bound = longer === "latency" ? "latency" : "scale-up";
    last = sent({ name, seconds, floorSeconds, bytes: wireBytes, runBytes: bytes / gpus, bound }, networkBytes);
    lastRows = rows;
    return last;
  };
}

/** Sums of squares of the queries and of the keys of a token, in FP32: as many BF16 numbers. */
const normSums = 4;

/**
 * Norms of queries and keys over all heads where GPUs share them: a kernel that sums, an all-reduce of the sums, a kernel that scales.
 *
 *     all-reduce of 8 bytes per row + 2 launches + (2 + 4) width rows / bandwidth
 *
 * As vLLM and SGLang run it; one kernel for all three in newer versions is faster, TensorRT-LLM's older gather of whole queries slower.
 *
 * @param width numbers of queries and keys on one GPU.
 * @source SGLang pull request 14416 (2025), vLLM pull request 31493 (2025), TensorRT-LLM pull request 12163 (2026)
 */
export function normPlan(
  question: Pick<ResolvedQuestion, "hardware" | "engine" | "tensorParallel">,
  width: number,
  launchSeconds: number,
): CollectivePlan {
  const reduce = collectivePlan("all-reduce", question, normSums, question.tensorParallel);
  const { memoryBytesPerSecond } = question.hardware;
  return (rows) => {
    const sums = reduce(rows);
    const [read, scaled] = [2, 4].map((bytes) => (bytes * width * rows) / memoryBytesPerSecond) as [number, number];
    const [summing, scaling] = [launchSeconds + read, launchSeconds + scaled];
    const seconds = summing + sums.seconds + scaling;
    return { ...sums, name: "norm all-reduce", seconds, kernelSeconds: [summing, sums.seconds, scaling] };
  };
}

/** The machine as ranks of experts see it: each is an attention group, of which the link joins so many fewer. */
export function exchangeMachine({ hardware, tensorParallel }: Pick<ResolvedQuestion, "hardware" | "tensorParallel">): Hardware {
  const domain = hardware.scaleUpDomain;
  if (domain === undefined || tensorParallel === 1) return hardware;
  return Object.freeze({ ...hardware, scaleUpDomain: Math.max(1, Math.floor(domain / tensorParallel)) });
}

const owners: { readonly [E in Engine]: AllReduceOwner } = { "tensorrt-llm": "trtllm", vllm: "vllm", sglang: "sglang" };

/** What brings tokens to their experts, and results back. */
export interface LayerExchange {
  readonly before: DecodeTask | undefined;
  readonly after: DecodeTask | undefined;
  readonly seconds: number;
  /** Of it, what processors do. */
  readonly processorSeconds: number;
}

const none: LayerExchange = { before: undefined, after: undefined, seconds: 0, processorSeconds: 0 };

/**
 * Whether tokens are sent to the ranks of their experts alone: attention is dealt out, and each expert is whole on one GPU.
 *
 * Where experts are cut as well, engines gather all tokens on all GPUs instead: their all-to-all knows whole experts only.
 *
 * @source SGLang, docs/advanced_features/expert_parallelism.md (ep_size below tp_size: the backend "none" alone); TensorRT-LLM,
 * _torch/modules/fused_moe (moe_tp_size above 1: AllGatherReduceScatter); read 2026-11-29
 */
export function dispatches({ tensorParallel = 1, dataParallel = 1, expertParallel = 1 }: Partial<Degrees>): boolean {
  return dataParallel > 1 && expertParallel >= tensorParallel * dataParallel;
}

type Degrees = Pick<ResolvedQuestion, "tensorParallel" | "dataParallel" | "expertParallel">;

/**
 * The exchange of one layer with experts, seen from one GPU.
 *
 *     attention on one group                 nothing: every GPU has every token, and the all-reduce adds the experts up
 *     experts dealt out, each on one GPU     dispatch and combine among the ranks
 *     experts cut, dealt out or not          all tokens of all groups gathered on every GPU, and results reduced back
 *
 * The gather brings a GPU tokens that its rank has no expert for; to send each only to the GPUs of its ranks, and to add the parts up
 * there, would move less, but no engine does. Tokens are gathered in BF16, which an engine that quantizes them first halves.
 *
 * @returns a function of the tokens of one attention group, and whether they go to each node once (DeepEP's normal exchange): prompts do, whatever
 *   their number. A training step still counts each copy.
 * @source SGLang, docs/advanced_features/expert_parallelism.md (deepep-mode auto: normal for prefill, low latency for decode)
 */
export function exchangePlan(
  question: ResolvedQuestion & { readonly exchangeMachine: Hardware },
  block: ExpertsBlock,
): (rows: number, forwarded?: boolean) => LayerExchange {
  const { model, dataParallel, tensorParallel, expertParallel, gpus } = question;
  if (dataParallel === 1) return () => none;
  if (!dispatches(question)) {
    const gather = collectivePlan("all-gather", question, model.hiddenSize, gpus);
    const scatter = collectivePlan("reduce-scatter", question, model.hiddenSize, gpus);
    return (rows) => {
      const [before, after] = [gather(rows * dataParallel), scatter(rows * dataParallel)];
      const seconds = before.seconds + after.seconds;
      return { before, after, seconds, processorSeconds: seconds };
    };
  }
  const ranks = Math.min(expertParallel, Math.max(1, gpus / tensorParallel));
  const shape = {
    hiddenSize: model.hiddenSize,
    expertHiddenSize: block.inputWidth,
    routedExperts: Math.max(block.routed, ranks),
    // Experts that compute nothing are sent nothing.
    expertsPerToken: block.computedPerToken,
    expertGroups: block.groups,
    chosenGroups: block.chosenGroups,
  };
  const asked = { model: shape, hardware: question.exchangeMachine, expertParallel: ranks };
  const [each, once] = ([undefined, "deepep-high-throughput"] as const).map((implementation) =>
    (["dispatch", "combine"] as const).map((direction) =>
      expertExchangePlan({ ...asked, direction, ...(implementation === undefined ? {} : { implementation }) }),
    ),
  ) as [[ExchangePlan, ExchangePlan], [ExchangePlan, ExchangePlan]];
  const processors = timeFactor(question.hardware, "exchangeProcessors");
  return (rows, forwarded = false) => {
    const [dispatching, combining] = forwarded ? once : each;
    const dispatch = dispatching(rows);
    const combine = combining(rows);
    return {
      before: exchangeTask("dispatch", dispatch),
      after: exchangeTask("combine", combine),
      seconds: dispatch.seconds + combine.seconds,
      processorSeconds:
        Math.min(dispatch.seconds, processors * dispatch.processorSeconds) +
        Math.min(combine.seconds, processors * combine.processorSeconds),
    };
  };
}

function exchangeTask(name: ExchangeDirection, time: ExchangeTime): DecodeTask {
  const { seconds, floorSeconds, bytes, networkBytes, messageBytes: runBytes, bound } = time;
  return sent({ name, seconds, floorSeconds, bytes, runBytes, bound }, networkBytes === 0 ? undefined : networkBytes);
}

/** A task of one kernel that sends bytes, some of them over a network. */
function sent(
  {
    name,
    seconds,
    floorSeconds,
    bytes,
    runBytes,
    bound,
  }: Pick<DecodeTask, "name" | "seconds" | "floorSeconds" | "bytes" | "runBytes" | "bound">,
  networkBytes: number | undefined,
): DecodeTask {
  const kernelSeconds = [seconds];
  return networkBytes === undefined
    ? { name, seconds, floorSeconds, flops: 0, bytes, runBytes, bound, kernelSeconds }
    : { name, seconds, floorSeconds, flops: 0, bytes, networkBytes, runBytes, bound, kernelSeconds };
}
