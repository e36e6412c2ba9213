import { number, oneOf, optionalNumber, optionalText, type Row, readRows, text } from "../data/rows";

/** Where a set-up runs: a network cluster, a rack for throughput or for latency, one node, or a training run. */
export type DeploymentClass = (typeof classes)[number];

/** The classes of set-ups, in the order in which they are shown. */
const classes = ["ib-cluster", "rack-throughput", "rack-latency", "one-node", "training"] as const;

const classWords: Readonly<Record<string, string>> = {
  "ib-cluster": "several nodes on a network",
  "rack-throughput": "one rack, attention dealt over its GPUs",
  "rack-latency": "one rack, attention cut over its GPUs",
  "one-node": "one node",
  training: "training",
} satisfies Record<DeploymentClass, string>;

/**
 * A class of set-ups in words; a name that is none of them (a year, a machine, a laboratory) stands as it is.
 *
 * @example setUpClassWords("ib-cluster") // "several nodes on a network"
 */
export function setUpClassWords(name: string): string {
  return classWords[name] ?? name;
}

/** What it does: decode or prefill by themselves, both on the same GPUs, or training. */
export type DeploymentPhase = (typeof phases)[number];

/** The phases of set-ups. */
const phases = ["decode", "prefill", "mixed", "training"] as const;

/** One published layout of a model on machines: a row of data/deployments.csv. Counts that are not stated are absent. */
export interface SetUp {
  readonly id: string;
  /** Id of the registry; absent for a model that is in none. */
  readonly model?: string;
  readonly machine: string;
  readonly phase: DeploymentPhase;
  readonly group: DeploymentClass;
  readonly gpus?: number;
  readonly tensorParallel?: number;
  readonly expertParallel?: number;
  readonly requestsPerGpu?: number;
  readonly contextTokens?: number;
  readonly draftTokens?: number;
  /** Rows of a routed expert in one call of a layer, on average; of a sweep its largest point, and its smallest. */
  readonly tokensPerExpert?: number;
  readonly leastTokensPerExpert?: number;
  /** In the words of its source, as are the two formats. */
  readonly engine?: string;
  readonly weightFormat?: string;
  readonly cacheFormat?: string;
  /** Day, month or year. */
  readonly date: string;
  readonly kind: string;
  /** Rows of one family (a benchmark and its sweeps) share a vote. */
  readonly family: string;
  readonly weight: number;
  readonly confidence: "high" | "medium" | "low";
}

/**
 * Published serving and training set-ups, in the order of the file.
 *
 * A population of publications: recipes and benchmarks are what is published, not what is run most, and closed laboratories are absent.
 */
export function publishedSetUps(): readonly SetUp[] {
  read ??= readSetUps(readRows("deployments.csv"));
  return read;
}

let read: readonly SetUp[] | undefined;

/**
 * Turn rows of data/deployments.csv into set-ups.
 *
 * @throws Error naming file and line for a cell that is missing or not of its kind, and for an id that stands twice.
 */
export function readSetUps(rows: readonly Row[]): readonly SetUp[] {
  const seen = new Set<string>();
  return Object.freeze(
    rows.map((row) => {
      const id = text(row, "id");
      if (seen.has(id)) throw new Error(`${row.file}:${row.line}: the set-up "${id}" stands twice`);
      seen.add(id);
      return Object.freeze({
        id,
        ...words(row, "model"),
        machine: text(row, "machine"),
        phase: oneOf(row, "phase", phases),
        group: oneOf(row, "class", classes),
        ...count(row, "gpus"),
        ...count(row, "tensorParallel"),
        ...count(row, "expertParallel"),
        ...count(row, "requestsPerGpu"),
        ...count(row, "contextTokens"),
        ...count(row, "draftTokens"),
        ...count(row, "tokensPerExpertPerCall", "tokensPerExpert"),
        ...count(row, "tokensPerExpertPerCallLow", "leastTokensPerExpert"),
        ...words(row, "engine"),
        ...words(row, "weightFormat"),
        ...words(row, "cacheFormat"),
        date: text(row, "date"),
        kind: text(row, "kind"),
        family: text(row, "family"),
        weight: number(row, "weight"),
        confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
      });
    }),
  );
}

function count<N extends string>(row: Row, column: string, name = column as N): Partial<Record<N, number>> {
  const value = optionalNumber(row, column);
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<N, number>>);
}

function words<N extends string>(row: Row, column: N): Partial<Record<N, string>> {
  const value = optionalText(row, column);
  return value === undefined ? {} : ({ [column]: value } as Partial<Record<N, string>>);
}
