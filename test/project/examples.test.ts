import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";
import { books } from "../reports";
import { readNotebook, sourceOf } from "../run-cells";

/** Code of README and of all cells. */
const code = [
  ...["README.md", "README.zh-CN.md"].map((file) => readFileSync(join(root, file), "utf8")),
  ...books.flatMap(({ path }) =>
    readNotebook(path)
      .cells.filter((cell) => cell.cell_type === "code")
      .map(sourceOf),
  ),
].join("\n");

/** Names of the package that readers meet: after `ds.`, and in imports from it. */
const used = new Set([
  ...[...code.matchAll(/\bds\.(\w+)/g)].map(([, name]) => name as string),
  ...[...code.matchAll(/import \{([^}]*)\} from "deepshock(?:\/\w+)?"/g)].flatMap(([, names]) =>
    (names as string).split(",").map((name) => name.trim()),
  ),
]);

const entries = ["index", "figures/index", "published/index", "notebook"].map((entry) => join(root, "src", `${entry}.ts`));
const program = ts.createProgram(entries, {
  ...{ target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, noLib: true, skipLibCheck: true, types: [] },
});
const checker = program.getTypeChecker();

/** Each function and constant of the package that readers meet, with the text of its example. Types have none to run. */
const examples: readonly (readonly [name: string, example: string | undefined, where: string])[] = entries.flatMap((entry) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!used.has(exported.name) || !(symbol.flags & ts.SymbolFlags.Value)) return [];
    const tag = symbol.getJsDocTags(checker).find(({ name }) => name === "example");
    return [[exported.name, tag === undefined ? undefined : ts.displayPartsToString(tag.text), entry] as const];
  });
});

/** What takes seconds to make and is not kept by the package itself, made once of the same thing. */
function remembered(scope: Record<string, unknown>): Record<string, unknown> {
  const made = ["claims", "stackKinds"].map((name) => {
    const known = new Map<unknown, unknown>();
    const make = scope[name] as (...given: unknown[]) => unknown;
    const once = (...given: unknown[]) => {
      if (!known.has(given[0])) known.set(given[0], make(...given));
      return known.get(given[0]);
    };
    return [name, once] as const;
  });
  return { ...scope, ...Object.fromEntries(made) };
}

const require = createRequire(join(root, "package.json"));
const scope = remembered(Object.assign({}, ...["deepshock", "deepshock/figures", "deepshock/published"].map((name) => require(name))));

/** The value of an example, and what it says that it is: the number, text or word behind `//`, where one is there. */
function run(example: string): { readonly value: unknown; readonly said: string | undefined } {
  const lines = example.replace(/^```\w*\n|\n```$/g, "").split("\n");
  const source = lines.map((line) => line.replace(/\s\/\/ .*$/, "")).join("\n");
  const said = /\s\/\/ (?:("[^"]*")|(-?[\d,]*\.?\d+(?:e-?\d+)?)|(true|false))(?=$|[,;:(]| of )/.exec(lines.at(-1) ?? "");
  const value = new Function(...Object.keys(scope), `"use strict"; return (${source.trim().replace(/;$/, "")});`)(...Object.values(scope));
  return { value, said: said?.[1] ?? said?.[2] ?? said?.[3] };
}

/** Whether a value is what an example says: a number to as many digits as stand there. */
function isAsSaid(value: unknown, said: string): boolean {
  if (typeof value !== "number") return JSON.stringify(value) === said;
  const digits = said.replace(/e.*$/, "").replace(/^[-0.,]*|[.,]/g, "").length;
  return Number(value.toPrecision(Math.max(1, digits))) === Number(said.replaceAll(",", ""));
}

/** Once each; those of deepshock/notebook, or that show something there, need a kernel: their own tests have one. */
const ofModel = examples.filter(
  ([name, example, entry], i) =>
    !entry.endsWith("notebook.ts") && !/\bshow[A-Z]/.test(example ?? "") && examples.findIndex((one) => one[0] === name) === i,
);

describe("what README and the notebooks use of the package", () => {
  it("is most of it, and each name has an example in its docstring", () => {
    expect(examples.length).toBeGreaterThan(200);
    expect(examples.filter(([, example]) => example === undefined).map(([name]) => name)).toEqual([]);
  });

  it.each(ofModel)(
    "has an example that runs and is true: %s",
    (_, example) => {
      const { value, said } = run(example ?? "");
      expect(value).toBeDefined();
      if (said !== undefined) expect(isAsSaid(value, said), `${String(value)}, said to be ${said}`).toBe(true);
    },
    120_000,
  );
});
