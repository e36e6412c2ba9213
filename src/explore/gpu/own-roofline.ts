import { gemmWork } from "../../kernels/gemm";
import { type Rates, type Roofline, ridgeRows, roofline } from "../../kernels/roofline";
import { type ElementName, elementBytes, type GpuRun, gatherBytesPerSecond, type Product } from "./results";

/** The best rates that a run reached: what a roofline of this GPU, seen through WebGPU, is drawn from. */
export interface OwnRates extends Rates {
  readonly element: ElementName;
  /** Rows from which a product of one expert is bound by arithmetic at these rates. */
  readonly ridgeRows: number;
}

/**
 * Best arithmetic rate of a format's products, and best memory rate of gathers and products.
 *
 * Reached by plain shaders without matrix units: a lower bound of what the GPU can do. A product whose weights a cache
 * holds makes the memory rate too high; weights are walked through to avoid that, as far as buffers allow.
 *
 * @returns undefined when no product in the format was timed.
 */
export function ownRates(run: Pick<GpuRun, "products" | "gathers">, element: ElementName): OwnRates | undefined {
  const products = run.products.filter((p) => p.element === element);
  if (products.length === 0) return undefined;
  const flopsPerSecond = Math.max(...products.map((p) => productWork(p).flops / p.seconds));
  const bytesPerSecond = Math.max(...run.gathers.map(gatherBytesPerSecond), ...products.map((p) => productWork(p).bytes / p.seconds));
  return { element, flopsPerSecond, bytesPerSecond, ridgeRows: ridgeRows({ flopsPerSecond, bytesPerSecond }, elementBytes[element]) };
}

/** The least time of one expert's product at a run's own best rates. */
export function ownFloor(rates: OwnRates, product: Pick<Product, "rows" | "width" | "hiddenSize">): Roofline {
  return roofline(productWork({ ...product, element: rates.element, experts: 1 }), rates);
}

/** The work of a dispatch of products: each operand read once, results written in f32. */
export function productWork({ element, rows, width, hiddenSize, experts }: Omit<Product, "copies">) {
  const bytes = elementBytes[element];
  const one = gemmWork({ m: rows, n: width, k: hiddenSize }, { a: bytes, b: bytes, c: 4 });
  return { flops: one.flops * experts, bytes: one.bytes * experts };
}

/** The most rows whose product takes at most twice as long as that of the fewest. */
export function flatUpTo(times: readonly { readonly rows: number; readonly seconds: number }[]): number | undefined {
  const [first, ...rest] = [...times].sort((a, b) => a.rows - b.rows);
  if (first === undefined) return undefined;
  const beyond = rest.findIndex((t) => t.seconds > 2 * first.seconds);
  return beyond === -1 ? (rest.at(-1) ?? first).rows : ([first, ...rest][beyond] as typeof first).rows;
}
