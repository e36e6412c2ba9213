import { formatCount } from "../index";
import { make } from "./dom";

/** A field for a number: its control, what it says of refused input, and how it is brought in line. */
export interface NumberField {
  readonly number: HTMLInputElement;
  /** The slider, where it has one, and the words. */
  readonly below: HTMLElement;
  readonly show: (value: number, limit?: number) => void;
}

/** What a field takes. */
export interface NumberRules {
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
  /** Slid over its doublings beside being typed; its name says what. */
  readonly slide?: string;
}

/** A number: typed, or slid over its doublings. What cannot be is refused in words, and the number before it stays. */
export function numberField(id: string, { least, most, whole, slide }: NumberRules, set: (value: number) => void): NumberField {
  const step = whole ? 1 : "any";
  const number = make("input", {
    type: "number",
    id,
    min: least,
    max: most,
    step,
    inputmode: whole ? "numeric" : "decimal",
    required: true,
  });
  const slider = make("input", { type: "range", min: 0, max: Math.log2(most), step: 0.25, "aria-label": `${slide}, by doublings` });
  const trouble = make("p", { class: "hint trouble", role: "status" });
  const words = `a ${whole ? "whole " : ""}number from ${formatCount(least)} to ${formatCount(most)}`;
  let last = least;
  number.addEventListener("input", () => {
    const value = Number(number.value);
    const fits = number.value.trim() !== "" && (!whole || Number.isInteger(value)) && value >= least && value <= most;
    trouble.textContent = fits ? "" : `expected ${words}`;
    number.setAttribute("aria-invalid", String(!fits));
    if (fits) set(value);
  });
  slider.addEventListener("input", () => set(Math.round(2 ** Number(slider.value))));
  // Not at once: what moves under a pressed mouse button is not clicked.
  number.addEventListener("blur", () =>
    setTimeout(() => {
      if (number.getAttribute("aria-invalid") !== "true") return;
      const refused = number.value === "" ? "What was typed" : number.value;
      show(last);
      trouble.textContent = `${refused} was refused: expected ${words}. ${formatCount(last)} stays.`;
    }, 300),
  );
  const show = (value: number, limit = most) => {
    if (value !== last || number.getAttribute("aria-invalid") !== "true") trouble.textContent = "";
    last = value;
    if (document.activeElement !== number || number.getAttribute("aria-invalid") !== "true") {
      if (number.value !== String(value)) number.value = String(value);
      number.setAttribute("aria-invalid", "false");
    }
    slider.max = String(Math.log2(Math.min(limit, most)));
    slider.value = String(Math.log2(value));
    slider.setAttribute("aria-valuetext", formatCount(value));
  };
  return { number, below: make("div", { class: "slide" }, ...(slide === undefined ? [] : [slider]), trouble), show };
}
