import type { Outcome } from "./kinds";
import type { Population } from "./population";

/** One reading of a statement that can be meant in more ways than one, and its answer. */
export interface Reading {
  readonly name: string;
  readonly value: number;
  readonly probability?: number;
  readonly holds: boolean;
  readonly words: string;
  readonly found: string;
  readonly outcome: Outcome;
  readonly population?: Population;
}

/** What deciding a part gives. */
export interface Finding {
  /** NaN where nothing decides it yet. */
  readonly value: number;
  readonly probability?: number;
  /** Of a fact; of other kinds it follows from the probability. */
  readonly holds?: boolean;
  /** In words, with its numbers. */
  readonly found: string;
  readonly population?: Population;
  readonly readings?: readonly Reading[];
  /** False where what was asked for leaves the part nothing to speak of: a model in 4 bits, and a part on 8. */
  readonly applies?: false;
}

/** A fact: whether it holds, and the number that decides. */
export function fact(holds: boolean, value: number, found: string): Finding {
  return { value, holds, found };
}

/** Nothing decides it on the day asked for. */
export function notKnown(why: string): Finding {
  return { value: Number.NaN, found: why };
}

/** What was asked for leaves the part nothing to speak of; it counts for nothing. */
export function notApplicable(why: string): Finding {
  return { value: Number.NaN, found: why, applies: false };
}

/** A probability that a statement is true, with the middle of the quantity. */
export function credence(probability: number, value: number, found: string): Finding {
  return Number.isFinite(probability) ? { value, probability, found } : notKnown(found);
}

/** The share of a population, with the median of its quantity. */
export function prevalence(population: Population, found: string): Finding {
  if (population.count === 0) return notKnown(`no row of ${population.name} on that day`);
  return { value: population.median, probability: population.share, found, population };
}

/** One answer for each reading, never averaged. The value is the first reading's. */
export function definition(readings: readonly Reading[]): Finding {
  const known = readings.filter((r) => !Number.isNaN(r.value));
  if (known.length === 0) return notKnown("no reading can be decided on that day");
  const found = readings.map((r) => `${r.name}: ${r.found}`).join("; ");
  return { value: (readings[0] as Reading).value, found, readings };
}
