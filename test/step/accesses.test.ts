import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessFact } from "../../src/data/accesses";
import type { Model } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { parameterCount } from "../../src/model/parameters";
import { type DecodeAccesses, decodeAccesses, tileRowBytes } from "../../src/step/accesses";

/** Two layers, one dense and one of four experts, two a token: small enough for a page. */
const tiny: Model = {
  ...model("mixtral-8x22b"),
  id: "tiny",
  layers: 2,
  denseLayers: 1,
  moeLayers: 1,
  hiddenSize: 8,
  expertHiddenSize: 8,
  routedExperts: 4,
  sharedExperts: 1,
  expertsPerToken: 2,
  moeIntermediateSize: 4,
  sharedIntermediateSize: 4,
  intermediateSize: 16,
  attentionLayers: 2,
  attentionHeads: 2,
  keyValueHeads: 1,
  headDim: 4,
  valueHeadDim: 4,
  vocabSize: 10,
};
const step: DecodeAccesses = { model: tiny, weightFormat: "bfloat16", requestsPerGpu: 3, contextTokens: 5, expertParallel: 2 };
const v3: DecodeAccesses = {
  model: model("deepseek-v3"),
  weightFormat: "fp8_block",
  requestsPerGpu: 64,
  contextTokens: 32_768,
  expertParallel: 128,
};
const table = (s: DecodeAccesses) => Object.fromEntries(decodeAccesses(s).map((a) => [a.tensor, [a.runBytes, a.bytes]]));

describe("decodeAccesses", () => {
  it("is worked by hand for a tiny model: 3 requests on each of 2 GPUs, 5 tokens of context, BF16", () => {
    const active = (1 - (1 / 2) ** 6) / 2; // of four experts, by six tokens that take half each; half of them on this GPU
    expect(table(step)).toEqual({
      "attention: query, key and value": [(2 * 4 + 4 + 4) * 8 * 2, 2 * (2 * 4 + 4 + 4) * 8 * 2],
      "attention: output projection": [8 * 8 * 2, 2 * 8 * 8 * 2],
      router: [4 * 8 * 2, 4 * 8 * 2],
      "routed expert: up and gate": [2 * 4 * 8 * 2, 4 * 128 * active],
      "routed expert: down": [8 * 4 * 2, 4 * 64 * active],
      "shared expert: up and gate": [2 * 4 * 8 * 2, 128],
      "shared expert: down": [8 * 4 * 2, 64],
      "dense feed-forward: up and gate": [2 * 16 * 8 * 2, 512],
      "dense feed-forward: down": [8 * 16 * 2, 256],
      head: [10 * 8 * 2, 160],
      "KV cache": [16 * 1 * 4 * 2, 2 * (1 * 4 * 2) * 5 * 3 * 2], // a page of 16 tokens; keys and values, 5 tokens, 3 requests, 2 layers
      "embedding rows": [8 * 2, 3 * 16],
      "dispatched rows": [8 * 2, 3 * 2 * 16], // 3 requests to 2 experts in one layer
      "combined rows": [8 * 2, 3 * 2 * 16],
    });
  });

  it("keeps router, head, embedding, cache and combined rows in BF16 when weights are FP8", () => {
    const [wide, narrow] = [table(step), table({ ...step, weightFormat: "fp8" })];
    const halved = Object.keys(wide).filter((tensor) => narrow[tensor]?.[1] === (wide[tensor]?.[1] as number) / 2);
    expect(halved).toEqual(
      Object.keys(wide).filter((tensor) => !["router", "head", "KV cache", "embedding rows", "combined rows"].includes(tensor)),
    );
    expect(narrow.head).toEqual(wide.head);
  });

  it("reads V3's experts in runs of 29.4 and 14.7 MB, its latents in pages of 73,728 B", () => {
    const found = table(v3);
    expect(found["routed expert: up and gate"]?.[0]).toBe(2 * 2048 * 7168 * (1 + 4 / 128 ** 2));
    expect(found["routed expert: down"]?.[0]).toBe(2048 * 7168 * (1 + 4 / 128 ** 2));
    expect(found["KV cache"]).toEqual([64 * (512 + 64) * 2, (512 + 64) * 2 * 32_768 * 64 * 61]);
    expect(found["dispatched rows"]?.[0]).toBe(7168 * (1 + 4 / 128));
  });

  it("reads selected rows of 656 B and pages of index keys where attention is sparse", () => {
    const sparse = (contextTokens: number) => table({ ...v3, contextTokens, attention: "sparse" });
    expect(sparse(32_768)["selected KV rows"]).toEqual([656, 656 * 2048 * 64 * 61]);
    expect(sparse(100)["selected KV rows"]).toEqual([656, 656 * 100 * 64 * 61]); // no more tokens than there are
    expect(sparse(32_768)["index keys"]).toEqual([64 * 132, 132 * 32_768 * 64 * 61]);
    expect(sparse(32_768)["KV cache"]).toBeUndefined();
  });

  it("says why a run is as long as it is", () => {
    const why = (s: DecodeAccesses) => Object.fromEntries(decodeAccesses(s).map((a) => [a.tensor, a.run]));
    expect(why(step)).toMatchObject({
      router: "one weight matrix",
      "KV cache": "one page of keys, or of values",
      "embedding rows": "one token",
      "dispatched rows": "one token",
      "combined rows": "one token",
    });
    expect(why(v3)["KV cache"]).toBe("one page of latents");
    expect(why({ ...v3, attention: "sparse" })).toMatchObject({
      "selected KV rows": "one selected token",
      "index keys": "one page of index keys",
    });
  });

  it("reads every weight once when every expert is active: the parameters less the embedding, two bytes each", () => {
    const all = decodeAccesses({ ...step, model: model("olmoe-1b-7b"), requestsPerGpu: 100_000, expertParallel: 1 });
    const weights = all.filter((a) => a.run === "one weight matrix").reduce((sum, a) => sum + a.bytes, 0);
    const olmoe = model("olmoe-1b-7b");
    expect(weights).toBe(2 * (parameterCount(olmoe).total - olmoe.vocabSize * olmoe.hiddenSize));
  });

  it("has runs and bytes above zero, for every model and format", () => {
    for (const m of models()) {
      for (const weightFormat of ["bfloat16", "fp8_block", "nvfp4"] as const) {
        for (const access of decodeAccesses({ ...v3, model: m, weightFormat })) {
          expect(access.runBytes, `${m.id} ${access.tensor}`).toBeGreaterThan(0);
          expect(access.bytes, `${m.id} ${access.tensor}`).toBeGreaterThan(0);
          expect(Number.isFinite(access.runBytes * access.bytes), `${m.id} ${access.tensor}`).toBe(true);
        }
      }
    }
  });

  it("grows cache and token rows with requests, no weight but those of routed experts, and no run", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 2, max: 9 }),
        fc.constantFrom("deepseek-v3", "kimi-k2", "mixtral-8x22b", "llama-3.1-405b"),
        (requestsPerGpu, times, id) => {
          const once = table({ ...v3, model: model(id), requestsPerGpu });
          const more = table({ ...v3, model: model(id), requestsPerGpu: requestsPerGpu * times });
          for (const [tensor, [runBytes, bytes]] of Object.entries(once) as [string, [number, number]][]) {
            const scales = ["KV cache", "embedding rows", "dispatched rows", "combined rows"].includes(tensor);
            expect(more[tensor]?.[0]).toBe(runBytes);
            if (scales) expect(more[tensor]?.[1]).toBe(times * bytes);
            else if (tensor.startsWith("routed expert")) expect(more[tensor]?.[1]).toBeGreaterThanOrEqual(bytes);
            else expect(more[tensor]?.[1]).toBe(bytes);
          }
        },
      ),
    );
  });

  it("has no router, expert or dispatched row in a dense model", () => {
    const tensors = decodeAccesses({ ...v3, model: model("llama-3.1-405b") }).map((a) => a.tensor);
    expect(tensors.filter((t) => /expert|router|dispatched|combined/.test(t))).toEqual([]);
    expect(tensors).toContain("dense feed-forward: down");
  });

  it("refuses counts that cannot be, an unknown format, and sparse attention without latents", () => {
    for (const bad of [0, -1, 1.5, Number.NaN]) {
      for (const name of ["requestsPerGpu", "contextTokens", "expertParallel"])
        expect(() => decodeAccesses({ ...step, [name]: bad })).toThrow(new RangeError(`${name} must be a positive integer, got ${bad}`));
    }
    expect(() => decodeAccesses({ ...step, weightFormat: "fp7" as "fp8" })).toThrow(/^weightFormat must be one of .*; got "fp7"$/);
    expect(() => decodeAccesses({ ...step, attention: "sparse" })).toThrow(
      new RangeError('attention must be "dense" for tiny: it has no latent cache to select from'),
    );
  });
});

describe("tileRowBytes", () => {
  it("makes the article's four sizes from tiles: 4,096 and 65,536 B, 64 and 16,384 B", () => {
    expect(tileRowBytes(2048, 2)).toBe(4096); // a row of 2,048 in BF16
    expect(128 * tileRowBytes(256, 2)).toBe(65_536); // 128 rows of 256 in BF16
    expect(tileRowBytes(128, 0.5)).toBe(64); // a row of 128 in FP4
    expect(128 * tileRowBytes(128, 1)).toBe(16_384); // 128 rows of 128 in FP8
  });

  it("refuses sizes that cannot be, and names them", () => {
    for (const bad of [0, -1, 1.5, Number.NaN])
      expect(() => tileRowBytes(bad, 1)).toThrow(new RangeError(`elements must be a positive integer, got ${bad}`));
    for (const bad of [0, -1, Number.NaN])
      expect(() => tileRowBytes(1, bad)).toThrow(new RangeError(`elementBytes must be a positive number, got ${bad}`));
  });
});

describe("accessFact", () => {
  it("gives the published sizes: sector, line, page, selected row, index key", () => {
    expect(
      ["dram-sector", "cache-line", "memory-page", "sparse-attention-row", "index-key", "engram-row"].map((a) => accessFact(a, "bytes")),
    ).toEqual([32, 128, 4096, 656, 132, 264]);
    expect(512 + 16 + 128).toBe(accessFact("sparse-attention-row", "bytes")); // FP8 latent, scales, rotary part in BF16
    expect(accessFact("sparse-attention-row", "selectedTokens")).toBe(2048);
    expect([accessFact("mla-page", "tokens"), accessFact("gqa-page", "tokens")]).toEqual([64, 16]);
  });

  it("says what it does not have", () => {
    expect(() => accessFact("sector", "bytes")).toThrow(new RangeError('accesses.csv has no bytes of "sector"'));
    expect(() => accessFact("mla-page", "bytes")).toThrow(new RangeError('accesses.csv has no bytes of "mla-page"'));
  });
});
