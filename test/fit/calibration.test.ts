import { describe, expect, it } from "vitest";
import {
  calibrate,
  calibratedNames,
  calibratedSeconds,
  calibratedStep,
  doublingsOf,
  fitFactors,
  type MeasuredStep,
  noFactors,
  type StepFactors,
  stepParts,
  type WeighedStep,
  withFactors,
} from "../../src/fit/calibration";
import { leaveFoldsOut } from "../../src/fit/engine-fit";
import { exampleStepCsv, readStepCsv } from "../../src/fit/step-csv";
import { type StepPair, stepPairs } from "../../src/fit/step-rows";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { deploymentRows } from "../../src/published/deployment-rows";
import { quantile } from "../../src/statistics";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";

const questions: readonly DecodeStepQuestion[] = [1, 4, 16, 64, 128].flatMap((requests) =>
  [1024, 16384].map((contextTokens) => ({
    ...{ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests, contextTokens, tensorParallel: 8, engine: "vllm" },
  })),
);

/** Steps as they would take with factors. */
const made = (factors: StepFactors): readonly MeasuredStep[] =>
  questions.map((question) => ({ question, seconds: calibratedSeconds(question, factors) }));

describe("a step with factors", () => {
  it("takes the sum of its parts, each times its factor, and never less than its floor", () => {
    const parts = { products: 6e-3, attention: 1e-3, exchange: 2e-3, between: 4e-3 };
    const step = { parts, floor: 5e-3, doublings: 2 };
    const factors = { products: 1.5, attention: 2, exchange: 0.5, between: 1, growth: 1 };
    // 6 x 1.5 + 1 x 2 + 2 x 0.5 + 4 = 16 ms; 64 requests are two doublings of 16: 16 x 1.1 x 1.1 = 19.36 ms.
    expect(withFactors(step, factors)).toBeCloseTo(16e-3, 12);
    expect(doublingsOf(64)).toBe(2);
    expect(withFactors(step, { ...factors, growth: 1.1 })).toBeCloseTo(19.36e-3, 12);
    expect(withFactors(step, { products: 0.1, attention: 0.1, exchange: 0.1, between: 0.1, growth: 1 })).toBe(5e-3);
  });

  it("is the step itself where all factors are 1, also where two micro-batches hide each other", () => {
    const wide = {
      ...{ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests: 2048, contextTokens: 4096 },
      ...{ dataParallel: 32, expertParallel: 32, overlap: "two-micro-batches" as const },
    };
    for (const question of [...questions, wide]) {
      const step = decodeStep(question);
      const { products, attention, exchange, between } = stepParts(step);
      expect(products + attention + exchange + between).toBeCloseTo(step.seconds, 12);
      expect(calibratedSeconds(question, noFactors)).toBeCloseTo(step.seconds, 12);
    }
  });

  it("has its tasks, rates and band stretched, and its work and floor left alone", () => {
    const question = questions[5] as DecodeStepQuestion; // 16 requests
    const step = decodeStep(question);
    const factors = { products: 1.2, attention: 0.8, exchange: 1.5, between: 2, growth: 1.3 };
    const longer = calibratedStep(question, factors);
    const sum = longer.tasks.reduce((all, { seconds }) => all + seconds, 0);
    expect(longer.seconds).toBeCloseTo(sum, 9);
    expect(longer.tokensPerSecondPerGpu * longer.seconds).toBeCloseTo(step.tokensPerSecondPerGpu * step.seconds, 9);
    expect(longer.errorBand.high / longer.seconds).toBeCloseTo(step.errorBand.high / step.seconds, 9);
    expect(longer.floorSeconds).toBe(step.floorSeconds);
    const core = (of: typeof step) => of.tasks.find(({ name }) => name === "attention core");
    expect(core(longer)?.seconds).toBeCloseTo(0.8 * (core(step)?.seconds ?? 0), 12);
    expect(core(longer)?.bytes).toBe(core(step)?.bytes);
  });
});

describe("a calibration", () => {
  it("finds the very factors where rows tell them apart: each part long in some rows, at three batches", () => {
    const factors = { products: 1.1, attention: 1.4, exchange: 0.8, between: 1.5, growth: 1.05 };
    const steps = (["products", "attention", "exchange", "between"] as const).flatMap((long) =>
      [-2, 0, 2].map((doublings): WeighedStep => {
        const parts = { products: 1e-3, attention: 1e-3, exchange: 1e-3, between: 1e-3, [long]: 20e-3 };
        return { parts, floor: 0, doublings, weight: 1, measured: withFactors({ parts, floor: 0, doublings }, factors) };
      }),
    );
    const found = fitFactors(steps);
    for (const name of calibratedNames) expect(Math.abs(found.factors[name] / factors[name] - 1), name).toBeLessThan(0.01);
    const same = fitFactors(steps.map((step) => ({ ...step, doublings: 1 })));
    expect(same.factors.growth).toBe(1);
    expect(same.doubt.growth).toBeUndefined();
  });

  it("predicts steps that were left out of made-up ones, stretched in all parts", () => {
    const factors = { products: 1.1, attention: 1.4, exchange: 0.8, between: 1.5, growth: 1.02 };
    const found = calibrate(made(factors));
    expect(found.errorBefore).toBeGreaterThan(0.1);
    expect(found.errorAfter).toBeLessThan(0.01);
    expect(found.leftOutTogether).toBe(1);
  });

  it("leaves a model alone that is right already, and doubts what it can hardly tell", () => {
    const { factors, errorAfter, doubt } = calibrate(made(noFactors));
    for (const factor of Object.values(factors)) expect(factor).toBeCloseTo(1, 6);
    expect(errorAfter).toBeLessThan(1e-6);
    expect(doubt.products === undefined || doubt.products < 0.01).toBe(true);
  });

  it("says of each row what was found without it", () => {
    const rows = made(noFactors).map((row, i) => (i === 3 ? { ...row, seconds: row.seconds * 3 } : row));
    const odd = calibrate(rows).rows[3];
    expect((odd?.measured ?? 0) / (odd?.predicted ?? 1)).toBeCloseTo(3, 9);
    expect(Math.abs(Math.log((odd?.leftOut ?? 0) / (odd?.predicted ?? 1)))).toBeLessThan(0.001);
  });

  it("refuses too few rows, times that are none, and names the row of a question that cannot be", () => {
    expect(() => calibrate(made(noFactors).slice(0, 3))).toThrow("rows must be at least 4 measured steps, got 3");
    expect(() => calibrate(made(noFactors).map((row) => ({ ...row, seconds: 0 })))).toThrow(
      "seconds of row 1 must be a positive number, got 0",
    );
    const broken = made(noFactors).map((row, i) => (i === 1 ? { ...row, question: { ...row.question, requests: 0 } } : row));
    expect(() => calibrate(broken)).toThrow(/^row 2: .*requests/);
    expect(calibrate(made(noFactors).slice(0, 4)).rows).toHaveLength(4);
  });
});

describe("twenty rows of one engine, model and machine", () => {
  const pairs = stepPairs(deploymentRows(), "default");
  const heldOut = new Map(leaveFoldsOut(pairs).heldOut.map(({ pair, predicted }) => [pair, predicted]));

  /** As one would meet the model who brings the rows: engines' times fitted on other deployments alone, or on these too. */
  const weighed = (pair: StepPair, isNew: boolean): WeighedStep => {
    const parts = stepParts(pair.step);
    const between = isNew ? Math.max(0, (heldOut.get(pair) ?? pair.predicted) - pair.base) : parts.between;
    const { requests = 1, dataParallel } = pair.row;
    const doublings = doublingsOf(Math.ceil(requests / dataParallel));
    return { parts: { ...parts, between }, floor: pair.step.floorSeconds, doublings, measured: pair.measured, weight: 1 };
  };
  const groups = new Map<string, StepPair[]>();
  for (const pair of pairs) {
    const { source, model: of, machine, engine } = pair.row;
    const key = `${source}, ${of}, ${machine}, ${engine}`;
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  const all = [...groups].filter(([, rows]) => rows.length >= 25);

  /** Medians of what is left out, before and after, over eight draws of twenty. */
  const errors = (rows: readonly StepPair[], isNew: boolean) => {
    const [before, after]: [number[], number[]] = [[], []];
    const off = (step: WeighedStep, factors: StepFactors) => Math.abs(withFactors(step, factors) / step.measured - 1);
    for (let seed = 1; seed <= 8; seed++) {
      const mixed = shuffled(
        rows.map((pair) => weighed(pair, isNew)),
        seed,
      );
      const { factors } = fitFactors(mixed.slice(0, 20));
      for (const step of mixed.slice(20)) {
        before.push(off(step, noFactors));
        after.push(off(step, factors));
      }
    }
    return [median(before), median(after)] as const;
  };

  it("bring the error on the rest down to half in the median where the model never saw them, and seldom up", () => {
    expect(all.length).toBeGreaterThan(10);
    const found = all.map(([, rows]) => errors(rows, true));
    const ratios = found.map(([before, after]) => after / before);
    // 0.50 on the rows of this version: half of the thirteen sets are halved, and one of TensorRT-LLM gets worse, from 4 to 5 %.
    expect(median(ratios)).toBeLessThan(0.52);
    expect(ratios.filter((ratio) => ratio > 1).length).toBeLessThanOrEqual(2);
  });

  it("still help a little where the engines' times were fitted on these rows too", () => {
    const ratios = all.map(([, rows]) => errors(rows, false)).map(([before, after]) => after / before);
    // 0.87: what is left is mostly what no factor can say.
    expect(median(ratios)).toBeLessThan(0.9);
  });
});

function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  let state = (seed * 7919) >>> 0;
  const next = () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

describe("a table of measured steps", () => {
  const head = "model,machine,requests,context,tp,dp,ep,engine,milliseconds";

  it("is read into questions and seconds, each with its line", () => {
    const rows = readStepCsv(exampleStepCsv, "mine.csv");
    expect(rows.map(({ seconds }) => seconds * 1000)[1]).toBeCloseTo(17.9, 9);
    expect(rows[0]?.where).toBe("mine.csv:4");
    expect(rows[1]?.question).toMatchObject({ requests: 8, contextTokens: 2048, tensorParallel: 8, engine: "vLLM" });
    const { errorBefore, errorAfter } = calibrate(rows);
    expect(errorAfter).toBeLessThan(errorBefore);
  });

  it("may call its columns otherwise, and leave out what a step takes by itself", () => {
    const [row] = readStepCsv("Model,GPU,Batch size,Context length,TP size,note,Step (ms)\r\nkimi-k2,h100-sxm,32,4096,16,mine,20\r\n");
    expect(row?.question).toEqual({
      ...{ model: model("kimi-k2"), hardware: hardware("h100-sxm"), requests: 32, contextTokens: 4096, tensorParallel: 16 },
    });
    expect(row?.seconds).toBe(0.02);
    expect(readStepCsv("model,machine,requests,context,seconds\nqwen3-30b-a3b,h100-sxm,1,100,0.005")[0]?.seconds).toBe(0.005);
  });

  it("says file, line and nearest names of what it cannot use", () => {
    const broken = (line: string) => () => readStepCsv(`${head}\n${line}`, "mine.csv");
    expect(broken("deepseek-v33,h200-sxm,1,2048,8,1,1,vLLM,17")).toThrow(
      /^mine\.csv:2: unknown model "deepseek-v33"; nearest: deepseek-v3/,
    );
    expect(broken("deepseek-v3,h200,1,2048,8,1,1,vLLM,17")).toThrow(/^mine\.csv:2: unknown hardware "h200"; nearest: .*h200-sxm/);
    expect(broken("deepseek-v3,h200-sxm,many,2048,8,1,1,vLLM,17")).toThrow(
      'mine.csv:2: expected a whole number from 1 for requests, got "many"',
    );
    expect(broken("deepseek-v3,h200-sxm,1,2048,8,1,1,vLLM,-3")).toThrow('mine.csv:2: expected a time above 0 for milliseconds, got "-3"');
    expect(broken("deepseek-v3,h200-sxm,1,2048,8,1,1,vlm,17")).toThrow(/^mine\.csv:2: engine must be one of .*nearest: vllm/);
    expect(() => readStepCsv("modell,machine,requests,context,ms\na,b,1,1,1", "mine.csv")).toThrow(
      'mine.csv: expected a column "model" (or model id, model name); nearest of those there: "modell"',
    );
    expect(() => readStepCsv(`${head},batch\na,b,1,1,1,1,1,1,1,1`, "mine.csv")).toThrow(
      'columns "requests" and "batch" both stand for requests',
    );
    expect(() => readStepCsv("", "mine.csv")).toThrow("expected a line of names and measured steps below it, got none");
  });
});
