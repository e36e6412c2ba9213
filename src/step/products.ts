import { peakFlops } from "../kernels/families";
import { type DenseFamily, denseFamily, denseTime } from "../kernels/product";
import type { Hardware } from "../machine/hardware";
import { bf16Bytes, weightFormat as lookUpFormat, type WeightFormat, type WeightFormatName } from "../machine/number-formats";
import type { DecodeTask, TaskName } from "./task";

/** The kernels of all products outside the routed experts, in the format of the rest and in BF16, and what starting a small kernel costs. */
export interface ProductKernels {
  readonly hardware: Hardware;
  readonly format: WeightFormat;
  readonly quantised: DenseFamily;
  readonly wide: DenseFamily;
  readonly launchSeconds: number;
}

/** The kernels for a machine and the format of the rest. */
export function productKernels(hardware: Hardware, rest: WeightFormatName, launchSeconds: number): ProductKernels {
  return {
    hardware,
    format: lookUpFormat(rest),
    quantised: denseFamily(hardware, undefined, rest),
    wide: denseFamily(hardware, undefined, "bfloat16"),
    launchSeconds,
  };
}

/** One product of every row with a matrix. */
export interface Product {
  readonly outputs: number;
  readonly inputs: number;
  readonly bf16?: true;
}

/** Products one after another, and kernels beside them that only launch and pass over the residual stream. */
export function productTask(
  name: TaskName,
  kernels: ProductKernels,
  rows: number,
  products: readonly Product[],
  besides: number,
): DecodeTask {
  const { hardware } = kernels;
  const streamBytes = 2 * bf16Bytes * rows * (products[0]?.inputs ?? 0);
  const besideSeconds = kernels.launchSeconds + streamBytes / hardware.memoryBytesPerSecond;
  const kernelSeconds: number[] = new Array<number>(besides).fill(besideSeconds);
  let seconds = besides * besideSeconds;
  let [flops, bytes, computeFloor, runBytes, longest] = [0, besides * streamBytes, 0, 0, 0];
  let bound: DecodeTask["bound"] = "overhead";
  for (const { outputs: n, inputs: k, bf16 = false } of products) {
    const time = denseTime(bf16 ? kernels.wide : kernels.quantised, { m: rows, n, k }, hardware);
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
