import { isMoe, type Model } from "../model/model";
import { model, models } from "../model/registry";
import { articleDay, isKnown } from "./known-by";
import type { Context } from "./parts/context";
import { type Member, type Population, populationOf } from "./parts/population";

/** Parameters from which a release counts as large. */
export const largeFrom = 1e11;

/** Which releases of the registry a part speaks of. */
export interface ReleaseChoice {
  /** Parameters from which a release counts. */
  readonly sizeFloor?: number;
  /** Released after this day; before the article had readers, all that were out stand for them. */
  readonly after?: string;
  /** Dense models too. */
  readonly dense?: boolean;
}

/** Releases known on the day, dimensions read and not recalled, the oldest first. */
export function releasesOf(
  { knownBy }: Context,
  { sizeFloor = largeFrom, after = articleDay, dense = false }: ReleaseChoice = {},
): readonly Model[] {
  return models()
    .filter((m) => (dense || isMoe(m)) && m.confidence !== "low" && (m.totalParameters ?? 0) >= sizeFloor)
    .filter((m) => isKnown(m.released, knownBy) && m.released > after)
    .sort((a, b) => (a.released < b.released ? -1 : a.released > b.released ? 1 : 0));
}

/** Releases that a part computes with: the reader's model alone, else those of a choice; where none was out yet, the article's model. */
export function computedFor(context: Context, choice: ReleaseChoice = {}): readonly Model[] {
  const { model: asked } = context.asked;
  if (asked !== undefined) return [model(asked)];
  const since = releasesOf(context, choice);
  return since.length > 0 ? since : [model(context.scenario.model)];
}

/** A share of releases, each as heavy as any other, shown by year. */
export function overReleases(
  name: string,
  all: readonly Model[],
  quantity: (m: Model) => number,
  holds: (value: number) => boolean,
): Population {
  const members = all.map((m): Member => ({ value: quantity(m), weight: 1, group: m.released.slice(0, 4) }));
  return populationOf(name, members, holds);
}

/** How a population of releases is called: one model of the reader's, or the registry's. */
export function releasesName({ asked }: Context): string {
  return asked.model === undefined ? "releases of 100 billion parameters and more with experts" : model(asked.model).name;
}
