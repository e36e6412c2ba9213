import { at, number, oneOf, optionalText, type Row, text } from "../data/rows";
import { nearest } from "../text/nearest";
import type { Block, Run } from "./blocks";

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
    optional: {
      valueHeadDim: "number",
      queryRank: "number",
      window: "number",
      chunk: "number",
      gate,
      keyIsValue: "yes-no",
      normAcrossHeads: "yes-no",
      cacheSource,
    },
    defaults: { valueHeadDim: "[headDim]", cacheSource: "own" },
  },
  latent: {
    needed: { heads: "number", latentRank: "number", rotaryDim: "number", noRotaryDim: "number", valueHeadDim: "number" },
    optional: { queryRank: "number", window: "number", chunk: "number", gate: [...gate, "query"], cacheSource },
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
    optional: { stateElementBytes: "number", gateRank: "number", decayRank: "number" },
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
export function readRuns(rows: readonly Row[], hiddenSize: number): readonly Run[] {
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
