import { peakFlops } from "../kernels/families";
import { type DenseFamily, type DenseProduct, denseFamily, denseProduct, meanEdges } from "../kernels/product";
import type { Hardware } from "../machine/hardware";
import { bf16Bytes, weightFormat as lookUpFormat, type WeightFormat, type WeightFormatName } from "../machine/number-formats";
import { type Engine, engineFamily } from "./engine";
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
const fusedConversionSeconds = 8e-6;
/**
 * The same on Blackwell, by how the input is scaled: fitted on whole steps, with the engines' times fitted anew for each pair of
 * values. Steps hardly tell 1.5 from 2.5 us, or 5 from 6; without Llama 3 70B on B200, of which most such rows are, it comes out at
 * 3 and 6.
 *
 * FP8 with one scale, known beforehand, costs less than in the table; a scale for each 16 values, found on the way, costs more than in
 * SGLang's table and as much as in TensorRT-LLM's.
 */
const blackwellConversionSeconds: Partial<Record<WeightFormatName, number>> = { fp8: 2e-6, nvfp4: 5.5e-6 };

/**
 * The kernels for a machine and the format of the rest, of an engine.
 *
 *     fixed, in a narrow format:    min(the family's, BF16's + 8 us), and no pass over the input
 *     in FP8, NVFP4 on Blackwell:   BF16's + 2 us, BF16's + 5.5 us, the same otherwise
 *
 * The tables time the conversion of the input with the product; engines let the kernel before do it. What more it takes in an engine is
 * among its times between kernels.
 */
export function productKernels(hardware: Hardware, rest: WeightFormatName, launchSeconds: number, engine: Engine): ProductKernels {
  const wide = denseFamily(hardware, engine === "tensorrt-llm" ? undefined : "sglang_torch_linear", "bfloat16");
  const timed = denseFamily(hardware, narrowKernels[rest], rest);
  const { constants } = timed;
  const blackwell = engineFamily(engine, hardware).endsWith("Blackwell") ? blackwellConversionSeconds[rest] : undefined;
  const fixedSeconds =
    blackwell === undefined
      ? Math.min(constants.fixedSeconds, wide.constants.fixedSeconds + fusedConversionSeconds)
      : wide.constants.fixedSeconds + blackwell;
  const quantised = { ...timed, constants: { ...constants, fixedSeconds, activationPasses: 0 } };
  return { hardware, format: lookUpFormat(rest), quantised: rest === "bfloat16" ? wide : quantised, wide, launchSeconds };
}

/** One product of every row with a matrix. */
export interface Product {
  readonly outputs: number;
  readonly inputs: number;
  readonly bf16?: true;
}

/** A task of products whose matrices are settled: only its rows are left to give. The task of the last rows is kept for layers that share it. */
export type ProductPlan = (rows: number) => DecodeTask;

/** Products one after another, and kernels beside them that only launch and pass over the residual stream. */
export function productPlan(name: TaskName, kernels: ProductKernels, products: readonly Product[], besides: number): ProductPlan {
  const { hardware, launchSeconds } = kernels;
  const { memoryBytesPerSecond } = hardware;
  const streamBytesPerRow = 2 * bf16Bytes * (products[0]?.inputs ?? 0);
  const times = products.map(({ outputs: n, inputs: k, bf16 = false }) =>
    denseProduct(bf16 ? kernels.wide : kernels.quantised, { n, k }, hardware, meanEdges),
  );
  const peaks = products.map(({ bf16 = false }) => peakFlops(hardware, bf16 ? "bf16" : kernels.format.arithmetic));
  const runBytes = products.reduce(
    (most, { outputs, inputs, bf16 = false }) => Math.max(most, outputs * inputs * (bf16 ? bf16Bytes : kernels.format.weightBytes)),
    0,
  );
  let lastRows = 0;
  let last: DecodeTask | undefined;
  return (rows) => {
    if (last !== undefined && lastRows === rows) return last;
    const streamBytes = streamBytesPerRow * rows;
    const besideSeconds = launchSeconds + streamBytes / memoryBytesPerSecond;
    // Filled by a loop: the built-in fill first makes a list of whole numbers of it, which takes as long as a product.
    const kernelSeconds = new Array<number>(besides + times.length);
    for (let i = 0; i < besides; i++) kernelSeconds[i] = besideSeconds;
    let seconds = besides * besideSeconds;
    let flops = 0;
    let bytes = besides * streamBytes;
    let computeFloor = 0;
    let longest = 0;
    let bound: DecodeTask["bound"] = "overhead";
    for (let i = 0; i < times.length; i++) {
      const time = (times[i] as DenseProduct)(rows);
      seconds += time.seconds;
      kernelSeconds[besides + i] = time.seconds;
      flops += time.flops;
      bytes += time.bytes;
      computeFloor += time.flops / (peaks[i] as number);
      if (time.seconds > longest) {
        longest = time.seconds;
        bound = time.bound;
      }
    }
    const floorSeconds = Math.max(computeFloor, bytes / memoryBytesPerSecond);
    last = { name, seconds, floorSeconds, flops, bytes, runBytes, bound, kernelSeconds };
    lastRows = rows;
    return last;
  };
}
