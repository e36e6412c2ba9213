import { describe, expect, it } from "vitest";
import type { Block, Mixer } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { model, models } from "../../src/model/registry";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { mixerRuns, readingOf } from "../../src/step/mixer-runs";

describe("runs of what mixers read", () => {
  it("reads a dense latent cache in whole pages: 64 tokens of 576 numbers in BF16", () => {
    const [only, ...others] = mixerRuns(model("deepseek-v3"), 32768);
    expect(others).toEqual([]);
    expect(only).toMatchObject({ reading: "whole latents", layers: 61, runBytes: 64 * 576 * 2, readBytes: 61 * 32768 * 576 * 2 });
  });

  it("reads selected tokens one by one, and a state whatever the context", () => {
    const selected = mixerRuns(model("deepseek-v3.2"), 32768).filter((r) => r.reading === "selected tokens");
    expect(Math.min(...selected.map((r) => r.runBytes))).toBeLessThan(4096);
    const state = (tokens: number) => mixerRuns(model("qwen3-next-80b-a3b"), tokens).filter((r) => r.reading === "state");
    expect(state(1024)).toEqual(state(131072));
    expect(state(1024).length).toBeGreaterThan(0);
  });

  it("gives the runs that decodeAccesses lists, for every model of the registry", () => {
    for (const each of models()) {
      const listed = new Set(
        decodeAccesses({ model: each, requests: 1, contextTokens: 4096, cacheFormat: "bfloat16" }).map((a) => `${a.tensor} ${a.runBytes}`),
      );
      for (const { tensor, runBytes } of mixerRuns(each, 4096)) expect(listed, each.id).toContain(`${tensor} ${runBytes}`);
    }
  });

  it("adds up over layers that read alike, in runs apart too, and lists what differs by itself", () => {
    const grouped: Mixer = { kind: "grouped", heads: 4, keyValueHeads: 2, headDim: 3, valueHeadDim: 5, cacheSource: "own" };
    const windowed: Mixer = { ...grouped, window: 10 };
    const dense: Block = { kind: "dense", width: 8, matrices: 3 };
    const base = model("llama-3-70b");
    const runs = [
      { count: 2, blocks: [grouped, dense] },
      { count: 3, blocks: [windowed, dense] },
      { count: 4, blocks: [grouped, windowed] },
    ];
    // 32 bytes a token in BF16; pages of 16 tokens of two heads of three numbers.
    const of = (cacheFormat?: "fp8") => mixerRuns(decoder({ ...base, hiddenSize: 8, runs }), 100, cacheFormat);
    expect(of()).toEqual([
      { model: base.name, reading: "whole cache", tensor: "KV cache", layers: 6, runBytes: 192, readBytes: 6 * 3200 },
      { model: base.name, reading: "window", tensor: "KV cache", layers: 7, runBytes: 192, readBytes: 7 * 320 },
    ]);
    expect(of("fp8").map(({ readBytes }) => readBytes)).toEqual([6 * 1600, 7 * 160]);
    expect(() => mixerRuns(base, 0)).toThrow("contextTokens must be a positive integer, got 0");
  });

  it("lists nothing that reads nothing", () => {
    const nothing: Mixer = {
      ...{ kind: "compressed", heads: 4, headDim: 100, queryRank: 6, outputRank: 5, outputGroups: 2, window: 10, compressionRatio: 0 },
      ...{ indexer: { heads: 2, headDim: 8, topK: 3, scores: true, poolTokens: 1, keyBytes: 12 }, cacheSource: "own" },
    } as Mixer;
    const runs = [{ count: 1, blocks: [nothing] }];
    // Of no compressed rows no index keys are read.
    expect(mixerRuns(decoder({ ...model("llama-3-70b"), hiddenSize: 8, runs }), 100).map(({ tensor }) => tensor)).toEqual([
      "selected KV rows",
    ]);
  });

  it("is told apart by kind, reach and selection", () => {
    const of = (id: string, run = 0) => readingOf(model(id).runs[run]?.blocks[0] as Mixer);
    const grouped = model("llama-3-70b").runs[0]?.blocks[0] as Mixer;
    expect(readingOf({ ...grouped, chunk: 5 } as Mixer)).toBe("window");
    expect(["llama-3-70b", "deepseek-v3", "deepseek-v3.2-exp", "deepseek-v4-pro", "qwen3-next-80b-a3b"].map((id) => of(id))).toEqual([
      "whole cache",
      "whole latents",
      "selected tokens",
      "compressed rows",
      "state",
    ]);
    expect(of("minimax-m3", 1)).toBe("selected blocks");
  });
});
