import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { expertParallelTraffic, tensorParallelTraffic } from "../network/split";
import { splitTime } from "../network/split-time";
import { publishedImbalance } from "../published/tables";
import { publishedParallelism } from "../published/transfers";
import { formatBytes, formatCount, formatNumber, formatSeconds } from "../text/numbers";
import type { Condition } from "./verdict";

/** Day the argument was published; deployments of that day or before are not its forecast. */
const articleDate = "2025-01-11";

/**
 * Claim 5, tensor parallelism fades and expert parallelism with a small, even all-to-all grows, as conditions.
 *
 * Thresholds are ours: bytes below half at the published degree, experts over at least 8 times as many GPUs as matrices in
 * half of what was published since, messages up to 16 KB, faster inside 8 GPUs even at one token each, load within 1.1 of even.
 */
export function parallelConditions(model: Model, hardware: Hardware, tokensPerGpu: number): readonly Condition[] {
  const since = publishedParallelism().filter((p) => p.date > articleDate);
  const wide = since.filter((p) => p.expertParallel >= 8 * p.tensorParallel);
  const gpus = middle(wide.map((p) => p.expertParallel));
  const expert = expertParallelTraffic({ model, tokensPerGpu, gpus });
  const tensor = tensorParallelTraffic({ model, tokensPerGpu, gpus });
  const node = [tokensPerGpu, 1].map((tokens) => ({ tokens, ...splitTime({ model, hardware, tokensPerGpu: tokens, gpus: 8 }) }));
  const ranks = publishedImbalance().filter((row) => row.level === "rank" && row.placement.startsWith("no EPLB"));
  const evened = publishedImbalance().filter((row) => row.level === "rank" && !row.placement.startsWith("no EPLB"));
  const largest = (rows: typeof ranks) => formatNumber(Math.max(...rows.map((row) => row.maximumOverMean)));
  return [
    {
      condition: `experts send less than half the bytes of matrices, ${gpus} GPUs`,
      found: `${formatBytes(expert.bytes)} against ${formatBytes(tensor.bytes)} a GPU and layer`,
      holds: expert.bytes < tensor.bytes / 2,
    },
    {
      condition: "at least half of the deployments since have EP at 8 times TP or more",
      found: `${wide.length} of ${since.length}`,
      holds: 2 * wide.length >= since.length,
    },
    {
      condition: "a message is a few kilobytes (up to 16 KB)",
      found: `${formatBytes(expert.messageBytes)}, ${formatCount(expert.messages)} a GPU and layer`,
      holds: expert.messageBytes <= 16384,
    },
    ...node.map(({ tokens, expertSeconds = Number.NaN, tensorSeconds = Number.NaN }) => ({
      condition: `experts are the faster inside 8 GPUs, ${formatCount(tokens)} ${tokens === 1 ? "token" : "tokens"} a GPU`,
      found: `${formatSeconds(expertSeconds)} against ${formatSeconds(tensorSeconds)}`,
      holds: expertSeconds < tensorSeconds,
    })),
    {
      condition: "GPUs' loads lie within 1.1 of even as they come",
      found: `up to ${largest(ranks)}; with replicated experts up to ${largest(evened)}`,
      holds: ranks.every((row) => row.maximumOverMean <= 1.1),
    },
  ];
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.floor((sorted.length - 1) / 2)];
  if (found === undefined)
    throw new RangeError("parallelism.csv must hold a deployment whose expert parallelism is 8 times its tensor parallelism");
  return found;
}
