import { createRequire } from "node:module";
import type { DataFrame } from "danfojs-node";
import type { Figure } from "./figures/figure";
import { withHover } from "./figures/hover";
import { danfo, plainOf } from "./frames";
import { source } from "./index";
import { markdownOnly } from "./text/markdown";
import { text } from "./text/prose";
import { columnsOf, layOut, type TableOptions, type TableRow, tableHtml, tableText } from "./text/table";

export {
  type Cell,
  described,
  type FrameRow,
  frame,
  groupedBy,
  joined,
  rowsOf,
  type Summary,
  sortedBy,
  where,
  withColumns,
} from "./frames";
export {
  claimsFrame,
  deploymentsFrame,
  evidenceFrame,
  machinesFrame,
  measurementsFrame,
  modelsFrame,
  partsFrame,
  tasksFrame,
} from "./registry-frames";
export { text };

/**
 * What a notebook cell shows: figures, tables and text. The one module that knows tslab; frames.ts and it know danfo, and
 * everything else in src/ gives values.
 */
type Bundle = Readonly<Record<string, unknown>>;
type Write = (output: { data: Bundle; metadata: Bundle; transient: Bundle }, update: boolean) => void;

/** The kernel is loaded when first used, and as it loads itself, so that this module sees its own copy. */
const load = createRequire(__filename);

const plotlyMime = "application/vnd.plotly.v1+json";

/**
 * Draw a figure under the cell, and its caption under the figure.
 *
 * The output holds the figure for Plotly and, for readers without it, what it shows in words
 * (alt). Numbers keep six significant digits: enough for a picture, and the same
 * on every machine. Integers are kept whole.
 *
 * @example
 * showFigure(imbalanceByTokensFigure());
 */
export function showFigure(figure: Figure): void {
  const hovered = withHover(figure);
  const { data, layout } = roundNumbers({ data: hovered.data, layout: hovered.layout }) as { data: unknown; layout: unknown };
  send({
    // JupyterLab fits a figure to its cell by itself. Were Plotly to do so too, a figure would lose its height once a control is used.
    [plotlyMime]: { data, layout, config: { responsive: false, displaylogo: false } },
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
 * A column is named by its head, or by its head and the unit its numbers are shown in; they come in base units, as the model
 * gives them.
 *
 * @throws RangeError naming a column that no row has, or a unit that is not known.
 * @example
 * showTable(tasksFrame(step), { columns: { name: "Task", seconds: { head: "Time", unit: "µs" } } });
 */
export function showTable(rows: readonly object[] | DataFrame, options: TableOptions = {}): void {
  const plain = isFrame(rows) ? [] : rows.map(plainOf);
  const columns = isFrame(rows) ? rows.columns : columnsOf(plain);
  const table = layOut(cellsOf(isFrame(rows) ? rows : tabulate(plain, columns), columns), options);
  send({ "text/html": tableHtml(table), "text/plain": tableText(table) });
}

/**
 * Show sources as a table, each once, in the order given: title, organization, day and address.
 *
 * A report takes this table for its numbered notes and marks every link to one of them.
 *
 * @param ids - ids in data/sources.csv; what has none, such as an estimate of ours, is left out.
 * @throws Error naming an id that is not there.
 * @example
 * showSources(["deepshockarticle2025", ...evidenceSources(judged)]);
 */
export function showSources(ids: Iterable<string | undefined>): void {
  const known = [...new Set(ids)].filter((id): id is string => id !== undefined && id !== "estimate").map((id) => source(id));
  showTable(
    known.map(({ title, organization, published, url }) => ({ title, organization, published, url })),
    { columns: { title: "Source", organization: "By", published: "Published", url: "Address" } },
  );
}

/**
 * Show text, in Markdown with formulas between dollar signs; HTML in it is shown as text.
 *
 * @example
 * showText(text`One expert sees ${192} tokens.`);
 */
export function showText(markdown: string): void {
  send({ "text/markdown": markdownOnly(markdown), "text/plain": markdown });
}

/** A frame that is only shown: its columns go by number, so that any name can stand above them. */
function tabulate(rows: readonly TableRow[], columns: readonly string[]): DataFrame {
  const { DataFrame } = danfo();
  return new DataFrame(valuesOf(rows, columns), { columns: columns.map((_, i) => `column ${i}`) });
}

function valuesOf(rows: readonly TableRow[], columns: readonly string[]): (string | number | boolean | null)[][] {
  return rows.map((row) => columns.map((column) => row[column] ?? null));
}

function cellsOf(table: DataFrame, columns: readonly string[]): readonly TableRow[] {
  return (table.values as TableRow[string][][]).map((values) => Object.fromEntries(columns.map((column, i) => [column, values[i]])));
}

function isFrame(rows: readonly object[] | DataFrame): rows is DataFrame {
  return !Array.isArray(rows);
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
