import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { gatherPlan } from "../../src/network/all-reduce";
import { dispatches } from "../../src/step/communication";
import { decodeStep } from "../../src/step/decode";
import { prefillStep } from "../../src/step/prefill";
import type { StepQuestion } from "../../src/step/question";

const v3 = model("deepseek-v3");
const h200 = hardware("h200-sxm");
const asked = { model: v3, hardware: h200, requests: 512, contextTokens: 2000 } as const;
const ask = (change: Partial<StepQuestion>) => decodeStep({ ...asked, ...change });
const eightGroups = { tensorParallel: 1, dataParallel: 8 } as const;
const link = h200.scaleUpBytesPerSecond as number;

describe("what brings tokens to experts", () => {
  it("sends tokens to whole experts alone: to experts that are cut, engines gather all", () => {
    expect(dispatches({ ...eightGroups, expertParallel: 8 })).toBe(true);
    expect(dispatches({ tensorParallel: 2, dataParallel: 4, expertParallel: 8 })).toBe(true);
    for (const expertParallel of [1, 2, 4]) expect(dispatches({ ...eightGroups, expertParallel })).toBe(false);
    // A rank that is one attention group: its GPUs have the same tokens, but each a part of every expert.
    expect(dispatches({ tensorParallel: 2, dataParallel: 4, expertParallel: 4 })).toBe(false);
    expect(dispatches({ tensorParallel: 8, dataParallel: 1, expertParallel: 8 })).toBe(false);
    expect(dispatches({})).toBe(false);
  });

  it("gathers the tokens of all groups and reduces them back where four ranks share eight groups", () => {
    for (const expertParallel of [1, 2, 4]) {
      const { tasks } = ask({ ...eightGroups, expertParallel });
      // 64 tokens of each of 8 groups, 7,168 BF16 numbers each; seven eighths of them come from other GPUs, 7,340,032 bytes in all.
      const bytes = 512 * 7168 * 2;
      for (const name of ["all-gather", "reduce-scatter"] as const) {
        const task = tasks.find((one) => one.name === name);
        expect(task?.seconds, name).toBe(gatherPlan(name, 8, h200)(bytes).seconds);
        expect(task?.seconds, name).toBeGreaterThan((7 / 8) * (bytes / link));
        expect(task?.floorSeconds, name).toBeGreaterThanOrEqual(((7 / 8) * bytes) / link - 1e-12);
      }
      expect(tasks.map(({ name }) => name)).not.toContain("dispatch");
    }
  });

  it("has in prefill the same collectives, for the tokens of all prompts", () => {
    const prompts = { model: v3, hardware: h200, requests: 8, promptTokens: 1024, ...eightGroups };
    const names = prefillStep({ ...prompts, expertParallel: 4 }).tasks.map((task) => task.name);
    expect(names).toContain("all-gather");
    expect(names).toContain("reduce-scatter");
  });

  it("is slower by two ranks cut over four GPUs than by four cut over two, and by these than whole experts, where tokens are many", () => {
    const at = (split: Partial<StepQuestion>) => ask({ requests: 4096, ...split }).seconds;
    for (const groups of [eightGroups, { tensorParallel: 2, dataParallel: 4 }]) {
      const seconds = [1, 2, 4, 8].map((expertParallel) => at({ ...groups, expertParallel }));
      expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
    }
  });
});
