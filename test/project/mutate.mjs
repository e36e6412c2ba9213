/**
 * npm run mutate: changes the physics one place at a time and counts the changes that the tests notice.
 *
 *     npm run mutate                       every module of the list below
 *     npm run mutate -- src/kernels/gemm.ts        one module, or several
 *
 * Each module is judged by the tests that are about it, not by whatever happens to run through it. A change that no test notices
 * stands in test/project/mutation-survivors.csv with the reason, or is printed as one without. Noticed is also what keeps a test file from
 * loading, and what takes far longer than it did. What was noticed is not tried again until it or its tests change (.stryker/). What each
 * module came to is kept in test/project/mutation-score.csv. Ends with 1 below 90 % noticed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";

const root = join(import.meta.dirname, "..", "..");
const leastShare = 0.9;

/** The modules of the physics, by their path in src/, each with the test files that are about it, in test/; = is the one of its own path. */
const tests = Object.fromEntries(
  `
  units: =
  checks: =
  statistics: =

  routing/uniform: = properties/properties-routing
  routing/imbalance: =
  routing/rank-load: = properties/properties-routing
  routing/power-law: routing/rank-load properties/properties-routing
  routing/placement: = properties/properties-routing
  routing/popularity: routing/placement properties/properties-routing
  routing/balance-simulation: routing/placement properties/properties-routing
  routing/busiest-gpu: =

  machine/number-formats: =
  machine/random-access: =
  machine/dram: =
  machine/hardware: =
  machine/link-facts: =
  machine/check-rates: step/question
  machine/what-if-hardware: =

  model/parameters: = properties/properties-work
  model/matrices: =
  model/shard: =
  model/feed-forward: model/matrices model/shard
  model/mixers/grouped: model/mixers
  model/mixers/latent: model/mixers
  model/mixers/compressed: model/mixers
  model/mixers/block-selected: model/mixers
  model/mixers/linear: model/mixers
  model/mixers/indexer: model/mixers
  model/mixers/mixers: model/mixers
  model/mixers/rules: model/mixers
  model/decoder: model/stack
  model/model: model/registry model/parameters
  model/check-runs: model/stack
  model/summary: model/stack
  model/selection: step/requests step/accesses
  model/padded: =
  model/served-formats: =
  model/release-sizes: =
  model/what-if-model: = step/granularity

  kernels/gemm: =
  kernels/roofline: =
  kernels/systolic: =
  kernels/launch: =
  kernels/p-norm: kernels/product
  kernels/product: = kernels/tile-choice
  kernels/tile-choice: =
  kernels/array-caps: = properties/properties-work
  kernels/families: = kernels/carried-family properties/properties-time
  kernels/expert-layer: = kernels/expert-layer-edges kernels/expert-layer-paths
  kernels/expert-task: =
  kernels/default-experts: kernels/default-kernels
  kernels/default-attention: kernels/default-kernels
  kernels/attention/attention-law: kernels/attention/mixer-demand
  kernels/attention/attention-plan: =
  kernels/attention/attention-families: =
  kernels/attention/mixer-demand: =
  kernels/attention/mixer-time: =

  network/collective: = properties/properties-links
  network/collective-ways: network/collective properties/properties-links
  network/all-reduce: =
  network/exchange: = properties/properties-links
  network/split: = properties/properties-links
  network/split-time: =
  network/message-path: step/requests properties/properties-links
  network/processor-tax: network/movers properties/properties-links
  network/hiding: published/next properties/properties-work

  step/question: =
  step/plan: =
  step/planned-run: =
  step/products: =
  step/mixer-tasks: =
  step/mixer-runs: =
  step/tasks: step/layer-tasks step/step-sums
  step/communication: =
  step/waiting: =
  step/links: step/engine
  step/engine: =
  step/answer-words: step/engine
  step/carried: step/engine
  step/decode: step/step-sums
  step/prefill: step/step-sums
  step/memory-footprint: model/shard
  step/decode-accesses: step/accesses
  step/requests: = model/shard
  step/tiers: step/requests
  step/path-points: step/requests
  step/median-run: step/requests
  step/starts: =
  step/durations: =
  step/energy: =
  step/flows: =
  step/fitting: step/resources
  step/resources: =
  step/worth: step/resources
  step/planes: =
  step/granularity: =
  step/training: step/backward
  step/trained-run: step/backward
  step/backward: =
  step/update: step/backward
  step/trace-check: step/training
  step/search/search-question: step/search/ways
  step/search/search: step/search/ways
  step/search/splits: step/search/ways
  step/search/ways: =

  fit/calibration: =
  claims/uncertainty: =
  claims/intervals: =
  claims/score: claims/intervals
  claims/parts/verdict: claims/verdict
  claims/parts/population: claims/verdict
  `
    .split("\n")
    .map((line) => line.split(":").map((side) => side.trim()))
    .filter(([name]) => name !== "")
    .map(([name, about]) => [name, about.split(" ").map((file) => (file === "=" ? name : file))]),
);

const asked = process.argv.slice(2).map((name) => name.replace(/^src\//, "").replace(/\.ts$/, ""));
const strange = asked.find((name) => !(name in tests));
if (strange !== undefined) {
  console.error(`${strange}: expected modules of src/ that are listed: ${Object.keys(tests).join(", ")}`);
  process.exit(1);
}

const reasons = parse(readFileSync(join(root, "test", "project", "mutation-survivors.csv"), "utf8"), { columns: true, comment: "#", comment_no_infix: true });
/** What each module came to when it was last counted. */
const scoreFile = join(root, "test", "project", "mutation-score.csv");
const scores = new Map(parse(readFileSync(scoreFile, "utf8"), { columns: true, comment: "#" }).map((row) => [row.module, row]));
let [noticed, all, unexplained] = [0, 0, 0];
for (const names of together(asked.length > 0 ? asked : Object.keys(tests))) {
  const began = performance.now();
  const found = mutate(names);
  console.log(`${names.length === 1 ? "" : `${names.length} modules, `}${Math.round((performance.now() - began) / 1000)} s`);
  for (const name of names) report(name, found.get(name) ?? []);
}
console.log(`all: ${words(noticed, all)}; ${unexplained} unnoticed without a reason; at least ${leastShare * 100} % must be noticed`);
keepScores();
process.exit(noticed >= leastShare * all ? 0 : 1);

function keepScores() {
  const rows = Object.keys(tests).map((name) => `${name},${scores.get(name)?.noticed ?? ""},${scores.get(name)?.changes ?? ""}`);
  const counted = Object.keys(tests).flatMap((name) => (Number(scores.get(name)?.changes ?? 0) > 0 ? [scores.get(name)] : []));
  const of = (column) => counted.reduce((sum, row) => sum + Number(row[column]), 0);
  console.log(`as last counted, ${counted.length} of ${rows.length} modules: ${words(of("noticed"), of("changes"))}`);
  const head = "# Written by npm run mutate: of each module how many changes its tests noticed when it was last counted; empty where it was not since the list was brought up to date.";
  writeFileSync(scoreFile, `${[head, "module,noticed,changes", ...rows].join("\n")}\n`);
}

/** Modules whose tests are the same run together: to start and to bundle takes longer than most changes. */
function together(names) {
  const groups = new Map();
  for (const name of names) {
    const key = tests[name].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return groups.values();
}

function report(name, changes) {
  const lived = changes.filter(({ status }) => status === "Survived" || status === "NoCoverage");
  noticed += changes.length - lived.length;
  all += changes.length;
  scores.set(name, { noticed: changes.length - lived.length, changes: changes.length });
  console.log(`src/${name}.ts: ${words(changes.length - lived.length, changes.length)}`);
  for (const { line, was, became } of lived) {
    if (reasons.some((r) => r.module === name && r.was === was && r.became === became)) continue;
    unexplained++;
    console.log(`  line ${line}, without a reason: ${was}  ->  ${became}`);
  }
  for (const r of reasons.filter((r) => r.module === name && !lived.some(({ was, became }) => was === r.was && became === r.became)))
    console.log(`  is noticed by now, strike it from the list: ${r.was}  ->  ${r.became}`);
}

/** The changes of modules that ran, by module: where, what stood there, what stood there instead, and what became of it. */
function mutate(names) {
  const stryker = join(root, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
  const report = names.join("+").replaceAll("/", "-");
  const { status } = spawnSync(process.execPath, [stryker, "run", "test/project/stryker.config.mjs"], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      DEEPSHOCK_MUTATED: names.join(" "),
      DEEPSHOCK_MUTATION_REPORT: report,
      DEEPSHOCK_MUTATION_TESTS: tests[names[0]].join(" "),
    },
  });
  if (status !== 0) throw new Error(`${names.map((name) => `src/${name}.ts`).join(", ")}: Stryker ended with ${status}`);
  const { files } = JSON.parse(readFileSync(join(root, ".stryker", `${report}.json`), "utf8"));
  forgetUnnoticed(join(root, ".stryker", `${report}.incremental.json`));
  return new Map(
    Object.entries(files).map(([file, { source, mutants }]) => [file.replace(/^src\//, "").replace(/\.ts$/, ""), changesOf(source, mutants)]),
  );
}

/** What lived is tried again in the next run: of a change in what runs as a file loads, Stryker does not see that a new test reaches it. */
function forgetUnnoticed(file) {
  const known = JSON.parse(readFileSync(file, "utf8"));
  for (const of of Object.values(known.files)) of.mutants = of.mutants.filter(({ status }) => status !== "Survived" && status !== "NoCoverage");
  writeFileSync(file, JSON.stringify(known));
}

function changesOf(source, mutants) {
  const lines = source.split("\n");
  return mutants
    .filter((m) => ["Killed", "Timeout", "RuntimeError", "Survived", "NoCoverage"].includes(m.status))
    .map(({ status, replacement, location: { start, end } }) => ({
      status,
      line: start.line,
      was: oneLine(cut(lines, start, end)),
      became: oneLine(replacement),
    }));
}

function cut(lines, start, end) {
  if (start.line === end.line) return lines[start.line - 1].slice(start.column - 1, end.column - 1);
  return [lines[start.line - 1].slice(start.column - 1), ...lines.slice(start.line, end.line - 1), lines[end.line - 1].slice(0, end.column - 1)].join(" ");
}

function oneLine(code) {
  return code.replace(/\s+/g, " ").trim();
}

function words(part, whole) {
  return `${part} of ${whole} noticed (${whole === 0 ? "–" : ((100 * part) / whole).toFixed(1)} %)`;
}
