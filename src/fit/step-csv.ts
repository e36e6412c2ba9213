import { at, parseRows, type Row } from "../data/rows";
import { hardware, machines } from "../machine/hardware";
import { calibratedParts } from "../machine/step-factors";
import { model, models } from "../model/registry";
import { decodeSeconds, decodeStep } from "../step/decode";
import { memoryFootprint } from "../step/memory-footprint";
import type { StepQuestion } from "../step/question";
import { nearest } from "../text/nearest";
import { formatBytes, formatNumber } from "../text/numbers";
import { type MeasuredPart, type MeasuredStep, stepInParts } from "./calibration";

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
  requests: ["requests", "batch", "batch size", "concurrency", "max concurrency", "requests in flight"],
  context: ["context", "context tokens", "context length", "past tokens", "seq len", "sequence length"],
  tp: ["tp", "tensor parallel", "tensor parallel size", "tp size"],
  dp: ["dp", "data parallel", "data parallel size", "dp size"],
  ep: ["ep", "expert parallel", "expert parallel size", "ep size"],
  engine: ["engine", "framework", "backend", "server"],
  format: ["format", "weight format", "weights", "quantization"],
  cache: ["cache", "cache format", "kv format", "kv cache dtype"],
  kernel: ["kernel", "expert kernel"],
  drafts: ["drafts", "draft tokens", "speculative tokens"],
  part: ["part", "task", "kernel class", "stage"],
  layers: ["layers", "layers timed", "calls"],
  microseconds: ["microseconds", "us", "µs", "step us", "time us", "latency us"],
  milliseconds: ["milliseconds", "ms", "step ms", "tpot ms", "median tpot ms", "itl ms", "latency ms", "time ms", "tpot", "itl"],
  seconds: ["seconds", "s", "step seconds", "latency s", "time s"],
  time: ["time", "latency", "duration", "step time"],
} as const;

/** Units that a column of times may be in. */
const secondsOf = { microseconds: 1e-6, milliseconds: 1e-3, seconds: 1 } as const;
/** One of them. */
export type TimeUnit = keyof typeof secondsOf;

type Column = keyof typeof columns;

/** Each is computed as it is read. */
const mostRows = 2000;

const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9µ]/g, "");
const needed = ["model", "machine", "requests", "context"] as const satisfies readonly Column[];
const names = Object.keys(columns) as readonly Column[];

/** What a row may time of a step by itself. */
const timedParts = [
  ...calibratedParts,
  ...(["attention projections", "indexer", "attention core", "linear mixer", "output projection", "router", "latent projections"] as const),
  ...(["dispatch", "experts", "shared expert", "combine", "all-reduce", "norm all-reduce", "all-gather", "reduce-scatter"] as const),
  ...(["dense feed-forward", "head", "between kernels"] as const),
] as const satisfies readonly MeasuredPart[];
/** Other words for them; a whole step is no part. */
const otherParts: ReadonlyMap<string, MeasuredPart | ""> = new Map([
  ...(["moe", "fusedmoe", "expert"] as const).map((word) => [word, "experts"] as const),
  ...(["gemm", "linear"] as const).map((word) => [word, "products"] as const),
  ...(["nccl", "communication", "alltoall"] as const).map((word) => [word, "exchange"] as const),
  ...(["idle", "gaps"] as const).map((word) => [word, "between"] as const),
  ...(["", "step", "all", "total", "decode"] as const).map((word) => [word, ""] as const),
  ["attn", "attention"],
]);

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

/** How a table of a reader's own is read. */
export interface StepCsvOptions {
  /** Of a column of times whose name says no unit; such a column is refused where this is left out. */
  readonly unit?: TimeUnit;
}

/** A row that cannot be used, and why. */
export interface LeftOutRow {
  readonly where: string;
  readonly reason: string;
}

/**
 * Read measured decode steps from a table: a line each, columns model, machine, requests, context, milliseconds, and as far as they are
 * known tp, dp, ep, engine, format, cache, kernel, drafts. Columns may have other usual names (batch size, gpu, tpot ms); those that
 * are not known are left alone. An empty cell stands for what decodeStep takes by itself. A column `part` makes a row the time of that
 * part of a step (experts, attention, exchange…), as a profiler sums kernels up; `layers` says how many layers it is of.
 *
 * @param file - its name, for messages.
 * @throws Error naming file, line and column of a cell that cannot be used, with the nearest names; file and column of a column that is missing.
 * @example readStepCsv(exampleStepCsv).length // 6
 */
export function readStepCsv(text: string, file = "steps.csv", options: StepCsvOptions = {}): readonly MeasuredRow[] {
  const { rows, heads } = tableOf(text, file, options);
  return rows.map((row) => rowOf(row, heads, options));
}

/**
 * As readStepCsv, but a row that cannot be used is left out with its reason, as is one that does not fit the memory of its GPUs.
 *
 * @throws Error for a table without lines or without a column that is needed.
 * @example readStepRows(exampleStepCsv).leftOut.length // 0
 */
export function readStepRows(text: string, file = "steps.csv", options: StepCsvOptions = {}) {
  const { rows, heads } = tableOf(text, file, options);
  const [used, leftOut]: [MeasuredRow[], LeftOutRow[]] = [[], []];
  for (const row of rows) {
    try {
      const read = rowOf(row, heads, options);
      requireFit(read);
      used.push(read);
    } catch (error) {
      leftOut.push({ where: at(row), reason: (error as Error).message.replace(`${at(row)}: `, "") });
    }
  }
  return { rows: used as readonly MeasuredRow[], leftOut: leftOut as readonly LeftOutRow[] };
}

function requireFit({ question }: MeasuredRow): void {
  const { memoryBytes } = question.hardware;
  const { totalBytes } = memoryFootprint(question);
  if (totalBytes > memoryBytes)
    throw new Error(
      `weights and caches are ${formatNumber(totalBytes / memoryBytes)} times the ${formatBytes(memoryBytes)} of a GPU: look at tp, dp, ep, format and context`,
    );
}

function tableOf(text: string, file: string, options: StepCsvOptions) {
  const rows = parseRows(file, inCommas(text.replace(/^\uFEFF/, "")));
  const first = rows[0];
  if (rows.length > mostRows) throw new Error(`${file}: expected at most ${mostRows} measured steps, got ${rows.length}`);
  if (first === undefined) throw new Error(`${file}: expected a line of names and measured steps below it, got none`);
  return { rows, heads: headsOf(file, Object.keys(first.cells), options) };
}

/** Cells apart by semicolons, with commas in their numbers, or by tabs, as a spreadsheet gives them: by commas. */
function inCommas(text: string): string {
  const head = text.split(/\r?\n/).find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
  if (head.includes(",")) return text;
  if (head.includes(";")) return text.replaceAll(",", ".").replaceAll(";", ",");
  return head.includes("\t")
    ? text.replaceAll(/[^\t\r\n]*,[^\t\r\n]*/g, (cell) => `"${cell.replaceAll('"', "")}"`).replaceAll("\t", ",")
    : text;
}

type Heads = Readonly<Partial<Record<Column, string>>>;

const timeColumns = ["milliseconds", "seconds", "microseconds", "time"] as const satisfies readonly Column[];

function headsOf(file: string, heads: readonly string[], { unit }: StepCsvOptions): Heads {
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
  const [time, another] = timeColumns.filter((column) => found[column] !== undefined);
  if (time === undefined) throw missingColumn(file, "milliseconds", heads);
  if (another !== undefined)
    throw new Error(`${file}: columns "${found[time]}" and "${found[another]}" are both times of a step; leave one out`);
  if (time === "time" && unit === undefined)
    throw new Error(`${file}: column "${found.time}" does not say its unit; call it milliseconds, seconds or microseconds`);
  return found;
}

function missingColumn(file: string, column: Column, heads: readonly string[]): Error {
  const [near] = nearest(column, heads, 1);
  const hint = near === undefined ? "" : `; nearest of those there: "${near.slice(0, 40)}"`;
  return new Error(`${file}: expected a column "${column}" (or ${columns[column].slice(1, 4).join(", ")})${hint}`);
}

function rowOf(row: Row, heads: Heads, { unit = "milliseconds" }: StepCsvOptions): MeasuredRow {
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
  const timeColumn = timeColumns.find((column) => heads[column] !== undefined) ?? "milliseconds";
  const time = Number(cell(timeColumn));
  if (!(cell(timeColumn) !== "" && Number.isFinite(time) && time > 0)) throw refused(timeColumn, "a time above 0");
  const seconds = time * secondsOf[timeColumn === "time" ? unit : timeColumn];
  const timed = partNamed(cell("part"));
  if (timed === undefined) throw refused("part", `one of ${nearest(cell("part"), timedParts).join(", ")}…, or nothing for a whole step,`);
  try {
    const question: StepQuestion = {
      model: named(cell("model"), models(), model),
      hardware: named(cell("machine"), machines(), hardware),
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
    if (timed === "") {
      decodeSeconds(question);
      return { question, seconds, where: at(row) };
    }
    const step = decodeStep(question);
    stepInParts(question, step, timed);
    const ofLayers = cell("layers") === "" ? 1 : step.tasks.filter(({ name }) => name === timed).length / count("layers", 1);
    if (ofLayers === 0) throw refused("layers", `no layers with a part of several tasks (${timed}),`);
    return { question, seconds: seconds * ofLayers, part: timed, where: at(row) };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(message.startsWith(at(row)) ? message : `${at(row)}: ${message}`);
  }
}

/** The part that a cell names, "" for a whole step; undefined for one that is not known. */
function partNamed(cell: string): MeasuredPart | "" | undefined {
  return timedParts.find((part) => plain(part) === plain(cell)) ?? otherParts.get(plain(cell));
}

/** The model or machine of an id, or the only one of that name in other letters, such as a benchmark writes: deepseek-ai/DeepSeek-V3. */
function named<T extends { readonly id: string; readonly name: string }>(cell: string, all: readonly T[], byId: (id: string) => T): T {
  const asked = plain(cell.replace(/^.*\//, ""));
  const same = all.filter(({ id, name }) => [id, name].some((one) => plain(one) === asked));
  const [only] = same;
  return only !== undefined && same.length === 1 && only.id !== cell ? only : byId(cell);
}
