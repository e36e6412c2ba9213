import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessFact } from "../../src/data/accesses";
import type { Block } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import type { Model } from "../../src/model/model";
import { parameterCount } from "../../src/model/parameters";
import { model, models } from "../../src/model/registry";
import { withSelection } from "../../src/model/selection";
import { type DecodeAccesses, decodeAccesses, shareInRunsUpTo, tileRowBytes } from "../../src/step/decode-accesses";

const grouped: Block = { kind: "grouped", heads: 2, keyValueHeads: 1, headDim: 4, valueHeadDim: 4, cacheSource: "own" };
const experts: Block = {
  kind: "experts",
  routed: 4,
  perToken: 2,
  computedPerToken: 2,
  width: 4,
  inputWidth: 8,
  matrices: 3,
  shared: 1,
  sharedWidth: 4,
  groups: 1,
  chosenGroups: 1,
  router: "learned",
  emptyExperts: 0,
};

/** Two layers, one dense and one of four experts, two a token: small enough for a page. */
const tiny: Model = decoder({
  ...model("mixtral-8x22b"),
  id: "tiny",
  aliases: [],
  runs: [
    { count: 1, blocks: [grouped, { kind: "dense", width: 16, matrices: 3 }] },
    { count: 1, blocks: [grouped, experts] },
  ],
  hiddenSize: 8,
  vocabSize: 10,
});
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

  it("reads selected rows of 656 B and pages of index keys where attention is sparse and the cache FP8", () => {
    const sparse = (contextTokens: number) => table({ ...v3, contextTokens, attention: "sparse", cacheFormat: "fp8" });
    expect(sparse(32_768)["selected KV rows"]).toEqual([656, 656 * 2048 * 64 * 61]);
    expect(sparse(100)["selected KV rows"]).toEqual([656, 656 * 100 * 64 * 61]); // no more tokens than there are
    expect(sparse(32_768)["index keys"]).toEqual([64 * 132, 132 * 32_768 * 64 * 61]);
    expect(sparse(32_768)["KV cache"]).toBeUndefined();
    // In BF16 a row is 1,152 B.
    expect(table({ ...v3, attention: "sparse" })["selected KV rows"]).toEqual([1152, 1152 * 2048 * 64 * 61]);
  });

  it("reads what a model of its own selects, or densely what it is asked to", () => {
    const v32 = { ...v3, model: model("deepseek-v3.2-exp"), cacheFormat: "bfloat16" };
    expect(table(v32)).toEqual(table({ ...v32, attention: "sparse" }));
    expect(table({ ...v32, attention: "dense" })["KV cache"]?.[1]).toBe(1152 * 32_768 * 64 * 61);
    expect(table({ ...v32, attention: "dense" })["index keys"]).toBeUndefined();
    // Of MiniMax-M3 16 blocks of 128 tokens in 57 layers, all of it in three, and a key of 256 B for each token of the 57.
    const m3 = table({ ...v3, model: model("minimax-m3") });
    expect(m3["selected KV blocks"]?.[1]).toBe(16 * 128 * 4 * 2 * 128 * 2 * 64 * 57);
    expect(m3["KV cache"]?.[1]).toBe(32_768 * 4 * 2 * 128 * 2 * 64 * 3);
    expect(m3["index keys"]?.[1]).toBe(32_768 * 256 * 64 * 57);
  });

  it("reads and writes a state for each request, in runs of one head, whatever the context", () => {
    const next = { ...v3, model: model("qwen3-next-80b-a3b") };
    const { states } = table(next);
    expect(states?.[0]).toBe(128 * 128 * 4);
    expect(states?.[1]).toBe(2 * 64 * 36 * (32 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 32 * 128) * 2));
    expect(table({ ...next, contextTokens: 1 }).states).toEqual(states);
  });

  it("reads windows as far as they reach, and full layers whole", () => {
    const oss = (contextTokens: number) => table({ ...v3, model: model("gpt-oss-120b"), contextTokens })["KV cache"]?.[1];
    const token = 8 * 2 * 64 * 2 * 64;
    expect(oss(32_768)).toBe((18 * 128 + 18 * 32_768) * token);
    expect(oss(100)).toBe(36 * 100 * token);
  });

  it("moves token rows of the width that experts see, none to experts that compute nothing", () => {
    const of = (id: string, format = "bfloat16") => table({ ...v3, model: model(id), weightFormat: format });
    expect(of("kimi-k3")["combined rows"]).toEqual([3584 * 2, 3584 * 2 * 16 * 64 * 92]);
    expect(of("longcat-flash")["dispatched rows"]?.[1]).toBe(6144 * 2 * 8 * 64 * 28);
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

  it("has runs and bytes above zero, each tensor and run once, for every model and format", () => {
    for (const m of models()) {
      for (const weightFormat of ["bfloat16", "fp8_block", "nvfp4"] as const) {
        const accesses = decodeAccesses({ ...v3, model: m, weightFormat });
        for (const access of accesses) {
          expect(access.runBytes, `${m.id} ${access.tensor}`).toBeGreaterThan(0);
          expect(access.bytes, `${m.id} ${access.tensor}`).toBeGreaterThan(0);
          expect(Number.isFinite(access.runBytes * access.bytes), `${m.id} ${access.tensor}`).toBe(true);
        }
      }
    }
  });

  it("has no access to what is not there yet: entries that stand for more tokens than the context has", () => {
    for (const contextTokens of [1, 200]) {
      const found = decodeAccesses({ model: model("deepseek-v4-pro"), requests: 1, contextTokens });
      expect(found.filter(({ bytes }) => !(bytes > 0))).toEqual([]);
    }
  });

  it("grows cache, states and token rows with requests, no weight but those of routed experts, and no run", () => {
    const kinds = ["KV cache", "selected KV rows", "selected KV blocks", "index keys", "states"];
    const rows = ["embedding rows", "dispatched rows", "combined rows"];
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 2, max: 9 }), fc.constantFrom(...models()), (requests, times, m) => {
        const ask = (count: number) => decodeAccesses({ model: m, requests: count, contextTokens: 32_768 });
        const [once, more] = [ask(requests), ask(requests * times)];
        expect(more.map(({ tensor, runBytes }) => [tensor, runBytes])).toEqual(once.map(({ tensor, runBytes }) => [tensor, runBytes]));
        once.forEach(({ tensor, bytes }, i) => {
          const after = more[i]?.bytes as number;
          if (kinds.includes(tensor) || rows.includes(tensor)) expect(after / (times * bytes), tensor).toBeCloseTo(1, 12);
          else if (tensor.startsWith("routed expert")) expect(after).toBeGreaterThanOrEqual(bytes);
          else expect(after, tensor).toBe(bytes);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("holds a share of a group cut over GPUs: latents and index keys whole, heads and states in parts, the requests of the group", () => {
    const ask = (id: string, tensorParallel: number) =>
      table({ model: model(id), requests: 8, contextTokens: 1000, tensorParallel, weightFormat: "bfloat16" });
    expect(ask("deepseek-v3.2-exp", 8)["selected KV rows"]).toEqual(ask("deepseek-v3.2-exp", 1)["selected KV rows"]);
    expect(ask("deepseek-v3.2-exp", 8)["index keys"]).toEqual(ask("deepseek-v3.2-exp", 1)["index keys"]);
    expect(ask("llama-3.1-405b", 8)["KV cache"]?.[1]).toBe((ask("llama-3.1-405b", 1)["KV cache"]?.[1] as number) / 8);
    expect(ask("qwen3-next-80b-a3b", 4).states?.[1]).toBe((ask("qwen3-next-80b-a3b", 1).states?.[1] as number) / 4);
  });

  it("has no router, expert or dispatched row in a dense model", () => {
    const tensors = decodeAccesses({ ...v3, model: model("llama-3.1-405b") }).map((a) => a.tensor);
    expect(tensors.filter((t) => /expert|router|dispatched|combined/.test(t))).toEqual([]);
    expect(tensors).toContain("dense feed-forward: down");
  });

  it("refuses counts that cannot be, an unknown format, and sparse attention without latents", () => {
    for (const bad of [0, -1, 1.5, Number.NaN]) {
      for (const name of ["requestsPerGpu", "contextTokens", "expertParallel", "tensorParallel", "dataParallel"])
        expect(() => decodeAccesses({ ...step, [name]: bad })).toThrow(new RangeError(`${name} must be a positive integer, got ${bad}`));
    }
    expect(() => decodeAccesses({ ...step, weightFormat: "fp7" as "fp8" })).toThrow(/^weightFormat must be one of .*; got "fp7"$/);
    expect(() => decodeAccesses({ ...step, attention: "sparse" })).toThrow(
      new RangeError('attention must be "dense" for tiny: it has no latent cache to select from'),
    );
  });
});

describe("a model asked to select, or to read all", () => {
  const [latent, linear] = (["latent", "linear"] as const).map((kind) =>
    model("kimi-linear-48b-a3b")
      .runs.flatMap(({ blocks }) => blocks)
      .find((block) => block.kind === kind),
  ) as [Block, Block];

  it("selects in its latent mixers as DeepSeek-V3.2 does, and in no others", () => {
    const runs = [
      { count: 2, blocks: [linear, experts] },
      { count: 1, blocks: [latent, experts] },
    ];
    const mixed = { ...tiny, runs } as Model;
    const indexer = { heads: 64, headDim: 128, topK: 2048, scores: true, poolTokens: 1, keyBytes: 132 };
    expect(withSelection(mixed, "sparse").runs).toEqual([runs[0], { count: 1, blocks: [{ ...latent, indexer }, experts] }]);
    expect(withSelection(withSelection(mixed, "sparse"), "dense").runs).toEqual(runs);
  });

  it("reads all in a model without latents too, and is refused by name otherwise", () => {
    expect(withSelection(tiny, "dense").runs).toEqual(tiny.runs);
    expect(() => withSelection(tiny, "some" as never)).toThrow(new RangeError('attention must be dense or sparse, got "some"'));
    expect(() => withSelection({} as never, "dense")).toThrow("model must be a model with runs");
  });
});

describe("shareInRunsUpTo", () => {
  it("is the bytes of runs no longer than a length, of all bytes", () => {
    const access = (runBytes: number, bytes: number) => ({ tensor: "", run: "", runBytes, bytes });
    const three = [access(64, 100), access(4096, 300), access(65_536, 600)];
    expect([63, 64, 4096, 65_536].map((length) => shareInRunsUpTo(three, length))).toEqual([0, 0.1, 0.4, 1]);
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
