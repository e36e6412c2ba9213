/**
 * Layout of notebook cells: code as the formatter sets it, in lines of at most 100 columns, as JupyterLab shows without
 * scrolling.
 *
 * The formatter is that of src/ with a narrower line. A notebook that is mended keeps every other byte: only the lines of a
 * cell's source are put in the place of the old ones.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { notebooks, root, writeWhole } from "./project.mjs";

/** Columns that a line of a cell has at most. */
export const columns = 100;

const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");

/**
 * The messages about the layout of all notebooks of a folder: "01-topic, cell 4, line 2: 112 columns, at most 100".
 *
 * @param {string} [folder]
 * @param {{ fix?: boolean }} [options] fix: format the cells in place first; what stays too long is told.
 * @returns {string[]}
 * @throws Error naming a notebook that is not written as Jupyter writes it, when it is to be mended.
 */
export function checkLayout(folder, { fix = false } = {}) {
  const books = notebooks(folder).map(({ name, path }) => ({ name, path, cells: JSON.parse(readFileSync(path, "utf8")).cells }));
  const code = books.flatMap(({ cells }, book) =>
    cells.flatMap((cell, index) => (cell.cell_type === "code" ? [{ book, index, source: textOf(cell) }] : [])),
  );
  const formatted = format(code.map(({ source }) => source));
  if (fix) mend(books, code, formatted);
  return code.flatMap(({ book, index, source }, i) => {
    const { name } = books[book];
    const shown = fix ? formatted[i] : source;
    const moved =
      shown === formatted[i] ? [] : [`${name}, cell ${index + 1}, line ${firstDifference(shown, formatted[i])}: not as formatted`];
    return [
      ...moved,
      ...tooLong(shown).map(([line, width]) => `${name}, cell ${index + 1}, line ${line}: ${width} columns, at most ${columns}`),
    ];
  });
}

const textOf = ({ source }) => (Array.isArray(source) ? source.join("") : source);

/** Columns of a line as a reader counts them: characters, not the code units that encode them. */
const tooLong = (source) =>
  source
    .split("\n")
    .map((line, i) => [i + 1, [...line].length])
    .filter(([, width]) => width > columns);

function firstDifference(one, other) {
  const lines = other.split("\n");
  return one.split("\n").findIndex((line, i, all) => line !== lines[i] || (i + 1 === all.length && lines.length > all.length)) + 1;
}

/** Sources as the formatter of src/ sets them, all in one run of it; one that cannot be read as code stays as it is. */
function format(sources) {
  const folder = mkdtempSync(join(tmpdir(), "deepshock-cells-"));
  try {
    const { formatter, javascript } = JSON.parse(readFileSync(join(root, ".biome.json"), "utf8"));
    writeFileSync(join(folder, "biome.json"), JSON.stringify({ root: true, formatter: { ...formatter, lineWidth: columns }, javascript }));
    const cells = join(folder, "cells");
    mkdirSync(cells);
    for (const [i, source] of sources.entries()) writeFileSync(join(cells, `${i}.ts`), `${source}\n`);
    const args = ["format", "--write", "--colors=off", "--max-diagnostics=none", `--config-path=${join(folder, "biome.json")}`, cells];
    const { status, stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: "utf8" });
    // A formatter that did not start would find every cell in order. Cells that are no code it names, and does the rest.
    if (status !== 0 && !/\bparse\b/.test(stderr)) throw new Error(`the formatter failed: ${stderr.trim()}`);
    return sources.map((_, i) => readFileSync(join(cells, `${i}.ts`), "utf8").trimEnd());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mend(books, code, formatted) {
  for (const [book, { name, path, cells }] of books.entries()) {
    const own = code
      .map((cell, i) => ({ ...cell, formatted: formatted[i] }))
      .filter((cell) => cell.book === book && cell.source !== cell.formatted);
    if (own.length === 0) continue;
    const parts = readFileSync(path, "utf8").split(sourceOfCell);
    // Text, source, text, source ... text.
    if (parts.length !== 2 * cells.length + 1)
      throw new Error(`${name} is not written as Jupyter writes it; npm run notebooks -- ${name.slice(0, 2)} does`);
    for (const { index, formatted: source } of own) parts[2 * index + 1] = linesOf(source);
    writeWhole(path, parts.join(""));
  }
}

/** A cell's source in a notebook as nbformat writes it: keys of a cell are three columns in, which nothing inside an output is. */
const sourceOfCell = /((?<=^ {3}"source": )\[(?:\]|\n(?: {4}"(?:[^"\\]|\\.)*",?\n)+ {3}\]))/gm;

function linesOf(source) {
  const lines = source.split("\n").map((line, i, all) => JSON.stringify(i + 1 < all.length ? `${line}\n` : line));
  return source === "" ? "[]" : `[\n    ${lines.join(",\n    ")}\n   ]`;
}
