import { isMoe, type Model } from "../model/model";
import { models } from "../model/registry";
import { isKnown } from "./known-by";

/** The largest model with experts that a laboratory had out on a day, dimensions read; of two alike the older. */
export function largestMixture(organization: string, day: string): Model | undefined {
  return flagships(organization, day).at(-1);
}

/**
 * A laboratory's flagships up to a day, each larger than all before it, the oldest first.
 *
 * A later release that keeps its base (R1 of V3) is no larger and so no flagship.
 */
export function flagships(organization: string, day: string): readonly Model[] {
  const own = models()
    .filter((m) => m.organization === organization && isMoe(m) && m.confidence !== "low" && isKnown(m.released, day))
    .sort((a, b) => (a.released < b.released ? -1 : a.released > b.released ? 1 : 0));
  const largest: Model[] = [];
  for (const m of own) if ((m.totalParameters ?? 0) > (largest.at(-1)?.totalParameters ?? 0)) largest.push(m);
  return largest;
}

/** Laboratories with a model of experts in the registry by a day. */
export function laboratories(day: string): readonly string[] {
  return [
    ...new Set(
      models()
        .filter((m) => isMoe(m) && isKnown(m.released, day))
        .map((m) => m.organization),
    ),
  ].sort();
}

/** One flagship beside the one before it. */
export interface Flagship {
  readonly laboratory: string;
  readonly model: string;
  readonly released: string;
  readonly experts: number;
  readonly width: number;
  /** Width over the hidden size: how thin an expert is. */
  readonly relativeWidth: number;
  readonly layers: number;
  /** Experts that a token goes through one after the other and side by side: chosen ones of a layer, times the layers with experts. */
  readonly visits: number;
  /** What became of number and width of experts since the flagship before; empty for the first. */
  readonly change: string;
}

/**
 * Flagships of all laboratories up to a day, laboratory by laboratory, the oldest first: did they go on to more and smaller experts?
 *
 * @example flagshipSteps(newestDay())
 */
export function flagshipSteps(day: string): readonly Flagship[] {
  return laboratories(day).flatMap((laboratory) => {
    const own = flagships(laboratory, day);
    return own.map((m, i) => ({
      laboratory,
      model: m.name,
      released: m.released,
      experts: m.routedExperts,
      width: m.moeIntermediateSize,
      relativeWidth: m.moeIntermediateSize / m.hiddenSize,
      layers: m.layers,
      visits: m.expertsPerToken * m.moeLayers,
      change: i === 0 ? "" : changed(own[i - 1] as Model, m),
    }));
  });
}

function changed(before: Model, after: Model): string {
  const word = (a: number, b: number, more: string, less: string, same: string) => (b > a ? more : b < a ? less : same);
  const experts = word(before.routedExperts, after.routedExperts, "more", "fewer", "as many");
  return `${experts}, ${word(before.moeIntermediateSize, after.moeIntermediateSize, "wider", "narrower", "as wide")}`;
}
