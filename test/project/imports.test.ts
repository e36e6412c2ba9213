import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";
import { books } from "../reports";

/** The floors of src/, lowest first: folders, and the files that stand in none. A file imports from its own floor and from those below. */
const floors: readonly (readonly [name: string, files: RegExp])[] = [
  ["ground", /^(checks|statistics|units)$/],
  ...["text", "data", "routing", "machine", "model", "kernels", "network", "published", "step", "fit", "claims", "figures"].map(
    (folder) => [folder, new RegExp(`^${folder}/.*$`)] as const,
  ),
  ["package", /^(front-page|index|frames|registry-frames|notebook)$/],
  ["cli", /^cli\/.*$/],
  ["explore", /^explore\/.*$/],
];
const floorOf = (file: string): number => floors.findIndex(([, files]) => files.test(file));

const src = join(root, "src");
const importsOf = (text: string): readonly string[] => ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
const inside = (file: string, name: string): string => posix.join(dirname(file), name).replace(/\.js$/, "");

/** Each file of src/ (without .ts) with what it imports: files of src/ by the same name, packages by theirs. */
const graph: ReadonlyMap<string, readonly string[]> = new Map(
  readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => file.replaceAll("\\", "/").replace(/\.ts$/, ""))
    .sort()
    .map((file) => [
      file,
      importsOf(readFileSync(join(src, `${file}.ts`), "utf8")).map((name) => (name.startsWith(".") ? inside(file, name) : name)),
    ]),
);
const files = [...graph.keys()];
const own = (file: string): readonly string[] => (graph.get(file) ?? []).filter((name) => graph.has(name));

/** One round of imports that comes back to where it began, or nothing. */
function cycleFrom(start: string): readonly string[] {
  const seen = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] => {
    for (const name of own(file)) {
      if (name === start) return [...path, name];
      if (seen.has(name)) continue;
      seen.add(name);
      const found = walk(name, [...path, name]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk(start, [start]);
}

describe("src/", () => {
  it("imports downwards only, in the order of its folders in CONTRIBUTING", () => {
    const upwards = files.flatMap((file) =>
      own(file)
        .filter((name) => floorOf(name) > floorOf(file))
        .map((name) => `${file}.ts (${floors[floorOf(file)]?.[0]}) imports ${name}.ts (${floors[floorOf(name)]?.[0]})`),
    );
    expect(upwards).toEqual([]);
  });

  it("has every file on a floor; a new folder needs a line here", () => {
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([]);
    expect(files).toContain("figures/theme");
  });

  it("has no imports in a circle, types included", () => {
    expect(files.map(cycleFrom).filter((cycle) => cycle.length > 0)).toEqual([]);
  });

  it("reads files in data/files.ts alone, and knows the kernel in notebook.ts alone and danfo in frames.ts beside it", () => {
    const outside = files.flatMap((file) =>
      (graph.get(file) ?? []).filter((name) => /^(node:|tslab|danfojs)/.test(name)).map((name) => [file, name]),
    );
    expect(
      outside.filter(
        ([file, name]) => name?.startsWith("node:") && !["data/files", "notebook", "frames", "cli/arguments"].includes(file ?? ""),
      ),
    ).toEqual([]);
    const others = outside.filter(([, name]) => !name?.startsWith("node:"));
    expect(others.filter(([file, name]) => file !== "notebook" && (name !== "danfojs-node" || !file?.endsWith("frames")))).toEqual([]);
    expect(outside).toContainEqual(["data/files", "node:fs"]);
  });

  it("imports files of its own that are there", () => {
    const missing = files.flatMap((file) =>
      importsOf(readFileSync(join(src, `${file}.ts`), "utf8"))
        .filter((name) => name.startsWith(".") && !graph.has(inside(file, name)))
        .map((name) => `${file}.ts: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

it("notebooks know the model by its public names alone", () => {
  const names = books.flatMap(({ name, path }) => {
    const { cells } = JSON.parse(readFileSync(path, "utf8")) as { cells: { cell_type: string; source: string | string[] }[] };
    return cells
      .filter((cell) => cell.cell_type === "code")
      .flatMap((cell) => importsOf([cell.source].flat().join("")))
      .map((imported) => `${name}: ${imported}`);
  });
  expect(names.filter((name) => !/: (deepshock|deepshock\/notebook|danfojs-node|tslab|node:[a-z]+)$/.test(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(books.length);
});

describe("commands that set up first what they need", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const programs = Object.entries(scripts).flatMap(([name, line]) => {
    const [, program] = /^node (\S+\.mjs)/.exec(line) ?? [];
    return program === undefined ? [] : [[name, program] as const];
  });

  /** A program and what it imports as it is loaded, with the packages among them. */
  const loaded = (file: string, seen = new Set<string>()): readonly string[] => {
    if (seen.has(file)) return [];
    seen.add(file);
    // Types in comments are not imported.
    const code = readFileSync(join(root, file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    return [...code.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)";|^import "([^"]+)";/gm)].flatMap(([, from, bare]) => {
      const name = from ?? bare ?? "";
      if (name.startsWith("node:")) return [];
      return name.startsWith(".") ? loaded(posix.join(dirname(file), name), seen) : [`${file} imports ${name}`];
    });
  };

  it.each(programs)("npm run %s loads before any package is installed", (_, program) => {
    expect(loaded(program)).toEqual([]);
  });

  it("are most commands", () => {
    expect(programs.length).toBeGreaterThan(8);
  });
});
