// Fit the constants of data/kernels.csv and state their errors in data/fit-errors.csv and data/fit-held.csv.
// The constants of dense products and links are fitted by fit-links.mjs, those of attention by fit-attention.mjs, which this runs at the end.
// npm run fit: fits and writes all three, the same bytes every time; npm run fit -- --report: prints the errors as stated.
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { hardware } = require("../dist/machine/hardware.js");
const { moeMeasurements, setAside } = require("../dist/published/layer-times.js");
const { fitKernels, judgeKernels } = require("../dist/fit/fit-all.js");
const { errorTable, errorsCsv, kernelsCsv } = require("../dist/fit/fit-tables.js");
const { heldCsv, heldSplits, heldTable } = require("../dist/fit/held-splits.js");

if (process.argv.includes("--report")) {
  report();
} else {
  const began = Date.now();
  const progress = (line) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`);
  const rows = moeMeasurements();
  const fits = await fitKernels(rows, setAside(), hardware, progress);
  const { errors, held } = await judgeKernels(
    rows,
    setAside(),
    fits.map((f) => f.family),
    hardware,
    progress,
  );
  write("kernels.csv", kernelsCsv(fits));
  write("fit-errors.csv", errorsCsv(errors));
  write("fit-held.csv", heldCsv(heldSplits(held)));
  report();
}

// Whole steps last: they rest on all the rest. Each is a process of its own, which reads the constants that were just written.
const reported = process.argv.includes("--report") ? ["fit-validation.mjs"] : [];
for (const script of ["fit-attention.mjs", "fit-links.mjs", "fit-steps.mjs", ...reported]) {
  const { status } = spawnSync(process.execPath, [join(here, script), ...process.argv.slice(2)], { stdio: "inherit" });
  if (status !== 0) process.exitCode = status ?? 1;
}

/** The errors as stated, and those of rows left out by tokens, machine and gate. */
function report() {
  console.log(errorTable(readFileSync(join(here, "fit-errors.csv"), "utf8")));
  console.log(`\n${heldTable(readFileSync(join(here, "fit-held.csv"), "utf8"))}`);
}

/** Beside, then rename: a reader never sees half a file. */
function write(name, text) {
  writeFileSync(join(here, `${name}.new`), text);
  renameSync(join(here, `${name}.new`), join(here, name));
}
