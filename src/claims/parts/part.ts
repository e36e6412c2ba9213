import type { Evidence } from "../evidence";
import type { Context } from "./context";
import type { Finding, Reading } from "./finding";
import type { Grade, Kind, Outcome, Stance } from "./kinds";
import type { Population } from "./population";

/** Bounds of a quantity, and why they lie there. */
export interface Threshold {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly reason: string;
}

/** One predicate of a claim: its words, as a rule file states them. */
export interface PartText {
  /** Of the claim, then a word: 0a.decode. */
  readonly id: string;
  readonly statement: string;
  readonly stance: Stance;
  /** The regime, tier or class of deployment that it speaks of. */
  readonly scope: string;
  readonly kind: Kind;
  readonly quantity: string;
  readonly unit: string;
  readonly threshold: Threshold;
  /** Day by which it should show; the day of the article for what a datasheet decides. */
  readonly by: string;
  /** How much of the claim it is, 1 to 3; 0 for a finding of ours that the author does not claim and that no verdict counts. */
  readonly stress: 0 | 1 | 2 | 3;
  /** Grade where the cost model or a count decides; else that of the best row of evidence. */
  readonly grade?: Grade;
}

/** A part with the code that decides it, and the few words that it adds to a headline. */
export interface PartRule extends PartText {
  readonly judge: (context: Context) => Finding;
  /** At most twelve words, true for what was found. */
  readonly say: (part: Part) => string;
}

/** A part, judged. */
export interface Part extends PartText {
  /** The quantity, in base units: of a population its median. NaN where nothing decides it yet. */
  readonly value: number;
  /** Share of the population, or probability that it is true; none for facts and definitions. */
  readonly probability?: number;
  /** The IPCC's word for the probability; of a fact whether it holds. */
  readonly words: string;
  readonly grade: Grade;
  /** Whether it is more likely true than not; of a definition, under every reading. */
  readonly holds: boolean;
  readonly outcome: Outcome;
  readonly found: string;
  readonly evidence: readonly Evidence[];
  readonly population?: Population;
  readonly readings?: readonly Reading[];
}

/** How one claim is decided. Its words are a row of data/claims.csv. */
export interface ClaimRule {
  readonly id: string;
  readonly parts: readonly PartRule[];
}
