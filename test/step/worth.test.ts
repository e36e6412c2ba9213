import { describe, expect, it } from "vitest";
import { launch } from "../../src/kernels/launch";
import { hardware, timeNames } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { fittingQuestion, fittingRequests } from "../../src/step/fitting";
import { type PrefillQuestion, prefillStep } from "../../src/step/prefill";
import type { StepQuestion } from "../../src/step/question";
import { resourceNames, resources, speedOf } from "../../src/step/resources";
import { kernelCount } from "../../src/step/starts";
import { capacityWorth, elasticityOf, type FixedName, worthOf } from "../../src/step/worth";

const h100 = hardware("h100-sxm");
const question: StepQuestion = { model: model("llama-3.1-405b"), hardware: h100, requests: 512, contextTokens: 4096, tensorParallel: 8 };
const names = [...resourceNames, "fixedTimes", "rest"] as const;

/** Tokens a second of a toy: so many seconds on each resource of the H100, and some on none. */
const toy =
  (join: (memory: number, arithmetic: number) => number, fixed = 0) =>
  ({ hardware: machine }: StepQuestion) =>
    1 /
    (join(
      h100.memoryBytesPerSecond / machine.memoryBytesPerSecond,
      (h100.peakFlopsPerSecond.bf16 ?? Number.NaN) / (machine.peakFlopsPerSecond.bf16 ?? Number.NaN),
    ) +
      fixed);

describe("worth of a toy", () => {
  it("is all of memory bandwidth where nothing else takes time", () => {
    const { elasticities, corners } = worthOf(question, { rate: toy((memory) => memory) });
    expect(elasticities.memoryBandwidth).toBeCloseTo(1, 12);
    for (const name of names) if (name !== "memoryBandwidth") expect(elasticities[name], name).toBeCloseTo(0, 12);
    expect(corners).toEqual([]);
  });

  it("is the share of time where times add: 1, 1 and 2 seconds", () => {
    const { elasticities } = worthOf(question, { rate: toy((memory, arithmetic) => memory + arithmetic, 2) });
    expect(elasticities.memoryBandwidth).toBeCloseTo(1 / 4, 4);
    expect(elasticities.arithmetic).toBeCloseTo(1 / 4, 4);
    expect(elasticities.fixedTimes).toBeCloseTo(2 / 4, 4);
    expect(elasticities.rest).toBeCloseTo(0, 4);
  });

  it("has two sides at the ridge: less of either costs all of it, more of one gains nothing", () => {
    const { elasticities, sides, corners } = worthOf(question, { rate: toy(Math.max) });
    for (const name of ["memoryBandwidth", "arithmetic"] as const) {
      expect(sides[name].less).toBeCloseTo(1, 12);
      expect(sides[name].more).toBeCloseTo(0, 12);
      expect(elasticities[name]).toBeCloseTo(1 / 2, 12);
    }
    expect(corners).toEqual(["memoryBandwidth", "arithmetic"]);
    expect(elasticities.fixedTimes).toBeCloseTo(0, 12);
    expect(elasticities.rest).toBeCloseTo(0, 12);
  });

  it("names what single differences miss where two ways tie", () => {
    // The faster of two ways: more of either gains all of it, and both together no more.
    const { elasticities, sides } = worthOf(question, { rate: toy(Math.min) });
    expect(sides.arithmetic).toMatchObject({ less: expect.closeTo(0, 12), more: expect.closeTo(1, 12) });
    expect(elasticities.memoryBandwidth + elasticities.arithmetic + elasticities.rest).toBeCloseTo(1, 12);
  });

  it("grows with the square of a resource where the rate does, whatever the step", () => {
    const square = ({ hardware: machine }: StepQuestion) => machine.memoryBytesPerSecond ** 2;
    expect(worthOf(question, { rate: square, change: 0.3 }).elasticities).toMatchObject({
      memoryBandwidth: expect.closeTo(2, 9),
      fixedTimes: expect.closeTo(-1, 9),
    });
  });
});

describe("worth of a decode step", () => {
  it("sums to one, with no more than 3 % missed, over thirty steps from dense to fine-grained models", () => {
    const ids = ["llama-3.1-405b", "mixtral-8x22b", "deepseek-v3", "qwen3-235b-a22b", "kimi-k2", "gpt-oss-120b"];
    const machines = ["h100-sxm", "h20", "h200-sxm", "b200-sxm", "gb200"];
    for (const id of ids) {
      for (const machine of machines) {
        const chosen = model(id);
        const place = chosen.routedExperts >= 64 ? { expertParallel: 32 } : { tensorParallel: 8 };
        const worth = worthOf({ model: chosen, hardware: hardware(machine), requestsPerGpu: 32, contextTokens: 4096, ...place });
        const sum = names.reduce((total, name) => total + worth.elasticities[name], 0);
        expect(sum, `${id} on ${machine}`).toBeCloseTo(1, 9);
        expect(Math.abs(worth.elasticities.rest), `${id} on ${machine}`).toBeLessThan(0.03);
        for (const name of names) {
          expect(worth.elasticities[name], `${name} of ${id} on ${machine}`).toBeGreaterThan(-0.03);
          expect(worth.elasticities[name]).toBeLessThan(1.03);
        }
      }
    }
  });

  it("is bandwidth and arithmetic of a dense model, and network and fixed times of experts dealt over nodes", () => {
    const dense = worthOf(question).elasticities;
    const v3 = { model: model("deepseek-v3"), hardware: h100, requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 };
    const fine = worthOf(v3).elasticities;
    expect(dense.networkBandwidth).toBe(0);
    expect(dense.memoryBandwidth + dense.arithmetic).toBeGreaterThan(0.7);
    expect(fine.networkBandwidth).toBeGreaterThan(0.2);
    expect(fine.memoryBandwidth + fine.arithmetic).toBeLessThan(0.75 * (dense.memoryBandwidth + dense.arithmetic));
    expect(fine.fixedTimes).toBeGreaterThan(dense.fixedTimes);
  });

  it("gives nothing for a link that the machine lacks", () => {
    const { networkBytesPerSecond: _, ...alone } = h100;
    expect(worthOf({ ...question, hardware: alone }).elasticities.networkBandwidth).toBe(0);
  });

  it("scales one thing alone", () => {
    const more = resources.arithmetic(question, 2);
    expect(more.hardware.peakFlopsPerSecond.fp8).toBe(2 * (h100.peakFlopsPerSecond.fp8 ?? 0));
    expect({ ...more, hardware: { ...more.hardware, peakFlopsPerSecond: h100.peakFlopsPerSecond } }).toEqual(question);
  });

  it("refuses a change that is none", () => {
    for (const change of [0, -1, 0.6, Number.NaN]) expect(() => worthOf(question, { change })).toThrow(/change must be above 0/);
  });
});

describe("worth of fixed times", () => {
  const v3 = { model: model("deepseek-v3"), hardware: h100, requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 };
  const step = decodeStep(v3);
  const { fixed, elasticities } = worthOf(v3);

  it("sums to the share of fixed times, and no kind is below zero", () => {
    const names: readonly FixedName[] = ["betweenKernels", "kernelStarts", "messageLatency", "messages", "kernels"];
    expect(names.reduce((sum, name) => sum + fixed[name], 0)).toBeCloseTo(elasticities.fixedTimes, 12);
    for (const name of names) expect(fixed[name], name).toBeGreaterThanOrEqual(0);
    expect(fixed.kernels).toBeGreaterThan(0.05);
  });

  it("is the share of the step that lies between kernels, and that starts of its kernels take", () => {
    const between = step.tasks.reduce((sum, task) => sum + (task.name === "between kernels" ? task.seconds : 0), 0);
    expect(fixed.betweenKernels).toBeCloseTo(between / step.seconds, 4);
    // Without a shared expert, whose kernels start beside the routed ones.
    const qwen = { ...v3, model: model("qwen3-235b-a22b"), expertParallel: 32 };
    const plain = decodeStep(qwen);
    const starts = kernelCount(plain.tasks, "none") * launch("graph", h100).seconds;
    expect(worthOf(qwen).fixed.kernelStarts).toBeCloseTo(starts / plain.seconds, 4);
    expect(plain.seconds - decodeStep({ ...qwen, hardware: whatIfHardware(h100, { "times.kernelStarts": 1e-9 }) }).seconds).toBeCloseTo(
      starts,
      6,
    );
  });

  it("takes a what-if: latency that halves saves half of its share, and a factor of one nothing", () => {
    const half = decodeStep({ ...v3, hardware: whatIfHardware(h100, { "times.messageLatency": { times: 0.5 } }) });
    expect(Math.log(step.seconds / half.seconds)).toBeGreaterThan(0.45 * fixed.messageLatency);
    expect(half.seconds).toBeGreaterThan(step.seconds * (1 - 0.51 * fixed.messageLatency));
    for (const name of timeNames)
      expect(decodeStep({ ...v3, hardware: whatIfHardware(h100, { [`times.${name}`]: 1 }) }).seconds).toBe(step.seconds);
  });

  it("gives the processors of an exchange back only where it hides behind computation", () => {
    expect(worthOf(v3).sizes.exchangeProcessors).toBe(0);
    expect(worthOf({ ...v3, overlap: "two-micro-batches" }).sizes.exchangeProcessors).toBeGreaterThan(0.01);
  });
});

describe("worth beside the sum", () => {
  const v3 = { model: model("deepseek-v3"), hardware: h100, requestsPerGpu: 64, contextTokens: 4096, expertParallel: 64 };

  it("splits arithmetic by format: all of it together", () => {
    const { arithmetic, elasticities } = worthOf(v3);
    expect(Object.values(arithmetic).reduce((sum, share) => sum + share, 0)).toBeCloseTo(elasticities.arithmetic, 3);
    expect(arithmetic.fp8).toBeGreaterThan(0.01);
    expect(arithmetic.fp32).toBe(0);
    expect(elasticityOf(v3, resources.arithmetic)).toBeCloseTo(elasticities.arithmetic, 12);
    expect(elasticityOf(v3, speedOf("messageLatency"))).toBeCloseTo(worthOf(v3).fixed.messageLatency, 12);
  });

  it("has sizes, of which a cold step needs no cache and reads in whole accesses, and names what it has no term for", () => {
    const { sizes, notInModel } = worthOf(v3);
    expect(sizes).toMatchObject({ lastLevelCache: 0, memoryCapacity: capacityWorth(v3, 0.9)?.elasticity });
    expect(sizes.accessGranularity).toBeCloseTo(0, 4);
    expect(notInModel.join()).toMatch(/matrix array.*host memory.*power/);
  });
});

describe("worth of taking prompts in", () => {
  const prompts = (id: string, machine: string): PrefillQuestion => {
    const wide = model(id).routedExperts >= 64;
    const place = wide ? { requests: 32, dataParallel: 32, expertParallel: 32 } : { requests: 1, tensorParallel: 8 };
    return { model: model(id), hardware: hardware(machine), promptTokens: 4096, ...place };
  };

  it.each(["llama-3.1-405b", "mixtral-8x22b", "deepseek-v3", "qwen3-235b-a22b", "gpt-oss-120b"])("sums to one for %s", (id) => {
    for (const machine of ["h100-sxm", "h20", "h200-sxm", "b200-sxm", "gb200"]) {
      const { elasticities, fixed, tokensPerSecondPerGpu, sizes } = worthOf(prompts(id, machine));
      expect(names.reduce((total, name) => total + elasticities[name], 0)).toBeCloseTo(1, 9);
      expect(Math.abs(elasticities.rest), `${id} on ${machine}`).toBeLessThan(0.03);
      expect(Object.values(fixed).reduce((sum, share) => sum + share, 0)).toBeCloseTo(elasticities.fixedTimes, 12);
      expect(tokensPerSecondPerGpu).toBe(prefillStep(prompts(id, machine)).tokensPerSecondPerGpu);
      expect(sizes.memoryCapacity).toBeUndefined();
    }
  });

  it("is more arithmetic and less memory bandwidth than decode", () => {
    const decode = worthOf(question).elasticities;
    const prefill = worthOf(prompts("llama-3.1-405b", "h100-sxm")).elasticities;
    expect(prefill.arithmetic).toBeGreaterThan(decode.arithmetic);
    expect(prefill.memoryBandwidth).toBeLessThan(decode.memoryBandwidth);
  });
});

describe("worth of more memory", () => {
  it("fills the memory with requests: what is left beside the weights, over the cache of one", () => {
    // 8 ways: 2 (126 (2 h h + 2 h 1024 + 3 h 53248) + 2 * 128256 h) / 8 bytes of BF16 weights; a request keeps 4096 * 126 * 2 * 128 * 2 a GPU.
    const bf16 = { ...question, hardware: hardware("h200-sxm"), weightFormat: "bfloat16", cacheFormat: "bfloat16" };
    const h = 16384;
    const weights = (2 * (126 * (2 * h * h + 2 * h * 1024 + 3 * h * 53248) + 2 * 128256 * h)) / 8;
    const room = 0.9 * bf16.hardware.memoryBytes - weights;
    expect(capacityWorth(bf16, 0.9)?.groupRequests).toBe(Math.floor(room / (4096 * 126 * 2 * 128 * 2)));
    expect(capacityWorth(bf16, 0.9)?.elasticity).toBeGreaterThan(0.5);
  });

  it("is nothing where the model does not fit", () => {
    expect(capacityWorth({ ...question, weightFormat: "bfloat16" }, 0.9)).toBeUndefined();
    expect(() => capacityWorth(question, 1.1)).toThrow(/usableShare must be above 0 and at most 1, got 1.1/);
  });
});

describe("requests that fit", () => {
  const roomy = { ...question, hardware: hardware("h200-sxm"), weightFormat: "fp8_block" };

  it("keeps a question that fits, and cuts one that does not to what the memory holds", () => {
    const most = fittingRequests(roomy, 0.9);
    expect(most).toBeGreaterThan(1);
    const few = { ...roomy, requests: most };
    expect(fittingQuestion(few, 0.9)).toBe(few);
    expect(fittingQuestion({ ...roomy, requests: most + 1 }, 0.9)).toMatchObject({ requests: most, tensorParallel: 8, dataParallel: 1 });
    expect(fittingQuestion({ ...roomy, requests: 1, tensorParallel: 1 }, 0.9)).toBeUndefined();
  });

  it("keeps the place of a question of one GPU's requests", () => {
    const v3 = { model: model("deepseek-v3"), hardware: h100, requestsPerGpu: 10_000, contextTokens: 4096, expertParallel: 64 };
    const cut = fittingQuestion(v3, 0.9);
    const each = fittingRequests(v3, 0.9);
    expect(cut).toMatchObject({ requests: 64 * each, dataParallel: 64, expertParallel: 64 });
    expect(cut?.requestsPerGpu).toBeUndefined();
  });
});
