import { createRequire } from "node:module";
import type { DataFrame } from "danfojs-node";
import { quantile } from "./statistics";
import type { TableRow } from "./text/table";

/**
 * Frames of danfo, and the one place that knows their traps: a number that is not there, sorting, joining and grouping.
 *
 * Every function here gives a new frame and leaves its own as it was. What they compute is computed in double precision, row
 * by row, so that a number printed from a frame is the number of the model.
 */

/** What stands in a cell of a frame; null and NaN mean "not known". */
export type Cell = string | number | boolean | null;

/** A row of a frame as a function of a cell sees it: the value of each column by its name, of whatever kind the column holds. */
// biome-ignore lint/suspicious/noExplicitAny: a frame does not know the kinds of its columns
export type FrameRow = Readonly<Record<string, any>>;

/** Loaded when first used, and as the kernel loads it, so that this module sees the kernel's own copy. */
const load = createRequire(__filename);

/** The library itself; loading it takes half a second, so that only a first table pays for it. */
export function danfo(): typeof import("danfojs-node") {
  library ??= load("danfojs-node") as typeof import("danfojs-node");
  return library;
}

let library: typeof import("danfojs-node") | undefined;

/**
 * The rows as a danfo DataFrame, for grouping, joining, sorting and filtering; numbers keep double precision.
 *
 * A number that is not there is NaN, and so is whatever danfo computes from it: a mean of a group that lacks one is NaN and
 * no number that looks right (danfo counts null as 0, and describe stops at one). A text that is not there is null. dropNa
 * takes rows with either out. A field that is neither a text nor a number nor yes or no is left out.
 *
 * @throws RangeError for a column that has the name of something a DataFrame itself has, such as "columns".
 * @example
 * frame([{ gpu: "H100", seconds: 8e-6 }, { gpu: "B200", seconds: 5e-6 }]).shape; // [2, 2]
 */
export function frame(rows: readonly object[]): DataFrame {
  return frameOfParts(
    rows.map((row) => [row]),
    (name) => name,
  );
}

/**
 * A frame whose rows are each made of several records, of which a later one has the last word; a field's column may have another name.
 *
 * Column by column in one pass: the largest frame has 37,000 rows.
 */
export function frameOfParts(rows: readonly (readonly object[])[], nameOf: (field: string) => string): DataFrame {
  const columns = new Map<string, TableRow[string][]>();
  const names = new Map<string, string>();
  rows.forEach((parts, place) => {
    for (const part of parts) {
      for (const [field, value] of Object.entries(part)) {
        if (!isPlain(value)) continue;
        let name = names.get(field);
        if (name === undefined) {
          name = nameOf(field);
          names.set(field, name);
        }
        let column = columns.get(name);
        if (column === undefined) {
          column = new Array(rows.length).fill(undefined);
          columns.set(name, column);
        }
        column[place] = value;
      }
    }
  });
  return frameOfColumns(rows.length, [...columns.keys()], [...columns.values()]);
}

/** A record without what no cell of a table can hold. */
export function plainOf(record: object): TableRow {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => isPlain(value)));
}

/** Whether a cell of a table can hold it. */
function isPlain(value: unknown): value is TableRow[string] {
  const kind = typeof value;
  return value === null || kind === "string" || kind === "number" || kind === "boolean" || kind === "undefined";
}

/** A frame whose columns are known although there may be no row. */
function frameWith(rows: readonly TableRow[], columns: readonly string[]): DataFrame {
  return frameOfColumns(
    rows.length,
    columns,
    columns.map((column) => rows.map((row) => row[column])),
  );
}

function frameOfColumns(rows: number, columns: readonly string[], cells: readonly (readonly TableRow[string][])[]): DataFrame {
  const taken = columns.find(isTaken);
  if (taken !== undefined)
    throw new RangeError(`a frame cannot have a column "${taken}": a DataFrame uses that name itself; give it another`);
  const { DataFrame } = danfo();
  // danfo gives a frame of no rows no columns unless the list of rows itself is empty.
  if (rows === 0) return new DataFrame([], { columns: [...columns] });
  const values = cells.map(valuesOf);
  return new DataFrame(
    Array.from({ length: rows }, (_, i) => values.map((column) => column[i] as Cell)),
    { columns: [...columns] },
  );
}

/** The values of a column: what is not there is null among texts, and NaN among numbers. */
function valuesOf(values: readonly TableRow[string][]): readonly Cell[] {
  const numbers = values.some((value) => typeof value === "number") && !values.some((value) => typeof value === "string");
  return values.map((value) => (value === null || value === undefined || Number.isNaN(value) ? (numbers ? Number.NaN : null) : value));
}

/**
 * The rows of a frame as records.
 *
 * @example
 * const [largest] = rowsOf(sortedBy(modelsFrame(), "parameters", { descending: true }));
 */
export function rowsOf(table: DataFrame): readonly FrameRow[] {
  const { columns } = table;
  return (table.values as Cell[][]).map((row) => {
    const record: Record<string, Cell | undefined> = {};
    for (let i = 0; i < columns.length; i++) record[columns[i] as string] = row[i];
    return record;
  });
}

/** Whether a DataFrame has the name for something of its own, so that no column can have it. */
export const isTaken = (column: string): boolean => column in danfo().DataFrame.prototype;

/**
 * The frame's rows for which a function says yes, in their order; danfo's own query cannot say "none".
 *
 * @example
 * where(modelsFrame(), (m) => m.released > "2025" && m.routedExperts > 0);
 */
export function where(table: DataFrame, holds: (row: FrameRow) => boolean): DataFrame {
  return frameWith(rowsOf(table).filter(holds), table.columns);
}

/**
 * The frame with further columns, each computed from the row it stands in; one of a name that is there takes its place.
 *
 * @example
 * withColumns(frame(checks), { off: (row) => row.model / row.measured - 1 });
 */
export function withColumns(
  table: DataFrame,
  columns: Readonly<Record<string, (row: FrameRow, place: number) => Cell | undefined>>,
): DataFrame {
  const names = [...new Set([...table.columns, ...Object.keys(columns)])];
  const further = (row: FrameRow, place: number) =>
    Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, value(row, place) ?? null]));
  return frameWith(
    rowsOf(table).map((row, place) => ({ ...row, ...further(row, place) })),
    names,
  );
}

/**
 * The frame's rows in the order of a column, the smallest first; rows whose value is not there come last, equal ones stay in
 * their order. danfo's own sortValues puts rows anywhere once one value is not there.
 *
 * @throws RangeError naming the columns when there is none of that name.
 * @example
 * sortedBy(tasksFrame(step), "share", { descending: true }).head(5);
 */
export function sortedBy(table: DataFrame, column: string, { descending = false }: { readonly descending?: boolean } = {}): DataFrame {
  requireColumn(table, column);
  const sign = descending ? -1 : 1;
  const rank = (a: Cell, b: Cell): number => {
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
    return a === b ? 0 : sign * ((a as string | number) < (b as string | number) ? -1 : 1);
  };
  return frameWith(
    [...rowsOf(table)].sort((a, b) => rank(a[column], b[column])),
    table.columns,
  );
}

/**
 * Two frames side by side, where their rows have the same value in a column: for each row of the left one, those of the right
 * that fit; with `keep`, a left row that none fits is kept, what is not there being NaN or null as in `frame`.
 *
 * @throws RangeError naming the columns when there is none of that name, or when both have another column of one name.
 * @example
 * const sizes = modelsFrame().loc({ columns: ["id", "routedExperts"] }).rename({ id: "model" });
 * joined(deploymentsFrame(), sizes, "model");
 */
export function joined(left: DataFrame, right: DataFrame, on: string, { keep = false }: { readonly keep?: boolean } = {}): DataFrame {
  requireColumn(left, on);
  requireColumn(right, on);
  const both = left.columns.find((column) => column !== on && right.columns.includes(column));
  if (both !== undefined) throw new RangeError(`both frames have a column "${both}": take it out of one, or give it another name`);
  const merged = danfo().merge({ left, right, on: [on], how: keep ? "left" : "inner" });
  return frameWith(rowsOf(merged) as readonly TableRow[], merged.columns);
}

/** What can be said of a column of a group: `count` counts its rows, `share` takes yes for 1 and no for 0. */
export type Summary = "count" | "sum" | "mean" | "share" | "least" | "median" | "most";

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const at = (values: readonly number[], share: number): number =>
  values.some(Number.isNaN)
    ? Number.NaN
    : quantile(
        [...values].sort((a, b) => a - b),
        share,
      );
const summaries: Readonly<Record<Summary, (values: readonly number[]) => number>> = {
  count: (values) => values.length,
  sum,
  mean: (values) => sum(values) / values.length,
  share: (values) => sum(values) / values.length,
  least: (values) => at(values, 0),
  median: (values) => at(values, 0.5),
  most: (values) => at(values, 1),
};

/**
 * A frame of one row for each group of rows that have the same values in the columns `by`, groups in the order in which they
 * appear. Each further column says what it is of which column: `{ middle: ["error", "median"] }`.
 *
 * A group that lacks a number has NaN in what is computed from it. danfo's own groupby takes two groups for one when their
 * names joined by a dash are alike, turns numbers into texts, and gives the mean when asked for the median.
 *
 * @throws RangeError naming the columns when there is none of that name, or what can be asked for.
 * @example
 * groupedBy(points, "path", { sizes: ["error", "count"], middle: ["error", "median"] });
 */
export function groupedBy(
  table: DataFrame,
  by: string | readonly string[],
  columns: Readonly<Record<string, readonly [column: string, summary: Summary]>>,
): DataFrame {
  const keys = [by].flat();
  for (const column of [...keys, ...Object.values(columns).map(([of]) => of)]) requireColumn(table, column);
  for (const [, summary] of Object.values(columns))
    if (!Object.hasOwn(summaries, summary))
      throw new RangeError(`no summary "${summary}"; there are: ${Object.keys(summaries).join(", ")}`);
  const groups = new Map<string, FrameRow[]>();
  for (const row of rowsOf(table)) {
    const key = JSON.stringify(keys.map((column) => row[column]));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  const rows = [...groups.values()].map((group) => ({
    ...Object.fromEntries(keys.map((column) => [column, group[0]?.[column]])),
    ...Object.fromEntries(
      Object.entries(columns).map(([name, [of, summary]]) => [name, summaries[summary](group.map((row) => asNumber(row[of])))]),
    ),
  }));
  return frameWith(rows, [...keys, ...Object.keys(columns)]);
}

/**
 * A frame of one row for each column of numbers: how many there are, how many are missing, and the least, the quartiles and
 * the most of those that are there.
 *
 * @throws RangeError naming the columns when there is none of that name.
 * @example
 * described(modelsFrame(), ["hiddenSize", "routedExperts"]);
 */
export function described(table: DataFrame, columns: readonly string[]): DataFrame {
  for (const column of columns) requireColumn(table, column);
  const rows = rowsOf(table);
  return frame(
    columns.map((column) => {
      const there = rows.map((row) => asNumber(row[column])).filter((value) => !Number.isNaN(value));
      const [least, lowerQuarter, middle, upperQuarter, most] = [0, 0.25, 0.5, 0.75, 1].map((share) => at(there, share));
      return { of: column, there: there.length, missing: rows.length - there.length, least, lowerQuarter, middle, upperQuarter, most };
    }),
  );
}

const isMissing = (value: Cell | undefined): boolean => value === null || value === undefined || Number.isNaN(value);

const asNumber = (value: Cell | undefined): number =>
  value === null || value === undefined || typeof value === "string" ? Number.NaN : Number(value);

function requireColumn(table: DataFrame, column: string): void {
  if (!table.columns.includes(column)) throw new RangeError(`no column "${column}" in the frame; there are: ${table.columns.join(", ")}`);
}
