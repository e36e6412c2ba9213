import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Stopped, unlessStopped, whyNoWebGpu } from "../../src/explore/gpu/errors";
import { bufferBytesOn, type GpuBounds, gpuPlan, gpuSteps } from "../../src/explore/gpu/measure-plan";
import { expectedElement, expectedFold } from "../../src/explore/gpu/reference";
import { rowsPerThread, shaders } from "../../src/explore/gpu/shaders";
import { type Stopwatch, timeDispatch } from "../../src/explore/gpu/timer";
import { hash, valueAt } from "../../src/explore/gpu/values";
import { quantile } from "../../src/statistics";

const v3 = { hiddenSize: 7168, moeIntermediateSize: 2048 };
const roomy: GpuBounds = { maxStorageBufferBindingSize: 2 ** 31, maxBufferSize: 2 ** 31, f16: true };
const tight: GpuBounds = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28, f16: false };

describe("the plan", () => {
  it("goes from 16 to 4,096 rows and from 4 B to 64 KiB in doublings, and holds the model's own width", () => {
    const plan = gpuPlan(v3);
    expect(plan.rows).toEqual([16, 32, 64, 128, 256, 512, 1024, 2048, 4096]);
    expect([plan.accessBytes.length, plan.accessBytes[0], plan.accessBytes.at(-1)]).toEqual([15, 4, 65_536]);
    expect(plan.widths).toEqual([256, 512, 1024, 2048, 4096]);
    expect(gpuPlan({ hiddenSize: 2880, moeIntermediateSize: 1408 }).widths).toEqual([256, 512, 1024, 1408, 2048, 4096]);
  });

  it("rounds sizes up to what the shaders walk in, and halves an expert until every WebGPU binds it", () => {
    expect(gpuPlan({ hiddenSize: 100, moeIntermediateSize: 30 }).shape).toEqual({ hiddenSize: 112, moeIntermediateSize: 32 });
    expect(gpuPlan({ ...v3, expertHiddenSize: 1024 }).shape.hiddenSize).toBe(1024);
    // 4096 x 14336 x 4 B = 235 MB; half of it is 117 MB, and 2^27 B are 134 MB.
    expect(gpuPlan({ hiddenSize: 4096, moeIntermediateSize: 14_336 }).shape.moeIntermediateSize).toBe(7168);
  });

  it("takes the short measurements first, every row count alone and the small ones in a group, in each format", () => {
    const { steps, leftOut } = gpuSteps(gpuPlan(v3), roomy);
    expect(leftOut).toEqual([]);
    expect([...new Set(steps.map(({ kind }) => kind))]).toEqual(["dispatch", "gather", "product"]);
    const products = steps.filter((s) => s.kind === "product");
    const of = (element: string, experts: number) => products.filter((p) => p.element === element && p.experts === experts);
    // 9 row counts and 4 further widths alone, 6 row counts in a group.
    for (const element of ["f32", "f16"]) expect([of(element, 1).length, of(element, 8).length]).toEqual([9 + 4, 6]);
    // 2^29 / (7168 * 2048 * 4) = 9.1 experts in f32, twice that in f16.
    expect([of("f32", 8)[0]?.copies, of("f16", 8)[0]?.copies]).toEqual([9, 18]);
    expect(new Set(steps.map((s) => JSON.stringify(s))).size).toBe(steps.length);
  });

  it("stays inside the buffers an adapter binds, and says what does not fit", () => {
    const plan = gpuPlan(v3);
    expect(bufferBytesOn(plan, tight)).toBe(2 ** 27);
    expect(bufferBytesOn(plan, { ...tight, maxStorageBufferBindingSize: 2 ** 27 - 4 })).toBe(2 ** 26);
    expect(bufferBytesOn(plan, roomy)).toBe(plan.bufferBytes);
    const { steps, leftOut } = gpuSteps(plan, { ...tight, maxStorageBufferBindingSize: 2 ** 26 });
    // Of the widths 4096 needs 117 MB; of the rows 4096 and 2048 need 117 and 59 MB of activations, and 2^26 B are 67 MB.
    expect(leftOut).toContainEqual({
      what: "f32, one expert, 4,096 rows, width 2,048",
      why: "it needs 117 MB in one buffer, and this GPU is given 67.1 MB",
    });
    expect(leftOut.map(({ what }) => what)).toContain("f32, one expert, 128 rows, width 4,096");
    expect(leftOut.map(({ what }) => what)).toContain("products in f16");
    expect(steps.some((s) => s.kind === "product" && s.rows === 2048)).toBe(true);
    // One copy fits, so no group can be made; it is silently the same as alone.
    expect(steps.some((s) => s.kind === "product" && s.experts > 1)).toBe(false);
  });

  it("never asks for more than an adapter binds, for any expert", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 40_000 }),
        fc.integer({ min: 22, max: 31 }),
        (h, d, log) => {
          const plan = gpuPlan({ hiddenSize: h, moeIntermediateSize: d });
          const bounds = { maxStorageBufferBindingSize: 2 ** log, maxBufferSize: 2 ** 31, f16: true };
          for (const step of gpuSteps(plan, bounds).steps) {
            if (step.kind !== "product") continue;
            const bytes = step.element === "f16" ? 2 : 4;
            const most = Math.max(
              step.copies * step.hiddenSize * step.width * bytes,
              step.experts * step.rows * step.hiddenSize * bytes,
              step.experts * step.rows * step.width * 4,
            );
            expect(most).toBeLessThanOrEqual(2 ** log);
            expect(step.experts).toBeLessThanOrEqual(step.copies);
            expect([step.hiddenSize % 16, step.width % 4]).toEqual([0, 0]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("values and reference", () => {
  it("hash as PCG does in whole numbers of any size", () => {
    const exact = (value: number): number => {
      const wrap = (n: bigint) => n & 0xffffffffn;
      const state = wrap(BigInt(value) * 747796405n + 2891336453n);
      const word = wrap(((state >> ((state >> 28n) + 4n)) ^ state) * 277803737n);
      return Number((word >> 22n) ^ word);
    };
    for (const value of [0, 1, 2, 12_345, 2 ** 31, 2 ** 32 - 1]) expect(hash(value)).toBe(exact(value));
  });

  it("draw whole numbers of the span, each about as often, and fractions that f16 holds", () => {
    const whole = Array.from({ length: 5000 }, (_, i) => valueAt(i, { seed: 7, span: 2, scale: 1 }));
    for (const value of [-2, -1, 0, 1, 2]) expect(Math.abs(whole.filter((w) => w === value).length - 1000)).toBeLessThan(100);
    for (let i = 0; i < 1000; i++) expect(Math.abs(valueAt(i, { seed: 7, span: 1024, scale: 1 / 1024 }) * 1024) % 1).toBe(0);
  });

  it("sum an element of a product over k, exactly in whole numbers and within the bound of rounding in fractions", () => {
    const whole = {
      rows: 2,
      width: 4,
      hiddenSize: 16,
      first: 1,
      activations: { seed: 1, span: 2, scale: 1 },
      weights: { seed: 2, span: 2, scale: 1 },
    };
    // Row 1 of A begins at 16; column 3 of B of expert 1 at 1 * 16 * 4 + 3, four apart.
    const a = Array.from({ length: 16 }, (_, k) => valueAt(16 + k, whole.activations));
    const b = Array.from({ length: 16 }, (_, k) => valueAt(64 + 3 + 4 * k, whole.weights));
    const sum = a.reduce((total, value, k) => total + value * (b[k] as number), 0);
    expect(expectedElement(whole, { expert: 0, row: 1, column: 3 })).toEqual({ value: sum, tolerance: 0 });
    const fractions = {
      ...whole,
      activations: { seed: 1, span: 1024, scale: 1 / 1024 },
      weights: { seed: 2, span: 1024, scale: 1 / 1024 },
    };
    const { value, tolerance } = expectedElement(fractions, { expert: 0, row: 1, column: 3 });
    let rounded = 0;
    for (let k = 0; k < 16; k++) {
      rounded = Math.fround(rounded + Math.fround(valueAt(16 + k, fractions.activations) * valueAt(64 + 3 + 4 * k, fractions.weights)));
    }
    expect(Math.abs(rounded - value)).toBeLessThanOrEqual(tolerance);
    // 17 roundings of 2^-24 of the sum of sizes, and a little.
    const sizes = Array.from({ length: 16 }, (_, k) =>
      Math.abs(valueAt(16 + k, fractions.activations) * valueAt(64 + 3 + 4 * k, fractions.weights)),
    );
    expect(tolerance / (17 * 2 ** -24 * sizes.reduce((total, size) => total + size, 0))).toBeCloseTo(1, 4);
  });

  it("fold the words that one invocation of a gather reads", () => {
    // Eight-byte rows in a buffer of four rows, one read: invocation 2 reads the row that its hash picks, both words.
    const made = { accessBytes: 8, threadBytes: 8, bufferBytes: 32, invocations: 4, reads: 1, seed: 9 };
    const row = hash(2 ^ 9) & 3;
    expect(expectedFold(made, 2, hash, 5)).toBe((hash((2 * row) ^ 5) ^ hash((2 * row + 1) ^ 5)) >>> 0);
    // Sixteen bytes of a row of 64: invocation 6 reads the third quarter of row 1's place.
    const parts = { accessBytes: 64, threadBytes: 16, bufferBytes: 256, invocations: 8, reads: 1, seed: 9 };
    const first = ((hash(1 ^ 9) & 3) * 4 + 2) * 4;
    expect(expectedFold(parts, 6, hash, 0)).toBe([0, 1, 2, 3].reduce((folded, i) => (folded ^ hash(first + i)) >>> 0, 0));
  });
});

describe("the stopwatch", () => {
  const perDispatch =
    (seconds: number, log: number[]): Stopwatch =>
    async (_, dispatches) => {
      log.push(dispatches);
      return seconds * dispatches;
    };
  const plan = { batches: 5, batchSeconds: 0.02 };

  it("repeats a dispatch until a batch takes about as long as asked, then takes the median over batches", async () => {
    const log: number[] = [];
    const timed = await timeDispatch(perDispatch(1e-4, log), () => {}, plan);
    expect(timed.seconds).toBeCloseTo(1e-4, 10);
    expect([timed.lowSeconds, timed.highSeconds].every((s) => Math.abs(s - 1e-4) < 1e-12)).toBe(true);
    // Once to warm up, once to see, then at most sixteen times more until half of 20 ms: 16, and 200.
    expect(log).toEqual([1, 1, 16, 200, 200, 200, 200, 200, 200]);
    expect([timed.batches, timed.dispatches]).toEqual([5, 200]);
  });

  it("takes quartiles between the batches, times a long dispatch in three batches, and refuses a clock that stands still", async () => {
    const samples = [0, 0, 5, 1, 3, 2, 4];
    const timed = await timeDispatch(
      async () => (samples.shift() as number) + 0.02,
      () => {},
      plan,
    );
    expect([timed.lowSeconds, timed.seconds, timed.highSeconds].map((s) => s - 0.02)).toEqual([2, 3, 4].map((s) => expect.closeTo(s, 9)));
    expect((await timeDispatch(perDispatch(0.2, []), () => {}, plan)).batches).toBe(3);
    const still = timeDispatch(
      async () => 0,
      () => {},
      plan,
    );
    await expect(still).rejects.toThrow("The browser's clock stands still over 20000 dispatches");
  });

  it("reads quantiles in a straight line between neighbours", () => {
    expect([0, 0.25, 0.5, 1].map((share) => quantile([1, 2, 4, 8], share))).toEqual([1, 1.75, 3, 8]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("ends a wait with the reason of who ends it, before and meanwhile", async () => {
    const stop = new AbortController();
    const waiting = unlessStopped(new Promise(() => {}), stop.signal);
    stop.abort("cancelled");
    await expect(waiting).rejects.toThrow(new Stopped("cancelled"));
    await expect(unlessStopped(Promise.reject(new Error("late")), stop.signal)).rejects.toThrow("cancelled");
    await expect(unlessStopped(Promise.resolve(3), new AbortController().signal)).resolves.toBe(3);
  });
});

describe("shaders and refusals", () => {
  it("pick the smallest tile that holds the rows, up to 64", () => {
    expect([1, 16, 17, 32, 33, 4096].map(rowsPerThread)).toEqual([1, 1, 2, 2, 4, 4]);
  });

  it("enable f16 only where it is used", () => {
    expect(shaders.product("f16", 4)).toMatch(/^enable f16;/);
    expect(shaders.product("f32", 4)).not.toContain("f16");
  });

  it("say what a browser lacks and what to do about it", () => {
    expect(whyNoWebGpu(false, {})).toContain("https, localhost or a file");
    expect(whyNoWebGpu(true, undefined)).toContain("--enable-unsafe-webgpu");
    expect(whyNoWebGpu(true, {})).toBeUndefined();
  });
});
