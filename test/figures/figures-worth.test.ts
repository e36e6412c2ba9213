import { describe, expect, it } from "vitest";
import { forecastsOver, forecastWords, judgedForecasts, linkWords } from "../../src/claims/worth-forecasts";
import { granularitySweep, granularityWorthFigure } from "../../src/figures/granularity-worth";
import { worthEnergyFigure } from "../../src/figures/worth-energy";
import { worthPairsFigure } from "../../src/figures/worth-pairs";
import { worthPlaneFigure } from "../../src/figures/worth-planes";
import { worthParts, worthRows, worthSharesFigure } from "../../src/figures/worth-shares";
import { machinePairs } from "../../src/fit/machine-pairs";
import { stepPairs } from "../../src/fit/step-rows";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { deploymentRows } from "../../src/published/deployment-rows";
import { energyOf } from "../../src/step/energy";
import { messagePlane, rowsPlane, widthPlane } from "../../src/step/planes";
import type { StepQuestion } from "../../src/step/question";
import { worthOf } from "../../src/step/worth";
import { expectWhole, trace, traces } from "./figure-cases";

const h100 = hardware("h100-sxm");
const place = { requestsPerGpu: 16, contextTokens: 4096 };
const dense = { ...place, model: model("llama-3-70b"), tensorParallel: 8 };
const sparse = { ...place, model: model("deepseek-v3"), expertParallel: 64 };
const wide = { ...place, model: model("llama-3.1-405b"), weightFormat: "bfloat16" };

describe("shares of worth", () => {
  it("draws the elasticities of each model, a hundred in all, for each machine", () => {
    const figure = worthSharesFigure([dense, sparse], [h100, hardware("b200-sxm")]);
    expectWhole(figure, "worth shares");
    // 16 requests on each of 8 GPUs, and of 64: those of all are said, with how many GPUs that is.
    expect(figure.alt).toContain("(128 requests on 8 GPUs together)");
    expect(figure.caption).toContain("(1,024 requests on 64 GPUs together)");
    expect(traces(figure)).toHaveLength(2 * worthParts.length);
    const first = traces(figure).slice(0, worthParts.length);
    const own = worthOf({ ...sparse, hardware: h100 }).elasticities;
    worthParts.forEach((part, i) => {
      expect(first[i]?.x[1]).toBeCloseTo(100 * own[part.name], 9);
    });
    for (const row of [0, 1]) expect(first.reduce((sum, t) => sum + (t.x[row] ?? 0), 0)).toBeCloseTo(100, 0);
    expect(figure.caption).toContain("DeepSeek-V3: memory bandwidth");
  });

  it("leaves out a model that does not fit, and draws no bar", () => {
    const [, none] = worthRows([dense, wide], [h100]);
    expect(none).toMatchObject({ requests: 0, gpus: 0 });
    expect(none?.worth).toBeUndefined();
    const figure = worthSharesFigure([dense, wide], [h100]);
    for (const { x } of traces(figure).slice(0, -1)) expect(x[1]).toBeNull();
    expect(traces(figure).at(-1)).toMatchObject({ x: { 1: 0 }, text: ["", "does not fit"] });
    expect(figure.caption).not.toContain("Llama-3.1");
    expect(worthSharesFigure([wide], [h100]).caption).toContain("No model fits.");
  });

  it("refuses to draw nothing", () => {
    expect(() => worthSharesFigure([], [h100])).toThrow(/at least one model/);
    expect(() => worthSharesFigure([dense], [])).toThrow(/at least one machine/);
  });
});

describe("granularity alone", () => {
  it("has every split that leaves whole experts and one for each rank", () => {
    const points = granularitySweep({ ...sparse, hardware: h100 });
    expect(points.map((p) => p.granularity)).toEqual([0.25, 0.5, 1, 2, 4, 8, 16, 32, 64]);
    // 16 requests on each of 64 GPUs, 8 of 256 experts each: 32 rows an expert, whatever the split.
    for (const point of points) expect(point.tokensPerExpert).toBeCloseTo((16 * 64 * 8) / 256, 9);
    expect(new Set(points.map((p) => p.messageBytes)).size).toBe(1);
    expect(granularitySweep({ ...sparse, hardware: h100, expertParallel: 128 }).map((p) => p.granularity)[0]).toBe(0.5);
    expect(() => granularitySweep({ ...dense, hardware: h100 })).toThrow(/llama-3-70b has no experts to split/);
  });

  it("gives no length of a message where nothing is sent", () => {
    for (const point of granularitySweep({ ...sparse, hardware: h100, expertParallel: 1, requestsPerGpu: 1 })) {
      expect(point).not.toHaveProperty("messageBytes");
      expect(point.exchangeSeconds).toBe(0);
    }
  });

  it("draws the worth of the sweep", () => {
    const question = { ...sparse, hardware: h100 };
    const figure = granularityWorthFigure(question);
    expectWhole(figure, "granularity worth");
    const network = trace(figure, "network");
    expect(network.y).toEqual(granularitySweep(question).map((p) => 100 * p.worth.elasticities.networkBandwidth));
    expect(network.y.at(-1)).toBeGreaterThan(network.y[0] ?? Number.NaN);
  });
});

describe("forecasts of worth", () => {
  it("are told by outcome, and none where none came out so", () => {
    const rows = [
      { statement: "a gains", outcome: "as forecast" },
      { statement: "b loses", outcome: "as forecast" },
      { statement: "c gains", outcome: "the other way" },
    ] as const;
    expect(forecastWords(rows)).toBe(
      "as forecast: a gains; b loses. Forecast, but hardly moved: none. Forecast, but went the other way: c gains.",
    );
  });

  it("say which way a share moved, and that it did not within two in a hundred", () => {
    const rows = judgedForecasts({ ...dense, hardware: h100 }, { ...sparse, hardware: h100 });
    for (const { before, now, expected, outcome } of rows) {
      const moved = now - before;
      if (Math.abs(moved) < 0.02) expect(outcome).toBe("hardly moves");
      else expect(outcome).toBe(moved > 0 === (expected === "more") ? "as forecast" : "the other way");
    }
    expect(judgedForecasts({ ...dense, hardware: h100 }, { ...dense, hardware: h100 }).map((r) => r.outcome)).toEqual(
      rows.map(() => "hardly moves"),
    );
    expect(rows.find((r) => r.part === "expertLinks")?.outcome).toBe("as forecast");
  });

  it("give a link's worth to what it carries: in a rack tokens to experts go over the scale-up link, and tensor parallelism has none", () => {
    for (const id of ["h100-sxm", "gb300"]) {
      const machine = hardware(id);
      const [older, newer] = [dense, sparse].map((question) => ({ ...question, hardware: machine }));
      const [before, now] = [older, newer].map((question) => worthOf(question as StepQuestion).elasticities);
      const rows = judgedForecasts(older as StepQuestion, newer as StepQuestion);
      const row = (part: string) => rows.find((r) => r.part === part);
      expect(row("tensorLinks")).toMatchObject({ before: before?.scaleUpBandwidth, now: 0, outcome: "as forecast" });
      expect(row("expertLinks")?.before).toBe(0);
      expect(row("expertLinks")?.now).toBeCloseTo((now?.scaleUpBandwidth ?? 0) + (now?.networkBandwidth ?? 0), 9);
    }
    expect(linkWords({ ...sparse, hardware: hardware("gb300") })).toBe(
      "DeepSeek-V3 on 64 GPUs sends tokens to their experts over the scale-up link",
    );
    // 56 of 63 other GPUs are in other nodes.
    expect(linkWords({ ...sparse, hardware: h100 })).toMatch(/to their experts over the network \(89 %\) and the scale-up link \(11 %\)$/);
    expect(linkWords({ ...dense, hardware: h100 })).toBe(
      "Llama-3-70B on 8 GPUs sends the sums of tensor parallelism over the scale-up link",
    );
    expect(linkWords({ ...place, hardware: h100, model: model("gpt-oss-120b") })).toMatch(/on 1 GPU sends nothing over a link$/);
  });

  it("are held against several newer steps, each in one place of three", () => {
    const newer = ["deepseek-v3", "qwen3.5-397b-a17b"].map((id) => ({ ...sparse, model: model(id), hardware: h100 }));
    for (const row of forecastsOver({ ...dense, hardware: h100 }, newer)) {
      expect([...row.asForecast, ...row.hardlyMoves, ...row.otherWay].sort()).toEqual(["DeepSeek-V3", "Qwen3.5-397B-A17B"]);
      const [one] = judgedForecasts({ ...dense, hardware: h100 }, newer[0] as StepQuestion).filter((r) => r.part === row.part);
      const place = { "as forecast": row.asForecast, "hardly moves": row.hardlyMoves, "the other way": row.otherWay };
      expect(place[one?.outcome ?? "as forecast"]).toContain("DeepSeek-V3");
    }
  });
});

describe("pairs of machines", () => {
  it("draws measured beside predicted ratios that have not seen the rows, and states their median error", () => {
    const of = (...ids: readonly string[]) => deploymentRows().filter((row) => ids.includes(row.model ?? "") && row.engine === "vLLM");
    const pairs = machinePairs(stepPairs(of("llama-3-70b", "gpt-oss-120b"), "default"));
    const figure = worthPairsFigure(pairs);
    expectWhole(figure, "worth pairs");
    const marks = traces(figure).at(-1);
    expect(marks?.x).toEqual(pairs.map((p) => p.measured));
    expect(marks?.y).toEqual(pairs.map((p) => p.leftOut));
    // Of one model alone nothing is left to fit on.
    expect(() => worthPairsFigure(machinePairs(stepPairs(of("llama-3-70b"), "default")))).toThrow(/measured on others too/);
    expect(() => worthPairsFigure([])).toThrow(/at least one pair/);
  });
});

describe("energy", () => {
  it("draws each part from the least to the most, all together last", () => {
    const questions = [
      { ...dense, hardware: h100 },
      { ...sparse, hardware: h100 },
    ];
    const figure = worthEnergyFigure(questions);
    expectWhole(figure, "worth energy");
    const { total } = energyOf(questions[1] as (typeof questions)[1]);
    const bars = figure.data[1] as unknown as { base: readonly number[]; x: readonly number[]; y: readonly string[] };
    expect(bars.y.at(-1)).toBe("all together");
    expect(bars.base.at(-1)).toBeCloseTo(total.low, 12);
    expect((bars.base.at(-1) ?? 0) + (bars.x.at(-1) ?? 0)).toBeCloseTo(total.high, 12);
    expect(() => worthEnergyFigure([])).toThrow(/at least one step/);
  });
});

describe("planes", () => {
  const models = ["mixtral-8x22b", "deepseek-v3"].map((id) => model(id));
  const places = [h100, whatIfHardware(h100, { memoryBytesPerSecond: { times: 2 } })];
  const words = { has: "Tokens an expert", needs: "Rows that fill the machine", enough: "the machine is busy" };

  it.each([
    ["rows", rowsPlane(places, models, 6144, ["fp8", "bfloat16"])],
    ["messages", messagePlane(places, models)],
    ["widths", widthPlane(places, models)],
  ])("draws every model on every machine: %s", (name, plane) => {
    const figure = worthPlaneFigure(plane, words);
    expectWhole(figure, name);
    const rows = [...plane.rows].sort((a, b) => a.needs - b.needs);
    const columns = [...plane.columns].sort((a, b) => a.has - b.has);
    const [bars, ...marks] = figure.data as unknown as [
      { base: readonly number[]; y: readonly string[] },
      ...{ name: string; x: readonly number[]; y: readonly string[]; marker: { symbol: readonly string[] } }[],
    ];
    expect(bars.base).toEqual(rows.map((row) => row.needs));
    expect(new Set(bars.y).size).toBe(rows.length);
    expect(marks.map((mark) => mark.name)).toEqual(columns.map((column) => column.name));
    columns.forEach((column, i) => {
      expect(marks[i]?.x).toEqual(rows.map(() => column.has));
      expect(marks[i]?.y).toEqual(bars.y);
      expect(marks[i]?.marker.symbol.map((each) => each.startsWith("star"))).toEqual(rows.map((row) => row.isWhatIf));
      expect(marks[i]?.marker.symbol.map((each) => !each.endsWith("-open"))).toEqual(rows.map((row) => column.has >= row.needs));
      expect(figure.title).toContain(`${column.name} in ${rows.filter((row) => column.has >= row.needs).length}`);
    });
    expect(() => worthPlaneFigure({ columns: [], rows: [] }, words)).toThrow(/at least one model and one machine/);
  });
});
