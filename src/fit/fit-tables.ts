import { number, parseRows, text } from "../data/rows";
import type { KernelConstants } from "../kernels/families";
import type { FamilyFit } from "./family";
import type { StatedError } from "./fit-all";

const units: Readonly<Record<keyof KernelConstants, string>> = {
  tileRows: "row",
  smallestTileRows: "row",
  oneTile: "ratio",
  tileColumns: "column",
  passRows: "row",
  secondsPerTile: "s",
  fixedSeconds: "s",
  secondsPerLocalExpert: "s",
  secondsPerRowElement: "s",
  secondsPerRoutedElement: "s",
  routedTokens: "ratio",
  routedRowElements: "element",
  routedActivation: "ratio",
  memoryEfficiency: "ratio",
  arithmeticEfficiency: "ratio",
  activationTraffic: "ratio",
  overlapExponent: "ratio",
  tileBytesPerSecond: "B/s",
};

/** The text of data/kernels.csv: one line a constant. */
export function kernelsCsv(fits: readonly FamilyFit[]): string {
  const lines = fits.flatMap(({ family, constants, rows }) =>
    constants.map(({ constant, value, relativeStandardError }) =>
      [
        ...[family.kernel, family.weightFormat, family.generation, family.software ?? ""],
        ...[constant, value, units[constant], relativeStandardError ?? "", rows],
      ].join(","),
    ),
  );
  return [
    "# Written by npm run fit. A standard error is missing where a constant is chosen, rests on its bound, or is not pinned down by the rows.",
    "kernel,weightFormat,generation,software,constant,value,unit,relativeStandardError,rows",
    ...lines,
    "",
  ].join("\n");
}

/** The text of data/fit-errors.csv: one line a family and part. */
export function errorsCsv(errors: readonly StatedError[]): string {
  const lines = errors.map((e) =>
    [e.family, e.part, e.rows, e.median, e.p90, e.within35, e.bias]
      .map((v) => (typeof v === "number" && !Number.isInteger(v) ? v.toFixed(4) : v))
      .map((v) => (String(v).includes(",") ? `"${v}"` : v))
      .join(","),
  );
  return [
    "# Written by npm run fit. |predicted / measured - 1|: median, 90th percentile, share within 35 %; bias is the median of ln(predicted / measured).",
    "family,part,rows,median,p90,within35,bias",
    ...lines,
    "",
  ].join("\n");
}

/** Stated errors, read back. */
export function readStatedErrors(csv: string): readonly StatedError[] {
  return parseRows("fit-errors.csv", csv).map((row) => ({
    family: text(row, "family"),
    part: text(row, "part"),
    rows: number(row, "rows"),
    median: number(row, "median"),
    p90: number(row, "p90"),
    within35: number(row, "within35"),
    bias: number(row, "bias"),
  }));
}

/** The stated errors as a table for people: a line a family and part, percent. */
export function errorTable(csv: string): string {
  const percent = (v: number) => `${(100 * v).toFixed(1)} %`.padStart(9);
  const lines = readStatedErrors(csv).map(
    (e) =>
      `${e.family.padEnd(86)}${e.part.padEnd(32)}${String(e.rows).padStart(6)}${percent(e.median)}${percent(e.p90)}${percent(e.within35)}${percent(e.bias)}`,
  );
  return [
    `${"family".padEnd(86)}${"part".padEnd(32)}${"rows".padStart(6)}${"median".padStart(9)}${"p90".padStart(9)}${"in 35 %".padStart(9)}${"bias".padStart(9)}`,
    ...lines,
  ].join("\n");
}
