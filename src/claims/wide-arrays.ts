import { at, lookedUp, number, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { isKnown } from "./known-by";

/** A machine with a weight-holding array of 256 columns: a row of data/wide-arrays.csv. */
export interface WideArray {
  /** As in the registry of machines, where it is there. */
  readonly id: string;
  readonly name: string;
  readonly maker: string;
  /** Day of its announcement. */
  readonly announced: string;
  readonly side: number;
  readonly bytesPerSecond: number;
  /** Of dense 8-bit arithmetic. */
  readonly flopsPerSecond: number;
  readonly source: string;
}

/**
 * Machines announced by a day, the oldest first.
 *
 * @example wideArrays(newestDay())
 */
export function wideArrays(knownBy: string): readonly WideArray[] {
  read ??= readWideArrays(readRows("wide-arrays.csv"));
  return read.filter((m) => isKnown(m.announced, knownBy));
}

let read: readonly WideArray[] | undefined;

/** @throws Error naming file and line for a rate that is not positive or a source that is not known. */
export function readWideArrays(rows: readonly Row[]): readonly WideArray[] {
  return rows.map((row) => {
    const [side, bytesPerSecond, flopsPerSecond] = ["side", "bytesPerSecond", "flopsPerSecond"].map((column) => {
      const value = number(row, column);
      if (!(value > 0)) throw new Error(`${at(row)}: expected a positive ${column}, got ${value}`);
      return value;
    }) as [number, number, number];
    const [id, name, maker, announced] = ["machine", "name", "maker", "announced"].map((c) => text(row, c)) as [
      string,
      string,
      string,
      string,
    ];
    return { id, name, maker, announced, side, bytesPerSecond, flopsPerSecond, source: lookedUp(row, "source", source).id };
  });
}
