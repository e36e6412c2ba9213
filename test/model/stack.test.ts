import { describe, expect, it } from "vitest";
import type { Block, Run } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { model } from "../../src/model/registry";
import { summaryOf } from "../../src/model/summary";

const parts = model("deepseek-v3");
const mixer: Block = { kind: "grouped", heads: 4, keyValueHeads: 2, headDim: 8, valueHeadDim: 8, cacheSource: "own" };
const state: Block = {
  kind: "linear",
  family: "mamba2",
  keyHeads: 1,
  valueHeads: 2,
  keyDim: 4,
  valueDim: 4,
  convolutionWidth: 4,
  stateElementBytes: 4,
};
const dense = (width: number): Block => ({ kind: "dense", width, matrices: 3 });
const experts: Block = {
  kind: "experts",
  routed: 16,
  perToken: 4,
  computedPerToken: 3.5,
  width: 20,
  inputWidth: 30,
  matrices: 2,
  shared: 1,
  sharedWidth: 24,
  groups: 4,
  chosenGroups: 2,
  router: "learned",
  emptyExperts: 2,
};
const built = (runs: readonly Run[], change: object = {}) => decoder({ ...parts, hiddenSize: 32, vocabSize: 10, runs, ...change });
const one = (...blocks: readonly Block[]) => [{ count: 1, blocks }];

describe("what is said of a stack in one number", () => {
  // Two layers of a state and a dense part; three of attention and experts beside a dense part; one of experts with two mixers.
  const runs: readonly Run[] = [
    { count: 3, blocks: [mixer, dense(48), experts] },
    { count: 2, blocks: [state, dense(64)] },
    { count: 1, blocks: [{ ...mixer, window: 5 }, mixer, { ...experts, width: 22 }] },
  ];

  it("counts layers by what stands in them, and mixers one by one", () => {
    expect(summaryOf({ runs, hiddenSize: 32 })).toEqual({
      layers: 6,
      denseLayers: 2,
      moeLayers: 4,
      attentionLayers: 5,
      linearLayers: 2,
      hiddenSize: 32,
      expertHiddenSize: 30,
      routedExperts: 16,
      expertsPerToken: 4,
      moeIntermediateSize: 20,
      sharedExperts: 1,
      sharedIntermediateSize: 24,
      // That of a layer without experts.
      intermediateSize: 64,
      expertMatrices: 2,
      expertGroups: 4,
      topkGroup: 2,
      attention: "4 x GQA + 2 x Mamba-2 + 1 x GQA, window 5",
    });
    expect(built(runs)).toMatchObject({ layers: 6, moeLayers: 4 });
  });

  it("names the most frequent kind of mixer first", () => {
    const stack = [
      { count: 1, blocks: [state] },
      { count: 5, blocks: [mixer] },
    ];
    expect(summaryOf({ runs: stack, hiddenSize: 32 }).attention).toBe("5 x GQA + 1 x Mamba-2");
  });

  it("has the dense part beside experts where no layer is without them, one kind of attention by its name, and zeros of what is not there", () => {
    expect(summaryOf({ runs: runs.slice(0, 1), hiddenSize: 32 })).toMatchObject({ intermediateSize: 48, attention: "GQA", denseLayers: 0 });
    expect(summaryOf({ runs: one(mixer, dense(64)), hiddenSize: 32 })).toMatchObject({
      moeLayers: 0,
      expertHiddenSize: 0,
      routedExperts: 0,
      expertsPerToken: 0,
      moeIntermediateSize: 0,
      sharedExperts: 0,
      sharedIntermediateSize: 0,
      expertMatrices: 0,
      expertGroups: 1,
      topkGroup: 1,
    });
    expect(summaryOf({ runs: one(mixer, experts), hiddenSize: 32 }).intermediateSize).toBe(0);
  });
});

describe("a decoder", () => {
  it("is frozen with its aliases, and has what its runs say", () => {
    const m = built(one(mixer, dense(64)), { aliases: ["a"] });
    expect(Object.isFrozen(m)).toBe(true);
    expect(Object.isFrozen(m.aliases)).toBe(true);
    expect(m).toMatchObject({ aliases: ["a"], layers: 1, vocabSize: 10 });
  });

  it("is refused without runs, blocks or counts, and with more layers than any model", () => {
    for (const runs of [[], "runs", undefined])
      expect(() => built(runs as never)).toThrow("runs must be a list of at least one run of layers");
    for (const blocks of [[], "blocks"])
      expect(() => built([{ count: 1, blocks: [mixer] }, { count: 1, blocks } as never])).toThrow(
        "runs[1].blocks must be a list of at least one block",
      );
    expect(() => built([{ count: 0, blocks: [mixer] }])).toThrow("runs[0].count must be a positive integer, got 0");
    const many = (count: number) => [
      { count, blocks: [mixer] },
      { count: 1, blocks: [mixer] },
    ];
    expect(built(many(9999)).layers).toBe(10_000);
    expect(() => built(many(10_000))).toThrow("runs must hold at most 10000 layers, got 10001");
    expect(() => built(one(mixer), { hiddenSize: 0 })).toThrow("hiddenSize must be a positive integer, got 0");
    expect(() => built(one(mixer), { vocabSize: 1.5 })).toThrow("vocabSize must be a positive integer, got 1.5");
  });

  it.each<[string, object]>([
    ["width must be a positive integer, got 0", { ...dense(0) }],
    ["width must be at most 1000000000, got 1000000001", { ...dense(1_000_000_001) }],
    ["matrices must be 2 or 3, got 4", { ...dense(4), matrices: 4 }],
    ["matrices must be 2 or 3, got 1", { ...experts, matrices: 1 }],
    [
      'kind must be one of dense, experts, grouped, latent, compressed, block-selected, linear; got "groupd"; nearest: grouped',
      { ...mixer, kind: "groupd" },
    ],
    ["heads must be a positive integer, got 0", { ...mixer, heads: 0 }],
    ["queryRank must be a positive integer, got 0", { ...mixer, queryRank: 0 }],
    ["window must be a positive integer, got 0", { ...mixer, window: 0 }],
    ["chunk must be a positive integer, got 0", { ...mixer, chunk: 0 }],
    ["gateRank must be a positive integer, got 0", { ...state, gateRank: 0 }],
    ...["routed", "perToken", "width", "inputWidth", "groups", "chosenGroups"].map((name): [string, object] => [
      `${name} must be a positive integer, got 0`,
      { ...experts, [name]: 0 },
    ]),
    ...["shared", "sharedWidth", "emptyExperts"].flatMap((name): [string, object][] =>
      [-1, 0.5].map((value) => [`${name} must be a whole number of at least 0, got ${value}`, { ...experts, [name]: value }]),
    ),
    ["perToken must be at most routed (16), got 17", { ...experts, perToken: 17 }],
    ["computedPerToken must be above 0 and at most perToken (4), got 0", { ...experts, computedPerToken: 0 }],
    ["computedPerToken must be above 0 and at most perToken (4), got 4.5", { ...experts, computedPerToken: 4.5 }],
    ["inputWidth must be at most hiddenSize (32), got 33", { ...experts, inputWidth: 33 }],
  ])("is refused by run, block and field: %s", (words, block) => {
    expect(() => built(one(mixer, block as Block))).toThrow(`runs[0].blocks[1].${words}`);
  });

  it.each(["heads", "headDim", "topK", "poolTokens", "keyBytes"])("is refused for an indexer without %s", (field) => {
    const block = model("deepseek-v3.2-exp").runs[0]?.blocks[0] as { indexer: object };
    const broken = { ...block, indexer: { ...block.indexer, [field]: 0 } } as unknown as Block;
    expect(() => built(one(broken), { hiddenSize: 7168 })).toThrow(`runs[0].blocks[0].indexer.${field} must be a positive integer, got 0`);
  });

  it("names the three nearest kinds of a block that is of none", () => {
    expect(() => built(one({ ...mixer, kind: "groupd" } as never))).toThrow(/; nearest: grouped, \S+, \S+$/);
  });

  it("takes an indexer that is undefined as none", () => {
    expect(built(one({ ...mixer, indexer: undefined } as never)).attentionLayers).toBe(1);
  });

  it("takes what just can be: every expert of each token, all of them computing, an input as wide as the model, no shared expert", () => {
    const most = { ...experts, perToken: 16, computedPerToken: 16, inputWidth: 32, shared: 0, sharedWidth: 0, emptyExperts: 0 };
    expect(built(one(mixer, most)).expertsPerToken).toBe(16);
    expect(built(one(mixer, dense(1e9))).intermediateSize).toBe(1e9);
  });
});
