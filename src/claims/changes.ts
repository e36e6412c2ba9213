import { lookedUp, oneOf, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { claimText } from "./claim-texts";
import { isKnown, newestDay } from "./known-by";
import type { Grade } from "./parts/kinds";

/** What a vendor, an engine or a laboratory changed since the article, and which way it points: a row of data/changes.csv. */
export interface Change {
  /** Claim that it bears on. */
  readonly claim: string;
  readonly who: string;
  readonly what: string;
  readonly points: "for" | "against" | "both";
  /** Day, month or year. */
  readonly date: string;
  readonly grade: Grade;
  readonly source: string;
}

/**
 * All changes known on a day, in the order of the claims and then of the dates.
 *
 * @example changes(articleDay)
 */
export function changes(knownBy = newestDay()): readonly Change[] {
  read ??= readChanges(readRows("changes.csv"));
  return read.filter((c) => isKnown(c.date, knownBy) || c.date.length === 4);
}

let read: readonly Change[] | undefined;

/** @throws Error naming file and line for a claim, source, date or grade that is none. */
export function readChanges(rows: readonly Row[]): readonly Change[] {
  return rows.map((row) => ({
    claim: lookedUp(row, "claim", claimText).id,
    who: text(row, "who"),
    what: text(row, "what"),
    points: oneOf(row, "points", ["for", "against", "both"]),
    date: text(row, "date"),
    grade: oneOf(row, "grade", ["A", "B", "C", "D"]),
    source: lookedUp(row, "source", source).id,
  }));
}
