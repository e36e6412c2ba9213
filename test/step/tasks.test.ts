import { describe, expect, it } from "vitest";
import { attentionTime } from "../../src/kernels/attention-core";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { launch } from "../../src/kernels/launch";
import { denseFamily, denseTime } from "../../src/kernels/product";
import { hardware } from "../../src/machine/hardware";
import { weightFormat } from "../../src/machine/number-formats";
import type { Model } from "../../src/model/model";
import { model } from "../../src/model/registry";
import { expertExchangeTime } from "../../src/network/exchange";
import type { DecodeTask } from "../../src/step/task";
import { layerTasks, planOf, productTask, sum } from "../../src/step/tasks";

const h800 = hardware("h800-sxm");
const v3 = model("deepseek-v3");
const plan = planOf(h800, weightFormat("fp8_block"));
const graph = launch("graph", h800).seconds;
const rows = 16;
const product = (n: number, k: number, bf16 = false) => denseTime(bf16 ? plan.wide : plan.quantised, { m: rows, n, k }, h800);
/** Kernels that launch and pass over a stream so wide, in and out in BF16. */
const beside = (kernels: number, width: number) => kernels * (graph + (4 * rows * width) / h800.memoryBytesPerSecond);

describe("planOf", () => {
  it("multiplies outside the experts in FP8 where experts are FP8 and the machine has it, else in BF16", () => {
    expect(plan).toEqual({
      hardware: h800,
      format: weightFormat("fp8_block"),
      quantised: denseFamily(h800, undefined, "fp8_block"),
      wide: denseFamily(h800, undefined, "bfloat16"),
      launchSeconds: graph,
    });
    expect(planOf(h800, weightFormat("fp8")).format.name).toBe("fp8_block");
    for (const name of ["bfloat16", "nvfp4", "w4a8_mxfp4_mxfp8", "int4_wo"])
      expect(planOf(h800, weightFormat(name)).format.name).toBe("bfloat16");
    expect(planOf(hardware("a100-sxm"), weightFormat("fp8_block")).quantised.weightFormat).toBe("bfloat16");
  });
});

describe("productTask", () => {
  const task = productTask(
    "router",
    plan,
    rows,
    [
      { n: 4096, k: 2048 },
      { n: 512, k: 4096, bf16: true },
    ],
    3,
  );
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
    const still = { ...h800, memoryBytesPerSecond: 1e30 };
    const computed = productTask(
      "router",
      { ...plan, hardware: still },
      rows,
      [
        { n: 4096, k: 2048 },
        { n: 512, k: 4096, bf16: true },
      ],
      3,
    );
    const { fp8 = 0, bf16 = 0 } = h800.peakFlopsPerSecond;
    expect(computed.floorSeconds).toBeCloseTo((2 * rows * 4096 * 2048) / fp8 + (2 * rows * 512 * 4096) / bf16, 15);
  });

  it("reads its largest matrix in one run, and is bound by what binds its longest product", () => {
    expect(task.runBytes).toBeCloseTo(4096 * 2048 * (1 + 4 / 128 ** 2), 6);
    expect(productTask("head", plan, rows, [{ n: 4096, k: 2048, bf16: true }], 0).runBytes).toBe(2 * 4096 * 2048);
    const large = { n: 65_536, k: 7168, bf16: true };
    expect(productTask("head", plan, rows, [{ n: 8, k: 8, bf16: true }, large], 0).bound).toBe(product(large.n, large.k, true).bound);
    expect(productTask("head", plan, rows, [large, { n: 8, k: 8, bf16: true }], 0).bound).toBe("memory");
    expect(productTask("head", plan, rows, [{ n: 8, k: 8, bf16: true }], 0).bound).toBe("overhead");
  });
});

describe("layerTasks", () => {
  const layer = (m: Model, expertParallel = 8) =>
    layerTasks(
      plan,
      rows,
      { model: m, hardware: h800, requestsPerGpu: rows, contextTokens: 1000, expertParallel },
      "deepepmoe",
      "fp8_block",
    );
  const named = (tasks: readonly DecodeTask[], name: string) => tasks.find((t) => t.name === name) as DecodeTask;
  const total = (tasks: readonly DecodeTask[]) => sum(tasks, (t) => t.seconds);

  it("projects latent attention down and up and absorbs the key, then the value, and passes over the stream three times", () => {
    const { moeLayer } = layer(v3);
    const projections = named(moeLayer, "attention projections");
    const down = product(1536 + 512 + 64, 7168).seconds + product(128 * 192, 1536).seconds;
    expect(projections.seconds).toBeCloseTo(down + product(128 * 512, 128, true).seconds + beside(3, 7168), 15);
    expect(named(moeLayer, "output projection").seconds).toBeCloseTo(
      product(128 * 128, 512, true).seconds + product(7168, 128 * 128).seconds,
      15,
    );
    const { qLoraRank, ...direct } = v3;
    expect(named(layer(direct).moeLayer, "attention projections").seconds).toBeCloseTo(
      product(128 * 192 + 512 + 64, 7168).seconds + product(128 * 512, 128, true).seconds + beside(3, 7168),
      15,
    );
    const { qkRopeHeadDim, ...still } = v3;
    expect(named(layer(still).moeLayer, "attention projections").flops).toBe(
      2 * rows * ((1536 + 512) * 7168 + 128 * 192 * 1536 + 128 * 512 * 192),
    );
  });

  it("projects grouped attention in one product, with two passes, and its output in another", () => {
    const m = model("qwen3-235b-a22b");
    const { moeLayer } = layer(m);
    const width = m.attentionHeads * m.headDim + m.keyValueHeads * (m.headDim + m.valueHeadDim);
    expect(named(moeLayer, "attention projections").seconds).toBeCloseTo(
      product(width, m.hiddenSize).seconds + beside(2, m.hiddenSize),
      15,
    );
    expect(named(moeLayer, "output projection").seconds).toBeCloseTo(product(m.hiddenSize, m.attentionHeads * m.valueHeadDim).seconds, 15);
  });

  it("takes its core, its experts and its exchange as they are timed alone", () => {
    const { moeLayer } = layer(v3);
    const core = attentionTime({ model: v3, hardware: h800, requests: rows, contextTokens: 1000 });
    const { seconds, floorSeconds, flops, bytes, runBytes, bound } = core;
    expect(named(moeLayer, "attention core")).toEqual({
      name: "attention core",
      seconds,
      floorSeconds,
      flops,
      bytes,
      runBytes,
      bound,
      kernelSeconds: [seconds],
    });
    const experts = moeLayerTime({
      model: v3,
      hardware: h800,
      kernel: "deepepmoe",
      weightFormat: "fp8_block",
      tokens: rows * 8,
      expertParallel: 8,
      routing: "even",
    });
    expect(named(moeLayer, "experts")).toEqual({
      name: "experts",
      seconds: experts.seconds,
      floorSeconds: experts.floorSeconds,
      flops: experts.flops,
      bytes: experts.weightBytes + experts.activationBytes,
      runBytes: 2 * 2048 * 7168 * (1 + 4 / 128 ** 2),
      bound: experts.bound,
      kernelSeconds: [experts.seconds],
    });
    for (const direction of ["dispatch", "combine"] as const) {
      const exchange = expertExchangeTime({ direction, model: v3, hardware: h800, tokens: rows, expertParallel: 8 });
      expect(named(moeLayer, direction)).toEqual({
        name: direction,
        seconds: exchange.seconds,
        floorSeconds: exchange.floorSeconds,
        flops: 0,
        bytes: exchange.bytes,
        runBytes: exchange.messageBytes,
        bound: exchange.bound,
        kernelSeconds: [exchange.seconds],
      });
    }
  });

  it("routes in BF16 with two passes, and has up and gate, the activation and down in a feed-forward part", () => {
    const { moeLayer, denseLayer } = layer(v3);
    expect(named(moeLayer, "router").seconds).toBeCloseTo(product(256, 7168, true).seconds + beside(2, 7168), 15);
    expect(named(moeLayer, "shared expert").seconds).toBeCloseTo(
      product(2 * 2048, 7168).seconds + product(7168, 2048).seconds + beside(2, 7168),
      15,
    );
    expect(named(denseLayer, "dense feed-forward").seconds).toBeCloseTo(
      product(2 * 18_432, 7168).seconds + product(7168, 18_432).seconds + beside(2, 7168),
      15,
    );
    // Without a gate one matrix goes up; a dense part beside the experts widens what is shared.
    const plain = layer({ ...v3, expertMatrices: 2, ffnMatrices: 2, parallelIntermediateSize: 1024 });
    expect(named(plain.moeLayer, "shared expert").seconds).toBeCloseTo(
      product(3072, 7168).seconds + product(7168, 3072).seconds + beside(2, 7168),
      15,
    );
    expect(named(plain.denseLayer, "dense feed-forward").flops).toBe(2 * rows * 2 * 18_432 * 7168);
    expect(named(plain.moeLayer, "experts").runBytes).toBeCloseTo(2048 * 7168 * (1 + 4 / 128 ** 2), 6);
    expect(named(layer({ ...v3, expertMatrices: 1 }).moeLayer, "experts").runBytes).toBeCloseTo(2048 * 7168 * (1 + 4 / 128 ** 2), 6);
  });

  it("sums compute and communication apart, in the order that tokens take", () => {
    const own = layer(v3);
    const exchange = (name: string) => name === "dispatch" || name === "combine";
    expect(own.computeSeconds).toBeCloseTo(total(own.moeLayer.filter((t) => !exchange(t.name))), 15);
    expect(own.communicationSeconds).toBeCloseTo(total(own.moeLayer.filter((t) => exchange(t.name))), 15);
    expect(own.denseSeconds).toBeCloseTo(total(own.denseLayer), 15);
    const parts = (["dispatch", "combine"] as const).map((direction) =>
      expertExchangeTime({ direction, model: v3, hardware: h800, tokens: rows, expertParallel: 8 }),
    );
    expect(own.processorSeconds).toBeCloseTo(
      sum(parts, (p) => Math.min(p.seconds, p.processorSeconds)),
      15,
    );
    // The part inside a node is longer than what an exchange of one message waits for, and is not counted beyond it.
    expect(own.processorSeconds).toBeLessThanOrEqual(own.communicationSeconds);
    expect(own.moeLayer.map((t) => t.name)).toEqual([
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

  it("leaves out what a model does not have", () => {
    expect(layer({ ...v3, intermediateSize: 0 }).denseLayer.map((t) => t.name)).toEqual([
      "attention projections",
      "attention core",
      "output projection",
    ]);
    expect(layer({ ...v3, sharedIntermediateSize: 0 }).moeLayer.map((t) => t.name)).not.toContain("shared expert");
    expect(layer({ ...v3, moeLayers: 0 })).toMatchObject({ moeLayer: [], computeSeconds: 0, communicationSeconds: 0, processorSeconds: 0 });
    const alone = layer(v3, 1);
    expect(alone.moeLayer.map((t) => t.name)).toEqual([
      "attention projections",
      "attention core",
      "output projection",
      "router",
      "experts",
      "shared expert",
    ]);
    expect(alone.communicationSeconds).toBe(0);
  });
});
