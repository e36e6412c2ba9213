import { nearest } from "../text/nearest";
import type { Row } from "./rows";
import { at, optionalText, readRows, text } from "./rows";

/** A document that numbers of data/ were taken from. */
export interface Source {
  readonly id: string;
  readonly title: string;
  readonly organization: string;
  /** Day, month or year, ISO; of the commit where it is a repository. Absent where it was not found. */
  readonly published?: string;
  readonly url?: string;
  /** Day it was read; absent where it was not read, so that its numbers are of low confidence. */
  readonly retrieved?: string;
  /** What limits its numbers: how they were measured, and under which licence they are repeated. */
  readonly conditions: string;
}

/** Where the dimensions of a model of one's own come from (modelFromConfig). */
const ownConfig: Source = Object.freeze({
  id: "config.json",
  title: "config.json of the model",
  organization: "its publisher",
  conditions: "given by the reader",
});

/**
 * Look up a source of data/sources.csv, or "config.json", which is that of a model read from its configuration.
 *
 * @throws RangeError naming the nearest ids when there is no such source.
 * @example source("deepseekv3report2024").organization
 */
export function source(id: string): Source {
  const found = id === ownConfig.id ? ownConfig : sources().find((s) => s.id === id);
  if (found === undefined) {
    throw new RangeError(
      `unknown source "${id}"; nearest: ${nearest(
        id,
        sources().map((s) => s.id),
      ).join(", ")}`,
    );
  }
  return found;
}

/** All sources of data/sources.csv, in the order of the file. */
export function sources(): readonly Source[] {
  parsed ??= readSources(readRows("sources.csv"));
  return parsed;
}

let parsed: readonly Source[] | undefined;

/**
 * Turn rows of data/sources.csv into sources.
 *
 * @throws Error naming file and line when an id stands twice, a title is missing or a date is no date.
 */
export function readSources(rows: readonly Row[]): readonly Source[] {
  const line = new Map<string, Row>();
  return Object.freeze(
    rows.map((row) => {
      const id = text(row, "source");
      const before = line.get(id);
      if (before !== undefined) throw new Error(`${at(row)}: the source "${id}" already stands at ${at(before)}`);
      line.set(id, row);
      const url = optionalText(row, "url");
      return Object.freeze({
        id,
        title: text(row, "title"),
        organization: text(row, "organization"),
        ...date(row, "published"),
        ...(url === undefined ? {} : { url }),
        ...date(row, "retrieved"),
        conditions: optionalText(row, "conditions") ?? "",
      });
    }),
  );
}

function date<C extends string>(row: Row, column: C): Partial<Record<C, string>> {
  const cell = optionalText(row, column);
  if (cell === undefined) return {};
  if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(cell))
    throw new Error(`${at(row)}: expected ${column} as 2024-12-26, 2024-12 or 2024; got "${cell}"`);
  return { [column]: cell } as Partial<Record<C, string>>;
}
