import { describe, expect, it } from "vitest";
import { differingWords, likeSteps, type MachinePair, machinePairs, pairErrors, type StepRatio } from "../../src/fit/machine-pairs";
import { type StepPair, stepPairs } from "../../src/fit/step-rows";
import { hardware } from "../../src/machine/hardware";
import { deploymentRows } from "../../src/published/deployment-rows";

/** A row of a tiny table: all alike but what is given. */
const step = (machine: string, requests: number, contextTokens: number, particular: Partial<StepPair["row"]> = {}): StepPair =>
  ({
    row: {
      model: "llama-3-70b",
      engine: "vLLM",
      machine,
      gpus: 8,
      tensorParallel: 8,
      expertParallel: 1,
      dataParallel: 1,
      draftTokens: 0,
      overlap: "none",
      requests,
      contextTokens,
      ...particular,
    },
    step: { weightFormat: "fp8", cacheFormat: "bfloat16" },
  }) as unknown as StepPair;

describe("steps alike but for the machine", () => {
  it("takes the nearest first, each row once, and none further apart than a tenth", () => {
    // On H100 8, 16 and 64 requests; on H200 8, 8 (a context 5 % longer) and 17: 16 and 17 are 6 % apart, 64 has nothing near.
    const old = [step("h100-sxm", 8, 1000), step("h100-sxm", 16, 1000), step("h100-sxm", 64, 1000)];
    const young = [step("h200-sxm", 8, 1050), step("h200-sxm", 8, 1000), step("h200-sxm", 17, 1000)];
    const found = likeSteps([...young, ...old]);
    expect(found).toHaveLength(2);
    expect(found.map(({ older, newer }) => [older, newer])).toEqual(
      expect.arrayContaining([
        [old[0], young[1]],
        [old[1], young[2]],
      ]),
    );
  });

  it("pairs no rows of another model, engine, split, format, number of drafts or context", () => {
    const others: readonly Partial<StepPair["row"]>[] = [
      { model: "gpt-oss-120b" },
      { engine: "SGLang" },
      { tensorParallel: 4, gpus: 4 },
      { expertParallel: 8 },
      { draftTokens: 1 },
      { contextTokens: 1200 },
    ];
    for (const particular of others)
      expect(likeSteps([step("h100-sxm", 8, 1000), step("h200-sxm", 8, 1000, particular)]), JSON.stringify(particular)).toEqual([]);
    const wide = { ...step("h200-sxm", 8, 1000), step: { weightFormat: "fp8", cacheFormat: "fp8" } } as unknown as StepPair;
    expect(likeSteps([step("h100-sxm", 8, 1000), wide])).toEqual([]);
  });
});

describe("machines in pairs", () => {
  const rows = deploymentRows().filter(
    ({ model, engine, machine, tensorParallel }) =>
      model === "llama-3-70b" && engine === "vLLM" && /^h[12]00-sxm$/.test(machine) && tensorParallel === 8,
  );
  const steps = stepPairs(rows, "default");
  const [pair, ...rest] = machinePairs(steps);

  it("says what the newer one has more of, and how many times faster it is", () => {
    expect(rest).toEqual([]);
    expect(pair).toMatchObject({ model: "llama-3-70b", older: { id: "h100-sxm" }, newer: { id: "h200-sxm" } });
    const [old, young] = [hardware("h100-sxm"), hardware("h200-sxm")];
    expect(pair?.factors.memoryBandwidth).toBe(young.memoryBytesPerSecond / old.memoryBytesPerSecond);
    expect(pair?.factors.arithmetic).toBe(1);
    expect(pair?.differing).toEqual(["memoryBandwidth"]);
    for (const { older, newer, measured, predicted } of pair?.ratios ?? []) {
      expect(measured).toBe((older.row.seconds ?? 0) / (newer.row.seconds ?? 0));
      expect(predicted).toBe(older.step.seconds / newer.step.seconds);
      expect(predicted).toBeGreaterThan(1);
      expect(predicted).toBeLessThan(young.memoryBytesPerSecond / old.memoryBytesPerSecond);
    }
  });

  it("names what differs with its factor, and says so when nothing does", () => {
    // 4.8 TB/s over 3.35 TB/s.
    expect(differingWords(pair as MachinePair)).toBe("bandwidth ×1.4");
    expect(differingWords({ ...(pair as MachinePair), differing: [] })).toBe("nothing by 15 %");
  });

  it("has nothing left out to say where no other row of the engine is left", () => {
    expect(pair?.leftOut).toBeNaN();
    expect(pair?.byWorth).toBeGreaterThan(1);
  });

  it("finds eight pairs of model and machines and more in the published rows, a hundred steps each way", () => {
    const like = likeSteps(stepPairs(deploymentRows(), "default"));
    const kinds = new Set(like.map(({ older, newer }) => [older.row.model, older.row.machine, newer.row.machine].join()));
    expect(kinds.size).toBeGreaterThanOrEqual(8);
    expect(like.length).toBeGreaterThanOrEqual(100);
    for (const { older, newer } of like) expect(older.row.machine).not.toBe(newer.row.machine);
  });
});

it("an error is the median over all rows of measured over predicted, less one", () => {
  const ratio = (measured: number, predicted: number, leftOut: number) =>
    ({ measured, predicted, leftOut, byWorth: measured }) as StepRatio;
  const pairs = [{ ratios: [ratio(1.2, 1, 1), ratio(1, 1, 2)] }, { ratios: [ratio(0.9, 1, Number.NaN)] }] as unknown as MachinePair[];
  // 0.2, 0 and 0.1; of rows left out 0.2 and 0.5.
  expect(pairErrors(pairs).predicted).toBeCloseTo(0.1, 12);
  expect(pairErrors(pairs).leftOut).toBeCloseTo(0.35, 12);
  expect(pairErrors(pairs).byWorth).toBe(0);
});
