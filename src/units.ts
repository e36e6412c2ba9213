/**
 * The units that data files may use, each as a multiple of its base unit.
 *
 * Base units are the second, the byte, the FLOP, the joule and the count. Everything in
 * src/ is in base units; published numbers become so here and nowhere else.
 * Prefixes are decimal (1 GB = 1e9 B); binary ones say so (1 GiB = 2^30 B).
 * An operation of an integer unit counts as a FLOP: what matters here is the rate.
 */
// biome-ignore format: a line a kind of quantity
const multiples = {
  count: 1, ratio: 1, share: 1, percent: 0.01, element: 1, expert: 1, token: 1, row: 1, column: 1,
  s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9,
  bit: 1 / 8, B: 1, kB: 1e3, MB: 1e6, GB: 1e9,
  KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30,
  "B/s": 1, "MB/s": 1e6, "GB/s": 1e9, "TB/s": 1e12,
  "Gb/s": 1e9 / 8,
  FLOP: 1, MFLOP: 1e6, GFLOP: 1e9,
  "FLOP/s": 1, "GFLOP/s": 1e9, "TFLOP/s": 1e12, "PFLOP/s": 1e15,
  parameter: 1, "1e9 parameters": 1e9,
  Hz: 1, MHz: 1e6, GHz: 1e9,
  "1/s": 1, "1e6/s": 1e6, "1e9/s": 1e9,
  W: 1,
  pJ: 1e-12,
  "pJ/bit": 8e-12, "pJ/64 bit": 1e-12 / 8, "pJ/FLOP": 1e-12,
} as const;

/** A unit that data files may use, by the name it has there: `GB/s`, `us`, `TFLOP/s`. */
export type Unit = keyof typeof multiples;

/** A published number in base units. */
export function toBase(value: number, unit: Unit): number {
  return value * multiples[unit];
}

/** Whether a text is the name of a unit that data files may use. */
export function isUnit(text: string): text is Unit {
  return Object.hasOwn(multiples, text);
}
