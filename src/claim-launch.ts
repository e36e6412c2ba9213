import { formatNumber, formatShare } from "./format";
import type { Hardware } from "./hardware";
import { launchShare } from "./launch-share";
import { fusedExperts, trainTraceGaps } from "./published-fusion";
import type { DecodeStep } from "./step";
import type { Condition } from "./verdict";

/**
 * Claim 2, fast scheduling and cheap starts become important, as conditions. Thresholds are ours: a tenth of the time.
 *
 * Under a graph and under a stream apart, since the first is how the cost was met; training apart, since the claim does not say which.
 */
export function launchConditions(step: Pick<DecodeStep, "tasks" | "seconds">, hardware: Hardware): readonly Condition[] {
  const [stream, graph] = [launchShare(step, hardware, "stream"), launchShare(step, hardware, "graph")];
  const few = fusedExperts().filter((r) => r.tokensPerRank <= 512 && r.baseline !== "normal");
  const least = few.reduce((a, b) => (b.gain < a.gain ? b : a));
  const largest = few.reduce((a, b) => (b.gain > a.gain ? b : a));
  const gaps = trainTraceGaps();
  return [
    {
      condition: "starts are a tenth of a decode step, kernels started one by one",
      found: formatShare(stream.share),
      holds: stream.share >= 0.1,
    },
    { condition: "starts are a tenth of a decode step, replayed from a graph", found: formatShare(graph.share), holds: graph.share >= 0.1 },
    {
      condition: "fusing the experts' kernels gains a tenth in decode, best case published",
      found: `${formatNumber(largest.gain)} times`,
      holds: largest.gain >= 1.1,
    },
    {
      condition: "fusing the experts' kernels gains a tenth in decode, worst case published",
      found: `${formatNumber(least.gain)} times`,
      holds: least.gain >= 1.1,
    },
    { condition: "gaps are a tenth of a training step", found: formatShare(gaps.share), holds: gaps.share >= 0.1 },
  ];
}
