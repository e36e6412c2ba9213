import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDataFile } from "../../src/data/files";
import { parseRows } from "../../src/data/rows";
import { isMoe, model, models, readModels } from "../../src/model/model";

describe("model", () => {
  it("gives DeepSeek-V3 as its configuration states it", () => {
    expect(model("deepseek-v3")).toMatchObject({
      name: "DeepSeek-V3",
      released: "2024-12-26",
      hiddenSize: 7168,
      layers: 61,
      denseLayers: 3,
      moeLayers: 58,
      routedExperts: 256,
      sharedExperts: 1,
      expertsPerToken: 8,
      moeIntermediateSize: 2048,
      intermediateSize: 18432,
      attentionHeads: 128,
      headDim: 192,
      valueHeadDim: 128,
      kvLoraRank: 512,
      qLoraRank: 1536,
      expertGroups: 8,
      topkGroup: 4,
      totalParameters: 671e9,
      source: "deepseekv3repo2024",
    });
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

describe("readModels", () => {
  const file = readDataFile("models.csv");
  const columns = (file.split("\n")[0] as string).split(",");
  const mixtral = file.split("\n").find((line) => line.startsWith("mixtral-8x7b,")) as string;
  const withCell = (column: string, cell: string) => {
    const cells = mixtral.split(",");
    cells[columns.indexOf(column)] = cell;
    return parseRows("models.csv", `${columns.join(",")}\n${cells.join(",")}\n`);
  };

  it.each([
    ["hiddenSize", "wide", 'models.csv:2: expected a number for hiddenSize, got "wide"'],
    ["hiddenSize", "", "models.csv:2: expected a value for hiddenSize, got nothing"],
    ["hiddenSize", "0", "models.csv:2: expected hiddenSize to be a whole number of at least 1, got 0"],
    ["layers", "32.5", "models.csv:2: expected layers to be a whole number of at least 1, got 32.5"],
    ["routedExperts", "-8", "models.csv:2: expected routedExperts to be a whole number of at least 0, got -8"],
    ["expertsPerToken", "9", "models.csv:2: expected expertsPerToken up to routedExperts (8), got 9"],
    ["moeIntermediateSize", "0", "models.csv:2: expected moeIntermediateSize to be above 0 with 8 routed experts, got 0"],
    ["denseLayers", "1", "models.csv:2: expected denseLayers + moeLayers up to layers (32), got 33"],
    ["released", "Dec 2023", 'models.csv:2: expected released as 2024-12-26, 2024-12 or 2024; got "Dec 2023"'],
    ["confidence", "sure", 'models.csv:2: expected confidence to be one of high, medium, low; got "sure"'],
    ["tiedEmbeddings", "maybe", 'models.csv:2: expected tiedEmbeddings to be one of yes, no; got "maybe"'],
    ["source", "", "models.csv:2: expected a value for source, got nothing"],
  ])("refuses %s = %o with file and line", (column, cell, message) => {
    expect(() => readModels(withCell(column, cell))).toThrow(message);
  });

  it("refuses an id that stands twice, also as an alias", () => {
    const twice = `${columns.join(",")}\n${mixtral}\n${mixtral}\n`;
    expect(() => readModels(parseRows("models.csv", twice))).toThrow(
      'models.csv:3: the id "mixtral-8x7b" is already taken at models.csv:2',
    );
    const alias = withCell("aliases", "a b a");
    expect(() => readModels(alias)).toThrow('the id "a" is already taken');
  });

  it("takes any whole width", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (width) => readModels(withCell("hiddenSize", String(width)))[0]?.hiddenSize === width),
      { numRuns: 50 },
    );
  });
});
