import { describe, expect, it } from "vitest";
import type { BlockSelectedMixer, CompressedMixer, GroupedMixer, Indexer, LatentMixer, LinearMixer, Mixer } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { cutMixer, mixerKept, mixerLabel, mixerMatrices, mixerWork } from "../../src/model/mixers/mixers";
import { visiblePairs } from "../../src/model/mixers/rules";
import { model } from "../../src/model/registry";

const hiddenSize = 7;
const shapes = (mixer: Mixer) => mixerMatrices(mixer, hiddenSize).map(({ name, outputs, inputs }) => [name, outputs, inputs]);
const wide = (mixer: Mixer) =>
  mixerMatrices(mixer, hiddenSize)
    .filter(({ bf16 }) => bf16)
    .map(({ name }) => name);
const stages = (mixer: Mixer, stage: string) =>
  mixerMatrices(mixer, hiddenSize)
    .filter((matrix) => matrix.stage === stage)
    .map(({ name }) => name);
const cache = (mixer: Mixer, contextTokens = 100, format: "bfloat16" | "fp8" = "bfloat16") =>
  mixerKept(mixer, contextTokens, format).cacheBytes;
/** Three new tokens on a hundred, in BF16. */
const decode = (mixer: Mixer) => mixerWork(mixer, { contextTokens: 100, newTokens: 3, cacheFormat: "bfloat16", phase: "decode" });
const prefill = (mixer: Mixer, contextTokens = 100, newTokens = 3) =>
  mixerWork(mixer, { contextTokens, newTokens, cacheFormat: "bfloat16", phase: "prefill" });
/** Two heads of 8 that choose three entries; a key of 12 bytes for each two tokens. */
const indexer: Indexer = { heads: 2, headDim: 8, topK: 3, scores: true, poolTokens: 2, keyBytes: 12 };
const follows: Indexer = { ...indexer, scores: false };

describe("pairs of a new token and one that it sees", () => {
  it("are all before it and itself, as far as its reach", () => {
    // 3 on 100: 101 + 102 + 103.
    expect(visiblePairs(100, 3)).toBe(306);
    expect(visiblePairs(100, 3, 103)).toBe(306);
    expect(visiblePairs(100, 3, 102)).toBe(101 + 102 + 102);
    expect(visiblePairs(100, 3, 101)).toBe(3 * 101);
    expect(visiblePairs(100, 3, 20)).toBe(3 * 20);
    expect(visiblePairs(0, 5, 2)).toBe(1 + 2 + 2 + 2 + 2);
  });
});

describe("grouped attention of four heads of 3 and two of keys of 3 and values of 5", () => {
  const mixer: GroupedMixer = { kind: "grouped", heads: 4, keyValueHeads: 2, headDim: 3, valueHeadDim: 5, cacheSource: "own" };
  const shared: GroupedMixer = { ...mixer, cacheSource: "shared" };

  it("multiplies by queries, keys and values, by a gate where it has one, and by its output", () => {
    const output = ["output projection", 7, 4 * 5];
    expect(shapes(mixer)).toEqual([["query, key and value", 4 * 3 + 2 * (3 + 5), 7], output]);
    expect(shapes({ ...mixer, queryRank: 6 })).toEqual([["query down, key and value", 6 + 16, 7], ["query up", 12, 6], output]);
    expect(shapes({ ...mixer, keyIsValue: true })[0]).toEqual(["query, key and value", 12 + 2 * 3, 7]);
    expect(shapes(shared)[0]).toEqual(["query, key and value", 12, 7]);
    expect(shapes({ ...mixer, gate: "head" })[1]).toEqual(["output gate", 4, 7]);
    expect(shapes({ ...mixer, gate: "element" })[1]).toEqual(["output gate", 20, 7]);
    expect(stages({ ...mixer, gate: "head" }, "projections")).toEqual(["query, key and value", "output gate"]);
    expect(stages(mixer, "output")).toEqual(["output projection"]);
  });

  it("keeps 32 bytes a token within its window or chunk, and nothing where it reads an earlier layer's", () => {
    expect(mixerKept(mixer, 100, "bfloat16")).toEqual({ cacheBytes: 100 * 2 * (3 + 5) * 2, stateBytes: 0 });
    expect(cache(mixer, 100, "fp8")).toBe(1600);
    expect(cache({ ...mixer, window: 10 })).toBe(320);
    expect(cache({ ...mixer, window: 10 }, 6)).toBe(6 * 32);
    expect(cache({ ...mixer, chunk: 30 })).toBe(30 * 32);
    expect(cache(shared)).toBe(0);
  });

  it("reads what it sees once for three new tokens, of a chunk half, and multiplies each with each", () => {
    expect(decode(mixer)).toEqual([
      {
        part: "core",
        readBytes: 3200,
        writtenBytes: 3 * 32,
        flops: 3 * 100 * 4 * 2 * (3 + 5),
        arithmetic: "bf16",
        runBytes: 16 * 2 * 3 * 2,
        run: "one page of keys, or of values",
        tensor: "KV cache",
      },
    ]);
    expect(decode({ ...mixer, window: 10 })[0]).toMatchObject({ readBytes: 320, flops: 3 * 10 * 64 });
    expect(decode({ ...mixer, chunk: 30 })[0]).toMatchObject({ readBytes: 15 * 32, flops: 3 * 15 * 64 });
    expect(decode(shared)[0]).toMatchObject({ readBytes: 3200, writtenBytes: 0 });
    expect(prefill(mixer)[0]).toMatchObject({ readBytes: 3200, flops: 306 * 64 });
    expect(prefill({ ...mixer, window: 102 })[0]).toMatchObject({ readBytes: 3200, flops: 305 * 64 });
  });

  it("deals its heads out, and copies those of keys and values", () => {
    expect(cutMixer(mixer, 2)).toEqual({ ...mixer, heads: 2, keyValueHeads: 1 });
    expect(cutMixer({ ...mixer, keyValueHeads: 4 }, 2)).toMatchObject({ keyValueHeads: 2 });
    expect(cutMixer(mixer, 4)).toEqual({ ...mixer, heads: 1, keyValueHeads: 1 });
    expect(cutMixer(mixer, 1)).toBe(mixer);
    expect(() => cutMixer({ ...mixer, heads: 3 }, 2)).toThrow("tensorParallel must divide heads (3), got 2");
    expect(() => cutMixer({ ...mixer, keyValueHeads: 3, heads: 12 }, 2)).toThrow(
      "tensorParallel must divide keyValueHeads (3) or be a multiple of it, got 2",
    );
  });

  it("is named by its heads, its gate, its reach and whose cache it reads", () => {
    expect(mixerLabel(mixer)).toBe("GQA");
    expect(mixerLabel({ ...mixer, keyValueHeads: 4, gate: "head", window: 10 })).toBe("gated MHA, window 10");
    expect(mixerLabel({ ...shared, keyValueHeads: 1, chunk: 30 })).toBe("MQA, chunks of 30, shared cache");
  });
});

describe("latent attention of four heads on a rank of 256 and a rotary part of 6", () => {
  const mixer: LatentMixer = {
    kind: "latent",
    heads: 4,
    latentRank: 256,
    rotaryDim: 6,
    noRotaryDim: 3,
    valueHeadDim: 5,
    cacheSource: "own",
  };
  const sparse: LatentMixer = { ...mixer, indexer: { ...indexer, topK: 20 } };
  const shared: LatentMixer = { ...mixer, cacheSource: "shared" };

  it("multiplies down and up, by what is absorbed in BF16, and by what an indexer that scores has", () => {
    const rest = [
      ["key up, absorbed", 4 * 256, 3],
      ["value up, absorbed", 4 * 5, 256],
      ["output projection", 7, 20],
    ];
    expect(shapes(mixer)).toEqual([["query, and key and value down", 4 * (3 + 6) + 256 + 6, 7], ...rest]);
    expect(shapes({ ...mixer, queryRank: 10 })).toEqual([["query, key and value down", 10 + 262, 7], ["query up", 36, 10], ...rest]);
    expect(shapes(shared)[0]).toEqual(["query, and key and value down", 36, 7]);
    expect(shapes({ ...mixer, gate: "element" })[2]).toEqual(["output gate", 20, 7]);
    expect(wide(mixer)).toEqual(["key up, absorbed", "value up, absorbed"]);
    expect(stages({ ...sparse, queryRank: 10 }, "projections")).toEqual(["query, key and value down", "query up", "key up, absorbed"]);
    expect(stages(sparse, "output")).toEqual(["value up, absorbed", "output projection"]);
    // Queries of two index heads of 8 from the query's rank; one key of 8 and a weight for each head from the hidden size.
    const scored = [
      ["index queries", 16, 10],
      ["index key and head weights", 8 + 2, 7],
    ];
    expect(shapes({ ...sparse, queryRank: 10 }).slice(3, 5)).toEqual(scored);
    expect(shapes(sparse)[2]).toEqual(["index queries", 16, 7]);
    expect(stages(sparse, "indexer")).toEqual(["index queries", "index key and head weights"]);
    expect(wide(sparse)).toContain("index key and head weights");
    expect(wide(sparse)).not.toContain("index queries");
    expect(stages({ ...mixer, indexer: follows }, "indexer")).toEqual([]);
  });

  it("keeps 262 numbers a token, of sparse layers in FP8 with scales and a rotary part in BF16, and index keys", () => {
    expect(mixerKept(mixer, 100, "bfloat16")).toEqual({ cacheBytes: 100 * 262 * 2, stateBytes: 0 });
    expect(cache(mixer, 100, "fp8")).toBe(26_200);
    // Two scales of four bytes and twelve of the rotary part; a key of 12 for each two tokens.
    expect(cache(sparse, 100, "fp8")).toBe(100 * (256 + 8 + 12) + 50 * 12);
    expect(cache({ ...sparse, indexer: follows })).toBe(52_400);
    expect(cache({ ...sparse, window: 10 })).toBe(10 * 524 + 5 * 12);
    expect(cache({ ...sparse, cacheSource: "shared" })).toBe(50 * 12);
    expect(cache(shared)).toBe(0);
  });

  it("multiplies what is absorbed with the latents in decode, and heads of their own size where a prompt is read by a dense layer", () => {
    expect(decode(mixer)).toEqual([
      {
        part: "core",
        readBytes: 52_400,
        writtenBytes: 3 * 524,
        flops: 300 * 4 * 2 * (2 * 256 + 6),
        arithmetic: "bf16",
        runBytes: 64 * 524,
        run: "one page of latents",
        tensor: "KV cache",
      },
    ]);
    expect(decode(shared)[0]).toMatchObject({ readBytes: 52_400, writtenBytes: 0 });
    expect(decode({ ...mixer, window: 10 })[0]).toMatchObject({ readBytes: 5240 });
    expect(prefill(mixer)[0]).toMatchObject({ readBytes: 52_400, flops: 306 * 8 * (3 + 6 + 5) });
  });

  it("reads the rows that its indexer selects, one by one, and the index keys of all where it scores", () => {
    const core = { readBytes: 20 * 524, flops: 60 * 8 * 518, runBytes: 524, run: "one selected token", tensor: "selected KV rows" };
    expect(decode(sparse)).toEqual([
      {
        part: "index",
        readBytes: 50 * 12,
        writtenBytes: 1.5 * 12,
        flops: 3 * 50 * 2 * 8 * 2,
        arithmetic: "fp8",
        runBytes: 64 * 12,
        run: "one page of index keys",
        tensor: "index keys",
      },
      expect.objectContaining(core),
    ]);
    // Of its own three tokens a new one sees half: 0.75 keys.
    expect(prefill(sparse)).toEqual([
      expect.objectContaining({ readBytes: 600, flops: 3 * 50.75 * 32 }),
      expect.objectContaining({ flops: 60 * 8 * 518 }),
    ]);
    expect(decode({ ...sparse, indexer: { ...indexer, topK: 20, candidates: 30 } })[0]).toMatchObject({
      readBytes: 360,
      flops: 3 * 30 * 32,
    });
    expect(decode({ ...sparse, indexer: { ...indexer, topK: 20, candidates: 60 } })[0]).toMatchObject({ readBytes: 600 });
    expect(decode({ ...mixer, indexer: { ...follows, topK: 20 } })).toEqual([expect.objectContaining(core)]);
    expect(decode({ ...sparse, window: 10 })[1]).toMatchObject({ readBytes: 5240 });
  });

  it("deals its heads out alone", () => {
    expect(cutMixer(sparse, 2)).toEqual({ ...sparse, heads: 2 });
    expect(() => cutMixer(mixer, 3)).toThrow("tensorParallel must divide heads (4), got 3");
  });

  it("is named by its gate, its selection and its window", () => {
    expect(mixerLabel(mixer)).toBe("MLA");
    expect(mixerLabel({ ...sparse, gate: "head" })).toBe("gated MLA + DSA");
    expect(mixerLabel({ ...mixer, indexer: follows, window: 10 })).toBe("MLA + DSA, shared selection, window 10");
  });
});

describe("compressed attention: a window of 10 and a row of 100 for each four tokens", () => {
  const heavy: CompressedMixer = {
    kind: "compressed",
    heads: 4,
    headDim: 100,
    queryRank: 6,
    outputRank: 5,
    outputGroups: 2,
    window: 10,
    compressionRatio: 4,
    cacheSource: "own",
  };
  const mixer: CompressedMixer = { ...heavy, indexer: { ...indexer, topK: 8, poolTokens: 1 } };

  it("multiplies by ranks, and by a compressor of two series from a ratio of 32 on, of four below", () => {
    const ends = [
      ["output down", 5, 400],
      ["output up", 7, 10],
    ];
    const queries = [
      ["query down, key that is the value", 6 + 100, 7],
      ["query up", 400, 6],
    ];
    const scored = (width: number) => [
      ["index queries", 16, 6],
      ["index key and head weights", width + 2, 7],
    ];
    expect(shapes(mixer)).toEqual([...queries, ["compressor", 400, 7], ...scored(4 * 8), ...ends]);
    expect(shapes({ ...mixer, cacheSource: "shared" })).toEqual([...queries, ...scored(0), ...ends]);
    expect(shapes({ ...mixer, compressionRatio: 1 })).toEqual([...queries, ...scored(8), ...ends]);
    const compressor = (compressionRatio: number) => shapes({ ...heavy, compressionRatio }).filter(([name]) => name === "compressor");
    expect([0, 1, 2, 31, 32].map(compressor)).toEqual([
      [],
      [],
      [["compressor", 400, 7]],
      [["compressor", 400, 7]],
      [["compressor", 200, 7]],
    ]);
    expect(wide(mixer)).toEqual(["compressor", "index key and head weights"]);
    expect(stages(heavy, "projections")).toEqual(["query down, key that is the value", "query up", "compressor"]);
    expect(stages(heavy, "output")).toEqual(["output down", "output up"]);
  });

  it("keeps the window, the rows and their index keys; of a shared source the window alone", () => {
    expect(mixerKept(mixer, 100, "bfloat16")).toEqual({ cacheBytes: 10 * 200 + 25 * (200 + 12), stateBytes: 0 });
    // In FP8 a row is 36 bytes, 64 numbers of the rotary part in BF16 and eight bytes of scales.
    expect(cache(mixer, 100, "fp8")).toBe(10 * 172 + 25 * (172 + 12));
    expect(cache(mixer, 4)).toBe(4 * 200 + 212);
    expect(cache(heavy)).toBe(10 * 200 + 25 * 200);
    expect(cache({ ...mixer, indexer: follows })).toBe(7000);
    expect(cache({ ...mixer, cacheSource: "shared" })).toBe(2000);
    expect(cache({ ...heavy, compressionRatio: 0 })).toBe(2000);
  });

  it("reads its window, and of the rows those that are selected, or all", () => {
    expect(decode(mixer)).toEqual([
      expect.objectContaining({ part: "index", readBytes: 25 * 12 }),
      {
        part: "core",
        readBytes: (10 + 8) * 200,
        writtenBytes: (3 + 3 / 4) * 200,
        flops: (3 * 10 + 3 * 8) * 4 * 4 * 100,
        arithmetic: "bf16",
        runBytes: 200,
        run: "one selected row",
        tensor: "selected KV rows",
      },
    ]);
    expect(decode(heavy)).toEqual([
      expect.objectContaining({
        readBytes: (10 + 25) * 200,
        flops: (30 + 75) * 1600,
        runBytes: 64 * 200,
        run: "one page of compressed rows",
        tensor: "KV cache",
      }),
    ]);
    // A window longer than what is there: each new token reads all that was cached before them.
    expect(decode({ ...heavy, window: 102 })[0]).toMatchObject({ readBytes: (100 + 25) * 200, flops: (3 * 100 + 75) * 1600 });
    expect(decode({ ...mixer, cacheSource: "shared" })[1]).toMatchObject({ writtenBytes: 600 });
    expect(decode({ ...heavy, compressionRatio: 0 })[0]).toMatchObject({ readBytes: 2000, writtenBytes: 600, flops: 30 * 1600 });
  });

  it("sees in a prompt on average half of the rows that it makes, as far as they are selected", () => {
    expect(prefill(heavy, 100, 8)[0]).toMatchObject({ flops: (8 * 10 + 8 * (25 + 1)) * 1600, writtenBytes: (8 + 2) * 200 });
    expect(prefill(mixer, 20, 8)[1]).toMatchObject({ flops: (80 + 8 * 6) * 1600 });
    expect(prefill(mixer, 100, 8)[1]).toMatchObject({ flops: (80 + 8 * 8) * 1600 });
    // 1 + 2 + 3 + 4 tokens of a prompt of four, and half a row for each.
    expect(prefill(heavy, 0, 4)[0]).toMatchObject({ flops: (10 + 4 * 0.5) * 1600 });
  });

  it("deals its heads and their groups out", () => {
    expect(cutMixer(mixer, 2)).toEqual({ ...mixer, heads: 2, outputGroups: 1 });
    expect(() => cutMixer(mixer, 4)).toThrow("tensorParallel must divide outputGroups (2), got 4");
    expect(() => cutMixer({ ...mixer, outputGroups: 3 }, 3)).toThrow("tensorParallel must divide heads (4), got 3");
  });

  it("is named by its ratio and whether it selects", () => {
    expect(mixerLabel({ ...heavy, compressionRatio: 0 })).toBe("window of raw tokens");
    expect(mixerLabel({ ...heavy, compressionRatio: 128 })).toBe("HCA 1:128");
    expect(mixerLabel({ ...mixer, cacheSource: "shared" })).toBe("CSA 1:4, shared rows");
  });
});

describe("attention over the best three blocks of six tokens", () => {
  const mixer: BlockSelectedMixer = {
    kind: "block-selected",
    heads: 4,
    keyValueHeads: 2,
    headDim: 3,
    valueHeadDim: 5,
    blockTokens: 6,
    indexer,
  };

  it("multiplies by queries, keys and values, by the indexer's from the hidden size, and by its output", () => {
    expect(shapes({ ...mixer, gate: "head" })).toEqual([
      ["query, key and value", 12 + 2 * 8, 7],
      ["output gate", 4, 7],
      ["index queries", 16, 7],
      ["index key and head weights", 10, 7],
      ["output projection", 7, 20],
    ]);
    expect(stages(mixer, "projections")).toEqual(["query, key and value"]);
    expect(stages(mixer, "output")).toEqual(["output projection"]);
  });

  it("keeps all keys and values and the index keys, and reads three blocks", () => {
    expect(mixerKept(mixer, 100, "bfloat16")).toEqual({ cacheBytes: 3200 + 600, stateBytes: 0 });
    expect(cache(mixer, 100, "fp8")).toBe(1600 + 600);
    expect(decode(mixer)).toEqual([
      expect.objectContaining({ part: "index", readBytes: 600 }),
      {
        part: "core",
        readBytes: 18 * 32,
        writtenBytes: 3 * 32,
        flops: 3 * 18 * 64,
        arithmetic: "bf16",
        runBytes: 6 * 2 * 3 * 2,
        run: "one selected block of keys, or of values",
        tensor: "selected KV blocks",
      },
    ]);
    const short = mixerWork(mixer, { contextTokens: 10, newTokens: 3, cacheFormat: "bfloat16", phase: "decode" });
    expect(short[1]).toMatchObject({ readBytes: 320, flops: 3 * 10 * 64 });
    expect(prefill(mixer, 10)[1]).toMatchObject({ readBytes: 320, flops: (11 + 12 + 13) * 64 });
    expect(prefill(mixer)[1]).toMatchObject({ flops: 3 * 18 * 64 });
  });

  it("deals its heads out, copies those of keys and values, and is named by its blocks", () => {
    expect(cutMixer(mixer, 4)).toEqual({ ...mixer, heads: 1, keyValueHeads: 1 });
    expect(() => cutMixer(mixer, 8)).toThrow("tensorParallel must divide heads (4), got 8");
    expect(mixerLabel(mixer)).toBe("MSA, 3 blocks of 6");
  });
});

describe("linear mixers of four states of 3 by 5", () => {
  const mixer: LinearMixer = {
    kind: "linear",
    family: "gated-delta",
    keyHeads: 2,
    valueHeads: 4,
    keyDim: 3,
    valueDim: 5,
    convolutionWidth: 4,
    stateElementBytes: 4,
  };
  const mamba1: LinearMixer = { ...mixer, family: "mamba1", valueDim: 1 };

  it("multiply by what their family has", () => {
    const output = ["output projection", 7, 20];
    // Queries and keys 2 2 3, values and gate 2 4 5, decay and strength 2 4.
    expect(shapes(mixer)).toEqual([["query, key, value and gates", 12 + 40 + 8, 7], output]);
    // Queries, keys and values 32; the decay's first step 3, strengths 4, gate 20.
    expect(shapes({ ...mixer, family: "kimi-delta", decayRank: 3 })).toEqual([
      ["query, key, value and gates", 32 + 3 + 4 + 20, 7],
      ["decay up", 20, 3],
      output,
    ]);
    expect(shapes({ ...mixer, family: "kimi-delta", gateRank: 9, decayRank: 9 })).toEqual([
      ["query, key, value and gates down", 32 + 2 * 9 + 4, 7],
      ["decay and output gate up", 40, 9],
      output,
    ]);
    // Decay and gate each one matrix of 20, as in Ling 3.0; or each through another number of channels.
    expect(shapes({ ...mixer, family: "kimi-delta" })).toEqual([["query, key, value and gates", 32 + 4 + 2 * 20, 7], output]);
    expect(shapes({ ...mixer, family: "kimi-delta", gateRank: 9, decayRank: 5 })).toEqual([
      ["query, key, value and gates down", 32 + 4 + 9 + 5, 7],
      ["decay up", 20, 5],
      ["output gate up", 20, 9],
      output,
    ]);
    expect(shapes({ ...mixer, family: "mamba2" })).toEqual([["input projection", 40 + 12 + 4, 7], output]);
    expect(shapes({ ...mixer, family: "lightning" })).toEqual([["query, key, value and gate", 12 + 40, 7], output]);
    expect(shapes({ ...mamba1, gateRank: 9 })).toEqual([
      ["input projection", 2 * 4, 7],
      ["time step, B and C", 9 + 2 * 3, 4],
      ["time step up", 4, 9],
      ["output projection", 7, 4],
    ]);
    expect(shapes(mamba1)).toEqual([
      ["input projection", 8, 7],
      ["time step, B and C", 6, 4],
      ["output projection", 7, 4],
    ]);
    expect(stages(mixer, "projections")).toEqual(["query, key, value and gates"]);
    expect(stages(mixer, "output")).toEqual(["output projection"]);
  });

  it("keep their states, and the last three tokens of the convolution's channels, whatever the context", () => {
    // 4 3 5 numbers of four bytes; channels: values 20, queries and keys 12.
    expect(mixerKept(mixer, 100, "fp8")).toEqual({ cacheBytes: 0, stateBytes: 240 + 3 * 32 * 2 });
    const bytes = (change: Partial<LinearMixer>) => mixerKept({ ...mixer, ...change }, 1, "bfloat16").stateBytes;
    expect(bytes({ convolutionWidth: 0 })).toBe(240);
    expect(bytes({ stateElementBytes: 2 })).toBe(120 + 192);
    expect(mixerKept(mamba1, 1, "bfloat16").stateBytes).toBe(4 * 3 * 4 + 3 * 4 * 2);
  });

  it("read their states once, write them for each token that may be taken back, and multiply as their family does", () => {
    expect(decode(mixer)).toEqual([
      {
        part: "recurrence",
        readBytes: 432,
        writtenBytes: 3 * 432,
        flops: 3 * 4 * 3 * 5 * 7,
        arithmetic: "fp32",
        runBytes: 3 * 5 * 4,
        run: "the state of one head",
        tensor: "states",
      },
    ]);
    expect(prefill(mixer)[0]).toMatchObject({ readBytes: 432, writtenBytes: 432, flops: 1260 });
    const flops = (family: LinearMixer["family"]) => decode({ ...mixer, family })[0]?.flops;
    expect(["kimi-delta", "mamba2", "mamba1", "lightning"].map((family) => flops(family as "mamba2"))).toEqual([1260, 900, 900, 900]);
  });

  it("deal states out, and their heads of keys as far as there are any", () => {
    expect(cutMixer(mixer, 2)).toEqual({ ...mixer, valueHeads: 2, keyHeads: 1 });
    expect(cutMixer({ ...mixer, keyHeads: 3 }, 2)).toMatchObject({ keyHeads: 2 });
    expect(cutMixer(mixer, 4)).toMatchObject({ valueHeads: 1, keyHeads: 1 });
    expect(() => cutMixer(mixer, 3)).toThrow("tensorParallel must divide valueHeads (4), got 3");
  });

  it("are named by their family", () => {
    const families = ["gated-delta", "kimi-delta", "mamba2", "mamba1", "lightning"] as const;
    expect(families.map((family) => mixerLabel({ ...mixer, family }))).toEqual([
      "Gated DeltaNet",
      "Kimi Delta Attention",
      "Mamba-2",
      "Mamba-1",
      "lightning attention",
    ]);
  });
});

describe("the sizes of a mixer", () => {
  it.each([
    ["grouped", "qwen3-235b-a22b", ["heads", "keyValueHeads", "headDim", "valueHeadDim"]],
    ["latent", "deepseek-v3", ["heads", "latentRank", "noRotaryDim", "valueHeadDim"]],
    ["compressed", "deepseek-v4-pro", ["heads", "headDim", "queryRank", "outputRank", "outputGroups", "window"]],
    ["block-selected", "minimax-m3", ["heads", "keyValueHeads", "headDim", "valueHeadDim", "blockTokens"]],
    ["linear", "qwen3-next-80b-a3b", ["keyHeads", "valueHeads", "keyDim", "valueDim"]],
  ])("of %s attention are positive whole numbers", (kind, id, sizes) => {
    const parts = model(id);
    const block = parts.runs.flatMap(({ blocks }) => blocks).find((b) => b.kind === kind) as Mixer;
    for (const size of sizes)
      expect(() => decoder({ ...parts, runs: [{ count: 1, blocks: [{ ...block, [size]: 0 }] }] }), size).toThrow(
        `runs[0].blocks[0].${size} must be a positive integer, got 0`,
      );
  });
});
