import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { kernels } from "../../src/kernels/families";
import { hardware, machines } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";

const shapes = ["deepseek-v3", "kimi-k2", "gpt-oss-120b", "mixtral-8x7b", "qwen3-30b-a3b"].map((id) => model(id));
const question = fc.record({
  family: fc.constantFrom(...kernels()),
  shape: fc.constantFrom(...shapes),
  machine: fc.constantFrom("h100-sxm", "h200-sxm", "b200-sxm", "gb200", "l40s", "mi300x"),
  tokens: fc.integer({ min: 1, max: 30_000 }),
  ranks: fc.integer({ min: 1, max: 300 }),
  cache: fc.constantFrom("warm" as const, "cold" as const),
});

describe("laws of a layer, of every kernel and degree", () => {
  const at = (q: {
    family: { kernel: string; weightFormat: string };
    shape: (typeof shapes)[0];
    machine: string;
    cache: "warm" | "cold";
  }) => {
    const { kernel, weightFormat } = q.family;
    const common = { model: q.shape, hardware: hardware(q.machine), kernel, weightFormat, routing: "chance", cache: q.cache };
    return (tokens: number, expertParallel: number) => moeLayerTime({ ...common, tokens, expertParallel });
  };

  it("takes no less time for one token more and no more than twice for twice the tokens", () => {
    fc.assert(
      fc.property(question, ({ tokens, ranks, ...q }) => {
        const time = at(q);
        const [one, more, twice] = [time(tokens, ranks), time(tokens + 1, ranks), time(2 * tokens, ranks)];
        expect(more.seconds).toBeGreaterThanOrEqual(one.seconds * (1 - 1e-9));
        expect(twice.seconds).toBeLessThanOrEqual(2 * one.seconds * (q.cache === "cold" ? 1 + 1e-9 : 2));
        expect(one.floorSeconds).toBeLessThanOrEqual(one.seconds);
      }),
      { numRuns: 4000 },
    );
  });

  it("loses no row, and gains by one GPU more no more than the experts that its busiest rank is rid of", () => {
    fc.assert(
      fc.property(question, ({ tokens, ranks, ...q }) => {
        const time = at(q);
        const [few, more] = [time(tokens, ranks), time(tokens, ranks + 1)];
        expect(few.rows * ranks).toBeGreaterThanOrEqual(tokens * q.shape.expertsPerToken * (1 - 1e-9));
        if (q.cache === "cold")
          expect(more.seconds).toBeGreaterThanOrEqual(few.seconds * (more.localExperts / few.localExperts) * (1 - 1e-9));
        if (more.localExperts === few.localExperts) expect(more.seconds).toBe(few.seconds);
      }),
      { numRuns: 4000 },
    );
  });

  it("answers for any machine with fields missing, and for kernels of an engine that nobody measured", () => {
    for (const machine of machines()) {
      const { processors: _, clockHertz: __, cacheBytes: ___, ...bare } = machine;
      for (const kernel of ["vllm_of_tomorrow", "sglang_of_tomorrow", "moe_torch_flow_nongated", "deepepmoe"]) {
        const { seconds, fitted } = moeLayerTime({
          model: model("deepseek-v3"),
          hardware: { ...bare, generation: "unheard of" },
          kernel,
          weightFormat: "nvfp4",
          tokens: 7,
        });
        expect(seconds).toBeGreaterThan(0);
        expect(fitted).not.toBe("here");
      }
    }
  });
});
