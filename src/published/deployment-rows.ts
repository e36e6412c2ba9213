import { at, number, oneOf, optionalNumber, optionalText, type Row, readRows, text } from "../data/rows";
import { cacheFormat, weightFormatNames } from "../machine/number-formats";

/** What a row of a deployment can be held against. */
export type DeploymentUse =
  /** A step in which requests decode and nothing else happens. */
  | "steady"
  /** The same with drafts that are verified, or at a batch that was derived. */
  | "derived"
  /** Prompts are taken in beside the requests that decode. */
  | "mixed"
  /** Not a step: a module's time, a rate with the batch not stated. */
  | "other";

/** One published point of a whole deployment: an engine that served a model on a group of GPUs. */
export interface DeploymentRow {
  readonly id: string;
  readonly source: string;
  /** Of the registry; absent where the model is not in it. */
  readonly model: string | undefined;
  readonly machine: string;
  /** Of one replica. */
  readonly gpus: number;
  readonly tensorParallel: number;
  readonly expertParallel: number;
  readonly dataParallel: number;
  /** How the source says that experts are split. */
  readonly split: string;
  /** Decoding at once on one replica, to the next whole number; absent where it is not known. */
  readonly requests: number | undefined;
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly contextTokens: number | undefined;
  readonly weightFormat: string;
  readonly cacheFormat: string | undefined;
  readonly kernel: string | undefined;
  readonly engine: string;
  readonly engineVersion: string;
  readonly date: string;
  /** Drafted for each request in a step. */
  readonly draftTokens: number;
  readonly tokensPerStep: number | undefined;
  readonly overlap: "none" | "two-micro-batches";
  /** Places for experts, where there are more of them than experts. */
  readonly expertSlots: number | undefined;
  readonly use: DeploymentUse;
  /** At most this share of a step is prompts'. */
  readonly prefillShare: number;
  readonly seconds: number | undefined;
  readonly firstTokenSeconds: number | undefined;
  readonly conditions: string;
}

/** The published deployments of data/measurements/end-to-end.csv, read once. */
export function deploymentRows(): readonly DeploymentRow[] {
  read ??= Object.freeze(readDeployments(readRows("measurements/end-to-end.csv")));
  return read;
}

let read: readonly DeploymentRow[] | undefined;

/**
 * Turn rows of end-to-end.csv into deployments.
 *
 * Degrees are brought into the form of a step's question: experts dealt out inside a tensor-parallel group have its degree where the
 * source counts none, and requests are those of one replica.
 *
 * @throws Error naming file, line and column.
 */
export function readDeployments(rows: readonly Row[]): readonly DeploymentRow[] {
  return rows.map((row) => {
    const gpus = number(row, "gpus");
    const split = optionalText(row, "moeSplit") ?? "";
    const each = optionalNumber(row, "requestsPerGpu");
    const conditions = optionalText(row, "conditions") ?? "";
    const kernel = optionalText(row, "kernel");
    const use = useOf(text(row, "usableForDecodeStep"), optionalText(row, "speculative") ?? "", number(row, "gpus"));
    return Object.freeze({
      id: text(row, "id"),
      source: text(row, "collection"),
      model: optionalText(row, "model"),
      machine: text(row, "machine"),
      gpus,
      tensorParallel: number(row, "tensorParallel"),
      expertParallel: expertRanks(split, number(row, "expertParallel"), number(row, "tensorParallel")),
      dataParallel: number(row, "dataParallel"),
      split,
      requests: each === undefined ? undefined : Math.max(1, Math.round(each * gpus)),
      inputTokens: optionalNumber(row, "inputTokens"),
      outputTokens: optionalNumber(row, "outputTokens"),
      contextTokens: optionalNumber(row, "contextTokens"),
      weightFormat: oneOf(row, "weightFormat", weightFormatNames),
      cacheFormat: cacheOf(row),
      kernel,
      engine: text(row, "engine"),
      engineVersion: optionalText(row, "engineVersion") ?? "",
      date: optionalText(row, "date") ?? "",
      draftTokens: Number(/^(?:MTP|EAGLE)(\d+)/.exec(optionalText(row, "speculative") ?? "")?.[1] ?? 0),
      tokensPerStep: optionalNumber(row, "tokensPerRequestPerStep"),
      overlap: conditions.includes("two micro-batches") ? "two-micro-batches" : "none",
      expertSlots: Number(/(\d+) expert slots/.exec(conditions)?.[1] ?? 0) || undefined,
      use,
      prefillShare: optionalNumber(row, "prefillShareUpperBound") ?? 0,
      seconds: milliseconds(row, "stepMs"),
      firstTokenSeconds: milliseconds(row, "ttftMs"),
      conditions,
    });
  });
}

function milliseconds(row: Row, column: string): number | undefined {
  const value = optionalNumber(row, column);
  if (value === undefined) return undefined;
  if (!(value > 0)) throw new Error(`${at(row)}: expected ${column} to be positive, got ${value}`);
  return value / 1000;
}

function useOf(words: string, speculative: string, gpus: number): DeploymentUse {
  if (words === "yes") return "steady";
  if (words.startsWith("no, mixed")) return "mixed";
  const isDrafted = /^MTP\d, accepted/.test(speculative);
  return isDrafted || words.startsWith("derived") || (words.includes("tensor parallelism over two nodes") && gpus > 8)
    ? "derived"
    : "other";
}

/** "EP2 x TP4 inside TP" says two ranks; "EP inside TP" as many as the group has GPUs where no number stands beside it. */
function expertRanks(split: string, stated: number, tensorParallel: number): number {
  const ranks = /^EP(\d+) x TP/.exec(split)?.[1];
  if (ranks !== undefined) return Number(ranks);
  return split === "EP inside TP" && stated === 1 ? tensorParallel : stated;
}

function cacheOf(row: Row): string | undefined {
  const stated = optionalText(row, "kvFormat");
  return stated === undefined || stated === "not stated" ? undefined : cacheFormat(stated);
}
