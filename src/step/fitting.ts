import { memoryFootprint } from "./memory-footprint";
import { resolveQuestion, type StepQuestion } from "./question";

/**
 * Requests of one attention group that fit a share of the memory beside the weights; 0 where not even one does.
 *
 *     floor((share memoryBytes - weights) / cache of a request)
 *
 * The footprint leaves out what activations and workspaces need, for which engines keep a tenth of the memory or so.
 *
 * @returns infinity where a request keeps nothing.
 * @throws RangeError as resolveQuestion, and for a share that is not above 0 and at most 1.
 * @example fittingRequests({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }, 0.9) > 64 // true
 */
export function fittingRequests(question: StepQuestion, usableShare: number): number {
  if (typeof usableShare !== "number" || !(usableShare > 0 && usableShare <= 1))
    throw new RangeError(`usableShare must be above 0 and at most 1, got ${String(usableShare)}`);
  const { weightBytes, cacheBytes } = memoryFootprint(question);
  const room = question.hardware.memoryBytes * usableShare - weightBytes;
  return room < 0 ? 0 : Math.floor(room / (cacheBytes / resolveQuestion(question).groupRequests));
}

/**
 * The same question with no more requests than fit, in the same place; nothing where not even one does.
 *
 * @throws RangeError as fittingRequests.
 * @example fittingQuestion({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }, 0.9)
 */
export function fittingQuestion(question: StepQuestion, usableShare: number): StepQuestion | undefined {
  const { groupRequests } = resolveQuestion(question);
  const fits = Math.min(groupRequests, fittingRequests(question, usableShare));
  if (fits < 1) return undefined;
  return fits === groupRequests ? question : withGroupRequests(question, fits);
}

/** The same question with so many requests in each attention group. */
export function withGroupRequests(question: StepQuestion, groupRequests: number): StepQuestion {
  const { dataParallel, expertParallel } = resolveQuestion(question);
  const { requests: _, requestsPerGpu: __, ...place } = question;
  return { ...place, requests: groupRequests * dataParallel, dataParallel, expertParallel };
}
