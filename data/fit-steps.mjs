// Fit the time between kernels of each engine on whole steps, and state how far steps are off: engines.csv and step-errors.csv.
// npm run fit runs this last, since a step rests on every other fit; with --report it prints the errors as stated.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const built = createRequire(import.meta.url);
const dist = process.env.DEEPSHOCK_DIST ?? join(here, "..", "dist");
const load = (name) => built(join(dist, `${name}.js`));

if (process.argv.includes("--report")) {
  console.log(load("fit/step-tables").stepErrorTable(readFileSync(join(here, "step-errors.csv"), "utf8")));
} else if (process.argv.includes("--errors")) {
  write("step-errors.csv", errors());
} else {
  const { deploymentRows } = load("published/deployment-rows");
  const { stepPairs } = load("fit/step-rows");
  write("engines.csv", load("fit/step-tables").enginesCsv(load("fit/engine-fit").engineConstants(stepPairs(deploymentRows(), "default"))));
  // Anew, so that the errors are those of the constants just written.
  const { spawnSync } = await import("node:child_process");
  process.exitCode = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--errors"], { stdio: "inherit" }).status ?? 1;
}

function errors() {
  const { deploymentRows } = load("published/deployment-rows");
  const { stepPairs } = load("fit/step-rows");
  const { asTheyStand, stepErrors, stepErrorsCsv, stepErrorTable } = load("fit/step-tables");
  const [row, own] = ["row", "default"].map((asked) => stepPairs(deploymentRows(), asked));
  const { heldOut } = load("fit/engine-fit").leaveFoldsOut(own);
  const text = stepErrorsCsv([
    ...stepErrors("row's kernel", asTheyStand(row)),
    ...stepErrors("defaults", asTheyStand(own)),
    ...stepErrors("left out", heldOut),
  ]);
  console.log(stepErrorTable(text));
  return text;
}

/** Beside, then rename: a reader never sees half a file. */
function write(name, text) {
  writeFileSync(join(here, `${name}.new`), text);
  renameSync(join(here, `${name}.new`), join(here, name));
}
