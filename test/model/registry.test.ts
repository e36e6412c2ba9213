import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDataFile } from "../../src/data/files";
import { parseRows, readRows } from "../../src/data/rows";
import type { Block } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { isMoe } from "../../src/model/model";
import { addModel, model, models, readModels } from "../../src/model/registry";

const blocksOf = (id: string): readonly Block[] => model(id).runs.flatMap(({ blocks }) => blocks);

describe("model", () => {
  it("gives DeepSeek-V3 as its configuration states it", () => {
    expect(model("deepseek-v3")).toMatchObject({
      name: "DeepSeek-V3",
      released: "2024-12-26",
      hiddenSize: 7168,
      layers: 61,
      denseLayers: 3,
      moeLayers: 58,
      formats: { experts: "fp8_block", rest: "fp8_block", cache: "bfloat16", known: true, released: "fp8 e4m3 128x128" },
      predictionModules: 1,
      totalParameters: 671e9,
      source: "deepseekv3repo2024",
    });
    const mixer = {
      kind: "latent",
      heads: 128,
      latentRank: 512,
      rotaryDim: 64,
      noRotaryDim: 128,
      valueHeadDim: 128,
      queryRank: 1536,
      cacheSource: "own",
    };
    expect(model("deepseek-v3").runs).toEqual([
      { count: 3, blocks: [mixer, { kind: "dense", width: 18432, matrices: 3 }] },
      {
        count: 58,
        blocks: [
          mixer,
          {
            kind: "experts",
            routed: 256,
            perToken: 8,
            computedPerToken: 8,
            width: 2048,
            inputWidth: 7168,
            matrices: 3,
            shared: 1,
            sharedWidth: 2048,
            groups: 8,
            chosenGroups: 4,
            router: "learned",
            emptyExperts: 0,
          },
        ],
      },
    ]);
  });

  it.each([
    "deepseek-v3",
    "deepseek-r1",
    "deepseek-v4-pro",
    "deepseek-v4-flash",
    "kimi-k2",
    "kimi-k3",
    "mixtral-8x7b",
    "mixtral-8x22b",
    "qwen3-30b-a3b",
    "qwen3-235b-a22b",
    "qwen3-next-80b-a3b",
    "gpt-oss-20b",
    "gpt-oss-120b",
    "llama-2-70b",
    "llama-3.1-405b",
    "gpt-3-175b",
    "gshard-600b",
    "switch-c",
    "st-moe-32b",
    "llama-4-maverick",
    "glm-5",
    "minimax-m2",
    "mistral-large-3",
  ])("knows %s", (id) => {
    expect(model(id).id).toBe(id);
  });

  it("takes the names of later releases that keep a configuration", () => {
    expect(model("kimi-k2.5")).toBe(model("kimi-k2-thinking"));
    expect(model("deepseek-v3.2")).toBe(model("deepseek-v3.2-exp"));
    expect(model("glm-5.1").id).toBe("glm-5");
    expect(model("glm-5.2").id).toBe("glm-5.2");
    expect(model("qwen3.6-35b-a3b").id).toBe("qwen3.5-35b-a3b");
  });

  it("names the nearest ids when there is no such model", () => {
    expect(() => model("deepseekv3")).toThrow(new RangeError('unknown model "deepseekv3"; nearest: deepseek-v3, deepseek-v2, deepseek-r1'));
    expect(() => model("")).toThrow(RangeError);
    expect(() => model("toString")).toThrow(/unknown model "toString"/);
  });
});

describe("models", () => {
  it("lists the registry by release, then by id", () => {
    const keys = models().map((m) => `${m.released} ${m.id}`);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
    expect(models()[0]?.id).toBe("gpt-3-175b");
  });

  it("is parsed once and frozen", () => {
    expect(models()).toBe(models());
    expect(Object.isFrozen(models())).toBe(true);
    expect(models().every((m) => Object.isFrozen(m) && Object.isFrozen(m.aliases))).toBe(true);
  });

  it("has dense models with no expert at all, and sparse ones with every expert size", () => {
    for (const m of models()) {
      expect(isMoe(m), m.id).toBe(m.routedExperts > 0);
      expect(
        [m.expertsPerToken, m.moeIntermediateSize, m.expertHiddenSize, m.moeLayers].every((n) => n > 0),
        m.id,
      ).toBe(isMoe(m));
    }
    expect(
      models()
        .filter((m) => !isMoe(m))
        .map((m) => m.id),
    ).toEqual(["gpt-3-175b", "llama-2-70b", "llama-3-70b", "llama-3.1-405b", "qwen3.5-27b"]);
  });

  it("has layers that are dense or sparse, but for Nemotron 3, where a block is a mixer or a feed-forward part", () => {
    const odd = models().filter((m) => m.denseLayers + m.moeLayers !== m.layers);
    expect(odd.map((m) => m.id)).toEqual(["nemotron-3-nano-30b-a3b", "nemotron-3-super-120b-a12b", "nemotron-3-ultra-550b-a55b"]);
    for (const m of odd) expect(m.moeLayers + m.attentionLayers + m.linearLayers, m.id).toBe(m.layers);
  });

  it("has a mixer in every layer: softmax attention, or a linear one; LongCat has two", () => {
    for (const m of models().filter((m) => !m.id.startsWith("nemotron"))) {
      expect(m.attentionLayers + m.linearLayers, m.id).toBe(m.id === "longcat-flash" ? 2 * m.layers : m.layers);
    }
  });

  it("routes to groups that divide the experts", () => {
    for (const m of models()) {
      expect(m.topkGroup <= m.expertGroups, m.id).toBe(true);
      expect(m.routedExperts % m.expertGroups, m.id).toBe(0);
    }
  });

  it("shows experts no wider than the residual stream", () => {
    for (const m of models()) expect(m.expertHiddenSize <= m.hiddenSize, m.id).toBe(true);
    expect(
      models()
        .filter((m) => isMoe(m) && m.expertHiddenSize < m.hiddenSize)
        .map((m) => [m.id, m.expertHiddenSize]),
    ).toEqual([
      ["nemotron-3-super-120b-a12b", 1024],
      ["nemotron-3-ultra-550b-a55b", 2048],
      ["kimi-k3", 3584],
      ["muse-spark-open-816b-a42b", 4096],
    ]);
  });
});

describe("the stacks", () => {
  it("run the indexer in all layers of GLM-5 and in 21 of 78 of GLM-5.2 and 5.3", () => {
    const scoring = (id: string) =>
      model(id).runs.reduce(
        (sum, { count, blocks }) => sum + (blocks.some((b) => b.kind === "latent" && b.indexer?.scores) ? count : 0),
        0,
      );
    expect(["glm-5", "glm-5.2", "glm-5.3"].map(scoring)).toEqual([78, 21, 21]);
  });

  it("give window layers heads of their own", () => {
    const heads = (id: string) => blocksOf(id).flatMap((b) => (b.kind === "grouped" ? [[b.window, b.heads, b.keyValueHeads]] : []));
    expect(heads("laguna-xs.2")).toEqual(
      expect.arrayContaining([
        [undefined, 48, 8],
        [512, 64, 8],
      ]),
    );
    expect(heads("mimo-v2-flash")).toEqual(
      expect.arrayContaining([
        [undefined, 64, 4],
        [128, 64, 8],
      ]),
    );
  });
});

describe("addModel", () => {
  const parts = { ...model("mixtral-8x7b"), id: "own-mixtral", aliases: [] };

  it("takes the same model again and refuses another under its id", () => {
    expect(addModel(decoder(parts))).toBe(addModel(decoder(parts)));
    expect(() => addModel(decoder({ ...parts, vocabSize: 1 }))).toThrow('the id "own-mixtral" is already taken by Mixtral-8x7B');
    expect(() => addModel(decoder({ ...parts, id: "" }))).toThrow("id must be a text of at least one character");
  });
});

describe("readModels", () => {
  const columns = (readDataFile("models.csv").split("\n")[0] as string).split(",");
  const mixtral = readDataFile("models.csv")
    .split("\n")
    .find((line) => line.startsWith("mixtral-8x7b,")) as string;
  const layers = readRows("layers.csv").filter((row) => row.cells.model === "mixtral-8x7b");
  const withCell = (column: string, cell: string) => {
    const cells = mixtral.split(",");
    cells[columns.indexOf(column)] = cell;
    return parseRows("models.csv", `${columns.join(",")}\n${cells.join(",")}\n`);
  };
  const withLayer = (i: number, column: string, cell: string) =>
    layers.map((row, at) => ({ ...row, file: "layers.csv", line: at + 2, cells: at === i ? { ...row.cells, [column]: cell } : row.cells }));

  it.each([
    ["hiddenSize", "wide", 'models.csv:2: expected a number for hiddenSize, got "wide"'],
    ["hiddenSize", "", "models.csv:2: expected a value for hiddenSize, got nothing"],
    ["hiddenSize", "0", "models.csv:2: expected hiddenSize to be a whole number of at least 1, got 0"],
    ["predictionModules", "-1", "models.csv:2: expected predictionModules to be a whole number of at least 0, got -1"],
    ["released", "Dec 2023", 'models.csv:2: expected released as 2024-12-26, 2024-12 or 2024; got "Dec 2023"'],
    ["confidence", "sure", 'models.csv:2: expected confidence to be one of high, medium, low; got "sure"'],
    ["tiedEmbeddings", "maybe", 'models.csv:2: expected tiedEmbeddings to be one of yes, no; got "maybe"'],
    ["expertsFormat", "fp3", "models.csv:2: expected expertsFormat to be one of bfloat16, fp8"],
    ["source", "", "models.csv:2: expected a value for source, got nothing"],
  ])("refuses %s = %o with file and line", (column, cell, message) => {
    expect(() => readModels(withCell(column, cell), layers)).toThrow(message);
  });

  it.each([
    [0, "kind", "groupd", /^layers\.csv:2: expected kind to be one of .*got "groupd"; nearest: grouped/],
    [0, "sizes", "heads=32 keyValueHeds=8 headDim=128", 'layers.csv:2: grouped has no field "keyValueHeds"; nearest: keyValueHeads'],
    [0, "sizes", "heads=32 headDim=128", "layers.csv:2: expected keyValueHeads among the sizes of grouped, got none"],
    [0, "sizes", "heads", 'layers.csv:2: expected sizes as field=value pairs separated by spaces, got "heads"'],
    [0, "sizes", "heads=a keyValueHeads=8 headDim=128", 'layers.csv:2: expected a number of at least 0 for heads, got "a"'],
    [0, "sizes", "heads=32 heads=32", "layers.csv:2: expected heads once, got it twice"],
    [0, "sizes", "heads=32 keyValueHeads=8 headDim=128 gate=wide", 'layers.csv:2: expected gate to be one of head, element; got "wide"'],
    [0, "sizes", "heads=32 keyValueHeads=8 headDim=128 indexer.heads=1", 'layers.csv:2: grouped has no field "indexer.heads"'],
    [1, "count", "31", "layers.csv:3: expected count 32 as in the row before, got 31"],
    [1, "block", "3", "layers.csv:3: expected run 1, block 2 or run 2, block 1; got run 1, block 3"],
    [1, "model", "mixtral-8x7", 'layers.csv:3: unknown model "mixtral-8x7"; nearest: mixtral-8x7b'],
    [1, "sizes", "routed=8 perToken=9 width=14336", /layers\.csv:2: runs\[0\]\.blocks\[1\]\.perToken must be at most routed/],
  ])("refuses layer row %i with %s = %o, file and line named", (i, column, cell, message) => {
    expect(() => readModels(withCell("aliases", ""), withLayer(i, column, cell))).toThrow(message);
  });

  it("refuses a model without layers", () => {
    expect(() => readModels(withCell("aliases", ""), [])).toThrow(
      'models.csv:2: expected layers of "mixtral-8x7b" in layers.csv, got none',
    );
  });

  it("refuses an id that stands twice, also as an alias", () => {
    const twice = `${columns.join(",")}\n${mixtral}\n${mixtral}\n`;
    expect(() => readModels(parseRows("models.csv", twice), layers)).toThrow(
      'models.csv:3: the id "mixtral-8x7b" is already taken at models.csv:2',
    );
    expect(() => readModels(withCell("aliases", "a b a"), layers)).toThrow('the id "a" is already taken');
  });

  it("takes any whole width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        (width) => readModels(withCell("hiddenSize", String(width)), layers)[0]?.hiddenSize === width,
      ),
      { numRuns: 50 },
    );
  });
});
