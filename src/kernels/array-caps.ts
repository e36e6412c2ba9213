import { requirePositive, requirePositiveInteger } from "../checks";
import { at, lookedUp, number, oneOf, readRows, text } from "../data/rows";
import { hardware } from "../machine/hardware";
import { weightFormat, weightFormatNames } from "../machine/number-formats";
import { paddedLength } from "./gemm";
import { datasheetRates, type Rates, ridgeRows } from "./roofline";

/** What stands between an expert's few rows and a machine's peak. */
export interface ArrayLimits {
  /** Peak of the arithmetic, bandwidth of the memory. */
  readonly rates: Rates;
  /** Of one weight, with its share of scales. */
  readonly weightBytes: number;
  /** Rows that the matrix unit computes at least: the tile of the tokens' side. 1 where rows stream one by one. */
  readonly tokenTile: number;
  /** Cycles, in rows, that loading the next weights into the array takes. 1 where weights are no resident part of it. */
  readonly arrayRows: number;
}

/** How much of a matrix array each of three limits lets a product use, between 0 and 1. */
export interface ArrayCaps {
  readonly memory: number;
  readonly padding: number;
  readonly array: number;
  /** The smallest of the three. */
  readonly utilisation: number;
  readonly bound: "memory" | "padding" | "array" | "none";
}

/**
 * The most of a machine's peak that a product with `rows` rows can reach, by three causes.
 *
 *     memory  = min(1, rows / m*),  m* = peak * bytes of a weight / (2 bandwidth)
 *     padding = rows / (ceil(rows / tokenTile) tokenTile)
 *     array   = min(1, rows / arrayRows)
 *
 * Weights come from memory once for all rows; they are double-buffered in the array. Each cap is idealised on its own
 * and the smallest is taken: perfect overlap, so an upper bound.
 *
 * @throws RangeError unless rows, tile and array are positive integers and the rest positive.
 * @example arrayCaps(128, arrayMachines()[0].limits).bound
 */
export function arrayCaps(rows: number, { rates, weightBytes, tokenTile, arrayRows }: ArrayLimits): ArrayCaps {
  requirePositiveInteger("rows", rows);
  requirePositiveInteger("tokenTile", tokenTile);
  requirePositiveInteger("arrayRows", arrayRows);
  requirePositive("weightBytes", weightBytes);
  const memory = Math.min(1, rows / ridgeRows(rates, weightBytes));
  const padding = rows / paddedLength(rows, tokenTile);
  const array = Math.min(1, rows / arrayRows);
  const utilisation = Math.min(memory, padding, array);
  const bound = utilisation === 1 ? "none" : utilisation === memory ? "memory" : utilisation === array ? "array" : "padding";
  return { memory, padding, array, utilisation, bound };
}

/** A machine with its format and the tile it computes for the tokens' side. */
export interface ArrayMachine {
  readonly id: string;
  readonly name: string;
  /** Year of availability. */
  readonly released: number;
  readonly maker: string;
  readonly weightFormat: string;
  readonly limits: ArrayLimits;
  /** The longer side of the array, or of the tile that one instruction fills. */
  readonly side: number;
  readonly source: string;
}

/**
 * The machines of data/array-tiles.csv, as listed.
 *
 * @example arrayMachines().map(({ id, side }) => `${id}: ${side}`)
 */
export function arrayMachines(): readonly ArrayMachine[] {
  read ??= readRows("array-tiles.csv").map((row) => {
    const machine = lookedUp(row, "machine", hardware);
    const format = weightFormat(oneOf(row, "weightFormat", weightFormatNames));
    const [tokenTile, arrayRows, side] = ["tokenTile", "arrayRows", "side"].map((column) => {
      const value = number(row, column);
      if (!Number.isInteger(value) || value < 1)
        throw new Error(`${at(row)}: expected a positive whole number for ${column}, got ${value}`);
      return value;
    }) as [number, number, number];
    const limits = { rates: datasheetRates(machine, format.arithmetic), weightBytes: format.weightBytes, tokenTile, arrayRows };
    return {
      id: machine.id,
      name: machine.name,
      released: machine.released,
      maker: machine.vendor,
      weightFormat: format.name,
      limits,
      side,
      source: text(row, "source"),
    };
  });
  return read;
}

let read: readonly ArrayMachine[] | undefined;
