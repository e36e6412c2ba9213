import { describe, expect, it } from "vitest";
import { hardware } from "../../../src/machine/hardware";
import { model } from "../../../src/model/registry";
import { decodeStep } from "../../../src/step/decode";
import { memoryFootprint } from "../../../src/step/memory-footprint";
import { timeToFirstToken } from "../../../src/step/prefill";
import { frontOf, isBeaten, sorted } from "../../../src/step/search/front";
import { type Deployment, type SearchQuestion, searchDeployments, searchPlan } from "../../../src/step/search/search";
import { gpuCounts, runsSplit, splitsOf } from "../../../src/step/search/splits";
import { batchesUpTo } from "../../../src/step/search/ways";

const asked: SearchQuestion = {
  model: model("qwen3-30b-a3b"),
  hardware: hardware("h100-sxm"),
  gpus: [1, 2, 4],
  inputTokens: 2048,
  outputTokens: 512,
};
const found = searchDeployments(asked);
const wide: SearchQuestion = {
  model: model("deepseek-v3"),
  hardware: hardware("h200-sxm"),
  gpus: gpuCounts(8, 64),
  inputTokens: 4096,
  outputTokens: 1024,
};
const widely = searchDeployments(wide);

/** Whole numbers that look thrown, the same in every run. */
function thrower(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

describe("searchDeployments", () => {
  it("answers each deployment as a step, its first token and its footprint do", () => {
    const drafted = searchDeployments({ ...asked, gpus: 4, draftTokens: [0, 2], acceptance: 0.7, cacheFormat: ["bfloat16", "fp8"] });
    expect(drafted.deployments.some(({ question }) => question.draftTokens === 2)).toBe(true);
    for (const one of [...found.deployments, ...drafted.deployments].filter((_, i) => i % 9 === 0)) {
      const step = decodeStep(one.question);
      expect(one.tokensPerSecondPerGpu).toBe(step.tokensPerSecondPerGpu);
      expect(one.tokensPerSecondPerRequest).toBe(step.tokensPerSecondPerRequest);
      expect(one.secondsPerToken).toBe(1 / step.tokensPerSecondPerRequest);
      expect(one.errorBand).toEqual(step.errorBand);
      expect(one.carried).toEqual(step.carried);
      expect(one.question.contextTokens).toBe(2048 + 256);
      expect(one.memory).toEqual(memoryFootprint({ ...one.question, contextTokens: 2560 }));
      const { requests: _r, contextTokens: _c, overlap: _o, draftTokens: _d, acceptance: _a, ...rest } = one.question;
      expect(one.firstTokenSeconds).toBe(timeToFirstToken({ ...rest, promptTokens: 2048 }));
    }
  });

  it("tries attention over every divisor, experts cut, dealt out or both, replicas, and batches up to nine tenths of the memory", () => {
    const splits = new Set(found.deployments.filter(({ gpus }) => gpus === 4).map(({ split }) => split));
    for (const split of [
      "TP4 attention, experts cut over all",
      "TP4 attention, EP4 experts",
      "TP4 attention, EP2 x TP2 experts",
      "TP2 x DP2 attention, EP4 experts",
      "DP4 attention, EP4 experts, two micro-batches",
    ])
      expect([...splits]).toContain(split);
    const { memoryBytes } = asked.hardware;
    for (const { memory } of found.deployments) expect(memory.totalBytes).toBeLessThanOrEqual(0.9 * memoryBytes);
    for (const { memory } of widely.deployments) expect(memory.totalBytes).toBeLessThanOrEqual(0.9 * wide.hardware.memoryBytes);
    // The largest batch of a split leaves no room for one more request in each group.
    const largest = found.deployments.filter(({ gpus }) => gpus === 1).reduce((a, b) => (b.requests > a.requests ? b : a));
    expect(largest.memory.totalBytes + largest.memory.cacheBytes / largest.requests).toBeGreaterThan(0.9 * memoryBytes);
  });

  it("lists a replica once: as many of them as fill the fewest GPUs that were asked for", () => {
    const eight = searchDeployments({ ...asked, gpus: [8, 16] });
    const one = eight.deployments.find(({ split }) => split === "one GPU") as Deployment;
    expect([one.gpus, one.replicas]).toEqual([8, 8]);
    const sixteen = eight.deployments.find(({ split }) => split === "DP16 attention, EP16 experts") as Deployment;
    expect([sixteen.gpus, sixteen.replicas]).toEqual([16, 1]);
    for (const { question, gpus, replicas } of eight.deployments)
      expect((question.tensorParallel ?? 1) * (question.dataParallel ?? 1) * replicas).toBe(gpus);
    const keys = eight.deployments.map(({ split, requests }) => `${split} ${requests}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("has a front that none of ten thousand deployments drawn at random beats in both rates, whatever its batch", () => {
    const below = thrower(20261129);
    const splits = [1, 2, 4, 8, 16, 24, 32, 36, 40, 48, 64].flatMap((gpus) =>
      splitsOf(wide.model, wide.hardware, gpus).filter(({ tensorParallel }) => 128 % tensorParallel === 0),
    );
    const drawn: { perGpu: number; perRequest: number }[] = [];
    while (drawn.length < 10_000) {
      const split = splits[below(splits.length)] as (typeof splits)[number];
      const overlap = split.dataParallel > 1 && split.expertParallel > 1 && below(2) === 0;
      const place = { model: wide.model, hardware: wide.hardware, ...split };
      const { weightBytes, cacheBytes } = memoryFootprint({ ...place, requests: split.dataParallel, contextTokens: 5120 });
      const most = Math.floor((0.9 * wide.hardware.memoryBytes - weightBytes) / cacheBytes);
      if (most < 2) continue;
      const { tokensPerSecondPerGpu, tokensPerSecondPerRequest } = decodeStep({
        ...{ ...place, contextTokens: 4096 + 512, requests: (2 + below(most - 1)) * split.dataParallel },
        ...(overlap ? { overlap: "two-micro-batches" as const } : {}),
      });
      drawn.push({ perGpu: tokensPerSecondPerGpu, perRequest: tokensPerSecondPerRequest });
    }
    for (const { tokensPerSecondPerGpu, tokensPerSecondPerRequest } of widely.front)
      expect(drawn.filter((one) => one.perGpu > tokensPerSecondPerGpu && one.perRequest > tokensPerSecondPerRequest)).toEqual([]);
    for (const result of [found, widely])
      for (const one of result.front) {
        const beats = result.deployments.filter(
          (o) => o.tokensPerSecondPerGpu > one.tokensPerSecondPerGpu && o.tokensPerSecondPerRequest > one.tokensPerSecondPerRequest,
        );
        expect(beats).toEqual([]);
      }
  }, 60_000);

  it.each([
    ["deepseek-v3", "h200-sxm", [16, 64], 300],
    ["gpt-oss-120b", "b200-sxm", [1, 2, 4, 8], 400],
    ["llama-3-70b", "h200-sxm", [8], 2000],
  ] as const)(
    "leaves no whole number of requests that beats the front: every one of %s on %s",
    (id, machine, gpus, mostEach) => {
      const question: SearchQuestion = { ...wide, model: model(id), hardware: hardware(machine), gpus, draftTokens: [0, 1] };
      const { ways, deploymentOf } = searchPlan(question);
      const { front, deployments } = searchDeployments(question);
      const grid = ways.flatMap((way) => deploymentOf(way) ?? []);
      // What was found between two batches of the grid is little, and all of it was worth it.
      expect(deployments.length).toBeLessThan(grid.length + 30);
      const lines = new Map(ways.map((way) => [`${way.place.words} ${way.place.replicas} ${way.draftTokens} ${way.overlap}`, way]));
      for (const way of lines.values())
        for (let groupRequests = way.overlap === "none" ? 1 : 2; groupRequests <= Math.min(way.place.most, mostEach); groupRequests++) {
          const one = deploymentOf({ ...way, groupRequests }) as Deployment;
          if (isBeaten(front, one)) expect({ ...one.question, ...one }).toBe("beaten by the front");
        }
    },
    60_000,
  );

  it("finds between two batches what the two leave out, within the limits", () => {
    const { ways, deploymentOf, searched } = searchPlan(wide);
    const grid = ways.flatMap((way) => deploymentOf(way) ?? []);
    const more = widely.deployments.filter((one) => !grid.some((o) => o.requests === one.requests && o.split === one.split));
    expect(more.length).toBeGreaterThan(0);
    expect(widely.searched).toBeGreaterThan(searched);
    // Each took the place of one that only the grid has on its front.
    for (const one of more) expect(isBeaten(frontOf(sorted(grid)), one)).toBe(true);
    const limited = searchDeployments({ ...wide, limits: { secondsPerToken: 0.03 } });
    for (const one of limited.deployments) expect(one.secondsPerToken).toBeLessThanOrEqual(0.03);
    const slower = widely.deployments.filter((one) => one.secondsPerToken <= 0.03);
    expect(slower.filter((one) => isBeaten(limited.front, one))).toEqual([]);
  });

  it("has the most for a GPU at one end of the front, and the most for a request at the other", () => {
    const [first, last] = [found.front[0], found.front.at(-1)];
    expect(first?.tokensPerSecondPerGpu).toBe(Math.max(...found.deployments.map((o) => o.tokensPerSecondPerGpu)));
    expect(last?.tokensPerSecondPerRequest).toBe(Math.max(...found.deployments.map((o) => o.tokensPerSecondPerRequest)));
  });

  it("keeps limits of time and memory", () => {
    const limited = searchDeployments({ ...asked, limits: { secondsPerToken: 0.01, firstTokenSeconds: 0.05, memoryKeptFree: 0.5 } });
    expect(limited.deployments.length).toBeGreaterThan(0);
    for (const one of limited.deployments) {
      expect(one.secondsPerToken).toBeLessThanOrEqual(0.01);
      expect(one.firstTokenSeconds).toBeLessThanOrEqual(0.05);
      expect(one.memory.totalBytes).toBeLessThanOrEqual(0.5 * asked.hardware.memoryBytes);
    }
  });

  it("cuts a dense model over all GPUs of a replica, and takes the smaller replicas that hold it", () => {
    const dense = searchDeployments({ ...asked, model: model("llama-3-70b"), gpus: [1, 8] });
    // 141 GB in BF16: not on one GPU of 85.9 GB; 70.6 GB on each of two, beside 6.7 GB of cache.
    expect([...new Set(dense.deployments.map(({ split }) => split))].sort()).toEqual(["TP2", "TP4", "TP8"]);
    expect(dense.deployments.find(({ split }) => split === "TP4")?.replicas).toBe(2);
  });

  it("gives an engine the splits that it has options for", () => {
    const splits = (engine: string) => searchDeployments({ ...asked, gpus: 4, engine }).deployments.map(({ split }) => split);
    expect(splits("vllm")).toContain("TP2 x DP2 attention, EP4 experts");
    expect(splits("vllm")).not.toContain("TP4 attention, EP2 x TP2 experts");
    expect(splits("TensorRT-LLM")).not.toContain("TP2 x DP2 attention, EP4 experts");
    expect(splits("TensorRT-LLM").some((split) => split.endsWith("two micro-batches"))).toBe(false);
    expect(runsSplit("sglang", { tensorParallel: 4, dataParallel: 1, expertParallel: 2 })).toBe(true);
  });

  it("is the same search in parts, its outline first", () => {
    const { ways, deploymentOf, searched } = searchPlan(asked);
    expect(searched).toBeLessThanOrEqual(found.searched);
    const outline = ways.slice(0, Math.round(ways.length / 4)).flatMap((way) => deploymentOf(way) ?? []);
    const most = Math.max(...outline.map((one) => one.tokensPerSecondPerGpu));
    expect(most).toBeGreaterThan(0.9 * (found.front[0] as Deployment).tokensPerSecondPerGpu);
    expect(new Set(outline.map(({ split }) => split)).size).toBeGreaterThan(8);
  });

  it("finds nothing where nothing fits, and refuses what cannot be by its name", () => {
    expect(searchDeployments({ ...asked, model: model("deepseek-v3"), gpus: 1 })).toMatchObject({
      searched: 1,
      deployments: [],
      front: [],
    });
    expect(() => searchDeployments({ ...asked, gpu: 1 } as never)).toThrow(/unknown field "gpu"; nearest: gpus/);
    expect(() => searchDeployments({ ...asked, limits: { seconds: 1 } } as never)).toThrow(
      /unknown field "seconds"; nearest: secondsPerToken/,
    );
    expect(() => searchDeployments({ ...asked, inputTokens: 0 })).toThrow("inputTokens must be a positive integer");
    expect(() => searchDeployments({ ...asked, gpus: [0] })).toThrow("gpus must be a positive integer");
    expect(() => searchDeployments({ ...asked, limits: { memoryKeptFree: 1 } })).toThrow("memoryKeptFree must be a share");
    expect(() => searchDeployments({ ...asked, limits: { secondsPerToken: 0 } })).toThrow("secondsPerToken must be");
    expect(() => searchDeployments({ ...asked, weightFormat: "fp3" })).toThrow("weightFormat must be one of");
    expect(() => searchDeployments({ ...asked, engine: "llama.cpp" })).toThrow("engine must be one of");
  });
});

it("batches are powers of two, one between each two, and the most", () => {
  expect(batchesUpTo(20)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 20]);
  expect(batchesUpTo(1)).toEqual([1]);
});

it("numbers of GPUs between two are doublings of one, three, five and nine", () => {
  expect(gpuCounts(8, 80)).toEqual([8, 16, 24, 32, 36, 40, 48, 64, 72, 80]);
  expect(gpuCounts(6, 6)).toEqual([6]);
});

it("experts are cut where their width comes out whole and a link joins the GPUs, also over several attention groups", () => {
  const splits = splitsOf(model("deepseek-v3"), hardware("h200-sxm"), 8);
  expect(splits).toContainEqual({ tensorParallel: 1, dataParallel: 8, expertParallel: 4 });
  expect(splits).toContainEqual({ tensorParallel: 8, dataParallel: 1, expertParallel: 8 });
  // One, two, four and eight GPUs for attention, and as many ranks of experts with each.
  expect(splits).toHaveLength(16);
  expect(splitsOf(model("deepseek-v3"), hardware("h200-sxm"), 8, "vllm")).not.toContainEqual({
    tensorParallel: 1,
    dataParallel: 8,
    expertParallel: 4,
  });
  // Experts 2,048 wide cannot be cut over 3, and a link joins 8.
  expect(
    splitsOf(model("deepseek-v3"), hardware("h200-sxm"), 24).every(({ expertParallel }) => [1, 2, 4, 8].includes(24 / expertParallel)),
  ).toBe(true);
});
