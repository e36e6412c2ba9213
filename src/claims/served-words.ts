import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { newestDay } from "./known-by";
import { scenarioAt } from "./scenario";
import { type ServedAs, servedAs } from "./served-as";
import { serving, setUpsOf } from "./set-ups";

/** Set-ups whose source names no engine, or no format of weights, that can be read: those are asked with the default. */
export interface DefaultedSetUps {
  readonly setUps: number;
  /** The words of those that say something, each once. */
  readonly words: readonly string[];
}

/** How many of the published serving set-ups there are, and which of them are asked with a default. */
export interface ServedWords {
  readonly setUps: number;
  readonly engine: DefaultedSetUps;
  readonly weightFormat: DefaultedSetUps;
}

/**
 * What could not be read of how the published serving set-ups are served.
 *
 * @example servedWords().weightFormat.words // ["w4a8 fp8"]
 */
export function servedWords(knownBy = newestDay()): ServedWords {
  const asked = setUpsOf({ knownBy, asked: {}, scenario: scenarioAt(knownBy), draws: 1, seed: 1 }, serving);
  const defaulted = (field: keyof ServedAs & ("engine" | "weightFormat")): DefaultedSetUps => {
    const unread = asked.filter((s) => servedAs(s, model(s.model), hardware(s.machine))[field] === undefined);
    return { setUps: unread.length, words: [...new Set(unread.flatMap((s) => s[field] ?? []))].sort() };
  };
  return { setUps: asked.length, engine: defaulted("engine"), weightFormat: defaulted("weightFormat") };
}
