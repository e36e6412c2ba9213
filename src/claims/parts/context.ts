import type { Scenario } from "../scenario";

/** Under what a part is judged. */
export interface Context {
  /** Only what was known on this day counts. */
  readonly knownBy: string;
  /** What the reader fixed: it takes the place of the rows' own. */
  readonly asked: Partial<Omit<Scenario, "knownBy">>;
  /** The same, filled up with what stands for a typical set-up on that day. */
  readonly scenario: Scenario;
  readonly draws: number;
  readonly seed: number;
}
