/** What a claim is judged under: a plain record. */
export interface Scenario {
  /** Id of a model and of a machine. */
  readonly model: string;
  readonly hardware: string;
  /** Of one expert-parallel group. */
  readonly tokensInFlight: number;
  readonly expertParallel: number;
  readonly weightFormat: string;
  readonly contextTokens: number;
  /** Only what was known on this day counts. */
  readonly knownBy: string;
  /** Values for intervals of data/claim-parameters.csv, by name; what is missing keeps its interval. */
  readonly assumptions?: Readonly<Record<string, number>>;
}

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
