import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";

const src = join(root, "src");
const listings = readdirSync(src)
  .map((folder) => join(folder, `public-${folder}.ts`))
  .filter((path) => existsSync(join(src, path)));
const lines = (path: string) => readFileSync(join(src, path), "utf8").split("\n");

describe("what deepshock gives", () => {
  it("is listed in the folder that has it, and src/index.ts reads like a table of contents", () => {
    expect(listings.length).toBeGreaterThan(8);
    for (const path of listings) {
      const from = lines(path).flatMap((line) => / from "(.+)";$/.exec(line)?.[1] ?? []);
      expect(from, path).not.toEqual([]);
      for (const module of from) expect(module, path).toMatch(/^\.\//);
      expect(lines("index.ts"), path).toContain(`export * from "./${path.replace(/\.ts$/, "")}";`);
    }
    expect(lines("index.ts").length).toBeLessThan(100);
  });

  it("loads the module behind a name when it is asked for, in every listing of a folder", () => {
    for (const path of ["index.ts", ...listings]) {
      const built = readFileSync(join(root, "dist", path.replace(/\.ts$/, ".js")), "utf8");
      // Compiled as it stands, a listing would load all that it names.
      expect(built, path).not.toMatch(/^(?:var \w+ = require|__exportStar\(require)\(/m);
      expect(built, path).toContain("once(() => require(");
    }
  });
});
