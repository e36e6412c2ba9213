import { describe, expect, it } from "vitest";
import type { AttentionPlan } from "../../src/kernels/attention/attention-plan";
import type { LatentMixer, LinearMixer, Mixer } from "../../src/model/blocks";
import { mixerTasks } from "../../src/step/mixer-tasks";
import type { PlannedMixer } from "../../src/step/planned-run";
import type { DecodeTask, TaskName } from "../../src/step/task";

/** A product that takes a microsecond a row. */
const product = (name: TaskName) => (rows: number) =>
  ({
    name,
    seconds: rows * 1e-6,
    floorSeconds: rows * 1e-7,
    flops: rows * 10,
    bytes: rows * 100,
    runBytes: 7,
    bound: "memory",
    kernelSeconds: [rows * 1e-6],
  }) satisfies DecodeTask;
type Times = readonly [seconds: number, compute: number, memory: number, overhead: number];
/** A core of such times, whatever is asked; it says what was. */
const core = ([seconds, computeSeconds, memorySeconds, overheadSeconds]: Times, asked: number[][] = []) =>
  ({
    kernel: "toy",
    time: (...question: readonly number[]) => {
      asked.push([...question]);
      return { seconds, floorSeconds: seconds / 2, computeSeconds, memorySeconds, overheadSeconds };
    },
  }) as unknown as AttentionPlan;

/** Two heads on a latent of 10 numbers, two bytes each: 20 bytes a token. */
const latent: LatentMixer = {
  kind: "latent",
  heads: 2,
  latentRank: 8,
  rotaryDim: 2,
  noRotaryDim: 3,
  valueHeadDim: 5,
  cacheSource: "own",
};
/** Selects four tokens by a key of 5 bytes for each. */
const sparse: LatentMixer = { ...latent, indexer: { heads: 2, headDim: 4, topK: 4, scores: true, poolTokens: 1, keyBytes: 5 } };
const state: LinearMixer = {
  kind: "linear",
  family: "mamba2",
  keyHeads: 1,
  valueHeads: 2,
  keyDim: 3,
  valueDim: 4,
  convolutionWidth: 0,
  stateElementBytes: 4,
};
const planned = (block: Mixer, change: Partial<PlannedMixer> = {}): PlannedMixer => ({
  last: { plan: undefined, passing: undefined, tasks: undefined },
  block,
  projections: product("attention projections"),
  indexer: undefined,
  output: product("output projection"),
  norms: undefined,
  core: core([6e-6, 1e-6, 5e-6, 2e-6]),
  prefill: core([9e-6, 8e-6, 1e-6, 2e-6]),
  ...change,
});
const question = { contextTokens: 100, formats: { experts: "bfloat16", rest: "bfloat16", cache: "bfloat16" } } as const;
const decode = { requests: 3, newTokens: 2, rows: 6, replicaRows: 6 };
const prompts = { requests: 2, newTokens: 10, pastTokens: 30 };
const names = (tasks: readonly DecodeTask[]) => tasks.map(({ name }) => name);

describe("the tasks of a mixer", () => {
  it("are products of all rows, the core of its requests, and products after it", () => {
    const asked: number[][] = [];
    const tasks = mixerTasks(question, planned(latent, { core: core([6e-6, 1e-6, 5e-6, 2e-6], asked) }), decode);
    expect(tasks).toEqual([
      product("attention projections")(6),
      {
        name: "attention core",
        seconds: 6e-6,
        floorSeconds: 3e-6,
        // Three requests, two new tokens each on a hundred: two heads multiply by 8 and 10 numbers.
        flops: 3 * 2 * 100 * 2 * 2 * (8 + 10),
        bytes: 3 * 100 * 20,
        runBytes: 64 * 20,
        bound: "memory",
        kernelSeconds: [6e-6],
      },
      product("output projection")(6),
    ]);
    expect(asked).toEqual([[3, 100, 2]]);
  });

  it("have in between the norms of heads that other GPUs hold", () => {
    const tasks = mixerTasks(question, planned(latent, { norms: product("norm all-reduce") }), decode);
    expect(names(tasks)).toEqual(["attention projections", "norm all-reduce", "attention core", "output projection"]);
    expect(tasks[1]?.seconds).toBe(6e-6);
  });

  it("have a core of their own for prompts, on their past, beside that of the requests or alone", () => {
    const asked: number[][] = [];
    const mixed = planned(latent, { prefill: core([9e-6, 8e-6, 1e-6, 2e-6], asked) });
    const both = mixerTasks(question, mixed, { ...decode, prompts });
    expect(names(both)).toEqual(["attention projections", "attention core", "attention core", "output projection"]);
    // Two prompts of ten tokens on thirty: 355 pairs each, heads of their own size.
    expect(both[2]).toMatchObject({ seconds: 9e-6, bound: "compute", flops: 2 * 355 * 2 * 2 * (3 + 2 + 5), bytes: 2 * 30 * 20 });
    expect(asked).toEqual([[2, 30, 10]]);
    expect(names(mixerTasks(question, mixed, { ...decode, requests: 0, prompts }))).toEqual([
      "attention projections",
      "attention core",
      "output projection",
    ]);
    expect(names(mixerTasks(question, mixed, { ...decode, prompts: { ...prompts, requests: 0 } }))).toHaveLength(3);
  });

  it("are the update of a state in a linear mixer, read, and written for each new token", () => {
    const [, task] = mixerTasks(question, planned(state), decode);
    // Two states of 3 by 4 numbers of four bytes.
    expect(task).toMatchObject({ name: "linear mixer", bytes: 3 * (96 + 2 * 96), runBytes: 48, flops: 3 * 2 * 24 * 5 });
  });
});

describe("the time of a sparse layer", () => {
  const whole = planned(sparse, { indexer: product("indexer") });

  it("is shared out between its indexer and its attention by the bytes of either", () => {
    const tasks = mixerTasks(question, whole, decode);
    expect(names(tasks)).toEqual(["attention projections", "indexer", "attention core", "output projection"]);
    // 500 bytes of keys of a request, and four rows of 20.
    const [scores, rows] = [500 / 580, 80 / 580];
    expect(tasks[2]).toMatchObject({ bytes: 3 * 80, runBytes: 20, kernelSeconds: [tasks[2]?.seconds] });
    expect(tasks[2]?.seconds).toBeCloseTo(6e-6 * rows, 15);
    expect(tasks[2]?.floorSeconds).toBeCloseTo(3e-6 * rows, 15);
    // The products of six rows beside the scores.
    expect(tasks[1]).toMatchObject({
      bytes: 600 + 3 * 500,
      flops: 60 + 3 * 2 * 100 * 2 * 4 * 2,
      runBytes: 64 * 5,
      kernelSeconds: [6e-6, expect.closeTo(6e-6 * scores, 15)],
    });
    expect(tasks[1]?.seconds).toBeCloseTo(6e-6 + 6e-6 * scores, 15);
    expect(tasks[1]?.floorSeconds).toBeCloseTo(6e-7 + 3e-6 * scores, 15);
  });

  it("adds the scores of prompts to those of requests", () => {
    const tasks = mixerTasks(question, whole, { ...decode, prompts });
    expect(names(tasks)).toEqual(["attention projections", "indexer", "attention core", "attention core", "output projection"]);
    // Prompts read thirty keys of 5 bytes and four rows of 20.
    expect(tasks[1]).toMatchObject({ bytes: 600 + 3 * 500 + 2 * 150 });
    expect(tasks[1]?.seconds).toBeCloseTo(6e-6 + 6e-6 * (500 / 580) + 9e-6 * (150 / 230), 15);
    expect(mixerTasks(question, whole, { ...decode, requests: 0, prompts })[1]).toMatchObject({ bytes: 600 + 2 * 150 });
  });

  it("is all attention's where a selection is taken over, or where nothing is scored yet", () => {
    const follows = planned({ ...sparse, indexer: { ...(sparse.indexer as object), scores: false } as never });
    expect(mixerTasks(question, follows, decode)[1]).toMatchObject({ name: "attention core", seconds: 6e-6, bytes: 3 * 80 });
    const first = mixerTasks(question, whole, { ...decode, requests: 0, prompts: { ...prompts, pastTokens: 0 } });
    expect(first[1]).toEqual(product("indexer")(6));
    expect(first[2]).toMatchObject({ name: "attention core", seconds: 9e-6 });
  });

  it("is its products' alone on an empty cache, and shows no indexer where none of its products are planned", () => {
    expect(mixerTasks({ ...question, contextTokens: 0 }, whole, decode)[1]).toEqual(product("indexer")(6));
    const core = ["attention projections", "attention core", "output projection"];
    expect(names(mixerTasks(question, planned(sparse), decode))).toEqual(core);
    expect(names(mixerTasks(question, planned(sparse), { ...decode, requests: 0, prompts }))).toEqual(core);
  });

  it("is bound by what binds the longer of products and scores", () => {
    const bound = (rows: number) => mixerTasks(question, whole, { ...decode, rows })[1]?.bound;
    const compute = { ...whole, core: core([6e-6, 5e-6, 1e-6, 2e-6]) };
    expect(mixerTasks(question, compute, { ...decode, rows: 1 })[1]?.bound).toBe("compute");
    expect(mixerTasks(question, compute, { ...decode, rows: 60 })[1]?.bound).toBe("memory");
    expect(bound(1)).toBe("memory");
  });
});

describe("what binds a core", () => {
  it.each<[string, Times]>([
    ["overhead", [6e-6, 1e-6, 2e-6, 3e-6]],
    ["overhead", [6e-6, 2e-6, 1e-6, 3e-6]],
    ["compute", [6e-6, 3e-6, 1e-6, 2e-6]],
    ["memory", [6e-6, 1e-6, 3e-6, 2e-6]],
    ["memory", [6e-6, 3e-6, 3e-6, 3e-6]],
  ])("is %s of seconds, compute, memory and overhead %o", (bound, times) => {
    expect(mixerTasks(question, planned(latent, { core: core(times) }), decode)[1]?.bound).toBe(bound);
  });
});
