import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { glossary, readGlossary } from "../../src/data/glossary";
import { parseRows } from "../../src/data/rows";
import { books } from "../reports";

it("explains words that notebooks use, each at home in one that is there", () => {
  const said = books.map(({ path }) => readFileSync(path, "utf8").toLowerCase()).join("\n");
  const names = books.map(({ name }) => name.slice(0, 2));
  expect(glossary().length).toBeGreaterThan(40);
  for (const { term, meaning, notebook } of glossary()) {
    expect(said, term).toContain(term.replace(/^to /, "").toLowerCase());
    expect(names, term).toContain(notebook);
    expect(meaning, term).toMatch(/^[A-Z].*\.$/s);
  }
});

it("gives other names apart, and none where there is none", () => {
  const of = (wanted: string) => glossary().find(({ term }) => term === wanted)?.also;
  expect([of("experts per token"), of("token")]).toEqual([["top-k", "k"], []]);
});

it("refuses a word that stands twice, also as another's other name, by file and line", () => {
  const broken = (...lines: string[]) => readGlossary(parseRows("glossary.csv", ["term,also,meaning,topic,notebook", ...lines].join("\n")));
  expect(() => broken("rank,,A GPU.,network,08", "GPU,Rank,One.,network,08")).toThrow('glossary.csv:3: "Rank" stands twice');
  expect(() => broken("rank,,A GPU.,nowhere,08")).toThrow(/glossary\.csv:2: .*nowhere/);
});
