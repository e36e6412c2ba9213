import { describe, expect, it } from "vitest";
import { attentionPlan } from "../../src/kernels/attention/attention-plan";
import { hardware } from "../../src/machine/hardware";
import type { Block, ExpertsBlock, LatentMixer, Mixer } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { model } from "../../src/model/registry";
import { gatherPlan } from "../../src/network/all-reduce";
import { backwardOverForward, merged, ofPass, scaled, turned } from "../../src/step/backward";
import { hiding } from "../../src/step/decode";
import { type Plan, planOf } from "../../src/step/plan";
import { type PlannedRun, planRuns } from "../../src/step/planned-run";
import { productPlan } from "../../src/step/products";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";
import type { DecodeTask } from "../../src/step/task";
import { layerTasks } from "../../src/step/tasks";
import { keyValueUp, trainedRun } from "../../src/step/trained-run";
import { placesTouched, type TrainingQuestion, trainingStep } from "../../src/step/training";
import { sentOn, updateTasks } from "../../src/step/update";

const h800 = hardware("h800-sxm");
const bandwidth = h800.memoryBytesPerSecond;
const llama = model("llama-3-70b");
const mixer: Mixer = { kind: "grouped", heads: 64, keyValueHeads: 8, headDim: 128, valueHeadDim: 128, cacheSource: "own" };
const experts: ExpertsBlock = {
  ...(model("deepseek-v3").runs[1]?.blocks[1] as ExpertsBlock),
  ...{ routed: 16, perToken: 4, computedPerToken: 4, width: 1024, inputWidth: 8192, shared: 0, sharedWidth: 0, groups: 1, chosenGroups: 1 },
};
/** Two layers of attention and a dense part, three of attention and experts; 8,192 wide. */
const runs = [
  { count: 2, blocks: [mixer, { kind: "dense", width: 4096, matrices: 3 } as const] },
  { count: 3, blocks: [mixer, experts] },
];
const toy = decoder({ ...llama, id: "toy", runs });
const asked: TrainingQuestion = { model: toy, hardware: h800, sequences: 8, sequenceTokens: 512, expertParallel: 8, dataParallel: 8 };
const planFor = (change: Partial<StepQuestion> = {}) =>
  planOf(resolveQuestion({ model: toy, hardware: h800, requests: 8, contextTokens: 512, dataParallel: 8, expertParallel: 8, ...change }));
const rows = 512;
const task = (change: Partial<DecodeTask> = {}): DecodeTask => ({
  ...{ name: "router", seconds: 2, floorSeconds: 1, flops: 10, bytes: 20, runBytes: 3, bound: "memory", kernelSeconds: [1, 1] },
  ...change,
});
const seconds = (tasks: readonly { readonly seconds: number }[]) => tasks.reduce((sum, one) => sum + one.seconds, 0);

describe("tasks of training", () => {
  it("are of a pass, twice the work, or one after another", () => {
    expect(ofPass("weights")(task())).toEqual({ ...task(), pass: "weights" });
    expect(scaled(task(), 2.5)).toEqual(task({ seconds: 5, floorSeconds: 2.5, flops: 25, bytes: 50, kernelSeconds: [2.5, 2.5] }));
    const longer = task({ seconds: 4, runBytes: 7, bound: "compute", kernelSeconds: [4] });
    for (const order of [
      [task(), longer],
      [longer, task()],
    ]) {
      const both = merged("experts", order);
      expect(both).toMatchObject({ name: "experts", seconds: 6, floorSeconds: 2, flops: 20, bytes: 40, runBytes: 7, bound: "compute" });
      expect([...both.kernelSeconds].sort()).toEqual([1, 1, 4]);
    }
    expect(turned({ outputs: 3, inputs: 5 })).toEqual({ outputs: 5, inputs: 3 });
    expect(turned({ outputs: 3, inputs: 5, bf16: true })).toEqual({ outputs: 5, inputs: 3, bf16: true });
  });

  it("attend backwards (3 q + 2 v) / (q + v) times as long, and twice with a state", () => {
    const of = (id: string) => model(id).runs[0]?.blocks[0] as Mixer;
    expect(backwardOverForward({ ...mixer, headDim: 192, valueHeadDim: 64 })).toBe((3 * 192 + 2 * 64) / 256);
    expect(backwardOverForward(of("deepseek-v3"))).toBe((3 * 192 + 2 * 128) / 320);
    expect(backwardOverForward(of("deepseek-v4-pro"))).toBe(2.5);
    expect(backwardOverForward(of("qwen3-next-80b-a3b"))).toBe(2);
  });
});

describe("a training step of a toy", () => {
  const step = trainingStep(asked);
  const of = (pass: string, name?: string) => step.tasks.filter((t) => t.pass === pass && (name === undefined || t.name === name));
  const plan = planFor();

  it("has forward the tasks of its prompts taken in, layer by layer, without an engine's time between kernels", () => {
    const passing = {
      ...{ requests: 0, newTokens: 1, rows, replicaRows: 8 * 512 },
      prompts: { requests: 1, newTokens: 512, pastTokens: 0 },
    };
    const names = (run: PlannedRun) =>
      layerTasks(plan, run, passing)
        .tasks.map(({ name }) => name)
        .filter((name) => name !== "between kernels");
    const [dense, sparse] = plan.runs.map(names) as [string[], string[]];
    expect(of("forward").map(({ name }) => name)).toEqual([...dense, ...dense, ...sparse, ...sparse, ...sparse]);
    expect(seconds(of("forward", "experts"))).toBeCloseTo(
      3 * seconds(layerTasks(plan, plan.runs[1] as PlannedRun, passing).tasks.filter(({ name }) => name === "experts")),
      12,
    );
    expect(of("forward", "head")).toEqual([]);
  });

  it("has backward a product of each matrix the other way round, and one of each for its weights, whose gradients stay in FP32", () => {
    // The output projection: 8,192 by 64 heads of 128. dX of 512 rows; dW of 8,192 by 8,192 numbers over 512 rows.
    const [matrix] = [{ outputs: 8192, inputs: 8192 }];
    expect(of("backward", "output projection")).toHaveLength(5);
    expect(of("backward", "output projection")[0]).toMatchObject(productPlan("output projection", plan.kernels, [turned(matrix)], 0)(rows));
    const product = productPlan("output projection", plan.kernels, [{ outputs: 8192, inputs: rows }], 0)(8192);
    // Read and written in 4 bytes, where the product writes 2: six more.
    const more = (6 * 8192 * 8192) / bandwidth;
    const weights = of("weights", "output projection")[0];
    expect(weights?.seconds).toBeCloseTo(product.seconds + more, 12);
    expect(weights?.bytes).toBeCloseTo(product.bytes + 6 * 8192 * 8192, 0);
    expect(weights?.floorSeconds).toBeCloseTo(Math.max(product.floorSeconds, (product.bytes + 6 * 8192 * 8192) / bandwidth), 12);
    expect(weights?.kernelSeconds).toEqual([weights?.seconds]);
    const names = [...new Set(of("weights").map(({ name }) => name))].sort();
    expect(names).toEqual(["attention projections", "dense feed-forward", "experts", "output projection", "router"]);
  });

  it("multiplies for the gradients of weights in their format, of a router in BF16", () => {
    const weights = (name: string, weightFormat: string) =>
      seconds(trainingStep({ ...asked, weightFormat }).tasks.filter((t) => t.pass === "weights" && t.name === name));
    expect(weights("output projection", "fp8")).toBeLessThan(weights("output projection", "bfloat16"));
    expect(weights("router", "fp8")).toBe(weights("router", "bfloat16"));
  });

  it("has backward five products of attention for two, experts as long again, and the exchange as long, each once a layer", () => {
    expect(seconds(of("backward", "attention core"))).toBeCloseTo(2.5 * seconds(of("forward", "attention core")), 12);
    for (const name of ["experts", "dispatch", "combine"]) {
      expect(of("backward", name), name).toHaveLength(3);
      expect(seconds(of("backward", name))).toBeCloseTo(seconds(of("forward", name)), 12);
    }
  });

  it("has gradients of the weights of the experts that a rank holds, each over its mean rows", () => {
    // Two of 16 experts; 4,096 tokens go to 4 of 16: 1,024 rows each. Up and gate 2,048 by 8,192, down 8,192 by 1,024.
    const product = (outputs: number, inputs: number) =>
      productPlan("experts", plan.kernels, [{ outputs: inputs, inputs: 1024 }], 0)(outputs).seconds + (6 * outputs * inputs) / bandwidth;
    const [first] = of("weights", "experts");
    expect(of("weights", "experts")).toHaveLength(3);
    expect(first?.seconds).toBeCloseTo(2 * (product(2048, 8192) + product(8192, 1024)), 12);
    expect(first?.kernelSeconds).toHaveLength(4);
    expect(first?.flops).toBeCloseTo(2 * 2 * 1024 * 3 * 1024 * 8192, 0);
  });

  it("sums its passes, and floors one after another", () => {
    for (const pass of ["forward", "backward", "weights", "recomputed", "update"] as const)
      expect(step.secondsBy[pass], pass).toBeCloseTo(seconds(of(pass)), 12);
    expect(step.seconds).toBeCloseTo(seconds(step.tasks), 12);
    expect(step.floorSeconds).toBeCloseTo(
      step.tasks.reduce((sum, t) => sum + t.floorSeconds, 0),
      12,
    );
    expect(step.tokensPerSecondPerGpu).toBeCloseTo((8 * 512) / step.seconds / 8, 9);
    expect(step.carried.at(-1)).toMatch(/^backward pass/);
    expect(step.leftOut).toHaveLength(5);
    expect(step).toMatchObject({ kernel: plan.kernel, weightFormat: plan.formats.experts });
  });

  it("has of a stage so many layers like its most frequent ones", () => {
    const stage = trainingStep({ ...asked, layers: 2 }).tasks;
    expect(stage.filter((t) => t.name === "experts" && t.pass === "forward")).toHaveLength(2);
    expect(stage.filter((t) => t.name === "dense feed-forward")).toEqual([]);
  });

  it("hides beside the backward pass of another micro-batch what processors and links leave, and has the longer of both for a floor", () => {
    const beside = trainingStep({ ...asked, overlap: "forward-beside-backward" });
    const passing = {
      ...{ requests: 0, newTokens: 1, rows, replicaRows: 8 * 512 },
      prompts: { requests: 1, newTokens: 512, pastTokens: 0 },
    };
    let hidden = 0;
    for (const [i, count] of [2, 3].entries()) {
      const timed = layerTasks(plan, plan.runs[i] as PlannedRun, passing);
      const [links, processors] = [2 * timed.communicationSeconds, 2 * timed.processorSeconds];
      const all = seconds(layersOf(step.tasks, i)) / count;
      hidden += count * (all - Math.max(all - links + processors, links));
    }
    expect(beside.seconds).toBeCloseTo(step.seconds - hiding * hidden, 9);
    const floor = (sent: boolean) =>
      step.tasks.filter(({ name }) => (name === "dispatch" || name === "combine") === sent).reduce((sum, t) => sum + t.floorSeconds, 0);
    expect(beside.floorSeconds).toBeCloseTo(Math.max(floor(true), floor(false)), 12);
  });

  /** Tasks of all layers of a run, of every pass: layers follow one another, each ends where the next one's projections begin. */
  function layersOf(tasks: readonly { readonly name: string; readonly pass: string; readonly seconds: number }[], run: number) {
    const starts = tasks.flatMap((t, i) => (t.name === "attention projections" && t.pass === "forward" ? [i] : []));
    return run === 0 ? tasks.slice(0, starts[2]) : tasks.slice(starts[2]);
  }

  it("counts for a floor one copy of a token to each place that its experts lie in", () => {
    // Eight GPUs of one node: 8 (1 - (7/8)^4) of four copies.
    const passing = {
      ...{ requests: 0, newTokens: 1, rows, replicaRows: 8 * 512 },
      prompts: { requests: 1, newTokens: 512, pastTokens: 0 },
    };
    const sent = layerTasks(plan, plan.runs[1] as PlannedRun, passing).tasks.find(({ name }) => name === "dispatch");
    const copies = (8 * (1 - (7 / 8) ** 4)) / 4;
    expect(of("forward", "dispatch")[0]?.floorSeconds).toBeCloseTo((sent?.floorSeconds ?? 0) * copies, 15);
    // Two nodes of eight, of which a token chooses both.
    const wide = trainingStep({ ...asked, sequences: 16, dataParallel: 16, expertParallel: 16 }).tasks.find((t) => t.name === "dispatch");
    const far = layerTasks(
      planFor({ requests: 16, dataParallel: 16, expertParallel: 16 }),
      planFor({ requests: 16, dataParallel: 16, expertParallel: 16 }).runs[1] as PlannedRun,
      {
        ...passing,
        replicaRows: 16 * 512,
      },
    ).tasks.find(({ name }) => name === "dispatch");
    expect((wide?.floorSeconds ?? 0) / (far?.floorSeconds ?? 1)).toBeCloseTo((2 * (1 - 0.5 ** 4)) / 4, 9);
  });

  it.each<[string, object]>([
    ["sequences must be a positive integer, got 0", { sequences: 0 }],
    ["sequenceTokens must be a positive integer, got 0", { sequenceTokens: 0 }],
    ["layers must be a positive integer, got 0", { layers: 0 }],
    ["pipelineStages must be a positive integer, got 0", { pipelineStages: 0 }],
    ["replicas must be a positive integer, got 0", { replicas: 0 }],
    ["microBatches must be a positive integer, got 0", { microBatches: 0 }],
    ['overlap must be none or forward-beside-backward, got "two-micro-batches"', { overlap: "two-micro-batches" }],
    ["recomputeUpProjections must be true or false, got 1", { recomputeUpProjections: 1 }],
    // 2^16 sequences of 2^40 tokens are 2^56; each of eight GPUs has 2^53, which is one too many.
    [
      "sequences and sequenceTokens must make a number of tokens that can be counted, got 72057594037927940",
      { sequences: 2 ** 16, sequenceTokens: 2 ** 40 },
    ],
    [
      "sequences and sequenceTokens must make a number of tokens that can be counted, got 9007199254740992",
      { sequences: 2 ** 13, sequenceTokens: 2 ** 40 },
    ],
  ])("is refused by name: %s", (words, change) => {
    expect(() => trainingStep({ ...asked, ...change } as TrainingQuestion)).toThrow(words);
  });
});

describe("a training step of other models and splits", () => {
  const train = (id: string, change: Partial<TrainingQuestion> = {}) =>
    trainingStep({ ...asked, model: model(id), layers: 1, ...change }).tasks;
  const named = (tasks: ReturnType<typeof train>, pass: string, name: string) => tasks.filter((t) => t.pass === pass && t.name === name);

  it("has gradients of every kind of matrix, none of what was not asked for, and no engine's time between kernels", () => {
    for (const [id, name] of [
      ["deepseek-v3", "shared expert"],
      ["deepseek-v3.2-exp", "indexer"],
      ["nemotron-3-super-120b-a12b", "latent projections"],
    ] as const) {
      const tasks = trainingStep({ ...asked, model: model(id) }).tasks;
      for (const pass of ["backward", "weights"]) expect(named(tasks, pass, name).length, `${id} ${pass}`).toBeGreaterThan(0);
      expect(tasks.filter((t) => t.name === "between kernels" || t.pass === "recomputed" || t.pass === "update")).toEqual([]);
    }
  });

  it("multiplies gradients in BF16 where the forward pass does", () => {
    const plan = planFor({ model: model("deepseek-v3") });
    const router = named(train("deepseek-v3"), "weights", "router")[0];
    // 256 by 7,168 over 512 rows.
    const product = productPlan("router", plan.kernels, [{ outputs: 7168, inputs: rows, bf16: true }], 0)(256);
    expect(router?.seconds).toBeCloseTo(product.seconds + (6 * 256 * 7168) / bandwidth, 12);
    const narrow = productPlan("router", plan.kernels, [{ outputs: 7168, inputs: rows }], 0)(256);
    expect(narrow.seconds).not.toBe(product.seconds);
  });

  it("goes back through each mixer by its kind, wherever it stands in its layer", () => {
    for (const [id, name, times] of [
      ["qwen3-next-80b-a3b", "linear mixer", 2],
      ["longcat-flash", "attention core", (3 * 192 + 2 * 128) / 320],
    ] as const) {
      const tasks = train(id);
      expect(named(tasks, "backward", name).length, id).toBeGreaterThan(0);
      expect(seconds(named(tasks, "backward", name)) / seconds(named(tasks, "forward", name)), id).toBeCloseTo(times, 9);
    }
  });

  it("scatters the gradients of what was gathered, gathers those of what was scattered, and adds up again what was", () => {
    const cut = trainingStep({ ...asked, expertParallel: 1 }).tasks;
    for (const [forward, backward] of [
      ["all-gather", "reduce-scatter"],
      ["reduce-scatter", "all-gather"],
    ] as const) {
      const [there, back] = [named(cut, "forward", forward), named(cut, "backward", backward)];
      expect(there).toHaveLength(3);
      expect(seconds(back)).toBeCloseTo(seconds(there), 12);
    }
    const reduced = trainingStep({ ...asked, tensorParallel: 2, dataParallel: 4 }).tasks;
    expect(named(reduced, "backward", "all-reduce")).toHaveLength(named(reduced, "forward", "all-reduce").length);
    expect(named(reduced, "forward", "all-reduce").length).toBeGreaterThan(0);
  });

  it("takes the most frequent layer of a stage wherever it stands, and an update and stages as they are told", () => {
    const turnedRound = decoder({ ...toy, runs: [...runs].reverse() });
    const stage = trainingStep({ ...asked, model: turnedRound, layers: 1 }).tasks;
    expect(named(stage, "forward", "experts")).toHaveLength(1);
    const plan = planFor();
    const update = updateTasks(
      plan,
      plan.runs.map((run) => trainedRun(plan, run)),
      { replicas: 2, microBatches: 4 },
    );
    expect(trainingStep({ ...asked, replicas: 2, microBatches: 4 }).tasks.slice(-4)).toEqual(update);
    expect(trainingStep(asked).leftOut.join()).toMatch(/norms, conversions.*optimiser.*bubbles.*embedding and head.*an error band/);
  });

  it("has a floor for one copy to a place of what comes back too, and the floors of all else as they are", () => {
    const plan = planFor();
    const passing = {
      ...{ requests: 0, newTokens: 1, rows, replicaRows: 8 * 512 },
      prompts: { requests: 1, newTokens: 512, pastTokens: 0 },
    };
    const layer = layerTasks(plan, plan.runs[1] as PlannedRun, passing).tasks;
    const forward = trainingStep(asked).tasks.filter(({ pass }) => pass === "forward");
    for (const name of ["combine", "router", "experts"] as const) {
      const [own, trained] = [layer.find((t) => t.name === name), forward.find((t) => t.name === name)];
      const share = name === "combine" ? (8 * (1 - (7 / 8) ** 4)) / 4 : 1;
      expect((trained?.floorSeconds ?? 0) / (own?.floorSeconds ?? 1), name).toBeCloseTo(share, 9);
    }
  });

  it("makes nothing once more of grouped attention, though its queries go through a rank", () => {
    const ranked = decoder({
      ...toy,
      runs: [
        {
          count: 1,
          blocks: [
            { ...mixer, queryRank: 512 },
            { kind: "dense", width: 64, matrices: 3 },
          ],
        },
      ],
    });
    const step = trainingStep({ ...asked, model: ranked, expertParallel: 1, recomputeUpProjections: true });
    expect(step.secondsBy.recomputed).toBe(0);
  });
});

describe("places that a token goes to", () => {
  it("are all of them by chance, or its groups where these are as many as the places", () => {
    const of = (groups: number, chosenGroups: number, places: number) => placesTouched({ perToken: 8, groups, chosenGroups }, places);
    expect(of(8, 4, 8)).toBeCloseTo(4 * (1 - 0.75 ** 8), 12);
    expect(of(8, 4, 2)).toBeCloseTo(2 * (1 - 0.5 ** 8), 12);
    expect(of(8, 4, 16)).toBeCloseTo(16 * (1 - (15 / 16) ** 8), 12);
    expect(of(1, 1, 8)).toBeCloseTo(8 * (1 - (7 / 8) ** 8), 12);
    expect(of(1, 1, 1)).toBe(1);
  });
});

describe("what a stage sends on", () => {
  const plan = planFor();

  it("is a row of BF16 a token each way, over the card, or over the link where there is none", () => {
    const bytes = 2 * rows * 8192;
    const at = bytes / (h800.networkBytesPerSecond as number);
    expect(sentOn(plan, rows)).toEqual(
      (["forward", "backward"] as const).map((pass) => ({
        ...{
          name: "point to point",
          seconds: at,
          floorSeconds: at,
          flops: 0,
          bytes,
          runBytes: bytes,
          bound: "network",
          kernelSeconds: [at],
          pass,
        },
      })),
    );
    const { networkBytesPerSecond: _, ...cardless } = h800;
    expect(sentOn({ ...plan, hardware: cardless }, rows)[0]?.seconds).toBeCloseTo(bytes / (h800.scaleUpBytesPerSecond as number), 15);
    const { scaleUpBytesPerSecond: __, ...linkless } = cardless;
    expect(() => sentOn({ ...plan, hardware: linkless }, rows)).toThrow("h800-sxm has no link, which stages of a pipeline need");
    const sent = (pipelineStages: number) =>
      trainingStep({ ...asked, pipelineStages }).tasks.filter(({ name }) => name === "point to point");
    expect([sent(1).length, sent(2).length]).toEqual([0, 2]);
  });
});

describe("an update", () => {
  const plan = planFor();
  const trained = plan.runs.map((run) => trainedRun(plan, run));
  /** Attention 8,192 x (64 + 2 x 8) x 128 and 8,192 x 8,192, five layers; dense 3 x 8,192 x 4,096, two; routers 16 x 8,192, three. */
  const others = 5 * (8192 * 80 * 128 + 8192 * 8192) + 2 * 3 * 8192 * 4096 + 3 * 16 * 8192;
  /** Two of 16 experts of 3 x 8,192 x 1,024, three layers. */
  const held = 3 * 2 * 3 * 8192 * 1024;

  it("adds gradients up in FP32 and hands weights out in BF16 over every GPU of every group, and experts over replicas alone", () => {
    const tasks = updateTasks(plan, trained, { replicas: 2, microBatches: 4 });
    expect(tasks.map(({ name }) => name)).toEqual(["reduce-scatter", "reduce-scatter", "all-gather", "all-gather"]);
    const card = h800.networkBytesPerSecond as number;
    for (const [i, name, each] of [
      [0, "reduce-scatter", 4],
      [2, "all-gather", 2],
    ] as const) {
      const time = gatherPlan(name, 16, h800)(each * others);
      expect(tasks[i]).toMatchObject({ pass: "update", bound: "network", runBytes: (each * others) / 16 });
      expect(tasks[i]?.seconds).toBeCloseTo(time.seconds / 4, 12);
      expect(tasks[i]?.floorSeconds).toBeCloseTo(time.floorSeconds / 4, 12);
      expect(tasks[i]?.bytes).toBeCloseTo(time.wireBytes / 4, 0);
      // Half of the experts' bytes go to the other replica.
      expect(tasks[i + 1]).toMatchObject({ bytes: (each * held) / 2 / 4, runBytes: (each * held) / 2 });
      expect(tasks[i + 1]?.seconds).toBeCloseTo((each * held) / 2 / card / 4, 12);
    }
  });

  it("is among one group alone without replicas, inside its link, and nothing on one GPU", () => {
    const tasks = updateTasks(plan, trained, { replicas: 1, microBatches: 1 });
    expect(tasks.map(({ name, bound }) => [name, bound])).toEqual([
      ["reduce-scatter", "scale-up"],
      ["all-gather", "scale-up"],
    ]);
    const alone = planFor({ dataParallel: 1, expertParallel: 1, requests: 1 });
    expect(
      updateTasks(
        alone,
        alone.runs.map((run) => trainedRun(alone, run)),
        { replicas: 1, microBatches: 1 },
      ),
    ).toEqual([]);
    // Of few parameters it waits for the links to start.
    const small = decoder({
      ...llama,
      hiddenSize: 64,
      runs: [{ count: 1, blocks: [{ ...mixer, heads: 1, keyValueHeads: 1, headDim: 8, valueHeadDim: 8 }] }],
    });
    const few = planFor({ model: small, expertParallel: 1 });
    const starts = updateTasks(
      few,
      few.runs.map((run) => trainedRun(few, run)),
      { replicas: 1, microBatches: 1 },
    );
    expect(starts[0]?.bound).toBe("latency");
  });

  it("sends two thirds of three replicas' experts, copies of experts too, and none of a dense model", () => {
    const bytesOf = (of: Plan, replicas: number) =>
      updateTasks(
        of,
        of.runs.map((run) => trainedRun(of, run)),
        { replicas, microBatches: 1 },
      ).map(({ bytes }) => bytes);
    expect(bytesOf(plan, 3)[1]).toBeCloseTo((4 * held * 2) / 3, 0);
    // 32 places for 16 experts: four on each rank.
    expect(bytesOf(planFor({ expertSlots: 32 }), 3)[1]).toBeCloseTo((4 * 2 * held * 2) / 3, 0);
    const dense = decoder({ ...toy, runs: runs.slice(0, 1) });
    expect(bytesOf(planFor({ model: dense, expertParallel: 1 }), 2)).toHaveLength(2);
  });

  it("takes experts over the link where there is no card, and is refused where there is neither", () => {
    const { networkBytesPerSecond: _, ...cardless } = h800;
    const tasks = updateTasks({ ...plan, hardware: { ...cardless, scaleUpDomain: 64 } }, trained, { replicas: 2, microBatches: 1 });
    expect(tasks[1]?.seconds).toBeCloseTo((4 * held) / 2 / (h800.scaleUpBytesPerSecond as number), 12);
    const { scaleUpBytesPerSecond: __, ...linkless } = cardless;
    const onlyExperts = trained.map((run) => ({ ...run, matrices: [] }));
    expect(() => updateTasks({ ...plan, hardware: linkless }, onlyExperts, { replicas: 2, microBatches: 1 })).toThrow(
      "h800-sxm has no link, which replicas of experts need",
    );
  });
});

describe("latent attention as it is trained", () => {
  const v3 = model("deepseek-v3");
  const latent = v3.runs[0]?.blocks[0] as LatentMixer;
  const plan = planOf(resolveQuestion({ model: v3, hardware: h800, requests: 8, contextTokens: 512, tensorParallel: 1 }));
  const run = (block: Block) =>
    trainedRun(
      plan,
      planRuns(
        resolveQuestion({ model: v3, hardware: h800, requests: 8, contextTokens: 512 }),
        [{ count: 1, blocks: [block] }],
        plan.kernels,
      )[0] as PlannedRun,
    );

  it("makes keys and values of every head from its rank, in place of what serving absorbs", () => {
    expect(keyValueUp).toBe("key and value up");
    const { matrices, blocks } = run(latent);
    const shapes = (group: string) => (matrices[0]?.[group] ?? []).map(({ name, outputs, inputs }) => [name, outputs, inputs]);
    expect(shapes("projections")).toEqual([
      ["query, key and value down", 1536 + 512 + 64, 7168],
      ["query up", 128 * 192, 1536],
      [keyValueUp, 128 * (128 + 128), 512],
    ]);
    expect(shapes("output")).toEqual([["output projection", 7168, 128 * 128]]);
    const [planned] = blocks;
    if (planned === undefined || !("core" in planned)) throw new Error("a mixer has a core");
    expect(planned.projections(rows)).toEqual(productPlan("attention projections", plan.kernels, matrices[0]?.projections ?? [], 2)(rows));
    expect(planned.output(rows)).toEqual(productPlan("output projection", plan.kernels, matrices[0]?.output ?? [], 0)(rows));
    const grouped: Mixer = { kind: "grouped", heads: 128, keyValueHeads: 128, headDim: 192, valueHeadDim: 128, cacheSource: "own" };
    const options = { phase: "prefill", part: "core", cacheFormat: "bfloat16", weightFormat: "bfloat16", arithmetic: "bfloat16" } as const;
    const core = attentionPlan(grouped, h800, { ...options, hiddenSize: 7168, warm: false });
    expect(planned.prefill.time(8, 0, 512)).toEqual(core.time(8, 0, 512));
  });

  it("stays as it is served where it selects, and other mixers do", () => {
    const sparse = model("deepseek-v3.2-exp").runs[0]?.blocks[0] as Block;
    for (const block of [sparse, mixer as Block]) {
      const { matrices } = run(block);
      const names = (matrices[0]?.projections ?? []).map(({ name }) => name);
      expect(names).not.toContain(keyValueUp);
    }
    expect(run(sparse).matrices[0]?.indexer).toHaveLength(2);
  });

  it("makes its up-projections once more where that is asked for", () => {
    const of = (recomputeUpProjections: boolean) =>
      trainingStep({
        model: v3,
        hardware: h800,
        sequences: 8,
        sequenceTokens: 512,
        expertParallel: 8,
        layers: 2,
        recomputeUpProjections,
      }).tasks.filter(({ pass }) => pass === "recomputed");
    expect(of(false)).toEqual([]);
    expect(of(true).map(({ name, flops }) => [name, flops])).toEqual(
      [1, 2].map(() => ["attention projections", 2 * rows * (128 * 192 * 1536 + 128 * 256 * 512)]),
    );
    expect(trainingStep({ ...asked, recomputeUpProjections: true }).secondsBy.recomputed).toBe(0);
  });
});
