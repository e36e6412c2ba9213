import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMoe } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { attentionParameters, expertParameters, parameterCount } from "../../src/model/parameters";

const tolerance = 0.05;

/** Models whose recomputed active parameters are more than 5 % off the stated ones, with the error in percent and why. */
const activeExceptions: Readonly<Record<string, readonly [number, string]>> = {
  "jamba-v0.1": [-14, "Mamba layers counted as attention"],
  "jamba-1.5-large": [-18, "Mamba layers counted as attention"],
  "minimax-text-01": [-16, "lightning attention layers counted as grouped-query attention"],
  "step-3": [8, "queries go through a low rank that the registry does not hold"],
  "longcat-flash": [13, "12 experts a token, of which about 4 compute nothing"],
  "nemotron-3-nano-30b-a3b": [-10, "Mamba-2 layers counted as attention"],
  "nemotron-3-super-120b-a12b": [-18, "Mamba-2 layers counted as attention"],
  "nemotron-3-ultra-550b-a55b": [-23, "Mamba-2 layers counted as attention"],
  "qwen3.5-122b-a10b": [-6, "Gated DeltaNet layers counted as gated attention"],
  "qwen3.5-35b-a3b": [-8, "Gated DeltaNet layers counted as gated attention; stated as a rounded 3B"],
  "gemma-4-26b-a4b": [-6, "stated as a rounded 4B, vision included"],
  "laguna-xs.2": [-8, "stated as a rounded 3B; heads that vary by layer are counted like those of the first"],
  "kimi-k3": [-13, "Kimi Delta Attention layers counted as MLA"],
  "ling-3.0-flash-124b-a5.5b": [-20, "Kimi Delta Attention layers counted as MLA; the stated 5.5B is not reached with them either"],
  "deepseek-v4.1-flash": [17, "the ranks of the output projection were not found, so it is counted in full"],
};

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

describe("attentionParameters", () => {
  it("counts grouped-query attention: queries and output over all heads, keys and values over theirs", () => {
    // Llama-3.1-405B: 16384 x 128 x 128 twice, 16384 x 8 x 128 twice
    expect(attentionParameters(model("llama-3.1-405b"))).toBe(2 * 16384 * 16384 + 2 * 16384 * 1024);
  });

  it("counts latent attention through its ranks", () => {
    // DeepSeek-V3: 7168 x 1536 + 1536 x 128 x 192; 7168 x (512 + 64) + 512 x 128 x (128 + 128); 128 x 128 x 7168
    expect(attentionParameters(model("deepseek-v3"))).toBe(11_010_048 + 37_748_736 + 4_128_768 + 16_777_216 + 117_440_512);
  });

  it("counts an output gate where attention is gated", () => {
    // Qwen3-Next: 2048 x 16 x 256 three times, 2048 x 2 x 256 twice
    expect(attentionParameters(model("qwen3-next-80b-a3b"))).toBe(3 * 8_388_608 + 2 * 1_048_576);
  });

  it("counts a shared key that is the value, and an output through ranks in groups", () => {
    // V4-Pro: 1536 x (7168 + 128 x 512); 7168 x 512; 1024 x (128 x 512 + 16 x 7168)
    expect(attentionParameters(model("deepseek-v4-pro"))).toBe(111_673_344 + 3_670_016 + 184_549_376);
  });
});

describe("parameterCount", () => {
  it("adds up Mixtral 8x7B by hand", () => {
    const count = parameterCount(model("mixtral-8x7b"));
    const attention = 2 * 4096 * 4096 + 2 * 4096 * 1024; // 41.9 million
    const expert = 176_160_768;
    const router = 4096 * 8;
    const table = 32000 * 4096;
    expect(count).toMatchObject({ attentionPerLayer: attention, perExpert: expert, routerPerLayer: router, embedding: 2 * table });
    expect(count.total).toBe(32 * (attention + 8 * expert + router) + 2 * table); // 46.70e9
    expect(count.activeBy["with head"]).toBe(32 * (attention + 2 * expert + router) + table); // 12.75e9
  });

  it("counts dense layers, shared experts and the router of DeepSeek-V3", () => {
    const count = parameterCount(model("deepseek-v3"));
    expect(count.densePerLayer).toBe(3 * 7168 * 18432);
    expect(count.besideExpertsPerLayer).toBe(3 * 7168 * 2048 + 7168 * 256);
    expect(count.total / 1e9).toBeCloseTo(671.0, 1);
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
        const after = parameterCount({ ...m, routedExperts: m.routedExperts + more });
        const { "without embeddings": core } = before.activeBy;
        return (
          after.total - before.total === m.moeLayers * more * (before.perExpert + m.hiddenSize) &&
          after.activeBy["without embeddings"] - core === m.moeLayers * more * m.hiddenSize
        );
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

  it("has a key for each key-value head where the key is also the value", () => {
    const v4 = model("deepseek-v4-pro");
    expect(attentionParameters({ ...v4, keyValueHeads: 3 }) - attentionParameters(v4)).toBe(2 * v4.hiddenSize * v4.headDim);
  });

  it("never has more active parameters than parameters", () => {
    for (const m of models()) expect(parameterCount(m).active, m.id).toBeLessThanOrEqual(parameterCount(m).total);
  });
});
