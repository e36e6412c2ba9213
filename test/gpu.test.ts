import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { denseGemmTime } from "../src/dense";
import { decadeTicks, rangeOf } from "../src/explore/gpu/axes";
import { gpuFiles, readGpuDispatches, readGpuGathers, readGpuProducts } from "../src/explore/gpu/csv";
import { Stopped, unlessStopped, whyNoWebGpu } from "../src/explore/gpu/errors";
import { gatherBound } from "../src/explore/gpu/gather-figure";
import { flatUpTo, ownFloor, ownRates, productWork } from "../src/explore/gpu/own-roofline";
import { bufferBytesOn, type GpuBounds, gpuPlan, gpuSteps } from "../src/explore/gpu/plan";
import { expectedElement, expectedFold } from "../src/explore/gpu/reference";
import { gpuFigures, gpuTables, runWords } from "../src/explore/gpu/report";
import { type GpuRun, gatherBytesPerSecond, type ProductPoint } from "../src/explore/gpu/results";
import { rowsPerThread, shaders } from "../src/explore/gpu/shaders";
import { type Stopwatch, timeDispatch } from "../src/explore/gpu/timer";
import { hash, valueAt } from "../src/explore/gpu/values";
import { parseRows } from "../src/facts";
import { hardware, machines } from "../src/hardware";
import { launch } from "../src/launch";
import { quantile } from "../src/quantile";
import { expectWhole, trace } from "./figure-cases";

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

const timed = (seconds: number) => ({ seconds, lowSeconds: seconds * 0.9, highSeconds: seconds * 1.2, batches: 7, dispatches: 10 });
const product = (rows: number, seconds: number, more: Partial<ProductPoint> = {}): ProductPoint => ({
  element: "f32",
  rows,
  width: 2048,
  hiddenSize: 7168,
  experts: 1,
  copies: 9,
  ...timed(seconds),
  ...more,
});
const run: GpuRun = {
  gpu: { vendor: "acme", architecture: "one", description: "", software: false },
  browser: "A browser",
  clock: "timestamp-query",
  shape: v3,
  products: [
    product(16, 1e-4),
    product(64, 1.5e-4),
    product(128, 2.5e-4),
    product(256, 6e-4),
    product(16, 6.4e-4, { experts: 8 }),
    product(64, 8.8e-4, { experts: 8 }),
    product(128, 1e-4, { width: 512, copies: 36 }),
  ],
  gathers: [4, 32, 65_536].map((accessBytes, i) => ({
    accessBytes,
    threadBytes: Math.min(16, accessBytes),
    bufferBytes: 2 ** 29,
    gatheredBytes: 1e6,
    ...timed([1e-4, 1e-5, 2e-6][i] as number),
  })),
  dispatches: [
    { way: "free", ...timed(1e-6) },
    { way: "chained", ...timed(3e-6) },
    { way: "submitted", ...timed(4e-5) },
  ],
  leftOut: [{ what: "products in f16", why: "none here" }],
};

describe("the GPU's own roofline", () => {
  it("is drawn from the best rates reached, whichever measurement reached them", () => {
    // Eight experts at once: at 64 rows they multiply most, at 16 rows they read most bytes a second.
    const rates = ownRates(run, "f32");
    const bytes = 8 * (4 * 16 * 7168 + 4 * 7168 * 2048 + 4 * 16 * 2048);
    expect(rates?.flopsPerSecond).toBeCloseTo((8 * 2 * 64 * 2048 * 7168) / 8.8e-4, -6);
    expect(rates?.bytesPerSecond).toBeCloseTo(bytes / 6.4e-4, -6);
    expect(rates?.ridgeRows).toBeCloseTo(((rates?.flopsPerSecond ?? 0) / (rates?.bytesPerSecond ?? 1)) * 2, 9);
    expect(ownRates(run, "f16")).toBeUndefined();
    expect(gatherBytesPerSecond(run.gathers[2] as never)).toBeCloseTo(5e11, -3);
    const gathered = ownRates({ ...run, gathers: [{ ...(run.gathers[0] as (typeof run.gathers)[number]), seconds: 1e-8 }] }, "f32");
    expect(gathered?.bytesPerSecond).toBeCloseTo(1e14, 0);
  });

  it("no measured product lies below", () => {
    const rates = ownRates(run, "f32") as NonNullable<ReturnType<typeof ownRates>>;
    for (const p of run.products) expect(p.seconds / p.experts).toBeGreaterThanOrEqual(ownFloor(rates, p).seconds * (1 - 1e-12));
    expect(productWork(product(16, 1, { element: "f16" })).bytes).toBe(2 * 16 * 7168 + 2 * 7168 * 2048 + 4 * 16 * 2048);
  });

  it("finds how far time is flat: up to the rows before it more than doubles", () => {
    const at = (...times: number[]) => times.map((seconds, i) => ({ rows: 2 ** i, seconds }));
    expect(flatUpTo(at(1, 1.5, 2, 2.5, 1))).toBe(4);
    expect(flatUpTo(at(1, 3))).toBe(1);
    expect(flatUpTo(at(1, 1))).toBe(2);
    expect(flatUpTo([])).toBeUndefined();
  });
});

describe("the files", () => {
  const files = Object.fromEntries(gpuFiles(run).map(({ name, text }) => [name, text])) as Record<string, string>;

  it("begin with source and conditions, in one comment, as the files of data/measurements/ do", () => {
    expect(Object.keys(files)).toEqual(["gemm-webgpu.csv", "row-gather-webgpu.csv", "launch-webgpu.csv"]);
    for (const text of Object.values(files)) {
      const [comment] = text.split("\n") as [string];
      expect(comment).toMatch(
        /^# source: own measurement; .*; WebGPU on acme one; A browser; timestamp-query, .*; complete but for 1 left out$/,
      );
      expect(text.endsWith("\n")).toBe(true);
    }
    expect(gpuFiles({ ...run, stopped: "cancelled" })[0]?.text.split("\n")[0]).toContain("; incomplete: cancelled");
    expect(gpuFiles({ ...run, products: [] }).map(({ name }) => name)).toEqual(["row-gather-webgpu.csv", "launch-webgpu.csv"]);
  });

  it("give back what was measured when our readers read them", () => {
    expect(readGpuProducts(files["gemm-webgpu.csv"] as string)).toEqual(
      run.products.map(({ element, rows, width, hiddenSize, experts, seconds }) => ({
        element,
        rows,
        width,
        hiddenSize,
        experts,
        seconds: expect.closeTo(seconds / experts, 9),
      })),
    );
    expect(readGpuGathers(files["row-gather-webgpu.csv"] as string)).toEqual([
      { rowBytes: 4, threadAccessBytes: 4, bytesPerSecond: 1e10 },
      { rowBytes: 32, threadAccessBytes: 16, bytesPerSecond: 1e11 },
      { rowBytes: 65_536, threadAccessBytes: 16, bytesPerSecond: 5e11 },
    ]);
    const dispatches = readGpuDispatches(files["launch-webgpu.csv"] as string);
    expect(dispatches.map((d) => [d.way, d.seconds * 1e6])).toEqual([
      ["free", expect.closeTo(1, 9)],
      ["chained", expect.closeTo(3, 9)],
      ["submitted", expect.closeTo(40, 9)],
    ]);
    // Of eight experts in 640 us each has an eighth, and so of the spread.
    const group = parseRows("f", files["gemm-webgpu.csv"] as string)[4]?.cells;
    expect([group?.us, group?.lowUs, group?.highUs, group?.experts]).toEqual(["80", "72", "96", "8"]);
    // A rate's low end comes from the long end of its times.
    const row = parseRows("f", files["row-gather-webgpu.csv"] as string)[2]?.cells;
    expect([row?.lowGigabytesPerSecond, row?.highGigabytesPerSecond]).toEqual(["416.67", "555.56"]);
  });

  it("have the columns of the project's own tables of products, gathers and launches", () => {
    const columns = (name: string) => Object.keys(parseRows(name, files[name] as string)[0]?.cells ?? {});
    expect(columns("gemm-webgpu.csv").slice(0, 6)).toEqual(["kernel", "weightFormat", "m", "n", "k", "us"]);
    expect(columns("row-gather-webgpu.csv").slice(0, 2)).toEqual(["rowBytes", "threadAccessBytes"]);
    expect(columns("launch-webgpu.csv").slice(0, 2)).toEqual(["mode", "us"]);
  });

  it("hold no row but their own, whatever a browser calls itself", () => {
    const hostile = { ...run, browser: "x\n1,2,3\r\u2028y", gpu: { ...run.gpu, vendor: "a\nb", description: '"<img src=x>' } };
    for (const { text } of gpuFiles(hostile)) {
      expect(text.split(/[\n\r\u2028]/).filter((line) => line.startsWith("#"))).toHaveLength(1);
      expect(text.split(/[\n\r\u2028]/)).toHaveLength(
        (gpuFiles(run).find((f) => f.text.split("\n")[1] === text.split("\n")[1])?.text ?? "").split("\n").length,
      );
    }
  });

  it("are refused with file, line and column when broken", () => {
    const broken = (files["gemm-webgpu.csv"] as string).replace("webgpu_tiled,f32,16,", "webgpu_tiled,f64,16,");
    expect(() => readGpuProducts(broken)).toThrow('gemm-webgpu.csv:3: expected weightFormat to be one of f32, f16; got "f64"');
    expect(() => readGpuDispatches("mode,us\nfree,0\n")).toThrow("launch-webgpu.csv:2: expected us to be above zero, got 0");
    expect(() => readGpuDispatches("mode\nfree\n")).toThrow('launch-webgpu.csv:2: expected a column "us"');
    expect(() => readGpuGathers("rowBytes,threadAccessBytes,gigabytesPerSecond\n4,4,x\n")).toThrow(
      "row-gather-webgpu.csv:2: expected a number for gigabytesPerSecond",
    );
  });
});

describe("the figures", () => {
  const h100 = hardware("h100-sxm");
  const figures = Object.fromEntries(gpuFigures(run, h100, 128).map(({ id, figure }) => [id, figure]));

  it("are whole for every machine, with f16 and without, complete and with little measured", () => {
    const f16 = { ...run, products: [...run.products, product(16, 5e-5, { element: "f16" }), product(64, 6e-5, { element: "f16" })] };
    const little = {
      ...run,
      products: [product(16, 1e-4)],
      gathers: run.gathers.slice(0, 1),
      dispatches: run.dispatches.slice(0, 1),
      stopped: "cancelled",
    };
    for (const machine of machines())
      for (const r of [run, f16, little])
        for (const { id, figure } of gpuFigures(r, machine, 128)) expectWhole(figure, `${machine.id} ${id}`);
    expect(gpuFigures({ ...run, products: [], gathers: [], dispatches: [] }, h100, 128)).toEqual([]);
  });

  it("draw the times measured, one expert's share of a group, and the model's own curve", () => {
    const rows = figures.rows as NonNullable<typeof figures.rows>;
    expect(trace(rows, "measured, f32").x).toEqual([16, 64, 128, 256]);
    expect(trace(rows, "measured, f32, several at once").y).toEqual([8e-5, 1.1e-4]);
    // Half of the batches of eight experts lay between 0.9 and 1.2 times the median; an expert has an eighth of it.
    const group = trace(rows, "measured, f32, several at once") as unknown as {
      readonly error_y: Readonly<Record<string, readonly number[]>>;
    };
    expect(group.error_y.array?.[0]).toBeCloseTo(0.2 * 8e-5, 9);
    expect(group.error_y.arrayminus?.[0]).toBeCloseTo(0.1 * 8e-5, 9);
    const estimate = trace(rows, "H100 SXM, estimate");
    const model = denseGemmTime({ gemm: { m: 64, n: 2048, k: 7168 }, hardware: h100, weightFormat: "bfloat16" });
    expect(estimate.y[estimate.x.indexOf(64)]).toBe(model.seconds);
    expect(trace(rows, "H100 SXM, floor").y[1]).toBe(model.floorSeconds);
    // In groups 16 rows take 80 us and 64 take 110 us: all that was measured is flat.
    expect(rows.caption).toContain("Time at most doubles up to 64 rows in f32 (several experts at once) here");
    const widths = figures.widths as NonNullable<typeof figures.widths>;
    expect(trace(widths, "measured, f32").x).toEqual([2048, 512]);
    expect(widths.caption).toContain("4 times the width takes 2.5 times as long in f32");
  });

  it("hold gathers against whole sectors, and starts against published ones", () => {
    const gathers = figures.gathers as NonNullable<typeof figures.gathers>;
    expect(trace(gathers, "measured").y).toEqual([1e10, 1e11, 5e11].map((rate) => expect.closeTo(rate, 0)));
    // Five stacks of 32 pseudo-channels with 16 banks each open a row every 45 ns, for 32 B at a time: 1.82 TB/s, an eighth of it for 4 B.
    const rows = (5 * 32 * 16 * 32) / 45e-9;
    const bound = trace(gathers, "H100 SXM, rows of HBM3").y;
    for (const [i, expected] of [rows / 8, rows, h100.memoryBytesPerSecond].entries())
      expect((bound[i] as number) / expected).toBeCloseTo(1, 9);
    // The timings of HBM3E were not published: an eighth of the bandwidth for 4 B of a sector of 32 B.
    const b200 = hardware("b200-sxm");
    expect(gatherBound(b200).by).toBe("whole sectors");
    expect([4, 32].map(gatherBound(b200).bytesPerSecond)).toEqual([b200.memoryBytesPerSecond / 8, b200.memoryBytesPerSecond]);
    expect(trace(gathers, "this GPU, whole sectors at its best rate").y[0]).toBeCloseTo(5e11 / 8, 0);
    expect(gathers.caption).toContain(
      "64 KiB reach half of the best rate (500 GB/s); 4 B get 2 % of it, where whole sectors would allow 12.5 %",
    );
    const starts = figures.dispatches as NonNullable<typeof figures.dispatches>;
    expect(trace(starts, "this GPU in this browser").x).toEqual([1e-6, 3e-6, 4e-5]);
    expect(trace(starts, "H100 SXM").x).toEqual((["stream", "graph", "persistent"] as const).map((mode) => launch(mode, h100).seconds));
    expect(trace(starts, "other generations").x).toHaveLength(9);
  });

  it("come with tables and words that say what limits them", () => {
    const { roofline, numbers } = gpuTables(run);
    expect(roofline?.cells).toHaveLength(1);
    expect(numbers.map((table) => table.cells.length)).toEqual([7, 3, 3]);
    expect(runWords(run)).toBe(
      "Measured on acme one. Times are the GPU's own (timestamp-query), medians over batches. Every shape was checked for correct results.",
    );
    const worse: GpuRun = {
      ...run,
      clock: "wall clock",
      gpu: { vendor: "", architecture: "", description: "", software: true },
      stopped: "cancelled",
    };
    expect(runWords(worse)).toContain("a GPU that the browser does not name. This is a processor that plays a GPU");
    expect(runWords(worse)).toContain("Times are the page's around many repeats");
    expect(runWords(worse)).toContain("Stopped early: cancelled. What was measured by then is kept.");
  });

  it("scale axes to what is drawn, a decade at least, with ticks in words", () => {
    expect(rangeOf([1e-6, 1e-3])).toEqual([1e-6 / 1.6, 1.6e-3]);
    const [from, to] = rangeOf([2, 2]);
    expect(to / from).toBeCloseTo(10, 9);
    expect(rangeOf([])).toEqual([1e-6, 1e-3]);
    expect(decadeTicks([0.9, 150], String)).toMatchObject({ tickvals: [1, 10, 100], ticktext: ["1", "10", "100"] });
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
