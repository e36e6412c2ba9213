import { type DisplayUnit, inUnit } from "./display-units";

/** One line of a table: what stands in each column. Absent and null mean "not known". */
export type TableRow = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** A column of a table: what stands above it, and how its values are written. */
export interface Column {
  readonly head: string;
  /** The unit that its numbers, given in base units, are shown in; it stands behind the head in brackets. */
  readonly unit?: DisplayUnit;
  /** Significant digits of its numbers, where they are not those of the table. */
  readonly digits?: number;
  /** How a value that is there is written, such as `formatBytes`; the column then holds texts. */
  readonly as?: (value: never) => string;
}

/** Which columns a table has, how numbers are written, and what it says of itself. */
export interface TableOptions {
  /** Which columns, in which order, and what stands above each; all under their own names when left out. */
  readonly columns?: readonly string[] | Readonly<Record<string, string | Column>>;
  /** What the table shows, in a sentence. */
  readonly caption?: string;
  /** Significant digits of numbers that are not whole; whole ones are written out. */
  readonly digits?: number;
}

/** A table of text: heads and cells as they will be read, and which columns hold numbers. */
export interface Table {
  readonly caption: string | undefined;
  readonly heads: readonly string[];
  readonly cells: ReadonlyArray<readonly string[]>;
  readonly numeric: readonly boolean[];
}

/** The names of all columns that any row has, in order of appearance. */
export function columnsOf(rows: readonly TableRow[]): readonly string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/**
 * Lay rows out as text.
 *
 * @throws RangeError naming a column that no row has.
 */
export function layOut(rows: readonly TableRow[], options: TableOptions = {}): Table {
  const known = columnsOf(rows);
  const heads = headsOf(options.columns ?? known);
  for (const [name] of heads) {
    if (rows.length > 0 && !known.includes(name)) throw new RangeError(`no row has a column "${name}"; there are: ${known.join(", ")}`);
  }
  return {
    caption: options.caption,
    heads: heads.map(([, { head, unit }]) => (unit === undefined ? head : `${head} (${unit})`)),
    cells: rows.map((row) =>
      heads.map(([name, { digits = options.digits, ...column }]) => cellText(shown(row[name], column), digits ?? 4)),
    ),
    numeric: heads.map(([name, { as }]) => as === undefined && isNumeric(rows.map((row) => row[name]))),
  };
}

function headsOf(columns: readonly string[] | Readonly<Record<string, string | Column>>): ReadonlyArray<readonly [string, Column]> {
  const entries: ReadonlyArray<readonly [string, string | Column]> = Array.isArray(columns)
    ? columns.map((name: string) => [name, name] as const)
    : Object.entries(columns);
  return entries.map(([name, column]) => [name, typeof column === "string" ? { head: column } : column]);
}

/** A value in its column's unit or words; what is not known stays so. */
function shown(value: TableRow[string], { unit, as }: Omit<Column, "head">): TableRow[string] {
  if (value === null || value === undefined || Number.isNaN(value)) return null;
  if (as !== undefined) return as(value as never);
  return unit === undefined || typeof value !== "number" ? value : inUnit(value, unit);
}

function isNumeric(values: ReadonlyArray<TableRow[string]>): boolean {
  const given = values.filter((value) => value !== null && value !== undefined);
  return given.length > 0 && given.every((value) => typeof value === "number");
}

/** A value as a reader wants it: 6,144 and 0.02041 and 1.2e-7; a dash for what is not known. */
export function cellText(value: TableRow[string], digits = 4): string {
  if (value === null || value === undefined || (typeof value === "number" && Number.isNaN(value))) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return numberText(value, digits).replace("-", "−");
}

function numberText(value: number, digits: number): string {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return value.toLocaleString("en-US");
  if (size >= 1e15 || size < 1e-4) return Number(value.toPrecision(digits)).toExponential().replace("e+", "e");
  // Digits before the point are never dropped: 12,345.6 at 4 digits is 12,346.
  const whole = Math.floor(Math.log10(size)) + 1;
  return Number(value.toPrecision(Math.max(digits, whole))).toLocaleString("en-US", { maximumSignificantDigits: Math.max(digits, whole) });
}

/** The table in HTML, everything escaped, addresses as links; the first column names its row. */
export function tableHtml({ caption, heads, cells, numeric }: Table): string {
  const side = (column: number): string => (numeric[column] ? "right" : "left");
  const head = heads.map((text, i) => `<th scope="col" style="text-align: ${side(i)}">${escapeHtml(text)}</th>`).join("");
  const body = cells.map((row) => {
    const line = row.map((text, i) => {
      const style = `style="text-align: ${side(i)}"`;
      return i === 0 ? `<th scope="row" ${style}>${cellHtml(text)}</th>` : `<td ${style}>${cellHtml(text)}</td>`;
    });
    return `<tr>${line.join("")}</tr>`;
  });
  return [
    '<table class="deepshock">',
    ...(caption === undefined ? [] : [`<caption>${escapeHtml(caption)}</caption>`]),
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body.join("\n")}\n</tbody>`,
    "</table>",
  ].join("\n");
}

/** The table in plain text, columns aligned by spaces. */
export function tableText({ caption, heads, cells, numeric }: Table): string {
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (numeric[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [...(caption === undefined ? [] : [caption]), line(heads), ...cells.map(line)].join("\n");
}

function cellHtml(text: string): string {
  const escaped = escapeHtml(text);
  return /^https:\/\/\S+$/.test(text) ? `<a href="${escaped}">${escaped}</a>` : escaped;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
