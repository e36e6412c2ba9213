import { requireNonNegative, requirePositive } from "../checks";
import { type Constants, readConstants } from "../data/constants";
import type { Hardware } from "../machine/hardware";
import { isBlackwellCard } from "../machine/tensor-memory";

/** How a kernel is started: by the host in a stream, as a node of a graph, or as a step of a kernel that stays. */
export type LaunchMode = "stream" | "graph" | "persistent";

const modes = ["stream", "graph", "persistent"] as const satisfies readonly LaunchMode[];

/** Seconds a kernel of one machine generation, and whose constants they are. */
export interface Launch {
  readonly mode: LaunchMode;
  readonly seconds: number;
  /** The generation measured; another where this one was not. */
  readonly measured: string;
}

/**
 * What starting one kernel after another costs, whatever the kernel does.
 *
 *     stream: the next kernel is queued while one runs; graph: a node of a captured graph; persistent: a grid-wide barrier
 *
 * Taken from chains of kernels that move 64 KiB, so a little of the work is in it. Stream launch is the GPU's side of
 * back-to-back launches: a host that cannot keep up adds its own time (3 to 6 us a call in published traces).
 * A generation that was not measured takes the nearest: Blackwell's graphics cards Ada's, AMD's CDNA2's, all others Hopper's.
 *
 * @throws RangeError when the mode is not one of the three.
 * @example launch("graph", hardware("h100-sxm")).measured // "Hopper"
 */
export function launch(mode: LaunchMode, hardware: Pick<Hardware, "generation" | "vendor">): Launch {
  if (!modes.includes(mode)) throw new RangeError(`mode must be one of ${modes.join(", ")}; got "${String(mode)}"`);
  table ??= readConstants("launch.csv", ["generation"], modes);
  const nearest = hardware.vendor === "AMD" ? "CDNA2" : isBlackwellCard(hardware) ? "Ada" : "Hopper";
  const measured = table.has(hardware.generation) ? hardware.generation : nearest;
  const seconds = (table.get(measured) as Constants<LaunchMode>)[mode];
  return { mode, seconds, measured };
}

let table: ReadonlyMap<string, Constants<LaunchMode>> | undefined;

/**
 * The share of time that is work when every task pays an overhead.
 *
 *     task / (task + overhead)
 *
 * Nothing overlaps the overhead: the least to expect of a chain where each task needs the one before.
 *
 * @throws RangeError when the task's time is not positive or the overhead is negative.
 */
export function launchEfficiency(taskSeconds: number, overheadSeconds: number): number {
  requirePositive("taskSeconds", taskSeconds);
  requireNonNegative("overheadSeconds", overheadSeconds);
  return taskSeconds / (taskSeconds + overheadSeconds);
}
