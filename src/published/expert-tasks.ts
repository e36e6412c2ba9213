import { loneExpertKernel } from "../kernels/default-experts";
import { sameExpert } from "../kernels/expert-task";
import type { ExpertShape } from "../kernels/gemm";
import type { Model } from "../model/model";
import { type MoeMeasurement, moeMeasurements } from "./layer-times";
import { deepGemmRows } from "./tables";

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
 *
 * @example measuredTasks([model("deepseek-v3")]).length > 0 // true
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
