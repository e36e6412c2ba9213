import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { isMixer } from "../../src/model/blocks";
import { modelFromConfig } from "../../src/model/config/read-config";
import { decoder } from "../../src/model/decoder";
import { blockMatrices } from "../../src/model/matrices";
import { isMoe, type Model } from "../../src/model/model";
import { expertParameters, parameterCount } from "../../src/model/parameters";
import { model, models } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { memoryFootprint } from "../../src/step/memory-footprint";

const tolerance = 0.05;

/** Models whose recomputed active parameters are more than 5 % off the stated ones, with the error in percent and why. */
const activeExceptions: Readonly<Record<string, readonly [number, string]>> = {
  "qwen3-next-80b-a3b": [8, "stated as a rounded 3B"],
};

/** Parameters of the mixers of one layer. */
function mixerParameters(m: Model, run = 0): number {
  const mixers = m.runs[run]?.blocks.filter(isMixer) ?? [];
  return mixers.flatMap((mixer) => blockMatrices(mixer, m.hiddenSize)).reduce((sum, w) => sum + w.outputs * w.inputs, 0);
}

const mixersOf = ({ blocks }: Model["runs"][number]) => JSON.stringify(blocks.filter(isMixer));
const emptyExperts = (m: Model) =>
  m.runs.flatMap(({ blocks }) => blocks).flatMap((b) => (b.kind === "experts" ? [b.emptyExperts] : []))[0] ?? 0;

/** A model with every block of experts changed. */
function withExperts(m: Model, change: (routed: number) => number): Model {
  const runs = m.runs.map(({ count, blocks }) => ({
    count,
    blocks: blocks.map((block) => (block.kind === "experts" ? { ...block, routed: change(block.routed) } : block)),
  }));
  return decoder({ ...m, runs });
}

describe("expertParameters", () => {
  it("counts three matrices of residual width times expert width", () => {
    expect(expertParameters(model("deepseek-v3"))).toBe(3 * 7168 * 2048); // 44.04 million
    expect(expertParameters(model("mixtral-8x7b"))).toBe(3 * 4096 * 14336); // 176.16 million
  });

  it("counts two where there is no gate, and the latent width where experts see one", () => {
    expect(expertParameters(model("switch-c"))).toBe(2 * 2080 * 6144);
    expect(expertParameters(model("nemotron-3-super-120b-a12b"))).toBe(2 * 1024 * 2688);
    expect(expertParameters(model("kimi-k3"))).toBe(3 * 3584 * 3072);
  });

  it("takes a bare layer shape as gated", () => {
    expect(expertParameters({ hiddenSize: 5, moeIntermediateSize: 7, routedExperts: 4, expertsPerToken: 2 })).toBe(105);
  });
});

describe("the parameters of one layer's mixers", () => {
  it("are of grouped-query attention: queries and output over all heads, keys and values over theirs", () => {
    // Llama-3.1-405B: 16384 x 128 x 128 twice, 16384 x 8 x 128 twice
    expect(mixerParameters(model("llama-3.1-405b"))).toBe(2 * 16384 * 16384 + 2 * 16384 * 1024);
  });

  it("go through the ranks of latent attention", () => {
    // DeepSeek-V3: 7168 x 1536 + 1536 x 128 x 192; 7168 x (512 + 64) + 512 x 128 x (128 + 128); 128 x 128 x 7168
    expect(mixerParameters(model("deepseek-v3"))).toBe(11_010_048 + 37_748_736 + 4_128_768 + 16_777_216 + 117_440_512);
  });

  it("hold an output gate where attention is gated", () => {
    // Qwen3-Next: 2048 x 16 x 256 three times, 2048 x 2 x 256 twice
    const next = model("qwen3-next-80b-a3b");
    const grouped = next.runs.findIndex(({ blocks }) => blocks.some(({ kind }) => kind === "grouped"));
    expect(mixerParameters(next, grouped)).toBe(3 * 8_388_608 + 2 * 1_048_576);
  });

  it("hold a shared key that is the value, an output through ranks in groups, and what compresses rows", () => {
    // V4-Pro: 1536 x (7168 + 128 x 512); 7168 x 512; 1024 x (128 x 512 + 16 x 7168); of 1 in 128 tokens 2 x 7168 x 512
    const v4 = model("deepseek-v4-pro");
    const heavy = v4.runs.findIndex(({ blocks }) => blocks.some((b) => b.kind === "compressed" && b.compressionRatio === 128));
    expect(mixerParameters(v4, heavy)).toBe(111_673_344 + 3_670_016 + 184_549_376 + 7_340_032);
  });
});

describe("parameterCount", () => {
  it("adds up Mixtral 8x7B by hand", () => {
    const count = parameterCount(model("mixtral-8x7b"));
    const attention = 2 * 4096 * 4096 + 2 * 4096 * 1024; // 41.9 million
    const expert = 176_160_768;
    const router = 4096 * 8;
    const table = 32000 * 4096;
    expect(count).toMatchObject({ perExpert: expert, embedding: 2 * table });
    expect(count.byPart).toEqual({ attention: 32 * attention, "routed expert": 32 * 8 * expert, router: 32 * router });
    expect(count.total).toBe(32 * (attention + 8 * expert + router) + 2 * table); // 46.70e9
    expect(count.activeBy["with head"]).toBe(32 * (attention + 2 * expert + router) + table); // 12.75e9
  });

  it("counts dense layers, shared experts and the router of DeepSeek-V3", () => {
    const count = parameterCount(model("deepseek-v3"));
    expect(count.byPart).toMatchObject({
      "dense feed-forward": 3 * 3 * 7168 * 18432,
      "shared expert": 58 * 3 * 7168 * 2048,
      router: 58 * 7168 * 256,
    });
    expect(count.total / 1e9).toBeCloseTo(671.0, 1);
  });

  it("counts a narrow embedding with the projections on both sides of the layers, once where the head shares it", () => {
    // 24 layers of 1024 with 4096 beside, an embedding of 50,272 tokens by 512, projections 512 to 1024 and back.
    const config = {
      ...{ model_type: "opt", hidden_size: 1024, word_embed_proj_dim: 512, ffn_dim: 4096, num_hidden_layers: 24 },
      ...{ num_attention_heads: 16, vocab_size: 50272, torch_dtype: "bfloat16" },
    };
    const [narrow, wide] = [config, { ...config, word_embed_proj_dim: 1024 }].map((each) => modelFromConfig(each));
    const layers = 24 * (4 * 1024 * 1024 + 2 * 1024 * 4096); // 302.0 million
    const count = parameterCount(narrow as Model);
    expect(count).toMatchObject({ embedding: 50272 * 512, byPart: { "embedding projection": 2 * 512 * 1024 } });
    expect(count.total).toBe(layers + 2 * 512 * 1024 + 50272 * 512); // 328.8 million
    expect(count.activeBy["with head"]).toBe(count.total);
    expect(parameterCount({ ...(narrow as Model), tiedEmbeddings: false }).total).toBe(count.total + 50272 * 512);
    expect(parameterCount(wide as Model).total).toBe(layers + 50272 * 1024);
    expect(wide).not.toHaveProperty("embeddingWidth");
    // Memory and a step hold and read the same: in BF16, tied, of one request.
    expect(memoryFootprint({ model: narrow as Model, requests: 1, contextTokens: 1 }).weightBytes).toBe(2 * count.total);
    const bytes = (m: Model | undefined) =>
      decodeStep({ model: m as Model, hardware: hardware("h100-sxm"), requests: 1, contextTokens: 1 }).tasks.find(
        ({ name }) => name === "head",
      )?.bytes as number;
    // The head and both projections are read; rows of activations beside them are under 1 % of that.
    expect(bytes(narrow) / (2 * (50272 * 512 + 2 * 512 * 1024))).toBeCloseTo(1, 2);
    expect(bytes(wide) / (2 * 50272 * 1024)).toBeCloseTo(1, 2);
  });

  it("counts a gate that comes with the queries out of one matrix, from their rank twice (A.X-K2)", () => {
    const config = {
      ...{ model_type: "axk2", hidden_size: 2048, intermediate_size: 5120, moe_intermediate_size: 512, num_hidden_layers: 48 },
      ...{ num_attention_heads: 32, num_key_value_heads: 32, n_shared_experts: 1, n_routed_experts: 128, num_experts_per_tok: 8 },
      ...{ kv_lora_rank: 128, q_lora_rank: 384, qk_rope_head_dim: 32, v_head_dim: 64, qk_nope_head_dim: 64, vocab_size: 163840 },
      ...{ index_topk: 2048, index_head_dim: 128, index_n_heads: 16, gated_norm_rank: 16, first_k_dense_replace: 1 },
      ...{ tie_word_embeddings: false, torch_dtype: "bfloat16" },
    };
    const m = modelFromConfig(config);
    // Down 2048 x (384 + 128 + 32); queries of 96 and a gate of 64 from 2 x 384; keys and values 64 each from 128; out; the index.
    const attention = 2048 * 544 + 768 * 32 * (96 + 64) + 128 * 32 * 128 + 2048 * 2048 + 384 * 2048 + 2048 * (128 + 16);
    expect(attention).toBe(10_846_208);
    expect(parameterCount(m).byPart.attention).toBe(48 * attention);
    expect(m.attention).toMatch(/^gated MLA/);
    expect(m.note).not.toContain("the model type is not known");
    expect(m.note).toContain("gates of norms are left out");
    // Without the gate queries come from the rank alone, as in DeepSeek-V3.2.
    const plain = parameterCount(modelFromConfig({ ...config, model_type: "deepseek_v32", gated_norm_rank: 0 })).byPart.attention;
    expect(48 * attention - (plain as number)).toBe(48 * (768 * 32 * 160 - 384 * 32 * 96));
  });

  it("counts a tied embedding once", () => {
    expect(parameterCount(model("gpt-3-175b")).embedding).toBe(50257 * 12288);
  });

  it("gives a dense model the same total and active parameters", () => {
    const count = parameterCount(model("llama-2-70b"));
    expect(count.activeBy["with head and embedding"]).toBe(count.total);
    expect(count.perExpert).toBe(0);
  });

  it.each(
    models()
      .filter((m) => m.totalParameters !== undefined)
      .map((m) => m.id),
  )("reaches the stated total of %s within 5 percent", (id) => {
    const m = model(id);
    expect(Math.abs(parameterCount(m).total / (m.totalParameters as number) - 1)).toBeLessThan(tolerance);
  });

  it.each(
    models()
      .filter((m) => m.activeParameters !== undefined)
      .map((m) => m.id),
  )("reaches the stated active parameters of %s within 5 percent, or a listed exception", (id) => {
    const m = model(id);
    const error = parameterCount(m).active / (m.activeParameters as number) - 1;
    const exception = activeExceptions[id];
    if (exception === undefined) expect(Math.abs(error)).toBeLessThan(tolerance);
    else {
      expect(Math.abs(error), "no longer an exception: strike it from the list").toBeGreaterThan(tolerance);
      expect(Math.round(100 * error), exception[1]).toBe(exception[0]);
    }
  });

  it("grows with every expert by one expert and one router column a layer", () => {
    fc.assert(
      fc.property(fc.constantFrom(...models().filter(isMoe)), fc.integer({ min: 1, max: 64 }), (m, more) => {
        const before = parameterCount(m);
        const after = parameterCount(withExperts(m, (routed) => routed + more));
        const { "without embeddings": core } = before.activeBy;
        // Layers that route by a table have no column.
        const routers = (before.byPart.router ?? 0) / m.hiddenSize / (m.routedExperts + emptyExperts(m));
        expect(after.total - before.total).toBe(m.moeLayers * more * before.perExpert + routers * more * m.hiddenSize);
        expect((after.activeBy["without embeddings"] - core) / (routers * more * m.hiddenSize)).toBeCloseTo(1, 3);
      }),
    );
  });

  it("takes the head with it where nothing is stated, and where an input embedding is the head", () => {
    const { activeParameters, ...unsaid } = model("deepseek-v3");
    expect(parameterCount(unsaid).activeConvention).toBe("with head");
    for (const m of models().filter((x) => x.tiedEmbeddings))
      expect(parameterCount(m).activeConvention, m.id).not.toBe("with head and embedding");
    expect(models().some((m) => m.tiedEmbeddings && parameterCount(m).activeConvention === "with head")).toBe(true);
  });

  it("adds up what it has of each part", () => {
    for (const m of models()) {
      const { total, embedding, byPart } = parameterCount(m);
      const parts = Object.values(byPart).reduce((sum, count) => sum + count, 0);
      expect(parts + embedding, m.id).toBe(total);
    }
  });

  it("is off the stated active parameters of stacks of unlike layers by at most 1 % in the median", () => {
    // LongCat has two mixers a layer.
    const oneMixer = (m: Model) => new Set(m.runs.map(mixersOf)).size === 1 && m.attentionLayers + m.linearLayers === m.layers;
    const unlike = models().filter((m) => m.activeParameters !== undefined && !oneMixer(m));
    expect(unlike.length).toBeGreaterThan(25);
    const errors = unlike.map((m) => Math.abs(parameterCount(m).active / (m.activeParameters as number) - 1)).sort((a, b) => a - b);
    expect(errors[Math.floor(errors.length / 2)]).toBeLessThanOrEqual(0.01);
  });

  it("never has more active parameters than parameters", () => {
    for (const m of models()) expect(parameterCount(m).active, m.id).toBeLessThanOrEqual(parameterCount(m).total);
  });
});
