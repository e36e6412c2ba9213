import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, run } from "../../notebooks/jupyter/project.mjs";

it.each(["types", "cells", "lint", "api"])(
  "npm run check finds nothing to complain of: %s",
  async (only) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(root, "notebooks", "jupyter", "check.mjs"), "--only", only]);
    expect(code, stdout + stderr).toBe(0);
  },
  180_000,
);

it("the types of every file of src/ are checked, whoever imports it", async () => {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", "test/tsconfig.json", "--listFilesOnly"]);
  const checked = new Set(stdout.split("\n"));
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => !checked.has(join(root, "src", file)))).toEqual([]);
}, 60_000);
