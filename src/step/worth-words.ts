import type { FixedName, SizeWorth } from "./worth";

/** The kinds of fixed times in words, in the order of a table; their shares are `fixed` of a worth. */
export const fixedParts: readonly { readonly name: FixedName; readonly words: string }[] = [
  { name: "betweenKernels", words: "between kernels" },
  { name: "kernelStarts", words: "starts of kernels" },
  { name: "messageLatency", words: "latency of exchanges and collectives" },
  { name: "messages", words: "messages one by one" },
  { name: "kernels", words: "inside kernels: prologues, tiles, experts, rows" },
];

/** What is no rate in words, in the order of a table; their elasticities are `sizes` of a worth. */
export const sizeParts: readonly { readonly name: keyof SizeWorth; readonly words: string }[] = [
  { name: "memoryCapacity", words: "room in memory" },
  { name: "processors", words: "number of processors" },
  { name: "exchangeProcessors", words: "processors that the exchange holds" },
  { name: "lastLevelCache", words: "last-level cache" },
  { name: "accessGranularity", words: "shorter accesses" },
];
