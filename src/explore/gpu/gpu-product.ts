/// <reference types="@webgpu/types" />
import { formatBytes, formatNumber } from "../../text/numbers";
import { bind, checked, type OpenGpu, pipeline, readWords, record, storage, uniformStride, uniforms } from "./device";
import { WrongResult } from "./errors";
import { fillBuffer } from "./fill";
import type { GpuPlan, ProductStep } from "./measure-plan";
import { expectedElement, type Place } from "./reference";
import { type ElementName, elementBytes, type ProductPoint } from "./results";
import { rowsPerThread, type Shaders, threadsPerSide, tileColumns } from "./shaders";
import { type Encode, type Stopwatch, timeDispatch } from "./timer";
import { activationSeed, type fractionValues, hash, weightSeed, wholeValues } from "./values";

/** Operands that the products of one format share: each takes as much of them as it needs. */
export interface ProductBench {
  readonly gpu: OpenGpu;
  readonly shaders: Shaders;
  readonly element: ElementName;
  readonly values: typeof wholeValues | typeof fractionValues;
  readonly activations: GPUBuffer;
  readonly weights: GPUBuffer;
  readonly results: GPUBuffer;
}

/** Make operands large enough for all the products, which are of one format. */
export async function productBench(
  gpu: OpenGpu,
  shaders: Shaders,
  products: readonly ProductStep[],
  values: ProductBench["values"] = wholeValues,
): Promise<ProductBench> {
  const element = (products[0] as ProductStep).element;
  const most = (count: (p: ProductStep) => number) => Math.max(...products.map(count));
  const activations = most((p) => p.rows * p.hiddenSize * p.experts);
  const weights = most((p) => p.hiddenSize * p.width * p.copies);
  const results = most((p) => p.rows * p.width * p.experts);
  const bytes = elementBytes[element];
  const made = await checked(gpu, `buffers of ${formatBytes(bytes * (activations + weights) + 4 * results)}`, () => ({
    activations: storage(gpu, bytes * activations),
    weights: storage(gpu, bytes * weights),
    results: storage(gpu, 4 * results),
  }));
  await fillBuffer(gpu, shaders.fill(element), made.activations, activations, { seed: activationSeed, ...values });
  await fillBuffer(gpu, shaders.fill(element), made.weights, weights, { seed: weightSeed, ...values });
  return { gpu, shaders, element, values, ...made };
}

/** Give the memory back. */
export function closeProducts({ activations, weights, results }: ProductBench): void {
  for (const buffer of [activations, weights, results]) buffer.destroy();
}

/**
 * Time one product, each dispatch with the next experts' weights, then check elements of what the last one wrote.
 *
 * @throws WrongResult when an element is not what it should be.
 */
export async function timeProduct(bench: ProductBench, watch: Stopwatch, step: ProductStep, plan: GpuPlan): Promise<ProductPoint> {
  const encode = await productEncode(bench, step);
  const timed = await timeDispatch(watch, encode, plan);
  await checkProduct(bench, encode, step);
  const { kind: _, ...product } = step;
  return { ...product, ...timed };
}

/** A dispatch of the product; each takes the next experts' weights, round and round. */
export async function productEncode(
  { gpu, shaders, element, activations, weights, results }: ProductBench,
  step: ProductStep,
): Promise<Encode> {
  const held = rowsPerThread(step.rows);
  const what = `the product in ${element} with ${held * threadsPerSide} rows per tile`;
  const bindings = ["uniform", "read-only-storage", "read-only-storage", "storage"] as const;
  const run = await pipeline(gpu, { what, code: shaders.product(element, held), bindings });
  const firsts = firstExperts(step);
  const records = firsts.map((first) => record([step.rows, step.width, step.hiddenSize, first]));
  const group = bind(gpu, run, [uniforms(gpu, records), activations, weights, results]);
  return (pass, i) => {
    pass.setPipeline(run);
    pass.setBindGroup(0, group, [(i % firsts.length) * uniformStride]);
    pass.dispatchWorkgroups(Math.ceil(step.width / tileColumns), Math.ceil(step.rows / (threadsPerSide * held)), step.experts);
  };
}

/** The expert that each dispatch of a round begins with. */
function firstExperts({ experts, copies }: ProductStep): readonly number[] {
  return Array.from({ length: Math.min(256, Math.floor(copies / experts)) }, (_, i) => i * experts);
}

/** Multiply once and hold elements of the result against the reference: the corners, and some that are drawn. @throws WrongResult */
export async function checkProduct(bench: ProductBench, encode: Encode, step: ProductStep): Promise<void> {
  const { gpu, element, results, values } = bench;
  const firsts = firstExperts(step);
  const round = firsts.length - 1;
  await checked(gpu, `a product of ${step.rows} rows`, () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass, round);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
  const places = somePlaces(step);
  const offsets = places.map(({ expert, row, column }) => 4 * ((expert * step.rows + row) * step.width + column));
  const got = new Float32Array(await readWords(gpu, results, offsets));
  const made = {
    ...step,
    first: firsts[round] as number,
    activations: { seed: activationSeed, ...values },
    weights: { seed: weightSeed, ...values },
  };
  for (const [i, place] of places.entries()) {
    const { value, tolerance } = expectedElement(made, place);
    // Written so that NaN fails too.
    if (!(Math.abs((got[i] as number) - value) <= tolerance)) {
      const within = tolerance === 0 ? "exactly" : `to ${formatNumber(tolerance)}`;
      throw new WrongResult(
        `The product of [${step.rows}, ${step.hiddenSize}] and [${step.hiddenSize}, ${step.width}] in ${element} is wrong: expert ${place.expert}, row ${place.row}, column ${place.column} should be ${value} ${within}, and is ${String(got[i])}.`,
      );
    }
  }
}

function somePlaces({ experts, rows, width }: ProductStep): readonly Place[] {
  const corners = [0, rows - 1].flatMap((row) => [0, width - 1].map((column) => ({ expert: experts - 1, row, column })));
  const drawn = Array.from({ length: 12 }, (_, i) => ({
    expert: hash(3 * i) % experts,
    row: hash(3 * i + 1) % rows,
    column: hash(3 * i + 2) % width,
  }));
  return [...corners, ...drawn];
}
