/** What of a decode step is stretched by a factor of its own. */
export type CalibratedPart = "products" | "attention" | "exchange" | "between";

/** All parts, in the order in which they are told. */
export const calibratedParts = ["products", "attention", "exchange", "between"] as const satisfies readonly CalibratedPart[];

/** What a calibration fits: a factor for each part, and one for growth with the batch. */
export type CalibratedName = CalibratedPart | "growth";

/** All of them, in the order in which they are told. */
export const calibratedNames = [...calibratedParts, "growth"] as const satisfies readonly CalibratedName[];

/**
 * A factor for the time of each part, and `growth`: one on the whole step for each doubling of the requests of an attention group from 16,
 * which is scheduling and whatever else grows with the batch otherwise than the model has it. 1 leaves all as it is.
 */
export type StepFactors = Readonly<Record<CalibratedName, number>>;

/** The model as it is. */
export const noFactors: StepFactors = Object.freeze({ products: 1, attention: 1, exchange: 1, between: 1, growth: 1 });

/** A factor lies between these: further off, something else is wrong. */
export const factorRange = { least: 0.1, most: 10 } as const;
