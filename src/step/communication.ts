import { timeFactor } from "../machine/hardware";
import { bf16Bytes } from "../machine/number-formats";
import type { ExpertsBlock } from "../model/blocks";
import { type AllReduceOwner, allReduceTime, gatherTime } from "../network/all-reduce";
import { type ExchangeDirection, type ExchangeTime, expertExchangeTime } from "../network/exchange";
import type { Engine } from "./engine";
import type { ResolvedQuestion } from "./question";
import type { DecodeTask } from "./task";

/** A collective over the scale-up link of so many numbers in BF16, as a task. */
export function collectiveTask(
  name: "all-reduce" | "all-gather" | "reduce-scatter",
  { hardware, engine }: Pick<ResolvedQuestion, "hardware" | "engine">,
  numbers: number,
  gpus: number,
): DecodeTask {
  const bytes = bf16Bytes * numbers;
  const time = name === "all-reduce" ? allReduceTime(bytes, gpus, hardware, owners[engine]) : gatherTime(name, bytes, gpus, hardware);
  return {
    name,
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: 0,
    bytes: time.wireBytes,
    ...(time.networkBytes === undefined ? {} : { networkBytes: time.networkBytes }),
    runBytes: bytes / gpus,
    bound: time.bound === "latency" ? "latency" : "scale-up",
    kernelSeconds: [time.seconds],
  };
}

const owners: { readonly [E in Engine]: AllReduceOwner } = { "tensorrt-llm": "trtllm", vllm: "vllm", sglang: "sglang" };

/** What brings tokens to their experts, and results back. */
export interface LayerExchange {
  readonly before: readonly DecodeTask[];
  readonly after: readonly DecodeTask[];
  readonly seconds: number;
  /** Of it, what processors do. */
  readonly processorSeconds: number;
}

const none: LayerExchange = { before: [], after: [], seconds: 0, processorSeconds: 0 };

/**
 * The exchange of one layer with experts, seen from one GPU.
 *
 *     attention on one group                 nothing: every GPU has every token, and the all-reduce adds the experts up
 *     experts dealt out over the groups      dispatch and combine among the ranks
 *     experts cut over the groups            all tokens gathered, and results reduced back
 *
 * @param rows tokens of one attention group.
 */
export function exchangeTasks(question: ResolvedQuestion, block: ExpertsBlock, rows: number): LayerExchange {
  const { model, dataParallel, tensorParallel, expertParallel, gpus, hardware } = question;
  if (dataParallel === 1) return none;
  if (expertParallel === 1) {
    const numbers = rows * dataParallel * model.hiddenSize;
    const [gather, scatter] = [
      collectiveTask("all-gather", question, numbers, gpus),
      collectiveTask("reduce-scatter", question, numbers, gpus),
    ];
    return {
      before: [gather],
      after: [scatter],
      seconds: gather.seconds + scatter.seconds,
      processorSeconds: gather.seconds + scatter.seconds,
    };
  }
  const domain = hardware.scaleUpDomain;
  const ranks = Math.min(expertParallel, Math.max(1, gpus / tensorParallel));
  const shape = {
    hiddenSize: model.hiddenSize,
    expertHiddenSize: block.inputWidth,
    routedExperts: Math.max(block.routed, ranks),
    expertsPerToken: block.perToken,
  };
  const machine =
    domain === undefined || tensorParallel === 1
      ? hardware
      : { ...hardware, scaleUpDomain: Math.max(1, Math.floor(domain / tensorParallel)) };
  const time = (direction: ExchangeDirection) =>
    expertExchangeTime({ direction, model: shape, hardware: machine, tokens: rows, expertParallel: ranks });
  const [dispatch, combine] = [time("dispatch"), time("combine")];
  const processors = timeFactor(hardware, "exchangeProcessors");
  return {
    before: [exchangeTask("dispatch", dispatch)],
    after: [exchangeTask("combine", combine)],
    seconds: dispatch.seconds + combine.seconds,
    processorSeconds:
      Math.min(dispatch.seconds, processors * dispatch.processorSeconds) + Math.min(combine.seconds, processors * combine.processorSeconds),
  };
}

function exchangeTask(name: ExchangeDirection, time: ExchangeTime): DecodeTask {
  return {
    name,
    seconds: time.seconds,
    floorSeconds: time.floorSeconds,
    flops: 0,
    bytes: time.bytes,
    ...(time.networkBytes === 0 ? {} : { networkBytes: time.networkBytes }),
    runBytes: time.messageBytes,
    bound: time.bound,
    kernelSeconds: [time.seconds],
  };
}
