import { readDataFile } from "../data/files";
import { lookedUp, number, oneOf, optionalText, readRows, text } from "../data/rows";
import { measuredKernels } from "../kernels/families";
import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { type MoeMeasurement, moeMeasurements, setAside } from "../published/layer-times";
import { decodeStep } from "../step/decode";
import { type PrefillStep, prefillStep } from "../step/prefill";
import { byFamily, type StatedError, tokenCounts } from "./fit-all";
import { readStatedErrors } from "./fit-tables";
import { configurationOf, interpolateRow, isEven, isFitted, predictRow } from "./judge";

/** What a measured row was to the fit. */
export type RowPart = "fitted" | "tokens left out" | "power law" | "set aside";

/** A measured layer time beside what the model says of it. */
export interface JudgedRow {
  readonly row: MoeMeasurement;
  /** Kernel, format and generation. */
  readonly family: string;
  readonly part: RowPart;
  readonly seconds: number;
  readonly floorSeconds: number;
  /** From measured rows of the same configuration at the token counts fitted; absent outside their range. */
  readonly interpolatedSeconds: number | undefined;
}

/**
 * Every measured layer time with its prediction by the committed constants, judged once.
 *
 * Takes a second or two: 37,000 rows, of which those with power-law routing draw their experts anew.
 *
 * @example judgedRows().filter(({ part }) => part === "set aside").length
 */
export function judgedRows(): readonly JudgedRow[] {
  judged ??= Object.freeze(judgeRows());
  return judged;
}

let judged: readonly JudgedRow[] | undefined;

function judgeRows(): readonly JudgedRow[] {
  const aside = setAside();
  return byFamily(moeMeasurements(), hardware).flatMap(([family, rows]) => {
    const constants = measuredKernels().find((k) => k.from === family && k.fitted === "here");
    if (constants === undefined) return [];
    const counts = tokenCounts(rows);
    const known = new Map<string, MoeMeasurement[]>();
    for (const row of rows.filter((r) => isFitted(r.tokens, counts))) {
      const configuration = configurationOf(row);
      const before = known.get(configuration);
      if (before === undefined) known.set(configuration, [row]);
      else before.push(row);
    }
    return rows.map((row): JudgedRow => {
      const { seconds, floorSeconds } = predictRow(row, constants, hardware(row.hardware));
      const part = aside.some((a) => a.matches(row))
        ? "set aside"
        : isFitted(row.tokens, counts)
          ? "fitted"
          : isEven(row)
            ? "tokens left out"
            : "power law";
      const interpolatedSeconds = part === "tokens left out" ? interpolateRow(row, known.get(configurationOf(row)) ?? []) : undefined;
      return { row, family, part, seconds, floorSeconds, interpolatedSeconds };
    });
  });
}

/** |predicted / measured - 1| of a judged row. */
export function relativeError({ seconds, row }: JudgedRow): number {
  return Math.abs(seconds / row.seconds - 1);
}

/**
 * The errors stated in data/fit-errors.csv, as `npm run fit` wrote them.
 *
 * @example statedErrors().find(({ family }) => family === "all")
 */
export function statedErrors(): readonly StatedError[] {
  stated ??= readStatedErrors(readDataFile("fit-errors.csv"));
  return stated;
}

let stated: readonly StatedError[] | undefined;

/** The errors stated in data/links-errors.csv for dense products, attention and links. */
export interface LinkError {
  readonly family: string;
  readonly heldRows: number;
  /** Of rows held out, as ratios. */
  readonly heldMedian: number;
  readonly heldP90: number;
  /** Of all rows, by the plain lower bound. */
  readonly baselineMedian: number;
  readonly heldOut: string;
}

/**
 * Errors of the links' and dense kernels' constants on rows left out of the fit, as shares of the measured time.
 *
 * @throws Error naming file and line of a broken row.
 * @example linkErrors().map(({ family, heldMedian }) => [family, heldMedian])
 */
export function linkErrors(): readonly LinkError[] {
  return readRows("links-errors.csv").map((row) => ({
    family: text(row, "family"),
    heldRows: number(row, "heldRows"),
    heldMedian: number(row, "heldMedian") / 100,
    heldP90: number(row, "heldP90") / 100,
    baselineMedian: number(row, "baselineMedian") / 100,
    heldOut: text(row, "heldOut"),
  }));
}

/** A decode throughput of DeepSeek-V3 that was measured, or that another model predicts, beside ours. */
export interface DecodeComparison {
  readonly who: string;
  readonly kind: "measured" | "model";
  readonly machine: string;
  readonly expertParallel: number;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly overlap: "none" | "two-micro-batches";
  readonly tokensPerSecondPerGpu: number;
  /** What decodeStep gives for the same set-up. */
  readonly ours: number;
  readonly note: string;
}

/**
 * Published decode figures of DeepSeek-V3, what other public models say, and what this one says.
 *
 * @throws Error naming file and line of a row that no step can be computed for.
 * @example decodeComparisons().map(({ who, kind }) => [who, kind])
 */
export function decodeComparisons(): readonly DecodeComparison[] {
  return readRows("measurements/decode-deepseek-v3.csv").map((row) => {
    const machine = text(row, "machine");
    const [expertParallel, requestsPerGpu, contextTokens] = [
      number(row, "expertParallel"),
      number(row, "requestsPerGpu"),
      number(row, "contextTokens"),
    ];
    const overlap = oneOf(row, "overlap", ["none", "two-micro-batches"]);
    const set = { model: model("deepseek-v3"), requestsPerGpu, contextTokens, expertParallel, overlap };
    const step = lookedUp(row, "machine", (id) => decodeStep({ ...set, hardware: hardware(id) }));
    return {
      who: text(row, "who"),
      kind: oneOf(row, "kind", ["measured", "model"]),
      machine,
      expertParallel,
      requestsPerGpu,
      contextTokens,
      overlap,
      tokensPerSecondPerGpu: number(row, "tokensPerSecondPerGpu"),
      ours: step.tokensPerSecondPerGpu,
      note: optionalText(row, "note") ?? "",
    };
  });
}

/** A prefill throughput of DeepSeek-V3 that was measured, or that another model predicts, beside ours. */
export interface PrefillComparison extends Omit<DecodeComparison, "requestsPerGpu" | "contextTokens"> {
  readonly promptsPerGpu: number;
  readonly promptTokens: number;
  /** Seconds of the step, ours, and its band. */
  readonly step: Pick<PrefillStep, "seconds" | "errorBand">;
}

/**
 * Published prefill figures of DeepSeek-V3, what another public model says, and what this one says of the same set-up.
 *
 * @throws Error naming file and line of a row that no step can be computed for.
 * @example prefillComparisons().map(({ who, kind }) => [who, kind])
 */
export function prefillComparisons(): readonly PrefillComparison[] {
  return readRows("measurements/prefill-deepseek-v3.csv").map((row) => {
    const [expertParallel, promptsPerGpu, promptTokens] = ["expertParallel", "promptsPerGpu", "promptTokens"].map((column) =>
      number(row, column),
    ) as [number, number, number];
    const overlap = oneOf(row, "overlap", ["none", "two-micro-batches"]);
    const place = { expertParallel, dataParallel: expertParallel, requests: promptsPerGpu * expertParallel };
    const step = lookedUp(row, "machine", (id) =>
      prefillStep({ ...place, model: model("deepseek-v3"), hardware: hardware(id), promptTokens, overlap }),
    );
    return {
      who: text(row, "who"),
      kind: oneOf(row, "kind", ["measured", "model"]),
      machine: text(row, "machine"),
      expertParallel,
      promptsPerGpu,
      promptTokens,
      overlap,
      tokensPerSecondPerGpu: number(row, "tokensPerSecondPerGpu"),
      ours: step.tokensPerSecondPerGpu,
      step,
      note: optionalText(row, "note") ?? "",
    };
  });
}

/** A row whose prediction is far off, and the reason that the rows around it suggest. */
export interface WorstRow extends JudgedRow {
  readonly predictedOverMeasured: number;
  readonly reason: string;
}

/**
 * The rows not fitted whose prediction is furthest off, by ratio, with a reason found in the data.
 *
 * "all on the timed rank": skewed routing of so few tokens that one drawing can put all their experts on one rank, where the
 * model takes the mean of many drawings. "a spike": over twice the median of the same configuration at token counts within a
 * factor of four. Else "not explained".
 *
 * @example worstRows(judgedRows(), 3).map(({ reason }) => reason)
 */
export function worstRows(rows: readonly JudgedRow[], count = 10): readonly WorstRow[] {
  const held = rows.filter((r) => r.part === "tokens left out" || r.part === "power law");
  const far = held
    .map((r) => ({ r, distance: distance(r) }))
    .sort((a, b) => b.distance - a.distance)
    .slice(0, count);
  return far.map(({ r }) => ({ ...r, predictedOverMeasured: r.seconds / r.row.seconds, reason: reasonOf(r, rows) }));
}

function distance({ seconds, row }: JudgedRow): number {
  return Math.abs(Math.log(seconds / row.seconds));
}

function reasonOf(r: JudgedRow, rows: readonly JudgedRow[]): string {
  const { row } = r;
  const local = row.shape.routedExperts / row.expertParallel;
  if (r.part === "power law" && row.expertParallel > 1 && row.tokens * row.shape.expertsPerToken <= 4 * local)
    return "all on the timed rank";
  const configuration = configurationOf(row);
  // The family first: of 37,000 rows few are of it, and their configurations alone are compared.
  const near = rows.filter(
    (o) =>
      o.family === r.family &&
      o.row.tokens >= row.tokens / 4 &&
      o.row.tokens <= row.tokens * 4 &&
      o !== r &&
      configurationOf(o.row) === configuration,
  );
  const times = near.map((o) => o.row.seconds).sort((a, b) => a - b);
  return row.seconds > 2 * (times[Math.floor(times.length / 2)] ?? Number.POSITIVE_INFINITY) ? "a spike" : "not explained";
}
