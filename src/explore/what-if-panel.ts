import { capacityWorth, formatNumber, isMoe, hardware as machineOf, model as modelOf, type WorthName, worthOf } from "../index";
import { make } from "./dom";
import { type Setup, usableShare } from "./setup";
import { type Choice, type WhatIfResource, whatIfRange, whatIfResources } from "./state";
import { whatIfFields } from "./what-if";

/** Sliders for a machine and a model that do not exist, and what each part of the machine is worth. */
export interface WhatIfPanel {
  readonly show: (choice: Choice) => void;
  /** Work out the worth of each part; it takes as long as a dozen steps. */
  readonly weigh: (setup: Setup) => void;
}

const names: Readonly<Record<WhatIfResource, string>> = {
  memoryBandwidth: "Memory bandwidth",
  arithmetic: "Arithmetic, all formats",
  scaleUpBandwidth: "Scale-up link",
  networkBandwidth: "Network",
  memorySize: "Memory size",
  clock: "Clock (last-level cache)",
};
const rest: readonly (readonly [WorthName, string])[] = [
  ["clock", names.clock],
  ["fixedTimes", "Fixed times: starts, latencies"],
  ["rest", "Not told apart"],
];

/** @param change - called with what the reader set of scenario A. */
export function whatIfPanel(element: HTMLElement, change: (part: Partial<Choice>) => void): WhatIfPanel {
  const rows = make("div", { class: "what-if" });
  const reset = make("button", { type: "button", id: "what-if-reset" }, "As they are");
  reset.addEventListener("click", () => change({ granularity: 1, times: {} }));
  const note = make("p", { class: "hint", id: "what-if-note" });
  element.replaceChildren(
    make(
      "p",
      { class: "hint" },
      "Bars: the share of the deployment's rate that each part is worth. One per cent more of a part gives that many hundredths of one per cent more tokens; with the fixed times they add up to all of it.",
    ),
    rows,
    note,
    make("p", { class: "buttons" }, reset),
  );
  let choice: Choice | undefined;
  const granularity = slider("granularity", "Granularity of the experts", Math.log2(whatIfRange.least), 1, (value) =>
    change({ granularity: value }),
  );
  const resources = whatIfResources.map((name) => ({
    name,
    ...slider(name, names[name], Math.log2(whatIfRange.least), 0.25, (value) => {
      if (choice === undefined) return;
      const { [name]: _old, ...others } = choice.times;
      change({ times: value === 1 ? others : { ...others, [name]: value } });
    }),
  }));
  const fixed = rest.map(([name, words]) => ({ name, ...row(words) }));
  rows.replaceChildren(granularity.element, ...resources.map((one) => one.element), ...fixed.map((one) => one.element));
  return {
    show: (next) => {
      choice = next;
      const machine = machineOf(next.machine);
      granularity.show(next.granularity, isMoe(modelOf(next.model)));
      for (const one of resources)
        one.show(next.times[one.name] ?? 1, machine[whatIfFields[one.name] as keyof typeof machine] !== undefined);
    },
    weigh: ({ question }) => {
      const { elasticities } = worthOf(question);
      const capacity = capacityWorth(question, usableShare);
      for (const one of resources) one.bar(one.name === "memorySize" ? undefined : elasticities[one.name]);
      for (const one of fixed) one.bar(elasticities[one.name]);
      note.textContent =
        capacity === undefined
          ? "Memory size: not even one request fits less of it."
          : `Memory size is no rate and no share of the sum: where the batch always fills the memory, one per cent more of it gives ${formatNumber(capacity.elasticity, 2)} % more tokens. Constants of kernels stay those of the real machine: the further from it, the less sure.`;
    },
  };
}

/** A name, room for a slider, and a bar of its worth. */
function row(words: string, ...between: readonly HTMLElement[]) {
  const bar = make("span", { class: "worth-bar" });
  const share = make("span", { class: "worth-share" });
  const element = make(
    "div",
    { class: "what-if-row" },
    between.length === 0 ? make("span", {}, words) : "",
    ...between,
    make("span", { class: "worth" }, bar, share),
  );
  return {
    element,
    bar: (worth: number | undefined) => {
      bar.style.width = `${Math.max(0, Math.min(1, worth ?? 0)) * 70}%`;
      share.textContent = worth === undefined ? "" : `${formatNumber(Math.round(worth * 1000) / 10 || 0)} %`;
    },
  };
}

function slider(name: string, words: string, least: number, step: number, set: (value: number) => void) {
  const control = make("input", { type: "range", id: `what-if-${name}`, min: least, max: Math.log2(whatIfRange.most), step });
  const output = make("output", { for: control.id });
  const label = make("label", { for: control.id }, words);
  control.addEventListener("input", () => set(Number((2 ** Number(control.value)).toPrecision(6))));
  const made = row(words, label, control, output);
  return {
    ...made,
    show: (value: number, has: boolean) => {
      control.disabled = !has;
      control.value = String(Math.log2(value));
      output.textContent = has ? `× ${formatNumber(value)}` : "none";
      control.setAttribute("aria-valuetext", output.textContent);
    },
  };
}
