import { type CalibratedName, calibratedNames, formatCount, formatNumber, formatShare, hardware, type TimeUnit } from "../index";
import { harmless } from "../text/harmless";
import { engineNames } from "./answer-notes";
import { download, make } from "./dom";
import { largestFile } from "./own";
import { calibrateRows, exampleRows, type OwnRows } from "./own-rows";
import { ownRowsFigure } from "./own-rows-curves";
import type { Place } from "./places";
import { machineName, type RowsCalibration } from "./rows-calibration";
import type { Setup } from "./setup";
import { type State, withCalibration } from "./state";

/** Takes a reader's measured rows, calibrates the page on them, and shows what that is worth. */
export interface OwnRowsPanel {
  /** Read a table that the reader opened or dropped. */
  readonly take: (file: File) => Promise<void>;
  readonly show: (state: State, setup: Setup) => void;
}

/** What the panel follows, and what it changes. */
export interface Calibrated {
  readonly state: () => State;
  readonly setup: () => Setup;
  readonly change: (next: State) => void;
  /** Where the factors stand. */
  readonly result: HTMLElement;
  /** Of the figure, and what is hidden while there is nothing to draw. */
  readonly place: Place;
  readonly figure: HTMLElement;
}

const names: Readonly<Record<CalibratedName, string>> = {
  products: "Products: projections, experts, head",
  attention: "Attention and its caches",
  exchange: "Exchange between GPUs",
  between: "Time between kernels",
  growth: "Growth, for each doubling from 16 requests",
};

const units = ["milliseconds", "seconds", "microseconds"] as const satisfies readonly TimeUnit[];
/** More reasons than these are not read. */
const mostReasons = 50;

export function ownRowsPanel(element: HTMLElement, { state, setup, change, result, place, figure }: Calibrated): OwnRowsPanel {
  const picked = make("input", { type: "file", id: "own-rows-file", accept: ".csv,.tsv,.txt,text/csv,text/plain" });
  const unit = make("select", { id: "own-rows-unit" }, ...units.map((name) => make("option", { value: name }, name)));
  const pasted = make("textarea", { id: "own-rows-text", rows: 6, spellcheck: "false" });
  const use = make("button", { type: "button", id: "own-rows-use" }, "Calibrate on these rows");
  const example = make("button", { type: "button", id: "own-rows-example" }, "Example CSV");
  const said = make("p", { class: "hint", id: "own-rows-said", role: "status" });
  const trouble = make("p", { class: "unfit", id: "own-rows-trouble", role: "alert", hidden: true });
  const reasons = make("div", { id: "own-rows-reasons" });
  let made: OwnRows | undefined;
  let shown = "";

  const fail = (words: string) => {
    trouble.hidden = words === "";
    trouble.textContent = words;
  };

  /** The text is read and forgotten; its rows are kept until the page closes, for the figure. */
  const calibrateOn = async (text: string, name: string) => {
    fail("");
    said.textContent = `Reading ${name} and fitting…`;
    reasons.replaceChildren();
    // The words are painted before the fit begins.
    await new Promise((resolve) => setTimeout(resolve, 20));
    try {
      const found = calibrateRows(text, name, unit.value as TimeUnit);
      reasons.replaceChildren(...reasonsOf(found));
      said.textContent = `${formatCount(found.used.length)} row${found.used.length === 1 ? "" : "s"} of ${name} can be used, ${formatCount(found.leftOut.length)} cannot. Nothing of it leaves this machine.`;
      if (found.record === undefined) return fail(found.trouble ?? "");
      made = found;
      const { machine, engine } = found.record;
      const next = withCalibration(state(), found.record);
      const { machine: before } = next.a;
      const now = setup();
      const moved = before !== machine || now.engine !== engine;
      if (moved)
        said.textContent += ` The page now shows the rows’ machine and engine: ${machineName(found.record)} with ${engineNames[engine]}.`;
      change(moved ? { ...next, a: { ...next.a, machine, engine } } : next);
    } catch (error) {
      said.textContent = "";
      fail(`Nothing was calibrated: ${(error as Error).message}.`);
    }
  };
  const take = async (file: File) => {
    element.scrollIntoView({ block: "nearest" });
    const name = harmless(file.name) || "the file";
    if (file.size > largestFile)
      return fail(`${name} was not read: expected a table of at most ${formatCount(largestFile)} bytes, got ${formatCount(file.size)}.`);
    return calibrateOn(await file.text(), name);
  };

  picked.addEventListener("change", () => {
    const [file] = picked.files ?? [];
    if (file !== undefined) take(file);
    picked.value = "";
  });
  use.addEventListener("click", async () => {
    await calibrateOn(pasted.value, "pasted rows");
    if (trouble.hidden) pasted.value = "";
  });
  example.addEventListener("click", () => {
    download("steps.csv", "text/csv", exampleRows(setup()));
    said.textContent = "steps.csv was saved: the scenario’s split at several batches, its times to be filled in.";
  });
  element.replaceChildren(
    make(
      "p",
      { class: "hint" },
      "A table of decode steps that you measured refits up to five factors of the model for your machine and engine. It needs the columns ",
      ...["model", "machine", "requests", "context", "milliseconds"].flatMap((name, i) => [i > 0 ? ", " : "", make("code", {}, name)]),
      "; tp, dp, ep, engine, format, cache, kernel and drafts as far as you know them. A column ",
      make("code", {}, "part"),
      " (experts, attention, exchange…) takes sums of kernels out of a profiler. Four rows are needed; of published rows of one engine on one machine, twenty take about a quarter off the error on the others. Nothing leaves this machine, and no file is kept.",
    ),
    make(
      "div",
      { class: "own-rows-take" },
      make("div", { class: "field" }, make("label", { for: picked.id }, "Open or drop a CSV"), picked),
      make("div", { class: "field" }, make("label", { for: unit.id }, "Unit, where a column’s name says none"), unit),
      example,
    ),
    make(
      "details",
      { id: "own-rows-paste" },
      make("summary", {}, "Paste rows"),
      make("label", { for: pasted.id, class: "unseen" }, "Rows, the first line with the names of the columns"),
      pasted,
      make("p", { class: "buttons" }, use),
    ),
    said,
    trouble,
    reasons,
  );

  return {
    take,
    show: (next, now) => {
      const { calibration } = next.a;
      const { engine } = now;
      const key = JSON.stringify([calibration, next.a.machine, engine, made?.record]);
      if (key === shown) return;
      shown = key;
      const own = calibration !== undefined && JSON.stringify(made?.record) === JSON.stringify(calibration) ? made : undefined;
      figure.hidden = own === undefined;
      if (own !== undefined) place.expect(() => drawn(own, calibration as RowsCalibration));
      result.replaceChildren();
      if (calibration === undefined) return;
      const reset = make("button", { type: "button", id: "own-rows-reset" }, "Back to the model as it is");
      reset.addEventListener("click", () => {
        said.textContent = "";
        reasons.replaceChildren();
        change(withCalibration(state(), undefined));
      });
      const buttons = make("p", { class: "buttons" }, reset);
      const bears = now.calibration !== undefined;
      if (!bears) {
        const show = make("button", { type: "button", id: "own-rows-show" }, `Show ${wordsOf(calibration)}`);
        show.addEventListener("click", () => {
          const { a, ...rest } = state();
          change({ ...rest, a: { ...a, machine: calibration.machine, engine: calibration.engine } });
        });
        buttons.append(show);
      }
      result.append(
        make("p", {}, make("strong", {}, errorWords(calibration)), ` ${bears ? "" : apartWords(next, now)}`),
        factorTable(calibration, own),
        ...(own === undefined ? [make("p", { class: "hint" }, "The factors came with the link; the rows themselves did not.")] : []),
        buttons,
      );
    },
  };
}

let drawings = 0;

/** Drawn as a whole each time: what its points say changes with the rows. */
function drawn(own: OwnRows, record: RowsCalibration) {
  const made = ownRowsFigure(own, record);
  return { figure: { ...made, layout: { ...made.layout, datarevision: ++drawings } } };
}

function wordsOf(record: RowsCalibration): string {
  return `${machineName(record)} with ${engineNames[record.engine]}`;
}

function errorWords(record: RowsCalibration): string {
  const { rows, before, after } = record;
  return `Calibrated on ${rows} of your rows of ${wordsOf(record)}: the median error falls from ${formatShare(before)} to ${formatShare(after)} on rows left out.`;
}

function apartWords({ a }: State, { engine }: Setup): string {
  return `The page shows ${hardware(a.machine).name} with ${engineNames[engine]}, of which there are no rows: it stands as the model has it.`;
}

function factorTable({ factors }: RowsCalibration, own: OwnRows | undefined): HTMLElement {
  const heads = ["What is stretched", "Factor", ...(own === undefined ? [] : ["Standard error"])];
  const rows = calibratedNames.map((name) => {
    const factor = factors[name] ?? 1;
    const doubt = own?.calibration?.doubt[name];
    const cells = [
      doubt === undefined && factor === 1 ? "1, not told" : `× ${formatNumber(factor, 3)}`,
      ...(own === undefined ? [] : [doubt === undefined ? "–" : `± ${formatNumber(doubt * 100, 2)} %`]),
    ];
    return make("tr", {}, make("th", { scope: "row" }, names[name]), ...cells.map((text) => make("td", { class: "number" }, text)));
  });
  const head = make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", class: i > 0 ? "number" : undefined }, text)));
  const table = make("table", { id: "own-rows-factors" }, make("thead", {}, head), make("tbody", {}, ...rows));
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Factors of the calibration" }, table);
}

function reasonsOf({ leftOut }: OwnRows): readonly HTMLElement[] {
  if (leftOut.length === 0) return [];
  const items = leftOut.slice(0, mostReasons).map(({ where, reason }) => make("li", {}, make("strong", {}, where), `: ${reason}`));
  const more = leftOut.length > mostReasons ? [make("li", {}, `and ${formatCount(leftOut.length - mostReasons)} more`)] : [];
  const summary = make("summary", {}, `${formatCount(leftOut.length)} row${leftOut.length === 1 ? "" : "s"} left out, and why`);
  return [make("details", { open: leftOut.length <= 5 }, summary, make("ul", { class: "notes" }, ...items, ...more))];
}
