import type { DeploymentRow } from "../published/deployment-rows";
import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { StepPair } from "./step-rows";

/** Why a step is far from its prediction, as far as the rows themselves tell. */
export interface WorstReason {
  readonly pair: StepPair;
  /** Measured over predicted, less one. */
  readonly off: number;
  /** The nearest rows of the same source and set-up. */
  readonly neighbours: readonly StepPair[];
  /** In words, the weightiest first; empty where nothing is found. */
  readonly reasons: readonly string[];
}

/** Neighbours within this of the model are taken to be right. */
const near = 0.35;
const fewRequests = 2;

/**
 * Reasons for a row that is far off, each by a rule over the row and the rows beside it.
 *
 * - Neighbours: the two nearest rows, by requests and context, of the same source, model, machine, split, format and engine. Where they
 *   are near the model the row contradicts them; where they are off too, by the same sign, the set-up is what the model misses.
 * - Less work than a neighbour's that was measured slower, or more that was faster: one of the two does not fit the other.
 * - A later version of the same engine in the same set-up that is faster.
 * - Prompts in the step; few requests; a machine that engines were not measured on; what the source leaves open.
 *
 * @example worstReasons(worstSteps(measuredSteps()), measuredSteps())[0].reasons
 */
export function worstReasons(worst: readonly StepPair[], all: readonly StepPair[]): readonly WorstReason[] {
  return worst.map((pair) => {
    const neighbours = neighboursOf(pair, all);
    return { pair, off: offOf(pair), neighbours, reasons: [...fromNeighbours(pair, neighbours), ...fromVersions(pair, all), ...own(pair)] };
  });
}

const offOf = ({ measured, predicted }: StepPair): number => measured / predicted - 1;

const signed = (off: number): string => `${off < 0 ? "−" : "+"}${formatShare(Math.abs(off))}`;

function setUp({ source, model, machine, gpus, tensorParallel, expertParallel, dataParallel, ...row }: DeploymentRow): string {
  return [source, model, machine, gpus, tensorParallel, expertParallel, dataParallel, row.weightFormat, row.engine].join("|");
}

/** The two nearest rows of a set-up by requests and context, as factors, none further than this. */
const furthest = Math.log(20);

function neighboursOf({ row }: StepPair, all: readonly StepPair[]): readonly StepPair[] {
  const apart = (one = 1, other = 1) => Math.abs(Math.log(one / other));
  const distance = (other: DeploymentRow) => apart(other.requests, row.requests) + apart(other.contextTokens, row.contextTokens);
  return all
    .filter((other) => other.row.id !== row.id && setUp(other.row) === setUp(row) && distance(other.row) <= furthest)
    .sort((a, b) => distance(a.row) - distance(b.row) || (a.row.id < b.row.id ? -1 : 1))
    .slice(0, 2);
}

const placeOf = ({ row }: StepPair): string =>
  `${formatCount(row.requests ?? 0)} ${row.requests === 1 ? "request" : "requests"} of ${formatCount(row.contextTokens ?? 0)} tokens`;

function fromNeighbours(pair: StepPair, neighbours: readonly StepPair[]): readonly string[] {
  if (neighbours.length === 0) return ["no other row of its set-up"];
  const seen = neighbours.map((n) => `${signed(offOf(n))} at ${placeOf(n)}`).join(" and ");
  const off = offOf(pair);
  const contradicts = neighbours.every((n) => Math.abs(Math.log(1 + offOf(n))) < Math.log(1 + near));
  const alike = neighbours.every((n) => Math.sign(offOf(n)) === Math.sign(off) && Math.abs(offOf(n)) > near / 2);
  const words = contradicts
    ? `contradicts the nearest rows, which are off by ${seen}`
    : alike
      ? `the nearest rows are off alike, ${seen}: the set-up, not the row`
      : `the nearest rows are off by ${seen}`;
  return [words, ...neighbours.flatMap((n) => orderOf(pair, n)).slice(0, 1)];
}

/** Less work that was measured slower: of the row and a neighbour one does not fit the other. */
function orderOf(pair: StepPair, other: StepPair): readonly string[] {
  const less = (a: DeploymentRow, b: DeploymentRow) =>
    (a.requests ?? 0) <= (b.requests ?? 0) && (a.contextTokens ?? 0) <= (b.contextTokens ?? 0);
  const [small, large] = less(pair.row, other.row) ? [pair, other] : less(other.row, pair.row) ? [other, pair] : [];
  if (small === undefined || large === undefined || small.measured <= large.measured || placeOf(small) === placeOf(large)) return [];
  const times = formatNumber(small.measured / large.measured);
  return [`${placeOf(small)} measured ${times} times as long as ${placeOf(large)}`];
}

function fromVersions({ row, measured }: StepPair, all: readonly StepPair[]): readonly string[] {
  const same = (other: DeploymentRow) =>
    setUp(other) === setUp(row) && other.requests === row.requests && other.contextTokens === row.contextTokens;
  const later = all
    .filter((other) => same(other.row) && other.row.date >= row.date && other.row.engineVersion !== row.engineVersion)
    .sort((a, b) => a.measured - b.measured)[0];
  if (later === undefined || later.measured > 0.9 * measured) return [];
  return [`another version of the engine takes ${formatShare(later.measured / measured)} of its time (${later.row.engineVersion})`];
}

function own({ row, step }: StepPair): readonly string[] {
  const { requests = 1, gpus, prefillShare, conditions, engineVersion } = row;
  return [
    ...(requests <= fewRequests && gpus > 1
      ? [`${formatCount(requests)} request on ${formatCount(gpus)} GPUs: all is start and waiting`]
      : []),
    ...(prefillShare > 0.05 ? [`prompts are up to ${formatShare(prefillShare)} of the step`] : []),
    ...(step.carried.length > 0 ? ["constants carried from other machines"] : []),
    ...(/assumed|not stated/.test(conditions) ? ["its source leaves conditions open"] : []),
    ...(/history of/.test(conditions) ? ["one of a history: what software took off the same step since"] : []),
    ...(/main|branch|baseline/.test(engineVersion) ? [`engine as of "${engineVersion}"`] : []),
  ];
}
