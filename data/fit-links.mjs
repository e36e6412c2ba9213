// Fit the constants of dense products and links (gemm-kernels.csv, collectives.csv, launch.csv) and state their errors in links-errors.csv;
// run by fit.mjs. node data/fit-links.mjs --report prints the errors as stated.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

if (!process.argv.includes("--report")) {
  const { fitLinks } = require("../dist/fit/link-fit.js");
  const { collectivesCsv, gemmKernelsCsv, launchCsv, linksErrorsCsv } = require("../dist/fit/link-tables.js");
  const fits = fitLinks();
  write("gemm-kernels.csv", gemmKernelsCsv(fits));
  write("collectives.csv", collectivesCsv(fits));
  write("launch.csv", launchCsv());
  write("links-errors.csv", linksErrorsCsv(fits));
}
process.stdout.write(readFileSync(join(here, "links-errors.csv"), "utf8"));

/** Beside, then rename: a reader never sees half a file. */
function write(name, text) {
  writeFileSync(join(here, `${name}.new`), text);
  renameSync(join(here, `${name}.new`), join(here, name));
}
