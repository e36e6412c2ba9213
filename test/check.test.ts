import { join } from "node:path";
import { expect, it } from "vitest";
import { root, run } from "../notebooks/jupyter/project.mjs";

it.each(["types", "cells", "lint", "api"])(
  "npm run check finds nothing to complain of: %s",
  async (only) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(root, "notebooks", "jupyter", "check.mjs"), "--only", only]);
    expect(code, stdout + stderr).toBe(0);
  },
  180_000,
);
