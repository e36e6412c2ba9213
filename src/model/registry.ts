import type { Row } from "../data/rows";
import { at, located, number, oneOf, optionalNumber, optionalText, readRows, text } from "../data/rows";
import { weightFormatNames } from "../machine/number-formats";
import { nearest, unknownWords } from "../text/nearest";
import { decoder } from "./decoder";
import { readRuns } from "./layer-rows";
import type { Model } from "./model";

/**
 * Look up a released model of data/models.csv by its id or one of its aliases, or one that addModel was given.
 *
 * @throws RangeError naming the ids that begin so, else the nearest, when there is no such model.
 * @example model("deepseek-v3").routedExperts // 256
 */
export function model(id: string): Model {
  const found = registry().byId.get(id) ?? own.get(id);
  if (found === undefined) throw new RangeError(unknownWords("model", id, [...registry().byId.keys(), ...own.keys()]));
  return found;
}

const own = new Map<string, Model>();

/**
 * Make a model of one's own findable by `model(id)` and its aliases, for as long as the program runs; `models()` lists released ones only.
 *
 * An id keeps its meaning, since results are remembered by it: the same model may be added again, another under its id may not.
 *
 * @throws RangeError when the id or an alias is taken by a different model.
 * @example addModel(decoder({ ...model("deepseek-v3"), id: "mine", aliases: [] })).id // "mine"
 */
export function addModel(added: Model): Model {
  for (const id of [added.id, ...added.aliases]) {
    if (id === "") throw new RangeError("id must be a text of at least one character, got an empty one");
    const before = registry().byId.get(id) ?? own.get(id);
    if (before !== undefined && !isSame(before, added)) {
      throw new RangeError(`the id "${id}" is already taken by ${before.name}; give the model another id`);
    }
  }
  const known = own.get(added.id) ?? Object.freeze({ ...added, aliases: Object.freeze([...added.aliases]) });
  if (!registry().byId.has(added.id)) for (const id of [added.id, ...added.aliases]) own.set(id, known);
  return model(added.id);
}

/** Deeply, whatever the order of the fields. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const stated = (record: object) => Object.entries(record).filter(([, value]) => value !== undefined);
  const second = new Map<string, unknown>(stated(b));
  return stated(a).length === second.size && stated(a).every(([name, value]) => second.has(name) && isSame(value, second.get(name)));
}

/**
 * All models of data/models.csv, the oldest release first.
 *
 * @example models().filter(isMoe).map((m) => m.id)
 */
export function models(): readonly Model[] {
  return registry().all;
}

/**
 * Turn rows of data/models.csv and data/layers.csv into models, the oldest release first.
 *
 * @throws Error naming file and line when a cell is missing, no number, or at odds with its row.
 */
export function readModels(rows: readonly Row[], layerRows: readonly Row[]): readonly Model[] {
  const line = new Map<string, Row>();
  for (const row of rows) {
    for (const id of [text(row, "id"), ...aliases(row)]) {
      const before = line.get(id);
      if (before !== undefined) throw new Error(`${at(row)}: the id "${id}" is already taken at ${at(before)}`);
      line.set(id, row);
    }
  }
  const ids = rows.map((row) => text(row, "id"));
  const known = new Set(ids);
  const layers = new Map<string, Row[]>();
  for (const row of layerRows) {
    const id = text(row, "model");
    if (!known.has(id)) throw new Error(`${at(row)}: unknown model "${id}"; nearest: ${nearest(id, ids).join(", ")}`);
    const before = layers.get(id);
    if (before === undefined) layers.set(id, [row]);
    else before.push(row);
  }
  return Object.freeze(
    rows
      .map((row) => readModel(row, layers.get(text(row, "id")) ?? []))
      .sort((a, b) => (a.released < b.released ? -1 : a.released > b.released ? 1 : a.id < b.id ? -1 : 1)),
  );
}

interface Registry {
  readonly all: readonly Model[];
  readonly byId: ReadonlyMap<string, Model>;
}

let parsed: Registry | undefined;

function registry(): Registry {
  if (parsed === undefined) {
    const all = readModels(readRows("models.csv"), readRows("layers.csv"));
    parsed = { all, byId: new Map(all.flatMap((m) => [m.id, ...m.aliases].map((id) => [id, m] as const))) };
  }
  return parsed;
}

function aliases(row: Row): readonly string[] {
  return Object.freeze((optionalText(row, "aliases") ?? "").split(" ").filter((id) => id !== ""));
}

function readModel(row: Row, layerRows: readonly Row[]): Model {
  const released = text(row, "released");
  if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(released)) {
    throw new Error(`${at(row)}: expected released as 2024-12-26, 2024-12 or 2024; got "${released}"`);
  }
  if (layerRows.length === 0) throw new Error(`${at(row)}: expected layers of "${text(row, "id")}" in layers.csv, got none`);
  const hiddenSize = count(row, "hiddenSize", 1);
  const parts = {
    id: text(row, "id"),
    aliases: aliases(row),
    name: text(row, "name"),
    organization: text(row, "organization"),
    released,
    hiddenSize,
    vocabSize: count(row, "vocabSize", 1),
    tiedEmbeddings: oneOf(row, "tiedEmbeddings", ["yes", "no"]) === "yes",
    runs: readRuns(layerRows, hiddenSize),
    formats: Object.freeze({
      experts: oneOf(row, "expertsFormat", weightFormatNames),
      rest: oneOf(row, "restFormat", weightFormatNames),
      cache: oneOf(row, "cacheFormat", ["bfloat16", "fp8"]),
      known: oneOf(row, "formatKnown", ["yes", "no"]) === "yes",
      released: text(row, "weightDtype"),
    }),
    predictionModules: count(row, "predictionModules"),
    ...optionalWord(row, "architecture"),
    residualStreams: count(row, "residualStreams", 1),
    ...optional(row, "totalParameters"),
    ...optional(row, "activeParameters"),
    source: text(row, "source"),
    locator: optionalText(row, "locator") ?? "",
    ...optionalWord(row, "totalsSource"),
    ...optionalWord(row, "totalsLocator"),
    confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
    note: optionalText(row, "note") ?? "",
  };
  return located(layerRows[0] as Row, () => decoder(parts));
}

function count(row: Row, column: string, least = 0): number {
  const value = number(row, column);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${at(row)}: expected ${column} to be a whole number of at least ${least}, got ${value}`);
  }
  return value;
}

function optional<C extends string>(row: Row, column: C): Partial<Record<C, number>> {
  const value = optionalNumber(row, column);
  return (value === undefined ? {} : { [column]: value }) as Partial<Record<C, number>>;
}

function optionalWord<C extends string>(row: Row, column: C): Partial<Record<C, string>> {
  const value = optionalText(row, column);
  return (value === undefined ? {} : { [column]: value }) as Partial<Record<C, string>>;
}
