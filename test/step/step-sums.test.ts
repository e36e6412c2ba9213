import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import type { ExpertsBlock, Mixer } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { model } from "../../src/model/registry";
import { bandOf, leftOutOf } from "../../src/step/answer-words";
import { carriedOf } from "../../src/step/carried";
import { acceptedTokens, type DecodeStepQuestion, decodeSeconds, decodeStep, hiding } from "../../src/step/decode";
import { planOf } from "../../src/step/plan";
import type { PlannedRun } from "../../src/step/planned-run";
import { prefillStep, timeToFirstToken } from "../../src/step/prefill";
import { resolveQuestion } from "../../src/step/question";
import type { DecodeTask, Passing } from "../../src/step/task";
import { betweenTask } from "../../src/step/task";
import { layerTasks, otherStarts, savedPerStart } from "../../src/step/tasks";

const h800 = hardware("h800-sxm");
const v3 = model("deepseek-v3");
const [latent, experts] = (v3.runs[1]?.blocks ?? []) as readonly [Mixer, ExpertsBlock];
/** Two layers with a dense part, three with experts. */
const toy = decoder({
  ...v3,
  runs: [
    { count: 2, blocks: [latent, { kind: "dense", width: 4096, matrices: 3 }] },
    { count: 3, blocks: [latent, experts] },
  ],
});
/** The same machine, where engines take no time at all: the least factor there is leaves none. */
const timeless = whatIfHardware(h800, { "times.betweenKernels": { times: Number.MIN_VALUE } });
/** SGLang takes time for requests and layers. */
const asked: DecodeStepQuestion = {
  ...{ model: toy, hardware: h800, requests: 128, contextTokens: 1000 },
  ...{ dataParallel: 16, expertParallel: 16, engine: "sglang" },
};
const planFor = (question: DecodeStepQuestion) => planOf(resolveQuestion(question));
const layers = (question: DecodeStepQuestion, passing: Passing) =>
  planFor(question).runs.map((run) => layerTasks(planFor(question), run, passing));
const total = (tasks: readonly DecodeTask[]) => tasks.reduce((sum, { seconds }) => sum + seconds, 0);
const floors = (tasks: readonly DecodeTask[]) => tasks.reduce((sum, { floorSeconds }) => sum + floorSeconds, 0);
const counts = [2, 3] as const;
const each = (values: readonly number[]) => values.reduce((sum, value, i) => sum + (counts[i] as number) * value, 0);
const names = (tasks: readonly DecodeTask[]) => tasks.map(({ name }) => name);

describe("a decode step without overlap", () => {
  const step = decodeStep(asked);
  const whole = layers(asked, { requests: 8, newTokens: 1, rows: 8, replicaRows: 128 });
  const { head, engineTime } = planFor(asked);
  const request = betweenTask(8 * 5 * engineTime.layerRequestSeconds);
  const ends = [head(8), request];

  it("is the sum of its layers, its head and what its engine does for each request of a group in each of five layers", () => {
    expect(engineTime.layerRequestSeconds).toBeGreaterThan(0);
    expect(step.seconds).toBeCloseTo(each(whole.map(({ tasks }) => total(tasks))) + total(ends), 12);
    expect(step.floorSeconds).toBeCloseTo(each(whole.map(({ tasks }) => floors(tasks))) + floors(ends), 12);
    expect(decodeSeconds(asked)).toBe(step.seconds);
    expect(step.tasks.slice(-2)).toEqual(ends);
  });

  it("lists the tasks of every layer, one after another", () => {
    const [dense, sparse] = whole.map(({ tasks }) => tasks) as [readonly DecodeTask[], readonly DecodeTask[]];
    expect(step.tasks).toEqual([...dense, ...dense, ...sparse, ...sparse, ...sparse, ...ends]);
  });

  it("gives a token to each request, and says what it was asked, and how sure it is", () => {
    expect(step.tokensPerSecondPerGpu).toBeCloseTo(128 / step.seconds / 16, 9);
    expect(step.tokensPerSecondPerRequest).toBeCloseTo(1 / step.seconds, 9);
    const plan = planFor(asked);
    expect(step).toMatchObject({ kernel: plan.kernel, weightFormat: "fp8_block", cacheFormat: "bfloat16", engine: "sglang" });
    expect(step).toMatchObject({ errorBand: bandOf(plan, step.seconds), carried: plan.carried, leftOut: leftOutOf(plan) });
  });

  it("has no time for requests where its engine takes none", () => {
    const none = { ...asked, hardware: timeless };
    expect(planFor(none).engineTime.layerRequestSeconds).toBe(0);
    expect(decodeStep(none).tasks.at(-1)?.name).toBe("head");
  });
});

describe("drafts of a step", () => {
  it("are rows beside each new token, and one more last layer with a head for each draft, which give what is accepted", () => {
    const drafted = { ...asked, draftTokens: 2, acceptance: 0.5 };
    const step = decodeStep(drafted);
    const plan = planFor(drafted);
    const verified = layers(drafted, { requests: 8, newTokens: 3, rows: 24, replicaRows: 384 });
    const draft = layerTasks(plan, plan.runs[1] as PlannedRun, { requests: 8, newTokens: 1, rows: 8, replicaRows: 128 });
    const ends = [plan.head(24), ...draft.tasks, plan.head(8), ...draft.tasks, plan.head(8)];
    expect(step.tasks.slice(-ends.length - 1, -1)).toEqual(ends);
    expect(step.seconds).toBeCloseTo(
      each(verified.map(({ tasks }) => total(tasks))) + total(ends) + 8 * 5 * plan.engineTime.layerRequestSeconds,
      12,
    );
    // 1 + 0.5 + 0.25 tokens.
    expect(step.tokensPerSecondPerRequest * step.seconds).toBeCloseTo(1.75, 9);
    expect(step.tokensPerSecondPerGpu * step.seconds * 16).toBeCloseTo(128 * 1.75, 6);
    expect([acceptedTokens(0, 0.5), acceptedTokens(3, 1), acceptedTokens(2, 0)]).toEqual([1, 4, 1]);
    expect(() => acceptedTokens(1, 2)).toThrow("acceptance must be a share from 0 to 1, got 2");
  });
});

describe("the layer of a draft", () => {
  it("is like the last of the model", () => {
    const longer = decoder({ ...toy, runs: [...toy.runs, { count: 1, blocks: [latent, { kind: "dense", width: 64, matrices: 3 }] }] });
    const tasks = names(decodeStep({ ...asked, model: longer, draftTokens: 1 }).tasks);
    expect(tasks.slice(tasks.indexOf("head") + 1, -2).filter((name) => name !== "between kernels")).toEqual([
      ...["attention projections", "attention core", "output projection", "dense feed-forward"],
    ]);
  });
});

describe("prompts in a step", () => {
  it("are three tenths of their tokens, rounded up, dealt over the groups", () => {
    const filled = { ...asked, promptTokens: 1001 };
    // 301 tokens; 19 of each group.
    const taken = layers(filled, {
      ...{ requests: 8, newTokens: 1, rows: 8 + 19, replicaRows: 128 + 301 },
      prompts: { requests: 1, newTokens: 19, pastTokens: 0 },
    });
    const plan = planFor(filled);
    expect(decodeStep(filled).seconds).toBeCloseTo(
      each(taken.map(({ tasks }) => total(tasks))) + plan.head(8).seconds + 8 * 5 * plan.engineTime.layerRequestSeconds,
      12,
    );
  });
});

describe("two micro-batches", () => {
  const halved: DecodeStepQuestion = { ...asked, requests: 16 * 9, overlap: "two-micro-batches" };
  const half = (requests: number, prompts?: number) => ({
    ...{ requests, newTokens: 1, rows: requests + (prompts ?? 0), replicaRows: 16 * (requests + (prompts ?? 0)) },
    ...(prompts === undefined ? {} : { prompts: { requests: 1, newTokens: prompts, pastTokens: 0 } }),
  });
  const expected = (question: DecodeStepQuestion, first: Passing, second: Passing) => {
    const [one, two] = [layers(question, first), layers(question, second)];
    const layer = one.map((a, i) => {
      const b = two[i] as (typeof two)[0];
      const all = total(a.tasks) + total(b.tasks);
      const processors = a.computeSeconds + b.computeSeconds + a.processorSeconds + b.processorSeconds;
      const links = a.communicationSeconds + b.communicationSeconds;
      return all - hiding * (all - Math.min(all, Math.max(processors, links, total(a.tasks), total(b.tasks))));
    });
    const plan = planFor(question);
    return { layer, ends: plan.head(plan.groupRequests).seconds + plan.groupRequests * 5 * plan.engineTime.layerRequestSeconds, one, two };
  };

  it("hide a share of what the longest of processors, links and either half leaves of each layer", () => {
    const { layer, ends, one, two } = expected(halved, half(5), half(4));
    const step = decodeStep(halved);
    expect(step.seconds).toBeCloseTo(each(layer) + ends, 12);
    // Layers without an exchange hide nothing.
    expect(layer[0]).toBeCloseTo(total(one[0]?.tasks ?? []) + total(two[0]?.tasks ?? []), 12);
    expect(layer[1]).toBeLessThan(total(one[1]?.tasks ?? []) + total(two[1]?.tasks ?? []));
    expect(step.floorSeconds).toBeLessThanOrEqual(step.seconds);
    const slowest = { ...halved, hardware: { ...h800, networkBytesPerSecond: 1e8 } };
    const slow = decodeStep(slowest);
    const far = expected(slowest, half(5), half(4));
    expect(slow.seconds).toBeCloseTo(each(far.layer) + far.ends, 9);
  });

  it("have rows for drafts in each half", () => {
    const drafted = { ...halved, draftTokens: 1 };
    const rows = (requests: number) => ({ requests, newTokens: 2, rows: 2 * requests, replicaRows: 32 * requests });
    const { layer } = expected(drafted, rows(5), rows(4));
    const plan = planFor(drafted);
    const draft = layerTasks(plan, plan.runs[1] as PlannedRun, { requests: 9, newTokens: 1, rows: 9, replicaRows: 144 });
    const ends = plan.head(18).seconds + total(draft.tasks) + plan.head(9).seconds + 9 * 5 * plan.engineTime.layerRequestSeconds;
    expect(decodeStep(drafted).seconds).toBeCloseTo(each(layer) + ends, 12);
  });

  it("have no floor above their time, though floors one after another would be", () => {
    const above = [4e9, 3e10, 5e10].filter((networkBytesPerSecond) => {
      const machine = { ...h800, networkBytesPerSecond };
      const question = { ...halved, model: v3, requests: 16 * 2048, contextTokens: 32_000, engine: "vllm", hardware: machine };
      const { tasks, seconds, floorSeconds } = decodeStep(question);
      expect(floorSeconds).toBe(Math.min(seconds, floorSeconds));
      expect(floorSeconds / Math.min(seconds, floors(tasks))).toBeCloseTo(1, 9);
      return floors(tasks) > seconds;
    });
    expect(above.length).toBeGreaterThan(0);
  });

  it("take each half of the prompts, rounded up and down, too", () => {
    const filled = { ...halved, promptTokens: 1001 };
    const { layer, ends } = expected(filled, half(5, 10), half(4, 9));
    expect(decodeStep(filled).seconds).toBeCloseTo(each(layer) + ends, 12);
  });

  it("need two requests of each group", () => {
    expect(() => decodeStep({ ...halved, requests: 16 })).toThrow(
      "requests must be at least 2 for each group for two-micro-batches, got 1",
    );
    expect(() => decodeStep({ ...halved, requests: 32 })).not.toThrow();
  });
});

describe("a step of a machine with factors of its own", () => {
  const factors = { products: 2, attention: 3, exchange: 4, between: 5, growth: 1.1 };
  const on = (stepFactors: typeof factors, question = asked) => ({ ...question, hardware: { ...h800, stepFactors } });
  const plain = decodeStep(asked);

  it("has each task longer by its part's factor, and by growth for each doubling from 16 requests of a group: of eight, by one less", () => {
    const step = decodeStep(on(factors));
    const factorOf = (name: string) =>
      name === "between kernels" ? 5 : name === "attention core" ? 3 : ["dispatch", "combine"].includes(name) ? 4 : 2;
    step.tasks.forEach((task, i) => {
      const before = plain.tasks[i] as DecodeTask;
      expect(task.seconds, task.name).toBeCloseTo((factorOf(task.name) * before.seconds) / 1.1, 12);
      expect({ ...task, seconds: 0, kernelSeconds: [] }).toEqual({ ...before, seconds: 0, kernelSeconds: [] });
    });
    expect(step.tasks).toHaveLength(plain.tasks.length);
    expect(step.seconds).toBeCloseTo(total(step.tasks), 12);
    expect(decodeSeconds(on(factors))).toBe(step.seconds);
  });

  it("takes no less than its floors, one after another", () => {
    const none = { products: 1e-3, attention: 1e-3, exchange: 1e-3, between: 1e-3, growth: 1 };
    expect(decodeStep(on(none)).seconds).toBeCloseTo(floors(plain.tasks), 12);
  });

  it("stays as it is with factors of one, also where two micro-batches take less than their floors one after another", () => {
    const same = { products: 1, attention: 1, exchange: 1, between: 1, growth: 1 };
    const wide = { ...asked, model: v3, requests: 16 * 2048, contextTokens: 32_000, engine: "vllm", overlap: "two-micro-batches" } as const;
    for (const networkBytesPerSecond of [4e9, 3e10, 5e10]) {
      const machine = { ...h800, networkBytesPerSecond };
      expect(
        decodeSeconds({ ...wide, hardware: { ...machine, stepFactors: same } }) / decodeSeconds({ ...wide, hardware: machine }),
      ).toBeCloseTo(1, 12);
    }
  });
});

describe("starts of kernels on a what-if machine", () => {
  const quick = { ...asked, hardware: whatIfHardware(h800, { "times.kernelStarts": { times: 0.5 } }) };

  it("save half of a graph's start for each kernel, of the head too, but no task goes below its floor", () => {
    const saved = savedPerStart(planFor(quick));
    expect(savedPerStart(planFor(asked))).toBe(0);
    const [usual, sooner] = [decodeStep(asked), decodeStep(quick)];
    sooner.tasks.forEach((task, i) => {
      const before = usual.tasks[i] as DecodeTask;
      const expected =
        before.name === "between kernels"
          ? before.seconds
          : Math.max(before.floorSeconds, before.seconds - saved * before.kernelSeconds.length);
      expect(task.seconds / expected, task.name).toBeCloseTo(1, 9);
    });
    expect(sooner.seconds).toBeLessThan(usual.seconds);
  });

  it("leave kernels in proportion, and nothing as it is", () => {
    const task: DecodeTask = {
      ...{ name: "router", seconds: 4, floorSeconds: 1, flops: 0, bytes: 0, runBytes: 0, bound: "memory", kernelSeconds: [1, 3] },
    };
    expect(otherStarts(task, 0)).toBe(task);
    expect(otherStarts(task, 0.5)).toMatchObject({ seconds: 3, kernelSeconds: [0.75, 2.25] });
    expect(otherStarts(task, 9)).toMatchObject({ seconds: 1, kernelSeconds: [0.25, 0.75] });
    expect(otherStarts({ ...task, seconds: 0, floorSeconds: 0, kernelSeconds: [0, 0] }, 1)).toMatchObject({
      seconds: 0,
      kernelSeconds: [0, 0],
    });
  });
});

describe("prompts taken in by themselves", () => {
  const prompts = { model: toy, hardware: h800, requests: 32, promptTokens: 100, dataParallel: 16, expertParallel: 16, engine: "sglang" };
  const step = prefillStep({ ...prompts, pastTokens: 50 });
  const plan = planFor({ ...asked, requests: 32, contextTokens: 150 });
  const passing = {
    ...{ requests: 0, newTokens: 1, rows: 200, replicaRows: 3200 },
    prompts: { requests: 2, newTokens: 100, pastTokens: 50 },
  };

  it("are their layers, the host's 120 us for each kernel of each in SGLang, and the head of one row a prompt", () => {
    const timed = plan.runs.map((run) => {
      const { tasks } = layerTasks(plan, run, passing);
      return [...tasks, betweenTask(120e-6 * tasks.reduce((sum, { kernelSeconds }) => sum + kernelSeconds.length, 0))];
    });
    const ends = [plan.head(2), betweenTask(2 * 5 * plan.engineTime.layerRequestSeconds)];
    const [dense, sparse] = timed as [DecodeTask[], DecodeTask[]];
    expect(step.tasks).toEqual([...dense, ...dense, ...sparse, ...sparse, ...sparse, ...ends]);
    expect(step.seconds).toBeCloseTo(total(step.tasks), 12);
    expect(step.floorSeconds).toBeCloseTo(floors(step.tasks), 12);
    expect(step.tokensPerSecondPerGpu).toBeCloseTo(3200 / step.seconds / 16, 6);
    expect(names(prefillStep({ ...prompts, hardware: timeless }).tasks).at(-1)).toBe("head");
  });

  it("take 40 us a kernel in the other engines, less on a what-if machine, with a band twice as wide as a decode step's", () => {
    const host = (engine: string, change: object = {}) => {
      const { tasks } = prefillStep({ ...prompts, engine, ...change });
      const first = tasks.findIndex(({ name }, i) => name === "between kernels" && tasks[i + 1]?.name === "attention projections");
      const kernels = tasks.slice(0, first).reduce((sum, { kernelSeconds }) => sum + kernelSeconds.length, 0);
      return (tasks[first]?.seconds ?? 0) / kernels;
    };
    expect(host("tensorrt-llm")).toBeCloseTo(40e-6, 12);
    expect(host("vllm", { hardware: whatIfHardware(h800, { "times.betweenKernels": { times: 1 } }) })).toBeCloseTo(40e-6, 12);
    expect(host("tensorrt-llm", { hardware: whatIfHardware(h800, { "times.betweenKernels": { times: 0.25 } }) })).toBeCloseTo(10e-6, 12);
    const { low, high } = bandOf(plan, step.seconds, "prefill");
    expect(step.errorBand.low / step.seconds).toBeCloseTo((low / step.seconds) ** 2, 9);
    expect(step.errorBand.high / step.seconds).toBeCloseTo((high / step.seconds) ** 2, 9);
    expect(step).toMatchObject({ kernel: plan.kernel, weightFormat: "fp8_block", cacheFormat: "bfloat16", engine: "sglang" });
    // The cores are those of prompts, with kernels of their own.
    expect(step).toMatchObject({ carried: carriedOf(plan, plan, "prefill"), leftOut: leftOutOf(plan) });
    expect(step.carried).toContain("attention: sglang_flash_attention, outside its rows: query heads on a GPU 128 (measured 1 to 64)");
  });

  it("begin on an empty cache where nothing is said, and are a prompt's first token alone", () => {
    expect(prefillStep(prompts).seconds).toBe(prefillStep({ ...prompts, pastTokens: 0 }).seconds);
    const { requests: _, ...one } = prompts;
    expect(timeToFirstToken(one)).toBe(prefillStep({ ...one, requests: 1 }).seconds);
  });

  it.each<[string, object]>([
    ["promptTokens must be a positive integer, got 0", { promptTokens: 0 }],
    ["promptTokens must be a positive integer, got 1.5", { promptTokens: 1.5 }],
    // 2^26 requests of 2^40 tokens: 2^66.
    [
      "requests and promptTokens must make a number of tokens that can be counted, got 73786976294838210000",
      { requests: 2 ** 26, promptTokens: 2 ** 40 },
    ],
    ["pastTokens must be a whole number of at least 0, got -1", { pastTokens: -1 }],
    ["pastTokens must be a whole number of at least 0, got 0.5", { pastTokens: 0.5 }],
  ])("are refused by name: %s", (words, change) => {
    expect(() => prefillStep({ ...prompts, ...change })).toThrow(words);
    expect(() => prefillStep({ ...prompts, promptTokens: 1 })).not.toThrow();
  });
});
