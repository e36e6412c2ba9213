import { at, number, type Row, readRows, text } from "../data/rows";
import { type DenseConstants, type DenseTiles, denseConstantNames, denseTime } from "../kernels/product";
import { hardware } from "../machine/hardware";

/** One measured row: how long it took, whether the fit may see it, and what a plain model says. */
export interface LinkSample {
  readonly seconds: number;
  readonly held: boolean;
  /** Roofline for products, smallest message plus bytes over datasheet bandwidth for links. */
  readonly baselineSeconds: number;
  readonly floorSeconds: number;
  readonly where: string;
}

/** A family of constants to be fitted: names, bounds, rows, and the formula from constants to seconds. */
export interface LinkProblem {
  /** Columns that name the family, as its file has them. */
  readonly family: Readonly<Record<string, string>>;
  readonly file: "gemm-kernels.csv" | "collectives.csv";
  readonly names: readonly string[];
  /** Constants that are set, not fitted. */
  readonly fixed: Readonly<Record<string, number>>;
  readonly start: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** How far ln(constant) is thought to lie from its start before any row is seen, in units of one row; undefined where the rows tell it alone. */
  readonly spreads?: readonly (number | undefined)[];
  readonly samples: readonly LinkSample[];
  readonly heldOut: string;
  readonly predict: (constants: Readonly<Record<string, number>>, sample: number) => number;
}

/** Unit of a constant, by how its name ends. */
export function constantUnit(name: string): "s" | "B" | "ratio" {
  return /[Ss]econds|secondsPer/.test(name) ? "s" : /Bytes$/.test(name) ? "B" : "ratio";
}

/** Shapes [n, k] of products that no constant is fitted on. */
export const heldShapes = ["64 64", "512 7168", "4096 7168", "7168 2048", "16384 7168"] as const;

export function denseProblems(): readonly LinkProblem[] {
  const rows = ["h100-sxm", "b200-sxm"].flatMap((machine) =>
    readRows(`measurements/gemm-${machine}.csv`).map((row) => ({ row, machine: hardware(machine) })),
  );
  return readRows("gemm-tiles.csv").map((tilesRow) => {
    const [kernel, weightFormat, generation] = ["kernel", "weightFormat", "generation"].map((c) => text(tilesRow, c)) as [
      string,
      string,
      string,
    ];
    const list = (column: string) => text(tilesRow, column).split(" ").map(Number);
    const tiles: DenseTiles = { tileRows: list("tileRows"), tileColumns: list("tileColumns"), splits: list("splits") };
    const own = rows.filter(
      ({ row, machine }) => row.cells.kernel === kernel && row.cells.weightFormat === weightFormat && machine.generation === generation,
    );
    const gemms = own.map(({ row }) => ({ m: number(row, "m"), n: number(row, "n"), k: number(row, "k") }));
    const time = (constants: DenseConstants, i: number) =>
      denseTime(
        { kernel, weightFormat, generation, ...tiles, constants, fitted: "here" },
        gemms[i] as (typeof gemms)[0],
        (own[i] as (typeof own)[0]).machine,
      );
    const any = {
      fixedSeconds: 1e-6,
      memoryEfficiency: 1,
      arithmeticEfficiency: 1,
      secondsPerStep: 0,
      splitSeconds: 0,
      overlapExponent: 2,
      activationPasses: 0,
    };
    const samples = own.map(({ row }, i) => {
      const { floorSeconds } = time(any, i);
      return {
        seconds: microseconds(row, "us"),
        held: (heldShapes as readonly string[]).includes(`${row.cells.n} ${row.cells.k}`),
        baselineSeconds: floorSeconds,
        floorSeconds,
        where: at(row),
      };
    });
    const used = usedBounds(Math.min(...samples.map((s) => s.seconds)), tiles, weightFormat);
    const names = denseConstantNames.filter((name) => name in used);
    const of = (place: 0 | 1 | 2) => names.map((name) => (used[name] as Bounds)[place]);
    const rowsOfShape = rowsOfOneShape(gemms.filter((_, i) => samples[i]?.held === false));
    return {
      family: { kernel, weightFormat, generation },
      file: "gemm-kernels.csv",
      samples,
      heldOut: "shapes [n, k] 64 64, 512 7168, 4096 7168, 7168 2048, 16384 7168",
      names,
      fixed: Object.fromEntries(denseConstantNames.filter((name) => !(name in used)).map((name) => [name, 0])),
      start: of(0),
      lower: of(1),
      upper: of(2),
      spreads: names.map((name) => {
        const spread = (used[name] as Bounds)[3];
        return spread === undefined ? undefined : spread / Math.sqrt(rowsOfShape);
      }),
      predict: (c, i) => time(c as unknown as DenseConstants, i).seconds,
    };
  });
}

type Bounds = readonly [start: number, lower: number, upper: number, spread?: number];

/**
 * Where each constant that a family has starts, between what it may lie, and how far from the start it is thought to be.
 *
 * A table of ten shapes leaves a valley open: a memory that streams at 65 % and hides under the tiles, or at 100 % and adds to them,
 * differ by less than one shape strays, but by a tenth on matrices four times as large as the table's, which steps ask for. What is
 * thought beforehand is as of attention: one memory streams at about four fifths of its datasheet whatever the format of the weights.
 */
function usedBounds(least: number, { splits }: DenseTiles, weightFormat: string): Readonly<Partial<Record<keyof DenseConstants, Bounds>>> {
  return {
    fixedSeconds: [least, 3e-7, 3e-5],
    memoryEfficiency: [0.8, 0.2, 1, 0.2],
    arithmeticEfficiency: [0.8, 0.3, 1, 0.4],
    secondsPerStep: [3e-8, 1e-10, 4e-7, 5],
    ...(splits.length > 1 ? { splitSeconds: [2e-6, 1e-8, 2e-5, 1] as const } : {}),
    overlapExponent: [3, 1, 10, 1.5],
    ...(weightFormat === "bfloat16" ? {} : { activationPasses: [2, 0.01, 12] as const }),
  };
}

/** Rows of one shape stray together, so what is thought beforehand counts as one shape does, not as one row. */
function rowsOfOneShape(gemms: readonly { readonly n: number; readonly k: number }[]): number {
  return gemms.length / new Set(gemms.map(({ n, k }) => `${n} ${k}`)).size;
}

const us = 1e-6;

/** A cell in microseconds as seconds. @throws Error naming file and line unless it is above zero. */
export function microseconds(row: Row, column: string): number {
  const value = number(row, column) * us;
  if (value <= 0) throw new Error(`${at(row)}: expected ${column} above zero, got ${row.cells[column]}`);
  return value;
}
