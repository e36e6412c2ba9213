import { readFacts } from "../data/rows";
import { peakFlops } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import { type NumberFormat, weightFormat } from "../machine/number-formats";
import { accessEfficiency } from "../machine/random-access";
import { servedFormats } from "../model/served-formats";
import { decodeStep } from "./decode";
import { prefillStep } from "./prefill";
import type { DecodeTask, TaskName } from "./task";
import { rowMemory } from "./tiers";
import type { WorthQuestion } from "./worth";

/** From the least to the most that was published. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What of a machine spends the energy. */
export const energyParts = ["memory", "rowActivation", "onChip", "arithmetic", "scaleUp", "network", "constant"] as const;
/** One of them. */
export type EnergyPart = (typeof energyParts)[number];

/** Joules a token, by part. */
export interface Energy {
  readonly joulesPerToken: Readonly<Record<EnergyPart, Range>>;
  readonly total: Range;
  /** What the machine's power limit comes to in the same time; absent where it is not known. */
  readonly limitJoulesPerToken?: number;
  /** What is not counted, in words. */
  readonly leftOut: readonly string[];
}

/**
 * Joules a token of a step, by part, each from the least to the most that was published.
 *
 *     memory      bytes of tasks x (movement + interface .. measured path), and a row opened for each run or kilobyte
 *     on chip     the same bytes through the last and the first level once
 *     arithmetic  FLOPs x energy of FP16, less in proportion where a format's peak is higher (our assumption)
 *     links       bytes sent x crossings: scale-up to and from a switch, network by the transceivers of one or two tiers
 *     constant    a measured GPU's constant power x seconds
 *
 * Folds over the tasks that the step is made of. Figures are of A100 and of memory and links of like age: newer chips spend less for each
 * bit and more at rest. Left out is what stands in `leftOut`, so the true need is higher; parts compare better than sums.
 *
 * @throws RangeError as decodeStep or prefillStep.
 * @example energyOf({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }).total
 */
export function energyOf(question: WorthQuestion): Energy {
  const step = "contextTokens" in question ? decodeStep(question) : prefillStep(question);
  const { model, hardware } = question;
  const rest = servedFormats(model, hardware, question.weightFormat, question.cacheFormat).rest;
  const tokens = step.tokensPerSecondPerGpu * step.seconds;
  const spent = Object.fromEntries(energyParts.map((part) => [part, { low: 0, high: 0 }])) as Record<
    EnergyPart,
    { low: number; high: number }
  >;
  const add = (part: EnergyPart, { low, high }: Range, amount: number) => {
    spent[part].low += (low * amount) / tokens;
    spent[part].high += (high * amount) / tokens;
  };
  const atom = rowMemory(hardware).kind.minAccessBytes;
  for (const task of step.tasks) {
    if (links.has(task.name)) {
      const far = task.networkBytes ?? 0;
      add("scaleUp", rates().scaleUp, task.bytes - far);
      add("network", rates().network, far);
      continue;
    }
    if (task.bytes > 0) {
      const { moved, opened } = accessJoules(task.runBytes, atom);
      add("memory", moved, task.bytes);
      add("rowActivation", { low: opened, high: opened }, task.bytes);
      add("onChip", rates().onChip, task.bytes);
    }
    const format = arithmeticOfTask(task, weightFormat(step.weightFormat).arithmetic, weightFormat(rest).arithmetic);
    add("arithmetic", rates().arithmetic, task.flops * cheaper(hardware, format));
  }
  const watts = rates().constantWatts;
  add("constant", { low: watts, high: watts }, step.seconds);
  const total = energyParts.reduce((sum, part) => ({ low: sum.low + spent[part].low, high: sum.high + spent[part].high }), {
    low: 0,
    high: 0,
  });
  const limit = hardware.powerWatts === undefined ? undefined : (hardware.powerWatts * step.seconds) / tokens;
  return { joulesPerToken: spent, total, ...(limit === undefined ? {} : { limitJoulesPerToken: limit }), leftOut };
}

/** What one byte of a run costs in the memory. */
export interface AccessJoules {
  /** Moving it on the dies and out, whole accesses counted: a model of the memory alone, and the measured way to the chip. */
  readonly moved: Range;
  /** Its share of opening rows. */
  readonly opened: number;
}

/**
 * Joules a useful byte of runs of one length, each of which opens its rows anew.
 *
 *     moved = joules a byte / efficiency(run, access);   opened = ceil(run / row) joules a row / run
 *
 * A stream that meets rows open shares them, and runs that start inside a row open one more: between the two.
 *
 * @throws RangeError unless both are positive.
 * @example accessJoules(64, 32).opened // 909 pJ / 64 = 14.2e-12
 */
export function accessJoules(runBytes: number, accessBytes: number): AccessJoules {
  const { movedLow, movedHigh, rowJoules, rowBytes } = rates().memory;
  const wasted = accessEfficiency(runBytes, accessBytes);
  return { moved: { low: movedLow / wasted, high: movedHigh / wasted }, opened: (Math.ceil(runBytes / rowBytes) * rowJoules) / runBytes };
}

const links: ReadonlySet<TaskName> = new Set<TaskName>(["dispatch", "combine", "all-reduce", "all-gather", "reduce-scatter"]);
/** Always in BF16. */
const wide: ReadonlySet<TaskName> = new Set<TaskName>(["attention core", "linear mixer", "indexer", "router", "head"]);

function arithmeticOfTask({ name }: DecodeTask, experts: NumberFormat, rest: NumberFormat): NumberFormat {
  return wide.has(name) ? "bf16" : name === "experts" ? experts : rest;
}

/** How much less one operation of a format costs than one of BF16: taken as the rate at which the machine does them. */
function cheaper(hardware: Hardware, format: NumberFormat): number {
  return peakFlops(hardware, "bf16") / peakFlops(hardware, format);
}

const leftOut: readonly string[] = [
  "host, cards, switches, fans and losses of power supplies",
  "activations that kernels hand on through the chip, registers and instructions beyond what the measured figures hold",
  "constant power of chips and memories larger than the one that was measured",
];

interface Rates {
  readonly memory: { readonly movedLow: number; readonly movedHigh: number; readonly rowJoules: number; readonly rowBytes: number };
  readonly onChip: Range;
  readonly arithmetic: Range;
  readonly scaleUp: Range;
  readonly network: Range;
  readonly constantWatts: number;
}

let read: Rates | undefined;

/** data/energy.csv, in joules a byte, a FLOP and a row. */
function rates(): Rates {
  read ??= readRates(new Map(readFacts("energy.csv", "part").map((fact) => [`${fact.subject} ${fact.quantity}`, fact.value])));
  return read;
}

/**
 * Joules a byte and FLOP from the facts of data/energy.csv, by part and quantity.
 *
 * @throws Error naming what is missing.
 */
export function readRates(facts: ReadonlyMap<string, number>): Rates {
  const of = (name: string) => {
    const value = facts.get(name);
    if (value === undefined) throw new Error(`energy.csv: no ${name}`);
    return value;
  };
  const end = (bound: "low" | "high") => (of(`network ${bound}Watts`) / of(`network ${bound}Rate`)) * of(`network ${bound}Ends`);
  const crossings = of("scaleUp crossings");
  return {
    memory: {
      movedLow: of("memory movement") + of("memory interface"),
      movedHigh: of("memory high"),
      rowJoules: of("memory rowActivation"),
      rowBytes: of("memory rowBytes"),
    },
    onChip: {
      low: of("onChip firstLevelLow") + of("onChip lastLevelLow"),
      high: of("onChip firstLevelHigh") + of("onChip lastLevelHigh"),
    },
    arithmetic: { low: of("arithmetic low"), high: of("arithmetic high") },
    scaleUp: { low: of("scaleUp low") * crossings, high: of("scaleUp high") * crossings },
    network: { low: end("low"), high: end("high") },
    constantWatts: of("constant watts"),
  };
}
