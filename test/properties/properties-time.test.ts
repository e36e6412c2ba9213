import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mixerTime } from "../../src/kernels/attention/mixer-time";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { expertTaskTime } from "../../src/kernels/expert-task";
import { constantNames, defaultKernel, kernelFamily, kernels, peakFlops } from "../../src/kernels/families";
import { launch, launchEfficiency } from "../../src/kernels/launch";
import { denseGemmTime, meanEdges } from "../../src/kernels/product";
import { type Hardware, machines } from "../../src/machine/hardware";
import { weightFormat, weightFormatNames } from "../../src/machine/number-formats";
import { isMixer, type Mixer } from "../../src/model/blocks";
import { mixerKept, mixerWork } from "../../src/model/mixers/mixers";
import { isMoe } from "../../src/model/model";
import { models } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { shareByDecade, timedTasks } from "../../src/step/durations";
import { kernelCount, launchShare } from "../../src/step/starts";

const machine = fc.constantFrom(...machines());
const side = fc.integer({ min: 1, max: 3000 });
const kernelNames = [...new Set(kernels().map((k) => k.kernel))];
const format = fc.constantFrom(...weightFormatNames);
const moe = models().filter(isMoe);
const few = { numRuns: 40 };

/** A machine with its memory and its arithmetic so many times as fast. */
function faster(m: Hardware, times: number): Hardware {
  return {
    ...m,
    memoryBytesPerSecond: times * m.memoryBytesPerSecond,
    peakFlopsPerSecond: Object.fromEntries(Object.entries(m.peakFlopsPerSecond).map(([name, peak]) => [name, times * peak])),
  };
}

describe("a kernel family", () => {
  it("is found for every kernel measured, in every format, on every machine, with every constant", () => {
    fc.assert(
      fc.property(fc.constantFrom(...kernelNames), format, machine, (kernel, name, m) => {
        const family = kernelFamily(kernel, name, m);
        expect(family).toMatchObject({ kernel, weightFormat: name, generation: m.generation });
        // A family has one tile for each call or does not, and computes rows of experts elsewhere or does not; a routed row may cost no more than its elements; all else is above zero.
        for (const constant of constantNames) {
          const either = ["oneTile", "routedTokens", "routedActivation"].includes(constant);
          const none = constant === "routedRowElements" && family[constant] === 0;
          expect(either ? [0, 1].includes(family[constant]) : none || family[constant] > 0, constant).toBe(true);
        }
        expect(family.fitted === "here").toBe(family.from === `${kernel} ${name} ${m.generation}`);
        expect(kernelFamily(kernel, name, m)).toBe(family);
      }),
    );
  });

  it("is measured in the format it names, for the default of every machine", () => {
    for (const m of machines()) {
      const { kernel, weightFormat: name } = defaultKernel(m);
      expect(kernels().some((k) => k.kernel === kernel && k.weightFormat === name)).toBe(true);
      expect(m.peakFlopsPerSecond.fp8 === undefined).toBe(name === "bfloat16");
    }
  });

  it("multiplies at the machine's own peak where it has the format, at a slower one where it must widen", () => {
    fc.assert(
      fc.property(machine, fc.constantFrom("fp32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8"), (m, name) => {
        const own = m.peakFlopsPerSecond[name as "bf16"];
        if (own !== undefined) expect(peakFlops(m, name as "bf16")).toBe(own);
        else expect(Object.values(m.peakFlopsPerSecond)).toContain(peakFlops(m, name as "bf16"));
      }),
      few,
    );
  });
});

describe("a layer of experts", () => {
  const layers = fc.record({
    model: fc.constantFrom(...moe),
    hardware: machine,
    kernel: fc.constantFrom(...kernelNames),
    weightFormat: format,
    tokens: side,
  });

  it("takes no less time, bytes and arithmetic for more tokens, and never less than its floor", () => {
    fc.assert(
      fc.property(layers, fc.integer({ min: 1, max: 2000 }), (question, more) => {
        const [one, other] = [question.tokens, question.tokens + more].map((tokens) =>
          moeLayerTime({ ...question, tokens, routing: "even" }),
        ) as [ReturnType<typeof moeLayerTime>, ReturnType<typeof moeLayerTime>];
        for (const part of [
          "floorSeconds",
          "seconds",
          "computeSeconds",
          "memorySeconds",
          "overheadSeconds",
          "flops",
          "weightBytes",
        ] as const)
          expect(other[part], part).toBeGreaterThanOrEqual(one[part] * (1 - 1e-12));
        for (const time of [one, other]) {
          expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
          expect(time.paddedRows).toBeGreaterThanOrEqual(time.rows - 1e-9);
          expect(time.rowsPerExpert * time.activeExperts).toBeCloseTo(time.rows, 6);
        }
      }),
    );
  });

  it("halves its floor on a machine twice as fast, its arithmetic but the start and end of tiles, and keeps its overhead", () => {
    fc.assert(
      fc.property(layers, (question) => {
        const [slow, fast] = [moeLayerTime(question), moeLayerTime({ ...question, hardware: faster(question.hardware, 2) })];
        expect(fast.floorSeconds).toBe(slow.floorSeconds / 2);
        expect(fast.computeSeconds).toBeGreaterThanOrEqual((slow.computeSeconds / 2) * (1 - 1e-12));
        expect(fast.computeSeconds).toBeLessThan(slow.computeSeconds);
        expect(fast.overheadSeconds).toBe(slow.overheadSeconds);
        expect(fast.floorBound).toBe(slow.floorBound);
      }),
      few,
    );
  });

  it("keeps an n-th of each expert on each of n tensor-parallel GPUs", () => {
    fc.assert(
      fc.property(layers, fc.integer({ min: 2, max: 8 }), (question, tensorParallel) => {
        const [whole, part] = [moeLayerTime(question), moeLayerTime({ ...question, tensorParallel })];
        expect(part.weightBytes * tensorParallel).toBeCloseTo(whole.weightBytes, 0);
        expect((part.flops * tensorParallel) / whole.flops).toBeCloseTo(1, 9);
        expect(part.rows).toBe(whole.rows);
      }),
      few,
    );
  });

  it("is the task of one expert where there is one expert: no faster with more rows, all of them on it", () => {
    fc.assert(
      fc.property(fc.constantFrom(...moe), machine, side, (model, hardware, rows) => {
        const task = expertTaskTime({ model, hardware, rows });
        expect(task).toMatchObject({ rows, activeExperts: 1, localExperts: 1 });
        expect(expertTaskTime({ model, hardware, rows: rows + 1 }).seconds).toBeGreaterThanOrEqual(task.seconds);
        expect(task.weightBytes).toBe(
          model.expertMatrices * model.expertHiddenSize * model.moeIntermediateSize * weightFormat(task.weightFormat).weightBytes,
        );
      }),
      few,
    );
  });
});

describe("a dense product", () => {
  it("takes no less time with any side longer, never less than its floor, and what it is made of adds up", () => {
    fc.assert(
      fc.property(machine, format, side, side, side, side, (hardware, name, m, n, k, more) => {
        const time = (gemm: { m: number; n: number; k: number }) => denseGemmTime({ gemm, hardware, weightFormat: name });
        const one = time({ m, n, k });
        for (const longer of [
          { m: m + more, n, k },
          { m, n: n + more, k },
          { m, n, k: k + more },
        ])
          expect(time(longer).seconds).toBeGreaterThanOrEqual(one.seconds * (1 - 1e-12));
        expect(one.seconds).toBeGreaterThanOrEqual(one.floorSeconds);
        const slower = Math.max(one.computeSeconds, one.memorySeconds);
        expect(one.seconds).toBeGreaterThanOrEqual(one.overheadSeconds + slower);
        expect(one.seconds).toBeLessThanOrEqual(
          Math.max(one.floorSeconds, one.overheadSeconds + one.computeSeconds + one.memorySeconds) * (1 + 1e-9),
        );
      }),
    );
  });
});

describe("a mixer's core", () => {
  const mixers = [
    ...new Map(models().flatMap((m) => m.runs.flatMap(({ blocks }) => blocks.filter(isMixer).map((b) => [JSON.stringify(b), b])))).values(),
  ];
  const mixer = fc.constantFrom<Mixer>(...mixers);
  const cacheFormat = fc.constantFrom("bfloat16" as const, "fp8" as const);
  const context = fc.integer({ min: 1, max: 200_000 });

  it("works and reads in proportion to requests, and no less with more context", () => {
    fc.assert(
      fc.property(mixer, machine, cacheFormat, fc.integer({ min: 1, max: 300 }), context, side, (m, hardware, cache, requests, n, more) => {
        const at = (count: number, contextTokens: number) =>
          mixerTime({ model: { hiddenSize: 4096 }, block: m, hardware, requests: count, contextTokens, cacheFormat: cache });
        const [one, twice, longer] = [at(requests, n), at(2 * requests, n), at(requests, n + more)];
        for (const field of ["flops", "bytes"] as const)
          expect(Math.abs(twice[field] - 2 * one[field]), field).toBeLessThanOrEqual(1e-9 * twice[field]);
        for (const field of ["flops", "bytes", "floorSeconds"] as const) {
          expect(twice[field], field).toBeGreaterThanOrEqual(one[field]);
          expect(longer[field], field).toBeGreaterThanOrEqual(one[field] * (1 - 1e-12));
        }
        for (const time of [one, twice, longer]) expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds * (1 - 1e-12));
      }),
      { numRuns: 300 },
    );
  });

  it("reads as much of the cache for several new tokens as for one, and works for each; a state is written for each", () => {
    fc.assert(
      fc.property(mixer, cacheFormat, context, fc.integer({ min: 2, max: 9 }), (m, cache, contextTokens, newTokens) => {
        const ask = (tokens: number) => mixerWork(m, { contextTokens, newTokens: tokens, cacheFormat: cache, phase: "decode" });
        const several = ask(newTokens);
        ask(1).forEach((one, i) => {
          expect(several[i]?.readBytes).toBe(one.readBytes);
          expect((several[i]?.flops as number) / one.flops).toBeCloseTo(newTokens, 9);
          expect(several[i]?.writtenBytes).toBeCloseTo(newTokens * one.writtenBytes, 6);
        });
      }),
      few,
    );
  });

  it("keeps no less with more tokens, nothing more than its states where it is linear, and in FP8 no more than in BF16", () => {
    fc.assert(
      fc.property(mixer, context, side, (m, contextTokens, more) => {
        const [wide, narrow] = [mixerKept(m, contextTokens, "bfloat16"), mixerKept(m, contextTokens, "fp8")];
        expect(narrow.cacheBytes).toBeLessThanOrEqual(wide.cacheBytes);
        expect(mixerKept(m, contextTokens + more, "bfloat16").cacheBytes).toBeGreaterThanOrEqual(wide.cacheBytes);
        expect(wide.stateBytes > 0).toBe(m.kind === "linear");
        expect(narrow.stateBytes).toBe(wide.stateBytes);
        if (m.kind === "linear") expect(wide.cacheBytes).toBe(0);
      }),
      few,
    );
  });
});

describe("a decode step", () => {
  const asked = fc.record({
    model: fc.constantFrom(...models()),
    hardware: fc.constantFrom(...machines().filter((m) => m.networkBytesPerSecond !== undefined && m.scaleUpBytesPerSecond !== undefined)),
    requestsPerGpu: fc.integer({ min: 2, max: 300 }),
    contextTokens: fc.integer({ min: 1, max: 20_000 }),
    gpus: fc.integer({ min: 1, max: 64 }),
  });
  const question = asked.map(({ gpus, ...q }) => ({ ...q, expertParallel: Math.min(gpus, Math.max(1, q.model.routedExperts)) }));

  it("takes no less time for more requests, and none of its time is outside its tasks and their kernels", () => {
    fc.assert(
      fc.property(question, fc.integer({ min: 1, max: 100 }), (q, more) => {
        const step = decodeStep(q);
        expect(decodeStep({ ...q, requestsPerGpu: q.requestsPerGpu + more }).seconds).toBeGreaterThanOrEqual(step.seconds * (1 - 1e-12));
        const tasks = step.tasks.reduce((sum, t) => sum + t.seconds, 0);
        expect(tasks / step.seconds).toBeCloseTo(1, 9);
        for (const t of new Set(step.tasks)) expect(t.kernelSeconds.reduce((a, b) => a + b, 0) / t.seconds).toBeCloseTo(1, 9);
        expect(step.tokensPerSecondPerGpu * step.seconds).toBeCloseTo(q.requestsPerGpu, 6);
      }),
      few,
    );
  });

  it("takes at most twice the time for twice the requests, but for the edges of tiles", () => {
    // On the mean two tiles are meanEdges(2) long and one is 1: so much may one product be more than doubled. On machines of
    // many processors, where waves are many, a step shows next to nothing of it.
    const edge = meanEdges(2) / (2 * meanEdges(1));
    fc.assert(
      fc.property(question, (q) => {
        const at = (requestsPerGpu: number) => decodeStep({ ...q, requestsPerGpu }).seconds;
        const room = (q.hardware.processors ?? 1) >= 64 ? 1.01 : edge;
        expect(at(2 * q.requestsPerGpu) / at(q.requestsPerGpu)).toBeLessThanOrEqual(2 * room);
      }),
      { numRuns: 100 },
    );
  });

  it("is no cliff for one request more: at most its share and 3 %", () => {
    // The busiest rank's tokens are whole ones: of fewer than eight requests that shows, and only where a rank is waited for.
    const ratio = (q: Parameters<typeof decodeStep>[0] & { requestsPerGpu: number }) =>
      decodeStep({ ...q, requestsPerGpu: q.requestsPerGpu + 1 }).seconds / decodeStep(q).seconds / (1 + 1 / q.requestsPerGpu);
    fc.assert(
      fc.property(question, (q) => {
        expect(ratio({ ...q, waiting: 1 })).toBeLessThanOrEqual(1.03);
        if (q.requestsPerGpu >= 8) expect(ratio(q)).toBeLessThanOrEqual(1.03);
      }),
      { numRuns: 100 },
    );
  });

  it("is no shorter in two micro-batches than either resource alone needs, and no longer than their tasks one after another", () => {
    fc.assert(
      fc.property(question, (q) => {
        const step = decodeStep({ ...q, overlap: "two-micro-batches" });
        const total = (names: (name: string) => boolean) => step.tasks.filter((t) => names(t.name)).reduce((sum, t) => sum + t.seconds, 0);
        const links = total((name) => name === "dispatch" || name === "combine");
        const compute = total((name) => name !== "dispatch" && name !== "combine");
        expect(step.seconds).toBeGreaterThanOrEqual(compute * (1 - 1e-9));
        expect(step.seconds).toBeGreaterThanOrEqual(links);
        expect(step.seconds).toBeLessThanOrEqual((compute + links) * (1 + 1e-9));
      }),
      few,
    );
  });

  it("fills a histogram of its durations that sums to the step less what is between kernels, with experts together and apart", () => {
    fc.assert(
      fc.property(question, fc.integer({ min: 1, max: 64 }), (q, apart) => {
        const step = decodeStep(q);
        const timed = timedTasks(step.tasks, apart);
        const between = step.tasks.filter((t) => t.name === "between kernels").reduce((sum, t) => sum + t.seconds, 0);
        expect(timed.reduce((sum, t) => sum + t.count * t.seconds, 0) / (step.seconds - between)).toBeCloseTo(1, 9);
        const shares = shareByDecade(timed);
        expect(shares.reduce((sum, s) => sum + s.timeShare, 0)).toBeCloseTo(1, 9);
        expect(shares.reduce((sum, s) => sum + s.countShare, 0)).toBeCloseTo(1, 9);
      }),
      few,
    );
  });

  it("starts no more kernels the more of them are fused, and pays a share of its time for them", () => {
    fc.assert(
      fc.property(question, (q) => {
        const step = decodeStep(q);
        const counts = (["step", "layer", "experts", "none"] as const).map((fusion) => kernelCount(step.tasks, fusion));
        expect(counts).toEqual([...counts].sort((a, b) => a - b));
        expect(counts[0]).toBe(1);
        expect(launchShare(step, q.hardware, "graph").seconds).toBeCloseTo(step.seconds, 12);
        for (const mode of ["stream", "graph", "persistent"] as const) {
          const starts = launchShare(step, q.hardware, mode);
          expect(starts.startSeconds).toBeCloseTo(starts.kernels * launch(mode, q.hardware).seconds, 12);
          expect(starts.share).toBeCloseTo(starts.startSeconds / starts.seconds, 12);
          expect(starts.share > 0 && starts.share < 1).toBe(true);
        }
      }),
      few,
    );
  });
});

it("a start leaves a share of the time for work: more for a longer task, less for a dearer start, the same for both tenfold", () => {
  const seconds = fc.double({ min: 1e-7, max: 1e-2, noNaN: true });
  fc.assert(
    fc.property(seconds, seconds, (task, overhead) => {
      const share = launchEfficiency(task, overhead);
      expect(share > 0 && share < 1).toBe(true);
      expect(launchEfficiency(2 * task, overhead)).toBeGreaterThan(share);
      expect(launchEfficiency(task, 2 * overhead)).toBeLessThan(share);
      expect(launchEfficiency(10 * task, 10 * overhead)).toBeCloseTo(share, 12);
    }),
    few,
  );
});
