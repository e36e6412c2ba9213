import { describe, expect, it } from "vitest";
import { accessBandwidthFigure } from "../../src/figures/access-bandwidth";
import { accessLadderFigure } from "../../src/figures/access-ladder";
import { expertLoadFigure } from "../../src/figures/expert-load";
import { parallelBytesFigure } from "../../src/figures/parallel-bytes";
import { parallelTimeFigure } from "../../src/figures/parallel-time";
import { releasesFigure } from "../../src/figures/releases";
import { runLengthsFigure } from "../../src/figures/run-lengths";
import { measuredSteps, stepParityFigure, worstSteps } from "../../src/figures/step-parity";
import { taskTimeFigure } from "../../src/figures/task-time";
import { colours, doublings, label, layout, linearAxis, logAxis, logSpaced, rule, ticks } from "../../src/figures/theme";
import { tokensPerExpertFigure } from "../../src/figures/tokens-per-expert";
import { machines } from "../../src/machine/hardware";
import { isMoe } from "../../src/model/model";
import { model, models } from "../../src/model/registry";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { expectWhole, figures, leaves, observed, on, step, traces } from "./figure-cases";

describe.each(Object.entries(figures))("the figure %s", (name, make) => {
  const figure = make();

  it("holds only finite numbers, as many x as y, in less than 60 KB", () => {
    expectWhole(figure, name);
    expect(JSON.stringify(figure).length).toBeLessThan(60_000);
  });

  it("is the same when drawn twice", () => {
    expect(make()).toEqual(figure);
  });

  it("titles every axis with what it measures, and its unit where it has one", () => {
    const axes = Object.entries(figure.layout)
      .filter(([key]) => /^[xy]axis\d*$/.test(key))
      .map(([key, axis]) => [key, axis as { title?: { text: string }; visible?: boolean; ticktext?: readonly string[] }] as const);
    const used = new Set(traces(figure).flatMap((t) => ["xaxis", (t.yaxis ?? "y").replace("y", "yaxis")]));
    expect(axes.map(([key]) => key)).toEqual(expect.arrayContaining([...used]));
    for (const [key, axis] of axes) {
      if (axis.visible === false) continue;
      const title = axis.title?.text ?? "";
      expect(title.length, key).toBeGreaterThan(3);
      const unit =
        /\((%|million|µs|B|GB\/s|TB\/s)\)$/.test(title) ||
        (axis.ticktext ?? []).every((t) => /\d (µs|ms|B|KiB|MB|GB|GB\/s|TB\/s)$/.test(t));
      const count = /tokens|multiples of the mean|^Release$|^Duration of one kernel$/i.test(title);
      expect(unit || count, `${key}: ${title}`).toBe(true);
    }
  });

  it("has the font that all have, no width of its own, and no title but the page's", () => {
    expect(figure.layout.font).toEqual(layout({}).font);
    expect(figure.layout.width).toBeUndefined();
    expect(figure.layout.autosize).toBe(true);
    expect(figure.layout.title).toBeUndefined();
    expect([
      ...new Set(
        leaves(figure)
          .filter(([path]) => /font\.family$/.test(path))
          .map(([, family]) => family),
      ),
    ]).toHaveLength(1);
  });

  it("draws in the palette, white and the greys and brown of its neutrals", () => {
    const neutrals = ["#FFFFFF", "#E5E7EB"];
    const used = leaves({ data: figure.data, layout: figure.layout })
      .filter(([path, value]) => /color(\.\d+)?$/.test(path) && typeof value === "string")
      .map(([, value]) => value);
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((c) => ![...Object.values<string>(colours), ...neutrals].includes(c as string))).toEqual([]);
  });
});

describe("other models and machines", () => {
  const moe = models().filter(isMoe);

  it("draw tokens per expert, releases and loads of any model", () => {
    for (const m of models()) expectWhole(tokensPerExpertFigure([m], 6144), m.id);
    expectWhole(tokensPerExpertFigure(models(), 100), "all models");
    for (const m of moe) for (const tokens of [1, 6144]) expectWhole(expertLoadFigure(tokens, m, 3, observed), m.id);
    expectWhole(releasesFigure(models(), 1_000_000), "releases");
  });

  it("draw runs and ladder of any mixture of experts, and runs of any model", () => {
    for (const m of moe) expectWhole(accessLadderFigure(m, 1, 100, 1), m.id);
    for (const m of models())
      expectWhole(runLengthsFigure([{ name: m.name, accesses: decodeAccesses({ ...step, model: m, expertParallel: 8 }) }]), m.id);
  });

  it("draw bandwidth on any machine", () => {
    for (const m of machines())
      for (const memoryKind of [m.memoryKind, "HBM2", "DDR5-4800"])
        expectWhole(accessBandwidthFigure({ ...m, memoryKind }), `${m.id} ${memoryKind}`);
  });

  it.each(["a100-sxm", "h200-sxm", "gb300", "mi300x", "tpu-v5e", "vr200"])("draw task times on %s", (machine) => {
    expectWhole(taskTimeFigure([on("qwen3-30b-a3b", machine), on("nemotron-3-super-120b-a12b", machine, "bfloat16")], 6144), machine);
  });
});

describe("theme", () => {
  it("takes logarithms where an axis is logarithmic", () => {
    expect(logAxis("Time (s)", [1e-6, 100])).toMatchObject({ type: "log", range: [-6, 2], title: { text: "Time (s)" } });
    expect(linearAxis("Share (%)", [0, 100], { dtick: 25 })).toMatchObject({ range: [0, 100], dtick: 25 });
    expect(label("here", { x: 100, y: 1000 }, {}, "xy")).toMatchObject({ x: 2, y: 3, text: "here", showarrow: false });
    expect(label("here", { x: 100, y: 1000 }, {}, "y")).toMatchObject({ x: 100, y: 3 });
    expect(rule("x", 64)).toMatchObject({ x0: 64, x1: 64, y0: 0, y1: 1, yref: "paper" });
    expect(ticks([[1e-6, "1 µs"]])).toEqual({ tickmode: "array", tickvals: [1e-6], ticktext: ["1 µs"] });
  });

  it("doubles, and spaces evenly over decades, ends included", () => {
    expect(doublings(8, 64)).toEqual([8, 16, 32, 64]);
    expect(doublings(8, 63)).toEqual([8, 16, 32]);
    for (const [i, value] of logSpaced(1, 1000, 4).entries()) expect(value).toBeCloseTo(10 ** i, 9);
  });

  it("tells its colours apart", () => {
    expect(new Set(Object.values(colours)).size).toBe(Object.keys(colours).length);
    for (const colour of Object.values(colours)) expect(colour).toMatch(/^#[0-9A-F]{6}$/);
  });
});

describe("captions and alternative texts", () => {
  const some = machines().filter((m) => m.scaleUpBytesPerSecond !== undefined);

  it("name no number that came to nothing, for any model of experts and any machine with links", () => {
    for (const m of models().filter(isMoe)) expectWhole(parallelBytesFigure([m], 128), m.id);
    for (const machine of some) {
      for (const id of ["deepseek-v3", "mixtral-8x22b", "gpt-oss-20b"]) {
        const { caption, alt } = parallelTimeFigure(model(id), machine, machine, 128);
        for (const words of [caption, alt]) expect(words, `${id} on ${machine.id}`).not.toMatch(/NaN|Infinity|undefined|\b0 times/);
      }
    }
  });

  it("leave out the sentence on 64 GPUs where a model has fewer experts, and keep it where it has as many", () => {
    expect(parallelBytesFigure([model("mixtral-8x22b")], 128).caption).not.toContain("64 GPUs");
    expect(parallelBytesFigure([model("deepseek-v3")], 128).caption).toMatch(
      /At 64 GPUs matrices .* would send [\d.]+ times as many bytes/,
    );
  });
});

describe("step-parity", () => {
  const pairs = measuredSteps();

  it("draws every measured step once, by engine, and says how far they are off", () => {
    const figure = stepParityFigure(pairs);
    expectWhole(figure, "step-parity");
    const drawn = traces(figure).filter(({ mode }) => mode === "markers");
    expect(drawn.reduce((sum, { x }) => sum + x.length, 0)).toBe(pairs.length);
    expect(pairs.length).toBeGreaterThan(600);
    expect(figure.caption).toContain(`${pairs.length} measured steps`);
  });

  it("names the steps that are furthest off, the worst first", () => {
    const sizes = worstSteps(pairs).map(({ measured, predicted }) => Math.abs(Math.log(measured / predicted)));
    expect(sizes).toHaveLength(10);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes[0]).toBe(Math.max(...pairs.map(({ measured, predicted }) => Math.abs(Math.log(measured / predicted)))));
  });
});
