import type { Figure } from "../../figures/figure";
import type { Hardware } from "../../machine/hardware";
import { formatLength, formatNumber, formatSeconds } from "../../text/numbers";
import { layOut, type Table } from "../../text/table";
import { gpuDispatchFigure } from "./dispatch-figure";
import { gpuGatherFigure } from "./gather-figure";
import { ownRates, productWork } from "./own-roofline";
import { gpuRowsFigure, gpuWidthsFigure } from "./product-figure";
import { type GpuRun, gatherBytesPerSecond, gpuWords, secondsPerExpert } from "./results";

/** A figure of a run, under a heading of its own. */
export interface GpuFigure {
  readonly id: string;
  readonly heading: string;
  readonly figure: Figure;
}

/** The figures that a run has points for. */
export function gpuFigures(run: GpuRun, hardware: Hardware, widthRows: number): readonly GpuFigure[] {
  const width = run.shape.moeIntermediateSize;
  const hasRows = run.products.some((p) => p.width === width);
  const widths = new Set(run.products.filter((p) => p.rows === widthRows && p.experts === 1).map((p) => p.width));
  return [
    ...(hasRows ? [{ id: "rows", heading: "An expert's product against its tokens", figure: gpuRowsFigure(run, hardware) }] : []),
    ...(widths.size > 1
      ? [{ id: "widths", heading: "The same against the expert's width", figure: gpuWidthsFigure(run, hardware, widthRows) }]
      : []),
    ...(run.gathers.length > 0
      ? [{ id: "gathers", heading: "Bandwidth against the length of an access", figure: gpuGatherFigure(run, hardware) }]
      : []),
    ...(run.dispatches.length > 0 ? [{ id: "dispatches", heading: "What a start costs", figure: gpuDispatchFigure(run, hardware) }] : []),
  ];
}

/** The GPU's own roofline and all times, as tables. */
export function gpuTables(run: GpuRun): { readonly roofline: Table | undefined; readonly numbers: readonly Table[] } {
  const rates = (["f32", "f16"] as const).flatMap((element) => ownRates(run, element) ?? []);
  const roofline = rates.map((r) => ({
    Format: r.element,
    "Best TFLOP/s": Number((r.flopsPerSecond / 1e12).toPrecision(3)),
    "Best GB/s": Number((r.bytesPerSecond / 1e9).toPrecision(3)),
    "Rows where they meet": Number(r.ridgeRows.toPrecision(3)),
  }));
  const products = run.products.map((p) => ({
    Format: p.element,
    Rows: p.rows,
    Width: p.width,
    Experts: p.experts,
    Time: formatSeconds(secondsPerExpert(p)),
    "Middle half": between(p.lowSeconds / p.experts, p.highSeconds / p.experts),
    "GFLOP/s": Number((productWork(p).flops / p.seconds / 1e9).toPrecision(3)),
  }));
  const gathers = run.gathers.map((p) => ({
    Row: formatLength(p.accessBytes),
    "GB/s": Number((gatherBytesPerSecond(p) / 1e9).toPrecision(3)),
    "Middle half": `${formatNumber(p.gatheredBytes / p.highSeconds / 1e9)} to ${formatNumber(p.gatheredBytes / p.lowSeconds / 1e9)}`,
  }));
  const dispatches = run.dispatches.map((p) => ({
    Way: p.way,
    Time: formatSeconds(p.seconds),
    "Middle half": between(p.lowSeconds, p.highSeconds),
  }));
  const table = (caption: string, rows: readonly Record<string, string | number>[]) =>
    rows.length === 0 ? [] : [layOut(rows, { caption })];
  return {
    roofline: roofline.length === 0 ? undefined : layOut(roofline, { caption: "This GPU's own roofline, as WebGPU reaches it" }),
    numbers: [
      ...table("Products: time of one expert", products),
      ...table("Gathers of random rows", gathers),
      ...table("Empty dispatches", dispatches),
    ],
  };
}

function between(low: number, high: number): string {
  return `${formatSeconds(low)} to ${formatSeconds(high)}`;
}

/** What was measured, on what and how, in sentences. */
export function runWords(run: GpuRun): string {
  const clock =
    run.clock === "timestamp-query"
      ? "Times are the GPU's own (timestamp-query)"
      : "Times are the page's around many repeats, because this GPU or browser gives no timestamps";
  return [
    `Measured on ${gpuWords(run.gpu)}.`,
    ...(run.gpu.software ? ["This is a processor that plays a GPU: the numbers say nothing of any GPU."] : []),
    `${clock}, medians over batches.`,
    "Every shape was checked for correct results.",
    ...(run.stopped === undefined ? [] : [`Stopped early: ${run.stopped}. What was measured by then is kept.`]),
  ].join(" ");
}
