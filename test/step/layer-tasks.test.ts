import { describe, expect, it } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { launch } from "../../src/kernels/launch";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { type ExpertsBlock, isMixer } from "../../src/model/blocks";
import { model } from "../../src/model/registry";
import { exchangePlan } from "../../src/step/communication";
import { type Plan, planOf } from "../../src/step/plan";
import { betweenSeconds, nothingYet, type PlannedFeedForward, type PlannedRun } from "../../src/step/planned-run";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";
import { shapeOf } from "../../src/step/routed-plan";
import { betweenTask, type DecodeTask, type Passing } from "../../src/step/task";
import { layerTasks, savedPerStart, sum } from "../../src/step/tasks";
import { busiestRank } from "../../src/step/waiting";

const h200 = hardware("h200-sxm");
const qwen = model("qwen3-30b-a3b");
const v3 = model("deepseek-v3");
const planFor = (change: Partial<StepQuestion> = {}): Plan =>
  planOf(resolveQuestion({ model: v3, hardware: h200, requests: 64, contextTokens: 1000, ...change }));
const last = (plan: Plan) => plan.runs.at(-1) as PlannedRun;
const passing: Passing = { requests: 8, newTokens: 1, rows: 8, replicaRows: 64 };
const dealt = { dataParallel: 8, expertParallel: 8 };
const named = (tasks: readonly DecodeTask[], name: string) => tasks.filter((task) => task.name === name);
const one = (tasks: readonly DecodeTask[], name: string) => named(tasks, name)[0] as DecodeTask;
const names = (tasks: readonly DecodeTask[]) => tasks.map(({ name }) => name);
const sent = ["dispatch", "combine", "all-gather", "reduce-scatter"];

describe("the tasks of a layer", () => {
  it("are its blocks in order, tokens sent to experts and back between them", () => {
    const { tasks } = layerTasks(planFor(dealt), last(planFor(dealt)), passing);
    expect(names(tasks)).toEqual([
      ...["attention projections", "attention core", "output projection", "router", "dispatch", "experts", "shared expert", "combine"],
      "between kernels",
    ]);
    const dense = layerTasks(planFor(), planFor().runs[0] as PlannedRun, passing).tasks;
    expect(names(dense).slice(0, 4)).toEqual(["attention projections", "attention core", "output projection", "dense feed-forward"]);
    const cut = planFor({ tensorParallel: 8 });
    expect(names(layerTasks(cut, last(cut), passing).tasks).slice(0, 8)).toEqual([
      ...["attention projections", "attention core", "output projection", "all-reduce", "router", "experts", "shared expert", "all-reduce"],
    ]);
    const narrow = planFor({ model: model("nemotron-3-super-120b-a12b") });
    const run = narrow.runs.find(({ experts }) => experts !== undefined) as PlannedRun;
    expect(names(layerTasks(narrow, run, passing).tasks)).toEqual(expect.arrayContaining(["router", "latent projections", "experts"]));
  });

  it("add a group's parts up after each block, those of a dense part beside experts with theirs", () => {
    const cut = planFor({ tensorParallel: 8 });
    const [mixer, feedForward] = last(cut).blocks as [PlannedRun["blocks"][0], PlannedFeedForward];
    const dense = cut.runs[0]?.blocks[1] as PlannedFeedForward;
    const reduces = (blocks: PlannedRun["blocks"], experts: PlannedRun["experts"]) =>
      named(layerTasks(cut, { ...last(cut), blocks, experts }, passing).tasks, "all-reduce").length;
    expect(reduces([mixer, dense], undefined)).toBe(2);
    expect(reduces([mixer, dense, feedForward], last(cut).experts)).toBe(2);
    expect(reduces([mixer, feedForward], last(cut).experts)).toBe(2);
    expect(one(layerTasks(cut, last(cut), passing).tasks, "all-reduce")).toEqual(cut.reduce?.(8));
  });

  it("end with the engine's time between kernels: half for each part of a layer, and for mixers by their kind", () => {
    const plan = planFor(dealt);
    const times = { ...plan.engineTime, layerSeconds: 1, quantizedSeconds: 5, latentSeconds: 10, sparseSeconds: 100, linearSeconds: 1000 };
    expect(betweenSeconds(times, { parts: 3, quantized: 2, latent: 2, sparse: 3, linear: 4 })).toBe(1.5 + 5 + 20 + 300 + 4000);
    // Latent attention and experts: two parts.
    const { layerSeconds, quantizedSeconds, latentSeconds } = plan.engineTime;
    expect(layerTasks(plan, last(plan), passing).tasks.at(-1)).toEqual(betweenTask(layerSeconds + quantizedSeconds + latentSeconds));
    expect(betweenTask(2)).toEqual({
      ...{ name: "between kernels", seconds: 2, floorSeconds: 0, flops: 0, bytes: 0, runBytes: 0, bound: "overhead", kernelSeconds: [2] },
    });
    expect(named(layerTasks(plan, { ...last(plan), between: undefined }, passing).tasks, "between kernels")).toEqual([]);
  });

  it("sum to computing and sending apart, also where kernels start sooner", () => {
    for (const split of [dealt, { dataParallel: 8, expertParallel: 1 }])
      for (const machine of [h200, whatIfHardware(h200, { "times.kernelStarts": { times: 0.25 } })]) {
        const plan = planFor({ ...split, hardware: machine });
        const { tasks, computeSeconds, communicationSeconds, processorSeconds } = layerTasks(plan, last(plan), passing);
        const isSent = ({ name }: DecodeTask) => sent.includes(name);
        expect(tasks.filter(isSent)).toHaveLength(2);
        expect(communicationSeconds).toBeCloseTo(
          sum(tasks.filter(isSent), ({ seconds }) => seconds),
          12,
        );
        expect(computeSeconds).toBeCloseTo(
          sum(
            tasks.filter((task) => !isSent(task)),
            ({ seconds }) => seconds,
          ),
          12,
        );
        expect(processorSeconds).toBe(exchangePlan(plan, last(plan).experts as ExpertsBlock)(8).processorSeconds);
      }
  });

  it("start sooner on a what-if machine by its share of a graph's start", () => {
    const quick = planFor({ hardware: whatIfHardware(h200, { "times.kernelStarts": { times: 0.25 } }) });
    const saved = 0.75 * launch("graph", h200).seconds;
    expect(savedPerStart(quick)).toBeCloseTo(saved, 15);
    expect(savedPerStart(planFor())).toBe(0);
    const [usual, sooner] = [planFor(), quick].map((plan) => one(layerTasks(plan, last(plan), passing).tasks, "router")) as [
      DecodeTask,
      DecodeTask,
    ];
    expect(sooner.seconds).toBeCloseTo(usual.seconds - 3 * saved, 12);
  });

  it("are one record while the same is asked, and others for another question or other rows", () => {
    const plan = planFor(dealt);
    const run = last(plan);
    const first = layerTasks(plan, run, passing).tasks;
    layerTasks(plan, run, passing).tasks.forEach((task, i) => {
      if (task.name !== "between kernels") expect(task, task.name).toBe(first[i]);
    });
    const longer = { ...plan, contextTokens: 2000 };
    expect(one(layerTasks(longer, run, passing).tasks, "attention core").bytes).toBe(2 * one(first, "attention core").bytes);
    const more = { ...passing, rows: 16 };
    expect(one(layerTasks(longer, run, more).tasks, "router").flops).toBe(2 * one(first, "router").flops);
    expect(layerTasks(plan, run, passing).tasks).toEqual(first);
  });
});

describe("the shared expert beside the routed ones", () => {
  const plan = planFor();
  const planned = last(plan).blocks.find((block) => !("core" in block)) as PlannedFeedForward;
  const beside = (seconds: number, floorSeconds: number) => {
    const shared = () => ({
      ...betweenTask(seconds),
      name: "shared expert" as const,
      floorSeconds,
      kernelSeconds: [seconds / 4, (3 * seconds) / 4],
    });
    const run = { ...last(plan), blocks: [{ ...planned, shared, last: nothingYet() }] };
    const { tasks } = layerTasks(plan, run, passing);
    return { shared: one(tasks, "shared expert"), routed: one(tasks, "experts").seconds };
  };

  it("shows what it takes longer, and what it has to move in any case", () => {
    const { routed } = beside(1, 0);
    expect(beside(routed + 2, 0).shared.seconds).toBeCloseTo(2, 9);
    expect(beside(routed + 2, 0).shared.kernelSeconds).toEqual([expect.closeTo(0.5, 9), expect.closeTo(1.5, 9)]);
    expect(beside(routed / 2, 0).shared.seconds).toBe(0);
    expect(beside(routed / 2, routed / 8).shared).toMatchObject({ seconds: routed / 8, floorSeconds: routed / 8 });
  });
});

describe("the routed experts of a layer", () => {
  const time = (plan: Plan, tokens: number, change: object = {}) =>
    moeLayerTime({
      model: shapeOf(plan, last(plan).experts as ExpertsBlock),
      ...{ hardware: plan.hardware, kernel: plan.kernel, weightFormat: plan.formats.experts, routing: plan.routing },
      ...{ tokens, expertParallel: plan.expertParallel, cache: "cold", layout: "dispatched", ...change },
    });
  const experts = (plan: Plan, replicaRows: number) => one(layerTasks(plan, last(plan), { ...passing, replicaRows }).tasks, "experts");

  it("are timed cold, for the tokens that the busiest rank is waited for", () => {
    const plan = planFor({ model: qwen, ...dealt });
    const question = { tokens: 64, expertsPerToken: 8, experts: 128, ranks: 8, expertGroups: 1, chosenGroups: 1 };
    const waited = 64 * busiestRank(question);
    expect(waited).toBeGreaterThan(65);
    const [less, more] = [Math.floor(waited), Math.floor(waited) + 1].map((tokens) => time(plan, tokens)) as [
      ReturnType<typeof time>,
      ReturnType<typeof time>,
    ];
    const part = waited - Math.floor(waited);
    const task = experts(plan, 64);
    expect(task.seconds).toBeCloseTo(less.seconds + part * (more.seconds - less.seconds), 15);
    expect(task.flops / (less.flops + part * (more.flops - less.flops))).toBeCloseTo(1, 12);
    const bytes = [less, more].map((t) => t.weightBytes + t.activationBytes) as [number, number];
    expect(task.bytes / (bytes[0] + part * (bytes[1] - bytes[0]))).toBeCloseTo(1, 12);
    // Its floor is that of its own rows.
    const floor = less.floorSeconds + part * (more.floorSeconds - less.floorSeconds);
    expect(task.floorSeconds).toBeCloseTo((floor * 64) / waited, 15);
    // Up and gate of one expert in one run: twice 768 by 2,048 in BF16.
    expect(task).toMatchObject({ bound: less.bound, kernelSeconds: [task.seconds], runBytes: 2 * 768 * 2048 * 2 });
  });

  it("are read from memory, though the last level would hold what a benchmark repeats", () => {
    const plan = planFor({ model: qwen, waiting: 1 });
    expect(experts(plan, 1).seconds).toBe(time(plan, 1).seconds);
    expect(time(plan, 1).seconds).toBeGreaterThan(time(plan, 1, { cache: "warm" }).seconds);
  });

  it("are not waited for where routing is even, and as long as it is said where it is said", () => {
    const even = planFor({ ...dealt, routing: "even" });
    expect(experts(even, 64).seconds).toBe(time(even, 64).seconds);
    const twice = planFor({ ...dealt, waiting: 2 });
    expect(experts(twice, 64).seconds).toBe(time(twice, 128).seconds);
  });

  it("take a whole token at the least, and a fraction of an expert as that fraction of the tokens", () => {
    const plan = planFor({ model: qwen, waiting: 1 });
    const run = last(plan);
    const blocks = run.blocks.map((planned) =>
      isMixer(planned.block) ? planned : ({ ...planned, block: { ...planned.block, computedPerToken: 7.5 } } as PlannedFeedForward),
    );
    const task = one(layerTasks(plan, { ...run, blocks }, { ...passing, replicaRows: 1 }).tasks, "experts");
    // 7.5 of 8 experts of one token: one token is timed, and of its floor 15/16 are its own.
    expect(task.seconds).toBe(time(plan, 1).seconds);
    expect(task.floorSeconds).toBeCloseTo((time(plan, 1).floorSeconds * 15) / 16, 15);
  });

  it("stand in as many places as there are slots, copies among them", () => {
    const block = last(planFor()).experts as ExpertsBlock;
    expect(shapeOf({ model: v3, expertSlots: 288 }, block)).toEqual({
      ...{ hiddenSize: 7168, expertHiddenSize: 7168, moeIntermediateSize: 2048, routedExperts: 288, expertsPerToken: 8 },
      ...{ expertMatrices: 3, expertGroups: 8, topkGroup: 4 },
    });
  });
});
