/// <reference types="@webgpu/types" />
import { formatBytes } from "../../text/numbers";
import { bind, checked, type OpenGpu, pipeline, readWords, record, storage, uniformStride, uniforms } from "./device";
import { WrongResult } from "./errors";
import { fillBuffer } from "./fill";
import { bufferBytesOn, type GpuPlan } from "./measure-plan";
import { expectedFold } from "./reference";
import type { GatherPoint } from "./results";
import { gatherThreadBytes, gatherThreads, type Shaders } from "./shaders";
import { type Encode, type Stopwatch, timeDispatch } from "./timer";
import { hash } from "./values";

/** A buffer of words to gather from. */
export interface GatherBench {
  readonly gpu: OpenGpu;
  readonly shaders: Shaders;
  readonly rows: GPUBuffer;
  readonly folded: GPUBuffer;
  readonly bufferBytes: number;
  readonly invocations: number;
  readonly reads: number;
}

const wordSeed = 0xda7a;
/** Draws of places that dispatches walk through, so that no two in a row read the same rows. */
const draws = 64;

/** Fill a buffer larger than caches with known words. */
export async function gatherBench(gpu: OpenGpu, shaders: Shaders, plan: GpuPlan): Promise<GatherBench> {
  const bufferBytes = bufferBytesOn(plan, gpu.bounds);
  const made = await checked(gpu, `a buffer of ${formatBytes(bufferBytes)}`, () => ({
    rows: storage(gpu, bufferBytes),
    folded: storage(gpu, 4 * plan.gatherInvocations),
  }));
  await fillBuffer(gpu, shaders.fillWords, made.rows, bufferBytes / 4, { seed: wordSeed, span: 0, scale: 0 });
  return { gpu, shaders, ...made, bufferBytes, invocations: plan.gatherInvocations, reads: plan.gatherReads };
}

/** Give the memory back. */
export function closeGather({ rows, folded }: GatherBench): void {
  rows.destroy();
  folded.destroy();
}

/**
 * Time gathers of rows of one size, after checking what a few invocations read.
 *
 * @throws WrongResult when an invocation read other words than it should.
 */
export async function timeGather(bench: GatherBench, watch: Stopwatch, accessBytes: number, plan: GpuPlan): Promise<GatherPoint> {
  const { invocations, reads, bufferBytes } = bench;
  const encode = await gatherEncode(bench, accessBytes);
  const timed = await timeDispatch(watch, encode, plan);
  const threadBytes = gatherThreadBytes(accessBytes);
  await checkGather(bench, encode, accessBytes);
  return { accessBytes, threadBytes, bufferBytes, gatheredBytes: threadBytes * invocations * reads, ...timed };
}

/** Gather once and hold a few invocations against the reference. @throws WrongResult */
export async function checkGather(bench: GatherBench, encode: Encode, accessBytes: number): Promise<void> {
  const { gpu, invocations, reads, bufferBytes, folded } = bench;
  const draw = 3;
  await checked(gpu, `a gather of ${accessBytes} B`, () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encode(pass, draw);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
  const seen = [0, 1, 255, 256, Math.floor(invocations / 2), invocations - 1];
  const got = new Uint32Array(
    await readWords(
      gpu,
      folded,
      seen.map((invocation) => 4 * invocation),
    ),
  );
  const made = { accessBytes, threadBytes: gatherThreadBytes(accessBytes), bufferBytes, invocations, reads, seed: seedOf(draw) };
  for (const [i, invocation] of seen.entries()) {
    const expected = expectedFold(made, invocation, hash, wordSeed);
    if (got[i] !== expected) {
      throw new WrongResult(
        `The gather of rows of ${accessBytes} B is wrong: invocation ${invocation} should have read words that fold to ${expected}, and got ${String(got[i])}.`,
      );
    }
  }
}

/** A dispatch of the gather; each takes the next draw of places. */
export async function gatherEncode(
  { gpu, shaders, rows, folded, bufferBytes, invocations, reads }: GatherBench,
  accessBytes: number,
): Promise<Encode> {
  const use = {
    what: `the gather of ${accessBytes} B`,
    code: shaders.gather(accessBytes),
    bindings: ["uniform", "read-only-storage", "storage"],
  } as const;
  const run = await pipeline(gpu, use);
  const records = Array.from({ length: draws }, (_, draw) => record([bufferBytes / accessBytes - 1, reads, seedOf(draw)]));
  const group = bind(gpu, run, [uniforms(gpu, records), rows, folded]);
  return (pass, i) => {
    pass.setPipeline(run);
    pass.setBindGroup(0, group, [(i % draws) * uniformStride]);
    pass.dispatchWorkgroups(invocations / gatherThreads);
  };
}

function seedOf(draw: number): number {
  return hash(draw + 1);
}
