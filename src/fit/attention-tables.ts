import { number, parseRows, text } from "../data/rows";
import { familyColumns } from "../kernels/attention/attention-families";
import type { AttentionError, AttentionFit } from "./attention-fit";

const digits = (value: number, n: number): string => String(Number(value.toPrecision(n)));

/** data/attention-kernels.csv: a constant a row. */
export function attentionKernelsCsv(fits: readonly AttentionFit[]): string {
  const lines = fits.flatMap(({ key, constants, names, relativeErrors, tileRows, unitRows, longestTokens, rows }) => {
    const family = familyColumns.map((column) => key[column]).join(",");
    return [
      ...names.map((name, i) => {
        const error = relativeErrors[i];
        const unit = name.endsWith("Seconds") ? "s" : name.endsWith("Bytes") ? "B" : name === "mostParts" ? "count" : "ratio";
        return `${family},${name},${digits(constants[name], 4)},${unit},${error === undefined ? "" : digits(error, 2)},${rows}`;
      }),
      `${family},tileRows,${tileRows},row,,${rows}`,
      `${family},unitRows,${unitRows},row,,${rows}`,
      `${family},longestTokens,${longestTokens},token,,${rows}`,
    ];
  });
  const head =
    "# Written by npm run fit. A standard error is missing where a constant is chosen, rests on its bound, or is not pinned down by the rows.";
  return `${[head, `${familyColumns.join(",")},constant,value,unit,relativeStandardError,rows`, ...lines].join("\n")}\n`;
}

/** data/attention-errors.csv: errors of rows whose head geometry was left out of the fit. */
export function attentionErrorsCsv(errors: readonly AttentionError[]): string {
  const head =
    "# Written by npm run fit. |predicted / measured - 1| of head geometries left out; by another generation's constants where it says so.";
  const line = (e: AttentionError) =>
    [e.by, e.what, e.rows, digits(e.median, 3), digits(e.p90, 3), digits(e.within35, 3), digits(e.bias, 3)].join(",");
  return `${[head, "by,what,rows,median,p90,within35,bias", ...errors.map(line)].join("\n")}\n`;
}

/** The errors as a table in words, percent. */
export function attentionErrorTable(errors: readonly AttentionError[]): string {
  const percent = (v: number) => `${(100 * v).toFixed(1)} %`.padStart(9);
  const row = (e: AttentionError) =>
    `${e.by.padEnd(20)}${e.what.padEnd(90)}${String(e.rows).padStart(6)}${percent(e.median)}${percent(e.p90)}${percent(e.within35)}${percent(e.bias)}`;
  const head = `${"by".padEnd(20)}${"attention, geometries left out".padEnd(90)}${"rows".padStart(6)}${"median".padStart(9)}${"p90".padStart(9)}${"in 35 %".padStart(9)}${"bias".padStart(9)}`;
  return [head, ...errors.map(row)].join("\n");
}

/** The errors of a text as attentionErrorsCsv writes it. @throws Error naming the line of a broken row. */
export function readAttentionErrors(csv: string): readonly AttentionError[] {
  return parseRows("attention-errors.csv", csv).map((row) => ({
    by: text(row, "by") as AttentionError["by"],
    what: text(row, "what"),
    rows: number(row, "rows"),
    median: number(row, "median"),
    p90: number(row, "p90"),
    within35: number(row, "within35"),
    bias: number(row, "bias"),
  }));
}
