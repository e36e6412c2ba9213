import { formatCount, type Hardware, type Model, machines, models } from "../index";
import { make } from "./dom";
import { expertLimit, formatOptions, kernelOptions, type Option, type Setup, tensorDegrees } from "./setup";
import { type Choice, most } from "./state";

/** The controls of one scenario. */
export interface Controls {
  readonly element: HTMLElement;
  /** Bring every control in line with a choice, and say what of it gave way. */
  readonly show: (choice: Choice, setup: Setup, own: readonly Model[]) => void;
}

/** A field's label and its control, and what explains it. */
function field(label: string, control: HTMLElement, ...more: readonly Node[]): HTMLElement {
  return make("div", { class: "field" }, make("label", { for: control.id }, label), control, ...more);
}

/**
 * Controls for one scenario.
 *
 * @param letter - in ids and names: each control of the page has its own.
 * @param change - called with the fields that the reader set.
 */
export function controls(letter: string, change: (part: Partial<Choice>) => void): Controls {
  const id = (name: string) => `${letter}-${name}`;
  const find = make("input", {
    type: "search",
    id: id("find"),
    placeholder: "name, id or maker",
    autocomplete: "off",
    spellcheck: "false",
  });
  const found = make("p", { class: "hint", id: id("found"), role: "status" });
  const model = make("select", { id: id("model"), "aria-describedby": found.id });
  const machine = make("select", { id: id("machine") });
  const tokens = count(id("tokens"), "tokens in flight", most.tokensInFlight, (tokensInFlight) => change({ tokensInFlight }));
  const experts = count(id("ep"), "expert parallelism", most.expertParallel, (expertParallel) => change({ expertParallel }));
  const context = count(id("context"), "context", most.contextTokens, (contextTokens) => change({ contextTokens }));
  const tensor = make("select", { id: id("tp") });
  const format = make("select", { id: id("format") });
  const kernel = make("select", { id: id("kernel") });
  const overlap = make("input", { type: "checkbox", id: id("overlap") });
  const notes = make("ul", { class: "notes", id: id("notes") });
  const legend = make("legend", {}, letter === "a" ? "Scenario A" : "Scenario B");
  let own: readonly Model[] = [];
  let chosen = "";

  const listModels = () => fillModels(model, found, find.value, chosen, own);
  find.addEventListener("input", listModels);
  find.addEventListener("keydown", (event) => {
    const first = model.querySelector<HTMLOptionElement>("option:not([hidden])");
    if (event.key === "ArrowDown") model.focus();
    else if (event.key === "Enter" && find.value !== "" && first !== null)
      change({ model: matching(find.value, own)[0]?.id ?? first.value });
    else return;
    event.preventDefault();
  });
  model.addEventListener("change", () => change({ model: model.value }));
  machine.addEventListener("change", () => change({ machine: machine.value }));
  tensor.addEventListener("change", () => change({ tensorParallel: Number(tensor.value) }));
  format.addEventListener("change", () => change({ weightFormat: format.value }));
  kernel.addEventListener("change", () => change({ kernel: kernel.value }));
  overlap.addEventListener("change", () => change({ overlap: overlap.checked ? "two-micro-batches" : "none" }));
  fillGroups(
    machine,
    machines().map((m) => ({ group: m.vendor, value: m.id, label: m.name })),
    "",
  );

  return {
    element: make(
      "fieldset",
      { id: id("choice") },
      legend,
      field("Find a model", find),
      field("Model", model, found),
      field("Machine", machine),
      field("Tokens in flight, all GPUs", tokens.number, tokens.slider),
      field("Expert parallelism (ranks)", experts.number, experts.slider),
      field("Tensor parallelism (GPUs a rank)", tensor),
      field("Context (tokens a request)", context.number, context.slider),
      field("Number format of the weights", format),
      field("Kernel of the experts", kernel),
      make("div", { class: "field check" }, overlap, make("label", { for: overlap.id }, "Overlap two micro-batches")),
      notes,
    ),
    show: (choice, setup, ownModels) => {
      own = ownModels;
      chosen = setup.model.id;
      listModels();
      machine.value = choice.machine;
      tokens.show(choice.tokensInFlight);
      experts.show(choice.expertParallel, expertLimit(setup.model, setup.hardware, setup.tensorParallel).most);
      context.show(choice.contextTokens);
      fillOptions(tensor, degreeOptions(setup.model, setup.hardware), String(setup.tensorParallel));
      fillOptions(format, formatOptions(setup), choice.weightFormat);
      fillOptions(kernel, kernelOptions(setup), choice.kernel);
      overlap.checked = choice.overlap === "two-micro-batches";
      notes.replaceChildren(...setup.notes.map((note) => make("li", {}, note)));
    },
  };
}

/** A whole number: typed, or slid over its doublings. */
function count(id: string, name: string, largest: number, set: (value: number) => void) {
  const number = make("input", { type: "number", id, min: 1, max: largest, step: 1, inputmode: "numeric", required: true });
  const slider = make("input", { type: "range", min: 0, max: Math.log2(largest), step: 0.25, "aria-label": `${name}, by doublings` });
  const trouble = make("p", { class: "hint trouble", role: "status" });
  number.addEventListener("input", () => {
    const value = Number(number.value);
    const fits = Number.isInteger(value) && value >= 1 && value <= largest;
    trouble.textContent = fits ? "" : `expected a whole number from 1 to ${formatCount(largest)}`;
    number.setAttribute("aria-invalid", String(!fits));
    if (fits) set(value);
  });
  slider.addEventListener("input", () => set(Math.round(2 ** Number(slider.value))));
  // Not at once: what moves under a pressed mouse button is not clicked.
  number.addEventListener("blur", () => setTimeout(() => number.getAttribute("aria-invalid") === "true" && show(last), 300));
  let last = 1;
  const show = (value: number, limit = largest) => {
    last = value;
    if (document.activeElement !== number || number.getAttribute("aria-invalid") !== "true") {
      if (number.value !== String(value)) number.value = String(value);
      number.setAttribute("aria-invalid", "false");
      trouble.textContent = "";
    }
    slider.max = String(Math.log2(Math.min(limit, largest)));
    slider.value = String(Math.log2(value));
    slider.setAttribute("aria-valuetext", formatCount(value));
  };
  const box = make("div", { class: "slide" }, slider, trouble);
  return { number, slider: box, show };
}

function degreeOptions(model: Model, machine: Hardware): readonly Option[] {
  const fits = tensorDegrees(model, machine);
  return [1, 2, 4, 8, 16, 32, 64].map((degree) => {
    const label = degree === 1 ? "none" : String(degree);
    if (fits.includes(degree)) return { value: String(degree), label };
    const unfit =
      degree > (machine.scaleUpDomain ?? 1)
        ? `the link of ${machine.name} joins ${machine.scaleUpDomain ?? 1}`
        : `${model.name} does not divide by it`;
    return { value: String(degree), label, unfit };
  });
}

/** Options of a select, those that do not fit disabled with the reason; left alone when nothing has changed. */
function fillOptions(select: HTMLSelectElement, options: readonly Option[], value: string): void {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    select.replaceChildren(
      ...options.map(({ value: own, label, unfit }) =>
        make("option", { value: own, disabled: unfit !== undefined }, unfit === undefined ? label : `${label} – ${unfit}`),
      ),
    );
  }
  select.value = value;
  if (select.selectedIndex < 0 || select.selectedOptions[0]?.disabled)
    select.value = options.find(({ unfit }) => unfit === undefined)?.value ?? "";
}

interface Grouped {
  readonly group: string;
  readonly value: string;
  readonly label: string;
}

function fillGroups(select: HTMLSelectElement, options: readonly Grouped[], value: string): void {
  const key = JSON.stringify(options.map((o) => o.value));
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    const groups = [...new Set(options.map(({ group }) => group))];
    select.replaceChildren(
      ...groups.map((label) =>
        make(
          "optgroup",
          { label },
          ...options.filter(({ group }) => group === label).map((o) => make("option", { value: o.value }, o.label)),
        ),
      ),
    );
  }
  select.value = value;
}

/** Models whose name, id, alias or maker holds every word; the newest first. */
function matching(asked: string, own: readonly Model[]): readonly Model[] {
  const parts = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (m: Model) => [m.name, m.id, ...m.aliases, m.organization].join(" ").toLowerCase();
  return [...own, ...[...models()].reverse()].filter((m) => parts.every((part) => text(m).includes(part)));
}

/** The models that match, by maker; the one chosen stays in the list whatever is asked. */
function fillModels(select: HTMLSelectElement, found: HTMLElement, asked: string, chosen: string, own: readonly Model[]): void {
  const fits = matching(asked, own);
  const all = matching("", own);
  const shown = all.filter((m) => fits.includes(m) || m.id === chosen);
  const sorted = [...shown].sort((a, b) => groupOf(a).localeCompare(groupOf(b), "en"));
  fillGroups(
    select,
    sorted.map((m) => ({ group: groupOf(m), value: m.id, label: m.routedExperts === 0 ? `${m.name} (dense)` : m.name })),
    chosen,
  );
  const words =
    asked === ""
      ? ""
      : fits.length === 0
        ? `No model matches "${asked}".`
        : `${fits.length} of ${all.length} models match; Enter takes ${fits[0]?.name}.`;
  if (found.textContent !== words) found.textContent = words;
}

function groupOf(m: Model): string {
  return m.id.startsWith("own-") ? " Your own" : m.organization;
}
