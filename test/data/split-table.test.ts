import { describe, expect, it } from "vitest";
import { readDataFile } from "../../src/data/files";
import { parseRows } from "../../src/data/rows";
import { splitTable } from "../../src/data/split-table";

describe("a table split into cells beforehand", () => {
  it("has the same cells as its CSV, quotes and commas and empty cells among them", () => {
    const split = splitTable([
      ["id", "name", "note"],
      ["a", 'one, "two"', ""],
      ["b", "", "é"],
    ]);
    expect(parseRows("t.csv", split)).toEqual([
      { file: "t.csv", line: 2, cells: { id: "a", name: 'one, "two"', note: "" } },
      { file: "t.csv", line: 3, cells: { id: "b", name: "", note: "é" } },
    ]);
    expect(parseRows("t.csv", 'id,name,note\na,"one, ""two""",\nb,,é\n')).toEqual(parseRows("t.csv", split));
  });

  it.each(["models.csv", "kernels.csv", "measurements/end-to-end.csv"])("gives %s as it is read from its file", (file) => {
    const rows = parseRows(file, readDataFile(file));
    const heads = Object.keys(rows[0]?.cells ?? {});
    const again = parseRows(file, splitTable([heads, ...rows.map(({ cells }) => heads.map((head) => cells[head] ?? ""))]));
    expect(again.map(({ cells }) => cells)).toEqual(rows.map(({ cells }) => cells));
  });

  it("names the row that has too few cells, and refuses a cell that it could not tell from two", () => {
    expect(() => parseRows("t.csv", `${splitTable([["a", "b"]])}\nonly one`)).toThrow("t.csv:2: expected 2 cells, got 1");
    expect(() => splitTable([["a\tb"]])).toThrow('expected no tab and no end of line in a cell, got "a\\tb"');
  });
});
