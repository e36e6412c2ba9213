import type { Confidence, Fact, Row } from "../data/rows";
import { at, number, oneOf, optionalText, readFacts, readRows, text } from "../data/rows";
import { nearest, unknownWords } from "../text/nearest";
import type { NumberFormat } from "./number-formats";
import type { StepFactors } from "./step-factors";

/** Where one number of a machine comes from. */
export interface Provenance {
  readonly source: string;
  readonly locator: string;
  readonly confidence: Confidence;
  readonly note: string;
}

/** The unit that multiplies matrices. */
export interface MatrixUnit {
  /** In words: the instruction and its tile, or the array. */
  readonly description: string;
  /** Of a systolic array, or of the smallest tile's sides [m, n] that the instruction fills; absent where no source gives it. */
  readonly rows?: number;
  readonly columns?: number;
  /** Units of one device. */
  readonly count?: number;
  /** Multiply-adds of one unit in one clock, in BF16. */
  readonly fmaPerClock?: number;
}

/**
 * Times that kernels and links were fitted with, and that a what-if may scale: between kernels (the engine's), the start of each kernel,
 * the latency of exchanges and collectives, what a message costs, and the processors' part of an exchange.
 */
export const timeNames = ["betweenKernels", "kernelStarts", "messageLatency", "messages", "exchangeProcessors"] as const;
/** One of these times. */
export type TimeName = (typeof timeNames)[number];

/** Factor on a time: 1 on every machine that exists. */
export function timeFactor({ times }: Pick<Hardware, "times">, name: TimeName): number {
  return times?.[name] ?? 1;
}

/** What the model knows of one accelerator. Rates are dense peaks of one device, one direction for links. */
export interface Hardware {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  /** Architecture family, such as Hopper or Blackwell: constants of kernels are shared inside it. */
  readonly generation: string;
  /** Year of availability. */
  readonly released: number;
  readonly peakFlopsPerSecond: Readonly<Partial<Record<NumberFormat, number>>>;
  readonly memoryKind: string;
  readonly memoryBytes: number;
  readonly memoryBytesPerSecond: number;
  /** Last level of on-chip memory: L2, Infinity Cache, VMEM or SBUF, as its source's note says. */
  readonly cacheBytes?: number;
  /** Streaming multiprocessors, compute units or tensor cores. */
  readonly processors?: number;
  readonly processorKind: string;
  readonly clockHertz?: number;
  readonly matrixUnit: MatrixUnit;
  readonly scaleUpBytesPerSecond?: number;
  /** Devices that the scale-up link joins; of cards without one, those of one machine, which share its PCIe. */
  readonly scaleUpDomain?: number;
  readonly networkBytesPerSecond?: number;
  /** Of the slot, one direction: what GPUs without a scale-up link exchange over. */
  readonly hostLinkBytesPerSecond?: number;
  readonly powerWatts?: number;
  /** Factors on times that no datasheet gives, of a machine that does not exist: see whatIfHardware. Absent on real ones. */
  readonly times?: Readonly<Partial<Record<TimeName, number>>>;
  /** Factors on the parts of a decode step, fitted on measured ones: see calibratedMachine. Absent where the model stands as it is. */
  readonly stepFactors?: StepFactors;
  readonly note: string;
  /**
   * One for each number above, by its name; `peakFlopsPerSecond.fp8` for a peak, `matrixUnit.rows` for a side.
   * `matrixUnit` is that of its description, `released` that of name, year and kind of memory.
   */
  readonly sources: Readonly<Record<string, Provenance>>;
}

/**
 * Look up an accelerator of data/machines.csv and data/hardware.csv.
 *
 * @throws RangeError naming the ids that begin so, else the nearest, when there is no such machine.
 * @example hardware("h100-sxm").memoryBytesPerSecond // 3,350,000,000,000
 */
export function hardware(id: string): Hardware {
  byId ??= new Map(machines().map((machine) => [machine.id, machine]));
  const found = byId.get(id);
  if (found === undefined) {
    const known = machines().map((m) => m.id);
    throw new RangeError(unknownWords("hardware", id, known));
  }
  return found;
}

/**
 * All accelerators of data/machines.csv, the oldest first.
 *
 * @example machines().filter((m) => m.generation === "Hopper").map((m) => m.id)
 */
export function machines(): readonly Hardware[] {
  parsed ??= readMachines(readRows("machines.csv"), readFacts("hardware.csv", "hardware"));
  return parsed;
}

let parsed: readonly Hardware[] | undefined;
let byId: ReadonlyMap<string, Hardware> | undefined;

const formats = ["fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8"] as const satisfies readonly NumberFormat[];
const needed = ["memoryBytes", "memoryBytesPerSecond"] as const;
const optional = [
  "cacheBytes",
  "processors",
  "clockHertz",
  "scaleUpBytesPerSecond",
  "scaleUpDomain",
  "networkBytesPerSecond",
  "hostLinkBytesPerSecond",
  "powerWatts",
] as const;
const sides = ["rows", "columns", "count", "fmaPerClock"] as const;

/** The numbers that data/hardware.csv may give of a machine, by name. */
export const hardwareQuantities: ReadonlySet<string> = new Set([
  ...needed,
  ...optional,
  ...formats.map((f) => `peakFlopsPerSecond.${f}`),
  ...sides.map((s) => `matrixUnit.${s}`),
]);

/**
 * Join rows of data/machines.csv with the facts of data/hardware.csv, the oldest machine first.
 *
 * @throws Error naming the machine when a fact is unknown, doubled, missing or belongs to no machine.
 */
export function readMachines(rows: readonly Row[], facts: readonly Fact[]): readonly Hardware[] {
  const byId = new Map(rows.map((row) => [text(row, "id"), row]));
  const seen = new Set<string>();
  for (const { subject, quantity } of facts) {
    if (!byId.has(subject)) {
      throw new Error(
        `hardware.csv: ${quantity} is given for "${subject}", which is not in machines.csv; nearest: ${nearest(subject, [...byId.keys()]).join(", ")}`,
      );
    }
    if (!hardwareQuantities.has(quantity)) {
      throw new Error(
        `hardware.csv: unknown quantity "${quantity}" for ${subject}; nearest: ${nearest(quantity, [...hardwareQuantities]).join(", ")}`,
      );
    }
    if (seen.has(`${subject} ${quantity}`)) throw new Error(`hardware.csv: ${quantity} is given twice for ${subject}`);
    seen.add(`${subject} ${quantity}`);
  }
  return Object.freeze(
    rows
      .map((row) =>
        readMachine(
          row,
          facts.filter((f) => f.subject === row.cells.id),
        ),
      )
      .sort((a, b) => a.released - b.released || (a.id < b.id ? -1 : 1)),
  );
}

function readMachine(row: Row, facts: readonly Fact[]): Hardware {
  const value = new Map(facts.map((f) => [f.quantity, f.value]));
  for (const quantity of needed) {
    if (!value.has(quantity)) throw new Error(`${at(row)}: hardware.csv gives no ${quantity} for ${text(row, "id")}`);
  }
  const pick = <Q extends string>(names: readonly Q[], prefix = "") =>
    Object.freeze(
      Object.fromEntries(names.filter((q) => value.has(prefix + q)).map((q) => [q, value.get(prefix + q)])) as Partial<Record<Q, number>>,
    );
  return Object.freeze({
    id: text(row, "id"),
    name: text(row, "name"),
    vendor: text(row, "vendor"),
    generation: text(row, "generation"),
    released: number(row, "released"),
    peakFlopsPerSecond: pick(formats, "peakFlopsPerSecond."),
    memoryKind: text(row, "memoryKind"),
    processorKind: text(row, "processorKind"),
    ...(pick(needed) as Record<(typeof needed)[number], number>),
    ...pick(optional),
    matrixUnit: Object.freeze({ description: text(row, "matrixUnit"), ...pick(sides, "matrixUnit.") }),
    note: optionalText(row, "note") ?? "",
    sources: Object.freeze(provenance(row, facts)),
  });
}

function provenance(row: Row, facts: readonly Fact[]): Record<string, Provenance> {
  const confidence = oneOf(row, "confidence", ["high", "medium", "low"]);
  const cell = (column: string) => optionalText(row, column) ?? "";
  const matrixSource = text(row, "matrixSource");
  return {
    released: { source: text(row, "source"), locator: cell("locator"), confidence, note: cell("note") },
    matrixUnit: {
      source: matrixSource,
      locator: cell("matrixLocator"),
      confidence: matrixSource === "recalled" ? "low" : confidence,
      note: "",
    },
    ...Object.fromEntries(
      facts.map(({ quantity, source, locator, confidence, note }) => [quantity, { source, locator, confidence, note }]),
    ),
  };
}

/** Of another machine than a GPU with fewer processors than this each is a large core, over which a product is cut otherwise. */
const fewestProcessors = 16;
/** Of an H100. */
const usualProcessors = 132;

/** Whether the constants of a GPU's kernels, which count tiles by processor, say little of a machine: it is no GPU, and has few large cores. */
export function hasLargeCores({ processors, vendor }: Pick<Hardware, "processors" | "vendor">): boolean {
  return processors !== undefined && processors < fewestProcessors && vendor !== "NVIDIA" && vendor !== "AMD";
}

/**
 * Processors that tiles are dealt over: the machine's, or an H100's where it does not say or has few large cores.
 *
 * @example tileProcessors(hardware("tpu-v7")) // 132: its 2 cores each hold many tiles at once
 */
export function tileProcessors(machine: Pick<Hardware, "processors" | "vendor">): number {
  return machine.processors === undefined || hasLargeCores(machine) ? usualProcessors : machine.processors;
}
