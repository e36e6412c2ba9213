import { describe, expect, it } from "vitest";
import { parseRows } from "../../src/data/rows";
import { decadeTicks, rangeOf } from "../../src/explore/gpu/axes";
import { gatherBound } from "../../src/explore/gpu/gather-figure";
import { gpuFiles, readGpuDispatches, readGpuGathers, readGpuProducts } from "../../src/explore/gpu/gpu-csv";
import { flatUpTo, ownFloor, ownRates, productWork } from "../../src/explore/gpu/own-roofline";
import { gpuFigures, gpuTables, runWords } from "../../src/explore/gpu/report";
import { type GpuRun, gatherBytesPerSecond, type ProductPoint } from "../../src/explore/gpu/results";
import { launch } from "../../src/kernels/launch";
import { denseGemmTime } from "../../src/kernels/product";
import { hardware, machines } from "../../src/machine/hardware";
import { expectWhole, trace } from "../figures/figure-cases";

const v3 = { hiddenSize: 7168, moeIntermediateSize: 2048 };

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
