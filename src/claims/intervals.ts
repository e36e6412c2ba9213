import { at, number, oneOf, optionalText, type Row, readRows, text } from "../data/rows";
import { nearest } from "../text/nearest";
import { isUnit, toBase } from "../units";
import { isKnown } from "./known-by";
import type { Context } from "./parts/context";
import type { Parameter, Spread } from "./uncertainty";

/** A row of data/claim-parameters.csv. */
export interface ParameterRow extends Parameter {
  readonly claim: string;
  readonly nominal: number;
  /** Empty where it was always known. */
  readonly since: string;
}

let table: readonly ParameterRow[] | undefined;
const found = new Map<string, ParameterRow | undefined>();

/** All rows of data/claim-parameters.csv. */
export function parameterRows(): readonly ParameterRow[] {
  table ??= readParameterRows(readRows("claim-parameters.csv"));
  return table;
}

/**
 * The interval of a quantity that is not known exactly, as it was known on a day: the last row known counts.
 *
 * @throws RangeError when the claim has no such interval, or nothing was known of it.
 */
export function interval(claim: string, name: string, knownBy: string): ParameterRow {
  const row = parameterRow(claim, name, knownBy);
  if (row === undefined) throw new RangeError(`knownBy must be a day on which ${name} of claim ${claim} was known, got "${knownBy}"`);
  return row;
}

/** Intervals of a claim by name, as far as they were known on the day; undefined where one was not. An assumption pins its interval to a value. */
export function intervals(claim: string, names: readonly string[], { knownBy, scenario }: Context): readonly ParameterRow[] | undefined {
  const rows = names.map((name) => parameterRow(claim, name, knownBy));
  if (rows.includes(undefined)) return undefined;
  return (rows as readonly ParameterRow[]).map((row) => {
    const pinned = scenario.assumptions?.[row.name];
    return pinned === undefined ? row : { ...row, nominal: pinned, spread: { kind: "linear", low: pinned, high: pinned } };
  });
}

/** How much of an interval lies at or below a value: a probability, every value as likely on its scale. */
export function shareBelow({ spread }: Pick<ParameterRow, "spread">, value: number): number {
  if (spread.kind === "choice") throw new RangeError("spread must be an interval, got a choice");
  const { kind, low, high } = spread;
  if (value >= high) return 1;
  if (value < low) return 0;
  return kind === "linear" ? (value - low) / (high - low) : Math.log(value / low) / Math.log(high / low);
}

function parameterRow(claim: string, name: string, knownBy: string): ParameterRow | undefined {
  const key = `${claim} ${name} ${knownBy}`;
  if (!found.has(key)) {
    const named = parameterRows().filter((row) => row.name === name);
    const own = named.filter((row) => row.claim === claim);
    const rows = own.length > 0 ? own : named.filter((row) => row.claim === "*");
    if (rows.length === 0)
      throw new RangeError(
        `claim ${claim} has no parameter "${name}"; nearest: ${nearest(
          name,
          parameterRows().map((r) => r.name),
        ).join(", ")}`,
      );
    found.set(
      key,
      rows.findLast((row) => row.since === "" || isKnown(row.since, knownBy)),
    );
  }
  return found.get(key);
}

/**
 * Turn rows of data/claim-parameters.csv into parameters in base units.
 *
 * @throws Error naming file and line when a unit is unknown or low, nominal and high are not in this order.
 */
export function readParameterRows(rows: readonly Row[]): readonly ParameterRow[] {
  return Object.freeze(
    rows.map((row) => {
      const unit = text(row, "unit");
      if (!isUnit(unit)) throw new Error(`${at(row)}: unknown unit "${unit}"`);
      const [low, nominal, high] = ["low", "nominal", "high"].map((column) => toBase(number(row, column), unit)) as [
        number,
        number,
        number,
      ];
      if (!(low <= nominal && nominal <= high))
        throw new Error(`${at(row)}: expected low <= nominal <= high, got ${low}, ${nominal} and ${high}`);
      const scale = oneOf(row, "scale", ["linear", "log", "whole", "either"]);
      const spread: Spread = scale === "either" ? { kind: "choice", choices: [low, high] } : { kind: scale, low, high };
      return Object.freeze({
        claim: text(row, "claim"),
        name: text(row, "parameter"),
        label: text(row, "label"),
        nominal,
        spread,
        since: optionalText(row, "since") ?? "",
        source: text(row, "source"),
        reason: text(row, "reason"),
      });
    }),
  );
}
