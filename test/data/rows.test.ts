import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { number, oneOf, optionalNumber, optionalText, parseRows, readFacts, text } from "../../src/data/rows";
import { readSources, source, sources } from "../../src/data/sources";

const header = "hardware,quantity,value,unit\n";
const row = (line: string) => {
  const [first] = parseRows("hardware.csv", header + line);
  if (first === undefined) throw new Error("no row");
  return first;
};

describe("parseRows", () => {
  it("knows the line of each row, comments and empty lines counted", () => {
    const rows = parseRows("t.csv", "# source: x\na,b\n1,2\n\n# more\n3,4\n");
    expect(rows.map(({ line, cells }) => [line, cells])).toEqual([
      [3, { a: "1", b: "2" }],
      [6, { a: "3", b: "4" }],
    ]);
  });

  it("names file and line of a row with a cell too few or too many", () => {
    expect(() => parseRows("hardware.csv", `${header}h100-sxm,processors,132,count\nh100-sxm,clockHertz,1.83\n`)).toThrow(
      /hardware\.csv: .*line 3/i,
    );
    expect(() => parseRows("hardware.csv", `${header}h100-sxm,processors,132,count,extra\n`)).toThrow(/hardware\.csv: .*line 2/i);
  });

  it("keeps a comma inside quotes in its cell", () => {
    expect(row('"a, b",q,1,B').cells.hardware).toBe("a, b");
    expect(row('a,"say ""b""",1,"B"').cells).toEqual({ hardware: "a", quantity: 'say "b"', value: "1", unit: "B" });
  });

  it("reads any text as csv-parse does, or refuses it with the same words", () => {
    const options = { columns: true, info: true, skip_empty_lines: true, comment: "#", comment_no_infix: true } as const;
    const rows = (read: () => readonly unknown[]) => {
      try {
        return read();
      } catch (error) {
        return (error as Error).message.replace(/^t\.csv: /, "");
      }
    };
    const piece = fc.constantFrom("a", "1", ",", ",", '"', '""', "\n", "\r\n", "#", " ", "\uFEFF", "__proto__");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.boolean(), (pieces, headed) => {
        const text = `${headed ? "a,b\n" : ""}${pieces.join("")}`;
        const theirs = () => {
          const records = parse(text, options) as unknown as { record: object; info: { lines: number } }[];
          return records.map(({ record, info }) => ({ file: "t.csv", line: info.lines, cells: record }));
        };
        expect(rows(() => parseRows("t.csv", text))).toEqual(rows(theirs));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("cells", () => {
  it("are refused with file, line and column when they do not fit", () => {
    expect(() => number(row("h100-sxm,processors,many,count"), "value")).toThrow('hardware.csv:2: expected a number for value, got "many"');
    expect(() => number(row("h100-sxm,processors,Infinity,count"), "value")).toThrow(
      'hardware.csv:2: expected a number for value, got "Infinity"',
    );
    expect(() => text(row("h100-sxm,,1,count"), "quantity")).toThrow("hardware.csv:2: expected a value for quantity, got nothing");
    expect(() => text(row("h100-sxm,q,1,count"), "source")).toThrow('hardware.csv:2: expected a column "source"');
    expect(() => oneOf(row("h100-sxm,q,1,count"), "unit", ["B", "s"])).toThrow(
      'hardware.csv:2: expected unit to be one of B, s; got "count"',
    );
  });

  it("may be empty where that is allowed, but not without their column", () => {
    expect(() => optionalNumber(row("h100-sxm,q,1,count"), "note")).toThrow('hardware.csv:2: expected a column "note"');
    expect(optionalNumber(row("h100-sxm,q,,count"), "value")).toBeUndefined();
    expect(optionalText(row("h100-sxm,,1,count"), "quantity")).toBeUndefined();
    expect(optionalNumber(row("h100-sxm,q,1e3,count"), "value")).toBe(1000);
  });
});

describe("readFacts", () => {
  it("gives numbers in base units, with their source", () => {
    const fact = readFacts("hardware.csv", "hardware").find((f) => f.subject === "h100-sxm" && f.quantity === "networkBytesPerSecond");
    expect(fact).toMatchObject({ value: 400e9 / 8, source: "aiconfigurator2026", confidence: "high" });
  });
});

describe("source", () => {
  it("gives title, address and conditions by id", () => {
    expect(source("aiconfigurator2026")).toMatchObject({
      published: "2026-08-21",
      retrieved: "2026-11-24",
      conditions: expect.stringContaining("Apache-2.0"),
    });
  });

  it("names the nearest ids when there is no such source", () => {
    expect(() => source("aiconfigurator")).toThrow(/unknown source "aiconfigurator"; nearest: aiconfigurator2026, /);
  });

  it("is parsed once and frozen", () => {
    expect(sources()).toBe(sources());
    expect(Object.isFrozen(sources()[0])).toBe(true);
  });

  it("refuses an id that stands twice and a date that is none, with file and line", () => {
    const head = "source,title,organization,published,url,retrieved,conditions\n";
    expect(() => readSources(parseRows("sources.csv", `${head}a,A,O,,,,\na,B,O,,,,\n`))).toThrow(
      'sources.csv:3: the source "a" already stands at sources.csv:2',
    );
    expect(() => readSources(parseRows("sources.csv", `${head}a,A,O,May 2025,,,\n`))).toThrow(
      'sources.csv:2: expected published as 2024-12-26, 2024-12 or 2024; got "May 2025"',
    );
  });
});
