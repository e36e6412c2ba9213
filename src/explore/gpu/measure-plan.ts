import { doublings } from "../../figures/theme";
import { type ExpertShape, paddedLength } from "../../kernels/gemm";
import { formatBytes, formatCount } from "../../text/numbers";
import { type DispatchWay, dispatchWays, type ElementName, elementBytes, type LeftOut, type Product } from "./results";

/** What a run measures, and within what bounds. */
export interface GpuPlan {
  /** The expert of the model: its hidden size is that of every product. */
  readonly shape: ExpertShape;
  /** Rows of the product of one expert, alone in its dispatch. */
  readonly rows: readonly number[];
  /** Widths of the expert at `widthRows` rows. */
  readonly widths: readonly number[];
  readonly widthRows: number;
  /** Rows at which `groupExperts` experts share one dispatch. */
  readonly groupRows: readonly number[];
  readonly groupExperts: number;
  readonly accessBytes: readonly number[];
  /** Most memory for the weights, and for what is gathered from: more than caches hold. */
  readonly bufferBytes: number;
  /** Invocations of one gather, and reads of each. */
  readonly gatherInvocations: number;
  readonly gatherReads: number;
  readonly batches: number;
  /** A batch repeats its dispatch until it takes about this long. */
  readonly batchSeconds: number;
  /** A dispatch expected to take longer is left out: browsers stop work that holds up the screen. */
  readonly longestDispatchSeconds: number;
  /** The whole run. */
  readonly limitSeconds: number;
}

/** One measurement. */
export type GpuStep =
  | { readonly kind: "dispatch"; readonly way: DispatchWay }
  | { readonly kind: "gather"; readonly accessBytes: number }
  | ProductStep;

export interface ProductStep extends Product {
  readonly kind: "product";
}

/** What an adapter allows. */
export interface GpuBounds {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly f16: boolean;
}

/**
 * The plan for an expert of a model: rows from 16 to 4,096, widths around its own, accesses from 4 B to 64 KiB.
 *
 * Sizes that the shaders need are rounded up: the hidden size to a multiple of 16, the width to one of 4. An expert whose
 * weights in f32 are more than every WebGPU binds is halved in width until they are not.
 */
export function gpuPlan(shape: ExpertShape): GpuPlan {
  const hiddenSize = paddedLength(shape.expertHiddenSize ?? shape.hiddenSize, hiddenStep);
  let width = paddedLength(shape.moeIntermediateSize, widthStep);
  while (hiddenSize * width * elementBytes.f32 > alwaysBound && width > widthStep) width = paddedLength(Math.ceil(width / 2), widthStep);
  return {
    shape: { hiddenSize, moeIntermediateSize: width },
    rows: doublings(16, 4096),
    widths: [...new Set([...doublings(256, 4096), width])].sort((a, b) => a - b),
    widthRows: 128,
    groupRows: doublings(16, 512),
    groupExperts: 8,
    accessBytes: doublings(4, 65_536),
    bufferBytes: 2 ** 29,
    gatherInvocations: 2 ** 19,
    gatherReads: 16,
    batches: 7,
    batchSeconds: 0.02,
    longestDispatchSeconds: 0.4,
    limitSeconds,
  };
}

/** The whole run, at most. */
export const limitSeconds = 30;

/** Lengths that the product's shader walks in whole steps. */
export const hiddenStep = 16;
export const widthStep = 4;

/** Bytes that every WebGPU binds to a shader: the default of maxStorageBufferBindingSize. */
const alwaysBound = 2 ** 27;

/** Bytes of the largest buffer the plan uses on an adapter: never more than it binds. A power of two, as the gather needs. */
export function bufferBytesOn(plan: GpuPlan, bounds: GpuBounds): number {
  const most = Math.min(plan.bufferBytes, bounds.maxStorageBufferBindingSize, bounds.maxBufferSize);
  return 2 ** Math.floor(Math.log2(most));
}

/**
 * The measurements of a plan on an adapter, the short ones first, and what does not fit it.
 *
 * Left out: products whose weights, activations or results are larger than the largest buffer; f16 where the adapter
 * has none.
 */
export function gpuSteps(plan: GpuPlan, bounds: GpuBounds): { readonly steps: readonly GpuStep[]; readonly leftOut: readonly LeftOut[] } {
  const bufferBytes = bufferBytesOn(plan, bounds);
  const { hiddenSize, moeIntermediateSize } = plan.shape;
  const leftOut: LeftOut[] = [];
  const product = (element: ElementName, rows: number, width: number, wanted: number): readonly GpuStep[] => {
    const expertBytes = hiddenSize * width * elementBytes[element];
    const copies = Math.floor(bufferBytes / expertBytes);
    const experts = Math.min(wanted, copies);
    const needed = Math.max(expertBytes, rows * hiddenSize * elementBytes[element] * experts, rows * width * 4 * experts);
    if (needed > bufferBytes) {
      const why = `it needs ${formatBytes(needed)} in one buffer, and this GPU is given ${formatBytes(bufferBytes)}`;
      leftOut.push({ what: productName({ element, rows, width, experts: wanted }), why });
      return [];
    }
    return wanted > 1 && experts < 2 ? [] : [{ kind: "product", element, rows, width, hiddenSize, experts, copies }];
  };
  const elements: readonly ElementName[] = bounds.f16 ? ["f32", "f16"] : ["f32"];
  if (!bounds.f16) leftOut.push({ what: "products in f16", why: "this GPU or browser has no shader-f16" });
  const steps: readonly GpuStep[] = [
    ...dispatchWays.map((way) => ({ kind: "dispatch", way }) as const),
    ...plan.accessBytes.map((accessBytes) => ({ kind: "gather", accessBytes }) as const),
    ...elements.flatMap((element) => [
      ...plan.rows.flatMap((rows) => product(element, rows, moeIntermediateSize, 1)),
      ...plan.groupRows.flatMap((rows) => product(element, rows, moeIntermediateSize, plan.groupExperts)),
      ...plan.widths
        .filter((width) => width !== moeIntermediateSize || !plan.rows.includes(plan.widthRows))
        .flatMap((width) => product(element, plan.widthRows, width, 1)),
    ]),
  ];
  return { steps, leftOut };
}

/** A product in words. */
export function productName(p: Pick<Product, "element" | "rows" | "width" | "experts">): string {
  const who = p.experts === 1 ? "one expert" : `${p.experts} experts at once`;
  return `${p.element}, ${who}, ${formatCount(p.rows)} rows, width ${formatCount(p.width)}`;
}

/** What is being measured, for who waits. */
export function stepName(step: GpuStep): string {
  if (step.kind === "dispatch") return "cost of an empty dispatch";
  if (step.kind === "gather") return "gathers of random rows";
  return step.experts > 1 ? `products of several experts at once, ${step.element}` : `products of one expert, ${step.element}`;
}
