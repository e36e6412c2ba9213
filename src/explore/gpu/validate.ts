import type { OpenGpu } from "./device";
import { type DispatchBench, timeWay } from "./dispatches";
import { checkGather, closeGather, gatherBench, gatherEncode } from "./gather";
import { checkProduct, closeProducts, productBench, productEncode } from "./gpu-product";
import type { GpuPlan, ProductStep } from "./measure-plan";
import type { ElementName } from "./results";
import type { Shaders } from "./shaders";
import type { Stopwatches } from "./timer";
import { fractionValues, wholeValues } from "./values";

/** One small product for each of the three tiles; none fits its tile, and the last is of three experts. */
const smallProducts = [
  { rows: 5, width: 36, hiddenSize: 48, experts: 1, copies: 2 },
  { rows: 29, width: 132, hiddenSize: 32, experts: 1, copies: 2 },
  { rows: 77, width: 68, hiddenSize: 128, experts: 3, copies: 6 },
] as const;

/**
 * Check every shader on small cases before anything is timed: products of whole numbers exactly and of fractions within the
 * bound of rounding, gathers word by word, dispatches by counting them.
 *
 * @throws WrongResult saying what came out wrong.
 */
export async function validate(gpu: OpenGpu, shaders: Shaders, bench: DispatchBench, watches: Stopwatches, plan: GpuPlan): Promise<void> {
  const quick = { ...plan, batches: 1, batchSeconds: 0, bufferBytes: 2 ** 20, gatherInvocations: 2048, gatherReads: 4 };
  await timeWay(bench, watches, "chained", quick);
  const gathers = await gatherBench(gpu, shaders, quick);
  for (const accessBytes of plan.accessBytes) await checkGather(gathers, await gatherEncode(gathers, accessBytes), accessBytes);
  closeGather(gathers);
  const elements: readonly ElementName[] = gpu.bounds.f16 ? ["f32", "f16"] : ["f32"];
  for (const element of elements) {
    const steps: readonly ProductStep[] = smallProducts.map((p) => ({ kind: "product", element, ...p }));
    for (const values of [wholeValues, fractionValues]) {
      const products = await productBench(gpu, shaders, steps, values);
      for (const step of steps) await checkProduct(products, await productEncode(products, step), step);
      closeProducts(products);
    }
  }
}
