import type { Figure } from "../../figures/figure";
import { colours, countTicks, label, layout, line, logAxis, points } from "../../figures/theme";
import { denseGemmTime } from "../../kernels/product";
import type { Hardware } from "../../machine/hardware";
import { formatCount, formatNumber, formatSeconds } from "../../text/numbers";
import { decadeTicks, legendBelow, rangeOf } from "./axes";
import { flatUpTo, type OwnRates, ownFloor, ownRates } from "./own-roofline";
import { type ElementName, type GpuRun, type ProductPoint, secondsPerExpert } from "./results";

const series: readonly { readonly element: ElementName; readonly color: string }[] = [
  { element: "f32", color: colours.blue },
  { element: "f16", color: colours.orange },
];

type Size = Pick<ProductPoint, "rows" | "width" | "hiddenSize">;

/** The model's time of the same product on a machine, in BF16. */
function modelled(hardware: Hardware, p: Size) {
  return denseGemmTime({ gemm: { m: p.rows, n: p.width, k: p.hiddenSize }, hardware, weightFormat: "bfloat16" });
}

/** Time of an expert's product against its rows: measured on the reader's GPU, its own roofline, and the model's machine. */
export function gpuRowsFigure(run: GpuRun, hardware: Hardware): Figure {
  const width = run.shape.moeIntermediateSize;
  const products = run.products.filter((p) => p.width === width);
  return productFigure(run, hardware, products, {
    of: (p) => p.rows,
    at: (rows) => ({ rows, width, hiddenSize: run.shape.hiddenSize }),
    title: "Tokens (rows) at the expert",
    shape: `[rows, ${formatCount(run.shape.hiddenSize)}] by [${formatCount(run.shape.hiddenSize)}, ${formatCount(width)}]`,
    reads: flatWords(run, products, hardware),
  });
}

/** The same against the expert's width, at one count of rows. */
export function gpuWidthsFigure(run: GpuRun, hardware: Hardware, rows: number): Figure {
  const hidden = run.shape.hiddenSize;
  const products = run.products.filter((p) => p.rows === rows && p.experts === 1);
  return productFigure(run, hardware, products, {
    of: (p) => p.width,
    at: (width) => ({ rows, width, hiddenSize: hidden }),
    title: "Width of the expert (columns)",
    shape: `[${formatCount(rows)}, ${formatCount(hidden)}] by [${formatCount(hidden)}, width]`,
    reads: widthWords(products, hardware),
  });
}

interface Sweep {
  readonly of: (p: ProductPoint) => number;
  readonly at: (x: number) => Size;
  readonly title: string;
  readonly shape: string;
  /** What the points say. */
  readonly reads: string;
}

function productFigure(run: GpuRun, hardware: Hardware, products: readonly ProductPoint[], sweep: Sweep): Figure {
  const xs = [...new Set(products.map(sweep.of))].sort((a, b) => a - b);
  const model = xs.map((x) => modelled(hardware, sweep.at(x)));
  const own = series.flatMap(({ element, color }) => {
    const rates = ownRates(run, element);
    return rates === undefined ? [] : [{ rates, color, element, y: xs.map((x) => ownFloor(rates, sweep.at(x)).seconds) }];
  });
  const all = [...model.flatMap((t) => [t.seconds, t.floorSeconds]), ...own.flatMap((o) => o.y), ...products.map(secondsPerExpert)];
  const range = rangeOf(all);
  const machine = hardware.name;
  const seen = series.filter(({ element }) => products.some((p) => p.element === element));
  return {
    data: [
      line(
        `${machine}, floor`,
        xs,
        model.map((t) => t.floorSeconds),
        colours.green,
        { line: { color: colours.green, width: 1.5, dash: "dot" } },
      ),
      line(
        `${machine}, estimate`,
        xs,
        model.map((t) => t.seconds),
        colours.green,
      ),
      ...own.map(({ color, element, y }) =>
        line(`this GPU's own roofline, ${element}`, xs, y, color, { line: { color, width: 1.5, dash: "dash" } }),
      ),
      ...seen.flatMap(({ element, color }) => measuredPoints(products, element, color, sweep)),
    ],
    layout: layout({
      height: 520,
      margin: { l: 72, r: 16, t: 16, b: 130 },
      showlegend: true,
      legend: legendBelow,
      xaxis: logAxis(sweep.title, [(xs[0] ?? 1) / 1.3, (xs.at(-1) ?? 10) * 1.3], countTicks(shownTicks(xs))),
      yaxis: logAxis("Time of one expert's product", range, decadeTicks(range, formatSeconds)),
      annotations: products.length === 0 ? [label("nothing was measured", { x: 30, y: Math.sqrt(range[0] * range[1]) }, {}, "xy")] : [],
    }),
    caption: `Time of the product ${sweep.shape}. Filled: one expert alone in its dispatch. Open: several experts in one dispatch, time over experts. Bars: middle half of the batches. Dashed: this GPU's own roofline, from the best rates it reached here${own.map((o) => ownWords(o.rates)).join("")}. Green: ${machine} in BF16, the model's estimate and floor. ${sweep.reads} Compare the shape, not the level: the browser's shaders use no matrix units, and f32 moves twice the bytes of BF16.`,
    alt: `Log-log time of the product ${sweep.shape} on this GPU over the model's curve of ${machine}. ${sweep.reads}`,
  };
}

/** Every second of many, so that they stand apart on a narrow page. */
function shownTicks(xs: readonly number[]): readonly number[] {
  return xs.length > 6 ? xs.filter((_, i) => i % 2 === 0) : xs;
}

function measuredPoints(
  products: readonly ProductPoint[],
  element: ElementName,
  color: string,
  sweep: Sweep,
): readonly Readonly<Record<string, unknown>>[] {
  return [1, 2].flatMap((experts) => {
    const here = products.filter((p) => p.element === element && Math.min(2, p.experts) === experts);
    if (here.length === 0) return [];
    const name = experts === 1 ? `measured, ${element}` : `measured, ${element}, several at once`;
    const y = here.map(secondsPerExpert);
    const error = { type: "data", symmetric: false, thickness: 1, width: 3, color };
    const marker = { color, size: 9, symbol: experts === 1 ? "circle" : "circle-open", line: { color, width: experts === 1 ? 0 : 2 } };
    return [
      points(name, here.map(sweep.of), y, color, {
        marker,
        error_y: {
          ...error,
          array: here.map((p) => (p.highSeconds - p.seconds) / p.experts),
          arrayminus: here.map((p) => (p.seconds - p.lowSeconds) / p.experts),
        },
        text: y.map((seconds) => formatSeconds(seconds)),
        hovertemplate: "%{x}: %{text}<extra>%{fullData.name}</extra>",
      }),
    ];
  });
}

function ownWords(rates: OwnRates): string {
  return `; ${rates.element}: ${formatNumber(rates.flopsPerSecond / 1e12)} TFLOP/s and ${formatNumber(rates.bytesPerSecond / 1e9)} GB/s, which meet at ${formatNumber(rates.ridgeRows)} rows`;
}

/** How far the flat part goes, here and in the model. */
function flatWords(run: GpuRun, products: readonly ProductPoint[], hardware: Hardware): string {
  const measured = series.flatMap(({ element }) => {
    const group = products.filter((p) => p.element === element && p.experts > 1);
    const used = group.length > 1 ? group : products.filter((p) => p.element === element && p.experts === 1);
    const flat = flatUpTo(used.map((p) => ({ rows: p.rows, seconds: secondsPerExpert(p) })));
    return flat === undefined ? [] : [`${formatCount(flat)} rows in ${element}${group.length > 1 ? " (several experts at once)" : ""}`];
  });
  if (measured.length === 0) return "No product was measured.";
  const { hiddenSize, moeIntermediateSize: width } = run.shape;
  const rows = [...new Set(products.map((p) => p.rows))];
  const flat = flatUpTo(rows.map((r) => ({ rows: r, seconds: modelled(hardware, { rows: r, width, hiddenSize }).seconds }))) as number;
  return `Time at most doubles up to ${measured.join(" and ")} here, and up to ${formatCount(flat)} rows on ${hardware.name}. Until there more tokens at an expert cost little.`;
}

function widthWords(products: readonly ProductPoint[], hardware: Hardware): string {
  const words = series.flatMap(({ element }) => {
    const here = products.filter((p) => p.element === element).sort((a, b) => a.width - b.width);
    const [first, last] = [here[0], here.at(-1)];
    if (first === undefined || last === undefined || first === last) return [];
    const grows = last.seconds / first.seconds;
    const there = modelled(hardware, last).seconds / modelled(hardware, first).seconds;
    return [
      `${formatNumber(last.width / first.width)} times the width takes ${formatNumber(grows, 2)} times as long in ${element}, and ${formatNumber(there, 2)} times on ${hardware.name}`,
    ];
  });
  return words.length === 0
    ? "Too little was measured to say how time grows with width."
    : `${words.join("; ")}: what is short of the width's own factor is a fixed cost, or a machine not filled.`;
}
