import { describe, expect, it } from "vitest";
import { hardware } from "../../../src/machine/hardware";
import { decoder } from "../../../src/model/decoder";
import type { Model } from "../../../src/model/model";
import { model } from "../../../src/model/registry";
import { decodeStep } from "../../../src/step/decode";
import { memoryFootprint } from "../../../src/step/memory-footprint";
import { timeToFirstToken } from "../../../src/step/prefill";
import { frontOf, sorted } from "../../../src/step/search/front";
import { type Deployment, type SearchQuestion, searchDeployments, searchPlan } from "../../../src/step/search/search";
import { requireSearch } from "../../../src/step/search/search-question";
import { divisorsOf, gpuCounts, runsSplit, splitsOf, splitWords } from "../../../src/step/search/splits";
import { acceptanceOf, batchesUpTo, waysOf } from "../../../src/step/search/ways";

const h100 = hardware("h100-sxm");
/** 128 experts of a width of 768; 32 heads, four of keys. */
const qwen = model("qwen3-30b-a3b");
const llama = model("llama-3-70b");
const { scaleUpDomain: _, ...unjoined } = h100;
const asked: SearchQuestion = { model: qwen, hardware: h100, gpus: 1, inputTokens: 100, outputTokens: 31 };
const one = memoryFootprint({ model: qwen, requests: 1, contextTokens: 131 });
/** With nothing kept free, a memory for so many requests on one GPU, to the byte. */
const holding = (requests: number, more = 0): SearchQuestion => ({
  ...asked,
  hardware: { ...h100, memoryBytes: one.weightBytes + requests * one.cacheBytes + more },
  limits: { memoryKeptFree: 0 },
});
const batches = (question: SearchQuestion) => waysOf(question).ways.map(({ groupRequests }) => groupRequests);
const key = (s: { tensorParallel: number; dataParallel: number; expertParallel: number }) =>
  `${s.tensorParallel} ${s.dataParallel} ${s.expertParallel}`;

describe("the splits of a replica", () => {
  it("are attention over what a link joins, the rest dealt out, and experts over every divisor", () => {
    expect(splitsOf(qwen, h100, 4).map(key)).toEqual(
      [1, 2, 4].flatMap((tensor) => [1, 2, 4].map((ranks) => `${tensor} ${4 / tensor} ${ranks}`)),
    );
    // A link of two: attention over one or two, and experts cut over one or two.
    expect(splitsOf(qwen, { ...h100, scaleUpDomain: 2 }, 4).map(key)).toEqual(["1 4 2", "1 4 4", "2 2 2", "2 2 4"]);
    expect(splitsOf(qwen, unjoined, 4).map(key)).toEqual(["1 4 4"]);
  });

  it("have no more ranks than experts, and cut no expert to a part of a number", () => {
    const few = { ...qwen, routedExperts: 2 } as Model;
    expect(new Set(splitsOf(few, h100, 4).map(({ expertParallel }) => expertParallel))).toEqual(new Set([1, 2]));
    const odd = { ...qwen, moeIntermediateSize: 6 } as Model;
    expect(new Set(splitsOf(odd, h100, 4).map(({ expertParallel }) => expertParallel))).toEqual(new Set([2, 4]));
  });

  it("are of a dense model all GPUs, where a link joins them", () => {
    expect(splitsOf(llama, h100, 8).map(key)).toEqual(["8 1 1"]);
    expect(splitsOf(llama, { ...h100, scaleUpDomain: 4 }, 8)).toEqual([]);
    expect(splitsOf(llama, unjoined, 1).map(key)).toEqual(["1 1 1"]);
  });

  it("are those that an engine has options for", () => {
    const splits = splitsOf(qwen, h100, 4);
    expect(splitsOf(qwen, h100, 4, "sglang")).toEqual(splits);
    expect(splitsOf(qwen, h100, 4, "vllm")).toEqual(splits.filter(({ expertParallel }) => expertParallel !== 2));
    expect(splitsOf(qwen, h100, 4, "tensorrt-llm")).toEqual(splits.filter(({ tensorParallel }) => tensorParallel !== 2));
    expect(runsSplit("vllm", { tensorParallel: 2, dataParallel: 2, expertParallel: 4 })).toBe(true);
    expect(runsSplit("tensorrt-llm", { tensorParallel: 2, dataParallel: 1, expertParallel: 2 })).toBe(true);
  });

  it("are told in words", () => {
    const words = (tensorParallel: number, dataParallel: number, expertParallel: number, m = qwen) =>
      splitWords(m, { tensorParallel, dataParallel, expertParallel });
    expect(words(1, 1, 1)).toBe("one GPU");
    expect(words(8, 1, 1, llama)).toBe("TP8");
    expect(words(4, 1, 1)).toBe("TP4 attention, experts cut over all");
    expect(words(1, 4, 4)).toBe("DP4 attention, EP4 experts");
    expect(words(2, 4, 2)).toBe("TP2 x DP4 attention, EP2 x TP4 experts");
  });

  it("are of divisors, the smallest first, and of doublings of one, three, five and nine between two numbers", () => {
    expect(divisorsOf(12)).toEqual([1, 2, 3, 4, 6, 12]);
    expect(gpuCounts(1, 100)).toEqual([1, 2, 4, 8, 16, 24, 32, 36, 40, 48, 64, 72, 80, 96, 100]);
    expect(gpuCounts(24, 24)).toEqual([24]);
  });
});

describe("the ways of a search", () => {
  it("are batches of powers of two, one between each two, and the most", () => {
    expect(batchesUpTo(3)).toEqual([1, 2, 3]);
    expect(batchesUpTo(6)).toEqual([1, 2, 3, 4, 6]);
    expect(batchesUpTo(17)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 17]);
  });

  it("are as many requests as the memory holds to the byte, prompt and answer whole", () => {
    for (const [question, most] of [
      [holding(5), 5],
      [holding(5, -1), 4],
      [holding(5, 1), 5],
      [holding(1), 1],
    ] as const)
      expect(Math.max(...batches(question)), `${most}`).toBe(most);
    for (const question of [holding(0), holding(0, -1), holding(1, -1)]) expect(waysOf(question)).toEqual({ ways: [], searched: 1 });
    // A tenth stays free where nothing is said.
    const tenth = { ...holding(5), limits: {} };
    expect(waysOf(tenth).ways).toEqual([]);
    expect(Math.max(...batches({ ...asked, hardware: { ...h100, memoryBytes: (one.weightBytes + 5.5 * one.cacheBytes) / 0.9 } }))).toBe(5);
  });

  it("show the largest batch first, then powers of four, and the rest behind", () => {
    expect(batches(holding(20))).toEqual([20, 16, 4, 1, 2, 3, 6, 8, 12]);
    expect(waysOf(holding(20)).searched).toBe(9);
    expect(waysOf(holding(1)).searched).toBe(1);
    // Of two drafts and none each batch comes twice.
    expect(waysOf({ ...holding(2), draftTokens: [0, 2] }).ways.map((way) => [way.groupRequests, way.draftTokens])).toEqual([
      [2, 2],
      [2, 0],
      [1, 2],
      [1, 0],
    ]);
  });

  it("take places by turns: the largest batch of each, then the next", () => {
    const { ways } = waysOf({ ...asked, gpus: 2, inputTokens: 30_000 });
    const places = new Set(ways.map(({ place }) => place));
    const first = ways.slice(0, places.size);
    expect(new Set(first.map(({ place }) => place))).toEqual(places);
    for (const { place, groupRequests } of first) expect(groupRequests).toBe(place.most);
  });

  it("have two micro-batches where tokens are exchanged, from two requests of a group on, but not in TensorRT-LLM", () => {
    const halves = (engine?: string) =>
      waysOf({ ...asked, gpus: 2, inputTokens: 30_000, ...(engine === undefined ? {} : { engine }) }).ways.filter(
        ({ overlap }) => overlap === "two-micro-batches",
      );
    expect(halves().length).toBeGreaterThan(0);
    for (const { place, groupRequests } of halves()) {
      expect(key(place.split)).toBe("1 2 2");
      expect(groupRequests).toBeGreaterThan(1);
    }
    expect(halves().map(({ groupRequests }) => groupRequests)).toContain(2);
    // They come behind the largest batches of every place.
    const { ways } = waysOf({ ...asked, gpus: 2, inputTokens: 30_000 });
    const ofOutline = ways.map(({ place, groupRequests, overlap }) => overlap === "none" && groupRequests === place.most);
    expect(ways.findIndex(({ overlap }) => overlap !== "none")).toBeGreaterThan(ofOutline.lastIndexOf(true));
    expect(halves("TensorRT-LLM")).toEqual([]);
  });

  it("fill the fewest GPUs that were asked for with replicas of every size that divides them", () => {
    const places = new Set(waysOf({ ...asked, gpus: [4, 2, 4], inputTokens: 30_000 }).ways.map(({ place }) => place));
    const of = (words: string) => [...places].filter((place) => place.words === words).map(({ gpus, replicas }) => [gpus, replicas]);
    expect(of("one GPU")).toEqual([[2, 2]]);
    expect(of("TP2 attention, EP2 experts")).toEqual([[2, 1]]);
    expect(of("TP4 attention, EP4 experts")).toEqual([[4, 1]]);
    const four = new Set(waysOf({ ...asked, gpus: [4, 6], inputTokens: 30_000 }).ways.map(({ place }) => place));
    const dealt = [...four].find(({ words }) => words === "DP2 attention, EP2 experts");
    expect([dealt?.gpus, dealt?.replicas]).toEqual([4, 2]);
    // The smallest replicas come first, whichever number they divide.
    const sizes = [...four].map(({ split }) => split.tensorParallel * split.dataParallel);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(new Set(sizes)).toEqual(new Set([1, 2, 3, 4, 6]));
  });

  it("try every format asked for, and time a step at half of the answer behind the prompt", () => {
    const formats = { weightFormat: ["bfloat16", "fp8"], cacheFormat: ["bfloat16", "fp8"] };
    const { ways } = waysOf({ ...asked, ...formats, engine: "vllm", acceptance: 0.7 });
    const bases = [...new Set(ways.map(({ place }) => place.base))];
    expect(bases.map(({ weightFormat, cacheFormat }) => `${weightFormat} ${cacheFormat}`)).toEqual([
      "bfloat16 bfloat16",
      "bfloat16 fp8",
      "fp8 bfloat16",
      "fp8 fp8",
    ]);
    // 100 and half of 31, rounded.
    for (const base of bases) expect(base).toMatchObject({ contextTokens: 116, acceptance: 0.7, engine: "vllm" });
    expect(waysOf({ ...asked, weightFormat: "fp8" }).ways[0]?.place.base).toMatchObject({ weightFormat: "fp8" });
    const plain = waysOf(asked).ways[0]?.place.base;
    for (const field of ["engine", "weightFormat", "cacheFormat", "acceptance"]) expect(plain).not.toHaveProperty(field);
  });

  it("leave out degrees that cut no whole heads, and pass on any other refusal", () => {
    const three = waysOf({ ...asked, gpus: 3, inputTokens: 30_000 });
    expect(three.ways.some(({ place }) => place.split.tensorParallel === 3)).toBe(false);
    expect(three.searched).toBeGreaterThan(three.ways.length);
    expect(() => waysOf({ ...asked, weightFormat: "fp3" })).toThrow("weightFormat must be one of");
  });

  it("are as many requests as an engine schedules where a request keeps nothing", () => {
    const mixer = { kind: "grouped", heads: 2, keyValueHeads: 1, headDim: 4, valueHeadDim: 4, cacheSource: "shared" } as const;
    const runs = [{ count: 1, blocks: [mixer, { kind: "dense", width: 16, matrices: 3 } as const] }];
    const stateless = decoder({ ...llama, runs, hiddenSize: 8, vocabSize: 10 });
    expect(waysOf({ ...asked, model: stateless }).ways[0]?.place.most).toBe(65_536);
  });

  it("accept drafts as a step takes it", () => {
    expect([acceptanceOf(asked, 0), acceptanceOf(asked, 2), acceptanceOf({ ...asked, acceptance: 0.7 }, 2)]).toEqual([0, 0.8, 0.7]);
  });
});

describe("a deployment", () => {
  const drafted = { ...holding(6), draftTokens: [0, 2], acceptance: 0.5 };
  const { ways, deploymentOf, searched } = searchPlan(drafted);
  const found = ways.flatMap((way) => deploymentOf(way) ?? []);

  it("is answered as its step, its first token and its footprint are", () => {
    expect([ways.length, found.length, searched]).toEqual([10, 10, 10]);
    for (const { question, ...answer } of found) {
      const step = decodeStep(question);
      const { errorBand, carried, tokensPerSecondPerGpu, tokensPerSecondPerRequest } = step;
      expect(answer).toMatchObject({ errorBand, carried, requests: question.requests, gpus: 1, replicas: 1, split: "one GPU" });
      expect(answer.tokensPerSecondPerGpu / tokensPerSecondPerGpu).toBeCloseTo(1, 12);
      expect(answer.tokensPerSecondPerRequest / tokensPerSecondPerRequest).toBeCloseTo(1, 12);
      expect(answer.secondsPerToken * tokensPerSecondPerRequest).toBeCloseTo(1, 12);
      expect(answer.memory).toEqual(memoryFootprint({ ...question, contextTokens: 131 }));
      const { requests: _r, contextTokens: _c, draftTokens: _d, acceptance: _a, ...place } = question;
      expect(answer.firstTokenSeconds).toBe(timeToFirstToken({ ...place, promptTokens: 100 }));
    }
    for (const { question } of found) expect(question).not.toHaveProperty("overlap");
    expect(found.map(({ question }) => question.draftTokens)).toEqual(expect.arrayContaining([undefined, 2]));
  });

  it("holds in every group as many requests, two micro-batches in its words", () => {
    const { ways: wide, deploymentOf: answer } = searchPlan({ ...asked, gpus: 2, inputTokens: 30_000 });
    const way = wide.find(({ overlap, groupRequests }) => overlap !== "none" && groupRequests === 2);
    const deployment = answer(way as (typeof wide)[number]) as Deployment;
    expect(deployment).toMatchObject({ requests: 4, gpus: 2, split: "DP2 attention, EP2 experts, two micro-batches" });
    expect(deployment.question).toMatchObject({ requests: 4, overlap: "two-micro-batches" });
    expect(deployment.memory).toEqual(memoryFootprint({ ...deployment.question, contextTokens: 30_031 }));
    expect(deployment.tokensPerSecondPerGpu * 2 * decodeStep(deployment.question).seconds).toBeCloseTo(4, 9);
  });

  it("keeps limits of time, the one that just does too", () => {
    const slowest = Math.max(...found.map(({ secondsPerToken }) => secondsPerToken));
    const first = found[0]?.firstTokenSeconds as number;
    const kept = (limits: object) => searchDeployments({ ...drafted, limits: { memoryKeptFree: 0, ...limits } }).deployments.length;
    expect(kept({ secondsPerToken: slowest })).toBe(10);
    expect(kept({ secondsPerToken: slowest * 0.999999 })).toBeLessThan(10);
    expect(kept({ firstTokenSeconds: first })).toBe(10);
    expect(kept({ firstTokenSeconds: first * 0.999999 })).toBe(0);
  });

  it("comes in falling order of the tokens of a GPU, of two alike the one that gives a request more", () => {
    const rates = [
      [1, 5],
      [3, 1],
      [3, 2],
      [2, 9],
    ].map(([tokensPerSecondPerGpu, tokensPerSecondPerRequest]) => ({ tokensPerSecondPerGpu, tokensPerSecondPerRequest }) as Deployment);
    const inOrder = sorted(rates);
    expect(inOrder.map((r) => [r.tokensPerSecondPerGpu, r.tokensPerSecondPerRequest])).toEqual([
      [3, 2],
      [3, 1],
      [2, 9],
      [1, 5],
    ]);
    expect(frontOf(inOrder).map((r) => r.tokensPerSecondPerRequest)).toEqual([2, 9]);
    expect(frontOf([{ tokensPerSecondPerRequest: 2 }, { tokensPerSecondPerRequest: 2 }])).toHaveLength(1);
    expect(frontOf([])).toEqual([]);
    // Ten ways, and one batch between two of them that was tried and does not beat the front.
    const result = searchDeployments(drafted);
    expect(result).toMatchObject({ searched: 11, deployments: sorted(found).map(({ question }) => ({ question })) });
    expect(result.front).toEqual(frontOf(result.deployments));
  });
});

describe("a search's question", () => {
  it.each<[string, object]>([
    ['unknown field "gpu"; nearest: gpus', { gpu: 1 }],
    ['unknown field "secondsPerTokens"; nearest: secondsPerToken', { limits: { secondsPerTokens: 1 } }],
    ["inputTokens must be a positive integer, got 0", { inputTokens: 0 }],
    ["outputTokens must be a positive integer, got 0", { outputTokens: 0 }],
    ["gpus must be a positive integer, got 0", { gpus: 0 }],
    ["gpus must be a positive integer, got 1.5", { gpus: [1, 1.5] }],
    ["secondsPerToken must be a positive number, got 0", { limits: { secondsPerToken: 0 } }],
    ["firstTokenSeconds must be a positive number, got -1", { limits: { firstTokenSeconds: -1 } }],
    ["memoryKeptFree must be a share from 0 to below 1, got 1", { limits: { memoryKeptFree: 1 } }],
    ["memoryKeptFree must be a share from 0 to below 1, got -0.1", { limits: { memoryKeptFree: -0.1 } }],
    ["limits must be a record of limits, got fast", { limits: "fast" }],
    ["model must be a model with runs", { model: { runs: 61 } }],
    ["hardware must be a machine", { hardware: "h100-sxm" }],
    ["gpus must be a number of GPUs, or a list of at least one, got an empty list", { gpus: [] }],
    ["gpus must be at most 1048576, got 1048577", { gpus: [8, 1_048_577] }],
    ["engine must be one of", { engine: "ollama" }],
    ["weightFormat must be one of", { weightFormat: ["fp8", "fp7"] }],
    ["cacheFormat must be bfloat16 or fp8", { cacheFormat: ["fp8", "int4"] }],
    ["weightFormat must be a list of at least one to try, got an empty list", { weightFormat: [] }],
    ["cacheFormat must be a list of at least one to try, got 8", { cacheFormat: 8 }],
    ["draftTokens must be a list of at least one to try, got 2", { draftTokens: "2" }],
    ["draftTokens must be a whole number of at least 0, got -1", { draftTokens: [1, -1] }],
    ["acceptance must be a share from 0 to 1, got 2", { acceptance: 2 }],
    ["memoryKeptFree must be a share from 0 to below 1, got 0.2", { limits: { memoryKeptFree: "0.2" } }],
  ])("is refused by name: %s", (words, change) => {
    expect(() => requireSearch({ ...asked, ...change } as SearchQuestion)).toThrow(words);
    expect(() => searchPlan({ ...asked, ...change } as SearchQuestion)).toThrow(words);
  });

  it("is refused with the three nearest fields", () => {
    expect(() => requireSearch({ ...asked, gpu: 1 } as never)).toThrow(/^unknown field "gpu"; nearest: gpus, \w+, \w+$/);
  });

  it("is taken with as many GPUs as any replica has", () => {
    expect(() => requireSearch({ ...asked, gpus: 1_048_576 })).not.toThrow();
  });

  it("is taken with every field that it has", () => {
    const limits = { secondsPerToken: 1, firstTokenSeconds: 1, memoryKeptFree: 0 };
    const more = { engine: "vllm", weightFormat: "fp8", cacheFormat: "fp8", draftTokens: [1], acceptance: 0.5 };
    expect(() => requireSearch({ ...asked, ...more, limits })).not.toThrow();
  });
});
