import { number, readRows } from "../data/rows";
import { quantile } from "../statistics";
import type { LinkFit } from "./link-fit";
import { constantUnit } from "./product-fits";

const digits = (value: number, count: number): number => Number(value.toPrecision(count));
const ascending = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

/** data/gemm-kernels.csv: a constant of a product a row. */
export const gemmKernelsCsv = (fits: readonly LinkFit[]): string =>
  constantsCsv(
    fits.filter(({ problem }) => problem.file === "gemm-kernels.csv"),
    ["kernel", "weightFormat", "generation"],
    "# Constants of dense products, written by npm run fit from data/measurements/gemm-*.csv. standardError is in the unit of the value; empty: set, not fitted.",
  );

/** data/collectives.csv: a constant of a link a row. */
export const collectivesCsv = (fits: readonly LinkFit[]): string =>
  constantsCsv(
    fits.filter(({ problem }) => problem.file === "collectives.csv"),
    ["law", "implementation", "operation", "generation"],
    "# Constants of links, written by npm run fit from data/measurements/{collectives,deepep}-*.csv. standardError is in the unit of the value; empty: set, not fitted.",
  );

function constantsCsv(fits: readonly LinkFit[], keys: readonly string[], head: string): string {
  const lines = fits.flatMap(({ problem, constants, relativeErrors }) => {
    const family = keys.map((key) => problem.family[key]);
    return [
      ...problem.names.map((name, i) => {
        const value = digits(constants[name] as number, 5);
        const relative = relativeErrors[i];
        return [...family, name, value, relative === undefined ? "" : digits(value * relative, 2), constantUnit(name)];
      }),
      ...Object.entries(problem.fixed).map(([name, value]) => [...family, name, value, "", constantUnit(name)]),
    ];
  });
  return csv([head, `${keys.join(",")},constant,value,standardError,unit`], lines);
}

/** data/links-errors.csv: how far each family is from its rows, fitted and held out, in percent. */
export function linksErrorsCsv(fits: readonly LinkFit[]): string {
  const percent = (errors: readonly number[], share: number) => (100 * quantile(ascending(errors), share)).toFixed(1);
  const lines = fits.map(({ problem: { family, samples, heldOut }, errors }) => {
    const part = (held: boolean) => errors.filter((_, i) => samples[i]?.held === held);
    const figures = (of: readonly number[]) => [of.length, percent(of, 0.5), percent(of, 0.9)];
    const baseline = samples.map(({ baselineSeconds, seconds }) => Math.abs(baselineSeconds / seconds - 1));
    const below = samples.filter(({ seconds, floorSeconds }) => seconds < floorSeconds).length;
    return [
      Object.values(family).join(" "),
      ...figures(part(false)),
      ...figures(part(true)),
      ...figures(baseline).slice(1),
      below,
      `"${heldOut}"`,
    ];
  });
  const head =
    "# Absolute relative errors of the constants in data/gemm-kernels.csv and data/collectives.csv, in percent; the baseline is a roofline (products) or the smallest message plus bytes over datasheet bandwidth (links), over all rows.";
  return csv(
    [head, "family,fittedRows,fittedMedian,fittedP90,heldRows,heldMedian,heldP90,baselineMedian,baselineP90,belowFloor,heldOut"],
    lines,
  );
}

const launched = { Hopper: "h200-sxm", Ampere: "a100-sxm", Ada: "l40", CDNA2: "mi210" } as const;
/** A kernel that moves no more than this takes the least time that there is. */
const smallBytes = 131072;

/** data/launch.csv: medians over sizes and block sizes; nothing to fit. */
export function launchCsv(): string {
  const rows = readRows("measurements/launch-small-kernels.csv").filter((row) => number(row, "bytes") <= smallBytes);
  const lines = Object.entries(launched).flatMap(([generation, machine]) =>
    ["stream", "graph", "persistent"].map((mode) => {
      const own = rows.filter(({ cells }) => cells.machine === machine && cells.mode === mode);
      const values = ascending(own.map((row) => number(row, "us") * 1e-6));
      const spread = (quantile(values, 0.75) - quantile(values, 0.25)) / 2;
      return [generation, mode, digits(quantile(values, 0.5), 4), digits(spread, 2), "s"];
    }),
  );
  const head =
    "# Time of one kernel of a chain that moves 64 to 128 KiB: median over sizes of data/measurements/launch-small-kernels.csv; standardError is half the range of the middle half.";
  return csv([head, "generation,constant,value,standardError,unit"], lines);
}

function csv(heads: readonly string[], lines: readonly (readonly unknown[])[]): string {
  return `${[...heads, ...lines.map((line) => line.join(","))].join("\n")}\n`;
}
