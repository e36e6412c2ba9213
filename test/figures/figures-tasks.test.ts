import { describe, expect, it } from "vitest";
import { durationsFigure } from "../../src/figures/duration-histogram";
import type { Figure } from "../../src/figures/figure";
import { taskTimeFigure } from "../../src/figures/task-time";
import { layerKernel, loneKernel } from "../../src/kernels/default-experts";
import { type ExpertOn, expertSeconds, expertTaskTime, rowsAt } from "../../src/kernels/expert-task";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { measuredTasks } from "../../src/published/expert-tasks";
import { moeMeasurements } from "../../src/published/layer-times";
import { formatNumber, formatSeconds, formatShare } from "../../src/text/numbers";
import { experts, figures, h100, trace, traces, yAt } from "./figure-cases";

describe("task-time", () => {
  const figure = figures["task-time"]?.() as Figure;
  const first = experts[0] as ExpertOn;

  it("draws floor and estimate of the layer model", () => {
    for (const rows of [1, 16, 128, 2048]) {
      const at = expertSeconds(first, rows);
      expect(yAt(trace(figure, "Kimi-K2 on H100 SXM, floor"), rows)).toBe(at.floorSeconds);
      expect(yAt(trace(figure, "Kimi-K2 on H100 SXM, estimate"), rows)).toBe(at.shareOfLayerSeconds);
    }
  });

  it("has a floor of 44 MB of weights over 3.35 TB/s for one row, and rings at 128 rows", () => {
    const weights = (3 * 7168 * 2048 * (1 + 4 / 128 ** 2)) / 3.35e12; // 13.1 µs
    const floor = yAt(trace(figure, "Kimi-K2 on H100 SXM, floor"), 1) as number;
    expect(floor / weights).toBeGreaterThanOrEqual(1);
    expect(floor / weights).toBeLessThan(1.01);
    const ring = trace(figure, "Kimi-K2 on H100 SXM");
    expect([ring.x, ring.y]).toEqual([[128], [expertSeconds(first, 128).shareOfLayerSeconds]]);
    expect(rowsAt(first, 6144)).toBe(128);
    expect(rowsAt(first, 1)).toBe(1);
  });

  it("never estimates less than the floor", () => {
    for (const e of experts) {
      for (const rows of [1, 64, 128, 1536, 8192]) {
        const at = expertSeconds(e, rows);
        expect(at.shareOfLayerSeconds).toBeGreaterThanOrEqual(at.floorSeconds * 0.999);
        expect(at.aloneSeconds).toBeGreaterThanOrEqual(at.floorSeconds);
        expect(at.aloneSeconds).toBe(
          expertTaskTime({ model: e.model, hardware: e.hardware, kernel: e.aloneKernel, weightFormat: e.weightFormat, rows }).seconds,
        );
      }
    }
  });

  it("draws each measured task beside the expert and the machine it was measured on, DeepGEMM's H800 beside H100", () => {
    const tasks = measuredTasks(experts.map((e) => e.model));
    const drawn = experts.map((e) => trace(figure, `${e.model.name} on ${e.hardware.name.replace(/ \(.*\)/, "")}, measured`).x.length);
    expect(drawn.reduce((a, b) => a + b, 0)).toBe(tasks.length);
    expect(figure.alt).toContain(formatNumber(tasks.length));
    expect(tasks.filter((t) => t.kind === "share of a grouped product").length).toBe(3); // 4 x 256, 2 x 512 and 1 x 1024 rows of V3, both products
    for (const t of tasks) expect(t.seconds).toBeGreaterThan(1e-6);
  });

  it("reads out floor, share and alone at the tokens in flight", () => {
    for (const e of experts) {
      const { floorSeconds, shareOfLayerSeconds, aloneSeconds } = expertSeconds(e, rowsAt(e, 6144));
      for (const words of [figure.caption, figure.alt])
        expect(words).toContain([floorSeconds, shareOfLayerSeconds, aloneSeconds].map((s) => formatSeconds(s)).join(", "));
    }
  });

  it("draws beside an estimate what was measured in its own format", () => {
    const of = (weightFormat: string): ExpertOn => ({
      model: model("qwen3-235b-a22b"),
      hardware: h100,
      kernel: layerKernel(h100, weightFormat),
      aloneKernel: loneKernel(h100, weightFormat),
      weightFormat,
    });
    const pointsOf = ({ data }: Figure) =>
      data.filter((t) => String(t.name).endsWith(", measured")).map((t) => (t.x as number[]).map((x, i) => [x, (t.y as number[])[i]]));
    const [bf16 = [], fp8 = []] = pointsOf(taskTimeFigure([of("bfloat16"), of("fp8_block")], 6144));
    // moe-h100-sxm.csv: 16 tokens, 8 of 128 experts each, are one row an expert; the layer took as long as 128 of its experts.
    const row = moeMeasurements().find(
      (m) =>
        m.kernel === "moe_torch_flow_cutlass" &&
        m.weightFormat === "bfloat16" &&
        m.model === "qwen3-235b" &&
        m.hardware === "h100-sxm" &&
        m.tokens === 16 &&
        m.routing === "balanced" &&
        m.expertParallel === 1 &&
        m.tensorParallel === 1,
    );
    expect(bf16).toContainEqual([1, (row?.seconds ?? 0) / 128]);
    expect(fp8.length).toBeGreaterThan(0);
    expect(bf16.filter((point) => fp8.some((other) => other[1] === point[1]))).toEqual([]);
  });

  it("takes a kernel measured in the format, and names the formats when none was", () => {
    expect(loneKernel(h100, "fp8_block")).toBe("deepepmoe_generation");
    expect(loneKernel(h100, "bfloat16")).toBe(layerKernel(h100, "bfloat16"));
    // No table has MXFP4 weights on this machine: the first kernel that was measured in them stands in.
    expect(layerKernel(hardware("mi300x"), "w4a16_mxfp4")).toBe("moe_torch_flow");
    expect(() => layerKernel(h100, "fp7")).toThrow(/^weightFormat must be one of .*; got "fp7"$/);
  });
});

describe("durations", () => {
  const figure = figures.durations?.() as Figure;

  it("draws shares in percent, one panel a set: 963 kernels of training, one task of 5 µs", () => {
    const bars = traces(figure);
    expect(bars).toHaveLength(4);
    expect(bars[0]?.y.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 9);
    expect(bars[0]?.y[1]).toBeCloseTo((100 * (45 + 211 + 124)) / 963, 9); // bins of up to 2, 5 and 10 µs
    expect(bars[1]?.y[4]).toBeCloseTo((100 * (35_526 + 76_115 + 49_448)) / 244_041, 9); // bins of 1 ms and more
    expect(bars.slice(2).map((b) => [b.y, b.yaxis])).toEqual([
      [[0, 100, 0, 0, 0], "y2"],
      [[0, 100, 0, 0, 0], "y2"],
    ]);
  });

  it("reads each set out, and adds the conclusion it is given", () => {
    for (const part of [`training: ${formatShare(380 / 963)} of kernels`, formatShare(161_089 / 244_041), "one: 100 %", "So it is."])
      expect(figure.caption).toContain(part);
    expect(figure.alt).toContain(formatShare(380 / 963));
  });

  it("writes no number where there is no kernel, and a bound where the share is too small to be drawn", () => {
    const few = durationsFigure([
      {
        name: "few",
        tasks: [
          { seconds: 5e-6, count: 1 },
          { seconds: 5e-3, count: 3 },
        ],
      },
    ]);
    const [kernels, time] = few.data as unknown as readonly { text: readonly string[] }[];
    expect(kernels?.text).toEqual(["", "25", "", "", "75"]);
    // 5 µs of 15.005 ms are 0.03 %.
    expect(time?.text).toEqual(["", "<0.1", "", "", "100"]);
  });

  it("names a panel only beside others, and says the place it is given", () => {
    const sets = [1, 2].map((n) => ({ name: `set ${n}`, tasks: [{ seconds: n * 1e-5, count: n }] }));
    const named = (figure: Figure) => (figure.layout.annotations as readonly { text: string }[]).map(({ text }) => text);
    expect(named(durationsFigure(sets))).toEqual(["set 1", "set 2"]);
    expect(named(durationsFigure(sets.slice(0, 1)))).toEqual([]);
    expect(durationsFigure(sets).setting).toBe("set 1; set 2.");
    expect(durationsFigure(sets, "", "On H100.").setting).toBe("On H100.");
  });

  it("lays panels one above the other without overlap", () => {
    const tall = durationsFigure([1, 2, 3].map((n) => ({ name: `set ${n}`, tasks: [{ seconds: n * 1e-5, count: n }] })));
    const [a, b, c] = ["yaxis", "yaxis2", "yaxis3"].map((key) => (tall.layout[key] as { domain: readonly [number, number] }).domain);
    expect(a?.[1]).toBe(1);
    expect(a?.[0]).toBeGreaterThan(b?.[1] as number);
    expect(b?.[0]).toBeGreaterThan(c?.[1] as number);
    expect(c?.[0]).toBeCloseTo(0, 12);
  });
});
