import { parse } from "csv-parse/sync";
import { isUnit, toBase } from "../units";
import { readTable } from "./files";
import { isSplit, splitRows } from "./split-table";

/** One row of a data file, and where it stands. */
export interface Row {
  readonly file: string;
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** One published number, as its source gives it, in base units. */
export interface Fact {
  readonly subject: string;
  readonly quantity: string;
  readonly value: number;
  readonly source: string;
  readonly locator: string;
  readonly confidence: Confidence;
  readonly note: string;
}

/** high: the publisher's own text was read; medium: a second hand or partly inferred; low: unverified. */
export type Confidence = "high" | "medium" | "low";

/**
 * Read a CSV file of data/ into rows that know their line. A text is parsed once and then remembered.
 *
 * @throws Error naming file and line when a row has too many or too few cells.
 */
export function readRows(file: string): readonly Row[] {
  const text = readTable(file);
  const before = remembered.get(file);
  if (before?.text === text) return before.rows;
  const rows = Object.freeze(parseRows(file, text));
  remembered.set(file, { text, rows });
  return rows;
}

const remembered = new Map<string, { readonly text: string; readonly rows: readonly Row[] }>();

/** Several times the longest table of data/. */
const mostCharacters = 5_000_000;

/**
 * As readRows, of a text already at hand; `file` is only used in messages. A text that splitTable wrote is taken apart
 * as such.
 */
export function parseRows(file: string, text: string): readonly Row[] {
  if (text.length > mostCharacters) throw new Error(`${file}: expected at most ${mostCharacters} characters, got ${text.length}`);
  if (isSplit(text)) return splitRows(file, text);
  try {
    const records = parse(text, { columns: true, info: true, skip_empty_lines: true, comment: "#", comment_no_infix: true }) as unknown as {
      record: Record<string, string>;
      info: { lines: number };
    }[];
    return records.map(({ record, info }) => ({ file, line: info.lines, cells: record }));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

/** Where a row stands, for messages: `hardware.csv:7`. */
export function at(row: Row): string {
  return `${row.file}:${row.line}`;
}

/** A cell that must not be empty. @throws Error naming file, line and column. */
export function text(row: Row, column: string): string {
  const cell = row.cells[column];
  if (cell === undefined) throw new Error(`${at(row)}: expected a column "${column}"`);
  if (cell === "") throw new Error(`${at(row)}: expected a value for ${column}, got nothing`);
  return cell;
}

/** A cell that may be empty; its column may not be missing. @throws Error naming file, line and column. */
export function optionalText(row: Row, column: string): string | undefined {
  const cell = row.cells[column];
  if (cell === undefined) throw new Error(`${at(row)}: expected a column "${column}"`);
  return cell === "" ? undefined : cell;
}

/** A cell that must be a finite number. @throws Error naming file, line and column. */
export function number(row: Row, column: string): number {
  const cell = text(row, column);
  const value = Number(cell);
  if (!Number.isFinite(value)) throw new Error(`${at(row)}: expected a number for ${column}, got "${cell}"`);
  return value;
}

/** As number, but an empty cell gives undefined. */
export function optionalNumber(row: Row, column: string): number | undefined {
  return optionalText(row, column) === undefined ? undefined : number(row, column);
}

/** A cell that must be one of a few words. @throws Error naming file, line, column and the words. */
export function oneOf<W extends string>(row: Row, column: string, words: readonly W[]): W {
  const cell = text(row, column);
  if (!(words as readonly string[]).includes(cell)) {
    throw new Error(`${at(row)}: expected ${column} to be one of ${words.join(", ")}; got "${cell}"`);
  }
  return cell as W;
}

/** Do something with a row, so that an error says which one it was. @throws Error naming file and line. */
export function located<T>(row: Row, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${at(row)}: ${(error as Error).message}`);
  }
}

/** What a cell names. @throws Error naming file, line and the nearest names. */
export function lookedUp<T>(row: Row, column: string, lookUp: (id: string) => T): T {
  const id = text(row, column);
  return located(row, () => lookUp(id));
}

/**
 * Read a table of facts, one number a row, into base units.
 *
 * Columns: the subject (named by the caller), quantity, value, unit, source, locator, confidence, note.
 *
 * @throws Error naming file and line when a value or unit cannot be read.
 */
export function readFacts(file: string, subject: string): readonly Fact[] {
  return readRows(file).map((row) => {
    const unit = text(row, "unit");
    if (!isUnit(unit)) throw new Error(`${at(row)}: unknown unit "${unit}"`);
    return {
      subject: text(row, subject),
      quantity: text(row, "quantity"),
      value: toBase(number(row, "value"), unit),
      source: text(row, "source"),
      locator: optionalText(row, "locator") ?? "",
      confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
      note: optionalText(row, "note") ?? "",
    };
  });
}
