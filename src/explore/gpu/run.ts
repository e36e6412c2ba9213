/// <reference types="@webgpu/types" />
import { formatLength, formatSeconds } from "../../text/numbers";
import { type OpenGpu, openGpu } from "./device";
import { type DispatchBench, dispatchBench, timeWay } from "./dispatches";
import { GpuRefused, Stopped } from "./errors";
import { closeGather, type GatherBench, gatherBench, timeGather } from "./gather";
import { closeProducts, type ProductBench, productBench, timeProduct } from "./gpu-product";
import { type GpuPlan, type GpuStep, gpuSteps, productName, stepName } from "./measure-plan";
import type { DispatchPoint, GatherPoint, GpuRun, LeftOut, ProductPoint } from "./results";
import type { Shaders } from "./shaders";
import { type Now, type Stopwatches, stopwatches } from "./timer";
import { validate } from "./validate";

/** Where a run stands. */
export interface GpuProgress {
  readonly done: number;
  readonly total: number;
  readonly now: string;
}

/** What a run needs of the page. */
export interface GpuRunOptions {
  readonly gpu: GPU | undefined;
  readonly secure: boolean;
  readonly browser: string;
  readonly plan: GpuPlan;
  readonly shaders: Shaders;
  /** Ends the run; its reason is told as it stands. */
  readonly signal: AbortSignal;
  /** Seconds of the page's clock. */
  readonly now: Now;
  readonly progress: (progress: GpuProgress) => void;
}

/** A submit of nothing that takes longer than this tells of a page that is held back. */
const slowestAnswerSeconds = 0.25;

/** Gathers take no more than this share of the time limit: products are what most readers come for. */
const gatherShare = 0.4;

/**
 * Measure a GPU: check all results on small cases, then take the plan's times one by one.
 *
 * Ended early by the signal, the time limit or the loss of the GPU it gives what was measured by then and says by what.
 *
 * @throws GpuUnavailable, WrongResult or GpuRefused, and Stopped when it was ended before the first time was due: then there is no number.
 */
export async function measureGpu(options: GpuRunOptions): Promise<GpuRun> {
  const { plan, signal } = options;
  const stop = new AbortController();
  const forward = () => stop.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener("abort", forward, { once: true });
  const timer = setTimeout(() => stop.abort(`the time limit of ${formatSeconds(plan.limitSeconds)} was reached`), 1000 * plan.limitSeconds);
  let device: GPUDevice | undefined;
  try {
    const gpu = await openGpu(options.gpu, options.secure, plan, stop.signal);
    device = gpu.device;
    device.lost.then((lost) => stop.abort(lostWords(lost)));
    return await measureOpen(gpu, options);
  } catch (error) {
    const reason = await stopReason(error, device);
    throw reason === undefined ? error : new Stopped(reason);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", forward);
    device?.destroy();
  }
}

async function measureOpen(gpu: OpenGpu, options: GpuRunOptions): Promise<GpuRun> {
  const { shaders, now, progress, browser } = options;
  const begin = now();
  const { steps, leftOut } = gpuSteps(options.plan, gpu.bounds);
  const total = steps.length + 1;
  progress({ done: 0, total, now: "checking that results are correct" });
  const bench = await dispatchBench(gpu, shaders);
  const watches = await stopwatches(gpu, now, bench.chained);
  const plan = planFor(options.plan, watches);
  requireQuickAnswers(watches);
  await validate(gpu, shaders, bench, watches, plan);
  const taken = { dispatches: [] as DispatchPoint[], gathers: [] as GatherPoint[], products: [] as ProductPoint[], leftOut: [...leftOut] };
  const made: Benches = { dispatch: bench };
  const run = { gpu: gpu.name, browser, clock: watches.clock, shape: plan.shape, ...taken };
  try {
    for (const [i, step] of steps.entries()) {
      progress({ done: i + 1, total, now: stepName(step) });
      const why = tooLate(step, now() - begin, plan) ?? tooLong(step, taken.products, plan);
      if (why === undefined) await takeStep(gpu, watches, shaders, plan, steps, step, made, taken);
      else taken.leftOut.push(why);
    }
    return run;
  } catch (error) {
    const stopped = await stopReason(error, gpu.device);
    if (stopped === undefined) throw error;
    return { ...run, stopped };
  }
}

/** Why a run was ended, if this error comes of its end: after the loss of a GPU promises fail, sometimes before the loss is told. */
async function stopReason(error: unknown, device: GPUDevice | undefined): Promise<string | undefined> {
  if (error instanceof Stopped) return error.message;
  const lost = await Promise.race([device?.lost, new Promise<undefined>((resolve) => setTimeout(resolve, 200))]);
  return lost === undefined ? undefined : lostWords(lost);
}

function lostWords({ message, reason }: GPUDeviceLostInfo): string {
  return `the GPU was lost: ${(message || reason).replace(/\.$/, "")}`;
}

interface Benches {
  readonly dispatch: DispatchBench;
  gather?: GatherBench;
  product?: ProductBench;
}

interface Taken {
  readonly dispatches: DispatchPoint[];
  readonly gathers: GatherPoint[];
  readonly products: ProductPoint[];
}

/** Take one time. What a kind of measurement needs is made at its first step, after the memory of the kind before is given back. */
async function takeStep(
  gpu: OpenGpu,
  watches: Stopwatches,
  shaders: Shaders,
  plan: GpuPlan,
  steps: readonly GpuStep[],
  step: GpuStep,
  made: Benches,
  taken: Taken,
): Promise<void> {
  if (step.kind === "dispatch") {
    taken.dispatches.push(await timeWay(made.dispatch, watches, step.way, plan));
  } else if (step.kind === "gather") {
    made.gather ??= await gatherBench(gpu, shaders, plan);
    taken.gathers.push(await timeGather(made.gather, watches.pass, step.accessBytes, plan));
  } else {
    if (made.gather !== undefined) closeGather(made.gather);
    delete made.gather;
    if (made.product?.element !== step.element) {
      if (made.product !== undefined) closeProducts(made.product);
      const alike = steps.filter((s) => s.kind === "product").filter((s) => s.element === step.element);
      made.product = await productBench(gpu, shaders, alike);
    }
    taken.products.push(await timeProduct(made.product, watches.pass, step, plan));
  }
}

/** The page's clock is coarser and less steady than the GPU's: fewer and longer batches, for about the same time in all. */
function planFor(plan: GpuPlan, { clock }: Stopwatches): GpuPlan {
  return clock === "timestamp-query" ? plan : { ...plan, batchSeconds: 3 * plan.batchSeconds, batches: Math.min(3, plan.batches) };
}

function tooLate(step: GpuStep, passedSeconds: number, plan: GpuPlan): LeftOut | undefined {
  if (step.kind !== "gather" || passedSeconds <= gatherShare * plan.limitSeconds) return undefined;
  return { what: `gathers of ${formatLength(step.accessBytes)}`, why: "those before took long, and the time left was kept for products" };
}

/**
 * Why a product should not be tried: judged by the largest one of its format timed so far, at the same arithmetic rate.
 *
 * An upper bound for larger products, which run at a higher rate if at another.
 */
function tooLong(step: GpuStep, products: readonly ProductPoint[], plan: GpuPlan): LeftOut | undefined {
  if (step.kind !== "product") return undefined;
  const work = (p: { rows: number; width: number; experts: number }) => p.rows * p.width * p.experts;
  const largest = products.filter((p) => p.element === step.element).sort((a, b) => work(b) - work(a))[0];
  if (largest === undefined) return undefined;
  const expected = (largest.seconds * work(step)) / work(largest);
  if (expected <= plan.longestDispatchSeconds) return undefined;
  return { what: productName(step), why: `one dispatch would take about ${formatSeconds(expected, 2)}, and the screen would stand still` };
}

/** @throws GpuRefused when the tab is held back so much that times would be those of the tab. */
function requireQuickAnswers({ answerSeconds }: Stopwatches): void {
  if (answerSeconds <= slowestAnswerSeconds) return;
  throw new GpuRefused(
    `This tab is too slow to measure in: an empty submit took ${formatSeconds(answerSeconds, 2)}. Bring it to the front, close what keeps the GPU busy, and try again.`,
  );
}
