import { quantile } from "../statistics";
import { type EngineConstants, engineTimeNames } from "../step/engine";
import type { StepPair } from "./step-rows";

type TimeName = (typeof engineTimeNames)[number];
type Times = Readonly<Record<TimeName, number>>;

const engineOnly = (family: string): string => family.split(" ")[0] as string;

/**
 * What rows bear on one value of a time: those of an engine on a generation, of an engine, whose code for latent and for sparse attention
 * is one, or all, where few rows have such layers.
 */
const sharedBy: Readonly<Record<TimeName, (family: string) => string>> = {
  layerSeconds: (family) => family,
  layerRequestSeconds: (family) => family,
  quantizedSeconds: (family) => family,
  latentSeconds: engineOnly,
  sparseSeconds: engineOnly,
  linearSeconds: () => "all",
};

/** A time that says nothing of other engines: theirs is zero, and a step says that it is left out. The sparse rows are early versions of one engine. */
const ownAlone: readonly TimeName[] = ["sparseSeconds"];

/** The times of each family, fitted. */
export type EngineFit = ReadonlyMap<string, Times>;

const softness = 0.05;
const rounds = 12;
/** No time is above this: a layer of the slowest engine takes less. */
const most: Times = {
  layerSeconds: 400e-6,
  layerRequestSeconds: 5e-6,
  quantizedSeconds: 400e-6,
  latentSeconds: 400e-6,
  sparseSeconds: 400e-6,
  linearSeconds: 400e-6,
};
const none = Object.fromEntries(engineTimeNames.map((name) => [name, 0])) as Times;

/** Seconds of a pair with an engine's times. */
export function withTimes({ base, features }: StepPair, times: Times): number {
  let seconds = base;
  for (const name of engineTimeNames) seconds += times[name] * features[name];
  return seconds;
}

/**
 * Fit the engines' times on steps: the sum over rows of sqrt(ln(measured / predicted)^2 + 0.05^2), each constant in its turn between
 * zero and its most, by golden section. Deterministic; half micro-batches are left out, since what they hide is no sum. Where no row has
 * the layers that a time is for, it is the mean of those of the others, or zero for a time that says nothing of them.
 */
export function fitEngines(pairs: readonly StepPair[]): EngineFit {
  const groups = groupsOf(pairs);
  const families = [...new Set(groups.flatMap(({ members }) => members))];
  const times = new Map<string, Record<TimeName, number>>(families.map((family) => [family, { ...none }]));
  const set = (name: TimeName, members: readonly string[], value: number) => {
    for (const family of members) (times.get(family) as Record<TimeName, number>)[name] = value;
  };
  for (let round = 0; round < rounds; round++) {
    for (const { name, members, rows } of groups) if (rows.length > 0) set(name, members, best(rows, name, times));
  }
  for (const { name, members, rows } of groups) {
    if (rows.length > 0 || ownAlone.includes(name)) continue;
    const known = groups.filter((other) => other.name === name && other.rows.length > 0);
    const values = known.map((other) => times.get(other.members[0] as string)?.[name] as number);
    set(name, members, values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length));
  }
  return times;
}

/** A value of a time: the families that have it, and the rows that bear on it. */
interface TimeGroup {
  readonly name: TimeName;
  readonly members: readonly string[];
  readonly rows: readonly StepPair[];
}

function groupsOf(pairs: readonly StepPair[]): readonly TimeGroup[] {
  const usable = pairs.filter(({ row }) => row.overlap === "none");
  const families = [...new Set(usable.map((pair) => pair.family))].sort();
  return engineTimeNames.flatMap((name) =>
    [...new Set(families.map(sharedBy[name]))].map((group) => {
      const members = families.filter((family) => sharedBy[name](family) === group);
      return { name, members, rows: usable.filter(({ family, features }) => members.includes(family) && features[name] > 0) };
    }),
  );
}

/** The rows that a family's time rests on: its group's, or where that has none those of all groups, for a time that is carried. */
function rowsBehind(groups: readonly TimeGroup[], family: string, name: TimeName): readonly StepPair[] {
  const own = groups.find((group) => group.name === name && group.members.includes(family))?.rows ?? [];
  if (own.length > 0 || ownAlone.includes(name)) return own;
  return groups.filter((group) => group.name === name).flatMap(({ rows }) => rows);
}

/** The value of one constant at which the rows are least off, all others as they are. */
function best(rows: readonly StepPair[], name: TimeName, times: ReadonlyMap<string, Times>): number {
  return least(lossAlong(rows, name, times), most[name]);
}

/** The loss as one constant moves: what stays is summed beforehand, in the order of withTimes, so that the last digit is the same. */
function lossAlong(rows: readonly StepPair[], name: TimeName, times: ReadonlyMap<string, Times>): (value: number) => number {
  const place = engineTimeNames.indexOf(name);
  const later = engineTimeNames.slice(place + 1);
  const width = 3 + later.length;
  const numbers = new Float64Array(rows.length * width);
  rows.forEach(({ base, features, measured, family }, row) => {
    const own = times.get(family) as Times;
    const before = engineTimeNames.slice(0, place).reduce((sum, other) => sum + own[other] * features[other], base);
    numbers.set([measured, before, features[name], ...later.map((other) => own[other] * features[other])], row * width);
  });
  return (value) => {
    let sum = 0;
    for (let row = 0; row < numbers.length; row += width) {
      let seconds = (numbers[row + 1] as number) + value * (numbers[row + 2] as number);
      for (let at = row + 3; at < row + width; at++) seconds += numbers[at] as number;
      sum += Math.hypot(Math.log((numbers[row] as number) / seconds), softness);
    }
    return sum;
  };
}

/** The argument between 0 and `to` at which a function of one valley is least. */
function least(value: (x: number) => number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, to];
  for (let i = 0; i < 40; i++) {
    const step = (high - low) * ratio;
    if (value(high - step) <= value(low + step)) high = low + step;
    else low = high - step;
  }
  const middle = (low + high) / 2;
  return value(0) <= value(middle) ? 0 : middle;
}

/** A pair, and what it is predicted to take by times fitted without its fold. */
export interface HeldOut {
  readonly pair: StepPair;
  readonly predicted: number;
}

/** Predict each fold by times fitted on all others, and the fits without each; a family that has no other fold keeps the zero of a bare sum. */
export function leaveFoldsOut(pairs: readonly StepPair[]): { readonly heldOut: readonly HeldOut[]; readonly fits: readonly EngineFit[] } {
  const folds = [...new Set(pairs.map(({ fold }) => fold))].sort();
  const heldOut: HeldOut[] = [];
  const fits = folds.map((fold) => {
    const fit = fitEngines(pairs.filter((pair) => pair.fold !== fold));
    for (const pair of pairs) {
      if (pair.fold !== fold) continue;
      const times = fit.get(pair.family);
      if (times !== undefined) heldOut.push({ pair, predicted: withTimes(pair, times) });
    }
    return fit;
  });
  return { heldOut, fits };
}

/** One constant of an engine: its value, and between what it lay as each fold was left out. */
export interface EngineConstant {
  readonly family: string;
  readonly constant: keyof EngineConstants;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Steps that it rests on, and the engines and generations that they are of. */
  readonly rows: number;
  readonly of: readonly string[];
}

/** All constants of data/engines.csv: the times fitted on all rows, and the band that four in five rows left out lie in. */
export function engineConstants(pairs: readonly StepPair[]): readonly EngineConstant[] {
  const fit = fitEngines(pairs);
  const { heldOut, fits } = leaveFoldsOut(pairs);
  const groups = groupsOf(pairs);
  return [...fit].flatMap(([family, times]) => {
    const spread = (name: TimeName) => fits.flatMap((without) => without.get(family)?.[name] ?? []);
    const ratios = heldOut
      .filter(({ pair }) => pair.family === family)
      .map(({ pair, predicted }) => pair.measured / predicted)
      .sort((a, b) => a - b);
    const band = (share: number) => quantile(ratios, share);
    const judged = { rows: ratios.length, of: [family] };
    return [
      ...engineTimeNames.map((constant) => {
        const behind = rowsBehind(groups, family, constant);
        return {
          family,
          constant,
          value: times[constant],
          least: Math.min(...spread(constant)),
          most: Math.max(...spread(constant)),
          rows: behind.length,
          of: [...new Set(behind.map((pair) => pair.family))].sort(),
        };
      }),
      { family, constant: "bandLow" as const, value: Math.min(1, band(0.1)), least: band(0.05), most: band(0.25), ...judged },
      { family, constant: "bandHigh" as const, value: Math.max(1, band(0.9)), least: band(0.75), most: band(0.95), ...judged },
    ];
  });
}
