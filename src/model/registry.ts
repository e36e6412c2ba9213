import type { Row } from "../data/rows";
import { at, number, oneOf, optionalNumber, optionalText, readRows, text } from "../data/rows";
import { nearest } from "../text/nearest";
import { isMoe, type Model } from "./model";

/**
 * Look up a released model of data/models.csv by its id or one of its aliases, or one that addModel was given.
 *
 * @throws RangeError naming the nearest ids when there is no such model.
 */
export function model(id: string): Model {
  const found = registry().byId.get(id) ?? own.get(id);
  if (found === undefined) {
    throw new RangeError(`unknown model "${id}"; nearest: ${nearest(id, [...registry().byId.keys(), ...own.keys()]).join(", ")}`);
  }
  return found;
}

const own = new Map<string, Model>();

/**
 * Make a model of one's own findable by `model(id)` and its aliases, for as long as the program runs; `models()` lists released ones only.
 *
 * An id keeps its meaning, since results are remembered by it: the same model may be added again, another under its id may not.
 *
 * @throws RangeError when the id or an alias is taken by a different model.
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

function isSame(a: Model, b: Model): boolean {
  const text = (m: Model) => JSON.stringify(Object.entries(m).sort(([x], [y]) => (x < y ? -1 : 1)));
  return a === b || text(a) === text(b);
}

/** All models of data/models.csv, the oldest release first. */
export function models(): readonly Model[] {
  return registry().all;
}

/**
 * Turn rows of data/models.csv into models, the oldest release first.
 *
 * @throws Error naming file and line when a cell is missing, no number, or at odds with its row.
 */
export function readModels(rows: readonly Row[]): readonly Model[] {
  const line = new Map<string, Row>();
  for (const row of rows) {
    for (const id of [text(row, "id"), ...aliases(row)]) {
      const before = line.get(id);
      if (before !== undefined) throw new Error(`${at(row)}: the id "${id}" is already taken at ${at(before)}`);
      line.set(id, row);
    }
  }
  return Object.freeze(
    rows.map(readModel).sort((a, b) => (a.released < b.released ? -1 : a.released > b.released ? 1 : a.id < b.id ? -1 : 1)),
  );
}

interface Registry {
  readonly all: readonly Model[];
  readonly byId: ReadonlyMap<string, Model>;
}

let parsed: Registry | undefined;

function registry(): Registry {
  if (parsed === undefined) {
    const all = readModels(readRows("models.csv"));
    parsed = { all, byId: new Map(all.flatMap((m) => [m.id, ...m.aliases].map((id) => [id, m] as const))) };
  }
  return parsed;
}

function aliases(row: Row): readonly string[] {
  return Object.freeze((optionalText(row, "aliases") ?? "").split(" ").filter((id) => id !== ""));
}

function readModel(row: Row): Model {
  const released = text(row, "released");
  if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(released)) {
    throw new Error(`${at(row)}: expected released as 2024-12-26, 2024-12 or 2024; got "${released}"`);
  }
  const headDim = count(row, "headDim", 1);
  const result: Model = {
    id: text(row, "id"),
    aliases: aliases(row),
    name: text(row, "name"),
    organization: text(row, "organization"),
    released,
    layers: count(row, "layers", 1),
    denseLayers: count(row, "denseLayers"),
    moeLayers: count(row, "moeLayers"),
    hiddenSize: count(row, "hiddenSize", 1),
    expertHiddenSize: count(row, "expertHiddenSize"),
    routedExperts: count(row, "routedExperts"),
    sharedExperts: count(row, "sharedExperts"),
    expertsPerToken: count(row, "expertsPerToken"),
    moeIntermediateSize: count(row, "moeIntermediateSize"),
    sharedIntermediateSize: count(row, "sharedIntermediateSize"),
    intermediateSize: count(row, "intermediateSize"),
    parallelIntermediateSize: count(row, "parallelIntermediateSize"),
    expertMatrices: count(row, "expertMatrices"),
    ffnMatrices: count(row, "ffnMatrices", 2),
    attention: text(row, "attention"),
    attentionLayers: count(row, "attentionLayers"),
    linearLayers: count(row, "linearLayers"),
    attentionHeads: count(row, "attentionHeads", 1),
    keyValueHeads: count(row, "keyValueHeads", 1),
    headDim,
    valueHeadDim: optionalNumber(row, "valueHeadDim") ?? headDim,
    ...optional(row, "kvLoraRank"),
    ...optional(row, "qkRopeHeadDim"),
    ...optional(row, "qLoraRank"),
    ...optional(row, "outputLoraRank"),
    ...optional(row, "outputGroups"),
    expertGroups: count(row, "expertGroups", 1),
    topkGroup: count(row, "topkGroup", 1),
    vocabSize: count(row, "vocabSize", 1),
    tiedEmbeddings: oneOf(row, "tiedEmbeddings", ["yes", "no"]) === "yes",
    weightDtype: text(row, "weightDtype"),
    ...optional(row, "totalParameters"),
    ...optional(row, "activeParameters"),
    source: text(row, "source"),
    locator: optionalText(row, "locator") ?? "",
    ...optionalWord(row, "totalsSource"),
    ...optionalWord(row, "totalsLocator"),
    confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
    note: optionalText(row, "note") ?? "",
  };
  checkExperts(row, result);
  return Object.freeze(result);
}

function checkExperts(row: Row, m: Model): void {
  if (m.expertsPerToken > m.routedExperts) {
    throw new Error(`${at(row)}: expected expertsPerToken up to routedExperts (${m.routedExperts}), got ${m.expertsPerToken}`);
  }
  if (m.denseLayers + m.moeLayers > m.layers) {
    throw new Error(`${at(row)}: expected denseLayers + moeLayers up to layers (${m.layers}), got ${m.denseLayers + m.moeLayers}`);
  }
  const absent = (["moeLayers", "moeIntermediateSize", "expertHiddenSize", "expertsPerToken", "expertMatrices"] as const).find(
    (field) => m[field] > 0 !== isMoe(m),
  );
  if (absent !== undefined) {
    throw new Error(
      `${at(row)}: expected ${absent} to be ${isMoe(m) ? "above 0" : "0"} with ${m.routedExperts} routed experts, got ${m[absent]}`,
    );
  }
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
