/**
 * The units in which numbers are shown, each as how many of it make one base unit: 1e6 µs are a second.
 *
 * Numbers are in base units everywhere else. The factors are powers of ten, so that a product is as exact as the number.
 */
const perBase = {
  "%": 100,
  s: 1,
  ms: 1e3,
  µs: 1e6,
  ns: 1e9,
  B: 1,
  kB: 1e-3,
  MB: 1e-6,
  GB: 1e-9,
  "MB/s": 1e-6,
  "GB/s": 1e-9,
  "TB/s": 1e-12,
  "pJ/B": 1e12,
  GFLOP: 1e-9,
  "TFLOP/s": 1e-12,
  million: 1e-6,
  billion: 1e-9,
  "million/s": 1e-6,
  "billion/s": 1e-9,
} as const;

/** A unit in which a column of a table can be shown. */
export type DisplayUnit = keyof typeof perBase;

/**
 * A number in base units in the unit it is shown in.
 *
 * @throws RangeError naming the units that there are.
 */
export function inUnit(value: number, unit: DisplayUnit): number {
  if (!Object.hasOwn(perBase, unit))
    throw new RangeError(`unknown unit "${unit}" of a column; there are: ${Object.keys(perBase).join(", ")}`);
  const factor = perBase[unit];
  // Dividing by 1e9 rounds once; the product with 1e-9, which no binary number is, rounds twice.
  return factor < 1 ? value / Math.round(1 / factor) : value * factor;
}
