#!/usr/bin/env node
import { readFileSync, renameSync, writeFileSync } from "node:fs";
/**
 * Fit the constants of dense products and links: data/gemm-kernels.csv, data/collectives.csv, data/launch.csv; and their
 * errors: data/links-errors.csv.
 *
 *     node data/fit-links.mjs            fit and write
 *     node data/fit-links.mjs --report   only print the errors stated, as they were written
 *
 * Needs `npm run build` first: the formulas are the library's own. The same rows give the same files.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { levenbergMarquardt } from "ml-levenberg-marquardt";
import { inverse, Matrix } from "ml-matrix";

const require = createRequire(import.meta.url);
const folder = dirname(fileURLToPath(import.meta.url));

/** Residuals beyond this much (in logarithms) count less and less: a few rows of a table are outliers. */
const robustWidth = 0.1;

/** Solve one problem on the rows that are not held out. Gives constants, their standard errors (relative), and all errors. */
export function solve(problem) {
  const { names, start, lower, upper, samples, predict, fixed } = problem;
  const free = samples.flatMap((s, i) => (s.held ? [] : [i]));
  const constantsOf = (logs) => ({ ...fixed, ...Object.fromEntries(names.map((n, i) => [n, Math.exp(logs[i])])) });
  const model = (logs) => {
    const constants = constantsOf(logs);
    return (i) => Math.log(predict(constants, i));
  };
  const y = free.map((i) => Math.log(samples[i].seconds));
  const [minValues, maxValues] = [lower.map(Math.log), upper.map(Math.log)];
  const logs = start.map((v, i) => Math.min(Math.max(Math.log(v), minValues[i] + 1e-6), maxValues[i] - 1e-6));
  let weights = free.map(() => 1);
  const cost = (p) => {
    const f = model(p);
    return free.reduce((sum, i, j) => sum + Math.sqrt(1 + ((f(i) - y[j]) / robustWidth) ** 2) - 1, 0);
  };
  let best = { logs, cost: cost(logs) };
  for (let round = 0; round < 6; round++) {
    const fit = levenbergMarquardt({ x: free, y }, model, {
      initialValues: best.logs,
      minValues,
      maxValues,
      weights,
      gradientDifference: names.map(() => 1e-4),
      centralDifference: true,
      damping: round === 0 ? 10 : 1,
      dampingStepUp: 5,
      dampingStepDown: 3,
      maxIterations: 60,
      improvementThreshold: 1e-9,
      errorTolerance: 1e-12,
    });
    const now = cost(fit.parameterValues);
    const before = best.cost;
    if (now < best.cost) best = { logs: [...fit.parameterValues], cost: now };
    const f = model(best.logs);
    weights = free.map((i, j) => (1 + ((f(i) - y[j]) / robustWidth) ** 2) ** 0.25);
    if (round > 1 && before - now < 1e-6 * before) break;
  }
  const constants = constantsOf(best.logs);
  const errors = samples.map((s, i) => Math.abs(predict(constants, i) / s.seconds - 1));
  return { constants, relativeErrors: relativeErrors(model, best.logs, free, y, weights), errors };
}

/** Standard error of each constant's logarithm, that is its relative error: from the curvature at the solution. */
function relativeErrors(model, logs, free, y, weights) {
  const step = 1e-4;
  const columns = logs.map((_, k) => {
    const moved = (d) => model(logs.map((v, i) => (i === k ? v + d : v)));
    const [up, down] = [moved(step), moved(-step)];
    return free.map((i, j) => (up(i) - down(i)) / (2 * step) / weights[j]);
  });
  const f = model(logs);
  const residual = free.reduce((sum, i, j) => sum + ((f(i) - y[j]) / weights[j]) ** 2, 0) / Math.max(1, free.length - logs.length);
  const normal = new Matrix(columns.map((a) => columns.map((b) => a.reduce((sum, v, j) => sum + v * b[j], 0))));
  // A constant that no row feels (it sits on its bound) has no curvature: a ridge keeps the inverse finite.
  for (let k = 0; k < logs.length; k++) normal.set(k, k, normal.get(k, k) + 1e-9);
  const covariance = inverse(normal);
  return logs.map((_, k) => Math.sqrt(Math.max(0, covariance.get(k, k) * residual)));
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * (sorted.length - 1) + 0.5))];
}

/** Fit everything. Gives the text of each file. */
export function fitLinks(library, progress = () => {}) {
  const { fit, exchange, dense } = library;
  const solved = [];
  const add = (problem) => {
    const start = Date.now();
    const solution = solve(problem);
    solved.push({ problem, solution });
    progress(
      `${Object.values(problem.family).join(" ")}: ${percent(
        quantile(
          solution.errors.filter((_, i) => problem.samples[i].held),
          0.5,
        ),
      )} held out (${Date.now() - start} ms)`,
    );
    return solution;
  };
  const keyOf = ({ family }) => `${family.implementation} ${family.operation} ${family.generation}`;
  const solveAll = (problems) => new Map(problems.map((p) => [keyOf(p), add(p).constants]));
  for (const p of dense.denseProblems()) add(p);
  for (const p of [...fit.ringProblems(), ...fit.exchangeProblems()]) add(p);
  const shots = solveAll(fit.shotProblems());
  for (const p of fit.eagerProblems(shots)) add(p);
  const scaleUp = solveAll(exchange.scaleUpProblems());
  add(exchange.networkProblem(scaleUp));
  for (const p of exchange.copyProblems()) add(p);
  for (const p of exchange.forwardProblems()) add(p);
  return {
    solved,
    files: { ...constantFiles(solved, dense.constantUnit), "launch.csv": launchFile(library), "links-errors.csv": errorFile(solved) },
  };
}

function constantFiles(solved, unitOf) {
  const heads = {
    "gemm-kernels.csv": [
      "# Constants of dense products, fitted by data/fit-links.mjs on data/measurements/gemm-*.csv. standardError is in the unit of the value.",
      "kernel,weightFormat,generation",
    ],
    "collectives.csv": [
      "# Constants of links, fitted by data/fit-links.mjs on data/measurements/{collectives,deepep}-*.csv. An empty standardError: set, not fitted.",
      "law,implementation,operation,generation",
    ],
  };
  const files = {};
  for (const [file, [comment, keys]] of Object.entries(heads)) {
    const lines = [comment, `${keys},constant,value,standardError,unit`];
    for (const { problem, solution } of solved.filter((s) => s.problem.file === file)) {
      const family = keys.split(",").map((k) => problem.family[k]);
      problem.names.forEach((name, i) => {
        const value = Number(solution.constants[name].toPrecision(5));
        lines.push([...family, name, value, Number((value * solution.relativeErrors[i]).toPrecision(2)), unitOf(name)].join(","));
      });
      for (const [name, value] of Object.entries(problem.fixed)) lines.push([...family, name, value, "", unitOf(name)].join(","));
    }
    files[file] = `${lines.join("\n")}\n`;
  }
  return files;
}

/** Medians of the least time of a small kernel, over sizes up to 128 KiB and block sizes: nothing to fit. */
function launchFile({ facts }) {
  const lines = [
    "# Time of one kernel of a chain that moves 64 to 128 KiB: median over sizes of data/measurements/launch-small-kernels.csv; standardError is half the range of the middle half.",
    "generation,constant,value,standardError,unit",
  ];
  const generationOf = { "h200-sxm": "Hopper", "a100-sxm": "Ampere", l40: "Ada", mi210: "CDNA2" };
  for (const [machine, generation] of Object.entries(generationOf)) {
    for (const mode of ["stream", "graph", "persistent"]) {
      const own = facts
        .readRows("measurements/launch-small-kernels.csv")
        .filter((r) => r.cells.machine === machine && r.cells.mode === mode && Number(r.cells.bytes) <= 131072);
      const values = own.map((r) => facts.number(r, "us") * 1e-6);
      const spread = (quantile(values, 0.75) - quantile(values, 0.25)) / 2;
      lines.push([generation, mode, Number(quantile(values, 0.5).toPrecision(4)), Number(spread.toPrecision(2)), "s"].join(","));
    }
  }
  return `${lines.join("\n")}\n`;
}

function errorFile(solved) {
  const lines = [
    "# Absolute relative errors of the constants in data/gemm-kernels.csv and data/collectives.csv, in percent; the baseline is a roofline (products) or the smallest message plus bytes over datasheet bandwidth (links), over all rows.",
    "family,fittedRows,fittedMedian,fittedP90,heldRows,heldMedian,heldP90,baselineMedian,baselineP90,belowFloor,heldOut",
  ];
  for (const { problem, solution } of solved) {
    const part = (held) => solution.errors.filter((_, i) => problem.samples[i].held === held);
    const baseline = problem.samples.map((s) => Math.abs(s.baselineSeconds / s.seconds - 1));
    const below = problem.samples.filter((s) => s.seconds < s.floorSeconds).length;
    const show = (errors) => [errors.length, ...[0.5, 0.9].map((q) => (100 * quantile(errors, q)).toFixed(1))];
    lines.push(
      [
        Object.values(problem.family).join(" "),
        ...show(part(false)),
        ...show(part(true)),
        ...show(baseline).slice(1),
        below,
        `"${problem.heldOut}"`,
      ].join(","),
    );
  }
  return `${lines.join("\n")}\n`;
}

function percent(x) {
  return `${(100 * x).toFixed(1)} %`;
}

/** The library's modules that the fit needs, from the build. */
export function builtLibrary() {
  const built = (name) => require(join(folder, "..", "dist", `${name}.js`));
  return { fit: built("fit/collectives"), exchange: built("fit/exchanges"), dense: built("fit/product-fits"), facts: built("data/rows") };
}

/** Write each file beside and rename it, so that a stopped run leaves the old one. */
export function writeFiles(files) {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--report")) process.stdout.write(readFileSync(join(folder, "links-errors.csv"), "utf8"));
  else writeFiles(fitLinks(builtLibrary(), (line) => process.stderr.write(`${line}\n`)).files);
}
