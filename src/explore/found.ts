import type { StepQuestion } from "../index";
import { type Deployment, frontOf, searchPlan } from "../step/search/search";
import { gpuCounts } from "../step/search/splits";
import type { Way } from "../step/search/ways";
import type { Find } from "./find";
import { gpuLimit } from "./options";
import type { Choice } from "./state";
import { whatIf } from "./what-if";

/** What the page has its worker search: plain data. Limits of time are kept by the page, so that they may change without a search. */
export interface SearchAsked {
  readonly choice: Pick<Choice, "model" | "machine" | "granularity" | "times" | "engine" | "weightFormat" | "cacheFormat" | "calibration">;
  readonly find: Pick<Find, "gpusFrom" | "gpusTo" | "inputTokens" | "outputTokens" | "freePercent" | "drafts">;
}

/** One deployment that was found: plain data, ready to be shown. */
export interface FoundPoint {
  readonly split: string;
  readonly gpus: number;
  readonly replicas: number;
  readonly tensorParallel: number;
  readonly dataParallel: number;
  readonly expertParallel: number;
  readonly requests: number;
  readonly draftTokens: number;
  readonly overlap: Choice["overlap"];
  readonly contextTokens: number;
  readonly perGpu: number;
  readonly perRequest: number;
  readonly firstTokenSeconds: number;
  readonly memoryBytes: number;
}

/** What a page's search is asked as. @throws RangeError for what cannot be. */
export function planOfSearch({ choice, find }: SearchAsked) {
  const { model, hardware } = whatIf(choice);
  const most = Math.max(1, Math.min(find.gpusTo, searchLimit(model, hardware)));
  return searchPlan({
    model,
    hardware,
    gpus: gpuCounts(Math.min(find.gpusFrom, most), most),
    inputTokens: find.inputTokens,
    outputTokens: find.outputTokens,
    limits: { memoryKeptFree: find.freePercent / 100 },
    draftTokens: Array.from({ length: find.drafts + 1 }, (_, drafts) => drafts),
    ...(choice.engine === "" ? {} : { engine: choice.engine }),
    ...(choice.weightFormat === "" ? {} : { weightFormat: choice.weightFormat }),
    ...(choice.cacheFormat === "" ? {} : { cacheFormat: choice.cacheFormat }),
  });
}

/** A dense model is cut over one link's GPUs, of which there may be many replicas; a machine without a network has no more than its link joins. */
function searchLimit(...where: Parameters<typeof gpuLimit>): number {
  return where[1].networkBytesPerSecond === undefined ? gpuLimit(...where).most : Number.POSITIVE_INFINITY;
}

/** A deployment as plain data. */
export function pointOf({ draftTokens, overlap }: Way, found: Deployment): FoundPoint {
  const { tensorParallel = 1, dataParallel = 1, expertParallel = 1, contextTokens } = found.question;
  return {
    ...{ split: found.split, gpus: found.gpus, replicas: found.replicas, tensorParallel, dataParallel, expertParallel },
    ...{ requests: found.requests, draftTokens, overlap, contextTokens },
    perGpu: found.tokensPerSecondPerGpu,
    perRequest: found.tokensPerSecondPerRequest,
    firstTokenSeconds: found.firstTokenSeconds,
    memoryBytes: found.memory.totalBytes,
  };
}

/** Whether a deployment keeps the limits of time, to the last digit: a search in code decides alike. */
export function keepsLimits({ perRequest, firstTokenSeconds }: FoundPoint, find: Find): boolean {
  return (
    (find.tokenMilliseconds === 0 || 1000 / perRequest <= find.tokenMilliseconds) &&
    (find.firstTokenSeconds === 0 || firstTokenSeconds <= find.firstTokenSeconds)
  );
}

/** Points in falling order of tokens for each GPU, and those that none beats in both rates. */
export function ranked(points: readonly FoundPoint[]): { readonly inOrder: readonly FoundPoint[]; readonly front: readonly FoundPoint[] } {
  const inOrder = [...points].sort((a, b) => b.perGpu - a.perGpu || b.perRequest - a.perRequest);
  const front = frontOf(inOrder.map((point) => ({ point, tokensPerSecondPerRequest: point.perRequest })));
  return { inOrder, front: front.map(({ point }) => point) };
}

/** The best of each split, the best first. */
export function bestOfSplits(inOrder: readonly FoundPoint[], count: number): readonly FoundPoint[] {
  const best = new Map<string, FoundPoint>();
  for (const point of inOrder) {
    const key = `${point.split.replace(", two micro-batches", "")} ${point.gpus / point.replicas}`;
    if (!best.has(key)) best.set(key, point);
    if (best.size === count) break;
  }
  return [...best.values()];
}

/** What the step of a deployment was asked. */
export function questionOf(point: FoundPoint, choice: SearchAsked["choice"]): StepQuestion {
  const { tensorParallel, dataParallel, expertParallel, requests, draftTokens, overlap, contextTokens } = point;
  const { engine, weightFormat, cacheFormat } = choice;
  return {
    ...{ ...whatIf(choice), tensorParallel, dataParallel, expertParallel, requests, contextTokens },
    ...(engine === "" ? {} : { engine }),
    ...(weightFormat === "" ? {} : { weightFormat }),
    ...(cacheFormat === "" ? {} : { cacheFormat }),
    ...(draftTokens === 0 ? {} : { draftTokens }),
    ...(overlap === "none" ? {} : { overlap }),
  };
}

/** The choice that a deployment is: its replica, batch and context; what else was chosen stays. */
export function chosenAs(point: FoundPoint, choice: Choice): Choice {
  const { tensorParallel, dataParallel, expertParallel, requests, draftTokens, overlap, contextTokens } = point;
  return {
    ...{ ...choice, kernel: "", gpus: tensorParallel * dataParallel, tensorParallel, expertParallel },
    ...{ tokensInFlight: requests, draftTokens, overlap, contextTokens },
  };
}
