import { parse } from "csv-parse/sync";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../src/text/code";
import { harmless } from "../../src/text/harmless";
import { markdownOnly } from "../../src/text/markdown";
import { separatedCell } from "../../src/text/separated";
import { hostileNames } from "../hostile-names";

/** Runs TypeScript as a cell is run. */
function run(source: string): unknown {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  const exports: { value?: unknown } = {};
  new Function("exports", outputText)(exports);
  return exports.value;
}

describe.each(hostileNames.map((name) => [JSON.stringify(name).slice(0, 60), name] as const))("%s", (_, name) => {
  it("is a text and no more as code", () => {
    const code = codeOf({ name, list: [name], [name]: 1 });
    expect(run(`export const value = ${code};`)).toEqual(JSON.parse(JSON.stringify({ name, list: [name], [name]: 1 })));
    expect(code).not.toMatch(/[\u2028\u2029\n\r]|<\/|<!--/);
    expect((globalThis as { owned?: unknown }).owned).toBeUndefined();
  });

  it.each([",", ";", "\t"])("computes nothing in a spreadsheet that separates by %j", (delimiter) => {
    const line = ["A", "scenario", name, name].map(separatedCell).join(",");
    const cells = parse(line, { delimiter, relax_quotes: true, relax_column_count: true }) as string[][];
    expect(cells.flat().filter((cell) => /^["']?[=+\-@\t\r]/.test(cell))).toEqual([]);
    if (delimiter === ",") expect(cells[0]).toHaveLength(4);
    expect(cells).toHaveLength(1);
  });

  it("runs nothing as Markdown", () => {
    const shown = markdownOnly(`**In short.** ${name} takes 1 < 2 µs.\n\n${name}\n`);
    expect(shown).not.toMatch(/<[\p{L}/!?]/u);
    expect(shown).not.toMatch(/\]\(\s*(?:javascript|data)/i);
    expect(shown).not.toMatch(/^\s*\[[^\]]*\]:\s*javascript/im);
    expect(shown).toContain("1 < 2 µs");
  });

  it("is a name of at most 48 letters at the entrance, and stays what it is when it comes in again", () => {
    const plain = harmless(name);
    expect([...plain].length).toBeLessThanOrEqual(48);
    expect(plain).not.toMatch(/[<>&`\\\p{C}\p{Zl}\p{Zp}]/u);
    expect(harmless(plain)).toBe(plain);
  });
});

it("forty names are tried", () => {
  expect(hostileNames).toHaveLength(40);
});

describe("codeOf", () => {
  it("keeps a field named __proto__ a field", () => {
    const value = run(`export const value = ${codeOf(JSON.parse('{"__proto__": {"owned": 1}, "text": "\\"__proto__\\": 1"}'))};`) as object;
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect((value as { owned?: number; text: string }).owned).toBeUndefined();
    expect((value as { text: string }).text).toBe('"__proto__": 1');
  });

  it("writes what is not there as undefined", () => {
    expect(codeOf(undefined)).toBe("undefined");
  });
});

describe("markdownOnly", () => {
  it("keeps formulas, emphasis, code and links to the web, to pages beside and to places", () => {
    const kept = "**a** `x < y` $a < b$ [web](https://example.org/a) [page](12-verdicts.ipynb#one) [place](#here) [up](../data/README.md)";
    expect(markdownOnly(kept)).toBe(kept);
  });
});

describe("separatedCell", () => {
  it("leaves a plain text and a number as they are, a negative one too", () => {
    expect([separatedCell("DeepSeek-V3"), separatedCell(-1.5), separatedCell(undefined)]).toEqual(["DeepSeek-V3", "-1.5", ""]);
    expect(separatedCell('a "b"; c')).toBe('"a ""b"", c"');
  });
});
