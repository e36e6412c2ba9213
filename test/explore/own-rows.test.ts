import { createRequire } from "node:module";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { answerOf } from "../../src/explore/answer";
import { cellOf } from "../../src/explore/cell";
import { csvOf } from "../../src/explore/csv";
import { firstFind } from "../../src/explore/find";
import { askedOf } from "../../src/explore/finder";
import { frontPicture, sweepPicture } from "../../src/explore/finder-pictures";
import { planOfSearch, pointOf } from "../../src/explore/found";
import { calibrateRows, exampleRows, rowSeconds } from "../../src/explore/own-rows";
import { ownRowsFigure } from "../../src/explore/own-rows-curves";
import { pictureOf } from "../../src/explore/pictures";
import type { RowsCalibration } from "../../src/explore/rows-calibration";
import { whatIfWords } from "../../src/explore/search-words";
import { setUp } from "../../src/explore/setup";
import { type Choice, firstState, readAddress, withCalibration, writeAddress } from "../../src/explore/state";
import { viewOf } from "../../src/explore/view";
import { calibratedMachine, decodeStep, hardware, model, readStepRows, whatIfHardware, worthOf } from "../../src/index";

const head = "model,machine,requests,context,tp,engine,milliseconds";
const slow = whatIfHardware(hardware("h200-sxm"), { memoryBytesPerSecond: { times: 1 / 1.2 }, "times.betweenKernels": { times: 1.8 } });

/** A table of a machine whose memory is a fifth slower and whose time between kernels is longer: other changes than the factors are. */
function slowRows(batches: readonly number[], contexts: readonly number[]): string {
  const rows = batches.flatMap((requests) =>
    contexts.map((contextTokens) => {
      const { seconds } = decodeStep({
        model: model("deepseek-v3"),
        hardware: slow,
        requests,
        contextTokens,
        tensorParallel: 8,
        engine: "vllm",
      });
      return `deepseek-v3,h200-sxm,${requests},${contextTokens},8,vLLM,${seconds * 1e3}`;
    }),
  );
  return [head, ...rows].join("\n");
}

const twenty = slowRows([1, 4, 16, 48, 64], [1024, 2048, 4096, 8192]);
const record: RowsCalibration = {
  ...{ machine: "h200-sxm", engine: "vllm", rows: 20, before: 0.2143, after: 0.0311 },
  factors: { products: 1.123, attention: 0.95, between: 1.4, growth: 1.02 },
};
const ofRows = {
  model: "deepseek-v3",
  machine: "h200-sxm",
  engine: "vllm",
  gpus: 8,
  tensorParallel: 8,
  expertParallel: 8,
  tokensInFlight: 64,
};
const choice = (part: Partial<Choice> = {}): Choice => ({ ...firstState.a, ...ofRows, ...part });

describe("twenty rows of a machine with slower memory and longer times between kernels", () => {
  const found = calibrateRows(twenty, "mine.csv", "milliseconds");

  it("halve the error on rows left out, by far, and say whose they are", () => {
    expect(found).toMatchObject({ leftOut: [], record: { machine: "h200-sxm", engine: "vllm", rows: 20 } });
    expect(found.record?.before).toBeGreaterThan(0.1);
    expect(found.record?.after).toBeLessThan((found.record?.before ?? 0) / 2);
    // Which part is longer, twenty rows of one split hardly tell; that some are, they do.
    expect(Math.max(...Object.values(found.record?.factors ?? {}))).toBeGreaterThan(1.1);
  });

  it("predict other batches and contexts that they never saw to half the error and less", () => {
    const { rows } = readStepRows(slowRows([2, 8, 32, 96], [1500, 6000]), "others.csv");
    const off = (factors: RowsCalibration["factors"]) =>
      rows.map((row) => Math.abs(rowSeconds(row, factors) / row.seconds - 1)).sort((a, b) => a - b)[rows.length >> 1] as number;
    expect(off(found.record?.factors ?? {})).toBeLessThan(off({}) / 2);
  });

  it("are drawn as points between the model as it is and the calibrated one, whose numbers are the page's own", () => {
    const { data, caption } = ownRowsFigure(found, found.record as RowsCalibration);
    // The context has four kinds, the batch five: five batches of each context are a curve.
    const named = (name: string) => data.find((trace) => trace.name === name) as { x: number[]; y: number[]; text: string[] };
    const at = (name: string) => named(name).y[named(name).x.indexOf(64)];
    const page = setUp(choice({ expertParallel: 1, contextTokens: 4096, calibration: found.record }));
    expect(at("4,096 tokens: calibrated")).toBeCloseTo(viewOf(page).step.seconds * 1e3, 6);
    expect(at("4,096 tokens: model as it is")).toBeCloseTo(
      viewOf(setUp(choice({ expertParallel: 1, contextTokens: 4096 }))).step.seconds * 1e3,
      6,
    );
    expect(named("4,096 tokens").text[4]).toMatch(/DeepSeek-V3.*<b>[\d.]+ ms<\/b> measured<br>model as it is .*%.*your rows, mine.csv:\d+/);
    expect(caption).toContain("H200 SXM with vLLM, DeepSeek-V3, TP8");
  });

  it("stand beside sums out of a profiler as the whole step", () => {
    const lines = twenty.split("\n").slice(1);
    const parts = lines.map((line) => `${line.replace(/[^,]+$/, "")}experts,${rowMs(`${line.replace(/[^,]+$/, "")}1`, "experts") * 1.3}`);
    const wholes = lines.map((line) => line.replace(/,([^,]+)$/, ",,$1"));
    const both = calibrateRows([head.replace("milliseconds", "part,ms"), ...parts, ...wholes].join("\n"), "mine.csv", "milliseconds");
    expect(both).toMatchObject({ leftOut: [], record: { rows: 40 } });
    expect(both.record?.factors.products).toBeGreaterThan(1.15);
    const names = ownRowsFigure(both, both.record as RowsCalibration).data.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["experts, 1,024 tokens", "whole step, 1,024 tokens", "calibrated"]));
  });

  it("are not taken on in another unit, where they do not help, or where there are too few", () => {
    const inSeconds = calibrateRows(twenty.replace("milliseconds", "seconds"), "mine.csv", "milliseconds");
    expect(inSeconds.record).toBeUndefined();
    expect(inSeconds.trouble).toMatch(/^The times are 1,\d+ times as long as the model’s in the median: are they in the unit/);
    expect(calibrateRows(twenty.split("\n").slice(0, 4).join("\n"), "mine.csv", "milliseconds").trouble).toBe(
      "Only 3 rows can be used and at least 4 are needed; 20 are good.",
    );
    const odd = twenty
      .split("\n")
      .map((line, i) => (i === 0 ? line : line.replace(/[^,]+$/, String(rowMs(line) * (i % 2 === 0 ? 1.3 : 0.75)))))
      .join("\n");
    expect(calibrateRows(odd, "mine.csv", "milliseconds").trouble).toContain("The model is left as it is: it is off by");
  });

  it("leave out rows of another machine or engine, with the reason", () => {
    const { record: of, leftOut } = calibrateRows(`${twenty}\ndeepseek-v3,h200-sxm,8,2048,8,sglang,20`, "mine.csv", "milliseconds");
    expect(of?.rows).toBe(20);
    expect(leftOut).toEqual([{ where: "mine.csv:22", reason: expect.stringContaining("with SGLang; the factors are those of H200 SXM") }]);
  });
});

/** What the model as it is gives for a line of the table, or for a part of it, in milliseconds. */
function rowMs(line: string, part?: "experts"): number {
  const [row] = readStepRows(`${head}\n${line}`).rows;
  return rowSeconds({ ...(row as NonNullable<typeof row>), ...(part === undefined ? {} : { part }) }, {}) * 1e3;
}

describe("an example to fill in", () => {
  it("has the scenario's split at several batches, and reads back once its times are there", () => {
    const text = exampleRows(setUp(choice()));
    expect(readStepRows(text).leftOut[0]?.reason).toContain("expected a time above 0 for milliseconds");
    const { rows, leftOut } = readStepRows(text.replace(/,$/gm, ",12.5"));
    expect(leftOut).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(8);
    expect(rows[0]?.question).toMatchObject({
      tensorParallel: 8,
      dataParallel: 1,
      expertParallel: 8,
      engine: "vllm",
      hardware: { id: "h200-sxm" },
    });
  });
});

describe("a calibration in the state", () => {
  const state = withCalibration({ ...firstState, a: choice(), b: choice({ machine: "b200-sxm" }) }, record);

  it("travels in the link, short, and comes back in both scenarios", () => {
    const written = writeAddress(state);
    expect(readAddress(`#${written}`)).toEqual({ state, troubles: [] });
    expect(state.b?.calibration).toEqual(record);
    expect(written.length - writeAddress(withCalibration(state, undefined)).length).toBeLessThan(220);
    expect(readAddress(`#${writeAddress(withCalibration(state, undefined))}`).state).toEqual(withCalibration(state, undefined));
  });

  it.each([
    ["cal.products=11", 'cal.products must be a factor from 0.1 to 10, got "11"'],
    ["cal.between=-1", 'cal.between must be a factor from 0.1 to 10, got "-1"'],
    ["cal.growth=0x2", "cal.growth must be a factor"],
    ["cal.growth=Infinity", "cal.growth must be a factor"],
    ["cal.products=", "cal.products must be a factor"],
    ["cal.rows=1e9", "cal.rows must be a whole number from 4 to 2000"],
    ["cal.rows=4.5", "cal.rows must be a whole number"],
    ["cal.rows=3", 'cal.rows must be a whole number from 4 to 2000, got "3"'],
    ["cal.machine=h200", 'cal.machine "h200" is not known; nearest: h200-sxm'],
    ["cal.engine=<script>", 'cal.engine "<script>" is not known; nearest:'],
    ["cal.after=NaN", "cal.after must be a share from 0 to 100"],
    [`cal.after=${"9".repeat(60)}`, `cal.after must be a share from 0 to 100, got "${"9".repeat(40)}"`],
  ])("is left out with words where a link says %s", (part, words) => {
    const address = new URLSearchParams(writeAddress(state));
    const [name = "", value = ""] = part.split("=");
    address.set(name, value);
    const read = readAddress(address.toString());
    expect(read.troubles).toEqual([expect.stringContaining(`The link's calibration is left out, the model stands as it is: ${words}`)]);
    expect(read.state).toEqual(withCalibration(state, undefined));
  });

  it("is left out where the link names factors alone, and a factor that is not known is named", () => {
    expect(readAddress("#cal.products=1.2").troubles).toEqual([
      expect.stringContaining("cal.rows must be a whole number from 4 to 2000, got nothing"),
    ]);
    expect(readAddress("#cal.product=1.2").troubles).toEqual([
      expect.stringContaining('"cal.product" that this page does not know; nearest: cal.products'),
    ]);
  });

  it("bears on its own machine and engine alone, with what-ifs on top", () => {
    const seconds = (part: Partial<Choice>) => viewOf(setUp(choice({ ...part, calibration: record }))).step.seconds;
    const asItIs = (part: Partial<Choice>) => viewOf(setUp(choice(part))).step.seconds;
    const { question } = setUp(choice());
    const factors = record.factors;
    expect(seconds({})).toBe(decodeStep({ ...question, hardware: calibratedMachine(hardware("h200-sxm"), factors) }).seconds);
    expect(seconds({})).toBeGreaterThan(asItIs({}) * 1.03);
    for (const other of [{ machine: "b200-sxm" }, { engine: "sglang" }, { engine: "" }]) expect(seconds(other)).toBe(asItIs(other));
    const times = { memoryBandwidth: 2 };
    const double = whatIfHardware(hardware("h200-sxm"), { memoryBytesPerSecond: { times: 2 } });
    expect(seconds({ times })).toBe(decodeStep({ ...question, hardware: calibratedMachine(double, factors) }).seconds);
    expect(setUp(choice({ calibration: record, times })).hardware).toBe(setUp(choice({ calibration: { ...record }, times })).hardware);
  });
});

describe("a calibrated page", () => {
  const setup = setUp(choice({ calibration: record }));
  const plain = setUp(choice());

  it("searches, sweeps and weighs with the calibrated machine", () => {
    const ask = (of: Choice) => planOfSearch(askedOf({ a: of, find: { ...firstFind, gpusTo: 8 } }));
    const [own, other] = [ask(setup.choice), ask(plain.choice)];
    const rate = ({ ways, deploymentOf }: typeof own, i: number) => {
      const way = ways[i] as (typeof ways)[number];
      return pointOf(way, deploymentOf(way) as NonNullable<ReturnType<typeof deploymentOf>>);
    };
    expect(own.ways.length).toBe(other.ways.length);
    expect(rate(own, 0).perGpu).not.toBe(rate(other, 0).perGpu);
    expect(rate(own, 0).firstTokenSeconds).toBe(rate(other, 0).firstTokenSeconds);
    const { elasticities } = worthOf(setup.question);
    expect(Object.values(elasticities).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    expect(elasticities).not.toEqual(worthOf(plain.question).elasticities);
    expect(answerOf(setup, firstFind).perGpu.value).toBe(decodeStep(setup.question).tokensPerSecondPerGpu);
  });

  it("says so in its notes, above its answer and under every figure with times of a step", () => {
    const view = viewOf(setup);
    const captions = [
      ...(["durations", "requests"] as const).map((name) => pictureOf(name, [view])),
      sweepPicture(setup),
      frontPicture({ points: [pointFor()], front: [pointFor()], find: firstFind, chosen: setup, answer: answerOf(setup, firstFind) }),
    ].map((picture) => ("figure" in picture ? picture.figure.caption : picture.reason));
    for (const caption of captions) expect(caption).toContain("Calibrated on 20 of your rows.");
    expect(whatIfWords(setup)).toBe("Calibrated on 20 of your rows. ");
    expect(whatIfWords(plain)).toBe("");
    expect(setup.notes.join(" ")).toContain(
      "calibrated on 20 of your rows: off by 21 % in the median before, by 3.1 % on rows left out since",
    );
    const caption = (name: Parameters<typeof pictureOf>[0], of = [view]) => {
      const picture = pictureOf(name, of);
      return "figure" in picture ? picture.figure.caption : "";
    };
    expect(caption("task")).toContain("one expert’s task is not calibrated on them");
    expect(caption("access")).not.toContain("your rows");
    expect(caption("durations", [viewOf(setUp(choice({ machine: "b200-sxm", calibration: record }))), view])).toContain(
      "your rows: B alone.",
    );
    expect(caption("durations", [viewOf(plain)])).not.toContain("your rows");
  });

  const pointFor = () => ({
    ...{ split: "TP8 attention, EP8 experts", gpus: 8, replicas: 1, tensorParallel: 8, dataParallel: 1, expertParallel: 8, requests: 64 },
    ...{
      draftTokens: 0,
      overlap: "none" as const,
      contextTokens: 4096,
      perGpu: 100,
      perRequest: 20,
      firstTokenSeconds: 1,
      memoryBytes: 1e11,
    },
  });

  it("saves in its CSV that it is calibrated, on how many rows, and each factor", () => {
    const read = parse(csvOf([viewOf(setup), viewOf(plain)], []), { columns: true }) as Record<string, string>[];
    const cell = (scenario: string, quantity: string) => read.find((row) => row.scenario === scenario && row.quantity === quantity)?.value;
    expect(cell("A", "calibrated")).toBe("on 20 of your rows (h200-sxm, vllm)");
    expect(cell("A", "calibrated rows")).toBe("20");
    expect([cell("A", "calibrated products"), cell("A", "calibrated between"), cell("A", "calibrated exchange")]).toEqual([
      "1.123",
      "1.4",
      undefined,
    ]);
    expect(cell("A", "calibrated error on rows left out")).toBe("0.0311");
    expect(cell("B", "calibrated")).toBeUndefined();
  });

  it("is computed by its notebook cell, with what-ifs too", () => {
    const load = createRequire(import.meta.url);
    const setups = [setUp(choice({ calibration: record, times: { memoryBandwidth: 2 } })), plain];
    for (const own of setups) {
      const code = cellOf([own], firstFind);
      const ts = load("@tslab/typescript-for-tslab") as typeof import("typescript");
      const { outputText, diagnostics = [] } = ts.transpileModule(code, {
        compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
        reportDiagnostics: true,
      });
      expect(diagnostics).toEqual([]);
      const tables: Record<string, unknown>[][] = [];
      const shown = { showTable: (rows: Record<string, unknown>[]) => tables.push(rows), showFigure: () => undefined };
      new Function("require", "exports", outputText)((name: string) => (name === "deepshock/notebook" ? shown : load(name)), {});
      const { step } = viewOf(own);
      expect(tables[0]?.[0]).toMatchObject({
        milliseconds: step.seconds * 1e3,
        tokens: step.tokensPerSecondPerGpu,
        low: step.errorBand.low * 1e3,
      });
      expect(tables[0]?.[0]?.first).toBe(answerOf(own, firstFind).firstTokenSeconds);
      expect(code.includes("// Decode steps of A are calibrated on 20 of your rows")).toBe(own !== plain);
    }
  });
});
