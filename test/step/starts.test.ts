import { describe, expect, it } from "vitest";
import { sources } from "../../src/data/sources";
import { fusionGainFigure } from "../../src/figures/fusion-gain";
import { launchEfficiencyFigure } from "../../src/figures/launch-efficiency";
import { launchShareFigure } from "../../src/figures/launch-share";
import { launch, launchEfficiency } from "../../src/kernels/launch";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeFusions, fusedExperts, trainTraceGaps } from "../../src/published/fused-kernels";
import { type DecodeTask, decodeStep } from "../../src/step/decode";
import { kernelCount, launchShare } from "../../src/step/starts";
import { expectWhole } from "../figures/figure-cases";

const h100 = hardware("h100-sxm");
const task = (name: DecodeTask["name"], kernelSeconds: readonly number[]): DecodeTask => ({
  name,
  kernelSeconds,
  seconds: kernelSeconds.reduce((a, b) => a + b, 0),
  floorSeconds: 0,
  flops: 0,
  bytes: 0,
  runBytes: 0,
  bound: "overhead",
});
/** Two layers of 1 + 1 + 1 + 1 kernels and a head of one: nine kernels of 10 us. */
const layer = [task("attention core", [1e-5]), task("dispatch", [1e-5]), task("experts", [1e-5]), task("combine", [1e-5])];
const tasks = [...layer, ...layer, task("head", [1e-5])];
const step = { tasks, seconds: 9e-5 };

describe("kernelCount", () => {
  it("counts kernels as they are, with each layer's experts and exchange as one, with a kernel per layer, and as one", () => {
    expect(kernelCount(tasks, "none")).toBe(2 * 4 + 1);
    expect(kernelCount(tasks, "experts")).toBe(2 * 2 + 1);
    expect(kernelCount(tasks, "layer")).toBe(2 + 1);
    expect(kernelCount(tasks, "step")).toBe(1);
  });

  it("counts a layer with a state as one, and no kernel in the time between kernels", () => {
    // Three layers, of them one with a state, the time between them, and a head of two kernels: 2 * 4 + 2 + 2 kernels.
    const mixed = [
      ...layer,
      ...layer,
      task("linear mixer", [1e-5]),
      task("experts", [1e-5]),
      task("between kernels", [1e-5]),
      task("head", [1e-5, 1e-5]),
    ];
    expect(kernelCount(mixed, "none")).toBe(2 * 4 + 2 + 2);
    expect(kernelCount(mixed, "experts")).toBe(2 * 2 + 2 + 2);
    expect(kernelCount(mixed, "layer")).toBe(3 + 2);
  });
});

describe("launchShare", () => {
  it("takes a graph's starts to be in the step already, and changes them for those asked for", () => {
    const [stream, graph] = [launch("stream", h100).seconds, launch("graph", h100).seconds];
    expect(launchShare(step, h100, "graph")).toEqual({ kernels: 9, startSeconds: 9 * graph, seconds: 9e-5, share: (9 * graph) / 9e-5 });
    const seconds = 9e-5 + 9 * (stream - graph);
    expect(launchShare(step, h100, "stream").seconds).toBeCloseTo(seconds, 12);
    expect(launchShare(step, h100, "stream").share).toBeCloseTo((9 * stream) / seconds, 12);
    expect(launchShare(step, h100, "graph", "step").seconds).toBeCloseTo(9e-5 - 8 * graph, 12);
  });

  it("falls with the requests of a GPU and with fusion", () => {
    const at = (requestsPerGpu: number) =>
      decodeStep({ model: model("deepseek-v3"), hardware: h100, requestsPerGpu, contextTokens: 4096, expertParallel: 128 });
    const shares = [1, 16, 128].map((requests) => launchShare(at(requests), h100, "graph").share);
    expect([...shares].sort((a, b) => b - a)).toEqual(shares);
    const fused = (["none", "experts", "layer", "step"] as const).map((fusion) => launchShare(at(16), h100, "graph", fusion).share);
    expect([...fused].sort((a, b) => b - a)).toEqual(fused);
  });
});

describe("published gains of fusion", () => {
  it("are as published, from sources that exist", () => {
    const rows = fusedExperts();
    expect(rows).toHaveLength(8 + 20);
    // 491.1 us of separate kernels over 207.5 us.
    expect(rows.find((r) => r.baseline === "normal" && r.tokensPerRank === 1)?.gain).toBeCloseTo(491.1 / 207.5, 12);
    const known = sources().map((s) => s.id);
    for (const { source } of rows) expect(known).toContain(source);
    const first = decodeFusions()[0];
    expect(first).toMatchObject({ machine: "h800-sxm", model: "qwen3-8b" });
    expect(first?.fusedSeconds).toBeCloseTo(4.65e-3, 12);
    expect(first?.megakernelSeconds).toBeCloseTo(3.33e-3, 12);
  });

  it("say that gaps are 1.77 of 129 ms of the training trace", () => {
    expect(trainTraceGaps().share).toBeCloseTo(1.77 / 129, 12);
  });

  it("lie near a cost of starts that was measured elsewhere", () => {
    expect(launch("graph", h100).seconds / 1.3e-6).toBeCloseTo(1, 1);
  });
});

describe("launchEfficiency, as the article's numbers have it", () => {
  it("is 43, 79, 88 and 98.7 % at 1, 5, 10 and 100 us with 1.3 us a start", () => {
    expect([1, 5, 10, 100].map((t) => Math.round(1000 * launchEfficiency(t * 1e-6, 1.3e-6)) / 10)).toEqual([43.5, 79.4, 88.5, 98.7]);
  });
});

describe("figures of starts", () => {
  const figures = [
    launchEfficiencyFigure(h100, [{ name: "a task", seconds: 1e-5 }]),
    launchShareFigure([{ model: model("deepseek-v3"), expertParallel: 128 }], { hardware: h100, contextTokens: 4096 }, 32),
    fusionGainFigure(),
  ];

  it("hold finite numbers, words and at most 60 KB", () => {
    for (const figure of figures) {
      expectWhole(figure, figure.alt);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
    }
  });

  it("draw what the model gives", () => {
    const step32 = decodeStep({
      model: model("deepseek-v3"),
      hardware: h100,
      requestsPerGpu: 32,
      contextTokens: 4096,
      expertParallel: 128,
    });
    const graph = figures[1]?.data[1] as { x: number[]; y: number[] };
    expect(graph.y[graph.x.indexOf(32)]).toBe(100 * launchShare(step32, h100, "graph").share);
  });

  it("draw the requests asked for, whatever they are", () => {
    const asked = (requests: number) =>
      launchShareFigure([{ model: model("deepseek-v3"), expertParallel: 128 }], { hardware: h100, contextTokens: 4096 }, requests);
    const drawn = ({ data }: ReturnType<typeof asked>) => (data[0] as { x: number[] }).x;
    expect(drawn(asked(33))).toEqual([1, 2, 4, 8, 16, 32, 33, 64, 128, 256]);
    expect(drawn(asked(600))).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]);
    expect(asked(600).caption).toContain("At 600 requests per GPU: one by one");
  });
});
