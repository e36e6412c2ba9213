import { calibrate } from "../src/fit/calibration";
import { mixerTime } from "../src/kernels/attention/mixer-time";
import { moeLayerTime } from "../src/kernels/expert-layer";
import { expertTaskTime } from "../src/kernels/expert-task";
import { denseGemmTime } from "../src/kernels/product";
import { systolicCycles } from "../src/kernels/systolic";
import { hardware } from "../src/machine/hardware";
import { whatIfHardware } from "../src/machine/what-if-hardware";
import type { Mixer } from "../src/model/blocks";
import { model } from "../src/model/registry";
import { tensorParallelShard } from "../src/model/shard";
import { whatIfModel } from "../src/model/what-if-model";
import { allReduceTime } from "../src/network/all-reduce";
import { collectiveTime } from "../src/network/collective";
import { expertExchangeTime } from "../src/network/exchange";
import { expertParallelTraffic, tensorParallelTraffic } from "../src/network/split";
import { splitTime } from "../src/network/split-time";
import { rankLoad } from "../src/routing/rank-load";
import { expertLoad, meanTokensPerExpert } from "../src/routing/uniform";
import { acceptedTokens, decodeSeconds, decodeStep } from "../src/step/decode";
import { decodeAccesses } from "../src/step/decode-accesses";
import { energyOf } from "../src/step/energy";
import { fittingRequests } from "../src/step/fitting";
import { memoryFootprint } from "../src/step/memory-footprint";
import { prefillStep, timeToFirstToken } from "../src/step/prefill";
import { requestStreams } from "../src/step/requests";
import { resources } from "../src/step/resources";
import { searchDeployments } from "../src/step/search/search";
import { trainingStep } from "../src/step/training";
import { busiestRank } from "../src/step/waiting";
import { capacityWorth, elasticityOf, worthOf } from "../src/step/worth";

/** What of the bad values a field may take all the same; everything else must be refused. */
export const mayTake = {
  count: [],
  word: [],
  record: [],
  whole: [0],
  positive: [0.5, 1.5, 2 ** 53],
  share: [0, 0.5],
  flag: [true],
  factor: [1.5, 2 ** 53],
  change: [0.5],
  call: ["a function"],
  name: ["1", "none such"],
  options: ["an empty record"],
} as const satisfies Readonly<Record<string, readonly unknown[]>>;

/** A kind of field. */
export type Kind = keyof typeof mayTake;

/** A public question: how it is asked, a record that it answers, and every field that it takes. */
export interface Question {
  readonly name: string;
  readonly ask: (question: never) => unknown;
  readonly base: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, Kind>>;
}

/** Fields, each of a kind that is known. */
const kinds = <T extends Readonly<Record<string, Kind>>>(fields: T): T => fields;

const v3 = model("deepseek-v3");
const h200 = hardware("h200-sxm");
const place = { tensorParallel: "count", expertParallel: "count", dataParallel: "count", expertSlots: "count" } as const;
const choices = { weightFormat: "word", kernel: "word", routing: "word", waiting: "factor" } as const;
const both = { model: "record", hardware: "record" } as const;
const asked = { requests: "count", cacheFormat: "word", engine: "word" } as const;
const drafts = { draftTokens: "whole", acceptance: "share", promptTokens: "whole", overlap: "word" } as const;
const stepFields = { ...both, ...place, ...choices, ...asked, ...drafts, contextTokens: "count" } as const;
const cut = { tensorParallel: 1, dataParallel: 8, expertParallel: 8 };
const step = { model: v3, hardware: h200, requests: 64, contextTokens: 1000, ...cut, draftTokens: 1 };
const prefillFields = { ...both, ...place, ...choices, ...asked, promptTokens: "count", pastTokens: "whole" } as const;
const prefill = { model: v3, hardware: h200, requests: 8, promptTokens: 1000, ...cut };
const without = <T extends object, K extends keyof T>(record: T, field: K): Omit<T, K> => {
  const { [field]: _, ...rest } = record;
  return rest;
};
const shape = { hiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 256, expertsPerToken: 8 };
const sizes = { hiddenSize: "count", moeIntermediateSize: "count", routedExperts: "count", expertsPerToken: "count" } as const;
const layer = { model: v3, hardware: h200, kernel: "deepgemm", weightFormat: "fp8_block", tokens: 100 };
const mixer = v3.runs[0]?.blocks[0] as Mixer;
const measured = (question: unknown, seconds: unknown) =>
  [1, 2, 3, 4].map((i) => (i === 2 ? { question, seconds } : { question: { ...step, requests: 64 * i }, seconds: 0.01 * i }));

/** Every public function that takes a question, by its name in the package; a nested record stands in a line of its own. */
export const questions: readonly Question[] = [
  { name: "decodeStep", ask: decodeStep, base: step, fields: stepFields },
  {
    name: "decodeStep of a GPU",
    ask: decodeStep,
    base: { ...without(step, "requests"), requestsPerGpu: 8 },
    fields: { ...without(stepFields, "requests"), requestsPerGpu: "count" },
  },
  { name: "decodeSeconds", ask: decodeSeconds, base: step, fields: stepFields },
  { name: "memoryFootprint", ask: memoryFootprint, base: step, fields: stepFields },
  { name: "decodeAccesses", ask: decodeAccesses, base: step, fields: { ...stepFields, attention: "word" } },
  {
    name: "requestStreams",
    ask: requestStreams,
    base: step,
    fields: { ...stepFields, attention: "word", lookupRowsPerToken: "count" },
  },
  { name: "fittingRequests", ask: (q: typeof step) => fittingRequests(q, 0.9), base: step, fields: stepFields },
  { name: "energyOf", ask: energyOf, base: step, fields: stepFields },
  { name: "energyOf prompts", ask: energyOf, base: prefill, fields: prefillFields },
  { name: "worthOf", ask: worthOf, base: step, fields: stepFields },
  { name: "worthOf's options", ask: (o: object) => worthOf(step, o), base: {}, fields: { change: "change", rate: "call" } },
  { name: "elasticityOf", ask: (q: typeof step) => elasticityOf(q, resources.networkBandwidth), base: step, fields: stepFields },
  { name: "capacityWorth", ask: (q: typeof step) => capacityWorth(q, 0.9), base: step, fields: stepFields },
  { name: "prefillStep", ask: prefillStep, base: prefill, fields: prefillFields },
  { name: "timeToFirstToken", ask: timeToFirstToken, base: without(prefill, "requests"), fields: without(prefillFields, "requests") },
  {
    name: "trainingStep",
    ask: trainingStep,
    base: {
      model: v3,
      hardware: h200,
      sequences: 64,
      sequenceTokens: 4096,
      ...cut,
      layers: 4,
      pipelineStages: 2,
      replicas: 2,
      microBatches: 4,
    },
    fields: {
      ...kinds({ ...both, ...without(place, "expertSlots"), ...choices, sequences: "count", sequenceTokens: "count", layers: "count" }),
      ...kinds({ pipelineStages: "count", replicas: "count", microBatches: "count", recomputeUpProjections: "flag", overlap: "word" }),
    },
  },
  {
    name: "searchDeployments",
    ask: searchDeployments,
    base: { model: model("qwen3-30b-a3b"), hardware: h200, gpus: [1], inputTokens: 100, outputTokens: 100 },
    fields: {
      ...kinds({ ...both, gpus: "count", inputTokens: "count", outputTokens: "count", engine: "word", weightFormat: "word" }),
      ...kinds({ cacheFormat: "word", draftTokens: "record", acceptance: "share", limits: "options" }),
    },
  },
  {
    name: "searchDeployments' limits",
    ask: (limits: object) =>
      searchDeployments({ model: model("qwen3-30b-a3b"), hardware: h200, gpus: 1, inputTokens: 100, outputTokens: 100, limits }),
    base: {},
    fields: { secondsPerToken: "positive", firstTokenSeconds: "positive", memoryKeptFree: "share" },
  },
  {
    name: "moeLayerTime",
    ask: moeLayerTime,
    base: layer,
    fields: {
      ...kinds({ ...both, kernel: "word", weightFormat: "word", tokens: "count", expertParallel: "count", tensorParallel: "count" }),
      ...kinds({ routing: "word", cache: "word", lowLatencyTokens: "count" }),
    },
  },
  {
    name: "moeLayerTime's shape",
    ask: (one: typeof shape) => moeLayerTime({ ...layer, hardware: h200, model: one }),
    base: shape,
    fields: { ...sizes, expertHiddenSize: "count", expertMatrices: "count", expertGroups: "count", topkGroup: "count" },
  },
  {
    name: "expertTaskTime",
    ask: expertTaskTime,
    base: { model: v3, hardware: h200, rows: 10 },
    fields: { ...both, kernel: "word", weightFormat: "word", rows: "count" },
  },
  {
    name: "denseGemmTime",
    ask: denseGemmTime,
    base: { gemm: { m: 10, n: 10, k: 10 }, hardware: h200 },
    fields: { gemm: "record", hardware: "record", kernel: "word", weightFormat: "word" },
  },
  {
    name: "denseGemmTime's product",
    ask: (gemm: { m: number; n: number; k: number }) => denseGemmTime({ gemm, hardware: h200 }),
    base: { m: 10, n: 10, k: 10 },
    fields: { m: "count", n: "count", k: "count" },
  },
  {
    name: "mixerTime",
    ask: mixerTime,
    base: { model: v3, block: mixer, hardware: h200, requests: 4, contextTokens: 100 },
    fields: {
      ...kinds({ ...both, block: "record", requests: "count", contextTokens: "whole", newTokens: "count", phase: "word", part: "word" }),
      ...kinds({ tensorParallel: "count", weightFormat: "word", cacheFormat: "word", arithmetic: "word", kernel: "name", warm: "flag" }),
    },
  },
  {
    name: "collectiveTime",
    ask: collectiveTime,
    base: { collective: "all-reduce", bytes: 1e6, gpus: 8, hardware: h200 },
    fields: { collective: "word", bytes: "positive", gpus: "count", hardware: "record", implementation: "word" },
  },
  {
    name: "allReduceTime",
    ask: (q: { bytes: number; gpus: number; hardware: typeof h200; owner?: "vllm" }) => allReduceTime(q.bytes, q.gpus, q.hardware, q.owner),
    base: { bytes: 1e6, gpus: 8, hardware: h200 },
    fields: { bytes: "positive", gpus: "count", hardware: "record", owner: "word" },
  },
  {
    name: "expertExchangeTime",
    ask: expertExchangeTime,
    base: { direction: "dispatch", model: v3, hardware: h200, tokens: 100, expertParallel: 16 },
    fields: {
      ...kinds({ ...both, direction: "word", tokens: "count", expertParallel: "count", implementation: "word", weightFormat: "word" }),
    },
  },
  {
    name: "splitTime",
    ask: splitTime,
    base: { model: v3, hardware: h200, tokensPerGpu: 10, gpus: 8 },
    fields: { ...both, tokensPerGpu: "count", gpus: "count" },
  },
  ...[tensorParallelTraffic, expertParallelTraffic].map((ask) => ({
    name: ask.name,
    ask,
    base: { model: v3, tokensPerGpu: 10, gpus: 8 },
    fields: { model: "record", tokensPerGpu: "count", gpus: "count" } as const,
  })),
  {
    name: "rankLoad",
    ask: rankLoad,
    base: { shape: v3, tokens: 10, expertParallel: 4, routing: "chance" },
    fields: { shape: "record", tokens: "count", expertParallel: "count", routing: "word" },
  },
  {
    name: "busiestRank",
    ask: busiestRank,
    base: { tokens: 10, expertsPerToken: 8, experts: 256, ranks: 8, expertGroups: 8, chosenGroups: 4 },
    fields: {
      tokens: "positive",
      expertsPerToken: "positive",
      experts: "count",
      ranks: "count",
      expertGroups: "count",
      chosenGroups: "count",
    },
  },
  {
    name: "acceptedTokens",
    ask: (q: { draftTokens: number; acceptance: number }) => acceptedTokens(q.draftTokens, q.acceptance),
    base: { draftTokens: 2, acceptance: 0.5 },
    fields: { draftTokens: "whole", acceptance: "share" },
  },
  {
    name: "meanTokensPerExpert",
    ask: (q: { tokens: number; routedExperts: number; expertsPerToken: number }) => meanTokensPerExpert(q.tokens, q),
    base: { tokens: 10, routedExperts: 256, expertsPerToken: 8 },
    fields: { tokens: "count", routedExperts: "count", expertsPerToken: "count" },
  },
  {
    name: "expertLoad",
    ask: (q: { tokens: number; routedExperts: number; expertsPerToken: number }) => expertLoad(q.tokens, q),
    base: { tokens: 10, routedExperts: 256, expertsPerToken: 8 },
    fields: { tokens: "count", routedExperts: "count", expertsPerToken: "count" },
  },
  {
    name: "systolicCycles",
    ask: systolicCycles,
    base: { array: { rows: 8, columns: 8 }, dataflow: "weight-stationary", gemm: { m: 1, n: 1, k: 1 } },
    fields: { array: "record", dataflow: "word", gemm: "record", weights: "word" },
  },
  {
    name: "tensorParallelShard",
    ask: (q: { model: typeof v3; tensorParallel: number }) => tensorParallelShard(q.model, q.tensorParallel).hiddenSize,
    base: { model: v3, tensorParallel: 2 },
    fields: { model: "record", tensorParallel: "count" },
  },
  {
    name: "whatIfModel",
    ask: (q: { base: typeof v3; granularity: number }) => whatIfModel(q.base, { granularity: q.granularity }).layers,
    base: { base: v3, granularity: 2 },
    fields: { base: "record", granularity: "positive" },
  },
  {
    name: "whatIfHardware",
    ask: (q: { base: typeof h200 }) => whatIfHardware(q.base, { memoryBytesPerSecond: { times: 2 } }).memoryBytesPerSecond,
    base: { base: h200 },
    fields: { base: "record" },
  },
  {
    name: "whatIfHardware's changes",
    ask: (changes: Record<string, number>) => whatIfHardware(h200, changes).memoryBytesPerSecond,
    base: {},
    fields: {
      ...kinds({ memoryBytesPerSecond: "positive", networkBytesPerSecond: "positive", "peakFlopsPerSecond.bf16": "positive" }),
      ...kinds({ processors: "count", scaleUpDomain: "count" }),
    },
  },
  {
    name: "calibrate",
    ask: (q: { question: unknown; seconds: unknown }) => calibrate(measured(q.question, q.seconds) as never).factors,
    base: { question: { ...step, requests: 128 }, seconds: 0.02 },
    fields: { question: "record", seconds: "positive" },
  },
];
