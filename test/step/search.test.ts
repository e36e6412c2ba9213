import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { timeToFirstToken } from "../../src/step/prefill";
import { type SearchQuestion, searchDeployments } from "../../src/step/search";

const asked: SearchQuestion = {
  model: model("qwen3-30b-a3b"),
  hardware: hardware("h100-sxm"),
  gpus: [1, 2, 4],
  inputTokens: 2048,
  outputTokens: 512,
};
const found = searchDeployments(asked);

describe("searchDeployments", () => {
  it("answers each deployment as a step, its first token and its footprint do", () => {
    for (const one of found.deployments.filter((_, i) => i % 9 === 0)) {
      const step = decodeStep(one.question);
      expect(one.tokensPerSecondPerGpu).toBe(step.tokensPerSecondPerGpu);
      expect(one.secondsPerToken).toBeCloseTo(step.seconds, 12);
      expect(one.question.contextTokens).toBe(2048 + 256);
      expect(one.memory).toEqual(memoryFootprint({ ...one.question, contextTokens: 2560 }));
      const { requests: _r, contextTokens: _c, overlap: _o, ...rest } = one.question;
      expect(one.firstTokenSeconds).toBe(timeToFirstToken({ ...rest, promptTokens: 2048 }));
    }
  });

  it("tries attention over every divisor, experts cut or dealt out, and batches up to nine tenths of the memory", () => {
    const splits = new Set(found.deployments.filter(({ gpus }) => gpus === 4).map(({ split }) => split));
    for (const split of [
      "TP4 attention, experts cut over all",
      "TP4 attention, EP4 experts",
      "DP4 attention, EP4 experts, two micro-batches",
    ])
      expect([...splits]).toContain(split);
    const { memoryBytes } = asked.hardware;
    for (const { memory } of found.deployments) expect(memory.totalBytes).toBeLessThanOrEqual(0.9 * memoryBytes);
    // The largest batch of a split leaves no room for one more request in each group.
    const largest = found.deployments.filter(({ gpus }) => gpus === 1).reduce((a, b) => (b.requests > a.requests ? b : a));
    expect(largest.memory.totalBytes + largest.memory.cacheBytes / largest.requests).toBeGreaterThan(0.9 * memoryBytes);
  });

  it("has a front that no deployment beats in both rates, from the most for a GPU to the most for a request", () => {
    for (const one of found.front) {
      const beats = found.deployments.filter(
        (o) => o.tokensPerSecondPerGpu > one.tokensPerSecondPerGpu && o.tokensPerSecondPerRequest > one.tokensPerSecondPerRequest,
      );
      expect(beats).toEqual([]);
    }
    const [first, last] = [found.front[0], found.front.at(-1)];
    expect(first?.tokensPerSecondPerGpu).toBe(Math.max(...found.deployments.map((o) => o.tokensPerSecondPerGpu)));
    expect(last?.tokensPerSecondPerRequest).toBe(Math.max(...found.deployments.map((o) => o.tokensPerSecondPerRequest)));
  });

  it("keeps limits of time and memory, and splits a dense model by its matrices alone", () => {
    const limited = searchDeployments({ ...asked, limits: { secondsPerToken: 0.01, firstTokenSeconds: 0.05 } });
    expect(limited.deployments.length).toBeGreaterThan(0);
    for (const one of limited.deployments) {
      expect(one.secondsPerToken).toBeLessThanOrEqual(0.01);
      expect(one.firstTokenSeconds).toBeLessThanOrEqual(0.05);
    }
    const dense = searchDeployments({ ...asked, model: model("llama-3-70b"), gpus: [1, 8] });
    expect([...new Set(dense.deployments.map(({ split }) => split))]).toEqual(["TP8"]);
  });

  it("finds nothing where nothing fits, and refuses what cannot be by its name", () => {
    expect(searchDeployments({ ...asked, model: model("deepseek-v3"), gpus: 1 })).toMatchObject({ deployments: [], front: [] });
    expect(() => searchDeployments({ ...asked, gpu: 1 } as never)).toThrow(/unknown field "gpu"; nearest: gpus/);
    expect(() => searchDeployments({ ...asked, inputTokens: 0 })).toThrow("inputTokens must be a positive integer");
    expect(() => searchDeployments({ ...asked, gpus: [0] })).toThrow("gpus must be a positive integer");
    expect(() => searchDeployments({ ...asked, limits: { memoryKeptFree: 1 } })).toThrow("memoryKeptFree must be a share");
  });
});
