import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkCells } from "../../notebooks/jupyter/cells.mjs";
import { execute } from "../../notebooks/jupyter/execute.mjs";
import { notebooks } from "../../notebooks/jupyter/project.mjs";
import { books, builtReports } from "../reports";

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly data?: Record<string, unknown>;
}
interface Cell {
  readonly cell_type: string;
  readonly source: string[];
  readonly outputs?: Output[];
  readonly metadata: { readonly tags?: string[] };
}
const parse = (path: string) => JSON.parse(readFileSync(path, "utf8")) as { cells: Cell[]; metadata: { kernelspec: { name: string } } };
const scratch = (name: string): string => {
  const folder = join(process.env.DEEPSHOCK_TEST_FOLDER as string, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const notebookOf = (...sources: string[]) =>
  JSON.stringify({
    cells: sources.map((source, i) => ({ cell_type: "code", id: `c${i}`, source, metadata: {}, outputs: [], execution_count: null })),
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  });

describe.each(books)("$name", ({ name, path }) => {
  it("gives, run from top to bottom, the outputs that are committed", async () => {
    const fresh = join(await builtReports(), ".cache", `${name}.ipynb`);
    if (readFileSync(fresh, "utf8") === readFileSync(path, "utf8")) return;
    const [executed, committed] = [parse(fresh).cells, parse(path).cells];
    const differing = executed.findIndex((cell, i) => JSON.stringify(cell) !== JSON.stringify(committed[i]));
    expect(executed[differing], `${name}, cell ${differing + 1}; npm run notebooks brings it up to date`).toEqual(committed[differing]);
    expect(readFileSync(fresh, "utf8"), `${name}: metadata or format; npm run notebooks brings it up to date`).toBe(
      readFileSync(path, "utf8"),
    );
  }, 300_000);

  it("names the kernel tslab, and its first code cell holds the parameters", () => {
    const { cells, metadata } = parse(path);
    expect(metadata.kernelspec.name).toBe("tslab");
    expect(cells.filter((cell) => cell.cell_type === "code")[0]?.metadata.tags).toContain("parameters");
  });

  it("prints no error", () => {
    for (const output of parse(path).cells.flatMap((cell) => cell.outputs ?? [])) {
      expect(output.output_type).not.toBe("error");
      expect(output.name).not.toBe("stderr");
    }
  });

  it("has figures of at most 60 kB, each with words for who cannot see it", () => {
    const figures = parse(path)
      .cells.flatMap((cell) => cell.outputs ?? [])
      .filter(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined);
    expect(figures.length).toBeGreaterThan(0);
    for (const { data } of figures) {
      expect(JSON.stringify(data?.["application/vnd.plotly.v1+json"]).length).toBeLessThanOrEqual(60_000);
      expect(String(data?.["text/plain"]).length).toBeGreaterThan(20);
    }
  });
});

describe("a notebook that cannot be run", () => {
  it.each([
    ["throws", 'throw new Error("no such model");', "no such model"],
    ["does not compile", "const tokens: number = 'many';", "not assignable to type 'number'"],
    ["rejects", 'await Promise.reject(new Error("too late"));', "too late"],
  ])(
    "says where and why, and is left as it was, when a cell %s",
    async (name, source, reason) => {
      const path = join(scratch(`broken ${name}`), "07-broken.ipynb");
      writeFileSync(path, notebookOf("const one = 1;", source, "2;"));
      const before = readFileSync(path, "utf8");
      const failure = await execute({ name: "07-broken", path }, path).catch((error: Error) => error.message);
      expect(failure).toContain("07-broken, cell 2 failed.");
      expect(failure).toContain(source);
      expect(failure).toContain(reason);
      expect(readFileSync(path, "utf8")).toBe(before);
    },
    120_000,
  );
});

it("notebooks are found by two digits and a dash, in order", () => {
  const folder = scratch("by pattern");
  for (const file of ["02-b.ipynb", "01-a.ipynb", "draft.ipynb", "1-c.ipynb", "03-d.txt"]) writeFileSync(join(folder, file), "{}");
  expect(notebooks(folder).map(({ name }: { name: string }) => name)).toEqual(["01-a", "02-b"]);
});

it("cells are checked as the kernel reads them, and a mistake is told by cell and line", () => {
  const folder = join(books[0]?.path ?? "", "..", ".ipynb_checkpoints", `types-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "01-types.ipynb");
  writeFileSync(path, notebookOf('import { showText } from "deepshock/notebook";', "const n = 1;\nshowText(n);"));
  expect(checkCells(folder)).toEqual([expect.stringMatching(/^01-types, cell 2, line 2: Argument of type 'number'/)]);
}, 60_000);
