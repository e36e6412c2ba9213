import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRows, type Row } from "../../src/data/rows";
import { sources } from "../../src/data/sources";
import { isUnit } from "../../src/units";

const folder = join(__dirname, "..", "..", "data");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".csv"))
  .sort();
const read = (file: string) => readFileSync(join(folder, file), "utf8");
const rows = (file: string): readonly Row[] => parseRows(file, read(file));
const known = new Set(sources().map((s) => s.id));
const where = (row: Row) => `${row.file}:${row.line}`;
const filled = (row: Row, ...columns: string[]) => columns.map((c) => row.cells[c]).filter((cell) => cell !== undefined && cell !== "");

/** Columns that make a row of a table the only one of its kind. */
const keys: Readonly<Record<string, readonly string[]>> = {
  "hardware.csv": ["hardware", "quantity"],
  "links.csv": ["category", "name", "metric", "condition"],
  "machines.csv": ["id"],
  "memory.csv": ["memory", "quantity"],
  "models.csv": ["id"],
  "sources.csv": ["source"],
};

describe.each(files)("data/%s", (file) => {
  it("has the same number of cells in every row", () => {
    expect(rows(file).length).toBeGreaterThan(0);
  });

  it("names only sources that stand in sources.csv", () => {
    if (file === "sources.csv") return;
    for (const row of rows(file)) {
      for (const id of filled(row, "source", "totalsSource", "matrixSource")) expect(known, where(row)).toContain(id);
    }
    for (const [, id] of read(file).matchAll(/^# source: ([\w.-]+)/gm)) expect(known, file).toContain(id);
  });

  it("gives units that units.ts knows", () => {
    for (const row of rows(file))
      for (const unit of filled(row, "unit")) expect(isUnit(unit as string), `${where(row)}: ${unit}`).toBe(true);
  });

  it("uses three words of confidence, and low where nothing was read", () => {
    for (const row of rows(file)) {
      const { confidence, source } = row.cells;
      if (confidence !== undefined) expect(["high", "medium", "low"], where(row)).toContain(confidence);
      if (source === "recalled" && file !== "sources.csv") expect(confidence, where(row)).toBe("low");
    }
  });

  it("says where a source was not read that its numbers are unverified", () => {
    const read = new Set(
      sources()
        .filter((s) => s.retrieved !== undefined || s.id === "estimate")
        .map((s) => s.id),
    );
    for (const row of rows(file)) {
      const { source, confidence = row.cells.grade === "D" ? "low" : undefined, note } = row.cells;
      if (file === "sources.csv" || source === undefined || source === "" || read.has(source)) continue;
      expect(confidence, where(row)).toBe("low");
      expect(note, where(row)).toMatch(/unverified/);
    }
  });

  it("mentions no folder of the machine it was made on", () => {
    expect(read(file)).not.toMatch(/\/work\/|\/tmp\/|\/home\/|shared\/|find_string|stored page/);
  });
});

it.each(Object.entries(keys))("data/%s states nothing twice", (file, columns) => {
  const stated = rows(file).map((row) => columns.map((c) => row.cells[c]).join(" | "));
  expect(stated).toEqual([...new Set(stated)]);
});

describe("data/sources.csv", () => {
  it("gives every document that was read an address and the day it was read", () => {
    for (const { id, url, retrieved } of sources()) {
      if (id === "estimate" || id === "recalled") continue;
      expect(url, id).toMatch(/^https:\/\//);
      if (retrieved !== undefined) expect(retrieved, id).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });

  it("was read after it was published", () => {
    for (const { id, published, retrieved } of sources()) {
      if (published !== undefined && retrieved !== undefined) expect(published <= retrieved, id).toBe(true);
    }
  });
});
