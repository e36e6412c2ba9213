import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/claims/claim-steps";
import { claims, scenarioAt } from "../../src/claims/claims";
import { newestDay } from "../../src/claims/known-by";
import { flagshipSteps } from "../../src/claims/laboratories";
import type { Part } from "../../src/claims/parts/part";
import { meets } from "../../src/claims/parts/part-words";
import { productFloors } from "../../src/claims/rules/0b-task-time";
import { overSetUps, serving, setUpsOf, wideDecode } from "../../src/claims/set-ups";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";
import { shareByDecade, timedTasks } from "../../src/step/durations";
import { launchShare } from "../../src/step/starts";

const knownBy = newestDay();
const context = { knownBy, asked: {}, scenario: scenarioAt(knownBy), draws: 16, seed: 1 };
const part = (id: string) =>
  claims()
    .flatMap((c) => c.parts)
    .find((p) => p.id === id) as Part;

/** A step's number, or NaN where the step has no answer. */
function ask(question: DecodeStepQuestion | undefined, number: (q: DecodeStepQuestion) => number): number {
  if (question === undefined) return Number.NaN;
  try {
    return number(question);
  } catch {
    return Number.NaN;
  }
}

describe("one model of a quantity", () => {
  it("claim 2 is launchShare of decodeStep over the same set-ups", () => {
    const share = (q: DecodeStepQuestion) => launchShare(decodeStep(q), q.hardware, "graph").share;
    const own = overSetUps(
      context,
      serving,
      (s) => ask(questionOf(s), share),
      (v) => v >= 0.1,
    );
    expect(part("2.graph").probability).toBe(own.share);
    expect(part("2.graph").value).toBe(own.median);
  });

  it("claim 5 is tokens a second of decodeStep, dealt out over cut on eight", () => {
    const rate = (q: DecodeStepQuestion) => decodeStep(q).tokensPerSecondPerGpu;
    const own = overSetUps(
      context,
      wideDecode,
      (s) =>
        (s.requestsPerGpu ?? 0) < 16 || (s.expertParallel ?? 1) < 2
          ? Number.NaN
          : ask(questionOf(s), rate) / ask(questionOf({ ...s, gpus: 8, expertParallel: 1, tensorParallel: 8 }), rate),
      (v) => v > 1,
    );
    expect(part("5.rate")).toMatchObject({ probability: own.share, value: own.median });
  });

  it("claim 0b is the floor of an expert's products, and the time in kernels of decodeStep", () => {
    const [product, launched] = part("0b.task").readings ?? [];
    const floor = overSetUps(
      context,
      wideDecode,
      (s) =>
        s.tokensPerExpert === undefined
          ? Number.NaN
          : Math.min(...productFloors(model(s.model), hardware(s.machine), Math.max(1, Math.round(s.tokensPerExpert)))) / 0.7,
      (t) => t >= 1e-6 && t <= 1e-5,
    );
    expect(product?.probability).toBe(floor.share);
    const short = (q: DecodeStepQuestion) => shareByDecade(timedTasks(decodeStep(q).tasks))[1]?.timeShare ?? 0;
    const time = overSetUps(
      context,
      serving,
      (s) => ask(questionOf(s), short),
      // As it is printed, as all parts decide: 49.5 % are 50 %.
      meets("share", { atLeast: 0.5 }),
    );
    expect(launched?.probability).toBe(time.share);
  });

  it("asks of a set-up what a person would: all its requests, over its degrees", () => {
    const setUps = setUpsOf(context, serving);
    expect(setUps.filter((s) => questionOf(s) !== undefined).length).toBeGreaterThan(150);
    const shared = setUps.find((s) => s.gpus === 8 && s.tensorParallel === 8 && (s.requestsPerGpu ?? 1) < 1);
    expect(shared && questionOf(shared)).toMatchObject({
      requests: Math.round((shared?.requestsPerGpu ?? 0) * 8),
      tensorParallel: 8,
      dataParallel: 1,
    });
    const dealt = (s: (typeof setUps)[number]) => s.tensorParallel === 1 && s.expertParallel === s.gpus && (s.gpus ?? 0) > 8;
    const wide = setUps.find((s) => dealt(s) && s.requestsPerGpu !== undefined);
    expect(wide && questionOf(wide)).toMatchObject({ dataParallel: wide?.gpus, expertParallel: wide?.gpus, tensorParallel: 1 });
  });
});

describe("flagships", () => {
  it("follow one another in a laboratory, each larger; DeepSeek's went on to more experts, each time wider", () => {
    const own = flagshipSteps("2026-11-29").filter((f) => f.laboratory === "DeepSeek");
    expect(own.slice(0, 3).map((f) => [f.model, f.experts, f.width, f.change])).toEqual([
      ["DeepSeekMoE-16B", 64, 1408, ""],
      ["DeepSeek-V2", 160, 1536, "more, wider"],
      ["DeepSeek-V3", 256, 2048, "more, wider"],
    ]);
    expect(own[2]?.visits).toBe(8 * 58);
    expect(own[2]?.relativeWidth).toBe(2048 / 7168);
    const all = flagshipSteps("2025-01-11");
    expect(all.every((f) => f.released <= "2025-01-11")).toBe(true);
  });
});
