import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { checkLayout } from "../../notebooks/jupyter/layout.mjs";
import { root, run } from "../../notebooks/jupyter/project.mjs";

it.each(["types", "cells", "layout", "lint", "api"])(
  "npm run check finds nothing to complain of: %s",
  async (only) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(root, "notebooks", "jupyter", "check.mjs"), "--only", only]);
    expect(code, stdout + stderr).toBe(0);
  },
  180_000,
);

it("the types of every file of src/ are checked, whoever imports it", () => {
  // The files that the check begins with; those that they import come on top.
  const { config } = ts.readConfigFile(join(root, "test", "tsconfig.json"), ts.sys.readFile);
  const checked = new Set(ts.parseJsonConfigFileContent(config, ts.sys, join(root, "test")).fileNames);
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => !checked.has(join(root, "src", file)))).toEqual([]);
});

describe("the layout of cells", () => {
  const notebook = (name: string, ...sources: string[]): string => {
    const folder = join(process.env.DEEPSHOCK_TEST_FOLDER as string, `layout ${name}`);
    mkdirSync(folder, { recursive: true });
    const cell = (source: string, i: number) => `  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "c${i}",
   "metadata": {},
   "outputs": [
    {
     "data": {
      "text/plain": [
       "   \\"source\\": [\\n",
       "1e-05"
      ]
     },
     "execution_count": 1,
     "metadata": {
      "scale": 1.0
     },
     "output_type": "execute_result"
    }
   ],
   "source": [
    ${source
      .split(/(?<=\n)/)
      .map((line) => JSON.stringify(line))
      .join(",\n    ")}
   ]
  }`;
    const text = `{\n "cells": [\n${sources.map(cell).join(",\n")}\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n`;
    expect(() => JSON.parse(text)).not.toThrow();
    writeFileSync(join(folder, "01-laid.ipynb"), text);
    return folder;
  };
  const read = (folder: string): string => readFileSync(join(folder, "01-laid.ipynb"), "utf8");
  const long = `// ${"x".repeat(120)}`;

  it("names cell and line of code that is not as the formatter sets it, and of a line over 100 columns", () => {
    const folder = notebook("told", "const a = 1;", "const b = 2;\nconst c = {a:1}", `// ${"é".repeat(97)}\n${long}`);
    expect(checkLayout(folder)).toEqual(["01-laid, cell 2, line 2: not as formatted", "01-laid, cell 3, line 2: 123 columns, at most 100"]);
  });

  it("mends the format, says what stays too long, and keeps every byte that is no line of a cell", () => {
    const folder = notebook("mended", 'const b = { "a": 1 }', `f(${"argument, ".repeat(10)}last)\n${long}`, "const c = [1,\n2]");
    const before = read(folder);
    expect(checkLayout(folder, { fix: true })).toEqual(["01-laid, cell 2, line 14: 123 columns, at most 100"]);
    expect(read(folder)).toContain('   "source": [\n    "const b = { a: 1 };"\n   ]');
    const rest = (text: string): string[] => text.split(/^ {3}"source": \[\n[\s\S]*?^ {3}\]/m);
    expect(rest(read(folder))).toEqual(rest(before));
    expect(rest(before)).toHaveLength(4);
    expect(checkLayout(folder)).toEqual(["01-laid, cell 2, line 14: 123 columns, at most 100"]);
  });

  it("leaves a cell that is no code to the check of types, and mends the others", () => {
    const folder = notebook("broken", "const = 1", "const a = [1,2]");
    expect(checkLayout(folder, { fix: true })).toEqual([]);
    expect(JSON.parse(read(folder)).cells.map(({ source }: { source: string[] }) => source.join(""))).toEqual([
      "const = 1",
      "const a = [1, 2];",
    ]);
  });

  it("keeps names that the kernel does not follow in their short form", () => {
    const folder = notebook("names", "f({ tokens: tokens });");
    expect(checkLayout(folder)).toEqual([]);
  });
});
