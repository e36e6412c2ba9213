import { acceptedTokens, decodeSeconds, decodeStep } from "../decode";
import type { Footprint } from "../memory-footprint";
import type { StepQuestion } from "../question";
import { betweenBatches, type Found } from "./between-batches";
import { frontOf, sorted } from "./front";
import { requireSearch, type SearchLimits, type SearchQuestion } from "./search-question";
import { acceptanceOf, type Way, waysOf } from "./ways";

export { frontOf } from "./front";
export type { SearchLimits, SearchQuestion } from "./search-question";

/** One way to deploy a model, and what it gives. Memory, first token, band and what is carried are computed when they are looked at. */
export interface Deployment {
  /** Of one replica's step, at half of the answer behind the prompt. */
  readonly question: StepQuestion;
  /** All GPUs: those of a replica, times replicas; the fewest of those asked for. */
  readonly gpus: number;
  readonly replicas: number;
  /** How attention and experts are split, in words. */
  readonly split: string;
  /** Of one replica. */
  readonly requests: number;
  readonly tokensPerSecondPerGpu: number;
  readonly tokensPerSecondPerRequest: number;
  readonly secondsPerToken: number;
  readonly firstTokenSeconds: number;
  /** On one GPU, prompt and answer whole. */
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

/** The ways of a question, to be answered one by one by who cannot wait for all. */
export interface SearchPlan {
  readonly searched: number;
  /** Those that show the outline first. */
  readonly ways: readonly Way[];
  /** Nothing where a limit is not kept. */
  readonly deploymentOf: (way: Way) => Deployment | undefined;
  /** Once all ways are answered: batches between them that beat the front, each try in its turn, nothing where it does not. */
  readonly between: (found: readonly Found<Deployment>[]) => Iterable<Found<Deployment> | undefined>;
}

/**
 * Search the deployments of a model that engines run: replicas of every size that divides the GPUs, attention cut or dealt out or both,
 * experts cut, dealt out or both, formats, batches up to what the memory holds, drafts, two micro-batches.
 *
 * Steps are timed at half of the answer behind the prompt; memory holds prompt and answer whole. Prompts are taken in elsewhere: a
 * replica that also prefills gives fewer tokens, by the share of prefill in its time. Degrees are divisors of the GPUs, batches
 * powers of two, one between each two, and the largest that fits; any other number of requests is listed where it beats a deployment of the
 * front in both rates, so that none at all beats the front. A replica that is found for several numbers of GPUs is listed once.
 *
 * @throws RangeError naming the field for counts, shares and times that cannot be, and for a field that is not known.
 * @example searchDeployments({ model: model("qwen3-30b-a3b"), hardware: hardware("h100-sxm"), gpus: [1, 2], inputTokens: 1024, outputTokens: 1024 }).front[0]
 */
export function searchDeployments(question: SearchQuestion): SearchResult {
  const { searched, ways, deploymentOf, between } = searchPlan(question);
  const found = ways.flatMap((way) => {
    const deployment = deploymentOf(way);
    return deployment === undefined ? [] : [{ way, deployment }];
  });
  const tries = [...between(found)];
  const deployments = sorted([...found, ...tries.flatMap((one) => one ?? [])].map(({ deployment }) => deployment));
  return { searched: searched + tries.length, deployments, front: frontOf(deployments) };
}

/**
 * The same search in parts: its ways, the outline of the front first, and the answer to each.
 *
 * @throws RangeError as searchDeployments.
 */
export function searchPlan(question: SearchQuestion): SearchPlan {
  requireSearch(question);
  const { limits = {} } = question;
  const tokens = new Map((question.draftTokens ?? [0]).map((drafts) => [drafts, acceptedTokens(drafts, acceptanceOf(question, drafts))]));
  const timed = (way: Way) => deployed(way, tokens.get(way.draftTokens) as number);
  return {
    ...waysOf(question),
    deploymentOf: (way) => {
      const one = timed(way);
      return keeps(one, limits) ? one : undefined;
    },
    between: (found) => betweenBatches(found, { timed, keeps: (one) => keeps(one, limits) }),
  };
}

function deployed({ place, groupRequests, draftTokens, overlap }: Way, tokens: number): Deployment {
  const { split, base, memory: one } = place;
  const requests = groupRequests * split.dataParallel;
  const question: StepQuestion = {
    ...base,
    requests,
    ...(draftTokens === 0 ? {} : { draftTokens }),
    ...(overlap === "none" ? {} : { overlap }),
  };
  const seconds = decodeSeconds(question);
  const tokensPerSecondPerRequest = tokens / seconds;
  return {
    question,
    gpus: place.gpus,
    replicas: place.replicas,
    split: `${place.words}${overlap === "none" ? "" : ", two micro-batches"}`,
    requests,
    tokensPerSecondPerGpu: (requests * tokens) / seconds / (split.tensorParallel * split.dataParallel),
    tokensPerSecondPerRequest,
    secondsPerToken: 1 / tokensPerSecondPerRequest,
    get firstTokenSeconds() {
      return place.firstTokenSeconds();
    },
    get memory() {
      const cacheBytes = groupRequests * one.cacheBytes;
      return { ...one, cacheBytes, stateBytes: groupRequests * one.stateBytes, totalBytes: one.weightBytes + cacheBytes };
    },
    get errorBand() {
      return decodeStep(question).errorBand;
    },
    get carried() {
      return decodeStep(question).carried;
    },
  };
}

function keeps(deployment: Deployment, { secondsPerToken, firstTokenSeconds }: SearchLimits): boolean {
  return (
    (secondsPerToken === undefined || deployment.secondsPerToken <= secondsPerToken) &&
    (firstTokenSeconds === undefined || deployment.firstTokenSeconds <= firstTokenSeconds)
  );
}
