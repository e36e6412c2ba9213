import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import type { ExpertsBlock } from "../../src/model/blocks";
import { model } from "../../src/model/registry";
import { allReduceTime, gatherPlan } from "../../src/network/all-reduce";
import { expertExchangeTime } from "../../src/network/exchange";
import { collectivePlan, dispatches, exchangeMachine, exchangePlan, normPlan } from "../../src/step/communication";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";

const h100 = hardware("h100-sxm");
const v3 = model("deepseek-v3");
const experts = v3.runs[1]?.blocks[1] as ExpertsBlock;
const engine = "tensorrt-llm" as const;
const rows = 16;
const exchange = (change: Partial<StepQuestion>, block = experts) => {
  const question = resolveQuestion({ model: v3, hardware: h100, requests: 64, contextTokens: 1000, ...change });
  return exchangePlan({ ...question, exchangeMachine: exchangeMachine(question) }, block)(rows);
};

describe("a collective of a step", () => {
  it("moves so many BF16 numbers a row, and is one record for the same rows", () => {
    const plan = collectivePlan("all-reduce", { hardware: h100, engine }, 7168, 8);
    // 16 rows of 7,168 numbers of two bytes; an eighth at a time.
    const bytes = 2 * 16 * 7168;
    const { seconds, floorSeconds, wireBytes } = allReduceTime(bytes, 8, h100, "trtllm");
    expect(plan(rows)).toEqual({
      name: "all-reduce",
      seconds,
      floorSeconds,
      flops: 0,
      bytes: wireBytes,
      runBytes: bytes / 8,
      bound: "scale-up",
      kernelSeconds: [seconds],
    });
    expect(plan(rows)).toBe(plan(rows));
    expect(plan(1)).toMatchObject({ bound: "latency", runBytes: (2 * 7168) / 8 });
    expect(plan(rows).seconds).toBe(seconds);
  });

  it("is each engine's own all-reduce", () => {
    for (const [name, owner] of [
      ["tensorrt-llm", "trtllm"],
      ["vllm", "vllm"],
      ["sglang", "sglang"],
    ] as const)
      expect(collectivePlan("all-reduce", { hardware: h100, engine: name }, 100, 4)(1).seconds, name).toBe(
        allReduceTime(200, 4, h100, owner).seconds,
      );
  });

  it("says over nodes which of its bytes go over the network", () => {
    const over = collectivePlan("all-gather", { hardware: h100, engine }, 7168, 16)(rows);
    const expected = gatherPlan("all-gather", 16, h100)(2 * rows * 7168);
    expect(over).toMatchObject({ name: "all-gather", networkBytes: expected.networkBytes, seconds: expected.seconds });
    expect(collectivePlan("reduce-scatter", { hardware: h100, engine }, 7168, 8)(rows)).not.toHaveProperty("networkBytes");
  });

  it("norms over cut heads by a kernel that reads, an all-reduce of four numbers a row, and a kernel that reads and writes", () => {
    const task = normPlan({ hardware: h100, engine, tensorParallel: 4 }, 1000, 3e-6)(rows);
    const sums = allReduceTime(2 * 4 * rows, 4, h100, "trtllm").seconds;
    const [read, both] = [2, 4].map((bytes) => 3e-6 + (bytes * 1000 * rows) / h100.memoryBytesPerSecond) as [number, number];
    expect(task).toMatchObject({ name: "norm all-reduce", kernelSeconds: [read, sums, both] });
    expect(task.seconds).toBeCloseTo(read + sums + both, 15);
  });
});

describe("what brings tokens to experts and back", () => {
  it("is nothing where every GPU has every token", () => {
    expect(exchange({ tensorParallel: 8, expertParallel: 8 })).toEqual({
      before: undefined,
      after: undefined,
      seconds: 0,
      processorSeconds: 0,
    });
  });

  it("gathers the rows of all groups where experts are cut, and reduces them back, by processors", () => {
    const { before, after, seconds, processorSeconds } = exchange({ dataParallel: 8, expertParallel: 4 });
    const bytes = 2 * rows * 8 * 7168;
    const [gather, scatter] = (["all-gather", "reduce-scatter"] as const).map((name) => gatherPlan(name, 8, h100)(bytes).seconds);
    expect(before).toMatchObject({ name: "all-gather", seconds: gather });
    expect(after).toMatchObject({ name: "reduce-scatter", seconds: scatter });
    expect(seconds).toBeCloseTo((gather as number) + (scatter as number), 15);
    expect(processorSeconds).toBe(seconds);
  });

  it("dispatches and combines among ranks, each task as it is timed alone", () => {
    const { before, after, seconds, processorSeconds } = exchange({ dataParallel: 32, expertParallel: 32 });
    const [out, back] = (["dispatch", "combine"] as const).map((direction) =>
      expertExchangeTime({ direction, model: v3, hardware: h100, tokens: rows, expertParallel: 32 }),
    ) as [ReturnType<typeof expertExchangeTime>, ReturnType<typeof expertExchangeTime>];
    for (const [task, time, name] of [
      [before, out, "dispatch"],
      [after, back, "combine"],
    ] as const)
      expect(task).toEqual({
        name,
        seconds: time.seconds,
        floorSeconds: time.floorSeconds,
        flops: 0,
        bytes: time.bytes,
        networkBytes: time.networkBytes,
        runBytes: time.messageBytes,
        bound: time.bound,
        kernelSeconds: [time.seconds],
      });
    expect(seconds).toBeCloseTo(out.seconds + back.seconds, 15);
    expect(processorSeconds).toBeCloseTo(Math.min(out.seconds, out.processorSeconds) + Math.min(back.seconds, back.processorSeconds), 15);
    // Inside one link nothing goes over the network.
    expect(exchange({ dataParallel: 8, expertParallel: 8 }).before).not.toHaveProperty("networkBytes");
  });

  it("sends no token to experts that compute nothing, and the width that experts see", () => {
    const block = { ...experts, computedPerToken: 6, inputWidth: 3584 };
    const shape = { hiddenSize: 7168, expertHiddenSize: 3584, routedExperts: 256, expertsPerToken: 6 };
    const time = expertExchangeTime({ direction: "dispatch", model: shape, hardware: h100, tokens: rows, expertParallel: 8 });
    expect(exchange({ dataParallel: 8, expertParallel: 8 }, block).before).toMatchObject({ seconds: time.seconds, bytes: time.bytes });
  });

  it("goes between attention groups: of two GPUs each, the link joins half as many", () => {
    expect(exchangeMachine({ hardware: h100, tensorParallel: 2 })).toEqual({ ...h100, scaleUpDomain: 4 });
    expect(exchangeMachine({ hardware: h100, tensorParallel: 3 }).scaleUpDomain).toBe(2);
    expect(exchangeMachine({ hardware: h100, tensorParallel: 16 }).scaleUpDomain).toBe(1);
    expect(exchangeMachine({ hardware: h100, tensorParallel: 1 })).toBe(h100);
    const { scaleUpDomain: _, ...unbound } = h100;
    expect(exchangeMachine({ hardware: unbound, tensorParallel: 2 })).toBe(unbound);
    const pairs = exchange({ tensorParallel: 2, dataParallel: 4, expertParallel: 8 }).before;
    // Four ranks, all inside the link.
    const time = expertExchangeTime({
      direction: "dispatch",
      model: v3,
      hardware: { ...h100, scaleUpDomain: 4 },
      tokens: rows,
      expertParallel: 4,
    });
    expect(pairs).toMatchObject({ seconds: time.seconds, bytes: time.bytes });
  });

  it("has more ranks than experts where some hold copies", () => {
    const small = { ...experts, routed: 16 };
    const shape = { hiddenSize: 7168, expertHiddenSize: 7168, routedExperts: 32, expertsPerToken: 8 };
    const time = expertExchangeTime({ direction: "dispatch", model: shape, hardware: h100, tokens: rows, expertParallel: 32 });
    expect(exchange({ dataParallel: 32, expertParallel: 32 }, small).before?.seconds).toBe(time.seconds);
  });

  it("takes less of processors where those that exchange are faster, and never more than the exchange", () => {
    const at = (times: number) =>
      exchange({ dataParallel: 32, expertParallel: 32, hardware: whatIfHardware(h100, { "times.exchangeProcessors": { times } }) });
    const whole = exchange({ dataParallel: 32, expertParallel: 32 });
    expect(at(0.25).processorSeconds).toBeCloseTo(whole.processorSeconds / 4, 12);
    expect(at(1000).processorSeconds).toBeCloseTo(whole.seconds, 15);
    expect(at(0.25).seconds).toBe(whole.seconds);
  });

  it("is a dispatch where attention is dealt out and every expert is whole", () => {
    expect(dispatches({ dataParallel: 8, expertParallel: 8 })).toBe(true);
    expect(dispatches({ dataParallel: 8, expertParallel: 9 })).toBe(true);
    expect(dispatches({ tensorParallel: 2, dataParallel: 4, expertParallel: 8 })).toBe(true);
    expect(dispatches({ tensorParallel: 2, dataParallel: 4, expertParallel: 7 })).toBe(false);
    expect(dispatches({ tensorParallel: 8, expertParallel: 8 })).toBe(false);
    expect(dispatches({ dataParallel: 8 })).toBe(false);
    expect(dispatches({})).toBe(false);
  });
});
