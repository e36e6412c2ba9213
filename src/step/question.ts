import { requirePositiveInteger, requireShare, requireWhole, requireWord } from "../checks";
import { requireKernel } from "../kernels/known-kernel";
import { requireMachine } from "../machine/check-rates";
import type { Hardware } from "../machine/hardware";
import { requireModel } from "../model/check-runs";
import { isMoe, type Model } from "../model/model";
import { type ServedFormats, servedFormats } from "../model/served-formats";
import { requireRoutingName } from "../routing/rank-load";
import { nearest } from "../text/nearest";
import { type Engine, engineOf } from "./engine";
import { linked } from "./links";

export { type Engine, engines } from "./engine";

/**
 * A model on a replica of GPUs and what it is asked: the one record for a step, its accesses, its requests and its footprint.
 *
 * The replica has `tensorParallel x dataParallel` GPUs. Attention is cut over `tensorParallel` and dealt over `dataParallel`; experts
 * are dealt over `expertParallel` ranks and cut over what remains. Requests are those of the whole replica (`requests`), or of one
 * GPU (`requestsPerGpu`, the older form, in which attention is dealt over as many groups as there are ranks of experts).
 */
export interface StepQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** Requests of the whole replica, one new token each (and its drafts). Any positive integer. */
  readonly requests?: number;
  /** Requests of each GPU; the replica has `expertParallel` groups of `tensorParallel` GPUs. */
  readonly requestsPerGpu?: number;
  /** Tokens already in each request's cache. */
  readonly contextTokens: number;
  readonly tensorParallel?: number;
  /** One GPU with every expert if left out; all GPUs where attention is dealt out. */
  readonly expertParallel?: number;
  readonly dataParallel?: number;
  /** Of the routed experts, or of all matrices of a dense model; the release's if left out. */
  readonly weightFormat?: string;
  readonly cacheFormat?: string;
  /** Of the routed experts. */
  readonly kernel?: string;
  /** tensorrt-llm, vllm or sglang, in any case of letters. */
  readonly engine?: string;
  /** Tokens drafted ahead for each request, and verified in the step. */
  readonly draftTokens?: number;
  /** Share of drafts that are accepted, each after those before it. */
  readonly acceptance?: number;
  /** Tokens of prompts that the step takes in beside its requests (chunked prefill). */
  readonly promptTokens?: number;
  /** How tokens choose experts: "chance" if left out, "even", "balanced", "power_law_<exponent>". */
  readonly routing?: string;
  readonly overlap?: "none" | "two-micro-batches";
  /** Factor on the routed part for waiting on the slowest rank; from the routing if left out, 1 for none. */
  readonly waiting?: number;
  /** Places for experts over all ranks, copies included; as many as experts if left out. */
  readonly expertSlots?: number;
}

/** Stands in where formats alone matter: it multiplies in every format. */
export const anyMachine = {
  id: "any",
  generation: "any",
  memoryBytesPerSecond: 1,
  peakFlopsPerSecond: { bf16: 1, fp8: 1, fp4: 1 },
} as unknown as Hardware;

/** A question in numbers: defaults set, both forms made one, everything checked. */
export interface ResolvedQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** The machine's record lacks a link that the group needs; others stand in. */
  readonly lentLinks: boolean;
  readonly gpus: number;
  readonly tensorParallel: number;
  readonly dataParallel: number;
  readonly expertParallel: number;
  /** GPUs that each routed expert is cut over. */
  readonly expertTensorParallel: number;
  readonly expertSlots: number;
  /** Of the replica. */
  readonly requests: number;
  /** Of the busiest attention group. */
  readonly groupRequests: number;
  readonly contextTokens: number;
  readonly formats: ServedFormats;
  readonly engine: Engine;
  /** Whether the question names it; a default stands for no habits of its own. */
  readonly engineAsked: boolean;
  /** Of the routed experts, where the question names it. */
  readonly kernelAsked: string | undefined;
  readonly draftTokens: number;
  readonly acceptance: number;
  readonly promptTokens: number;
  readonly routing: string;
  readonly overlap: "none" | "two-micro-batches";
  /** Given by the question; from the routing where it is absent. */
  readonly waiting: number | undefined;
}

/** A question with every field. */
type Asked = { readonly [K in keyof Required<StepQuestion>]: StepQuestion[K] };

/** Laid under a question, so that all are read in one shape: V8 gives each record that begins with a spread a shape of its own, and reads that slowly. */
const unasked: { readonly [K in keyof Asked]: undefined } = {
  model: undefined,
  hardware: undefined,
  requests: undefined,
  requestsPerGpu: undefined,
  contextTokens: undefined,
  tensorParallel: undefined,
  expertParallel: undefined,
  dataParallel: undefined,
  weightFormat: undefined,
  cacheFormat: undefined,
  kernel: undefined,
  engine: undefined,
  draftTokens: undefined,
  acceptance: undefined,
  promptTokens: undefined,
  routing: undefined,
  overlap: undefined,
  waiting: undefined,
  expertSlots: undefined,
};

const fields = Object.keys(unasked);

/** @throws RangeError for a field that is not known, with the nearest ones. */
function requireKnownFields(question: object): void {
  const names = Object.keys(question);
  if (names.length === fields.length) return;
  const unknown = names.find((name) => !fields.includes(name)) as string;
  throw new RangeError(`unknown field "${unknown}"; nearest: ${nearest(unknown, fields).join(", ")}`);
}

/**
 * Set a question's defaults and check it.
 *
 * @throws RangeError naming the field, what was expected and what came; for a field that is not known, with the nearest ones.
 * @example resolveQuestion({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }).gpus // 64
 */
export function resolveQuestion(asked: StepQuestion): ResolvedQuestion {
  if (typeof asked !== "object" || asked === null) throw new RangeError(`the question must be a record, got ${String(asked)}`);
  const question: Asked = { ...unasked, ...asked };
  requireKnownFields(question);
  const { model, hardware, contextTokens, tensorParallel = 1, overlap = "none", routing = "chance" } = question;
  const { draftTokens = 0, acceptance = draftTokens === 0 ? 0 : defaultAcceptance, promptTokens = 0 } = question;
  requireModel("model", model);
  requireMachine(hardware);
  requirePositiveInteger("contextTokens", contextTokens);
  requirePositiveInteger("tensorParallel", tensorParallel);
  requireDrafts(draftTokens);
  requireWhole("promptTokens", promptTokens);
  requireShare("acceptance", acceptance);
  requireWord("overlap", overlap, overlaps);
  if (question.waiting !== undefined) requireWaiting(question.waiting);
  requireRoutingName(routing);
  if (question.kernel !== undefined) requireKernel(question.kernel);
  const split =
    question.requestsPerGpu === undefined ? ofReplica(question, tensorParallel) : ofGpu(question, question.requestsPerGpu, tensorParallel);
  const gpus = tensorParallel * split.dataParallel;
  requireCounted(question, split, gpus, draftTokens, promptTokens);
  if (gpus % split.expertParallel !== 0) {
    throw new RangeError(`expertParallel must divide the replica's ${gpus} GPUs, got ${split.expertParallel}`);
  }
  // More ranks than experts hold copies.
  if (question.expertSlots !== undefined) requirePositiveInteger("expertSlots", question.expertSlots);
  const expertSlots = Math.max(question.expertSlots ?? Math.max(model.routedExperts, 1), isMoe(model) ? split.expertParallel : 1);
  if (expertSlots < model.routedExperts)
    throw new RangeError(`expertSlots must be at least routedExperts (${model.routedExperts}), got ${expertSlots}`);
  const machine = linked(hardware, gpus);
  return {
    model,
    hardware: machine,
    lentLinks: machine !== hardware,
    gpus,
    tensorParallel,
    dataParallel: split.dataParallel,
    expertParallel: split.expertParallel,
    requests: split.requests,
    expertTensorParallel: gpus / split.expertParallel,
    expertSlots,
    groupRequests: Math.ceil(split.requests / split.dataParallel),
    contextTokens,
    formats: servedFormats(model, hardware, question.weightFormat, question.cacheFormat),
    engine: engineOf(question.engine, hardware),
    engineAsked: question.engine !== undefined,
    kernelAsked: question.kernel,
    draftTokens,
    acceptance,
    promptTokens,
    routing,
    overlap,
    waiting: question.waiting,
  };
}

const overlaps = ["none", "two-micro-batches"] as const;

/** Refuse drafts by the thousand: each is a layer's work. @throws RangeError naming the field. */
export function requireDrafts(draftTokens: number): void {
  requireWhole("draftTokens", draftTokens);
  if (draftTokens > mostDrafts) throw new RangeError(`draftTokens must be at most ${mostDrafts}, got ${draftTokens}`);
}

/** No engine drafts a hundredth of it. */
const mostDrafts = 1024;

/** More than any group of ranks could have one wait. */
const mostWaiting = 1e6;

function requireWaiting(waiting: number): void {
  if (!(waiting >= 1 && Number.isFinite(waiting))) throw new RangeError(`waiting must be a number of at least 1, got ${String(waiting)}`);
  if (waiting > mostWaiting) throw new RangeError(`waiting must be a number of at most ${mostWaiting}, got ${waiting}`);
}

/** Counts that each can be may have a product that cannot be counted. */
function requireCounted(question: Asked, { requests }: Split, gpus: number, draftTokens: number, promptTokens: number): void {
  const asked = question.requests === undefined ? "requestsPerGpu" : "requests";
  const degrees = "tensorParallel times dataParallel";
  if (!Number.isSafeInteger(gpus)) throw new RangeError(`${degrees} must be a number of GPUs that can be counted, got ${gpus}`);
  if (!Number.isSafeInteger((requests + gpus) * (1 + draftTokens) + promptTokens * gpus))
    throw new RangeError(
      `${asked}, dataParallel, draftTokens and promptTokens must make a number of tokens that can be counted, got ${requests * (1 + draftTokens) + promptTokens}`,
    );
}

/** Share of drafts accepted where none is given: published runs of DeepSeek's module reach 0.8 to 0.9. */
const defaultAcceptance = 0.8;

interface Split {
  readonly dataParallel: number;
  readonly expertParallel: number;
  readonly requests: number;
}

function ofReplica({ requests, model, dataParallel, expertParallel }: Asked, tensorParallel: number): Split {
  if (requests === undefined) throw new RangeError("requests must be a positive integer, got nothing");
  requirePositiveInteger("requests", requests);
  if (dataParallel !== undefined) requirePositiveInteger("dataParallel", dataParallel);
  if (expertParallel !== undefined) requirePositiveInteger("expertParallel", expertParallel);
  const groups = dataParallel ?? Math.max(1, Math.ceil((expertParallel ?? 1) / tensorParallel));
  const ranks = expertParallel ?? (groups > 1 && isMoe(model) ? groups * tensorParallel : 1);
  return { requests, dataParallel: groups, expertParallel: ranks };
}

function ofGpu({ requests, dataParallel, expertParallel = 1 }: Asked, requestsPerGpu: number, tensorParallel: number): Split {
  requirePositiveInteger("requestsPerGpu", requestsPerGpu);
  requirePositiveInteger("expertParallel", expertParallel);
  if (requests !== undefined) throw new RangeError("requests must be left out where requestsPerGpu is given");
  const groups = dataParallel === undefined ? expertParallel : dataParallel;
  requirePositiveInteger("dataParallel", groups);
  return { requests: requestsPerGpu * tensorParallel * groups, dataParallel: groups, expertParallel };
}
