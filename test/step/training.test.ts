import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { expertExchangeTime } from "../../src/network/exchange";
import { trainTraceDurations, trainTraceKernels } from "../../src/published/tables";
import { backwardOverForward } from "../../src/step/backward";
import { stepFlows } from "../../src/step/flows";
import { prefillStep } from "../../src/step/prefill";
import { traceComparisons, tracedStep } from "../../src/step/trace-check";
import { placesTouched, trainingStep } from "../../src/step/training";

const v3 = { model: model("deepseek-v3"), hardware: hardware("h800-sxm"), sequences: 64, sequenceTokens: 4096, expertParallel: 64 };

describe("a training step", () => {
  it("does three times the products of its forward pass: for results, for gradients of inputs and of weights", () => {
    const { tasks } = trainingStep({ ...v3, layers: 1 });
    const flops = (name: string) => tasks.filter((t) => t.name === name).map((t) => t.flops);
    const [forward, inputs, weights] = flops("output projection");
    // 4,096 rows by W[7168, 128 heads x 128].
    expect(forward).toBe(2 * 4096 * 7168 * 16384);
    expect(inputs).toBe(forward);
    expect(weights).toBe(forward);
    // Ranks are widened to keys and values of every head, and again in the backward pass where that is asked for.
    const again = trainingStep({ ...v3, layers: 1, recomputeUpProjections: true }).tasks.filter((t) => t.pass === "recomputed");
    expect(again.map((t) => t.flops)).toEqual([2 * 4096 * (24576 * 1536 + 128 * 256 * 512)]);
    // 4 experts of 8,192 rows each, three matrices of 7168 x 2048.
    expect(flops("experts")[2]).toBe(4 * 2 * 8192 * 3 * 7168 * 2048);
    expect(flops("experts")[1]).toBe(flops("experts")[0]);
  });

  it("takes its forward pass from the same functions as a prompt that is taken in", () => {
    const training = trainingStep({ ...v3 }).tasks.filter((t) => t.pass === "forward");
    const prompt = prefillStep({ model: v3.model, hardware: v3.hardware, requests: 64, promptTokens: 4096, expertParallel: 64 }).tasks;
    const seconds = (tasks: readonly { name: string; seconds: number }[], name: string) =>
      tasks.filter((t) => t.name === name).reduce((sum, t) => sum + t.seconds, 0);
    for (const name of ["experts", "shared expert"]) expect(seconds(training, name)).toBeCloseTo(seconds(prompt, name), 12);
    // Prompts go to each node once; a training step counts each copy, of 8 experts' to 56 of 64 ranks over the network.
    const each = (direction: "dispatch" | "combine") =>
      expertExchangeTime({ direction, model: v3.model, hardware: v3.hardware, tokens: 4096, expertParallel: 64 }).seconds;
    for (const name of ["dispatch", "combine"] as const) {
      expect(seconds(training, name)).toBeCloseTo(58 * each(name), 9);
      expect(seconds(prompt, name)).toBeLessThan(seconds(training, name));
    }
  });

  it("attends backwards with five products for two", () => {
    expect(backwardOverForward({ kind: "grouped", heads: 8, keyValueHeads: 8, headDim: 128, valueHeadDim: 128, cacheSource: "own" })).toBe(
      2.5,
    );
    const latent = v3.model.runs[0]?.blocks[0];
    if (latent?.kind !== "latent") throw new Error("DeepSeek-V3 begins with latent attention");
    expect(backwardOverForward(latent)).toBeCloseTo((3 * 192 + 2 * 128) / (192 + 128), 12);
  });

  it("sends one row a token between stages each way, in BF16", () => {
    const { tasks } = trainingStep({ ...v3, layers: 1, pipelineStages: 16 });
    const sent = tasks.filter((t) => t.name === "point to point");
    expect(sent.map((t) => [t.pass, t.bytes])).toEqual([
      ["forward", 4096 * 7168 * 2],
      ["backward", 4096 * 7168 * 2],
    ]);
    // 58.7 MB on a card of 50 GB/s.
    expect(sent[0]?.seconds).toBeCloseTo(58720256 / 50e9, 12);
  });

  it("counts an update only where its micro-batches are told, and a share of it for each", () => {
    const update = (microBatches?: number) =>
      trainingStep({ ...v3, layers: 1, replicas: 2, ...(microBatches === undefined ? {} : { microBatches }) }).secondsBy.update;
    expect(update()).toBe(0);
    expect(update(1)).toBeGreaterThan(0);
    expect(update(10)).toBeCloseTo(update(1) / 10, 12);
    const experts = trainingStep({ ...v3, layers: 1, replicas: 2, microBatches: 1 }).tasks.filter(
      (t) => t.pass === "update" && t.runBytes * 2 === 4 * 4 * 3 * 7168 * 2048,
    );
    // Gradients of 4 experts in FP32, half of them to the other replica.
    expect(experts.map((t) => [t.name, t.bytes])).toEqual([["reduce-scatter", (4 * 4 * 3 * 7168 * 2048) / 2]]);
  });

  it("sums to its tasks without overlap, takes less with it, and never less than its floor", () => {
    const [alone, beside] = (["none", "forward-beside-backward"] as const).map((overlap) => tracedStep(overlap));
    const sum = alone?.tasks.reduce((total, t) => total + t.seconds, 0);
    expect(alone?.seconds).toBeCloseTo(sum ?? 0, 12);
    expect(beside?.seconds).toBeLessThan(alone?.seconds ?? 0);
    expect(beside?.seconds).toBeGreaterThanOrEqual(beside?.floorSeconds ?? Number.NaN);
    const by = Object.values(alone?.secondsBy ?? {}).reduce((total, seconds) => total + seconds, 0);
    expect(by).toBeCloseTo(alone?.seconds ?? 0, 12);
  });

  it("refuses what cannot be, by name", () => {
    expect(() => trainingStep({ ...v3, sequences: 0 })).toThrow("sequences must be a positive integer, got 0");
    expect(() => trainingStep({ ...v3, layers: 1.5 })).toThrow("layers must be a positive integer, got 1.5");
    expect(() => trainingStep({ ...v3, overlap: "some" as "none" })).toThrow("overlap must be none or forward-beside-backward");
    expect(() => trainingStep({ ...v3, drafts: 1 } as typeof v3)).toThrow('unknown field "drafts"');
  });

  it("trains models of every kind, floors below times", () => {
    for (const id of ["mixtral-8x22b", "gpt-oss-120b", "kimi-k3", "deepseek-v4-pro", "qwen3-next-80b-a3b", "llama-3.1-405b"]) {
      const step = trainingStep({
        ...v3,
        model: model(id),
        sequences: 8,
        expertParallel: 8,
        dataParallel: 8,
        microBatches: 8,
        replicas: 2,
      });
      expect(Number.isFinite(step.seconds)).toBe(true);
      for (const task of step.tasks) expect(task.floorSeconds).toBeLessThanOrEqual(task.seconds * (1 + 1e-9));
    }
  });
});

describe("places that a token goes to", () => {
  it("follows the groups that a token chooses", () => {
    expect(placesTouched({ perToken: 8, groups: 8, chosenGroups: 4 }, 8)).toBeCloseTo(4 * (1 - 0.75 ** 8), 12);
    expect(placesTouched({ perToken: 2, groups: 1, chosenGroups: 1 }, 2)).toBeCloseTo(1.5, 12);
    expect(placesTouched({ perToken: 8, groups: 1, chosenGroups: 1 }, 1)).toBe(1);
  });
});

describe("DeepSeek's training trace", () => {
  it("holds the same kernels and times in both tables", () => {
    const kernels = trainTraceKernels();
    const count = kernels.reduce((sum, row) => sum + row.kernels, 0);
    const seconds = kernels.reduce((sum, row) => sum + row.seconds, 0);
    expect(count).toBe(trainTraceDurations().reduce((sum, bin) => sum + bin.count, 0));
    expect(count).toBe(963);
    expect(seconds).toBeCloseTo(
      trainTraceDurations().reduce((sum, bin) => sum + bin.seconds, 0),
      9,
    );
  });

  it("lies above every floor, and within a factor of 2.1 of every estimate; all of it within a tenth", () => {
    for (const { part, measuredSeconds, floorSeconds, estimateSeconds } of traceComparisons()) {
      if (estimateSeconds === undefined) continue;
      expect(floorSeconds, part).toBeLessThanOrEqual(measuredSeconds);
      expect(Math.abs(Math.log(estimateSeconds / measuredSeconds)), part).toBeLessThan(Math.log(2.1));
    }
    // The trace lasts 129.0 ms: errors of the parts compensate one another.
    expect(tracedStep("forward-beside-backward").seconds / 0.129).toBeCloseTo(0.94, 1);
  });

  it("stands beside the traced step once, kernel for kernel and task for task", () => {
    const compared = traceComparisons();
    const sum = (value: (c: (typeof compared)[number]) => number) => compared.reduce((total, c) => total + value(c), 0);
    expect(sum((c) => c.kernels)).toBe(963);
    expect(sum((c) => c.measuredSeconds)).toBeCloseTo(
      trainTraceKernels().reduce((total, { seconds }) => total + seconds, 0),
      9,
    );
    expect(sum((c) => c.estimateSeconds ?? 0)).toBeCloseTo(
      tracedStep().tasks.reduce((total, { seconds }) => total + seconds, 0),
      9,
    );
    expect(sum((c) => c.floorSeconds ?? 0)).toBeCloseTo(
      tracedStep().tasks.reduce((total, t) => total + t.floorSeconds, 0),
      9,
    );
    expect(new Set(compared.map(({ part }) => part)).add("").size).toBe(compared.length + 1);
    // What the model has no task for has no estimate: waiting for other ranks, and the small kernels.
    expect(compared.map((c) => "estimateSeconds" in c)).toEqual([true, true, true, true, true, true, true, true, false, false]);
    const [attention] = compared;
    expect(attention?.kernels).toBe(4);
    expect(attention?.error).toBeCloseTo((attention?.estimateSeconds as number) / 0.004948 - 1, 9);
  });

  it("is of four layers, a sequence of 4,096 tokens on each GPU and experts over 64, the up-projections made again", () => {
    const { tasks } = tracedStep();
    const flops = (name: string, pass: string) => tasks.filter((t) => t.name === name && t.pass === pass).map((t) => t.flops);
    expect(flops("output projection", "forward")).toEqual(new Array(4).fill(2 * 4096 * 7168 * 16384));
    // 4 experts of 8,192 rows each, three matrices of 7168 x 2048: as many rows on each, since none waits for another.
    expect(flops("experts", "forward")).toEqual(new Array(4).fill(4 * 2 * 8192 * 3 * 7168 * 2048));
    expect(flops("attention projections", "recomputed")).toHaveLength(4);
  });

  it("sends twice as many bytes back as out, all copies counted", () => {
    const { flows, sumShare } = stepFlows(tracedStep());
    const [dispatch, combine] = flows;
    expect(flows.map((f) => [f.collective, f.times])).toEqual([
      ["dispatch", 8],
      ["combine", 8],
    ]);
    expect(sumShare).toBeCloseTo((combine?.bytes ?? 0) / ((dispatch?.bytes ?? 0) + (combine?.bytes ?? 0)), 12);
  });
});
