import { engines, type Model, machines, model as modelOf } from "../index";
import { engineNames } from "./answer-notes";
import { numberField } from "./count-field";
import { make } from "./dom";
import { gpuLimit } from "./options";
import { fillGroups, fillModels, fillOptions, matching } from "./select";
import type { Setup } from "./setup";
import { attentionOptions, expertOptions, formatOptions, kernelOptions } from "./setup-options";
import { type Choice, most } from "./state";

/** The controls of one scenario. */
export interface Controls {
  /** How it is deployed. */
  readonly element: HTMLElement;
  /** Model and machine, each a field. */
  readonly where: readonly HTMLElement[];
  /** Bring every control in line with a choice, and say what of it gave way. */
  readonly show: (choice: Choice, setup: Setup, own: readonly Model[]) => void;
}

/** A field's label and its control, and what explains it. */
export function field(label: string, control: HTMLElement, ...more: readonly Node[]): HTMLElement {
  return make("div", { class: "field" }, make("label", { for: control.id }, label), control, ...more);
}

/**
 * Controls for one scenario: GPUs first, then how attention and experts are split over them.
 *
 * @param letter - in ids and names: each control of the page has its own.
 * @param change - called with the fields that the reader set.
 */
export function controls(letter: string, change: (part: Partial<Choice>) => void): Controls {
  const id = (name: string) => `${letter}-${name}`;
  const count = (name: string, field: keyof typeof most, words: string, least = 1) =>
    numberField(id(name), { least, most: most[field], whole: true, ...(least === 1 ? { slide: words } : {}) }, (value) =>
      change({ [field]: value }),
    );
  const choose = (name: string, set: (value: string) => Partial<Choice>) => {
    const select = make("select", { id: id(name) });
    select.addEventListener("change", () => change(set(select.value)));
    return select;
  };
  const where = whereFields(id, change);
  const gpus = count("gpus", "gpus", "GPUs");
  const tokens = count("tokens", "tokensInFlight", "requests in flight");
  const context = count("context", "contextTokens", "context");
  const drafts = count("drafts", "draftTokens", "drafts", 0);
  const attention = choose("tp", (value) => ({ tensorParallel: Number(value) }));
  const experts = choose("ep", (value) => ({ expertParallel: Number(value) }));
  const format = choose("format", (weightFormat) => ({ weightFormat }));
  const cache = choose("cache", (cacheFormat) => ({ cacheFormat }));
  const kernel = choose("kernel", (value) => ({ kernel: value }));
  const engine = choose("engine", (value) => ({ engine: value }));
  const overlap = make("input", { type: "checkbox", id: id("overlap") });
  overlap.addEventListener("change", () => change({ overlap: overlap.checked ? "two-micro-batches" : "none" }));
  const fit = make("button", { type: "button", class: "fit", id: id("fit"), hidden: true });
  const notes = make("ul", { class: "notes", id: id("notes") });
  let largest = 1;
  fit.addEventListener("click", () => change({ tokensInFlight: largest }));
  return {
    where: where.fields,
    element: make(
      "fieldset",
      { id: id("choice") },
      make("legend", {}, letter === "a" ? "Deployment (scenario A)" : "Scenario B"),
      ...(letter === "a" ? [] : where.fields),
      field("GPUs of one replica", gpus.number, gpus.below),
      field("Attention", attention),
      field("Experts", experts),
      field("Requests in flight, all GPUs", tokens.number, tokens.below),
      fit,
      field("Context (tokens per request)", context.number, context.below),
      field("Format of the weights", format),
      field("Format of the cache", cache),
      field("Engine", engine),
      field("Kernel of the experts", kernel),
      field("Drafts per step", drafts.number, drafts.below),
      make("div", { class: "field check" }, overlap, make("label", { for: overlap.id }, "Overlap two micro-batches")),
      notes,
    ),
    show: (choice, setup, own) => {
      where.show(choice, own);
      gpus.show(choice.gpus, Math.max(1, gpuLimit(setup.model, setup.hardware).most));
      tokens.show(choice.tokensInFlight);
      context.show(choice.contextTokens);
      drafts.show(choice.draftTokens);
      fillOptions(attention, attentionOptions(setup), String(setup.tensorParallel));
      fillOptions(experts, expertOptions(setup), String(setup.expertParallel));
      fillOptions(format, formatOptions(setup), choice.weightFormat);
      fillOptions(cache, cacheOptions(setup), choice.cacheFormat);
      fillOptions(kernel, kernelOptions(setup), choice.kernel);
      fillOptions(engine, engineOptions(setup), choice.engine);
      overlap.checked = choice.overlap === "two-micro-batches";
      largest = setup.mostRequests;
      fit.hidden = setup.fits || largest < 1;
      fit.textContent = `Take the largest batch that fits: ${largest.toLocaleString("en-US")} requests`;
      notes.replaceChildren(...setup.notes.map((note, i) => make("li", i === 0 && !setup.fits ? { class: "unfit" } : {}, note)));
    },
  };
}

/** The search for a model, the model and the machine. */
function whereFields(id: (name: string) => string, change: (part: Partial<Choice>) => void) {
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
  let own: readonly Model[] = [];
  let chosen = "";
  const list = () => fillModels(model, found, find.value, chosen, own);
  find.addEventListener("input", list);
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
  fillGroups(
    machine,
    machines().map((m) => ({ group: m.vendor, value: m.id, label: m.name })),
    "",
  );
  return {
    fields: [field("Find a model", find), field("Model", model, found), field("Machine", machine)],
    show: (choice: Choice, ownModels: readonly Model[]) => {
      own = ownModels;
      chosen = modelOf(choice.model).id;
      list();
      machine.value = choice.machine;
    },
  };
}

function cacheOptions({ choice, cacheFormat }: Setup) {
  const name = (format: string) => (format === "fp8" ? "FP8" : "BF16");
  return [
    { value: "", label: choice.cacheFormat === "" ? `as released (${name(cacheFormat)})` : "as released" },
    ...["bfloat16", "fp8"].map((value) => ({ value, label: name(value) })),
  ];
}

function engineOptions({ choice, engine }: Setup) {
  return [
    { value: "", label: choice.engine === "" ? `as usual (times of ${engineNames[engine]})` : "as usual for the machine" },
    ...engines.map((value) => ({ value, label: engineNames[value] })),
  ];
}
