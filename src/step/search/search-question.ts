import { requirePositive, requirePositiveInteger } from "../../checks";
import type { Hardware } from "../../machine/hardware";
import type { Model } from "../../model/model";
import { nearest } from "../../text/nearest";

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

const fields: { readonly [K in keyof Required<SearchQuestion>]: true } = {
  model: true,
  hardware: true,
  gpus: true,
  inputTokens: true,
  outputTokens: true,
  limits: true,
  engine: true,
  weightFormat: true,
  cacheFormat: true,
  draftTokens: true,
  acceptance: true,
};
const limitFields: { readonly [K in keyof Required<SearchLimits>]: true } = {
  secondsPerToken: true,
  firstTokenSeconds: true,
  memoryKeptFree: true,
};
/** What engines leave to activations and workspaces by default. */
export const memoryKeptFree = 0.1;

/** Refuse a question that cannot be. @throws RangeError naming the field. */
export function requireSearch({ limits = {}, ...question }: SearchQuestion): void {
  requireKnown(question, Object.keys(fields));
  requireKnown(limits, Object.keys(limitFields));
  requirePositiveInteger("inputTokens", question.inputTokens);
  requirePositiveInteger("outputTokens", question.outputTokens);
  for (const gpus of [question.gpus].flat()) requirePositiveInteger("gpus", gpus);
  for (const name of ["secondsPerToken", "firstTokenSeconds"] as const) {
    const limit = limits[name];
    if (limit !== undefined) requirePositive(name, limit);
  }
  const free = limits.memoryKeptFree ?? memoryKeptFree;
  if (!(free >= 0 && free < 1)) throw new RangeError(`memoryKeptFree must be a share from 0 to below 1, got ${String(free)}`);
}

function requireKnown(record: object, known: readonly string[]): void {
  for (const name of Object.keys(record))
    if (!known.includes(name)) throw new RangeError(`unknown field "${name}"; nearest: ${nearest(name, known).join(", ")}`);
}
