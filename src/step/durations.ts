import { requireNonNegative, requirePositive } from "../checks";

/** Tasks that take the same time. */
export interface TimedTasks {
  readonly seconds: number;
  readonly count: number;
}

/** What falls in one stretch of durations, as shares of the whole. */
export interface DurationShare {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly countShare: number;
  readonly timeShare: number;
}

/** Edges of the stretches: a decade each, open at both ends. */
const edges = [0, 1e-6, 1e-5, 1e-4, 1e-3, Number.POSITIVE_INFINITY] as const;

/** Units round: 10 x 1e-6 is a hair below 1e-5 in floating point, and still ten microseconds. */
const rounding = 1 - 1e-12;

/**
 * Share of tasks, and of their summed time, by decade of duration.
 *
 * A task of exactly 10 µs counts in the decade that starts there. Both shares sum to one.
 *
 * @throws RangeError when there is nothing to count, a count is negative or a duration is not positive.
 * @example shareByDecade([{ seconds: 5e-6, count: 3 }, { seconds: 5e-5, count: 1 }]).length // 5
 */
export function shareByDecade(tasks: readonly TimedTasks[]): readonly DurationShare[] {
  const count = tasks.reduce((sum, t) => sum + t.count, 0);
  const seconds = tasks.reduce((sum, t) => sum + t.count * t.seconds, 0);
  requirePositive("count of tasks", count);
  for (const task of tasks) {
    requireNonNegative("count", task.count);
    requirePositive("seconds", task.seconds);
  }
  return edges.slice(0, -1).map((fromSeconds, i) => {
    const toSeconds = edges[i + 1] as number;
    const inside = tasks.filter((t) => t.seconds >= fromSeconds * rounding && t.seconds < toSeconds * rounding);
    return {
      fromSeconds,
      toSeconds,
      countShare: inside.reduce((sum, t) => sum + t.count, 0) / count,
      timeShare: inside.reduce((sum, t) => sum + t.count * t.seconds, 0) / seconds,
    };
  });
}

/**
 * The kernels of a step's tasks, ready to be counted. The time between kernels is left out: no kernel runs in it, so the
 * counted seconds are those of the tasks less what is between kernels.
 *
 * With `expertsApart` above one, the task named "experts" counts as so many that share its time: as if each
 * expert on the GPU were launched by itself at the layer's throughput. A real launch of its own would cost
 * more, so this is the shortest such a task can be.
 *
 * @throws RangeError when expertsApart is not positive.
 * @example timedTasks(decodeStep({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }).tasks)
 */
export function timedTasks(
  tasks: readonly { readonly name: string; readonly seconds: number; readonly kernelSeconds: readonly number[] }[],
  expertsApart = 1,
): readonly TimedTasks[] {
  requirePositive("expertsApart", expertsApart);
  return tasks.flatMap(({ name, seconds, kernelSeconds }) => {
    if (name === "between kernels") return [];
    if (name === "experts") return [{ seconds: seconds / expertsApart, count: expertsApart }];
    return kernelSeconds.map((s) => ({ seconds: s, count: 1 }));
  });
}
