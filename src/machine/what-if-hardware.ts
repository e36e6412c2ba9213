import { requirePositive, requireRecord } from "../checks";
import { nearest } from "../text/nearest";
import { type Hardware, hardwareQuantities, timeNames } from "./hardware";

/** A new value, or a factor on the old one. */
export type Change = number | { readonly times: number };

/**
 * Changes by the name of a number in data/hardware.csv; `peakFlopsPerSecond` alone changes every format, by a factor. `times.kernelStarts` and
 * the others of timeNames are factors on fitted times, 1 on a real machine.
 */
export type HardwareChanges = Readonly<Record<string, Change>>;

const timeFields: readonly string[] = timeNames.map((name) => `times.${name}`);

/** A machine cannot have a part of one of these. */
const wholes = ["processors", "scaleUpDomain", "matrixUnit.rows", "matrixUnit.columns", "matrixUnit.count"];

/**
 * A machine that does not exist: another with some of its numbers changed, all else alike.
 *
 * Nothing follows of itself: more processors at the same peak are slower ones, and a wider array is a note on its tile unless the
 * peak changes too. Constants of kernels stay those of the base's generation, fitted on its real machines: the further from them, the less
 * sure. A changed number has the source "what-if".
 *
 * @throws RangeError naming the field for one that is not known (with the nearest), a number that cannot be, or a factor on nothing.
 * @example whatIfHardware(hardware("h100-sxm"), { memoryBytesPerSecond: { times: 2 }, scaleUpDomain: 576 }).scaleUpDomain // 576
 */
export function whatIfHardware(base: Hardware, changes: HardwareChanges): Hardware {
  requireRecord("base", base, "a machine, as hardware(id) gives");
  requireRecord("base.peakFlopsPerSecond", base.peakFlopsPerSecond, "a record of rates by format");
  let changed = base;
  for (const [field, change] of Object.entries(changes)) {
    const all = field === "peakFlopsPerSecond";
    if (!all && !hardwareQuantities.has(field) && !timeFields.includes(field)) {
      const known = ["peakFlopsPerSecond", ...hardwareQuantities, ...timeFields];
      throw new RangeError(`unknown field "${field}"; nearest: ${nearest(field, known).join(", ")}`);
    }
    if (all && typeof change === "number")
      throw new RangeError(
        `peakFlopsPerSecond must be a factor { times } for every format; for a value name one, as peakFlopsPerSecond.bf16`,
      );
    const fields = all ? Object.keys(base.peakFlopsPerSecond).map((format) => `peakFlopsPerSecond.${format}`) : [field];
    for (const one of fields) changed = withNumber(changed, one, changedTo(base, one, change));
  }
  if (changed.cacheBytes !== undefined && changed.cacheBytes > changed.memoryBytes)
    throw new RangeError(`cacheBytes must be at most memoryBytes (${changed.memoryBytes}), got ${changed.cacheBytes}`);
  const names = Object.keys(changes);
  if (names.length === 0) return base;
  return Object.freeze({ ...changed, id: `${base.id}-what-if`, name: `${base.name} with other ${names.join(", ")}` });
}

function changedTo(base: Hardware, field: string, change: Change): number {
  if (typeof change !== "number" && (typeof change !== "object" || change === null))
    throw new RangeError(`${field} must be a number or { times: number }, got ${String(change)}`);
  const old = numberOf(base, field);
  if (typeof change !== "number") {
    requirePositive(`${field}.times`, change.times);
    if (old === undefined) throw new RangeError(`${base.id} has no ${field} to multiply; give a value`);
  }
  const value = typeof change === "number" ? change : (old as number) * change.times;
  requirePositive(field, value);
  if (wholes.includes(field) && !Number.isSafeInteger(value)) throw new RangeError(`${field} must be a positive integer, got ${value}`);
  return value;
}

function numberOf(base: Hardware, field: string): number | undefined {
  const [first, second] = field.split(".") as [string, string | undefined];
  if (first === "times") return base.times?.[second as (typeof timeNames)[number]] ?? 1;
  const value = (base as unknown as Readonly<Record<string, unknown>>)[first];
  return (second === undefined ? value : (value as Readonly<Record<string, unknown>>)[second]) as number | undefined;
}

function withNumber(base: Hardware, field: string, value: number): Hardware {
  const [first, second] = field.split(".") as [keyof Hardware, string | undefined];
  const sources = {
    ...base.sources,
    [field]: {
      source: "what-if",
      locator: "",
      confidence: "low" as const,
      note: `in place of ${String(numberOf(base, field) ?? "nothing")}`,
    },
  };
  const inside = second === undefined ? value : Object.freeze({ ...(base[first] as object), [second]: value });
  return { ...base, [first]: inside, sources: Object.freeze(sources) } as Hardware;
}
