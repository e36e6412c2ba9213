import type { Row } from "../data/rows";
import { at, located, number, oneOf, optionalNumber, optionalText, readRows, text } from "../data/rows";
import { weightFormatNames } from "../machine/number-formats";
import { nearest } from "../text/nearest";
import type { Block, Run } from "./blocks";
import { decoder } from "./decoder";
import type { Model } from "./model";

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

/** Deeply, whatever the order of the fields. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const stated = (record: object) => Object.entries(record).filter(([, value]) => value !== undefined);
  const second = new Map<string, unknown>(stated(b));
  return stated(a).length === second.size && stated(a).every(([name, value]) => second.has(name) && isSame(value, second.get(name)));
}

/** All models of data/models.csv, the oldest release first. */
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

/** How the text of one field is read: a whole number, yes or no, or one of a few words. */
type Reading = "number" | "yes-no" | readonly string[];

/** The fields of a kind, and which of them may be left out, with what stands in their place: a value, another field, or nothing. */
interface Fields {
  readonly needed: Readonly<Record<string, Reading>>;
  readonly optional?: Readonly<Record<string, Reading>>;
  /** Values of fields that are left out; a name in brackets takes the value of that field. */
  readonly defaults?: Readonly<Record<string, string>>;
}

const gate = ["head", "element"] as const;
const cacheSource = ["own", "shared"] as const;

const kinds: { readonly [K in Block["kind"]]: Fields } = {
  grouped: {
    needed: { heads: "number", keyValueHeads: "number", headDim: "number" },
    optional: { valueHeadDim: "number", queryRank: "number", window: "number", chunk: "number", gate, keyIsValue: "yes-no", cacheSource },
    defaults: { valueHeadDim: "[headDim]", cacheSource: "own" },
  },
  latent: {
    needed: { heads: "number", latentRank: "number", rotaryDim: "number", noRotaryDim: "number", valueHeadDim: "number" },
    optional: { queryRank: "number", window: "number", chunk: "number", gate, cacheSource },
    defaults: { cacheSource: "own" },
  },
  compressed: {
    needed: {
      heads: "number",
      headDim: "number",
      queryRank: "number",
      outputRank: "number",
      outputGroups: "number",
      window: "number",
      compressionRatio: "number",
    },
    optional: { cacheSource },
    defaults: { cacheSource: "own" },
  },
  "block-selected": {
    needed: { heads: "number", keyValueHeads: "number", headDim: "number", blockTokens: "number" },
    optional: { valueHeadDim: "number", gate },
    defaults: { valueHeadDim: "[headDim]" },
  },
  linear: {
    needed: {
      family: ["gated-delta", "kimi-delta", "mamba2", "mamba1", "lightning"],
      keyHeads: "number",
      valueHeads: "number",
      keyDim: "number",
      valueDim: "number",
      convolutionWidth: "number",
    },
    optional: { stateElementBytes: "number", gateRank: "number" },
    defaults: { stateElementBytes: "4" },
  },
  dense: { needed: { width: "number" }, optional: { matrices: "number" }, defaults: { matrices: "3" } },
  experts: {
    needed: { routed: "number", perToken: "number", width: "number" },
    optional: {
      computedPerToken: "number",
      inputWidth: "number",
      matrices: "number",
      shared: "number",
      sharedWidth: "number",
      groups: "number",
      chosenGroups: "number",
      router: ["learned", "hash"],
      emptyExperts: "number",
    },
    defaults: {
      computedPerToken: "[perToken]",
      inputWidth: "[hiddenSize]",
      matrices: "3",
      shared: "0",
      sharedWidth: "0",
      groups: "1",
      chosenGroups: "1",
      router: "learned",
      emptyExperts: "0",
    },
  },
};

const indexer: Fields = {
  needed: { heads: "number", headDim: "number", topK: "number", keyBytes: "number" },
  optional: { scores: "yes-no", poolTokens: "number", candidates: "number" },
  defaults: { scores: "yes", poolTokens: "1" },
};

/** Kinds of which some have an indexer; block-selected always does. */
const indexed: readonly string[] = ["latent", "compressed", "block-selected"];

/**
 * The runs of one model from its rows of data/layers.csv, a row a block.
 *
 * @throws Error naming file and line for an unknown kind or field, a field that is missing, or runs and blocks out of order.
 */
function readRuns(rows: readonly Row[], hiddenSize: number): readonly Run[] {
  const runs: { readonly count: number; readonly blocks: Block[] }[] = [];
  for (const row of rows) {
    const run = number(row, "run");
    const count = number(row, "count");
    const block = number(row, "block");
    oneOf(row, "confidence", ["high", "medium", "low"]);
    const last = runs.at(-1);
    if (run === runs.length + 1 && block === 1) {
      runs.push({ count, blocks: [readBlock(row, hiddenSize)] });
    } else if (last !== undefined && run === runs.length && block === last.blocks.length + 1) {
      if (count !== last.count) throw new Error(`${at(row)}: expected count ${last.count} as in the row before, got ${count}`);
      last.blocks.push(readBlock(row, hiddenSize));
    } else {
      const next =
        last === undefined ? "run 1, block 1" : `run ${runs.length}, block ${last.blocks.length + 1} or run ${runs.length + 1}, block 1`;
      throw new Error(`${at(row)}: expected ${next}; got run ${run}, block ${block}`);
    }
  }
  return Object.freeze(runs.map(({ count, blocks }) => Object.freeze({ count, blocks: Object.freeze(blocks) })));
}

function readBlock(row: Row, hiddenSize: number): Block {
  const kind = text(row, "kind");
  if (!Object.hasOwn(kinds, kind)) {
    throw new Error(
      `${at(row)}: expected kind to be one of ${Object.keys(kinds).join(", ")}; got "${kind}"; nearest: ${nearest(kind, Object.keys(kinds)).join(", ")}`,
    );
  }
  const sizes = pairs(row);
  const inner = new Map(
    [...sizes].flatMap(([name, value]) => (name.startsWith("indexer.") ? [[name.slice("indexer.".length), value]] : [])),
  );
  const outer = new Map([...sizes].filter(([name]) => !name.startsWith("indexer.")));
  const block = { kind, ...readFields(row, outer, kinds[kind as Block["kind"]], "", hiddenSize) };
  const first = [...inner.keys()][0];
  if (first !== undefined && !indexed.includes(kind))
    throw unknownField(row, `indexer.${first}`, Object.keys(fieldsOf(kinds[kind as Block["kind"]])));
  const complete =
    first === undefined && kind !== "block-selected"
      ? block
      : { ...block, indexer: Object.freeze(readFields(row, inner, indexer, "indexer.", hiddenSize)) };
  return Object.freeze(complete) as unknown as Block;
}

/** `field=value` pairs, separated by spaces. */
function pairs(row: Row): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of (optionalText(row, "sizes") ?? "").split(" ").filter((word) => word !== "")) {
    const [name, value, ...more] = pair.split("=");
    if (name === undefined || name === "" || value === undefined || value === "" || more.length > 0) {
      throw new Error(`${at(row)}: expected sizes as field=value pairs separated by spaces, got "${pair}"`);
    }
    if (found.has(name)) throw new Error(`${at(row)}: expected ${name} once, got it twice`);
    found.set(name, value);
  }
  return found;
}

const fieldsOf = ({ needed, optional = {} }: Fields): Readonly<Record<string, Reading>> => ({ ...needed, ...optional });

function unknownField(row: Row, name: string, known: readonly string[]): Error {
  return new Error(`${at(row)}: ${text(row, "kind")} has no field "${name}"; nearest: ${nearest(name, known).join(", ")}`);
}

function readFields(
  row: Row,
  given: ReadonlyMap<string, string>,
  fields: Fields,
  prefix: string,
  hiddenSize: number,
): Readonly<Record<string, number | string | boolean>> {
  const known = fieldsOf(fields);
  for (const name of given.keys()) {
    if (!Object.hasOwn(known, name))
      throw unknownField(
        row,
        `${prefix}${name}`,
        Object.keys(known).map((field) => `${prefix}${field}`),
      );
  }
  const record: Record<string, number | string | boolean> = {};
  for (const [name, reading] of Object.entries(known)) {
    const value = given.get(name) ?? fields.defaults?.[name];
    if (value === undefined) {
      if (Object.hasOwn(fields.needed, name))
        throw new Error(`${at(row)}: expected ${prefix}${name} among the sizes of ${text(row, "kind")}, got none`);
    } else if (value === "[hiddenSize]") {
      record[name] = hiddenSize;
    } else if (value.startsWith("[")) {
      record[name] = record[value.slice(1, -1)] as number;
    } else {
      record[name] = readValue(row, `${prefix}${name}`, value, reading);
    }
  }
  return record;
}

function readValue(row: Row, name: string, value: string, reading: Reading): number | string | boolean {
  if (reading === "number") {
    const read = Number(value);
    if (!Number.isFinite(read) || read < 0) throw new Error(`${at(row)}: expected a number of at least 0 for ${name}, got "${value}"`);
    return read;
  }
  const words = reading === "yes-no" ? ["yes", "no"] : reading;
  if (!words.includes(value)) throw new Error(`${at(row)}: expected ${name} to be one of ${words.join(", ")}; got "${value}"`);
  return reading === "yes-no" ? value === "yes" : value;
}
