/** How firmly the author says it: asserts, hedges ("even", "hopefully not"), asks, or takes back what he believed before. */
export type Stance = "asserts" | "hedges" | "asks" | "retracts";

/**
 * What kind of statement a part is.
 *
 * fact: checked, no probability. prevalence: the share of a named population. credence: the probability that it is true, its intervals
 * named. definition: one answer for each reading, never averaged.
 */
export type Kind = "fact" | "prevalence" | "credence" | "definition";

/** Grade of the evidence: A measured or counted independently, B by its makers, C second hand, D by the cost model only. */
export type Grade = "A" | "B" | "C" | "D";

/** What a part comes to. pending: nothing decides it yet, and its day has not passed. */
export type Outcome = "right" | "open" | "wrong" | "depends" | "pending";
