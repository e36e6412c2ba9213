import { describe, expect, it } from "vitest";
import {
  calibrate,
  calibratedSeconds,
  calibratedStep,
  fitFactors,
  type MeasuredPart,
  type MeasuredStep,
  type WeighedStep,
} from "../../src/fit/calibration";
import { leaveFoldsOut } from "../../src/fit/engine-fit";
import { exampleStepCsv, readStepCsv, readStepRows } from "../../src/fit/step-csv";
import { type StepPair, stepPairs } from "../../src/fit/step-rows";
import { calibratedMachine } from "../../src/machine/calibrated-machine";
import { hardware } from "../../src/machine/hardware";
import { calibratedNames, noFactors, type StepFactors } from "../../src/machine/step-factors";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { deploymentRows } from "../../src/published/deployment-rows";
import { quantile } from "../../src/statistics";
import { type DecodeStepQuestion, decodeSeconds, decodeStep } from "../../src/step/decode";
import { timeToFirstToken } from "../../src/step/prefill";
import { doublingsOf, stepParts, withFactors } from "../../src/step/stretched";

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

describe("a calibrated machine", () => {
  const question = questions[6] as DecodeStepQuestion; // 64 requests: two doublings of 16
  const factors = { products: 1.2, attention: 0.8, exchange: 1.5, between: 2, growth: 1.1 };
  const on = (machine: typeof question.hardware) => ({ ...question, hardware: machine });

  it("takes for a step what its parts take, each times its factor: in the whole step, in its tasks, and in its seconds alone", () => {
    const { products, attention, exchange, between } = stepParts(decodeStep(question));
    const byHand = (1.2 * products + 0.8 * attention + 1.5 * exchange + 2 * between) * 1.1 * 1.1;
    const calibrated = calibratedMachine(question.hardware, factors);
    expect(decodeStep(on(calibrated)).seconds).toBeCloseTo(byHand, 12);
    expect(decodeSeconds(on(calibrated))).toBe(decodeStep(on(calibrated)).seconds);
    expect(decodeStep(on(calibrated)).tasks.reduce((all, { seconds }) => all + seconds, 0)).toBeCloseTo(byHand, 9);
    expect(calibrated).toMatchObject({ id: "h200-sxm", name: question.hardware.name, memoryBytesPerSecond: 4.8e12 });
  });

  it("leaves alone what decode steps say nothing of: a prompt, and a machine whose factors are all 1", () => {
    const prompt = { model: question.model, promptTokens: 2048, tensorParallel: 8 };
    const calibrated = calibratedMachine(question.hardware, factors);
    expect(timeToFirstToken({ ...prompt, hardware: calibrated })).toBe(timeToFirstToken({ ...prompt, hardware: question.hardware }));
    expect(decodeStep(on(calibratedMachine(calibrated, {})))).toEqual(decodeStep(question));
  });

  it("stays calibrated where something else of it changes", () => {
    const double = whatIfHardware(calibratedMachine(question.hardware, factors), { memoryBytesPerSecond: { times: 2 } });
    const { products, attention, exchange, between } = stepParts(decodeStep(on({ ...double, stepFactors: noFactors })));
    const byHand = (1.2 * products + 0.8 * attention + 1.5 * exchange + 2 * between) * 1.1 * 1.1;
    expect(decodeSeconds(on(double))).toBeCloseTo(byHand, 12);
  });

  it("refuses a factor that is not known or out of bounds, with words", () => {
    expect(() => calibratedMachine(question.hardware, { product: 1 } as object)).toThrow('unknown factor "product"; nearest: products');
    for (const factor of [0, -1, 11, Number.NaN, "2x"])
      expect(() => calibratedMachine(question.hardware, { between: factor as number })).toThrow(
        `between must be a factor from 0.1 to 10, got ${factor}`,
      );
  });
});

describe("a calibration", () => {
  it("takes sums of kernels out of a profiler: seconds of a part bear on its factor alone", () => {
    const measured = (part: MeasuredPart, longer: number) =>
      questions.map((question) => ({
        ...{ question, part },
        seconds:
          longer *
          decodeStep(question)
            .tasks.filter(({ name }) => name === part || (part === "attention" && name === "attention core"))
            .reduce((sum, { seconds }) => sum + seconds, 0),
      }));
    const { factors } = calibrate([...measured("experts", 1.5), ...measured("attention", 0.9)]);
    expect(factors.products).toBeCloseTo(1.5, 1);
    expect(factors.attention).toBeCloseTo(0.9, 1);
    expect(factors.exchange).toBe(1);
    const absent = measured("experts", 1).map((row) => ({ ...row, part: "dispatch" as const }));
    expect(() => calibrate(absent)).toThrow('row 1: this step has no "dispatch"; it has attention projections');
  });

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

  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const befores = (found: readonly (readonly [number, number])[]) => found.map(([before]) => before);
  const afters = (found: readonly (readonly [number, number])[]) => found.map(([, after]) => after);

  it("bring the error on the rest down to five and a half percent where the model never saw them, by a quarter over all sets, and nowhere up by more than a point", () => {
    expect(all.length).toBeGreaterThan(10);
    const found = all.map(([, rows]) => errors(rows, true));
    // From 7 to 5.5 % in the mean of thirteen sets: what is left scatters within a set, and no factor can say it. The share that goes was
    // a half while engines' times were fitted worse: it is measured from where the model starts, so the error that stays is held too.
    expect(median(afters(found))).toBeLessThan(0.056);
    expect(Math.max(...afters(found))).toBeLessThan(0.13);
    expect(mean(afters(found)) / mean(befores(found))).toBeLessThan(0.78);
    for (const [before, after] of found) expect(after).toBeLessThan(before + 0.01);
    expect(found.filter(([before, after]) => after > before + 0.005).length).toBeLessThanOrEqual(2);
  });

  it("still help a little where the engines' times were fitted on these rows too", () => {
    const found = all.map(([, rows]) => errors(rows, false));
    // 0.85: what is left is mostly what no factor can say.
    expect(mean(afters(found)) / mean(befores(found))).toBeLessThan(0.9);
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

  it("names models and machines as benchmarks do, where only one can be meant", () => {
    const read = (cells: string) => readStepCsv(`model_id,gpu,max_concurrency,context,median_tpot_ms\n${cells}`, "mine.csv")[0]?.question;
    expect(read("deepseek-ai/DeepSeek-V3,H200 SXM,8,2048,20")).toMatchObject({
      model: { id: "deepseek-v3" },
      hardware: { id: "h200-sxm" },
      requests: 8,
    });
    expect(() => read("deepseek-ai/DeepSeek-V3-0324,h200-sxm,8,2048,20")).toThrow(
      'unknown model "deepseek-ai/DeepSeek-V3-0324"; nearest: deepseek-v3',
    );
    expect(() => read("DeepSeek-V3,H200,8,2048,20")).toThrow('unknown hardware "H200"; nearest:');
  });

  it("may have its time in any unit, and cells apart by semicolons or tabs", () => {
    const read = (unit: string, time: string, options = {}) =>
      readStepCsv(`model,machine,requests,context,${unit}\nkimi-k2,h100-sxm,32,4096,${time}`, "mine.csv", options)[0]?.seconds;
    expect(read("milliseconds", "20")).toBe(0.02);
    expect(read("us", "20000")).toBeCloseTo(0.02, 12);
    expect(read("Latency", "20", { unit: "milliseconds" })).toBe(0.02);
    expect(read("Latency", "0.02", { unit: "seconds" })).toBe(0.02);
    expect(() => read("Latency", "20")).toThrow('column "Latency" does not say its unit; call it milliseconds, seconds or microseconds');
    expect(readStepCsv("model;machine;requests;context;ms\nkimi-k2;h100-sxm;32;4096;20,5")[0]?.seconds).toBeCloseTo(0.0205, 12);
    expect(readStepCsv("model\tmachine\trequests\tcontext\tms\nkimi-k2\th100-sxm\t32\t4096\t20.5")[0]?.seconds).toBeCloseTo(0.0205, 12);
    expect(() => readStepCsv("model\tmachine\trequests\tcontext\tms\nkimi-k2\th100-sxm\t1,024\t4096\t20.5")).toThrow('got "1,024"');
  });

  it("has rows of parts: the experts of one layer count for all layers with experts", () => {
    const parts = (cells: string) =>
      readStepCsv(`model,machine,requests,context,tp,part,layers,us\ndeepseek-v3,h200-sxm,32,4096,8,${cells}`, "mine.csv")[0];
    // 58 of DeepSeek-V3's 61 layers have experts: 100 µs of one are 5.8 ms of a step.
    expect(parts("MoE,1,100")).toMatchObject({ part: "experts", seconds: expect.closeTo(5.8e-3, 12) });
    expect(parts("attention core,61,100")).toMatchObject({ part: "attention core", seconds: expect.closeTo(1e-4, 12) });
    expect(parts("total,,100")).not.toHaveProperty("part");
    expect(() => parts("constructor,,100")).toThrow(/^mine\.csv:2: expected one of .* for part, got "constructor"/);
    expect(() => parts("dispatch,,100")).toThrow('mine.csv:2: this step has no "dispatch"; it has attention projections');
    expect(() => parts("attention,1,100")).toThrow("a part of several tasks");
  });

  it("leaves out row by row what cannot be used, with the reason, where that is asked for", () => {
    const lines = [
      "deepseek-v33,h200-sxm,1,2048,8,1,1,vLLM,17",
      "deepseek-v3,h200-sxm,1,2048,1,1,1,vLLM,17",
      "deepseek-v3,h200-sxm,1,2048,8,1,1,vLLM,12",
    ];
    const { rows, leftOut } = readStepRows([head, ...lines].join("\n"), "mine.csv");
    expect(rows.map(({ where }) => where)).toEqual(["mine.csv:4"]);
    expect(leftOut).toEqual([
      { where: "mine.csv:2", reason: expect.stringMatching(/^unknown model "deepseek-v33"; nearest: deepseek-v3/) },
      { where: "mine.csv:3", reason: expect.stringMatching(/^weights and caches are 4\.\d+ times the 1\d\d GB of a GPU: look at tp/) },
    ]);
    expect(() => readStepRows("model,machine\na,b", "mine.csv")).toThrow('expected a column "requests"');
  });
});
