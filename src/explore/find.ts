/** What deployments are looked for, and what is asked of them. 0 for a limit or a price that is not set. */
export interface Find {
  readonly gpusFrom: number;
  readonly gpusTo: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Between two tokens of a request, at the most. */
  readonly tokenMilliseconds: number;
  readonly firstTokenSeconds: number;
  readonly freePercent: number;
  /** Up to so many drafts are tried. */
  readonly drafts: number;
  readonly dollarsPerHour: number;
  /** 1 where the scenario is the best deployment within the limits, whatever else changes. */
  readonly best: number;
}

/** The prompt and answer in whose middle the first scenario's 4,096 tokens stand. */
export const firstFind: Find = {
  gpusFrom: 8,
  gpusTo: 64,
  inputTokens: 3584,
  outputTokens: 1024,
  tokenMilliseconds: 100,
  firstTokenSeconds: 0,
  freePercent: 10,
  drafts: 0,
  dollarsPerHour: 0,
  best: 0,
};

/** Parts of the address, and the field that each stands for. */
export const findParts = {
  "find.from": "gpusFrom",
  "find.to": "gpusTo",
  "find.in": "inputTokens",
  "find.out": "outputTokens",
  "find.ms": "tokenMilliseconds",
  "find.first": "firstTokenSeconds",
  "find.free": "freePercent",
  "find.drafts": "drafts",
  "find.price": "dollarsPerHour",
  best: "best",
} as const satisfies Record<string, keyof Find>;

/** The least and the most that the page takes. */
export const mostFind: Readonly<Record<keyof Find, readonly [number, number]>> = {
  gpusFrom: [1, 1024],
  gpusTo: [1, 1024],
  inputTokens: [1, 2 ** 22],
  outputTokens: [1, 2 ** 20],
  tokenMilliseconds: [0, 100_000],
  firstTokenSeconds: [0, 100_000],
  freePercent: [0, 90],
  drafts: [0, 4],
  dollarsPerHour: [0, 10_000],
  best: [0, 1],
};

/** Fields that are whole numbers. */
export const wholeFields: readonly (keyof Find)[] = ["gpusFrom", "gpusTo", "inputTokens", "outputTokens", "drafts"];
