import { requirePositive } from "../checks";
import { requireMachine } from "../machine/check-rates";
import type { NumberFormat } from "../machine/number-formats";
import { accessEfficiency } from "../machine/random-access";
import { decodeStep } from "./decode";
import { decodeAccesses } from "./decode-accesses";
import { fittingRequests, withGroupRequests } from "./fitting";
import { type PrefillQuestion, prefillStep } from "./prefill";
import type { StepQuestion } from "./question";
import { arithmeticOf, cacheSize, type ResourceName, resourceNames, resources, type Scale, speedOf, withProcessors } from "./resources";
import { rowMemory } from "./tiers";

/** Where the gain of a little more and the loss of a little less differ. */
export interface Sides {
  /** d ln(rate) / d ln(resource) downwards: what is lost where there is less of it. */
  readonly less: number;
  /** The same upwards: what is gained where there is more. */
  readonly more: number;
}

/** What a share of a step's worth goes to: a resource, the times that no rate shortens, and what the sum misses. */
export type WorthName = ResourceName | "fixedTimes" | "rest";

/**
 * What fixed times are: those between kernels, the starts of kernels, the latency of exchanges and collectives, what messages cost
 * one by one, and what is left, which is inside kernels (prologues, tiles, experts, rows) as their fits have it.
 */
export type FixedName = "betweenKernels" | "kernelStarts" | "messageLatency" | "messages" | "kernels";

/** What is no rate, and so no share of the sum: its elasticity by itself. */
export interface SizeWorth {
  /** Of the last level on the chip. */
  readonly lastLevelCache: number;
  /** More processors of the same peak together: finer tasks, fewer idle at the end of a wave. */
  readonly processors: number;
  /** Less of processors' time in the exchange; worth something where it hides behind computation. */
  readonly exchangeProcessors: number;
  /** Shorter smallest accesses of the memory, by what the runs of a decode step waste; absent for prompts. */
  readonly accessGranularity?: number;
  /** Room for requests: see capacityWorth at nine tenths; absent for prompts, and where the model does not fit. */
  readonly memoryCapacity?: number;
}

/** What each part of a machine is worth to a step. */
export interface Worth {
  readonly tokensPerSecondPerGpu: number;
  /** d ln(rate) / d ln(resource), both sides in one; they sum to one. */
  readonly elasticities: Readonly<Record<WorthName, number>>;
  readonly sides: Readonly<Record<ResourceName, Sides>>;
  /** Resources at a corner of a maximum: their sides differ by more than 0.05. */
  readonly corners: readonly ResourceName[];
  /** Of the arithmetic, each format by itself. */
  readonly arithmetic: Readonly<Partial<Record<NumberFormat, number>>>;
  /** Of fixed times; they sum to that share. */
  readonly fixed: Readonly<Record<FixedName, number>>;
  readonly sizes: SizeWorth;
  /** Parts of a machine that the step has no term for, in words. */
  readonly notInModel: readonly string[];
}

/** A step as it is asked for: of decode, or one that takes prompts in. */
export type WorthQuestion = StepQuestion | PrefillQuestion;

/** How the differences are taken, and of what rate. */
export interface WorthOptions<Q> {
  /** Relative change of a resource for its difference; 0.01 if left out. */
  readonly change?: number;
  /** Tokens a second of a question; those of a GPU if left out. */
  readonly rate?: (question: Q) => number;
}

/**
 * What each part of a machine is worth to a step: the elasticity of its tokens per second, in decode or as prompts are taken in.
 *
 *     elasticity = (ln rate(r (1 + s)) - ln rate(r / (1 + s))) / (2 ln(1 + s))
 *     fixedTimes = 1 - elasticity of all rates together,   rest = that elasticity - sum over the rates of their own
 *
 * A step whose rates all double and whose fixed times all halve takes half as long, so the elasticities of all sum to one and are
 * shares; those of fixed times (starts, latencies, a message's and a tile's own cost) are found without touching them, since
 * speeding up all rates is slowing down all fixed times with the clock put right. `rest` is what single differences miss at corners.
 * An elasticity holds near the machine as it is: it says nothing of ten times as much. Formats, kinds of fixed time and sizes
 * are differenced when they are looked at.
 *
 * @throws RangeError as decodeStep or prefillStep, and when change is not above 0 and at most 0.5.
 * @example worthOf({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 })
 */
export function worthOf<Q extends WorthQuestion>(question: Q, { change = 0.01, rate = tokenRate }: WorthOptions<Q> = {}): Worth {
  requireOptions(question, change, rate);
  const now = rate(question);
  requirePositive("rate", now);
  const logarithm = Math.log1p(change);
  const sidesOf = (scales: readonly Scale[]): Sides => {
    const at = (factor: number) => Math.log(rate(scales.reduce((q, scale) => scale(q, factor), question)) / now) / logarithm;
    return { less: -at(1 / (1 + change)), more: at(1 + change) };
  };
  const alone = (scale: Scale) => middle(sidesOf([scale]));
  const sides = Object.fromEntries(resourceNames.map((name) => [name, sidesOf([resources[name]])])) as Record<ResourceName, Sides>;
  const own = Object.fromEntries(resourceNames.map((name) => [name, middle(sides[name])])) as Record<ResourceName, number>;
  const together = middle(sidesOf(resourceNames.map((name) => resources[name])));
  const sum = resourceNames.reduce((total, name) => total + own[name], 0);
  const fixedTimes = 1 - together;
  return {
    tokensPerSecondPerGpu: now,
    elasticities: { ...own, fixedTimes, rest: together - sum },
    sides,
    corners: resourceNames.filter((name) => Math.abs(sides[name].more - sides[name].less) > cornerFrom),
    get arithmetic() {
      const formats = Object.keys(question.hardware.peakFlopsPerSecond) as NumberFormat[];
      return Object.fromEntries(formats.map((format) => [format, alone(arithmeticOf(format))]));
    },
    get fixed() {
      const known = Object.fromEntries(scaledTimes.map((name) => [name, alone(speedOf(name))])) as Record<
        (typeof scaledTimes)[number],
        number
      >;
      return { ...known, kernels: scaledTimes.reduce((left, name) => left - known[name], fixedTimes) };
    },
    get sizes() {
      return {
        lastLevelCache: alone(cacheSize),
        processors: processorWorth(question, rate),
        exchangeProcessors: alone(speedOf("exchangeProcessors")),
        ...(isDecode(question) ? sizesOfDecode(question, own.memoryBandwidth) : {}),
      };
    },
    notInModel,
  };
}

/**
 * The elasticity of a step's tokens per second to one resource: what worthOf gives for it, at two steps in place of a dozen.
 *
 * @throws RangeError as worthOf.
 * @example elasticityOf({ model: model("deepseek-v3"), hardware: hardware("h100-sxm"), requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 }, resources.networkBandwidth)
 */
export function elasticityOf<Q extends WorthQuestion>(
  question: Q,
  scale: Scale,
  { change = 0.01, rate = tokenRate }: WorthOptions<Q> = {},
): number {
  requireOptions(question, change, rate);
  return Math.log(rate(scale(question, 1 + change)) / rate(scale(question, 1 / (1 + change)))) / (2 * Math.log1p(change));
}

function requireOptions({ hardware }: WorthQuestion, change: number, rate: unknown): void {
  requireMachine(hardware);
  if (typeof change !== "number" || !(change > 0 && change <= 0.5))
    throw new RangeError(`change must be above 0 and at most 0.5, got ${String(change)}`);
  if (typeof rate !== "function") throw new RangeError(`rate must be a function of a question, got ${String(rate)}`);
}

/** Sides that differ by more than this are a corner, not a curve. */
const cornerFrom = 0.05;

const scaledTimes = ["betweenKernels", "kernelStarts", "messageLatency", "messages"] as const satisfies readonly FixedName[];

const notInModel: readonly string[] = [
  "side of the matrix array: kernels were timed with the tiles of their own machines; arrayCaps bounds what an array lets through",
  "memory that a step does not reach: host memory, drives, lookup tables",
  "power: clocks are taken as the datasheet's peaks imply",
];

function tokenRate(question: WorthQuestion): number {
  return isDecode(question) ? decodeStep(question).tokensPerSecondPerGpu : prefillStep(question).tokensPerSecondPerGpu;
}

function isDecode(question: WorthQuestion): question is StepQuestion {
  return "contextTokens" in question;
}

function middle({ less, more }: Sides): number {
  return (less + more) / 2;
}

function sizesOfDecode(question: StepQuestion, memoryBandwidth: number): Pick<SizeWorth, "accessGranularity" | "memoryCapacity"> {
  const capacity = capacityWorth(question, usualShare)?.elasticity;
  return {
    accessGranularity: granularityWorth(question, memoryBandwidth),
    ...(capacity === undefined ? {} : { memoryCapacity: capacity }),
  };
}

/** Over a tenth more and less, as processors are whole; nothing of a machine whose number is not known. */
function processorWorth<Q extends WorthQuestion>(question: Q, rate: (question: Q) => number): number {
  const { processors } = question.hardware;
  if (processors === undefined) return 0;
  const [more, less] = [Math.ceil(processors * 1.1), Math.max(1, Math.floor(processors / 1.1))];
  return Math.log(rate(withProcessors(question, more)) / rate(withProcessors(question, less))) / Math.log(more / less);
}

/** Of the memory, for weights and caches: what engines take by default. */
const usualShare = 0.9;

/**
 * What shorter accesses are worth: bytes moved in whole accesses fall with the access, and their time is memory's.
 *
 *     moved(a) = sum over runs of bytes / efficiency(run, a);   elasticity = worth of bandwidth (ln moved(2 a) - ln moved(a / 2)) / (2 ln 2)
 *
 * Runs are taken as aligned; those that whole accesses divide waste nothing, whatever the access.
 */
function granularityWorth(question: StepQuestion, memoryBandwidth: number): number {
  return memoryBandwidth * movedByAccess(decodeAccesses(question), rowMemory(question.hardware).kind.minAccessBytes);
}

/** How much the bytes that runs move grow with the smallest access of a memory: d ln(moved) / d ln(access), from half to twice of it. */
export function movedByAccess(runs: readonly { readonly bytes: number; readonly runBytes: number }[], accessBytes: number): number {
  const moved = (atom: number) => runs.reduce((sum, { bytes, runBytes }) => sum + bytes / accessEfficiency(runBytes, atom), 0);
  return Math.log(moved(2 * accessBytes) / moved(accessBytes / 2)) / (2 * Math.LN2);
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
 * What the size of memory is worth: the elasticity of tokens per second where the batch always fills it.
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
  requireMachine(question.hardware);
  const at = (factor: number) => {
    const hardware = { ...question.hardware, memoryBytes: question.hardware.memoryBytes * factor };
    const fits = fittingRequests({ ...question, hardware }, usableShare);
    return fits < 1 || !Number.isFinite(fits) ? undefined : { fits, rate: tokenRate(withGroupRequests(question, fits)) };
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
