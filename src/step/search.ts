import { requirePositive, requirePositiveInteger } from "../checks";
import type { Hardware } from "../machine/hardware";
import { isMoe, type Model } from "../model/model";
import { nearest } from "../text/nearest";
import { decodeStep } from "./decode";
import { type Footprint, memoryFootprint } from "./memory-footprint";
import { timeToFirstToken } from "./prefill";
import type { StepQuestion } from "./question";

/** What deployments are looked for, and what they must keep. */
export interface SearchQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** GPUs of one replica: a number, or several to try. */
  readonly gpus: number | readonly number[];
  /** Tokens of a prompt, and of its answer. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly limits?: SearchLimits;
  readonly engine?: string;
  readonly weightFormat?: string;
  readonly cacheFormat?: string;
  /** Numbers of drafts to try; none alone if left out. */
  readonly draftTokens?: readonly number[];
}

/** What a deployment must keep. */
export interface SearchLimits {
  /** Between two tokens of one request, at the most. */
  readonly secondsPerToken?: number;
  /** To the first token of a prompt on an idle replica, at the most. */
  readonly firstTokenSeconds?: number;
  /** Share of a GPU's memory that is kept free for activations and workspaces; a tenth if left out. */
  readonly memoryKeptFree?: number;
}

/** One way to deploy a model, and what it gives. */
export interface Deployment {
  readonly question: StepQuestion;
  readonly gpus: number;
  /** How attention and experts are split, in words. */
  readonly split: string;
  readonly requests: number;
  readonly tokensPerSecondPerGpu: number;
  readonly tokensPerSecondPerRequest: number;
  readonly secondsPerToken: number;
  readonly firstTokenSeconds: number;
  readonly memory: Footprint;
  /** Of the step's time: four in five measured steps lie in such a band. */
  readonly errorBand: { readonly low: number; readonly high: number };
  readonly carried: readonly string[];
}

/** All deployments that keep the limits, the most tokens for each GPU first, and those that none beats in both rates. */
export interface SearchResult {
  /** Ways that were looked at, those that do not fit included. */
  readonly searched: number;
  readonly deployments: readonly Deployment[];
  /** From the most tokens for a GPU to the most for a request. */
  readonly front: readonly Deployment[];
}

const fields = [
  "model",
  "hardware",
  "gpus",
  "inputTokens",
  "outputTokens",
  "limits",
  "engine",
  "weightFormat",
  "cacheFormat",
  "draftTokens",
];
const limitFields = ["secondsPerToken", "firstTokenSeconds", "memoryKeptFree"];
const keptFree = 0.1;

/**
 * Search the deployments of a model that engines run: attention cut or dealt out, experts cut, dealt out or both, batches up to what the
 * memory holds, drafts, two micro-batches.
 *
 * Steps are timed at half of the answer behind the prompt; memory holds prompt and answer whole. Prompts are taken in elsewhere: a
 * replica that also prefills gives fewer tokens, by the share of prefill in its time. Degrees are divisors of the GPUs, batches
 * powers of two and the largest that fits.
 *
 * @throws RangeError naming the field for counts, shares and times that cannot be, and for a field that is not known.
 * @example searchDeployments({ model: model("qwen3-30b-a3b"), hardware: hardware("h100-sxm"), gpus: [1, 2], inputTokens: 1024, outputTokens: 1024 }).front[0]
 */
export function searchDeployments(question: SearchQuestion): SearchResult {
  const { inputTokens, outputTokens, limits = {} } = question;
  requireKnown(question, fields);
  requireKnown(limits, limitFields);
  requirePositiveInteger("inputTokens", inputTokens);
  requirePositiveInteger("outputTokens", outputTokens);
  for (const name of ["secondsPerToken", "firstTokenSeconds"] as const) if (limits[name] !== undefined) requirePositive(name, limits[name]);
  const free = limits.memoryKeptFree ?? keptFree;
  if (!(free >= 0 && free < 1)) throw new RangeError(`memoryKeptFree must be a share from 0 to below 1, got ${String(free)}`);
  const found: Deployment[] = [];
  let searched = 0;
  for (const gpus of [question.gpus].flat()) {
    requirePositiveInteger("gpus", gpus);
    for (const split of splitsOf(question.model, question.hardware, gpus)) {
      const ways = waysOf(question, split, (1 - free) * question.hardware.memoryBytes);
      searched += Math.max(1, ways.length);
      found.push(...ways.map((way) => deployed(question, way, gpus)).filter((one) => keeps(one, limits)));
    }
  }
  found.sort((a, b) => b.tokensPerSecondPerGpu - a.tokensPerSecondPerGpu || b.tokensPerSecondPerRequest - a.tokensPerSecondPerRequest);
  return { searched, deployments: found, front: frontOf(found) };
}

type Split = Pick<StepQuestion, "tensorParallel" | "dataParallel" | "expertParallel">;

/** Attention over every divisor, experts cut over all GPUs, dealt out over all, or dealt out over the attention groups. */
function splitsOf(model: Model, { scaleUpDomain }: Hardware, gpus: number): readonly Split[] {
  const divisors = Array.from({ length: gpus }, (_, i) => i + 1).filter((n) => gpus % n === 0);
  const joined = divisors.filter((n) => n === 1 || n <= (scaleUpDomain ?? 1));
  if (!isMoe(model)) return joined.includes(gpus) ? [{ tensorParallel: gpus, dataParallel: 1, expertParallel: 1 }] : [];
  return joined.flatMap((tensorParallel) => {
    const dataParallel = gpus / tensorParallel;
    const ranks = [...new Set([1, dataParallel, gpus])].filter((n) => n === 1 || n <= model.routedExperts);
    // Experts cut over more GPUs than a link joins: no engine runs it.
    return ranks
      .filter((n) => gpus / n === 1 || gpus / n <= (scaleUpDomain ?? 1))
      .map((expertParallel) => ({ tensorParallel, dataParallel, expertParallel }));
  });
}

/** The batches of one split that the memory holds, without and with two micro-batches, for each number of drafts. */
function waysOf(question: SearchQuestion, split: Split, memoryBytes: number): readonly StepQuestion[] {
  const { model, hardware, inputTokens, outputTokens, engine, weightFormat, cacheFormat, draftTokens = [0] } = question;
  const { dataParallel = 1, expertParallel = 1 } = split;
  const asked = {
    ...(engine === undefined ? {} : { engine }),
    ...(weightFormat === undefined ? {} : { weightFormat }),
    ...(cacheFormat === undefined ? {} : { cacheFormat }),
  };
  const base = { model, hardware, ...split, ...asked };
  let one: Footprint;
  try {
    one = memoryFootprint({ ...base, requests: dataParallel, contextTokens: inputTokens + outputTokens });
  } catch (error) {
    // A degree that cuts no whole parts is no deployment; anything else is the reader's to know.
    if (error instanceof RangeError && error.message.startsWith("tensorParallel must")) return [];
    throw error;
  }
  const most = Math.floor((memoryBytes - one.weightBytes) / one.cacheBytes);
  if (most < 1) return [];
  const batches: number[] = [];
  for (let each = 1; each < most; each *= 2) batches.push(each);
  const overlaps = dataParallel > 1 && expertParallel > 1 ? (["none", "two-micro-batches"] as const) : (["none"] as const);
  return [...batches, most].flatMap((each) =>
    draftTokens.flatMap((drafts) =>
      overlaps
        .filter((overlap) => overlap === "none" || each >= 2)
        .map((overlap) => ({
          ...base,
          requests: each * dataParallel,
          contextTokens: Math.round(inputTokens + outputTokens / 2),
          ...(drafts === 0 ? {} : { draftTokens: drafts }),
          ...(overlap === "none" ? {} : { overlap }),
        })),
    ),
  );
}

const firstTokens = new WeakMap<Model, Map<string, number>>();

/** The first token depends on the split alone, so it is timed once for all batches. */
function firstTokenOf(question: SearchQuestion, way: StepQuestion): number {
  const { model, hardware, tensorParallel = 1, dataParallel = 1, expertParallel = 1, engine, weightFormat, cacheFormat } = way;
  const key = [
    hardware.id,
    hardware.memoryBytesPerSecond,
    tensorParallel,
    dataParallel,
    expertParallel,
    engine,
    weightFormat,
    cacheFormat,
    question.inputTokens,
  ].join(" ");
  const known = firstTokens.get(model) ?? new Map<string, number>();
  firstTokens.set(model, known);
  let seconds = known.get(key);
  if (seconds === undefined) {
    const { requests: _requests, contextTokens: _context, draftTokens: _drafts, overlap: _overlap, ...rest } = way;
    seconds = timeToFirstToken({ ...rest, promptTokens: question.inputTokens });
    known.set(key, seconds);
  }
  return seconds;
}

function deployed(question: SearchQuestion, way: StepQuestion, gpus: number): Deployment {
  const step = decodeStep(way);
  return {
    question: way,
    gpus,
    split: wordsOf(way),
    requests: way.requests ?? 1,
    tokensPerSecondPerGpu: step.tokensPerSecondPerGpu,
    tokensPerSecondPerRequest: step.tokensPerSecondPerRequest,
    secondsPerToken: 1 / step.tokensPerSecondPerRequest,
    firstTokenSeconds: firstTokenOf(question, way),
    memory: memoryFootprint({ ...way, contextTokens: question.inputTokens + question.outputTokens }),
    errorBand: step.errorBand,
    carried: step.carried,
  };
}

function wordsOf({ tensorParallel = 1, dataParallel = 1, expertParallel = 1, model, overlap }: StepQuestion): string {
  const attention = [tensorParallel > 1 ? `TP${tensorParallel}` : "", dataParallel > 1 ? `DP${dataParallel}` : ""]
    .filter((word) => word !== "")
    .join(" x ");
  const experts =
    !isMoe(model) || tensorParallel * dataParallel === 1
      ? ""
      : expertParallel > 1
        ? ` attention, EP${expertParallel} experts`
        : " attention, experts cut over all";
  return `${attention === "" ? "one GPU" : attention}${experts}${overlap === "two-micro-batches" ? ", two micro-batches" : ""}`;
}

function keeps({ secondsPerToken, firstTokenSeconds }: Deployment, limits: SearchLimits): boolean {
  return (
    secondsPerToken <= (limits.secondsPerToken ?? Number.POSITIVE_INFINITY) &&
    firstTokenSeconds <= (limits.firstTokenSeconds ?? Number.POSITIVE_INFINITY)
  );
}

/** Of deployments in falling order of the first rate, those that raise the second. */
function frontOf(sorted: readonly Deployment[]): readonly Deployment[] {
  const front: Deployment[] = [];
  let most = 0;
  for (const one of sorted) {
    if (one.tokensPerSecondPerRequest <= most) continue;
    most = one.tokensPerSecondPerRequest;
    front.push(one);
  }
  return front;
}

function requireKnown(record: object, known: readonly string[]): void {
  for (const name of Object.keys(record))
    if (!known.includes(name)) throw new RangeError(`unknown field "${name}"; nearest: ${nearest(name, known).join(", ")}`);
}
