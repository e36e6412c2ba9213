import { expertTaskTime, moeLayerTime } from "../kernels/expert-layer";
import { defaultKernel, kernels } from "../kernels/families";
import type { ExpertShape } from "../kernels/gemm";
import type { Hardware } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import type { Model } from "../model/model";
import { type MoeMeasurement, moeMeasurements } from "../published/layer-times";
import { deepGemmRows } from "../published/tables";
import { meanTokensPerExpert } from "../routing/uniform";
import { formatCount, formatNumber, formatSeconds } from "../text/numbers";
import type { Figure } from "./figure";
import { band, colours, countTicks, doublings, label, layout, line, logAxis, points, ticks } from "./theme";

/**
 * A kernel that computes full layers in a format on a machine: the machine's default, or one measured in that format. Where
 * none was measured in it, the default too: its constants are then transferred from another format.
 *
 * @throws RangeError naming the formats when this is none of them.
 */
export function layerKernel(hardware: Hardware, weightFormat: string): string {
  const usual = defaultKernel(hardware);
  if (usual.weightFormat === lookUpFormat(weightFormat).name) return usual.kernel;
  const inFormat = kernels().filter((f) => f.weightFormat === weightFormat && f.kernel !== loneExpertKernel);
  return (inFormat.find((f) => f.generation === hardware.generation) ?? inFormat[0] ?? usual).kernel;
}

/** The kernel for an expert alone on its GPU: that of wide expert parallelism where measured in the format, else that of full layers. */
export function loneKernel(hardware: Hardware, weightFormat: string): string {
  const measured = kernels().some((f) => f.kernel === loneExpertKernel && f.weightFormat === weightFormat);
  return measured ? loneExpertKernel : layerKernel(hardware, weightFormat);
}

const loneExpertKernel = "deepepmoe_generation";

/** One line of the figure: an expert of a model on a machine, by one kernel. */
export interface ExpertOn {
  readonly model: Model;
  readonly hardware: Hardware;
  /** The kernel that computes a full layer. */
  readonly kernel: string;
  /** The kernel that computes an expert alone on its GPU, as in wide expert parallelism. */
  readonly aloneKernel: string;
  readonly weightFormat: string;
}

/** The time of one expert's task at some rows: the least possible, as a share of a full layer, and as the only task there is. */
export interface ExpertSeconds {
  readonly floorSeconds: number;
  readonly shareOfLayerSeconds: number;
  readonly aloneSeconds: number;
}

/**
 * Three times of one expert: floor, its share of a layer in which every expert has as many rows, and alone.
 *
 * The share is layer time over experts: throughput. Alone includes what a layer's kernels cost once: latency.
 */
export function expertSeconds({ model, hardware, kernel, aloneKernel, weightFormat }: ExpertOn, rows: number): ExpertSeconds {
  const alone = expertTaskTime({ model, hardware, kernel: aloneKernel, weightFormat, rows });
  const tokens = Math.max(1, Math.round((rows * model.routedExperts) / model.expertsPerToken));
  const layer = moeLayerTime({ model, hardware, kernel, weightFormat, tokens, routing: "even" });
  return { floorSeconds: alone.floorSeconds, shareOfLayerSeconds: layer.seconds / layer.activeExperts, aloneSeconds: alone.seconds };
}

/** A published time of one expert's task. */
export interface MeasuredTask {
  readonly kind: "alone" | "share of a layer" | "share of a grouped product";
  /** The expert's: models of the same expert share their measurements. */
  readonly shape: ExpertShape;
  readonly hardware: string;
  readonly weightFormat: string;
  readonly rows: number;
  readonly seconds: number;
}

/**
 * Published times of one expert's task in a format, of the models' experts on the machines measured.
 *
 * alone: wide expert parallelism with exactly one expert on the GPU. share of a layer: a layer's time over the experts
 * on the GPU. share of a grouped product: DeepGEMM's masked tables, both products of DeepSeek-V3 in FP8 with block scales, over the groups.
 */
export function measuredTasks(models: readonly Model[], weightFormat = "fp8_block"): readonly MeasuredTask[] {
  layers ??= layerTasks();
  const all = weightFormat === "fp8_block" ? [...layers, ...groupedProducts()] : layers;
  const wanted = (task: MeasuredTask) =>
    task.kind === "share of a grouped product" || models.some((model) => sameExpert(model, task.shape));
  return all.filter((task) => task.weightFormat === weightFormat && wanted(task));
}

let layers: readonly MeasuredTask[] | undefined;

/** Tasks of all experts measured, alone or in a layer. */
function layerTasks(): readonly MeasuredTask[] {
  const rows = moeMeasurements();
  const perExpert = (m: MoeMeasurement) => (m.tokens * m.shape.expertsPerToken) / m.shape.routedExperts;
  const task = (kind: MeasuredTask["kind"], m: MoeMeasurement, experts: number): MeasuredTask => ({
    kind,
    shape: m.shape,
    hardware: m.hardware,
    weightFormat: m.weightFormat,
    rows: perExpert(m),
    seconds: m.seconds / experts,
  });
  const alone = rows.filter((m) => m.kernel === loneExpertKernel && m.expertParallel === 256 && m.routing === "uniform");
  const layer = rows.filter(
    (m) =>
      layerKernels.includes(m.kernel) && m.routing === "balanced" && m.tensorParallel === 1 && m.expertParallel === 1 && perExpert(m) >= 1,
  );
  return [...alone.map((m) => task("alone", m, 1)), ...layer.map((m) => task("share of a layer", m, m.shape.routedExperts))];
}

/** Whether two experts have the same two widths. */
export function sameExpert(a: ExpertShape, b: ExpertShape): boolean {
  return (a.expertHiddenSize ?? a.hiddenSize) === (b.expertHiddenSize ?? b.hiddenSize) && a.moeIntermediateSize === b.moeIntermediateSize;
}

/** One kernel a machine whose rows are shown: the one the estimate uses there. */
const layerKernels = ["moe_torch_flow_cutlass", "deepgemm"];

function groupedProducts(): readonly MeasuredTask[] {
  const masked = deepGemmRows().filter((r) => r.kind === "grouped_masked");
  const find = (groups: number, rows: number, n: number) => masked.find((r) => r.groups === groups && r.rowsPerGroup === rows && r.n === n);
  return [...new Set(masked.map((r) => `${r.groups} ${r.rowsPerGroup}`))].flatMap((key) => {
    const [groups, rows] = key.split(" ").map(Number) as [number, number];
    const upAndGate = find(groups, rows, 4096);
    const down = find(groups, rows, 7168);
    if (upAndGate === undefined || down === undefined) return [];
    return [
      {
        kind: "share of a grouped product" as const,
        shape: { hiddenSize: 7168, moeIntermediateSize: 2048 },
        hardware: "h800-sxm",
        weightFormat: "fp8_block",
        rows,
        seconds: (upAndGate.seconds + down.seconds) / groups,
      },
    ];
  });
}

const lineColours = [colours.blue, colours.green, colours.orange, colours.purple];
const symbols = { alone: "circle", "share of a layer": "circle-open", "share of a grouped product": "x-thin-open" } as const;

/** Time of one expert's task against its rows: floor, estimate and measurements, with the article's two bands. Tokens in flight as in tokensPerExpertFigure. */
export function taskTimeFigure(
  experts: readonly ExpertOn[],
  tokensInFlight: number | readonly number[],
  colors: readonly string[] = lineColours,
): Figure {
  const color = (i: number) => colors[i % colors.length] as string;
  const inFlight = experts.map((_, i) => (typeof tokensInFlight === "number" ? tokensInFlight : (tokensInFlight[i] as number)));
  const inWords = [...new Set(inFlight)].map(formatCount).join(" and ");
  const rows = doublings(1, 8192);
  const timed = experts.map((e) => rows.map((r) => expertSeconds(e, r)));
  const marked = experts.map((e, i) => {
    const rowsMarked = rowsAt(e, inFlight[i] as number);
    return { e, rowsMarked, at: expertSeconds(e, rowsMarked) };
  });
  const models = experts.map((e) => e.model);
  const measured = [...new Set(experts.map((e) => e.weightFormat))].flatMap((format) => measuredTasks(models, format));
  const words = marked
    .map(
      ({ e, rowsMarked, at }) =>
        `${nameFor(e)} (${formatCount(rowsMarked)} tokens) ${formatSeconds(at.floorSeconds)}, ${formatSeconds(at.shareOfLayerSeconds)}, ${formatSeconds(at.aloneSeconds)}`,
    )
    .join("; ");
  const inside = insideBand(marked);
  const formats = [...new Set(experts.map((e) => (e.weightFormat === "fp8_block" ? "FP8" : e.weightFormat)))].join(" and ");
  const least = Math.min(1e-6, ...timed.flatMap((at) => at.map((t) => t.floorSeconds / 1.2)));
  return {
    data: [
      ...experts.flatMap((e, i) => curves(e, rows, timed[i] as readonly ExpertSeconds[], color(i))),
      ...experts.map((e, i) => measurements(e, measured, color(i))),
      ...marked.map(({ e, rowsMarked, at }, i) =>
        points(nameFor(e), [rowsMarked], [at.shareOfLayerSeconds], "#FFFFFF", {
          marker: { color: "#FFFFFF", size: 11, line: { color: color(i), width: 2.5 } },
        }),
      ),
    ],
    layout: layout({
      height: 560,
      xaxis: logAxis("Tokens (rows) at the expert", [1, 8192], countTicks([1, 10, 100, 1000])),
      yaxis: logAxis(
        "Time of one expert's task",
        [least, 2e-2],
        ticks([
          ...(least < 1e-6 ? ([[1e-7, "0.1 µs"]] as const) : []),
          [1e-6, "1 µs"],
          [1e-5, "10 µs"],
          [1e-4, "100 µs"],
          [1e-3, "1 ms"],
          [1e-2, "10 ms"],
        ]),
      ),
      shapes: [band("y", 1e-6, 1e-5, colours.blue, 0.1), band("y", 1e-5, 1e-4, colours.yellow, 0.12)],
      annotations: [
        label("before: 10 to 100 µs", { x: 7800, y: 1.2e-5 }, { xanchor: "right", font: { size: 11, color: colours.brown } }, "xy"),
        label("after: 1 to 10 µs", { x: 7800, y: 1.3e-6 }, { xanchor: "right", font: { size: 11, color: colours.blue } }, "xy"),
        ...experts.map((e, i) => nameOf(e, timed[i] as readonly ExpertSeconds[], color(i))),
      ],
    }),
    caption: `Time of one expert's two products against the tokens it gets, in ${formats}. Shaded: the article's two bands, before and after. Dotted: the floor, weights and arithmetic at datasheet rates. Solid: the estimate for an expert inside a full layer, layer time over experts (a throughput). Filled circles: measured alone, exactly one expert on the GPU (a latency). Open circles: measured layers over their experts (a throughput). Crosses: DeepGEMM's grouped products over their groups. Floor, share of a layer and alone with ${inWords} tokens in flight (rings): ${words}. ${inside}`,
    alt: `Log-log time of one expert's task against tokens. Floor, share of a layer and alone with ${inWords} tokens in flight: ${words}. ${inside} ${formatNumber(measured.length)} measured points are drawn beside the estimates.`,
  };
}

/** Tokens at each expert for so many in flight, as a whole number of rows. */
export function rowsAt(e: ExpertOn, tokensInFlight: number): number {
  return Math.max(1, Math.round(meanTokensPerExpert(tokensInFlight, e.model)));
}

/** Which of the experts are in the article's 1 to 10 µs, by each of the three times. */
function insideBand(marked: readonly { readonly e: ExpertOn; readonly at: ExpertSeconds }[]): string {
  const within = (name: string, pick: (at: ExpertSeconds) => number) => {
    const here = marked.filter(({ at }) => pick(at) >= 1e-6 && pick(at) <= 1e-5).map(({ e }) => nameFor(e));
    return `${name} ${here.length === 0 ? "none" : here.join(" and ")}`;
  };
  return `Inside the article's 1 to 10 µs there: ${within("by the floor", (at) => at.floorSeconds)}; ${within("as a share of a layer", (at) => at.shareOfLayerSeconds)}; ${within("alone", (at) => at.aloneSeconds)}.`;
}

/** Model and machine; what the machine's name has in brackets is left off. */
function nameFor(e: ExpertOn): string {
  return `${e.model.name} on ${e.hardware.name.replace(/ \(.*\)/, "")}`;
}

function curves(e: ExpertOn, rows: readonly number[], at: readonly ExpertSeconds[], color: string): readonly Record<string, unknown>[] {
  const name = nameFor(e);
  return [
    line(
      `${name}, floor`,
      rows,
      at.map((t) => t.floorSeconds),
      color,
      { line: { color, width: 1.5, dash: "dot" } },
    ),
    line(
      `${name}, estimate`,
      rows,
      at.map((t) => t.shareOfLayerSeconds),
      color,
    ),
  ];
}

function measurements(e: ExpertOn, measured: readonly MeasuredTask[], color: string): Record<string, unknown> {
  const near = (machine: string) => machine === e.hardware.id || (machine === "h800-sxm" && e.hardware.id === "h100-sxm");
  const here = measured.filter((m) => m.weightFormat === e.weightFormat && sameExpert(m.shape, e.model) && near(m.hardware));
  return points(
    `${nameFor(e)}, measured`,
    here.map((m) => m.rows),
    here.map((m) => m.seconds),
    color,
    {
      marker: { color, size: 7, symbol: here.map((m) => symbols[m.kind]), line: { color, width: 1.5 } },
      text: here.map((m) => m.kind),
    },
  );
}

/** Names stand on the flat left part of the lines, where they are apart. */
function nameOf(e: ExpertOn, at: readonly ExpertSeconds[], color: string): Record<string, unknown> {
  return label(
    nameFor(e),
    { x: 1.15, y: (at[0] as ExpertSeconds).shareOfLayerSeconds },
    { xanchor: "left", yanchor: "bottom", yshift: 4, font: { size: 12, color } },
    "xy",
  );
}
