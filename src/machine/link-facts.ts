import type { Confidence, Row } from "../data/rows";
import { at, number, oneOf, optionalText, readRows, text } from "../data/rows";
import type { Unit } from "../units";
import { isUnit, toBase } from "../units";

/** One published number of a link, an adapter, a launch or an expert all-to-all. */
export interface Link {
  /** scale-up, host link, NIC, RDMA, launch, copy engine, expert all-to-all... */
  readonly category: string;
  readonly name: string;
  /** What is counted, in words: `unidirectional bandwidth per GPU`, `message rate`, `time`. */
  readonly metric: string;
  /** In base units: bytes per second, seconds, or per second. */
  readonly value: number;
  /** The unit the source prints. */
  readonly unit: Unit;
  /** What the number holds for. */
  readonly condition: string;
  readonly source: string;
  readonly locator: string;
  readonly confidence: Confidence;
  readonly note: string;
}

/** All rows of data/links.csv, in the order of the file. */
export function links(): readonly Link[] {
  parsed ??= readLinks(readRows("links.csv"));
  return parsed;
}

let parsed: readonly Link[] | undefined;

/**
 * Turn rows of data/links.csv into numbers in base units.
 *
 * @throws Error naming file and line when a unit is unknown or a value is not above zero.
 */
export function readLinks(rows: readonly Row[]): readonly Link[] {
  return Object.freeze(
    rows.map((row) => {
      const unit = text(row, "unit");
      if (!isUnit(unit)) throw new Error(`${at(row)}: unknown unit "${unit}"`);
      const value = toBase(number(row, "value"), unit);
      if (value <= 0) throw new Error(`${at(row)}: expected a value above 0, got ${text(row, "value")}`);
      return Object.freeze({
        category: text(row, "category"),
        name: text(row, "name"),
        metric: text(row, "metric"),
        value,
        unit,
        condition: optionalText(row, "condition") ?? "",
        source: text(row, "source"),
        locator: optionalText(row, "locator") ?? "",
        confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
        note: optionalText(row, "note") ?? "",
      });
    }),
  );
}
