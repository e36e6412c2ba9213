import { requirePositiveInteger } from "../checks";
import { bf16Bytes } from "../kernels/gemm";
import { requireMachine } from "../machine/check-rates";
import type { Hardware } from "../machine/hardware";
import { requireModel } from "../model/check-runs";
import type { Model } from "../model/model";
import { allReduceTime } from "./all-reduce";
import { scaleUpBytesPerSecond } from "./collective";
import { expertExchanges, expertExchangeTime } from "./exchange";

/** One layer of a model on a group of GPUs of one machine, to be split in either way. */
export interface SplitTimeQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  readonly tokensPerGpu: number;
  readonly gpus: number;
}

/** Communication of one layer under either split; absent where the link does not join so many GPUs or the model has no such layer. */
export interface SplitTime {
  readonly tensorSeconds?: number;
  readonly expertSeconds?: number;
  /** Which exchange was the fastest. */
  readonly exchange?: string;
}

/**
 * Time what one layer sends: an all-reduce of all tokens, or dispatch and combine of a GPU's own.
 *
 * Each is the fastest of what is measured for the machine: NCCL and TensorRT-LLM's all-reduce inside the scale-up link;
 * DeepEP's low-latency kernels (any number of nodes) and TensorRT-LLM's one-sided exchange (inside the link).
 * No waiting for the slowest GPU, nothing hidden behind computation. All-reduce constants are fitted up to 8 GPUs,
 * the one-sided exchange up to 64: beyond that they are carried on.
 *
 * @throws RangeError for counts that are not positive integers or a machine without a scale-up link.
 * @example splitTime({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), tokensPerGpu: 128, gpus: 8 }).exchange
 */
export function splitTime({ model, hardware, tokensPerGpu, gpus }: SplitTimeQuestion): SplitTime {
  requireModel("model", model);
  requireMachine(hardware);
  requirePositiveInteger("tokensPerGpu", tokensPerGpu);
  requirePositiveInteger("gpus", gpus);
  scaleUpBytesPerSecond(hardware);
  const domain = hardware.scaleUpDomain ?? gpus;
  const inside = gpus >= 2 && gpus <= domain;
  const bytes = bf16Bytes * model.hiddenSize * tokensPerGpu * gpus;
  const tensor = inside ? { tensorSeconds: allReduceTime(bytes, gpus, hardware).seconds } : {};
  if (gpus < 2 || gpus > model.routedExperts || (gpus > domain && hardware.networkBytesPerSecond === undefined)) return tensor;
  const usable = expertExchanges.filter(
    (name) => name === "deepep-low-latency" || (name === "trtllm-one-sided" && inside && hardware.generation === "Blackwell"),
  );
  const exchanges = usable.map((implementation) => {
    const both = (["dispatch", "combine"] as const).map(
      (direction) => expertExchangeTime({ direction, model, hardware, tokens: tokensPerGpu, expertParallel: gpus, implementation }).seconds,
    );
    return { exchange: implementation, expertSeconds: (both[0] as number) + (both[1] as number) };
  });
  return { ...tensor, ...exchanges.reduce((a, b) => (b.expertSeconds < a.expertSeconds ? b : a)) };
}
