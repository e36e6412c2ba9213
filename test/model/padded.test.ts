import { describe, expect, it } from "vitest";
import type { Block } from "../../src/model/blocks";
import { paddedBlock } from "../../src/model/padded";
import { model } from "../../src/model/registry";

const block = (id: string, run = 0, at = 0) => model(id).runs[run]?.blocks[at] as Block;
const grouped = { ...block("qwen3-235b-a22b"), heads: 64, keyValueHeads: 4 } as Block;
const latent = { ...block("deepseek-v3"), heads: 128 } as Block;
const compressed = { ...block("deepseek-v4-pro"), heads: 128, outputGroups: 16 } as Block;
const linear = { ...block("qwen3-next-80b-a3b"), valueHeads: 32 } as Block;

describe("a block padded for a degree", () => {
  it("is itself where the degree divides it, on one GPU, and where it has no heads", () => {
    for (const one of [grouped, latent, compressed, linear]) {
      expect(paddedBlock(one, 1)).toBe(one);
      expect(paddedBlock(one, 4)).toBe(one);
    }
    expect(paddedBlock(grouped, 8)).toBe(grouped);
    expect(paddedBlock(grouped, 2)).toBe(grouped);
    const odd = { ...latent, heads: 7 } as Block;
    expect(paddedBlock(odd, 1)).toBe(odd);
    const experts = block("deepseek-v3", 1, 1);
    expect(paddedBlock(experts, 3)).toBe(experts);
  });

  it("has as many more heads as the next multiple needs", () => {
    expect(paddedBlock(latent, 3)).toEqual({ ...latent, heads: 129 });
    expect(paddedBlock(linear, 6)).toEqual({ ...linear, valueHeads: 36 });
    // Heads and their groups each for themselves.
    expect(paddedBlock(compressed, 6)).toEqual({ ...compressed, heads: 132, outputGroups: 18 });
    expect(paddedBlock({ ...compressed, heads: 126 } as Block, 6)).toEqual({ ...compressed, heads: 126, outputGroups: 18 });
    expect(paddedBlock({ ...compressed, outputGroups: 18 } as Block, 6)).toEqual({ ...compressed, heads: 132, outputGroups: 18 });
  });

  it("pads heads of keys and values only where the degree neither divides them nor is a multiple of them", () => {
    // 64 heads over 12 are 72; 12 GPUs hold 4 heads of keys three times.
    expect(paddedBlock(grouped, 12)).toEqual({ ...grouped, heads: 72 });
    expect(paddedBlock(grouped, 6)).toEqual({ ...grouped, heads: 66, keyValueHeads: 6 });
    expect(paddedBlock({ ...grouped, heads: 66 } as Block, 6)).toEqual({ ...grouped, heads: 66, keyValueHeads: 6 });
  });
});
