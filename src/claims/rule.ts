import type { Scenario } from "./scenario";
import type { Condition } from "./verdict";

/** How one claim is computed. Its words and thresholds are rows of data/claims.csv. */
export interface ClaimRule {
  readonly id: string;
  /** Names of what is not known exactly: fields of the scenario or rows of data/claim-parameters.csv. */
  readonly parameters: readonly string[];
  /** Machines or models to draw from, where not the usual ones. */
  readonly choices?: (knownBy: string) => Readonly<Record<string, readonly string[]>>;
  /** The quantity, in base units; NaN where what it needs was not known. */
  readonly value: (scenario: Scenario) => number;
  /** What else must hold, beside the quantity. */
  readonly conditions?: (scenario: Scenario) => readonly Condition[];
}
