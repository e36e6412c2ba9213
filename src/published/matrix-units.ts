import { lookedUp, number, oneOf, optionalNumber, type Row, readRows, text } from "../data/rows";
import type { Dataflow, SystolicQuestion } from "../kernels/systolic";
import { hardware } from "../machine/hardware";
import { toBase } from "../units";

/** Cycles that SCALE-Sim counts for a product on a square array. */
export interface SimulatedCycles {
  readonly question: Required<Pick<SystolicQuestion, "array" | "dataflow" | "gemm">>;
  readonly cycles: number;
  /** Run in the simulator; else its closed form. */
  readonly simulated: boolean;
}

/**
 * Cycles of products on systolic arrays: simulated with SCALE-Sim, beyond that by its formula.
 *
 * @throws Error naming file, line and column of what is no positive number.
 * @example simulatedCycles().length // 120
 */
export function simulatedCycles(): readonly SimulatedCycles[] {
  return readRows("measurements/scalesim.csv").flatMap((row) => {
    const side = number(row, "array");
    const dataflow: Dataflow = oneOf(row, "dataflow", ["weight-stationary", "output-stationary"]);
    const [n, k, upTo] = [number(row, "n"), number(row, "k"), number(row, "simulatedRows")];
    return wide(row, "m").map(([m, cycles]) => ({
      question: { array: { rows: side, columns: side }, dataflow, gemm: { m, n, k } },
      cycles,
      simulated: m <= upTo,
    }));
  });
}

/** What a tensor core reaches with one size of instruction tile. */
export interface TensorCoreTile {
  readonly format: string;
  /** 1, or 2 for a pair that shares a tile. */
  readonly processors: number;
  readonly m: number;
  readonly n: number;
  /** Of all `processors` together, in one clock. */
  readonly flopsPerClock: number;
}

/**
 * FLOP a clock that B200's tensor cores reached, by shape of the instruction.
 *
 * @throws Error naming file, line and column of what is no positive number.
 */
export function tensorCoreTiles(): readonly TensorCoreTile[] {
  return readRows("measurements/umma-b200.csv").flatMap((row) => {
    const common = { format: text(row, "format"), processors: number(row, "processors"), m: number(row, "m") };
    return wide(row, "n").map(([n, flopsPerClock]) => ({ ...common, n, flopsPerClock }));
  });
}

/** Training rate of a mixture-of-experts model beside that of a dense one on the same machine. */
export interface TrainingPair {
  readonly machine: string;
  readonly software: string;
  readonly format: string;
  readonly model: string;
  readonly moeFlopsPerSecond: number;
  readonly denseFlopsPerSecond: number;
  /** moe / dense. */
  readonly ratio: number;
  readonly source: string;
}

/**
 * Published training rates of a mixture-of-experts model and of a dense one, on the same machine and software.
 *
 * @throws Error naming file and line of a broken row.
 * @example trainingPairs()
 */
export function trainingPairs(): readonly TrainingPair[] {
  return readRows("measurements/moe-dense-training.csv").map((row) => {
    const [moe, dense] = [toBase(number(row, "moeTeraflops"), "TFLOP/s"), toBase(number(row, "denseTeraflops"), "TFLOP/s")];
    const machine = lookedUp(row, "machine", hardware).id;
    const words = { software: text(row, "software"), format: text(row, "format"), model: text(row, "model"), source: text(row, "source") };
    return { ...words, machine, moeFlopsPerSecond: moe, denseFlopsPerSecond: dense, ratio: moe / dense };
  });
}

/** Columns named by a letter and a number, such as m128, as pairs. @throws Error naming file, line and column of what is no positive number. */
function wide(row: Row, letter: string): readonly (readonly [number, number])[] {
  return Object.keys(row.cells).flatMap((column) => {
    const key = new RegExp(`^${letter}(\\d+)$`).exec(column)?.[1];
    const value = key === undefined ? undefined : optionalNumber(row, column);
    if (value === undefined) return [];
    if (value <= 0) throw new Error(`${row.file}:${row.line}: expected a positive number for ${column}, got ${value}`);
    return [[Number(key), value] as const];
  });
}
