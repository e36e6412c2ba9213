import { describe, expect, it } from "vitest";
import type { ExpertsBlock } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { parameterCount } from "../../src/model/parameters";
import { model, models } from "../../src/model/registry";
import { type ModelChanges, whatIfModel } from "../../src/model/what-if-model";

const v3 = model("deepseek-v3");
const experts = (m: typeof v3) => m.runs.flatMap((run) => run.blocks).find((b) => b.kind === "experts") as ExpertsBlock;

describe("what-if model", () => {
  it("splits the experts: 256 of width 2,048, eight a token, by two into 512 of 1,024, sixteen a token", () => {
    const split = whatIfModel(v3, { granularity: 2 });
    expect(experts(split)).toEqual({ ...experts(v3), routed: 512, perToken: 16, computedPerToken: 16, width: 1024 });
    expect(split).toMatchObject({ routedExperts: 512, expertsPerToken: 16, moeIntermediateSize: 1024, sharedIntermediateSize: 2048 });
    expect(split).toMatchObject({ id: "deepseek-v3-granularity-2", aliases: [], name: "DeepSeek-V3, experts split by 2" });
    expect(whatIfModel(v3, { granularity: 1 })).toBe(v3);
  });

  it("keeps groups of as many experts each", () => {
    // 24 experts in 8 groups: a half as many are 12, which 8 groups cannot share alike.
    const runs = v3.runs.map(({ count, blocks }) => ({
      count,
      blocks: blocks.map((b) => (b.kind === "experts" ? { ...b, routed: 24 } : b)),
    }));
    const { totalParameters: _, activeParameters: __, ...unstated } = v3;
    expect(() => whatIfModel(decoder({ ...unstated, runs }), { granularity: 0.5 })).toThrow(
      "granularity must leave as many experts in each of 8 groups (deepseek-v3), got 0.5: 12 experts",
    );
    expect(() => whatIfModel("deepseek-v3" as never, { granularity: 2 })).toThrow("base must be a model with runs");
  });

  it("keeps all parameters but the router's, from a quarter to 64, for every model that can be split so", () => {
    let counted = 0;
    for (const base of models().filter((m) => m.routedExperts > 0)) {
      const { totalParameters: _, activeParameters: __, ...unstated } = base;
      const before = parameterCount(unstated);
      for (const granularity of [0.25, 0.5, 2, 4, 8, 16, 32, 64]) {
        let split: typeof base;
        try {
          split = whatIfModel(base, { granularity });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          continue;
        }
        counted++;
        const after = parameterCount(split);
        const [router, grown] = [before.byPart.router ?? 0, after.byPart.router ?? 0];
        expect(grown).toBe(router * granularity);
        expect(after.total - grown).toBe(before.total - router);
        expect((after.active - grown) / (before.active - router)).toBeCloseTo(1, 12);
      }
    }
    expect(counted).toBeGreaterThan(300);
  });

  it("keeps total parameters within 1 % up to 32 and active ones up to 2, the router included", () => {
    const off = (granularity: number) => {
      const { totalParameters: _, activeParameters: __, ...unstated } = v3;
      const [before, after] = [parameterCount(unstated), parameterCount(whatIfModel(v3, { granularity }))];
      return [after.total / before.total - 1, after.active / before.active - 1] as const;
    };
    for (const granularity of [0.25, 0.5, 2, 4, 8, 16, 32]) expect(Math.abs(off(granularity)[0])).toBeLessThan(0.01);
    for (const granularity of [0.25, 0.5, 2, 4]) expect(Math.abs(off(granularity)[1])).toBeLessThan(0.01);
  });

  it.each<[string, ModelChanges, RegExp]>([
    ["deepseek-v3", { granularity: 3 }, /whole width \(deepseek-v3 has 2048\), got 3/],
    ["deepseek-v3", { granularity: 1 / 16 }, /whole perToken \(deepseek-v3 has 8\), got 0.0625: 0.5/],
    ["deepseek-v3", { granularity: 0 }, /granularity must be a positive number, got 0/],
    ["deepseek-v3", { granularity: Number.NaN }, /granularity must be a positive number/],
    ["deepseek-v3", { granularity: 2, width: 3 } as ModelChanges, /unknown field "width"; nearest: granularity/],
    ["llama-3.1-405b", { granularity: 2 }, /llama-3.1-405b has no experts to split/],
  ])("refuses %s %o", (id, changes, message) => {
    expect(() => whatIfModel(model(id), changes)).toThrow(message);
  });
});
