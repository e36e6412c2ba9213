import type { DecodeTask, TaskName } from "./task";

/** Ways that bytes travel between GPUs, in the order of a table. */
export const collectives = [
  "dispatch",
  "combine",
  "all-reduce",
  "all-gather",
  "reduce-scatter",
  "point to point",
] as const satisfies readonly TaskName[];
/** One of them. */
export type FlowName = (typeof collectives)[number];

/** Those whose receiver adds up what it gets: what a switch that adds could take off the links. */
const sums: ReadonlySet<FlowName> = new Set(["combine", "all-reduce", "reduce-scatter"]);

/** What one GPU sends in one step by one kind of collective. */
export interface Flow {
  readonly collective: FlowName;
  /** How many of them a step has. */
  readonly times: number;
  readonly bytes: number;
  /** Of all that is sent. */
  readonly share: number;
  /** Sizes of a message: of half of the bytes no larger, and the smallest and largest. */
  readonly messageBytes: number;
  readonly leastMessageBytes: number;
  readonly mostMessageBytes: number;
  readonly isSum: boolean;
}

/** All flows of a step, and what part of them is sums. */
export interface Flows {
  readonly flows: readonly Flow[];
  readonly bytes: number;
  /** Of all bytes, those that a receiver adds up: combine, all-reduce, reduce-scatter. 0 where nothing is sent. */
  readonly sumShare: number;
}

/**
 * What one GPU sends over its links in a step, by collective.
 *
 *     bytes = sum over the tasks of that name,   sum share = bytes of combine, all-reduce and reduce-scatter / all bytes
 *
 * Takes the tasks of decodeStep, prefillStep or trainingStep. The sum share is the most that a switch which adds could touch; how many
 * of these bytes it saves depends on where they meet.
 *
 * @example stepFlows(decodeStep({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 })).sumShare // two thirds in an exchange of FP8 out and BF16 back
 */
export function stepFlows({ tasks }: { readonly tasks: readonly Pick<DecodeTask, "name" | "bytes" | "runBytes">[] }): Flows {
  const sent = tasks.filter(({ name, bytes }) => (collectives as readonly string[]).includes(name) && bytes > 0);
  const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  const flows = collectives.flatMap((collective): readonly Flow[] => {
    const own = sent.filter(({ name }) => name === collective);
    if (own.length === 0) return [];
    const bytes = own.reduce((sum, task) => sum + task.bytes, 0);
    const sizes = own.map(({ runBytes }) => runBytes);
    return [
      {
        collective,
        times: own.length,
        bytes,
        share: bytes / total,
        messageBytes: medianMessage(own, bytes),
        leastMessageBytes: Math.min(...sizes),
        mostMessageBytes: Math.max(...sizes),
        isSum: sums.has(collective),
      },
    ];
  });
  const added = flows.filter(({ isSum }) => isSum).reduce((sum, { bytes }) => sum + bytes, 0);
  return { flows, bytes: total, sumShare: total === 0 ? 0 : added / total };
}

/** The size of message up to which half of the bytes lie. */
function medianMessage(tasks: readonly Pick<DecodeTask, "bytes" | "runBytes">[], bytes: number): number {
  let passed = 0;
  const sorted = [...tasks].sort((a, b) => a.runBytes - b.runBytes);
  for (const task of sorted) {
    passed += task.bytes;
    if (2 * passed >= bytes) return task.runBytes;
  }
  return Number.NaN;
}
