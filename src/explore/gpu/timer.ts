/// <reference types="@webgpu/types" />
import { quantile } from "../../statistics";
import type { OpenGpu } from "./device";
import { GpuRefused, Stopped, unlessStopped } from "./errors";
import type { GpuPlan } from "./measure-plan";
import type { GpuClock, Timed } from "./results";

/** Records one dispatch into a pass; `i` counts dispatches, so that each can take other data. */
export type Encode = (pass: GPUComputePassEncoder, i: number) => void;

/** Takes the time of so many dispatches, in seconds. */
export type Stopwatch = (encode: Encode, dispatches: number) => Promise<number>;

/** The stopwatches of a run. */
export interface Stopwatches {
  readonly clock: GpuClock;
  /** All dispatches in one pass. */
  readonly pass: Stopwatch;
  /** Each dispatch in a submit of its own; always by the page's clock, since what the page does is part of it. */
  readonly submits: Stopwatch;
  /** What the page waits for an answer when there is nothing to do: taken off what its clock shows. */
  readonly answerSeconds: number;
}

/** Seconds of the page's clock. */
export type Now = () => number;

/**
 * Stopwatches of a GPU: by its own clock if it has one that runs, else by the page's.
 *
 * Browsers round the GPU's clock (Chrome to 100 us) and the page's (to 5 to 1000 us): batches must be long against that.
 *
 * @source Beaufort (2025), WebGPU Developer Features, developer.chrome.com, on the rounding of timestamps
 */
export async function stopwatches(gpu: OpenGpu, now: Now, probe: Encode): Promise<Stopwatches> {
  const answers: number[] = [];
  for (let i = 0; i < 5; i++) answers.push(await wallPass(gpu, now)(probe, 0));
  const answerSeconds = Math.min(...answers);
  const less =
    (watch: Stopwatch): Stopwatch =>
    async (encode, dispatches) => {
      const seconds = await watch(encode, dispatches);
      // An answer is not always as quick as the quickest: of a batch as short as that, half is left.
      return Math.max(seconds / 2, seconds - answerSeconds);
    };
  const byPage = { clock: "wall clock", pass: less(wallPass(gpu, now)), submits: less(wallSubmits(gpu, now)), answerSeconds } as const;
  if (!gpu.timestamps) return byPage;
  const pass = stampedPass(gpu);
  // A clock that stands still over many dispatches cannot be used.
  return (await pass(probe, 2000)) > 0 ? { ...byPage, clock: "timestamp-query", pass } : byPage;
}

function stampedPass({ device, signal }: OpenGpu): Stopwatch {
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const read = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return async (encode, dispatches) => {
    const encoder = device.createCommandEncoder();
    fillPass(
      encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }),
      encode,
      dispatches,
    );
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, read, 0, 16);
    submit(device, signal, encoder);
    await unlessStopped(read.mapAsync(GPUMapMode.READ), signal);
    const [begin, end] = new BigInt64Array(read.getMappedRange().slice(0)) as unknown as [bigint, bigint];
    read.unmap();
    return Number(end - begin) * 1e-9;
  };
}

function wallPass({ device, signal }: OpenGpu, now: Now): Stopwatch {
  return async (encode, dispatches) => {
    const encoder = device.createCommandEncoder();
    fillPass(encoder.beginComputePass(), encode, dispatches);
    const begin = now();
    submit(device, signal, encoder);
    await unlessStopped(device.queue.onSubmittedWorkDone(), signal);
    return now() - begin;
  };
}

function wallSubmits({ device, signal }: OpenGpu, now: Now): Stopwatch {
  return async (encode, dispatches) => {
    const begin = now();
    for (let i = 0; i < dispatches; i++) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      encode(pass, i);
      pass.end();
      submit(device, signal, encoder);
    }
    await unlessStopped(device.queue.onSubmittedWorkDone(), signal);
    return now() - begin;
  };
}

function fillPass(pass: GPUComputePassEncoder, encode: Encode, dispatches: number): void {
  for (let i = 0; i < dispatches; i++) encode(pass, i);
  pass.end();
}

/** Nothing is submitted once the run has been ended. */
function submit(device: GPUDevice, signal: AbortSignal, encoder: GPUCommandEncoder): void {
  if (signal.aborted) throw new Stopped(String(signal.reason));
  device.queue.submit([encoder.finish()]);
}

/** Most dispatches of a batch: what a page records in a few hundredths of a second. */
const mostDispatches = 20_000;

/**
 * The time of one dispatch: the median over batches, each of so many dispatches that it takes about `batchSeconds`.
 *
 * The batches that find that number are the warm-up. A dispatch that alone takes far longer than a batch should is
 * timed in three batches only.
 *
 * @throws GpuRefused when the clock stands still over the most dispatches of a batch.
 */
export async function timeDispatch(watch: Stopwatch, encode: Encode, plan: Pick<GpuPlan, "batches" | "batchSeconds">): Promise<Timed> {
  await watch(encode, 1);
  let dispatches = 1;
  let seconds = await watch(encode, dispatches);
  while (seconds < plan.batchSeconds / 2 && dispatches < mostDispatches) {
    const growth = Math.min(16, Math.max(2, plan.batchSeconds / Math.max(seconds, 1e-9)));
    dispatches = Math.min(mostDispatches, Math.ceil(dispatches * growth));
    seconds = await watch(encode, dispatches);
  }
  const batches = seconds > 5 * plan.batchSeconds ? Math.min(3, plan.batches) : plan.batches;
  const samples: number[] = [];
  for (let batch = 0; batch < batches; batch++) samples.push((await watch(encode, dispatches)) / dispatches);
  const ascending = samples.sort((a, b) => a - b);
  const [lowSeconds, seconds50, highSeconds] = [0.25, 0.5, 0.75].map((share) => quantile(ascending, share)) as [number, number, number];
  if (seconds50 <= 0) throw new GpuRefused(`The browser's clock stands still over ${dispatches} dispatches: it cannot time this GPU.`);
  return { seconds: seconds50, lowSeconds, highSeconds, batches, dispatches };
}
