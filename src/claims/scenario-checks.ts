import { requireNonNegative, requirePositive, requirePositiveInteger } from "../checks";
import { hardware } from "../machine/hardware";
import { weightFormat } from "../machine/number-formats";
import { isMoe, type Model } from "../model/model";
import { model } from "../model/registry";
import { nearest } from "../text/nearest";
import { parameterRows } from "./intervals";
import type { Scenario } from "./parts/context";

/**
 * Refuse a scenario that no claim can be computed under, before a claim turns it into a number.
 *
 * Assumptions must lie where their interval lies: above zero where its low end does, at least zero where that is zero, inside it where it
 * reaches below zero.
 *
 * @throws RangeError naming the field or assumption.
 */
export function requireScenario(s: Scenario): void {
  requireDay(s.knownBy);
  model(s.model);
  hardware(s.hardware);
  weightFormat(s.weightFormat);
  requirePositiveInteger("tokensInFlight", s.tokensInFlight);
  requirePositiveInteger("expertParallel", s.expertParallel);
  requirePositiveInteger("contextTokens", s.contextTokens);
  for (const [name, value] of Object.entries(s.assumptions ?? {})) requireAssumption(name, value);
}

/** Refuse anything but a day of the calendar as 2025-01-11. @throws RangeError naming the field. */
export function requireDay(knownBy: string): void {
  const time = /^\d{4}-\d\d-\d\d$/.test(knownBy) ? Date.parse(knownBy) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== knownBy)
    throw new RangeError(`knownBy must be a day as 2025-01-11, got "${String(knownBy)}"`);
}

/** The scenario's model, which must have routed experts. @throws RangeError naming the field. */
export function modelWithExperts(s: Scenario): Model {
  const found = model(s.model);
  if (!isMoe(found)) throw new RangeError(`model must have routed experts, and ${found.id} has none`);
  return found;
}

function requireAssumption(name: string, value: number): void {
  const [low, high] = range(name);
  if (low > 0) requirePositive(name, value);
  else if (low === 0) requireNonNegative(name, value);
  else if (!(value >= low && value <= high)) throw new RangeError(`${name} must be between ${low} and ${high}, got ${String(value)}`);
}

const ranges = new Map<string, readonly [number, number]>();

/** From the lowest to the highest end of the intervals of that name. */
function range(name: string): readonly [number, number] {
  if (ranges.size === 0) {
    for (const row of parameterRows()) {
      const ends = row.spread.kind === "choice" ? row.spread.choices.map(Number) : [row.spread.low, row.spread.high];
      const [low, high] = ranges.get(row.name) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      ranges.set(row.name, [Math.min(low, ...ends), Math.max(high, ...ends)]);
    }
  }
  const found = ranges.get(name);
  if (found === undefined) throw new RangeError(`unknown assumption "${name}"; nearest: ${nearest(name, [...ranges.keys()]).join(", ")}`);
  return found;
}
