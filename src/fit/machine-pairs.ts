import { type Hardware, hardware } from "../machine/hardware";
import { weightFormat } from "../machine/number-formats";
import { quantile } from "../statistics";
import type { StepQuestion } from "../step/question";
import { type ResourceName, resourceNames } from "../step/resources";
import { worthOf } from "../step/worth";
import { formatNumber } from "../text/numbers";
import { fitEngines, withTimes } from "./engine-fit";
import { deploymentQuestion, type StepPair } from "./step-rows";

/** A measured step on one machine, and the step most like it on another. */
export interface LikeSteps {
  /** On the machine that came out first; of one year, on the one with the slower memory. */
  readonly older: StepPair;
  readonly newer: StepPair;
}

/** Rows count as alike where requests and context are each within a tenth. */
const alike = Math.log(1.1);

/**
 * Measured steps of one model that differ in the machine: same source of steps, engine, split, formats, drafts, and as nearly as rows allow
 * the same requests and context.
 *
 * For every two machines the nearest rows are taken first, each row once, and none further apart than a tenth in requests or context. The
 * version of the engine may differ, and so may what its makers did for one machine alone.
 */
export function likeSteps(steps: readonly StepPair[]): readonly LikeSteps[] {
  const groups = new Map<string, StepPair[]>();
  for (const step of steps) {
    const group = groups.get(placeOf(step));
    if (group === undefined) groups.set(placeOf(step), [step]);
    else group.push(step);
  }
  return [...groups.values()].flatMap((group) => {
    const machines = [...new Set(group.map(({ row }) => row.machine))].map(hardware).sort(byAge);
    return machines.flatMap((older, i) => machines.slice(i + 1).flatMap((newer) => nearestOf(group, older.id, newer.id)));
  });
}

/** By year; of one year, the one with the slower memory first. */
const byAge = (a: Hardware, b: Hardware): number =>
  a.released - b.released || a.memoryBytesPerSecond - b.memoryBytesPerSecond || (a.id < b.id ? -1 : 1);

/** All that must be the same. */
function placeOf({ row, step }: StepPair): string {
  const { model, engine, gpus, tensorParallel, expertParallel, dataParallel, expertSlots, draftTokens, overlap } = row;
  const degrees = [gpus, tensorParallel, expertParallel, dataParallel, expertSlots ?? 0, draftTokens];
  return [model, engine, ...degrees, overlap, step.weightFormat, step.cacheFormat].join(" ");
}

function nearestOf(group: readonly StepPair[], olderId: string, newerId: string): readonly LikeSteps[] {
  const of = (id: string) => group.filter(({ row }) => row.machine === id);
  const candidates = of(olderId)
    .flatMap((older) => of(newerId).map((newer) => ({ older, newer, apart: apart(older, newer) })))
    .filter((c) => Number.isFinite(c.apart))
    .sort((a, b) => a.apart - b.apart);
  const taken = new Set<StepPair>();
  return candidates.flatMap(({ older, newer }) => {
    if (taken.has(older) || taken.has(newer)) return [];
    taken.add(older);
    taken.add(newer);
    return [{ older, newer }];
  });
}

/** In logarithms, of requests and context together; infinite where one is further apart than a tenth. */
function apart({ row: a }: StepPair, { row: b }: StepPair): number {
  const logs = [Math.log((a.requests ?? 0) / (b.requests ?? 0)), Math.log((a.contextTokens ?? 0) / (b.contextTokens ?? 0))].map(Math.abs);
  return logs.every((log) => log <= alike) ? logs.reduce((sum, log) => sum + log, 0) : Number.POSITIVE_INFINITY;
}

/** How many times faster the newer machine does one step, as measured and by the model. */
export interface StepRatio extends LikeSteps {
  readonly measured: number;
  readonly predicted: number;
  /** With engine times fitted without any row of this model and source on either machine; NaN where no row of an engine is left. */
  readonly leftOut: number;
  /** What the worths of the older machine's parts promise: the product of each part's factor to the power of its worth. */
  readonly byWorth: number;
}

/** One model on two machines: all its row pairs, and their medians. */
export interface MachinePair {
  readonly model: string;
  readonly older: Hardware;
  readonly newer: Hardware;
  /** Times as much of each rate that the newer has; one where both are without it, or where they cannot be compared. */
  readonly factors: Readonly<Record<ResourceName, number>>;
  /** Rates that differ by more than 15 %, those that differ most first. */
  readonly differing: readonly ResourceName[];
  readonly ratios: readonly StepRatio[];
  readonly measured: number;
  readonly predicted: number;
  readonly leftOut: number;
  readonly byWorth: number;
}

/** A rate that differs by less counts as alike. */
const likeRate = Math.log(1.15);

/**
 * Machines that can be told apart by measured steps of one model: how many times faster the newer is, measured and predicted.
 *
 * No list is typed: every two machines that have rows alike. Where one rate alone differs the ratio is a measured worth; else it tests the
 * whole model. The engines' times between kernels are fitted on such rows, so a ratio as predicted has seen them; `leftOut` has not.
 *
 * @example machinePairs(measuredSteps()).length
 */
export function machinePairs(steps: readonly StepPair[]): readonly MachinePair[] {
  const known = remembered.get(steps) ?? pairMachines(steps);
  remembered.set(steps, known);
  return known;
}

const remembered = new WeakMap<readonly StepPair[], readonly MachinePair[]>();

function pairMachines(steps: readonly StepPair[]): readonly MachinePair[] {
  const groups = new Map<string, LikeSteps[]>();
  for (const like of likeSteps(steps)) {
    const key = `${like.older.row.model} ${like.older.row.machine} ${like.newer.row.machine}`;
    groups.set(key, [...(groups.get(key) ?? []), like]);
  }
  return [...groups.values()].map((likes) => machinePair(likes, steps));
}

function machinePair(likes: readonly LikeSteps[], steps: readonly StepPair[]): MachinePair {
  const [first] = likes as readonly [LikeSteps];
  const [older, newer] = [hardware(first.older.row.machine), hardware(first.newer.row.machine)];
  const factors = factorsOf(first.older, older, newer);
  const folds = new Set(likes.flatMap((like) => [like.older.fold, like.newer.fold]));
  const fit = fitEngines(steps.filter(({ fold }) => !folds.has(fold)));
  const without = (pair: StepPair) => {
    const times = fit.get(pair.family);
    return times === undefined || pair.row.overlap !== "none" ? Number.NaN : withTimes(pair, times);
  };
  const ratios = likes.map((like): StepRatio => {
    const ratio = (seconds: (pair: StepPair) => number) => seconds(like.older) / seconds(like.newer);
    return {
      ...like,
      measured: ratio((pair) => pair.measured),
      predicted: ratio((pair) => pair.predicted),
      leftOut: ratio(without),
      byWorth: promised(deploymentQuestion(like.older.row, "default") as StepQuestion, factors),
    };
  });
  const median = (name: "measured" | "predicted" | "leftOut" | "byWorth") => medianOf(ratios.map((ratio) => ratio[name]));
  const size = (name: ResourceName) => Math.abs(Math.log(factors[name]));
  return {
    model: first.older.row.model ?? "",
    older,
    newer,
    factors,
    differing: resourceNames.filter((name) => size(name) > likeRate).sort((a, b) => size(b) - size(a)),
    ratios,
    measured: median("measured"),
    predicted: median("predicted"),
    leftOut: median("leftOut"),
    byWorth: median("byWorth"),
  };
}

/** Factors of each rate; arithmetic in the format that the step multiplies its experts, or all its matrices, in. */
function factorsOf({ step }: StepPair, older: Hardware, newer: Hardware): Readonly<Record<ResourceName, number>> {
  const factor = (of: (machine: Hardware) => number | undefined) => {
    const [a, b] = [of(older), of(newer)];
    return a === undefined || b === undefined ? 1 : b / a;
  };
  const { arithmetic } = weightFormat(step.weightFormat);
  return {
    memoryBandwidth: factor((m) => m.memoryBytesPerSecond),
    arithmetic: factor((m) => m.peakFlopsPerSecond[arithmetic] ?? m.peakFlopsPerSecond.bf16),
    scaleUpBandwidth: factor((m) => m.scaleUpBytesPerSecond),
    networkBandwidth: factor((m) => m.networkBytesPerSecond),
    clock: factor((m) => m.clockHertz),
  };
}

const rateWords: Readonly<Record<ResourceName, string>> = {
  memoryBandwidth: "bandwidth",
  arithmetic: "arithmetic",
  scaleUpBandwidth: "scale-up",
  networkBandwidth: "network",
  clock: "clock",
};

/**
 * What two machines differ in, in words: each rate with its factor, those that differ most first.
 *
 * @example differingWords(machinePairs(measuredSteps())[0]) // such as "bandwidth ×1.43"
 */
export function differingWords({ differing, factors }: Pick<MachinePair, "differing" | "factors">): string {
  return differing.map((name) => `${rateWords[name]} ×${formatNumber(factors[name], 2)}`).join(", ") || "nothing by 15 %";
}

/** What worths promise of so many times as much of each rate, from a step on the older machine. */
function promised(question: StepQuestion, factors: Readonly<Record<ResourceName, number>>): number {
  const { elasticities } = worthOf(question);
  return resourceNames.reduce((product, name) => product * factors[name] ** elasticities[name], 1);
}

function medianOf(values: readonly number[]): number {
  return quantile(
    values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b),
    0.5,
  );
}

/**
 * How far predicted ratios are from measured ones: the median over all row pairs of |measured / predicted - 1|.
 *
 * @example pairErrors(machinePairs(measuredSteps()))
 */
export function pairErrors(pairs: readonly MachinePair[]): {
  readonly predicted: number;
  readonly leftOut: number;
  readonly byWorth: number;
} {
  const error = (of: (ratio: StepRatio) => number) =>
    medianOf(pairs.flatMap(({ ratios }) => ratios.map((ratio) => Math.abs(ratio.measured / of(ratio) - 1))));
  return {
    predicted: error((ratio) => ratio.predicted),
    leftOut: error((ratio) => ratio.leftOut),
    byWorth: error((ratio) => ratio.byWorth),
  };
}
