import { describe, expect, it } from "vitest";
import { model, models } from "../../src/model/registry";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { mixerRuns } from "../../src/step/mixer-runs";

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
});
