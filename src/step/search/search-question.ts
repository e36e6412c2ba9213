import { requirePositive, requirePositiveInteger, requireRecord, requireShare } from "../../checks";
import { requireMachine } from "../../machine/check-rates";
import type { Hardware } from "../../machine/hardware";
import { cacheFormat, weightFormat } from "../../machine/number-formats";
import { requireModel } from "../../model/check-runs";
import type { Model } from "../../model/model";
import { nearest } from "../../text/nearest";
import { engineOf } from "../engine";
import { requireDrafts } from "../question";

/** What deployments are looked for, and what they must keep. */
export interface SearchQuestion {
  readonly model: Model;
  readonly hardware: Hardware;
  /** All GPUs that there are: a number, or several to try. Fewer may make a replica, of which there are then several. */
  readonly gpus: number | readonly number[];
  /** Tokens of a prompt, and of its answer. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly limits?: SearchLimits;
  /** Its times and the splits that it runs; TensorRT-LLM's times (vLLM's beside NVIDIA) and the splits of all if left out. */
  readonly engine?: string;
  /** Of the routed experts, one or several to try; the release's if left out. */
  readonly weightFormat?: string | readonly string[];
  readonly cacheFormat?: string | readonly string[];
  /** Numbers of drafts to try; none alone if left out. */
  readonly draftTokens?: readonly number[];
  /** Share of drafts that are accepted, each after those before it. */
  readonly acceptance?: number;
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

const fields: { readonly [K in keyof Required<SearchQuestion>]: undefined } = {
  model: undefined,
  hardware: undefined,
  gpus: undefined,
  inputTokens: undefined,
  outputTokens: undefined,
  limits: undefined,
  engine: undefined,
  weightFormat: undefined,
  cacheFormat: undefined,
  draftTokens: undefined,
  acceptance: undefined,
};
const limitFields: { readonly [K in keyof Required<SearchLimits>]: undefined } = {
  secondsPerToken: undefined,
  firstTokenSeconds: undefined,
  memoryKeptFree: undefined,
};
/** What engines leave to activations and workspaces by default. */
export const memoryKeptFree = 0.1;

/** More than any replica has; the ways to split grow with the divisors. */
const mostGpus = 1_048_576;

/** Refuse a question that cannot be. @throws RangeError naming the field. */
export function requireSearch({ limits = {}, ...question }: SearchQuestion): void {
  requireRecord("limits", limits, "a record of limits");
  requireKnown(question, Object.keys(fields));
  requireKnown(limits, Object.keys(limitFields));
  requirePositiveInteger("inputTokens", question.inputTokens);
  requirePositiveInteger("outputTokens", question.outputTokens);
  requireModel("model", question.model);
  requireMachine(question.hardware);
  const counts = [question.gpus].flat();
  if (counts.length === 0) throw new RangeError("gpus must be a number of GPUs, or a list of at least one, got an empty list");
  for (const gpus of counts) {
    requirePositiveInteger("gpus", gpus);
    if (gpus > mostGpus) throw new RangeError(`gpus must be at most ${mostGpus}, got ${gpus}`);
  }
  for (const name of ["secondsPerToken", "firstTokenSeconds"] as const) {
    const limit = limits[name];
    if (limit !== undefined) requirePositive(name, limit);
  }
  const { memoryKeptFree: free = memoryKeptFree } = limits;
  if (typeof free !== "number" || !(free >= 0 && free < 1))
    throw new RangeError(`memoryKeptFree must be a share from 0 to below 1, got ${String(free)}`);
  for (const name of ["weightFormat", "cacheFormat", "draftTokens"] as const) requireChoices(name, question[name]);
  engineOf(question.engine, question.hardware);
  for (const name of [question.weightFormat ?? []].flat()) weightFormat(name);
  for (const name of [question.cacheFormat ?? []].flat()) cacheFormat(name);
  for (const drafts of question.draftTokens ?? []) requireDrafts(drafts);
  if (question.acceptance !== undefined) requireShare("acceptance", question.acceptance);
}

/** A format by itself, or a list of at least one thing to try. */
function requireChoices(name: "weightFormat" | "cacheFormat" | "draftTokens", choices: unknown): void {
  if (choices === undefined || (typeof choices === "string" && name !== "draftTokens")) return;
  if (!Array.isArray(choices) || choices.length === 0)
    throw new RangeError(
      `${name} must be a list of at least one to try, got ${Array.isArray(choices) ? "an empty list" : String(choices)}`,
    );
}

function requireKnown(record: object, known: readonly string[]): void {
  for (const name of Object.keys(record))
    if (!known.includes(name)) throw new RangeError(`unknown field "${name}"; nearest: ${nearest(name, known).join(", ")}`);
}
