/// <reference types="@webgpu/types" />
import { bind, checked, type OpenGpu, pipeline, record, uniforms } from "./device";
import { fillThreads } from "./shaders";
import type { Values } from "./values";

/** Let the GPU write a buffer's elements from their places. */
export async function fillBuffer(
  gpu: OpenGpu,
  code: string,
  buffer: GPUBuffer,
  count: number,
  { seed, span, scale }: Values,
): Promise<void> {
  const run = await pipeline(gpu, { what: "the fill", code, bindings: ["uniform", "storage"] });
  await checked(gpu, "filling a buffer", () => {
    const group = bind(gpu, run, [uniforms(gpu, [record([count, seed, span], scale)]), buffer]);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(run);
    pass.setBindGroup(0, group, [0]);
    pass.dispatchWorkgroups(Math.min(65_535, Math.ceil(count / fillThreads)));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  });
}
