import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { isMixer } from "../../src/model/blocks";
import { weightMatrices } from "../../src/model/matrices";
import { mixerMatrices } from "../../src/model/mixers/mixers";
import { model, models } from "../../src/model/registry";
import { tensorParallelShard } from "../../src/model/shard";
import { decodeStep } from "../../src/step/decode";

const requests = 64;
const b200 = hardware("b200-sxm");

describe("the projections of mixers in a decode step", () => {
  it.each(models().map((m) => [m.id, m] as const))("of %s multiply each of its weights by each request once", (_, m) => {
    const { tasks } = decodeStep({ model: m, hardware: b200, requests, contextTokens: 4096 });
    const flops = tasks
      .filter(({ name }) => name === "attention projections" || name === "output projection")
      .reduce((sum, task) => sum + task.flops, 0);
    const weights = weightMatrices(m)
      .filter(({ part, name }) => (part === "attention" || part === "linear mixer") && !name.startsWith("index"))
      .reduce((sum, { outputs, inputs, count }) => sum + outputs * inputs * count, 0);
    expect(flops).toBe(2 * requests * weights);
  });

  it("and the products of their indexers do, beside the scores", () => {
    for (const id of ["deepseek-v3.2-exp", "glm-5.2", "minimax-m3", "deepseek-v4-pro", "deepseek-v4.1-flash"]) {
      const m = model(id);
      // At one token of context the scores are next to nothing; at 4,096 they grow by what is scored alone.
      const flops = (n: number) =>
        decodeStep({ model: m, hardware: b200, requests: n, contextTokens: 1 })
          .tasks.filter(({ name }) => name === "indexer")
          .reduce((sum, task) => sum + task.flops, 0);
      const weights = weightMatrices(m)
        .filter(({ name }) => name.startsWith("index"))
        .reduce((sum, { outputs, inputs, count }) => sum + outputs * inputs * count, 0);
      expect(flops(requests) / (2 * requests * weights), id).toBeCloseTo(1, 2);
    }
  });

  it("are before the core or after it, each once", () => {
    for (const m of models()) {
      for (const mixer of m.runs.flatMap(({ blocks }) => blocks.filter(isMixer))) {
        const matrices = mixerMatrices(mixer, m.hiddenSize);
        expect(
          matrices.filter(({ stage }) => stage === "projections"),
          m.id,
        ).not.toEqual([]);
        expect(matrices.filter(({ stage }) => stage === "output").at(-1)?.outputs, m.id).toBe(m.hiddenSize);
      }
    }
  });

  it("of DeepSeek-V4-Pro go through the ranks of queries and output: 299.9 million weights a layer beside the compressor", () => {
    const v4 = model("deepseek-v4-pro");
    const { tasks } = decodeStep({ model: v4, hardware: b200, requests: 1, contextTokens: 1 });
    const flops = (name: string) => tasks.find((task) => task.name === name)?.flops ?? 0;
    const first = v4.runs[0]?.blocks[0];
    const ratio = first?.kind === "compressed" ? first.compressionRatio : 0;
    const compressor = ratio <= 1 ? 0 : (ratio >= 32 ? 2 : 4) * 512 * 7168;
    // 128 heads of 512; queries through 1,536 beside one key of 512; 16 groups of heads through 1,024 each.
    expect(flops("attention projections")).toBe(2 * (7168 * (1536 + 512) + 1536 * 128 * 512 + compressor));
    expect(flops("output projection")).toBe(2 * (1024 * 128 * 512 + 16 * 1024 * 7168));
    expect((flops("attention projections") + flops("output projection")) / 2e6 - compressor / 1e6).toBeCloseTo(299.9, 1);
  });

  it("deal the groups of heads out over a tensor-parallel group: 16 over 8 GPUs are 2 on each, and 32 GPUs cut one", () => {
    const v4 = model("deepseek-v4-pro");
    expect(tensorParallelShard(v4, 8).runs[0]?.blocks[0]).toMatchObject({ heads: 16, outputGroups: 2 });
    expect(() => tensorParallelShard(v4, 32)).toThrow("tensorParallel must divide outputGroups (16), got 32");
    expect(tensorParallelShard(model("deepseek-v3"), 8).runs[0]?.blocks[0]).not.toHaveProperty("outputGroups");
  });
});
