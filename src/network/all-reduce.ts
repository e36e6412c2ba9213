import { requirePositive } from "../checks";
import type { Hardware } from "../machine/hardware";
import { type CollectiveTime, collectiveTime } from "./collective";

/**
 * Time an all-reduce by the faster of NCCL and TensorRT-LLM's.
 *
 * @throws RangeError as collectiveTime.
 */
export function allReduceTime(bytes: number, gpus: number, hardware: Hardware): CollectiveTime {
  requirePositive("bytes", bytes);
  const [nccl, own] = (["nccl", "trtllm"] as const).map((implementation) =>
    collectiveTime({ collective: "all-reduce", bytes, gpus, hardware, implementation }),
  ) as [CollectiveTime, CollectiveTime];
  return own.seconds < nccl.seconds ? own : nccl;
}
