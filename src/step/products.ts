import { peakFlops } from "../kernels/families";
import { type DenseFamily, denseFamily, denseTime, meanEdges } from "../kernels/product";
import type { Hardware } from "../machine/hardware";
import { bf16Bytes, weightFormat as lookUpFormat, type WeightFormat, type WeightFormatName } from "../machine/number-formats";
import type { Engine } from "./engine";
import type { DecodeTask, TaskName } from "./task";

/** The kernels of all products outside the routed experts, in the format of the rest and in BF16, and what starting a small kernel costs. */
export interface ProductKernels {
  readonly hardware: Hardware;
  readonly format: WeightFormat;
  readonly quantised: DenseFamily;
  readonly wide: DenseFamily;
  readonly launchSeconds: number;
}

/** The tables' families of products in narrow formats whose time is the product's and its conversion's alone. */
const narrowKernels: Partial<Record<WeightFormatName, string>> = {
  fp8: "sglang_fp8_scaled_mm",
  fp8_block: "sglang_deepgemm",
  nvfp4: "sglang_cutedsl",
};

/** What is left of converting a product's input where the norm or activation before it does so on the way: fitted on whole steps. */
const fusedConversionSeconds = 4e-6;

/**
 * The kernels for a machine and the format of the rest, of an engine.
 *
 *     fixed, in a narrow format:  min(the family's, BF16's + 4 us) and no pass over the input; in SGLang the family's own
 *
 * The tables time the conversion of the input with the product. TensorRT-LLM and vLLM let the kernel before do it; SGLang calls it
 * as it is timed.
 */
export function productKernels(hardware: Hardware, rest: WeightFormatName, launchSeconds: number, engine: Engine): ProductKernels {
  const wide = denseFamily(hardware, engine === "tensorrt-llm" ? undefined : "sglang_torch_linear", "bfloat16");
  const timed = denseFamily(hardware, narrowKernels[rest], rest);
  const { constants } = timed;
  const fixedSeconds = Math.min(constants.fixedSeconds, wide.constants.fixedSeconds + fusedConversionSeconds);
  const isFused = engine !== "sglang" && rest !== "bfloat16";
  const quantised = isFused ? { ...timed, constants: { ...constants, fixedSeconds, activationPasses: 0 } } : timed;
  return { hardware, format: lookUpFormat(rest), quantised: rest === "bfloat16" ? wide : quantised, wide, launchSeconds };
}

/** One product of every row with a matrix. */
export interface Product {
  readonly outputs: number;
  readonly inputs: number;
  readonly bf16?: true;
}

interface Remembered {
  readonly kernels: ProductKernels;
  readonly besides: number;
  readonly byRows: Map<number, DecodeTask>;
}

const remembered = new WeakMap<readonly Product[], Remembered>();
/** Numbers of rows that are remembered for a list of products; beyond them all are forgotten. */
const mostRemembered = 1024;

/** Products one after another, and kernels beside them that only launch and pass over the residual stream. */
export function productTask(
  name: TaskName,
  kernels: ProductKernels,
  rows: number,
  products: readonly Product[],
  besides: number,
): DecodeTask {
  let before = remembered.get(products);
  if (before === undefined || before.kernels !== kernels || before.besides !== besides) {
    before = { kernels, besides, byRows: new Map() };
    remembered.set(products, before);
  }
  const known = before.byRows.get(rows);
  if (known !== undefined && known.name === name) return known;
  const task = timeProducts(name, kernels, rows, products, besides);
  if (before.byRows.size >= mostRemembered) before.byRows.clear();
  before.byRows.set(rows, task);
  return task;
}

function timeProducts(name: TaskName, kernels: ProductKernels, rows: number, products: readonly Product[], besides: number): DecodeTask {
  const { hardware } = kernels;
  const streamBytes = 2 * bf16Bytes * rows * (products[0]?.inputs ?? 0);
  const besideSeconds = kernels.launchSeconds + streamBytes / hardware.memoryBytesPerSecond;
  const kernelSeconds: number[] = new Array<number>(besides).fill(besideSeconds);
  let seconds = besides * besideSeconds;
  let [flops, bytes, computeFloor, runBytes, longest] = [0, besides * streamBytes, 0, 0, 0];
  let bound: DecodeTask["bound"] = "overhead";
  for (const { outputs: n, inputs: k, bf16 = false } of products) {
    const time = denseTime(bf16 ? kernels.wide : kernels.quantised, { m: rows, n, k }, hardware, meanEdges);
    seconds += time.seconds;
    kernelSeconds.push(time.seconds);
    flops += time.flops;
    bytes += time.bytes;
    computeFloor += time.flops / peakFlops(hardware, bf16 ? "bf16" : kernels.format.arithmetic);
    runBytes = Math.max(runBytes, n * k * (bf16 ? bf16Bytes : kernels.format.weightBytes));
    if (time.seconds > longest) {
      longest = time.seconds;
      bound = time.bound;
    }
  }
  return {
    name,
    seconds,
    floorSeconds: Math.max(computeFloor, bytes / hardware.memoryBytesPerSecond),
    flops,
    bytes,
    runBytes,
    bound,
    kernelSeconds,
  };
}
