/// <reference types="@webgpu/types" />
import { bind, type OpenGpu, pipeline, readWords, storage } from "./device";
import { WrongResult } from "./errors";
import type { GpuPlan } from "./measure-plan";
import type { DispatchPoint, DispatchWay } from "./results";
import type { Shaders } from "./shaders";
import { type Encode, type Stopwatches, timeDispatch } from "./timer";

/** Empty dispatches, ready to be started. */
export interface DispatchBench {
  readonly free: Encode;
  readonly chained: Encode;
  /** Set the counter to nothing. */
  readonly reset: () => void;
  /** @throws WrongResult unless every dispatch since the reset counted, one after the other. */
  readonly check: (dispatches: number) => Promise<void>;
}

/** Prepare the dispatches: one that does nothing, and one that adds to a counter, so that it must wait for the one before. */
export async function dispatchBench(gpu: OpenGpu, shaders: Shaders): Promise<DispatchBench> {
  const empty = await pipeline(gpu, { what: "the empty dispatch", code: shaders.empty, bindings: [] });
  const count = await pipeline(gpu, { what: "the counter", code: shaders.count, bindings: ["storage"] });
  const counter = storage(gpu, 4, GPUBufferUsage.COPY_DST);
  const counterBinding = bind(gpu, count, [counter]);
  return {
    free: (pass) => {
      pass.setPipeline(empty);
      pass.dispatchWorkgroups(1);
    },
    chained: (pass) => {
      pass.setPipeline(count);
      pass.setBindGroup(0, counterBinding);
      pass.dispatchWorkgroups(1);
    },
    reset: () => gpu.device.queue.writeBuffer(counter, 0, new Uint32Array(1)),
    check: async (dispatches) => {
      const [counted] = new Uint32Array(await readWords(gpu, counter, [0]));
      if (counted !== dispatches) {
        throw new WrongResult(`The counter is wrong: ${dispatches} dispatches, each after the one before, counted ${String(counted)}.`);
      }
    },
  };
}

/** Time one way of starting; where dispatches count, their number is checked afterwards. */
export async function timeWay(bench: DispatchBench, watches: Stopwatches, way: DispatchWay, plan: GpuPlan): Promise<DispatchPoint> {
  bench.reset();
  let counted = 0;
  const chained: Encode = (pass, i) => {
    counted++;
    bench.chained(pass, i);
  };
  const watch = way === "submitted" ? watches.submits : watches.pass;
  const timed = await timeDispatch(watch, way === "free" ? bench.free : chained, plan);
  await bench.check(counted);
  return { way, ...timed };
}
