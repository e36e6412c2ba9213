/**
 * npm run check: types of src, of the tests and of the notebook cells; width and format of cells; lint and format; a docstring
 * for every export.
 *
 *     npm run check -- --fix            mend what can be mended
 *     npm run check -- --only types     one of: types, cells, layout, lint, api
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkCells } from "./cells.mjs";
import { checkLayout } from "./layout.mjs";
import { root, run, secondsSince } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const typedoc = join(root, "node_modules", "typedoc", "bin", "typedoc");
const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");

const checks = {
  types: async () => {
    const { code, stdout, stderr } = await run(process.execPath, [tsc, "-p", "test/tsconfig.json", "--noEmit", "--pretty", "false"]);
    return code === 0 ? "" : stdout + stderr;
  },
  cells: async () => checkCells().join("\n"),
  layout: async (fix) => checkLayout(undefined, { fix }).join("\n"),
  lint: async (fix) => {
    const { code, stdout, stderr } = await run(process.execPath, [
      biome,
      "check",
      "--config-path=.biome.json",
      "--error-on-warnings",
      "--colors=off",
      ...(fix ? ["--write"] : []),
    ]);
    return code === 0 ? "" : stdout + stderr;
  },
  api: async () => {
    const { code, stdout, stderr } = await run(process.execPath, [typedoc, "--emit", "none", "--pretty", "false"]);
    return code === 0 ? "" : stdout + stderr;
  },
};

const names = {
  types: "types of src and tests",
  cells: "types of notebook cells",
  layout: "width and format of notebook cells",
  lint: "lint and format",
  api: "docstrings of the public names",
};

await main(async () => {
  let values;
  try {
    ({ values } = parseArgs({ options: { fix: { type: "boolean", default: false }, only: { type: "string", multiple: true } } }));
    for (const only of values.only ?? [])
      if (!(only in checks)) throw new Error(`--only ${only}: expected one of ${Object.keys(checks).join(", ")}`);
  } catch (error) {
    throw new SetupError(error.message);
  }
  let failed = 0;
  for (const name of values.only ?? Object.keys(checks)) {
    const start = performance.now();
    const said = await checks[name](values.fix);
    if (said !== "") failed++;
    console.log(`${names[name]}: ${said === "" ? "no complaint" : "FAILED"} (${secondsSince(start)})`);
    if (said !== "") console.log(`${said.trim()}\n`);
  }
  return failed === 0 ? 0 : 1;
});
