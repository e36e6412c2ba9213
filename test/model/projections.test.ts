import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model, models } from "../../src/model/registry";
import { tensorParallelShard } from "../../src/model/shard";
import { weightMatrices } from "../../src/model/weights";
import { decodeStep } from "../../src/step/decode";

const requestsPerGpu = 64;
const b200 = hardware("b200-sxm");

describe("the projections of attention in a decode step", () => {
  it.each(models().map((m) => [m.id, m] as const))("of %s multiply each of its weights by each request once", (_, m) => {
    const { tasks } = decodeStep({ model: m, hardware: b200, requestsPerGpu, contextTokens: 4096, expertParallel: 1 });
    const flops = ["attention projections", "output projection"].map((name) => tasks.find((task) => task.name === name)?.flops ?? 0);
    const weights = weightMatrices(m)
      .filter(({ part }) => part === "attention")
      .reduce((sum, { outputs, inputs, count }) => sum + (outputs * inputs * count) / m.attentionLayers, 0);
    expect((flops[0] as number) + (flops[1] as number)).toBe(2 * requestsPerGpu * weights);
  });

  it("of DeepSeek-V4-Pro go through the ranks of queries and output: 299.9 million weights a layer", () => {
    const v4 = model("deepseek-v4-pro");
    const { tasks } = decodeStep({ model: v4, hardware: b200, requestsPerGpu: 1, contextTokens: 1, expertParallel: 1 });
    const flops = (name: string) => tasks.find((task) => task.name === name)?.flops;
    // 128 heads of 512; queries through 1,536 beside one key of 512; 16 groups of heads through 1,024 each.
    expect(flops("attention projections")).toBe(2 * (7168 * (1536 + 512) + 1536 * 128 * 512));
    expect(flops("output projection")).toBe(2 * (1024 * 128 * 512 + 16 * 1024 * 7168));
    expect(((flops("attention projections") ?? 0) + (flops("output projection") ?? 0)) / 2e6).toBeCloseTo(299.9, 1);
  });

  it("deal the groups of heads out over a tensor-parallel group: 16 over 8 GPUs are 2 on each, and 32 GPUs cut one", () => {
    const v4 = model("deepseek-v4-pro");
    expect(tensorParallelShard(v4, 8).outputGroups).toBe(2);
    expect(() => tensorParallelShard(v4, 32)).toThrow("tensorParallel must divide outputGroups (16 in deepseek-v4-pro), got 32");
    expect(tensorParallelShard(model("deepseek-v3"), 8)).not.toHaveProperty("outputGroups");
  });
});
