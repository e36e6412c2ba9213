import { letters } from "./csv";
import { byId } from "./dom";
import { labelOf } from "./pictures";
import { calibratedWords } from "./rows-calibration";
import type { ScenarioView } from "./view";
import { write, writeQuantity } from "./words";

let pause: ReturnType<typeof setTimeout> | undefined;

/** Say the result in a sentence, once the reader pauses: for who cannot see it change. */
export function say(views: readonly ScenarioView[]): void {
  clearTimeout(pause);
  pause = setTimeout(() => {
    byId("summary").textContent = views.map((view, i) => (views.length === 1 ? "" : `${letters[i]}: `) + sentence(view)).join(" ");
  }, 400);
}

function sentence(view: ScenarioView): string {
  const perExpert = view.quantities.find(({ id }) => id === "tokensPerExpert");
  const tokens = perExpert?.value === undefined ? "a dense model" : `${writeQuantity(perExpert)} tokens at each expert`;
  const { seconds, tokensPerSecondPerGpu, errorBand } = view.step;
  const unfit = view.setup.fits ? "" : " It does not fit the memory: these rates cannot be reached.";
  const band = `four in five: ${write(errorBand.low, "seconds")} to ${write(errorBand.high, "seconds")}`;
  const calibrated = calibratedWords(view.setup);
  return `${labelOf(view)}${calibrated === "" ? "" : `, ${calibrated}`}: ${tokens}, a decode step of ${write(seconds, "seconds")} (${band}), ${write(tokensPerSecondPerGpu, "count")} tokens per second of each GPU.${unfit}`;
}
