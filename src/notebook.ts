import { createRequire } from "node:module";
import type { DataFrame } from "danfojs-node";
import type { Figure } from "./figures/figure";
import { withHover } from "./figures/hover";
import { machines, models, moeMeasurements, parameterCount } from "./index";
import { markdownOnly } from "./text/markdown";
import { columnsOf, layOut, type TableOptions, type TableRow, tableHtml, tableText } from "./text/table";

/**
 * What a notebook cell shows: figures, tables and text. The one module that knows tslab and danfo;
 * everything else in src/ gives values.
 */
type Bundle = Readonly<Record<string, unknown>>;
type Write = (output: { data: Bundle; metadata: Bundle; transient: Bundle }, update: boolean) => void;

/** Both are loaded when first used, and as the kernel loads them, so that this module sees the kernel's own copy. */
const load = createRequire(__filename);

const plotlyMime = "application/vnd.plotly.v1+json";

/**
 * Draw a figure under the cell, and its caption under the figure.
 *
 * The output holds the figure for Plotly and, for readers without it, what it shows in words
 * (alt). Numbers keep six significant digits: enough for a picture, and the same
 * on every machine. Integers are kept whole.
 */
export function showFigure(figure: Figure): void {
  const hovered = withHover(figure);
  const { data, layout } = roundNumbers({ data: hovered.data, layout: hovered.layout }) as { data: unknown; layout: unknown };
  send({
    [plotlyMime]: { data, layout, config: { responsive: true, displaylogo: false } },
    "text/plain": figure.alt,
  });
  const { title, setting, source, caption, choices } = figure;
  // A notebook shows one caption, with title, setting and source in it; a page sets each in its place.
  const told = [title === undefined ? "" : `**${title}**`, [caption, setting, source].filter(Boolean).join(" ")]
    .filter(Boolean)
    .join("\n\n");
  const said =
    title === undefined
      ? "caption"
      : {
          kind: "caption",
          title,
          setting,
          source,
          caption: markdownOnly(caption),
          choices: choices?.map((c) => ({ ...c, caption: markdownOnly(c.caption) })),
        };
  send({ "text/markdown": markdownOnly(told), "text/plain": told }, { deepshock: said });
}

/**
 * Show rows, or a danfo frame, as a table: numbers to the right, everything escaped.
 *
 * Nothing is computed here: danfo computes in single precision and counts null as 0, so numbers come
 * computed from the model and danfo lays them out.
 *
 * @throws RangeError naming a column that no row has.
 */
export function showTable(rows: readonly TableRow[] | DataFrame, options: TableOptions = {}): void {
  const columns = isFrame(rows) ? rows.columns : columnsOf(rows);
  const table = layOut(rowsOf(isFrame(rows) ? rows : tabulate(rows, columns), columns), options);
  send({ "text/html": tableHtml(table), "text/plain": tableText(table) });
}

/** Show text, in Markdown with formulas between dollar signs; HTML in it is shown as text. */
export function showText(markdown: string): void {
  send({ "text/markdown": markdownOnly(markdown), "text/plain": markdown });
}

/**
 * The rows as a danfo DataFrame, for grouping, joining, sorting and filtering; numbers keep double precision.
 *
 * A number that is not there is NaN, and so is whatever danfo computes from it: a mean of a group that lacks one is NaN and
 * no number that looks right (danfo counts null as 0, and describe stops at one). A text that is not there is null. dropNa
 * takes rows with either out.
 *
 * @throws RangeError for a column that has the name of something a DataFrame itself has, such as "columns".
 */
export function frame(rows: readonly TableRow[]): DataFrame {
  const columns = columnsOf(rows);
  const taken = columns.find(isTaken);
  if (taken !== undefined)
    throw new RangeError(`a frame cannot have a column "${taken}": a DataFrame uses that name itself; give it another`);
  const missing = columns.map((column) => (rows.some((row) => typeof row[column] === "number") ? Number.NaN : null));
  const values = rows.map((row) => columns.map((column, i) => row[column] ?? (missing[i] as number | null)));
  return new (danfo().DataFrame)(values, { columns: [...columns] });
}

/**
 * The registry of models as a frame: every field of a model that is a text, a number or a yes and no, and its parameters,
 * computed, as `parameters` and `activeParameters`.
 */
export function modelsFrame(): DataFrame {
  return frameOf(models(), (model) => {
    const { total, active } = parameterCount(model);
    return { parameters: total, activeParameters: active };
  });
}

/** The registry of machines as a frame: every field that is a text or a number, and a column a peak, such as `fp8FlopsPerSecond`. */
export function machinesFrame(): DataFrame {
  return frameOf(machines(), ({ peakFlopsPerSecond }) =>
    Object.fromEntries(Object.entries(peakFlopsPerSecond).map(([format, rate]) => [`${format}FlopsPerSecond`, rate as number])),
  );
}

/** The published times of expert layers as a frame, 37,000 rows; the sizes of the layer stand in columns of their own. */
export function measurementsFrame(): DataFrame {
  return frameOf(moeMeasurements(), ({ shape }) => scalars(shape));
}

/**
 * The tasks of a decode step as a frame, with each one's share of the step as `share`.
 *
 * @param step - what decodeStep gives.
 */
export function tasksFrame(step: { readonly tasks: readonly { readonly seconds: number }[] }): DataFrame {
  const whole = step.tasks.reduce((sum, { seconds }) => sum + seconds, 0);
  return frameOf(step.tasks, ({ seconds }) => ({ share: seconds / whole }));
}

/**
 * The frame's rows in the order of a column, the smallest first; rows whose value is not there come last, equal ones stay in
 * their order. danfo's own sortValues puts rows anywhere once one value is not there.
 *
 * @throws RangeError naming the columns when there is none of that name.
 */
export function sortedBy(table: DataFrame, column: string, { descending = false }: { readonly descending?: boolean } = {}): DataFrame {
  const at = columnOf(table, column);
  const sign = descending ? -1 : 1;
  const rank = (a: Cell, b: Cell): number => {
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
    return a === b ? 0 : sign * ((a as string | number) < (b as string | number) ? -1 : 1);
  };
  const rows = [...(table.values as Cell[][])].sort((a, b) => rank(a[at] as Cell, b[at] as Cell));
  return frame(asRows(rows, table.columns));
}

/**
 * Two frames side by side, where their rows have the same value in a column: for each row of the left one, those of the right
 * that fit; with `keep`, a left row that none fits is kept, what is not there being NaN or null as in `frame`.
 *
 * @throws RangeError naming the columns when there is none of that name, or when both have another column of one name.
 */
export function joined(left: DataFrame, right: DataFrame, on: string, { keep = false }: { readonly keep?: boolean } = {}): DataFrame {
  columnOf(left, on);
  columnOf(right, on);
  const both = left.columns.find((column) => column !== on && right.columns.includes(column));
  if (both !== undefined) throw new RangeError(`both frames have a column "${both}": take it out of one, or give it another name`);
  const merged = danfo().merge({ left, right, on: [on], how: keep ? "left" : "inner" });
  return frame(asRows(merged.values as Cell[][], merged.columns));
}

type Cell = string | number | boolean | null;

const isMissing = (value: Cell): boolean => value === null || value === undefined || Number.isNaN(value);

const asRows = (values: readonly (readonly Cell[])[], columns: readonly string[]): readonly TableRow[] =>
  values.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));

function columnOf(table: DataFrame, column: string): number {
  const at = table.columns.indexOf(column);
  if (at === -1) throw new RangeError(`no column "${column}" in the frame; there are: ${table.columns.join(", ")}`);
  return at;
}

const isTaken = (column: string): boolean => column in danfo().DataFrame.prototype;

/** Records as a frame: their texts, numbers and yes and no, and what is made of each. `count`, which danfo uses itself, is `times`. */
function frameOf<T extends object>(records: readonly T[], more: (record: T) => TableRow): DataFrame {
  return frame(
    records.map((record) =>
      Object.fromEntries(
        Object.entries({ ...scalars(record), ...more(record) }).map(([name, value]) => [
          name === "count" ? "times" : isTaken(name) ? `${name}Value` : name,
          value,
        ]),
      ),
    ),
  );
}

function scalars(record: object): TableRow {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value)));
}

/** A frame that is only shown: its columns go by number, so that any name can stand above them. */
function tabulate(rows: readonly TableRow[], columns: readonly string[]): DataFrame {
  const { DataFrame } = danfo();
  return new DataFrame(valuesOf(rows, columns), { columns: columns.map((_, i) => `column ${i}`) });
}

function valuesOf(rows: readonly TableRow[], columns: readonly string[]): (string | number | boolean | null)[][] {
  return rows.map((row) => columns.map((column) => row[column] ?? null));
}

function rowsOf(table: DataFrame, columns: readonly string[]): readonly TableRow[] {
  return (table.values as TableRow[string][][]).map((values) => Object.fromEntries(columns.map((column, i) => [column, values[i]])));
}

function isFrame(rows: readonly TableRow[] | DataFrame): rows is DataFrame {
  return !Array.isArray(rows);
}

/** Loaded at the first table only: it takes half a second. */
function danfo(): typeof import("danfojs-node") {
  return load("danfojs-node") as typeof import("danfojs-node");
}

/**
 * Send one output to the cell that runs. tslab.display sends one MIME type at a time; a figure needs its
 * picture and its words in the same output, so this goes one level below. That level is internal to
 * tslab, which is why its version is pinned and a test watches over it.
 */
function send(data: Bundle, metadata: Bundle = {}): void {
  const { lastWriteDisplayData } = load("tslab/dist/jupyter") as { lastWriteDisplayData: Write | null };
  if (typeof lastWriteDisplayData !== "function")
    throw new Error("figures, tables and text can be shown in a notebook cell only, and no cell is running");
  lastWriteDisplayData({ data, metadata, transient: {} }, false);
}

function roundNumbers(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? value : Number(value.toPrecision(6));
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, roundNumbers);
  if (Array.isArray(value)) return value.map(roundNumbers);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, roundNumbers(inner)]));
  return value;
}
