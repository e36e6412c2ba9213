import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { books, builtReports } from "../reports";

interface Cell {
  readonly cell_type: string;
  readonly source: readonly string[];
}
const cellsOf = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { cells: Cell[] }).cells;
const titleOf = (path: string) => /^# (.+)/.exec(cellsOf(path)[0]?.source[0] ?? "")?.[1];

it("the start notebook comes first and names every other by its title, once in the order of reading", () => {
  const [start, ...others] = books;
  expect(start?.name).toBe("00-start");
  const table = cellsOf(start?.path ?? "").find(({ source }) => source[0]?.startsWith("## In what order"));
  const listed = [...(table?.source.join("") ?? "").matchAll(/\[(\d\d): ([^\]]+)\]\(([^)]+)\.ipynb\)/g)].map(([, number, title, name]) => ({
    number,
    title,
    name,
  }));
  const expected = others.map(({ name, path }) => ({ number: name.slice(0, 2), title: titleOf(path), name }));
  expect([...listed].sort((a, b) => (a.name as string).localeCompare(b.name as string))).toEqual(expected);
});

it("pages lead from the first use of a word to its row in the glossary, and nowhere twice", async () => {
  const site = await builtReports();
  const start = readFileSync(join(site, "00-start.html"), "utf8");
  const rows = [...start.matchAll(/<tr id="(term-[^"]+)"/g)].map(([, id]) => id);
  expect(rows.length).toBeGreaterThan(40);
  expect(new Set(rows).size).toBe(rows.length);
  expect(start).not.toContain('class="term"');
  for (const { name } of books.slice(1)) {
    const page = readFileSync(join(site, `${name}.html`), "utf8");
    const links = [...page.matchAll(/<a class="term" href="00-start\.html#([^"]+)" title="([^"]+)">/g)];
    const targets = links.map(([, id]) => id as string);
    expect(targets.length, name).toBeGreaterThan(1);
    expect(new Set(targets).size, name).toBe(targets.length);
    for (const id of targets) expect(rows, name).toContain(id);
    for (const [, , meaning] of links) expect(meaning?.length, name).toBeGreaterThan(20);
    expect(page, name).not.toMatch(/<h[1-4][^>]*>(?:(?!<\/h)[\s\S])*class="term"/);
  }
}, 600_000);

it("answers of 'try it yourself' are folded, and are what their cells gave", async () => {
  const site = await builtReports();
  const page = readFileSync(join(site, "04-load-balance.html"), "utf8");
  const answers = [...page.matchAll(/<details class="worked">([\s\S]*?)<summary>([^<]*)<\/summary>/g)];
  expect(answers.map(([, , summary]) => summary)).toEqual(["Answer, worked out", "Answer, worked out", "Answer, worked out"]);
  expect(page).toMatch(/<details class="worked">[\s\S]*nothing averages out[\s\S]*<\/details>/);
}, 600_000);
