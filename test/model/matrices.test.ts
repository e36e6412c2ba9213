import { describe, expect, it } from "vitest";
import type { Block, DenseBlock, ExpertsBlock } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { blockMatrices, matrixElementBytes, weightMatrices } from "../../src/model/matrices";
import type { Model } from "../../src/model/model";
import { parameterCount } from "../../src/model/parameters";
import { model, models } from "../../src/model/registry";

const elements = (m: Model, keep: (part: string) => boolean = () => true) =>
  weightMatrices(m)
    .filter((w) => keep(w.part))
    .reduce((sum, w) => sum + w.outputs * w.inputs * w.count, 0);
const bare = (m: Model) => Object.fromEntries(weightMatrices(m).map((w) => [`${w.part}: ${w.name}`, [w.outputs, w.inputs, w.count]]));
/** All parameters but an input embedding of its own, which is looked up and not multiplied. */
const multiplied = (m: Model) => parameterCount(m).total - (m.tiedEmbeddings ? 0 : m.vocabSize * m.hiddenSize);
const blockOf = (id: string, kind: Block["kind"], at = 0) =>
  model(id)
    .runs.flatMap(({ blocks }) => blocks)
    .filter((block) => block.kind === kind)[at] as Block;
const ofBlock = (id: string, kind: Block["kind"], at = 0) =>
  Object.fromEntries(blockMatrices(blockOf(id, kind, at), model(id).hiddenSize).map((w) => [w.name, [w.outputs, w.inputs]]));

describe("weightMatrices", () => {
  it("is DeepSeek-V3 part by part: latent attention, router, experts, three dense layers, head", () => {
    expect(bare(model("deepseek-v3"))).toEqual({
      "attention: query, key and value down": [1536 + 512 + 64, 7168, 61],
      "attention: query up": [128 * 192, 1536, 61],
      "attention: key up, absorbed": [128 * 512, 128, 61],
      "attention: value up, absorbed": [128 * 128, 512, 61],
      "attention: output projection": [7168, 128 * 128, 61],
      "router: router": [256, 7168, 58],
      "routed expert: up and gate": [2 * 2048, 7168, 58 * 256],
      "routed expert: down": [7168, 2048, 58 * 256],
      "shared expert: up and gate": [2 * 2048, 7168, 58],
      "shared expert: down": [7168, 2048, 58],
      "dense feed-forward: up and gate": [2 * 18_432, 7168, 3],
      "dense feed-forward: down": [7168, 18_432, 3],
      "head: head": [129_280, 7168, 1],
    });
  });

  it("fuses query, key and value of grouped attention: Mixtral's 48 + 2 x 8 heads of 128", () => {
    expect(bare(model("mixtral-8x22b"))).toEqual({
      "attention: query, key and value": [(48 + 8 + 8) * 128, 6144, 56],
      "attention: output projection": [6144, 48 * 128, 56],
      "router: router": [8, 6144, 56],
      "routed expert: up and gate": [2 * 16_384, 6144, 56 * 8],
      "routed expert: down": [6144, 16_384, 56 * 8],
      "head: head": [32_000, 6144, 1],
    });
  });

  it("has one matrix up where an expert has no gate, and the narrow width where experts see one, with projections to and from it", () => {
    const nemotron = model("nemotron-3-super-120b-a12b");
    const layers = nemotron.moeLayers;
    const found = bare(nemotron);
    expect(found["routed expert: up"]).toEqual([nemotron.moeIntermediateSize, 1024, layers * nemotron.routedExperts]);
    expect(found["shared expert: up"]).toEqual([nemotron.sharedIntermediateSize, nemotron.hiddenSize, layers]);
    expect(found["latent projection: to the experts' width"]).toEqual([1024, nemotron.hiddenSize, layers]);
    expect(found["latent projection: from the experts' width"]).toEqual([nemotron.hiddenSize, 1024, layers]);
    expect(Object.keys(found).filter((name) => name.includes("gate"))).toEqual([]);
  });

  it("projects a query at once where it has no rank, and an output through ranks in groups where it has", () => {
    expect(bare(model("deepseek-v2-lite"))).toMatchObject({
      "attention: query, and key and value down": [16 * 192 + 512 + 64, 2048, 27],
      "attention: key up, absorbed": [16 * 512, 128, 27],
      "attention: value up, absorbed": [16 * 128, 512, 27],
      "attention: output projection": [2048, 16 * 128, 27],
    });
    expect(bare(model("deepseek-v4-pro"))).toMatchObject({
      "attention: query down, key that is the value": [1536 + 512, 7168, 61],
      "attention: query up": [128 * 512, 1536, 61],
      "attention: output down": [1024, 128 * 512, 61],
      "attention: output up": [7168, 16 * 1024, 61],
    });
  });

  it("is each linear mixer by hand", () => {
    // Qwen3-Next: 16 heads of queries and keys, 32 of values, all of 128; a gate as wide as the values, decay and strength of each head.
    expect(ofBlock("qwen3-next-80b-a3b", "linear")).toEqual({
      "query, key, value and gates": [2 * 16 * 128 + 2 * 32 * 128 + 2 * 32, 2048],
      "output projection": [2048, 32 * 128],
    });
    // Kimi Linear: 32 heads of 128; decay and output gate through a rank of 128.
    expect(ofBlock("kimi-linear-48b-a3b", "linear")).toEqual({
      "query, key, value and gates down": [3 * 4096 + 2 * 128 + 32, 2304],
      "decay and output gate up": [2 * 4096, 128],
      "output projection": [2304, 4096],
    });
    // Nemotron 3 Ultra: 256 heads of 64 and their gate, 8 groups of B and C of 128, a step for each head.
    expect(ofBlock("nemotron-3-ultra-550b-a55b", "linear")).toEqual({
      "input projection": [2 * 256 * 64 + 2 * 8 * 128 + 256, 8192],
      "output projection": [8192, 256 * 64],
    });
    // Jamba: 8,192 channels and their gate, a state of 16, the step through a rank of 256.
    expect(ofBlock("jamba-v0.1", "linear")).toEqual({
      "input projection": [2 * 8192, 4096],
      "time step, B and C": [256 + 2 * 16, 8192],
      "time step up": [8192, 256],
      "output projection": [4096, 8192],
    });
    // MiniMax-Text-01: queries, keys, values and a gate of 64 heads of 128.
    expect(ofBlock("minimax-text-01", "linear")).toEqual({
      "query, key, value and gate": [4 * 64 * 128, 6144],
      "output projection": [6144, 64 * 128],
    });
  });

  it("tells what attention multiplies from what a linear mixer does", () => {
    const parts = (id: string, kind: Block["kind"]) =>
      new Set(blockMatrices(blockOf(id, kind), model(id).hiddenSize).map(({ part }) => part));
    expect(parts("qwen3-next-80b-a3b", "linear")).toEqual(new Set(["linear mixer"]));
    expect(parts("qwen3-next-80b-a3b", "grouped")).toEqual(new Set(["attention"]));
  });

  it("has an indexer's matrices in the layers that score, and none where a selection is taken over", () => {
    const v32 = blockMatrices(blockOf("deepseek-v3.2-exp", "latent"), 7168);
    expect(v32.filter(({ name }) => name.startsWith("index"))).toEqual([
      expect.objectContaining({ name: "index queries", outputs: 64 * 128, inputs: 1536 }),
      expect.objectContaining({ name: "index key and head weights", outputs: 128 + 64, inputs: 7168, bf16: true }),
    ]);
    const count = (id: string) => weightMatrices(model(id)).find(({ name }) => name === "index queries")?.count;
    expect(["glm-5", "glm-5.2", "glm-5.3"].map(count)).toEqual([78, 21, 21]);
  });

  it("makes no key or value where an earlier layer's are read, and no value of its own where the key is it", () => {
    const widths = weightMatrices(model("hunyuan-large")).filter(({ name }) => name === "query, key and value");
    expect(widths.map(({ outputs, count }) => [outputs, count])).toEqual([
      [(80 + 2 * 8) * 80, 32],
      [80 * 80, 32],
    ]);
    const mixer = { ...blockOf("mixtral-8x7b", "grouped"), keyIsValue: true } as Block;
    expect(blockMatrices(mixer, 4096)[0]).toMatchObject({ outputs: (32 + 8) * 128, inputs: 4096 });
  });

  it("has a gate on the output for each head or for each element", () => {
    expect(ofBlock("laguna-xs.2", "grouped")["output gate"]).toEqual([48, model("laguna-xs.2").hiddenSize]);
    expect(ofBlock("qwen3-next-80b-a3b", "grouped")["output gate"]).toEqual([16 * 256, 2048]);
    expect(ofBlock("kimi-k3", "latent")["output gate"]).toEqual([96 * 128, 7168]);
  });

  it("has a router also where a table routes, since its scores weigh the experts, and outputs for experts that compute nothing", () => {
    const learned = blockOf("mixtral-8x7b", "experts") as ExpertsBlock;
    expect(blockMatrices({ ...learned, router: "hash" }, 4096)).toEqual(blockMatrices(learned, 4096));
    expect(blockMatrices({ ...learned, emptyExperts: 3 }, 4096)[0]).toMatchObject({ part: "router", outputs: 8 + 3, inputs: 4096 });
    const v4 = model("deepseek-v4-flash");
    expect(v4.runs.some(({ blocks }) => blocks.some((b) => b.kind === "experts" && b.router === "hash"))).toBe(true);
    expect(weightMatrices(v4).find(({ part }) => part === "router")?.count).toBe(v4.moeLayers);
  });

  it("has no matrix of which there is none: experts alone where none is shared and all see the whole width", () => {
    expect(blockMatrices(blockOf("mixtral-8x7b", "experts"), 4096).map(({ part, name }) => `${part}: ${name}`)).toEqual([
      "router: router",
      "routed expert: up and gate",
      "routed expert: down",
    ]);
    const v3 = model("deepseek-v3");
    const sparse = decoder({ ...v3, runs: v3.runs.slice(1) });
    expect(weightMatrices(sparse).some((w) => w.part === "dense feed-forward")).toBe(false);
  });

  it("has the dense parts that stand beside the experts of Arctic, and LongCat's two in each layer", () => {
    expect(bare(model("snowflake-arctic"))).toMatchObject({
      "dense feed-forward: up and gate": [2 * 7168, 7168, 35],
      "dense feed-forward: down": [7168, 7168, 35],
    });
    const longcat = model("longcat-flash");
    expect(bare(longcat)["dense feed-forward: down"]?.[2]).toBe(2 * longcat.layers);
    expect(bare(longcat)["attention: output projection"]?.[2]).toBe(2 * longcat.layers);
  });

  it("uses of the routed experts those that a token goes to and that compute, and of all else everything", () => {
    for (const m of models()) {
      for (const { part, name, count, active } of weightMatrices(m)) {
        if (part === "routed expert") expect(active, m.id).toBeLessThan(count);
        else expect(active, `${m.id} ${name}`).toBe(count);
      }
    }
    const active = (id: string) => weightMatrices(model(id)).find(({ part }) => part === "routed expert")?.active;
    expect(active("deepseek-v3")).toBe(58 * 8);
    const longcat = blockOf("longcat-flash", "experts") as ExpertsBlock;
    expect(longcat.computedPerToken).toBeLessThan(longcat.perToken);
    expect(active("longcat-flash")).toBeCloseTo(28 * longcat.computedPerToken, 9);
  });

  it("sums to the parameters of every model, but an input embedding of its own", () => {
    for (const m of models()) expect(elements(m), m.id).toBe(multiplied(m));
  });

  it("has the experts that parameterCount has, and no matrix without elements", () => {
    for (const m of models()) {
      expect(
        elements(m, (part) => part === "routed expert"),
        m.id,
      ).toBe(m.moeLayers * m.routedExperts * parameterCount(m).perExpert);
      for (const w of weightMatrices(m)) expect(w.outputs * w.inputs * w.count, `${m.id} ${w.name}`).toBeGreaterThan(0);
    }
  });

  it("names no matrix of a model twice in one size", () => {
    for (const m of models()) {
      const keys = weightMatrices(m).map(({ part, name, outputs, inputs, bf16 }) => `${part} ${name} ${outputs} ${inputs} ${bf16 ?? ""}`);
      expect(keys, m.id).toEqual([...new Set(keys)]);
    }
  });

  it("is the sum over the runs, in whatever order and pieces they are written", () => {
    const v3 = model("deepseek-v3");
    const [dense, experts] = v3.runs as readonly [Model["runs"][number], Model["runs"][number]];
    const pieces = [{ ...experts, count: 20 }, dense, { ...experts, count: 38 }];
    const sorted = (m: Model) => [...weightMatrices(m)].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    expect(sorted(decoder({ ...v3, runs: pieces }))).toEqual(sorted(v3));
  });
});

describe("matrixElementBytes", () => {
  it("is the experts' format of routed experts, the other of the rest, and BF16 of what stays wide", () => {
    const formats = { experts: "w4a16_mxfp4", rest: "fp8" } as const;
    const bytes = (part: "routed expert" | "shared expert" | "router", bf16?: true) =>
      matrixElementBytes(bf16 === undefined ? { part } : { part, bf16 }, formats);
    expect(bytes("routed expert")).toBe(0.5 + 1 / 32);
    expect(bytes("shared expert")).toBe(1);
    expect(bytes("router", true)).toBe(2);
  });

  it("keeps head, router, absorbed projections and index keys wide in every model", () => {
    for (const m of models()) {
      for (const { part, name, bf16 } of weightMatrices(m))
        if (part === "head" || part === "router" || name.includes("absorbed") || name.startsWith("index key"))
          expect(bf16, `${m.id} ${name}`).toBe(true);
    }
  });
});

it("a dense part has three matrices with a gate and two without, up of both in one", () => {
  const dense: DenseBlock = { kind: "dense", width: 16, matrices: 3 };
  const shapes = (matrices: 2 | 3) => blockMatrices({ ...dense, matrices }, 8).map(({ name, outputs, inputs }) => [name, outputs, inputs]);
  expect(shapes(3)).toEqual([
    ["up and gate", 32, 8],
    ["down", 8, 16],
  ]);
  expect(shapes(2)).toEqual([
    ["up", 16, 8],
    ["down", 8, 16],
  ]);
});
