import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { stepFlows } from "../../src/step/flows";

const task = (name: "dispatch" | "combine" | "all-reduce" | "experts", bytes: number, runBytes: number) => ({ name, bytes, runBytes });

describe("flows of a step", () => {
  it("sums bytes by collective and leaves what stays in memory out", () => {
    const { flows, bytes, sumShare } = stepFlows({
      tasks: [
        task("dispatch", 100, 10),
        task("experts", 9999, 1),
        task("combine", 200, 20),
        task("dispatch", 100, 30),
        task("combine", 200, 20),
      ],
    });
    expect(bytes).toBe(600);
    expect(flows.map((f) => [f.collective, f.times, f.bytes, f.isSum])).toEqual([
      ["dispatch", 2, 200, false],
      ["combine", 2, 400, true],
    ]);
    // Half of dispatch's bytes go in messages of up to 10 B, all in up to 30.
    expect(flows.map((f) => [f.messageBytes, f.leastMessageBytes, f.mostMessageBytes])).toEqual([
      [10, 10, 30],
      [20, 20, 20],
    ]);
    expect(sumShare).toBeCloseTo(400 / 600, 12);
  });

  it("tells sums from what is only handed on, each kind with its share of all", () => {
    const kinds = ["dispatch", "combine", "all-reduce", "all-gather", "reduce-scatter", "point to point"] as const;
    const { flows, sumShare } = stepFlows({ tasks: kinds.map((name, i) => ({ name, bytes: 10 * (i + 1), runBytes: 1 })) });
    expect(flows.map(({ collective, share, isSum }) => [collective, Math.round(210 * share), isSum])).toEqual([
      ["dispatch", 10, false],
      ["combine", 20, true],
      ["all-reduce", 30, true],
      ["all-gather", 40, false],
      ["reduce-scatter", 50, true],
      ["point to point", 60, false],
    ]);
    expect(sumShare).toBeCloseTo(100 / 210, 12);
  });

  it("leaves out what sends no bytes, and has the middle message by bytes, whatever the order", () => {
    const { flows } = stepFlows({
      tasks: [task("dispatch", 30, 9), task("dispatch", 0, 1), task("dispatch", 10, 2), task("dispatch", 21, 5)],
    });
    // 10 and 21 of 61 bytes in messages of up to 5.
    expect(flows).toMatchObject([{ times: 3, bytes: 61, messageBytes: 5, leastMessageBytes: 2, mostMessageBytes: 9 }]);
    // Just half of the bytes will do.
    expect(stepFlows({ tasks: [task("dispatch", 10, 2), task("dispatch", 10, 5)] }).flows[0]?.messageBytes).toBe(2);
  });

  it("is empty where nothing is sent", () => {
    expect(stepFlows({ tasks: [task("experts", 10, 1)] })).toEqual({ flows: [], bytes: 0, sumShare: 0 });
  });

  it("is all sums where matrices are cut, and FP8 out against BF16 back where experts are dealt out", () => {
    const question = { model: model("deepseek-v3"), hardware: hardware("h800-sxm"), contextTokens: 4096 };
    const cut = stepFlows(decodeStep({ ...question, requests: 64, tensorParallel: 8 }));
    expect(cut.flows.map((f) => f.collective)).toEqual(["all-reduce"]);
    expect(cut.sumShare).toBe(1);
    const dealt = stepFlows(decodeStep({ ...question, requests: 64, expertParallel: 64 }));
    expect(dealt.flows.map((f) => f.collective)).toEqual(["dispatch", "combine"]);
    expect(dealt.sumShare).toBeGreaterThan(0.65);
    expect(dealt.sumShare).toBeLessThan(0.67);
  });
});
