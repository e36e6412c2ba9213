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
    body.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map(blank))));
  }
  for (const [i, row] of rows.entries())
    for (const [j, { text, number, mark, more }] of row.entries()) {
      const cell = body.rows[i]?.cells[j] as HTMLTableCellElement;
      const [inside, below] = [cell.querySelector("a, span") ?? cell, cell.querySelector("small")];
      if (inside.textContent !== text) inside.textContent = text;
      if (below !== null && below.textContent !== more) below.textContent = more ?? "";
      const look = [number && "number", mark].filter(Boolean).join(" ");
      if (cell.className !== look) cell.className = look;
    }
}

function blank({ href, more }: Cell, column: number): HTMLElement {
  const inside = href !== undefined ? [make("a", { href })] : more !== undefined ? [make("span"), make("small")] : [];
  return column === 0 ? make("th", { scope: "row" }, ...inside) : make("td", {}, ...inside);
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

/** The tasks of a step, those of two scenarios side by side. */
export function fillTasks(table: HTMLTableElement, views: readonly ScenarioView[]): void {
  const names = [...new Set(views.flatMap(({ tasks }) => tasks.map(({ name }) => name)))];
  const of = (letter: string) => (views.length === 1 ? "" : `${letter}: `);
  const heads = [
    "Task",
    ...views.flatMap((_, i) =>
      ["in a step", "each", "together", "share", "floor", "bytes", "bound by"].map((head) => of(letters[i] as string) + head),
    ),
    ...(views.length === 2 ? ["B against A"] : []),
  ];
  const cells = (task: TaskRow | undefined): readonly Cell[] =>
    task === undefined
      ? ["–", "–", "–", "–", "–", "–", "–"].map(figure)
      : [
          figure(formatNumber(task.count, 6)),
          figure(formatSeconds(task.eachSeconds)),
          figure(formatSeconds(task.seconds)),
          figure(formatShare(task.share)),
          figure(formatSeconds(task.floorSeconds)),
          figure(formatBytes(task.bytes)),
          words(task.bound),
        ];
  const rows = names.map((name) => {
    const own = views.map(({ tasks }) => tasks.find((task) => task.name === name));
    const difference = views.length === 2 ? [figure(writeDifference(own[0]?.seconds, own[1]?.seconds, "seconds"))] : [];
    return [words(name), ...own.flatMap(cells), ...difference];
  });
  fill(table, heads, rows);
}

/** The streams of requests, those of two scenarios one after another. */
export function fillRequests(table: HTMLTableElement, views: readonly ScenarioView[]): void {
  const heads = ["Stream", "Goes to", "One request", "Requests", "Bandwidth", "Of the bandwidth", "Of the request rate", "Meets first"];
  const share = (value: number | undefined) =>
    figure(value === undefined ? "–" : value > 0 && value < 1e-5 ? "< 0.001 %" : formatShare(value));
  const row = (r: RequestRow, letter: string): readonly Cell[] => [
    words(letter + r.name),
    words(r.tier),
    figure(formatBytes(r.requestBytes)),
    figure(write(r.requestsPerSecond, "per second")),
    figure(`${formatBytes(r.bytesPerSecond)}/s`),
    share(r.bandwidthShare),
    share(r.rateShare),
    words(r.binds ?? "–"),
  ];
  fill(
    table,
    heads,
    views.flatMap(({ requests }, i) => requests.map((r) => row(r, views.length === 1 ? "" : `${letters[i]}: `))),
  );
}

/** The claims under one scenario, or under two beside each other. */
export function fillClaims(table: HTMLTableElement, all: readonly Rows[], inSite: boolean): void {
  const of = (i: number) => (all.length === 1 ? "" : `${letters[i]}: `);
  const heads = [
    "Claim",
    "In our words, and when it holds",
    ...all.flatMap((_, i) => ["median (10 to 90 %)", "share", "verdict"].map((head) => of(i) + head)),
  ];
  const rows = (all[0] ?? []).map((row, i) => [
    { text: row.id, ...(inSite ? { href: `${row.notebook}.html` } : {}) },
    {
      text: row.statement,
      more: `${row.quantity}: ${row.threshold}${row.ofScenario ? "" : " (the same under every choice)"}`,
      mark: "claim",
    },
    ...all.flatMap((rows) => claimCells(rows[i] as ClaimRow)),
  ]);
  fill(table, heads, rows);
}

function claimCells(row: ClaimRow): readonly Cell[] {
  if (row.verdict === "does not apply")
    return [{ text: "–", more: row.because, number: true }, figure("–"), { text: row.verdict, mark: "verdict" }];
  const band = row.low === row.high || Number.isNaN(row.low) ? "" : row.bandText;
  return [
    { text: row.medianText, more: band, number: true },
    figure(row.probabilityText),
    { text: row.verdict, more: row.because, mark: `verdict ${row.verdict.toLowerCase().replaceAll(" ", "-")}` },
  ];
}
