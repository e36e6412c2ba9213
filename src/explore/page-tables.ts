import { formatBytes, formatNumber, formatSeconds, formatShare } from "../index";
import { letters } from "./csv";
import { make } from "./dom";
import type { Rows } from "./refine";
import type { ClaimRow } from "./verdicts";
import type { RequestRow, ScenarioView, TaskRow } from "./view";
import { write, writeDifference, writeQuantity } from "./words";

/** A cell of a table: its text, small words below it, whether it is a number, and a link or mark. */
interface Cell {
  readonly text: string;
  readonly more?: string;
  readonly number?: boolean;
  readonly href?: string;
  readonly mark?: string;
}

const words = (text: string): Cell => ({ text });
const figure = (text: string): Cell => ({ text, number: true });

/**
 * Fill a table with heads and rows; the first cell of each names it.
 *
 * Cells that say the same as before are left alone: a table laid out anew costs more than the numbers in it.
 */
function fill(table: HTMLTableElement, heads: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const head = table.tHead as HTMLTableSectionElement;
  const body = table.tBodies[0] as HTMLTableSectionElement;
  const shape = JSON.stringify([heads, rows.map((row) => row.map(({ number, href, more }) => [number, href, more !== undefined]))]);
  if (table.dataset.shape !== shape) {
    table.dataset.shape = shape;
    head.replaceChildren(
      make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", class: rows[0]?.[i]?.number ? "number" : undefined }, text))),
    );
    body.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map((cell, i) => blank(cell, i, heads[i] ?? "")))));
  }
  for (const [i, row] of rows.entries())
    for (const [j, { text, number, mark, more }] of row.entries()) {
      const cell = body.rows[i]?.cells[j] as HTMLTableCellElement;
      const [inside, below] = [cell.querySelector("a, span") ?? cell, cell.querySelector("small")];
      if (inside.textContent !== text) inside.textContent = text;
      if (below !== null && below.textContent !== more) below.textContent = more ?? "";
      const look = [number && "number", mark, text === "–" && more === undefined && "none"].filter(Boolean).join(" ");
      if (cell.className !== look) cell.className = look;
    }
}

/** An empty cell; on a narrow page it says of which column it is. */
function blank({ href, more }: Cell, column: number, head: string): HTMLElement {
  const inside = href !== undefined ? [make("a", { href })] : more !== undefined ? [make("span"), make("small")] : [];
  return column === 0 ? make("th", { scope: "row" }, ...inside) : make("td", { "data-head": head }, ...inside);
}

/** Numbers of one scenario, or of two with their difference. */
export function fillNumbers(table: HTMLTableElement, views: readonly ScenarioView[]): void {
  const [a, b] = views as readonly [ScenarioView, ScenarioView | undefined];
  const heads = b === undefined ? ["Quantity", "Value"] : ["Quantity", "A", "B", "B against A"];
  const rows = a.quantities.map((quantity, i) => {
    const other = b?.quantities[i];
    return [
      words(quantity.label),
      figure(writeQuantity(quantity)),
      ...(other === undefined ? [] : [figure(writeQuantity(other)), figure(writeDifference(quantity.value, other.value, quantity.kind))]),
    ];
  });
  fill(table, heads, rows);
}

/** The tasks of a step; of two scenarios the time of each, and their ratio. */
export function fillTasks(table: HTMLTableElement, views: readonly ScenarioView[]): void {
  const [a, b] = views as readonly [ScenarioView, ScenarioView | undefined];
  if (b !== undefined) {
    const names = [...new Set(views.flatMap(({ tasks }) => tasks.map(({ name }) => name)))];
    const heads = [
      "Task",
      "A: together",
      "B: together",
      "B against A",
      "A: share",
      "B: share",
      "A: bytes",
      "B: bytes",
      "A: bound by",
      "B: bound by",
    ];
    const rows = names.map((name) => {
      const [one, other] = [a, b].map(({ tasks }) => tasks.find((task) => task.name === name));
      const both = (cell: (task: TaskRow) => string) => [one, other].map((task) => figure(task === undefined ? "–" : cell(task)));
      return [
        words(name),
        ...both((task) => formatSeconds(task.seconds)),
        figure(writeDifference(one?.seconds, other?.seconds, "seconds")),
        ...both((task) => formatShare(task.share)),
        ...both((task) => formatBytes(task.bytes)),
        ...[one, other].map((task) => words(task?.bound ?? "–")),
      ];
    });
    fill(table, heads, rows);
    return;
  }
  const heads = ["Task", "in a step", "each", "together", "share", "floor", "bytes", "bound by"];
  const rows = a.tasks.map((task) => [
    words(task.name),
    figure(formatNumber(task.count, 6)),
    figure(formatSeconds(task.eachSeconds)),
    figure(formatSeconds(task.seconds)),
    figure(formatShare(task.share)),
    figure(formatSeconds(task.floorSeconds)),
    figure(formatBytes(task.bytes)),
    words(task.bound),
  ]);
  fill(table, heads, rows);
}

/** The streams of requests; of two scenarios their rates, and the ratio. */
export function fillRequests(table: HTMLTableElement, views: readonly ScenarioView[]): void {
  const [a, b] = views as readonly [ScenarioView, ScenarioView | undefined];
  const rate = (row: RequestRow | undefined) => figure(row === undefined ? "–" : write(row.requestsPerSecond, "per second"));
  if (b !== undefined) {
    const key = ({ name, tier }: RequestRow) => `${name}, ${tier}`;
    const keys = [...new Set(views.flatMap(({ requests }) => requests.map(key)))];
    const heads = [
      "Stream, and where it goes",
      "A: one request",
      "B: one request",
      "A: requests",
      "B: requests",
      "B against A",
      "A: meets first",
      "B: meets first",
    ];
    const rows = keys.map((name) => {
      const [one, other] = [a, b].map(({ requests }) => requests.find((row) => key(row) === name));
      return [
        words(name),
        ...[one, other].map((row) => figure(row === undefined ? "–" : formatBytes(row.requestBytes))),
        rate(one),
        rate(other),
        figure(writeDifference(one?.requestsPerSecond, other?.requestsPerSecond, "per second")),
        ...[one, other].map((row) => words(row?.binds ?? "–")),
      ];
    });
    fill(table, heads, rows);
    return;
  }
  const heads = ["Stream", "Goes to", "One request", "Requests", "Bandwidth", "Of the bandwidth", "Of the request rate", "Meets first"];
  const share = (value: number | undefined) =>
    figure(value === undefined ? "–" : value > 0 && value < 1e-5 ? "< 0.001 %" : formatShare(value));
  const rows = a.requests.map((r) => [
    words(r.name),
    words(r.tier),
    figure(formatBytes(r.requestBytes)),
    rate(r),
    figure(`${formatBytes(r.bytesPerSecond)}/s`),
    share(r.bandwidthShare),
    share(r.rateShare),
    words(r.binds ?? "–"),
  ]);
  fill(table, heads, rows);
}

/** The claims under one scenario, or under two beside each other. */
export function fillClaims(table: HTMLTableElement, all: readonly Rows[], inSite: boolean): void {
  const of = (i: number) => (all.length === 1 ? "" : `${letters[i]}: `);
  const heads = [
    "Claim",
    "In our words, and when it holds",
    ...all.flatMap((_, i) => ["Median (10 to 90 %)", "Share", "Verdict"].map((head) => of(i) + head)),
    ...(all.length === 2 ? ["B against A"] : []),
  ];
  const rows = (all[0] ?? []).map((row, i) => [
    { text: row.id, ...(inSite ? { href: `${row.notebook}.html` } : {}) },
    {
      text: row.statement,
      more: `${row.quantity}: ${row.threshold}${row.ofScenario ? "" : " (the same under every choice)"}`,
      mark: "claim",
    },
    ...all.flatMap((rows) => claimCells(rows[i] as ClaimRow)),
    ...(all.length === 2 ? [figure(ratioOf(row, all[1]?.[i] as ClaimRow))] : []),
  ]);
  fill(table, heads, rows);
}

/** How the medians stand to each other, where both are known. */
function ratioOf(a: ClaimRow, b: ClaimRow): string {
  return Number.isFinite(a.median) && Number.isFinite(b.median) ? writeDifference(a.median, b.median, "count") : "–";
}

function claimCells(row: ClaimRow): readonly Cell[] {
  if (row.verdict === "does not apply")
    return [{ text: "–", more: row.because, number: true }, figure("–"), { text: row.verdict, mark: "verdict" }];
  const band = row.low === row.high || Number.isNaN(row.low) ? "" : row.bandText;
  return [
    { text: row.medianText, more: band, number: true },
    { ...figure(row.probabilityText), mark: "brief" },
    { text: row.verdict, more: row.because, mark: `verdict ${row.verdict.toLowerCase().replaceAll(" ", "-")}` },
  ];
}
