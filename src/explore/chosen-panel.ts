import { formatBytes, formatCount, formatNumber, formatSeconds } from "../index";
import { splitWords } from "../step/search/splits";
import type { Answer, Banded } from "./answer";
import { engineNames } from "./answer-notes";
import { copy, make } from "./dom";
import type { Find } from "./find";
import { launchLines } from "./launch-lines";
import type { Setup } from "./setup";

/** The panels beside the front: the numbers of the chosen deployment, and how to start it. */
export interface ChosenPanel {
  readonly show: (setup: Setup, answer: Answer, find: Find, keepsLimits: boolean) => void;
}

/** @param take - called for the largest batch that fits. @param best - called for the best deployment within the limits. */
export function chosenPanel(element: HTMLElement, launch: HTMLElement, take: (requests: number) => void, best: () => void): ChosenPanel {
  const warning = make("p", { class: "unfit", role: "status", id: "unfit", hidden: true });
  const smaller = make("button", { type: "button", hidden: true, id: "take-fit" });
  const choose = make("button", { type: "button", id: "take-best" }, "Choose the best within the limits");
  const numbers = make("div", { class: "three" });
  let requests = 1;
  smaller.addEventListener("click", () => take(requests));
  choose.addEventListener("click", best);
  element.replaceChildren(warning, smaller, numbers, choose);
  let shown = "";
  return {
    show: (setup, answer, find, keepsLimits) => {
      warning.hidden = setup.fits && keepsLimits;
      warning.textContent = !setup.fits ? "This does not fit: the rates below cannot be reached." : "This does not keep your limits.";
      requests = setup.mostRequests;
      smaller.hidden = setup.fits || requests < 1;
      smaller.textContent = `Take the largest batch that fits: ${formatCount(requests)} requests`;
      choose.hidden = find.best === 1;
      launch.hidden = !setup.fits;
      numbers.replaceChildren(...numbersOf(setup, answer, find));
      const key = JSON.stringify([setup.question, find.inputTokens + find.outputTokens, find.freePercent]);
      if (key !== shown) fillLaunch(launch, setup, find);
      shown = key;
    },
  };
}

function numbersOf(setup: Setup, answer: Answer, find: Find): readonly HTMLElement[] {
  const { perGpu, perRequest, secondsPerToken, firstTokenSeconds, memoryTokens, memoryBytes, dollarsPerMillion } = answer;
  const big = (value: string, unit: string) => make("p", { class: "big" }, make("strong", {}, value), ` ${unit}`);
  const small = (text: string) => make("p", { class: "small" }, text);
  const ms = { value: secondsPerToken.value * 1e3, low: secondsPerToken.low * 1e3, high: secondsPerToken.high * 1e3 };
  const price =
    dollarsPerMillion === undefined
      ? "Type a price above for dollars per million tokens."
      : `$${banded(dollarsPerMillion)} per million tokens.`;
  return [
    big(rate(perGpu.value), "tokens/s/GPU"),
    small(
      `four in five: ${rate(perGpu.low)} to ${rate(perGpu.high)}. Each user gets ${banded(perRequest)} tokens/s: ${banded(ms)} ms per token. ${price}`,
    ),
    big(splitOf(setup), ""),
    small(
      `${formatCount(setup.gpus)} GPU${setup.gpus > 1 ? "s" : ""} per replica, ${formatCount(setup.tokensInFlight)} request${setup.tokensInFlight > 1 ? "s" : ""} (${formatNumber(setup.requestsPerGpu)} per GPU), ${formatBytes(memoryBytes)} of ${formatBytes(setup.hardware.memoryBytes)} at ${formatCount(memoryTokens)} tokens per request.`,
    ),
    big(formatSeconds(firstTokenSeconds), "to the first token"),
    small(`of ${formatCount(find.inputTokens)} tokens on an idle replica; less sure than a step, and waiting comes on top.`),
  ];
}

/** The split of a setup, in words. */
export function splitOf({ model, tensorParallel, dataParallel, expertParallel, overlap }: Setup): string {
  const words = splitWords(model, { tensorParallel, dataParallel, expertParallel }).replaceAll(" x ", " × ");
  return `${words[0]?.toUpperCase()}${words.slice(1)}${overlap === "none" ? "" : ", two micro-batches"}`;
}

/** Whole where it is large: the digits behind it say nothing. */
function rate(value: number): string {
  return value < 100 ? formatNumber(value) : formatCount(Math.round(value));
}

function banded({ value, low, high }: Banded): string {
  return `${formatNumber(value)} (${formatNumber(low)} to ${formatNumber(high)})`;
}

function fillLaunch(element: HTMLElement, { question }: Setup, find: Find): void {
  const longestTokens = find.inputTokens + find.outputTokens;
  const open = new Set([...element.querySelectorAll("details[open]")].map((one) => one.id));
  const blocks = launchLines({ question, longestTokens, usableShare: 1 - find.freePercent / 100 }).map((launch) => {
    const id = `launch-${launch.engine}`;
    const name = engineNames[launch.engine];
    const summary = make("summary", {}, `Start it with ${name}`);
    const details = make("details", { id, open: open.has(id) }, summary);
    if ("reason" in launch) {
      details.append(make("p", { class: "small" }, launch.reason));
      return details;
    }
    const button = make("button", { type: "button" }, "Copy", make("span", { class: "unseen" }, ` the command for ${name}`));
    const said = make("span", { class: "hint", role: "status" });
    button.addEventListener("click", async () => {
      said.textContent = (await copy(launch.line)) ? "copied" : "the browser keeps the clipboard closed: select it";
    });
    details.append(
      make("pre", { tabindex: 0, role: "region", "aria-label": `Command for ${name}` }, make("code", {}, launch.line)),
      make("p", { class: "small" }, button, " ", said, ` ${launch.notes.join(" ")}`),
    );
    return details;
  });
  element.replaceChildren(...blocks);
}
