// Fit the constants of data/attention-kernels.csv and state their errors in data/attention-errors.csv; run by fit.mjs.
// node data/fit-attention.mjs --report prints the errors as stated; --geometries writes data/attention-geometries.csv alone, which holds
// between which sizes of heads the rows of each family lie.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { attentionErrorTable, attentionErrorsCsv, attentionKernelsCsv, readAttentionErrors } = require("../dist/fit/attention-tables.js");

if (!process.argv.includes("--report")) {
  const { attentionGeometriesCsv } = require("../dist/published/attention-geometries.js");
  write("attention-geometries.csv", attentionGeometriesCsv(require("../dist/published/attention-times.js").attentionTimes()));
}
if (!process.argv.some((word) => word === "--report" || word === "--geometries")) {
  const { hardware } = require("../dist/machine/hardware.js");
  const { attentionTimes } = require("../dist/published/attention-times.js");
  const { attentionErrors, byFamily, crossGeneration, fitAttention } = require("../dist/fit/attention-fit.js");
  const { familyName } = require("../dist/kernels/attention/attention-families.js");
  const fits = [];
  const families = byFamily(attentionTimes(), hardware);
  for (const [key, rows] of families) {
    if (rows.length < 25) continue;
    const began = Date.now();
    fits.push(fitAttention(key, rows, hardware));
    if (process.argv.includes("--progress")) console.log(familyName(key), rows.length, Date.now() - began, "ms");
  }
  write("attention-kernels.csv", attentionKernelsCsv(fits));
  write(
    "attention-errors.csv",
    attentionErrorsCsv(
      attentionErrors(
        fits.map((f) => [familyName(f.key), f.held]),
        crossGeneration(fits, families, hardware),
      ),
    ),
  );
}
if (existsSync(join(here, "attention-errors.csv")))
  console.log(attentionErrorTable(readAttentionErrors(readFileSync(join(here, "attention-errors.csv"), "utf8"))));

/** Beside, then rename: a reader never sees half a file. */
function write(name, text) {
  writeFileSync(join(here, `${name}.new`), text);
  renameSync(join(here, `${name}.new`), join(here, name));
}
