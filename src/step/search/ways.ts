import { paddedModel } from "../../model/padded";
import { dispatches } from "../communication";
import { engineOf } from "../engine";
import { type Footprint, memoryFootprint } from "../memory-footprint";
import { timeToFirstToken } from "../prefill";
import { resolveQuestion, type StepQuestion } from "../question";
import { memoryKeptFree, type SearchQuestion } from "./search-question";
import { divisorsOf, type Split, splitsOf, splitWords } from "./splits";

/** One replica's split and formats, and what of its deployments does not depend on the batch. */
export interface Place {
  readonly split: Split;
  readonly words: string;
  /** All GPUs, the fewest of those asked for that replicas fill; and how many replicas these are. */
  readonly gpus: number;
  readonly replicas: number;
  /** A step's question without its requests. */
  readonly base: Omit<StepQuestion, "requests">;
  /** With one request in each attention group, prompt and answer whole. */
  readonly memory: Footprint;
  /** Requests of an attention group that the memory holds; 0 where not even one fits. */
  readonly most: number;
  /** Timed when it is asked for, and once. */
  readonly firstTokenSeconds: () => number;
}

/** One way to deploy: a place and its batch. */
export interface Way {
  readonly place: Place;
  readonly groupRequests: number;
  readonly draftTokens: number;
  readonly overlap: "none" | "two-micro-batches";
}

/**
 * All ways of a question, those that show the outline first: of every place its largest batch, then a quarter of it, and so on.
 *
 * @returns them, and how many were looked at, those that do not fit included.
 */
export function waysOf(question: SearchQuestion): { readonly ways: readonly Way[]; readonly searched: number } {
  const rounds: Way[][] = [];
  const rest: Way[] = [];
  let unfit = 0;
  for (const place of placesOf(question)) {
    if (place.most < 1) unfit++;
    const outline: Way[] = [];
    for (const groupRequests of place.most < 1 ? [] : batchesUpTo(place.most))
      for (const draftTokens of question.draftTokens ?? [0])
        for (const overlap of overlapsOf(place, groupRequests)) {
          const coarse = overlap === "none" && (groupRequests === place.most || Number.isInteger(Math.log2(groupRequests) / 2));
          (coarse ? outline : rest).push({ place, groupRequests, draftTokens, overlap });
        }
    for (const [i, way] of outline.reverse().entries()) {
      const round = rounds[i] ?? [];
      rounds[i] = round;
      round.push(way);
    }
  }
  const ways = [...rounds.flat(), ...rest];
  return { ways, searched: ways.length + unfit };
}

/** Powers of two, one between each two from two on, and the most. */
export function batchesUpTo(most: number): readonly number[] {
  const batches = new Set<number>();
  for (let each = 1; each <= most; each *= 2) {
    batches.add(each);
    if (each >= 2 && each * 1.5 <= most) batches.add(each * 1.5);
  }
  return [...batches.add(most)];
}

/** Two micro-batches hide an exchange of tokens, so there must be one. TensorRT-LLM has no option for them. */
function overlapsOf({ split, base }: Place, groupRequests: number): readonly Way["overlap"][] {
  const halves = dispatches(split) && groupRequests >= 2 && base.engine !== "tensorrt-llm";
  return halves ? ["none", "two-micro-batches"] : ["none"];
}

/** Replicas of every size that divides a number of GPUs, each once, in every split and format. */
function placesOf(question: SearchQuestion): readonly Place[] {
  const { model, hardware, engine: asked, weightFormat, cacheFormat } = question;
  const engine = asked === undefined ? undefined : engineOf(asked, hardware);
  const counts = [...new Set([question.gpus].flat())].sort((a, b) => a - b);
  const sizes = [...new Set(counts.flatMap(divisorsOf))].sort((a, b) => a - b);
  const formats = listed(weightFormat).flatMap((weights) => listed(cacheFormat).map((cache) => ({ weights, cache })));
  return sizes.flatMap((size) =>
    splitsOf(model, hardware, size, engine).flatMap((split) =>
      formats.map(({ weights, cache }) => {
        const gpus = counts.find((count) => count % size === 0) as number;
        return placeOf(question, split, gpus, {
          ...(engine === undefined ? {} : { engine }),
          ...(weights === undefined ? {} : { weightFormat: weights }),
          ...(cache === undefined ? {} : { cacheFormat: cache }),
        });
      }),
    ),
  );
}

function listed(formats: SearchQuestion["weightFormat"]): readonly (string | undefined)[] {
  return formats === undefined || typeof formats === "string" ? [formats] : formats;
}

type Asked = Pick<StepQuestion, "engine" | "weightFormat" | "cacheFormat">;

function placeOf(question: SearchQuestion, split: Split, gpus: number, asked: Asked): Place {
  const { model, hardware, inputTokens, outputTokens, limits = {}, acceptance } = question;
  const { tensorParallel, dataParallel, expertParallel } = split;
  const base = { model, hardware, tensorParallel, dataParallel, expertParallel, ...asked };
  const memory = footprintOf({ ...base, requests: dataParallel, contextTokens: inputTokens + outputTokens });
  const room = (1 - (limits.memoryKeptFree ?? memoryKeptFree)) * hardware.memoryBytes;
  const contextTokens = Math.round(inputTokens + outputTokens / 2);
  return {
    split,
    words: splitWords(model, split),
    gpus,
    replicas: gpus / (tensorParallel * dataParallel),
    base: { ...base, contextTokens, ...(acceptance === undefined ? {} : { acceptance }) },
    memory,
    // Requests that keep nothing are as many as an engine takes.
    most: Math.min(mostRequests, Math.max(0, Math.floor((room - memory.weightBytes) / memory.cacheBytes))),
    firstTokenSeconds: once(() => timeToFirstToken({ ...base, promptTokens: inputTokens })),
  };
}

/** Of one attention group: more than any engine schedules. */
const mostRequests = 65_536;
const fitsNowhere: Footprint = {
  weightBytes: Number.POSITIVE_INFINITY,
  cacheBytes: 1,
  stateBytes: 0,
  totalBytes: Number.POSITIVE_INFINITY,
};

/** A degree that cuts no whole heads is no deployment, though a step pads them. */
function footprintOf(question: StepQuestion): Footprint {
  const { model, tensorParallel = 1 } = question;
  return paddedModel(model, tensorParallel) === model ? memoryFootprint(question) : fitsNowhere;
}

/** The share of drafts that are accepted, as a step takes it. */
export function acceptanceOf(question: SearchQuestion, draftTokens: number): number {
  const { model, hardware, acceptance } = question;
  const asked = { model, hardware, requests: 1, contextTokens: 1, draftTokens, ...(acceptance === undefined ? {} : { acceptance }) };
  return resolveQuestion(asked).acceptance;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
