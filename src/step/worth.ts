import { requirePositive } from "../checks";
import { decodeStep } from "./decode";
import { fittingRequests, withGroupRequests } from "./fitting";
import type { StepQuestion } from "./question";
import { type ResourceName, resourceNames, resources } from "./resources";

/** Where the gain of a little more and the loss of a little less differ. */
export interface Sides {
  /** d ln(rate) / d ln(resource) downwards: what is lost where there is less of it. */
  readonly less: number;
  /** The same upwards: what is gained where there is more. */
  readonly more: number;
}

/** What a share of a step's worth goes to: a resource, the times that no rate shortens, and what the sum misses. */
export type WorthName = ResourceName | "fixedTimes" | "rest";

/** What each part of a machine is worth to a step. */
export interface Worth {
  readonly tokensPerSecondPerGpu: number;
  /** d ln(rate) / d ln(resource), both sides in one; they sum to one. */
  readonly elasticities: Readonly<Record<WorthName, number>>;
  readonly sides: Readonly<Record<ResourceName, Sides>>;
  /** Resources at a corner of a maximum: their sides differ by more than 0.05. */
  readonly corners: readonly ResourceName[];
}

/** How the differences are taken, and of what rate. */
export interface WorthOptions {
  /** Relative change of a resource for its difference; 0.01 if left out. */
  readonly change?: number;
  /** Tokens a second of a question; those of a GPU in a decode step if left out. */
  readonly rate?: (question: StepQuestion) => number;
}

/**
 * What each part of a machine is worth to a step: the elasticity of its tokens per second.
 *
 *     elasticity = (ln rate(r (1 + s)) - ln rate(r / (1 + s))) / (2 ln(1 + s))
 *     fixedTimes = 1 - elasticity of all rates together,   rest = that elasticity - sum over the rates of their own
 *
 * A step whose rates all double and whose fixed times all halve takes half as long, so the elasticities of all sum to one and are
 * shares; those of fixed times (starts, latencies, a message's and a tile's own cost) are found without touching them, since
 * speeding up all rates is slowing down all fixed times with the clock put right. `rest` is what single differences miss at corners.
 * An elasticity holds near the machine as it is: it says nothing of ten times as much.
 *
 * @throws RangeError as decodeStep, and when change is not above 0 and at most 0.5.
 * @example worthOf({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })
 */
export function worthOf(question: StepQuestion, { change = 0.01, rate = decodeRate }: WorthOptions = {}): Worth {
  if (!(change > 0 && change <= 0.5)) throw new RangeError(`change must be above 0 and at most 0.5, got ${String(change)}`);
  const now = rate(question);
  requirePositive("rate", now);
  const logarithm = Math.log1p(change);
  const sidesOf = (names: readonly ResourceName[]): Sides => {
    const at = (factor: number) => Math.log(rate(names.reduce((q, name) => resources[name](q, factor), question)) / now) / logarithm;
    return { less: -at(1 / (1 + change)), more: at(1 + change) };
  };
  const sides = Object.fromEntries(resourceNames.map((name) => [name, sidesOf([name])])) as Record<ResourceName, Sides>;
  const own = Object.fromEntries(resourceNames.map((name) => [name, middle(sides[name])])) as Record<ResourceName, number>;
  const together = middle(sidesOf(resourceNames));
  const sum = resourceNames.reduce((total, name) => total + own[name], 0);
  return {
    tokensPerSecondPerGpu: now,
    elasticities: { ...own, fixedTimes: 1 - together, rest: together - sum },
    sides,
    corners: resourceNames.filter((name) => Math.abs(sides[name].more - sides[name].less) > cornerFrom),
  };
}

/** Sides that differ by more than this are a corner, not a curve. */
const cornerFrom = 0.05;

function decodeRate(question: StepQuestion): number {
  return decodeStep(question).tokensPerSecondPerGpu;
}

function middle({ less, more }: Sides): number {
  return (less + more) / 2;
}

/** What more memory is worth: room for requests. */
export interface CapacityWorth {
  /** Of an attention group, that fill the memory. */
  readonly groupRequests: number;
  readonly tokensPerSecondPerGpu: number;
  /** d ln(rate) / d ln(bytes) where the step always has as many requests as fit. */
  readonly elasticity: number;
}

/**
 * What the size of memory is worth: the elasticity of tokens a second where the batch always fills it.
 *
 *     requests = floor((share memoryBytes - weights) / cache of a request)
 *
 * A size, so no share of `worthOf`'s sum. The difference is taken over a tenth of the memory, as requests are whole. No limit on the time
 * of a step: who promises one may not use the room, so this is the most that memory is worth.
 *
 * @param usableShare of the memory, for weights and caches; engines leave a tenth or so to activations and workspaces.
 * @returns nothing where a tenth less memory does not hold the model and one request, or where requests need no memory.
 * @throws RangeError as decodeStep, and for a share that is not above 0 and at most 1.
 */
export function capacityWorth(question: StepQuestion, usableShare: number): CapacityWorth | undefined {
  const at = (factor: number) => {
    const hardware = { ...question.hardware, memoryBytes: question.hardware.memoryBytes * factor };
    const fits = fittingRequests({ ...question, hardware }, usableShare);
    return fits < 1 || !Number.isFinite(fits) ? undefined : { fits, rate: decodeRate(withGroupRequests(question, fits)) };
  };
  const [less, now, more] = [at(1 / capacityFactor), at(1), at(capacityFactor)];
  if (less === undefined || now === undefined || more === undefined) return undefined;
  return {
    groupRequests: now.fits,
    tokensPerSecondPerGpu: now.rate,
    elasticity: Math.log(more.rate / less.rate) / (2 * Math.log(capacityFactor)),
  };
}

const capacityFactor = 1.1;
