import { at, parseRows, type Row } from "../data/rows";
import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { decodeSeconds } from "../step/decode";
import type { StepQuestion } from "../step/question";
import { nearest } from "../text/nearest";
import type { MeasuredStep } from "./calibration";

/** A measured step out of a reader's table. */
export interface MeasuredRow extends MeasuredStep {
  readonly question: StepQuestion;
  /** Where it stands: file and line. */
  readonly where: string;
}

/** Names that a column may have, the first its own; letters alone count, in any case. */
const columns = {
  model: ["model", "model id", "model name"],
  machine: ["machine", "hardware", "gpu", "device", "gpu type"],
  requests: ["requests", "batch", "batch size", "concurrency", "requests in flight"],
  context: ["context", "context tokens", "context length", "past tokens", "seq len", "sequence length"],
  tp: ["tp", "tensor parallel", "tensor parallel size", "tp size"],
  dp: ["dp", "data parallel", "data parallel size", "dp size"],
  ep: ["ep", "expert parallel", "expert parallel size", "ep size"],
  engine: ["engine", "framework", "backend", "server"],
  format: ["format", "weight format", "weights", "quantization"],
  cache: ["cache", "cache format", "kv format", "kv cache dtype"],
  kernel: ["kernel", "expert kernel"],
  drafts: ["drafts", "draft tokens", "speculative tokens"],
  milliseconds: ["milliseconds", "ms", "step ms", "tpot ms", "itl ms", "latency ms", "tpot", "itl"],
  seconds: ["seconds", "s", "step seconds", "latency s"],
} as const;

type Column = keyof typeof columns;

/** Each is computed as it is read. */
const mostRows = 2000;

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const needed = ["model", "machine", "requests", "context"] as const satisfies readonly Column[];
const names = Object.keys(columns) as readonly Column[];

/** A table such as readStepCsv reads, made up to be overwritten. */
export const exampleStepCsv = `# One decode step a line: the median time between two tokens of a request, with no prompts taken in meanwhile.
# requests: of the whole replica of tp x dp GPUs. context: tokens in each request's cache. The times are made up.
model,machine,requests,context,tp,dp,ep,engine,milliseconds
deepseek-v3,h200-sxm,1,2048,8,1,1,vLLM,12.4
deepseek-v3,h200-sxm,8,2048,8,1,1,vLLM,17.9
deepseek-v3,h200-sxm,32,2048,8,1,1,vLLM,30.0
deepseek-v3,h200-sxm,64,2048,8,1,1,vLLM,37.2
deepseek-v3,h200-sxm,64,8192,8,1,1,vLLM,44.1
deepseek-v3,h200-sxm,128,2048,8,1,8,vLLM,40.3
`;

/**
 * Read measured decode steps from a table: a line each, columns model, machine, requests, context, milliseconds, and as far as they are
 * known tp, dp, ep, engine, format, cache, kernel, drafts. Columns may have other usual names (batch size, gpu, tpot ms); those that
 * are not known are left alone. An empty cell stands for what decodeStep takes by itself.
 *
 * @param file - its name, for messages.
 * @throws Error naming file, line and column of a cell that cannot be used, with the nearest names; file and column of a column that is missing.
 * @example readStepCsv(exampleStepCsv).length // 6
 */
export function readStepCsv(text: string, file = "steps.csv"): readonly MeasuredRow[] {
  const rows = parseRows(file, text.replace(/^\uFEFF/, ""));
  const first = rows[0];
  if (rows.length > mostRows) throw new Error(`${file}: expected at most ${mostRows} measured steps, got ${rows.length}`);
  if (first === undefined) throw new Error(`${file}: expected a line of names and measured steps below it, got none`);
  const found = headsOf(file, Object.keys(first.cells));
  return rows.map((row) => rowOf(row, found));
}

type Heads = Readonly<Partial<Record<Column, string>>>;

function headsOf(file: string, heads: readonly string[]): Heads {
  const found: Partial<Record<Column, string>> = {};
  for (const head of heads) {
    const column = names.find((name) => columns[name].some((one) => plain(one) === plain(head)));
    if (column === undefined) continue;
    const other = found[column];
    if (other !== undefined) throw new Error(`${file}: columns "${other}" and "${head}" both stand for ${column}; leave one out`);
    found[column] = head;
  }
  const missing = needed.find((column) => found[column] === undefined);
  if (missing !== undefined) throw missingColumn(file, missing, heads);
  if (found.milliseconds === undefined && found.seconds === undefined) throw missingColumn(file, "milliseconds", heads);
  if (found.milliseconds !== undefined && found.seconds !== undefined)
    throw new Error(`${file}: columns "${found.milliseconds}" and "${found.seconds}" are both times of a step; leave one out`);
  return found;
}

function missingColumn(file: string, column: Column, heads: readonly string[]): Error {
  const [near] = nearest(column, heads, 1);
  const hint = near === undefined ? "" : `; nearest of those there: "${near.slice(0, 40)}"`;
  return new Error(`${file}: expected a column "${column}" (or ${columns[column].slice(1, 4).join(", ")})${hint}`);
}

function rowOf(row: Row, heads: Heads): MeasuredRow {
  const cell = (column: Column): string => {
    const head = heads[column];
    return head === undefined ? "" : (row.cells[head] ?? "").trim();
  };
  const refused = (column: Column, expected: string) =>
    new Error(`${at(row)}: expected ${expected} for ${heads[column] ?? column}, got "${cell(column).slice(0, 40)}"`);
  const count = (column: Column, least: number): number => {
    const value = Number(cell(column));
    if (cell(column) !== "" && Number.isSafeInteger(value) && value >= least) return value;
    throw refused(column, `a whole number from ${least}`);
  };
  const optional = (column: Column, field: keyof StepQuestion) => (cell(column) === "" ? {} : { [field]: cell(column) });
  const optionalCount = (column: Column, field: keyof StepQuestion, least = 1) =>
    cell(column) === "" ? {} : { [field]: count(column, least) };
  const timeColumn = heads.milliseconds === undefined ? "seconds" : "milliseconds";
  const time = Number(cell(timeColumn));
  if (!(cell(timeColumn) !== "" && Number.isFinite(time) && time > 0)) throw refused(timeColumn, "a time above 0");
  try {
    const question: StepQuestion = {
      model: model(cell("model")),
      hardware: hardware(cell("machine")),
      requests: count("requests", 1),
      contextTokens: count("context", 1),
      ...optionalCount("tp", "tensorParallel"),
      ...optionalCount("dp", "dataParallel"),
      ...optionalCount("ep", "expertParallel"),
      ...optionalCount("drafts", "draftTokens", 0),
      ...optional("engine", "engine"),
      ...optional("format", "weightFormat"),
      ...optional("cache", "cacheFormat"),
      ...optional("kernel", "kernel"),
    };
    decodeSeconds(question);
    return { question, seconds: timeColumn === "seconds" ? time : time / 1000, where: at(row) };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(message.startsWith(at(row)) ? message : `${at(row)}: ${message}`);
  }
}
