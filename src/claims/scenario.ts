import { kernels } from "../kernels/families";
import { hardware, machines } from "../machine/hardware";
import { isMoe, type Model } from "../model/model";
import { models } from "../model/registry";
import { interval } from "./intervals";
import { isKnown, monthsBefore } from "./known-by";
import type { Scenario } from "./parts/context";

/**
 * The set-up that stands for the article's where nothing else is published or asked for.
 *
 * Its tokens and degree, DeepSeek's largest model known on the day (the article speaks of DeepSeek), and of the machines that had been
 * out for a year and whose expert kernels were measured the one with the fastest memory.
 *
 * @throws RangeError naming the day when there was no such model or machine yet.
 */
export function scenarioAt(knownBy: string): Scenario {
  const own = models().filter((m) => m.organization === "DeepSeek" && isMoe(m) && isKnown(m.released, knownBy));
  const largest = own.reduce<Model | undefined>((a, b) => ((b.totalParameters ?? 0) > (a?.totalParameters ?? 0) ? b : a), undefined);
  if (largest === undefined) throw tooEarly(knownBy, "mixture-of-experts model of DeepSeek");
  const middle = (name: string) => interval("*", name, knownBy).nominal;
  return {
    model: largest.id,
    hardware: fastestMachine(knownBy),
    tokensInFlight: middle("tokensInFlight"),
    expertParallel: middle("expertParallel"),
    weightFormat: "fp8_block",
    contextTokens: middle("contextTokens"),
    knownBy,
  };
}

function fastestMachine(knownBy: string): string {
  const generations = new Set(kernels().map((k) => k.generation));
  const day = monthsBefore(knownBy, 12);
  const seasoned = machines().filter((m) => isKnown(String(m.released), day) && generations.has(m.generation));
  if (seasoned.length === 0) throw tooEarly(knownBy, "machine a year old with measured expert kernels");
  return hardware(seasoned.reduce((a, b) => (b.memoryBytesPerSecond > a.memoryBytesPerSecond ? b : a)).id).id;
}

/** What to throw on a day before anything of a kind was out. */
function tooEarly(knownBy: string, missing: string): RangeError {
  return new RangeError(`knownBy must be a day on which a ${missing} was out, got "${knownBy}"`);
}
