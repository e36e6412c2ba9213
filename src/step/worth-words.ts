import { nearest } from "../text/nearest";
import type { FixedName, SizeWorth, Worth, WorthName } from "./worth";

/**
 * The kinds of fixed times in words, in the order of a table; their shares are `fixed` of a worth.
 *
 * @example fixedParts.map(({ words }) => words)
 */
export const fixedParts: readonly { readonly name: FixedName; readonly words: string }[] = [
  { name: "betweenKernels", words: "between kernels" },
  { name: "kernelStarts", words: "starts of kernels" },
  { name: "messageLatency", words: "latency of exchanges and collectives" },
  { name: "messages", words: "messages one by one" },
  { name: "kernels", words: "inside kernels: prologues, tiles, experts, rows" },
];

/**
 * What is no rate in words, in the order of a table; their elasticities are `sizes` of a worth.
 *
 * @example sizeParts.map(({ words }) => words)
 */
export const sizeParts: readonly { readonly name: keyof SizeWorth; readonly words: string }[] = [
  { name: "memoryCapacity", words: "room in memory" },
  { name: "processors", words: "number of processors" },
  { name: "exchangeProcessors", words: "processors that the exchange holds" },
  { name: "lastLevelCache", words: "last-level cache" },
  { name: "accessGranularity", words: "shorter accesses" },
];

/**
 * What one part is worth, by its name: a share of the sum, a kind of fixed times, or a size.
 *
 * @returns nothing for a size that the step has no answer for, such as the memory of a machine that does not hold the model.
 * @throws RangeError naming the nearest names when there is no such part.
 * @example worthOfPart(worthOf({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }), "kernelStarts") // 0.03 of the sum
 */
export function worthOfPart(worth: Worth, name: string): number | undefined {
  if (Object.hasOwn(worth.elasticities, name)) return worth.elasticities[name as WorthName];
  if (fixedParts.some((part) => part.name === name)) return worth.fixed[name as FixedName];
  if (sizeParts.some((part) => part.name === name)) return worth.sizes[name as keyof SizeWorth];
  const known = [...Object.keys(worth.elasticities), ...[...fixedParts, ...sizeParts].map((part) => part.name)];
  throw new RangeError(`unknown part "${name}"; nearest: ${nearest(name, known).join(", ")}`);
}
