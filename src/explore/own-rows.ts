import { fewestRows, stepInParts } from "../fit/calibration";
import {
  type Calibration,
  calibrate,
  calibratedNames,
  decodeStep,
  formatCount,
  formatNumber,
  hardware,
  type LeftOutRow,
  type MeasuredRow,
  noFactors,
  readStepRows,
  type StepFactors,
  type TimeUnit,
} from "../index";
import { quantile } from "../statistics";
import { engineOf } from "../step/engine";
import { withFactors } from "../step/stretched";
import { separatedCell } from "../text/separated";
import { engineNames } from "./answer-notes";
import { largestFile } from "./own";
import { type RowsCalibration, rounded } from "./rows-calibration";
import type { Setup } from "./setup";

/** What became of a reader's table. */
export interface OwnRows {
  /** What the page takes on; absent where it is not to be, for the trouble. */
  readonly record?: RowsCalibration;
  readonly trouble?: string;
  /** Of the rows used, in their order. */
  readonly calibration?: Calibration;
  readonly used: readonly MeasuredRow[];
  readonly leftOut: readonly LeftOutRow[];
}

/** Times further off than this in the median are in another unit, or of something else. */
const farOff = 30;

/**
 * The factors that a table of measured steps gives the model for one machine and engine: those that most of its rows are of.
 *
 * Nothing is taken on where fewer than four rows can be used, where times are so far off that their unit must be another, and where
 * rows left out are predicted no better than before.
 *
 * @param unit - of a column of times whose name says none.
 * @throws Error for a table that cannot be read at all: empty, without a column that is needed, or too large.
 */
export function calibrateRows(text: string, file: string, unit: TimeUnit): OwnRows {
  if (text.length > largestFile)
    throw new RangeError(`expected a table of at most ${formatCount(largestFile)} letters, got ${formatCount(text.length)}`);
  const read = readStepRows(text, file, { unit });
  const { used, others } = largestGroup(read.rows);
  const leftOut = [...read.leftOut, ...others];
  if (used.length < fewestRows) {
    const trouble = `${used.length === 0 ? "No row" : `Only ${used.length} row${used.length > 1 ? "s" : ""}`} can be used and at least ${fewestRows} are needed; 20 are good.`;
    return { trouble, used, leftOut };
  }
  const calibration = calibrate(used);
  const ratios = calibration.rows.map(({ measured, predicted }) => measured / predicted).sort((a, b) => a - b);
  const off = quantile(ratios, 0.5);
  if (off > farOff || off < 1 / farOff) {
    const times = off > 1 ? `${formatNumber(off)} times as long as` : `${formatNumber(1 / off)} times shorter than`;
    return { trouble: `The times are ${times} the model’s in the median: are they in the unit that was said?`, used, leftOut };
  }
  const { errorBefore, errorAfter, factors } = calibration;
  if (errorAfter >= errorBefore) {
    const percent = (share: number) => `${formatNumber(share * 100)} %`;
    const trouble = `The model is left as it is: it is off by ${percent(errorBefore)} in the median, and with factors by ${percent(errorAfter)} on rows left out, so they do not help.`;
    return { trouble, calibration, used, leftOut };
  }
  const first = used[0] as MeasuredRow;
  const record: RowsCalibration = {
    machine: first.question.hardware.id,
    engine: engineOfRow(first),
    rows: used.length,
    before: rounded(errorBefore),
    after: rounded(errorAfter),
    factors: Object.fromEntries(
      calibratedNames.map((name) => [name, rounded(factors[name])] as const).filter(([, factor]) => factor !== 1),
    ),
  };
  return { record, calibration, used, leftOut };
}

function engineOfRow({ question }: MeasuredRow) {
  return engineOf(question.engine, question.hardware);
}

/** Rows of the machine and engine that most are of; the others, each with the reason. */
function largestGroup(rows: readonly MeasuredRow[]): { readonly used: readonly MeasuredRow[]; readonly others: readonly LeftOutRow[] } {
  const groups = new Map<string, MeasuredRow[]>();
  const nameOf = (row: MeasuredRow) => `${row.question.hardware.name} with ${engineNames[engineOfRow(row)]}`;
  for (const row of rows) groups.set(nameOf(row), [...(groups.get(nameOf(row)) ?? []), row]);
  const [[name, used] = ["", []]] = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const others = rows.filter((row) => !used.includes(row));
  return {
    used,
    others: others.map((row) => ({
      where: row.where,
      reason: `of ${nameOf(row)}; the factors are those of ${name}, of which there are more rows`,
    })),
  };
}

/** Seconds of a row, or of one like it, as the page computes them with factors. */
export function rowSeconds({ question, part }: Pick<MeasuredRow, "question" | "part">, factors: Partial<StepFactors>): number {
  return withFactors(stepInParts(question, decodeStep(question), part), { ...noFactors, ...factors });
}

const columns = ["model", "machine", "requests", "context", "tp", "dp", "ep", "engine", "format", "part", "milliseconds"];

/** A table to be filled in: the scenario's split at several batches and two contexts, without times. */
export function exampleRows({
  choice,
  engine,
  tokensInFlight,
  dataParallel,
  tensorParallel,
  expertParallel,
  contextTokens,
}: Setup): string {
  const batches = [16, 8, 4, 2, 1].map((less) => Math.max(1, Math.round(tokensInFlight / dataParallel / less)) * dataParallel);
  const contexts = [contextTokens, Math.max(1, Math.round(contextTokens / 4))];
  const rows = [...new Set(batches)].flatMap((requests) =>
    contexts.map((context) => [
      ...[choice.model, hardware(choice.machine).id, requests, context, tensorParallel, dataParallel, expertParallel],
      ...[engine, choice.weightFormat, "", ""],
    ]),
  );
  return [
    "# One decode step a line: fill in the median time between two tokens of a request, with no prompts taken in meanwhile.",
    "# requests: of the whole replica of tp x dp GPUs. context: tokens in each request's cache. part: empty for a whole step;",
    "# for a sum out of a profiler what it is of: experts, attention, exchange, products, between. Four rows are needed, 20 are good.",
    columns.join(","),
    ...rows.map((cells) => cells.map(separatedCell).join(",")),
    "",
  ].join("\n");
}
