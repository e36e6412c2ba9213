import { describe, expect, it } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { launch } from "../../src/kernels/launch";
import { denseFamily, denseTime, meanEdges } from "../../src/kernels/product";
import { hardware } from "../../src/machine/hardware";
import type { Block, ExpertsBlock, Mixer, Run } from "../../src/model/blocks";
import { blockMatrices } from "../../src/model/matrices";
import { model, models } from "../../src/model/registry";
import { allReduceTime } from "../../src/network/all-reduce";
import { expertExchangeTime } from "../../src/network/exchange";
import { planOf } from "../../src/step/plan";
import { type PlannedMixer, type PlannedRun, planRuns } from "../../src/step/planned-run";
import { productKernels, productPlan } from "../../src/step/products";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";
import { shapeOf } from "../../src/step/routed-plan";
import type { DecodeTask } from "../../src/step/task";
import { layerTasks, sum } from "../../src/step/tasks";

const h800 = hardware("h800-sxm");
const v3 = model("deepseek-v3");
const graph = launch("graph", h800).seconds;
const rows = 16;
const kernels = productKernels(h800, "fp8_block", graph, "tensorrt-llm");
const product = (outputs: number, inputs: number, bf16 = false) =>
  denseTime(bf16 ? kernels.wide : kernels.quantised, { m: rows, n: outputs, k: inputs }, h800, meanEdges);
const [dense, sparse] = v3.runs as readonly [Run, Run];
const [latent, experts] = sparse.blocks as readonly [Mixer, ExpertsBlock];
const question: StepQuestion = { model: v3, hardware: h800, requestsPerGpu: rows, contextTokens: 1000, expertParallel: 8, routing: "even" };
const plan = (change: Partial<StepQuestion> = {}, kernel = "deepepmoe") => planOf(resolveQuestion({ ...question, ...change, kernel }));
const layer = (blocks: readonly Block[], change: Partial<StepQuestion> = {}) => {
  const p = plan(change);
  const [run] = planRuns(resolveQuestion({ ...question, ...change }), [{ count: 1, blocks }], p.kernels);
  return layerTasks(p, run as PlannedRun, passing(p.dataParallel));
};
const passing = (groups: number) => ({ requests: rows, newTokens: 1, rows, replicaRows: rows * groups });
const named = (tasks: readonly DecodeTask[], name: string) => tasks.find((t) => t.name === name) as DecodeTask;
const names = (tasks: readonly DecodeTask[]) => tasks.map((t) => t.name).filter((name) => name !== "between kernels");
const total = (tasks: readonly DecodeTask[]) => sum(tasks, (t) => t.seconds);

describe("productKernels", () => {
  it("multiply outside the experts in the format of the rest, and in BF16", () => {
    const timed = denseFamily(h800, "sglang_deepgemm", "fp8_block");
    expect(kernels).toMatchObject({ wide: denseFamily(h800, undefined, "bfloat16"), launchSeconds: graph });
    expect(plan().kernels).toEqual(kernels);
    expect(kernels.quantised.constants).toEqual({
      ...timed.constants,
      fixedSeconds: Math.min(timed.constants.fixedSeconds, kernels.wide.constants.fixedSeconds + 8e-6),
      activationPasses: 0,
    });
  });
});

describe("productPlan", () => {
  const two = [
    { outputs: 4096, inputs: 2048 },
    { outputs: 512, inputs: 4096, bf16: true as const },
  ];
  const task = productPlan("router", kernels, two, 3)(rows);
  const [first, second] = [product(4096, 2048), product(512, 4096, true)];
  const each = graph + (4 * rows * 2048) / h800.memoryBytesPerSecond;

  it("adds products one after another, each in its format, and kernels that pass over the stream", () => {
    expect(task.name).toBe("router");
    expect(task.seconds).toBeCloseTo(first.seconds + second.seconds + 3 * each, 15);
    expect(task.kernelSeconds).toEqual([each, each, each, first.seconds, second.seconds]);
    expect(task.flops).toBe(2 * rows * (4096 * 2048 + 512 * 4096));
    expect(task.bytes).toBeCloseTo(first.bytes + second.bytes + 3 * 4 * rows * 2048, 6);
  });

  it("has a floor of its bytes, or of its arithmetic at the peaks of the two formats", () => {
    expect(task.floorSeconds).toBeCloseTo(task.bytes / h800.memoryBytesPerSecond, 15);
    const still = { ...kernels, hardware: { ...h800, memoryBytesPerSecond: 1e30 } };
    const { fp8 = 0, bf16 = 0 } = h800.peakFlopsPerSecond;
    expect(productPlan("router", still, two, 3)(rows).floorSeconds).toBeCloseTo(
      (2 * rows * 4096 * 2048) / fp8 + (2 * rows * 512 * 4096) / bf16,
      15,
    );
  });

  it("reads its largest matrix in one run, and is bound by what binds its longest product", () => {
    expect(task.runBytes).toBeCloseTo(4096 * 2048 * (1 + 4 / 128 ** 2), 6);
    const small = { outputs: 8, inputs: 8, bf16: true as const };
    const large = { outputs: 65_536, inputs: 7168, bf16: true as const };
    expect(productPlan("head", kernels, [{ outputs: 4096, inputs: 2048, bf16: true }], 0)(rows).runBytes).toBe(2 * 4096 * 2048);
    const { bound } = product(large.outputs, large.inputs, true);
    expect(productPlan("head", kernels, [small, large], 0)(rows).bound).toBe(bound);
    expect(productPlan("head", kernels, [large, small], 0)(rows).bound).toBe(bound);
    expect(productPlan("head", kernels, [small], 0)(rows).bound).toBe(product(8, 8, true).bound);
  });
});

describe("layerTasks", () => {
  it("has for every layer of every model one core for each mixer, products of its matrices, and nothing of what it has not", () => {
    for (const m of models()) {
      const own = plan({ model: m, hardware: hardware("b200-sxm"), expertParallel: 1 });
      for (const run of own.runs) {
        const { tasks } = layerTasks(own, run, passing(1));
        const blocks = run.blocks.map(({ block }) => block);
        const of = (kind: (block: Block) => boolean) => blocks.filter(kind).length;
        const count = (name: string) => tasks.filter((task) => task.name === name).length;
        expect(count("linear mixer"), m.id).toBe(of(({ kind }) => kind === "linear"));
        expect(count("attention core") + count("linear mixer"), m.id).toBe(of(({ kind }) => kind !== "dense" && kind !== "experts"));
        expect(count("dense feed-forward"), m.id).toBe(of(({ kind }) => kind === "dense"));
        expect(count("experts"), m.id).toBe(of(({ kind }) => kind === "experts"));
        expect(count("shared expert"), m.id).toBe(of((block) => block.kind === "experts" && block.sharedWidth > 0));
        expect(count("latent projections"), m.id).toBe(of((block) => block.kind === "experts" && block.inputWidth < m.hiddenSize));
        const multiplied = blocks
          .flatMap((block) => blockMatrices(block, m.hiddenSize))
          .filter(({ part }) => part !== "routed expert")
          .reduce((elements, w) => elements + w.outputs * w.inputs * w.count, 0);
        const timedApart = ["attention core", "linear mixer", "experts"];
        const products = tasks.filter(({ name }) => !timedApart.includes(name));
        // An indexer's task holds its scores too.
        const flops = sum(products, (task) => task.flops) / (2 * rows);
        if (count("indexer") === 0) expect(flops / multiplied, m.id).toBeCloseTo(1, 12);
        else expect(flops, m.id).toBeGreaterThan(multiplied);
      }
    }
  });

  it("projects latent attention down and up and absorbs the key, then the value", () => {
    const { tasks } = layer(sparse.blocks);
    const projections = named(tasks, "attention projections");
    const kernelSeconds = [product(1536 + 512 + 64, 7168), product(128 * 192, 1536), product(128 * 512, 128, true)].map((t) => t.seconds);
    expect(projections.kernelSeconds).toEqual(expect.arrayContaining(kernelSeconds));
    expect(projections.flops).toBe(2 * rows * ((1536 + 512 + 64) * 7168 + 128 * 192 * 1536 + 128 * 512 * 128));
    expect(named(tasks, "output projection").seconds).toBeCloseTo(
      product(128 * 128, 512, true).seconds + product(7168, 128 * 128).seconds,
      15,
    );
  });

  it("projects grouped attention in one product, and its output in another", () => {
    const m = model("qwen3-235b-a22b");
    const { tasks } = layer(m.runs[0]?.blocks ?? [], { model: m, expertParallel: 1 });
    // 64 heads and twice 4 of 128, on 4,096.
    expect(named(tasks, "attention projections").flops).toBe(2 * rows * (64 + 8) * 128 * 4096);
    expect(named(tasks, "output projection").flops).toBe(2 * rows * 64 * 128 * 4096);
    expect(named(tasks, "output projection").kernelSeconds).toHaveLength(1);
  });

  it("takes its core, its experts and its exchange as they are timed alone", () => {
    const { tasks } = layer(sparse.blocks);
    const [, sparseRun] = plan().runs as readonly [PlannedRun, PlannedRun];
    const { core } = sparseRun.blocks[0] as PlannedMixer;
    const { seconds, floorSeconds } = core.time(rows, 1000, 1);
    // 576 numbers of two bytes a token; each of 128 heads multiplies by 576 and by 512.
    expect(named(tasks, "attention core")).toMatchObject({
      seconds,
      floorSeconds,
      bytes: rows * 1000 * 1152,
      flops: rows * 1000 * 128 * 2 * (576 + 512),
      kernelSeconds: [seconds],
    });
    const own = plan();
    const time = moeLayerTime({
      model: shapeOf(own, experts),
      hardware: h800,
      kernel: "deepepmoe",
      weightFormat: "fp8_block",
      tokens: rows * 8,
      expertParallel: 8,
      routing: "even",
      cache: "cold",
    });
    expect(named(tasks, "experts")).toMatchObject({
      seconds: time.seconds,
      floorSeconds: time.floorSeconds,
      flops: time.flops,
      bytes: time.weightBytes + time.activationBytes,
      runBytes: 2 * 2048 * 7168 * (1 + 4 / 128 ** 2),
      bound: time.bound,
    });
    for (const direction of ["dispatch", "combine"] as const) {
      const exchange = expertExchangeTime({ direction, model: v3, hardware: h800, tokens: rows, expertParallel: 8 });
      expect(named(tasks, direction)).toMatchObject({
        seconds: exchange.seconds,
        floorSeconds: exchange.floorSeconds,
        flops: 0,
        bytes: exchange.bytes,
        runBytes: exchange.messageBytes,
        bound: exchange.bound,
      });
    }
  });

  it("routes in BF16, and has up and gate, the activation and down in a feed-forward part", () => {
    const { tasks } = layer(sparse.blocks);
    expect(named(tasks, "router").flops).toBe(2 * rows * 256 * 7168);
    expect(named(tasks, "router").runBytes).toBe(2 * 256 * 7168);
    expect(named(tasks, "shared expert").flops).toBe(2 * rows * 3 * 2048 * 7168);
    expect(named(layer(dense.blocks).tasks, "dense feed-forward").flops).toBe(2 * rows * 3 * 18_432 * 7168);
    // Without a gate one matrix goes up.
    const plain = layer([latent, { ...experts, matrices: 2 }]);
    expect(named(plain.tasks, "shared expert").flops).toBe(2 * rows * 2 * 2048 * 7168);
    expect(named(plain.tasks, "experts").runBytes).toBeCloseTo(2048 * 7168 * (1 + 4 / 128 ** 2), 6);
    expect(named(layer([latent, { kind: "dense", width: 18_432, matrices: 2 }]).tasks, "dense feed-forward").flops).toBe(
      2 * rows * 2 * 18_432 * 7168,
    );
  });

  it("routes in a layer where a table chooses the experts too: its scores weigh them", () => {
    const { tasks } = layer([latent, { ...experts, router: "hash" }]);
    expect(named(tasks, "router")).toEqual(named(layer(sparse.blocks).tasks, "router"));
  });

  it("sends nothing to experts that compute nothing: of LongCat's 12 a token, 8", () => {
    const longcat = model("longcat-flash");
    const { tasks } = layer(longcat.runs[0]?.blocks ?? [], { model: longcat });
    const shape = { hiddenSize: longcat.hiddenSize, routedExperts: 512, expertsPerToken: 8 };
    const sent = expertExchangeTime({ direction: "dispatch", model: shape, hardware: h800, tokens: rows, expertParallel: 8 });
    expect(named(tasks, "dispatch")).toMatchObject({ seconds: sent.seconds, bytes: sent.bytes });
  });

  it("counts a fraction of an expert as that fraction of the tokens at a whole one", () => {
    const half = named(layer([latent, { ...experts, computedPerToken: 7.5 }]).tasks, "experts");
    // 128 tokens at 7.5 of 8 experts are 120 at 8.
    const { seconds } = moeLayerTime({
      model: shapeOf(plan(), experts),
      hardware: h800,
      kernel: "deepepmoe",
      weightFormat: "fp8_block",
      tokens: 120,
      expertParallel: 8,
      routing: "even",
      cache: "cold",
    });
    expect(half.seconds).toBeCloseTo(seconds, 15);
  });

  it("waits for a fraction of a token: the time lies on the line between whole ones", () => {
    const at = (waiting: number) => named(layer(sparse.blocks, { waiting }).tasks, "experts").seconds;
    // 128 tokens of the replica, and a quarter of one more.
    expect(at(128.25 / 128)).toBeCloseTo(at(1) + (at(129 / 128) - at(1)) / 4, 15);
    expect(at(129 / 128)).toBeGreaterThan(at(1));
  });

  it("adds the sums of MiniMax-M2's norms up over the GPUs that share its heads, between two kernels that pass over queries and keys", () => {
    const m2 = model("minimax-m2");
    const cut = { model: m2, expertParallel: 1, dataParallel: 1, tensorParallel: 4 } as const;
    const blocks = m2.runs[0]?.blocks ?? [];
    const { tasks } = layer(blocks, cut);
    expect(names(tasks).slice(0, 3)).toEqual(["attention projections", "norm all-reduce", "attention core"]);
    // Two sums of four bytes a row; 12 heads of queries and 2 of keys of 128 on a GPU, read by one kernel, read and written by the other.
    const sums = allReduceTime(8 * rows, 4, h800, "trtllm");
    const pass = (2 * rows * 14 * 128) / h800.memoryBytesPerSecond;
    const norm = named(tasks, "norm all-reduce");
    expect(norm.seconds).toBeCloseTo(sums.seconds + 2 * graph + 3 * pass, 15);
    expect(total([norm])).toBeCloseTo(
      sum(norm.kernelSeconds, (seconds) => seconds),
      15,
    );
    expect(names(layer(blocks, { ...cut, tensorParallel: 1 }).tasks)).not.toContain("norm all-reduce");
    expect(names(layer(sparse.blocks, { ...cut, model: v3 }).tasks)).not.toContain("norm all-reduce");
  });

  it("sums compute and communication apart, in the order that tokens take", () => {
    const own = layer(sparse.blocks);
    const exchange = (name: string) => name === "dispatch" || name === "combine";
    expect(own.computeSeconds).toBeCloseTo(total(own.tasks.filter((t) => !exchange(t.name))), 15);
    expect(own.communicationSeconds).toBeCloseTo(total(own.tasks.filter((t) => exchange(t.name))), 15);
    const parts = (["dispatch", "combine"] as const).map((direction) =>
      expertExchangeTime({ direction, model: v3, hardware: h800, tokens: rows, expertParallel: 8 }),
    );
    expect(own.processorSeconds).toBeCloseTo(
      sum(parts, (p) => Math.min(p.seconds, p.processorSeconds)),
      15,
    );
    // The part inside a node is longer than what an exchange of one message waits for, and is not counted beyond it.
    expect(own.processorSeconds).toBeLessThanOrEqual(own.communicationSeconds);
    expect(names(own.tasks)).toEqual([
      "attention projections",
      "attention core",
      "output projection",
      "router",
      "dispatch",
      "experts",
      "shared expert",
      "combine",
    ]);
  });

  it("follows the blocks of a layer: LongCat's two mixers, Nemotron's half layers, a dense part beside experts", () => {
    const attention = ["attention projections", "attention core", "output projection"];
    const of = (id: string, run = 0) => {
      const m = model(id);
      return names(layer(m.runs[run]?.blocks ?? [], { model: m, expertParallel: 1 }).tasks);
    };
    expect(of("longcat-flash")).toEqual([...attention, "dense feed-forward", ...attention, "dense feed-forward", "router", "experts"]);
    const nemotron = [0, 1, 2].map((run) => of("nemotron-3-ultra-550b-a55b", run));
    expect(nemotron).toEqual([
      ["attention projections", "linear mixer", "output projection"],
      ["router", "latent projections", "experts", "shared expert"],
      attention,
    ]);
    expect(of("snowflake-arctic")).toEqual([...attention, "dense feed-forward", "router", "experts"]);
    expect(of("deepseek-v3.2-exp")).toEqual(["attention projections", "indexer", ...attention.slice(1), "dense feed-forward"]);
  });

  it("adds up over a group after every mixer and every feed-forward part, a dense one beside experts with them", () => {
    const reduces = (id: string, run = 0) => {
      const m = model(id);
      const own = plan({ model: m, tensorParallel: 4, expertParallel: 1 });
      const { tasks } = layerTasks(own, own.runs[run] as PlannedRun, passing(1));
      return names(tasks).flatMap((name, i) => (name === "all-reduce" ? [names(tasks)[i - 1]] : []));
    };
    expect(reduces("deepseek-v3")).toEqual(["output projection", "dense feed-forward"]);
    expect(reduces("deepseek-v3", 1)).toEqual(["output projection", "shared expert"]);
    expect(reduces("snowflake-arctic")).toEqual(["output projection", "experts"]);
    expect(reduces("nemotron-3-ultra-550b-a55b", 1)).toEqual(["shared expert"]);
  });

  it("shows of the shared expert what the routed ones beside it do not cover, and never less than its floor", () => {
    const { tasks } = layer(sparse.blocks);
    const [shared, routed] = [named(tasks, "shared expert"), named(tasks, "experts")];
    // One shared expert of 2,048: up and gate, then down.
    const products = [
      { outputs: 4096, inputs: 7168 },
      { outputs: 7168, inputs: 2048 },
    ];
    const alone = productPlan("shared expert", kernels, products, 2)(rows);
    const both = Math.max(alone.seconds, routed.seconds, alone.floorSeconds + routed.floorSeconds);
    expect(shared.seconds).toBeCloseTo(Math.min(alone.seconds, Math.max(both - routed.seconds, alone.floorSeconds)), 15);
    expect(shared.seconds).toBeLessThan(alone.seconds);
    expect(sum(shared.kernelSeconds, (seconds) => seconds) / shared.seconds).toBeCloseTo(1, 12);
    // Its work is done all the same.
    expect(shared).toMatchObject({ flops: alone.flops, bytes: alone.bytes, floorSeconds: alone.floorSeconds });
  });

  it("waits for the busiest rank: its factor multiplies the tokens of the routed experts and nothing else", () => {
    const [even, waited] = [1, 1.5].map((waiting) => layer(sparse.blocks, { waiting }).tasks) as [
      readonly DecodeTask[],
      readonly DecodeTask[],
    ];
    const time = moeLayerTime({
      model: shapeOf(plan(), experts),
      hardware: h800,
      kernel: "deepepmoe",
      weightFormat: "fp8_block",
      tokens: 1.5 * rows * 8,
      expertParallel: 8,
      routing: "even",
      cache: "cold",
    });
    expect(named(waited, "experts").seconds).toBe(time.seconds);
    for (const task of even.filter(({ name }) => name !== "experts" && name !== "shared expert"))
      expect(named(waited, task.name).seconds, task.name).toBe(task.seconds);
  });

  it("ends with the engine's time between kernels", () => {
    const own = plan({ engine: "sglang" });
    for (const run of own.runs) {
      const { tasks } = layerTasks(own, run, passing(own.dataParallel));
      const { layerSeconds, quantizedSeconds, latentSeconds } = own.engineTime;
      expect(tasks.at(-1)).toMatchObject({
        name: "between kernels",
        seconds: layerSeconds + quantizedSeconds + latentSeconds,
        bound: "overhead",
      });
    }
  });

  it("leaves out what a layer does not have", () => {
    const attention = ["attention projections", "attention core", "output projection"];
    expect(names(layer([latent]).tasks)).toEqual(attention);
    expect(names(layer([latent, { ...experts, shared: 0, sharedWidth: 0 }]).tasks)).not.toContain("shared expert");
    const alone = layer(sparse.blocks, { expertParallel: 1 });
    expect(names(alone.tasks)).toEqual([...attention, "router", "experts", "shared expert"]);
    expect(alone.communicationSeconds).toBe(0);
  });
});
