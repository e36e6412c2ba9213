import type { Fact } from "../data/rows";
import { readFacts } from "../data/rows";
import { nearest } from "../text/nearest";
import type { Provenance } from "./hardware";

/**
 * A kind of DRAM, seen from one pseudo-channel: the smallest part that takes commands of its own.
 *
 * Timings are presets of a simulator that cite the standard, not those of a part.
 */
export interface Dram {
  readonly id: string;
  readonly name: string;
  /** Smallest access of one pseudo-channel: its width times the burst length. */
  readonly minAccessBytes: number;
  /** Row that one pseudo-channel opens at a time in each bank. */
  readonly rowBytes: number;
  /** Banks of one pseudo-channel. */
  readonly banks: number;
  /** From opening a row to opening another in the same bank (tRC); absent where no preset was found. */
  readonly rowCycleSeconds?: number;
  /** A row stays open at least so long (tRAS). */
  readonly rowActiveSeconds?: number;
  /** From closing a row to opening the next (tRP). */
  readonly prechargeSeconds?: number;
  /** From opening a row to reading it (tRCD). */
  readonly rowToColumnSeconds?: number;
  /** Shortest gap between bursts of different bank groups (tCCD_S): minAccessBytes over it is a pseudo-channel's peak rate. */
  readonly burstGapSeconds?: number;
  /** The same inside one bank group (tCCD_L). */
  readonly sameGroupBurstGapSeconds?: number;
  /** Of one stack of HBM; of one device, DIMM or channel elsewhere, as the sources' notes say. */
  readonly pseudoChannelsPerStack: number;
  readonly bytesPerSecondPerStack: number;
  readonly pinBytesPerSecond: number;
  /** One for each quantity of data/memory.csv, by its name there. */
  readonly sources: Readonly<Record<string, Provenance>>;
}

/**
 * Look up a kind of DRAM of data/memory.csv.
 *
 * @throws RangeError naming the nearest ids when there is no such kind.
 */
export function dram(id: string): Dram {
  const found = drams().find((d) => d.id === id);
  if (found === undefined) {
    throw new RangeError(
      `unknown dram "${id}"; nearest: ${nearest(
        id,
        drams().map((d) => d.id),
      ).join(", ")}`,
    );
  }
  return found;
}

/** All kinds of DRAM of data/memory.csv, in the order of the file. */
export function drams(): readonly Dram[] {
  parsed ??= readDrams(readFacts("memory.csv", "memory"));
  return parsed;
}

let parsed: readonly Dram[] | undefined;

const needed = [
  "channels",
  "pseudoChannelsPerChannel",
  "pseudoChannelWidthBytes",
  "burstLength",
  "pinBytesPerSecond",
  "bytesPerSecond",
  "rowBytes",
  "banks",
] as const;
const timings = [
  "rowCycleSeconds",
  "rowActiveSeconds",
  "prechargeSeconds",
  "rowToColumnSeconds",
  "burstGapSeconds",
  "sameGroupBurstGapSeconds",
] as const;
const quantities: readonly string[] = [...needed, ...timings];

/**
 * Gather facts of data/memory.csv into kinds of DRAM.
 *
 * @throws Error naming the kind when a quantity is unknown, doubled or missing.
 */
export function readDrams(facts: readonly Fact[]): readonly Dram[] {
  return Object.freeze(
    [...new Set(facts.map((f) => f.subject))].map((id) =>
      readDram(
        id,
        facts.filter((f) => f.subject === id),
      ),
    ),
  );
}

function readDram(id: string, facts: readonly Fact[]): Dram {
  const value = new Map<string, number>();
  for (const fact of facts) {
    if (!quantities.includes(fact.quantity)) {
      throw new Error(
        `memory.csv: unknown quantity "${fact.quantity}" for ${id}; nearest: ${nearest(fact.quantity, quantities).join(", ")}`,
      );
    }
    if (value.has(fact.quantity)) throw new Error(`memory.csv: ${fact.quantity} is given twice for ${id}`);
    value.set(fact.quantity, fact.value);
  }
  const get = (quantity: (typeof needed)[number]): number => {
    const found = value.get(quantity);
    if (found === undefined) throw new Error(`memory.csv: no ${quantity} for ${id}`);
    return found;
  };
  return Object.freeze({
    id,
    name: id.toUpperCase(),
    minAccessBytes: get("pseudoChannelWidthBytes") * get("burstLength"),
    rowBytes: get("rowBytes"),
    banks: get("banks"),
    ...(Object.fromEntries(timings.filter((t) => value.has(t)).map((t) => [t, value.get(t)])) as Partial<
      Record<(typeof timings)[number], number>
    >),
    pseudoChannelsPerStack: get("channels") * get("pseudoChannelsPerChannel"),
    bytesPerSecondPerStack: get("bytesPerSecond"),
    pinBytesPerSecond: get("pinBytesPerSecond"),
    sources: Object.freeze(
      Object.fromEntries(facts.map(({ quantity, source, locator, confidence, note }) => [quantity, { source, locator, confidence, note }])),
    ),
  });
}
