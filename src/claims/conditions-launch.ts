import type { Hardware } from "../machine/hardware";
import { decodeFusions, fusedExperts, trainTraceGaps } from "../published/fused-kernels";
import type { DecodeStep } from "../step/decode";
import { launchShare } from "../step/starts";
import { formatNumber, formatShare } from "../text/numbers";
import type { Condition } from "./verdict";

/**
 * Claim 2, fast scheduling and cheap starts become important, as conditions. Thresholds are ours: a tenth of the time.
 *
 * Measured whole steps hold the host's side of a start, the model of the step only the GPU's. A graph stands apart from a stream, since it
 * is how the cost was met, and training stands apart, since the claim does not say which.
 */
export function launchConditions(step: Pick<DecodeStep, "tasks" | "seconds">, hardware: Hardware): readonly Condition[] {
  const [stream, graph] = [launchShare(step, hardware, "stream"), launchShare(step, hardware, "graph")];
  const few = fusedExperts().filter((r) => r.tokensPerRank <= 512 && r.baseline !== "normal");
  const least = few.reduce((a, b) => (b.gain < a.gain ? b : a));
  const largest = few.reduce((a, b) => (b.gain > a.gain ? b : a));
  const gaps = trainTraceGaps();
  const saved = decodeFusions().map((d) => 1 - d.graphSeconds / d.eagerSeconds);
  return [
    {
      condition: "a graph saves a tenth of a decode step of one request, measured on dense models",
      found: `${formatShare(Math.min(...saved))} to ${formatShare(Math.max(...saved))}`,
      holds: Math.min(...saved) >= 0.1,
    },
    {
      condition: "starts are a tenth of this decode step, one by one, the GPU's side alone",
      found: formatShare(stream.share),
      holds: stream.share >= 0.1,
    },
    { condition: "starts are a tenth of this decode step, from a graph", found: formatShare(graph.share), holds: graph.share >= 0.1 },
    {
      condition: "fusing the experts' kernels gains a tenth in decode, beside an exchange made for few tokens, at best",
      found: `${formatNumber(largest.gain)} times`,
      holds: largest.gain >= 1.1,
    },
    {
      condition: "fusing them gains a tenth, at worst",
      found: `${formatNumber(least.gain)} times`,
      holds: least.gain >= 1.1,
    },
    { condition: "gaps are a tenth of a training step", found: formatShare(gaps.share), holds: gaps.share >= 0.1 },
  ];
}
