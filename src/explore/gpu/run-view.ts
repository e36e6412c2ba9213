import type { Figure } from "../../figures/figure";
import type { Hardware } from "../../machine/hardware";
import { formatCount } from "../../text/numbers";
import { type Table, tableHtml } from "../../text/table";
import { download, make } from "../dom";
import { gpuFiles } from "./gpu-csv";
import { gpuFigures, gpuTables, runWords } from "./report";
import type { GpuRun } from "./results";

export type SavePicture = (figure: Figure, format: "png" | "svg", filename: string) => void;

/** What a finished run is shown with. */
export interface RunViewOptions {
  readonly run: GpuRun;
  readonly widthRows: number;
  /** What was multiplied, in a sentence. */
  readonly shape: string;
  readonly draw: (into: HTMLElement, figure: Figure) => void;
  readonly save: SavePicture;
  /** Where figures were drawn before, by id: they are drawn there again. */
  readonly plots: Map<string, HTMLElement>;
}

/** A finished run on the page. */
export interface RunView {
  readonly element: HTMLElement;
  /** Draw its figures over the curves of a machine; does nothing if they are. */
  readonly show: (hardware: Hardware) => void;
}

/** Lay out a run: what was measured on what, its roofline, its figures, files, all numbers, and what was left out. */
export function runView({ run, widthRows, shape, draw, save, plots }: RunViewOptions): RunView {
  const { roofline, numbers } = gpuTables(run);
  const figures = make("div");
  const element = make(
    "div",
    {},
    make("p", { class: run.gpu.software ? "gpu-warning" : "gpu-words" }, `${runWords(run)} ${shape}`),
    ...(roofline === undefined ? [] : [scrolling(roofline)]),
    figures,
    make("p", { class: "buttons" }, ...gpuFiles(run).map(saveButton)),
    details("gpu-numbers", "All numbers", ...numbers.map(scrolling)),
    ...(run.leftOut.length === 0 ? [] : [leftOut(run)]),
  );
  let shown: Hardware | undefined;
  const current = new Map<string, Figure>();
  const show = (hardware: Hardware) => {
    if (hardware === shown) return;
    shown = hardware;
    const made = gpuFigures(run, hardware, widthRows);
    if (figures.childElementCount === 0) {
      figures.append(
        ...made.map(({ id, heading }) => {
          const plot = plots.get(id) ?? make("div", { class: "plot", role: "img" });
          plots.set(id, plot);
          const caption = make(
            "figcaption",
            {},
            make("p"),
            saveButtons(heading, (format) => save(current.get(id) as Figure, format, `deepshock-gpu-${id}`)),
          );
          return make("figure", { class: "gpu-figure" }, make("h3", {}, heading), plot, caption);
        }),
      );
    }
    for (const [i, { id, figure }] of made.entries()) {
      const plot = plots.get(id) as HTMLElement;
      current.set(id, figure);
      plot.setAttribute("aria-label", figure.alt);
      (figures.children[i]?.querySelector("figcaption p") as HTMLElement).textContent = figure.caption;
      draw(plot, figure);
    }
  };
  return { element, show };
}

function saveButtons(title: string, save: (format: "png" | "svg") => void): HTMLElement {
  const buttons = (["png", "svg"] as const).map((format) => {
    const button = make(
      "button",
      { type: "button", class: format },
      `Save as ${format.toUpperCase()}`,
      make("span", { class: "unseen" }, `: ${title}`),
    );
    button.addEventListener("click", () => save(format));
    return button;
  });
  return make("div", { class: "save" }, ...buttons);
}

function saveButton({ name, text }: { readonly name: string; readonly text: string }): HTMLElement {
  const save = make("button", { type: "button", "data-file": name }, `Save ${name}`);
  save.addEventListener("click", () => download(name, "text/csv;charset=utf-8", text));
  return save;
}

function leftOut(run: GpuRun): HTMLElement {
  const items = run.leftOut.map(({ what, why }) => make("li", {}, `${what}: ${why}.`));
  return details("gpu-left-out", `Left out (${formatCount(items.length)})`, make("ul", {}, ...items));
}

function details(name: string, summary: string, ...content: readonly HTMLElement[]): HTMLElement {
  return make("details", { class: name }, make("summary", {}, summary), ...content);
}

/** A table that scrolls inside itself where the page is narrow, by keyboard too. */
function scrolling(table: Table): HTMLElement {
  const box = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.caption });
  box.innerHTML = tableHtml(table);
  return box;
}
