import { number, parseRows, text } from "../data/rows";
import { carriedFamily, type KernelFamily } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement } from "../published/layer-times";
import { errorFigures, isEven, predictRow } from "./judge";

/** What the constants that predict a row had not seen: its token count, any row of its model, or any row of its generation of machines. */
export const leftOutKinds = ["tokens", "model", "generation"] as const;
export type LeftOut = (typeof leftOutKinds)[number];

/** A measured row and its time by constants that had not seen it, in seconds. */
export interface HeldRow {
  readonly leftOut: LeftOut;
  readonly family: string;
  readonly row: MoeMeasurement;
  readonly predicted: number;
}

/** Error figures of rows left out, of one group of rows and one range of tokens. */
export interface HeldSplit {
  readonly leftOut: LeftOut;
  /** "all", "with a gate", "without a gate", a machine's id, or a family, each of even routing; or "power law". */
  readonly group: string;
  readonly tokens: string;
  readonly rows: number;
  /** |predicted / measured - 1| of half the rows, and of nine in ten, at most. */
  readonly median: number;
  readonly p90: number;
  /** Median of ln(predicted / measured): above zero, the model is slow. */
  readonly bias: number;
}

const ranges = [
  { tokens: "to 1024", upTo: 1024 },
  { tokens: "1025 to 16384", upTo: 16_384 },
  { tokens: "above 16384", upTo: Number.POSITIVE_INFINITY },
] as const;

/** Predict a family's rows as if no row of its generation of machines had been measured: by constants carried from the others, as kernelFamily carries them. */
export function leaveGenerationOut(
  family: string,
  rows: readonly MoeMeasurement[],
  families: readonly KernelFamily[],
  hardware: (id: string) => Hardware,
): readonly HeldRow[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { generation } = hardware(first.hardware);
  const others = families.filter((f) => f.generation !== generation && f.software === undefined);
  const carried = carriedFamily(first.kernel, first.weightFormat, generation, others);
  if (carried === undefined) return [];
  return rows.map((row) => ({ leftOut: "generation", family, row, predicted: predictRow(row, carried, hardware(row.hardware)).seconds }));
}

/** The errors of rows left out: all together, with and without a gate, by machine and by family, each by range of tokens. */
export function heldSplits(held: readonly HeldRow[]): readonly HeldSplit[] {
  const groups = new Map<string, (h: HeldRow) => boolean>([
    ["all", () => true],
    ["with a gate", (h) => h.row.shape.expertMatrices === 3],
    ["without a gate", (h) => h.row.shape.expertMatrices === 2],
  ]);
  for (const machine of [...new Set(held.map((h) => h.row.hardware))].sort()) groups.set(machine, (h) => h.row.hardware === machine);
  for (const family of [...new Set(held.map((h) => h.family))].sort()) groups.set(family, (h) => h.family === family);
  const even = new Map([...groups].map(([group, belongs]) => [group, (h: HeldRow) => isEven(h.row) && belongs(h)] as const));
  even.set("power law", (h) => !isEven(h.row));
  return leftOutKinds.flatMap((leftOut) => {
    const these = held.filter((h) => h.leftOut === leftOut);
    return [...even].flatMap(([group, belongs]) => {
      const members = these.filter(belongs);
      return ranges.flatMap(({ tokens, upTo }, i) => {
        const from = ranges[i - 1]?.upTo ?? 0;
        const pairs = members.flatMap(({ row, predicted }) =>
          row.tokens > from && row.tokens <= upTo ? [{ predicted, measured: row.seconds }] : [],
        );
        if (pairs.length === 0) return [];
        const { rows, median, p90, bias } = errorFigures(pairs);
        return [{ leftOut, group, tokens, rows, median, p90, bias }];
      });
    });
  });
}

/** The text of data/fit-held.csv: one line a kind of leaving out, group and range of tokens. */
export function heldCsv(splits: readonly HeldSplit[]): string {
  return [
    "# Written by npm run fit. Rows of even routing (those under a power law are a group of their own) whose token count, model or generation of machines the constants had not seen, by tokens that enter the layer. |predicted / measured - 1|: median and 90th percentile; bias is the median of ln(predicted / measured).",
    "leftOut,group,tokens,rows,median,p90,bias",
    ...splits.map((s) => [s.leftOut, s.group, s.tokens, s.rows, s.median.toFixed(4), s.p90.toFixed(4), s.bias.toFixed(4)].join(",")),
    "",
  ].join("\n");
}

/** Splits, read back. */
export function readHeldSplits(csv: string): readonly HeldSplit[] {
  return parseRows("fit-held.csv", csv).map((row) => ({
    leftOut: text(row, "leftOut") as LeftOut,
    group: text(row, "group"),
    tokens: text(row, "tokens"),
    rows: number(row, "rows"),
    median: number(row, "median"),
    p90: number(row, "p90"),
    bias: number(row, "bias"),
  }));
}

/** The splits as a table for people: a line a group, median and 90th percentile in percent by range of tokens. */
export function heldTable(csv: string): string {
  const splits = readHeldSplits(csv);
  const lines = leftOutKinds.flatMap((leftOut) => {
    const these = splits.filter((s) => s.leftOut === leftOut);
    return [...new Set(these.map((s) => s.group))].map((group) => {
      const cells = ranges.map(({ tokens }) => {
        const s = these.find((t) => t.group === group && t.tokens === tokens);
        const figures = s === undefined ? "" : `${(100 * s.median).toFixed(1)} / ${(100 * s.p90).toFixed(0)} % (${s.rows})`;
        return figures.padStart(25);
      });
      return `${`${leftOut} left out`.padEnd(22)}${group.padEnd(86)}${cells.join("")}`;
    });
  });
  const head = ranges.map(({ tokens }) => `${tokens} tokens`.padStart(25)).join("");
  return [`${"median / p90 (rows)".padEnd(108)}${head}`, ...lines].join("\n");
}
