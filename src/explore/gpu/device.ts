/// <reference types="@webgpu/types" />
import { formatBytes } from "../../text/numbers";
import { GpuRefused, GpuUnavailable, noAdapter, unlessStopped, whyNoWebGpu } from "./errors";
import type { GpuBounds, GpuPlan } from "./measure-plan";
import type { GpuName } from "./results";

/** A GPU opened for a run. */
export interface OpenGpu {
  readonly device: GPUDevice;
  readonly name: GpuName;
  readonly bounds: GpuBounds;
  readonly timestamps: boolean;
  readonly signal: AbortSignal;
  /** Pipelines made so far, by their text: compiling takes longer than timing. */
  readonly pipelines: Map<string, GPUComputePipeline>;
}

/**
 * Ask for a GPU with the buffers that the plan wants, as far as it has them, its clock and f16 where it has them.
 *
 * @throws GpuUnavailable saying what is missing and what to do; Stopped when the signal ends it.
 */
export async function openGpu(gpu: GPU | undefined, secure: boolean, plan: GpuPlan, signal: AbortSignal): Promise<OpenGpu> {
  const why = whyNoWebGpu(secure, gpu);
  if (why !== undefined || gpu === undefined) throw new GpuUnavailable(why);
  const adapter = await unlessStopped(gpu.requestAdapter({ powerPreference: "high-performance" }), signal);
  if (adapter === null) throw new GpuUnavailable(noAdapter);
  const f16 = adapter.features.has("shader-f16");
  const timestamps = adapter.features.has("timestamp-query");
  const requiredFeatures: GPUFeatureName[] = [...(f16 ? ["shader-f16" as const] : []), ...(timestamps ? ["timestamp-query" as const] : [])];
  const maxBufferSize = Math.min(adapter.limits.maxBufferSize, plan.bufferBytes);
  const maxStorageBufferBindingSize = Math.min(adapter.limits.maxStorageBufferBindingSize, plan.bufferBytes);
  const opening = adapter.requestDevice({ requiredFeatures, requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  // A device that arrives after the reader cancelled is given back at once.
  opening.then((late) => signal.aborted && late.destroy()).catch(() => {});
  const device = await unlessStopped(opening, signal).catch((error: Error) => {
    throw error.name === "OperationError" ? new GpuUnavailable(`The browser would not open the GPU: ${error.message}`) : error;
  });
  return {
    device,
    name: nameOf(adapter),
    bounds: { maxStorageBufferBindingSize, maxBufferSize, f16 },
    timestamps,
    signal,
    pipelines: new Map(),
  };
}

function nameOf(adapter: GPUAdapter): GpuName {
  const { vendor, architecture, description } = adapter.info;
  const software =
    adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|warp|basic render/i.test(`${architecture} ${description}`);
  return { vendor, architecture, description, software };
}

/**
 * Do something on the device and hear whether it was refused.
 *
 * @throws GpuRefused when memory ran out or the browser found it invalid.
 */
export async function checked<T>({ device, signal }: OpenGpu, what: string, work: () => T | Promise<T>): Promise<T> {
  device.pushErrorScope("out-of-memory");
  device.pushErrorScope("validation");
  let done: T;
  try {
    done = await work();
  } finally {
    const errors = [device.popErrorScope(), device.popErrorScope()];
    const [invalid, memory] = await unlessStopped(Promise.all(errors), signal);
    if (memory) refuse(`${what}: the GPU's memory ran out; close other tabs and try again. ${memory.message}`);
    if (invalid) refuse(`${what} was refused: ${invalid.message}`);
  }
  return done;
}

function refuse(message: string): never {
  throw new GpuRefused(message.trim());
}

/** A buffer for shaders. */
export function storage({ device }: OpenGpu, bytes: number, usage = 0): GPUBuffer {
  const size = Math.ceil(bytes / 4) * 4;
  if (size > device.limits.maxBufferSize)
    refuse(`a buffer of ${formatBytes(size)} is more than the GPU's ${formatBytes(device.limits.maxBufferSize)}`);
  return device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | usage });
}

/** Bytes from one uniform to the next in a buffer of several. */
export const uniformStride = 256;

/** Small records for shaders, one every `uniformStride` bytes. */
export function uniforms({ device }: OpenGpu, records: readonly ArrayBuffer[]): GPUBuffer {
  const buffer = device.createBuffer({ size: uniformStride * records.length, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  for (const [i, record] of records.entries()) device.queue.writeBuffer(buffer, i * uniformStride, record);
  return buffer;
}

/** Words, and one float where it stands, as a shader's record. */
export function record(words: readonly number[], float?: number): ArrayBuffer {
  const bytes = new ArrayBuffer(16);
  new Uint32Array(bytes).set(words);
  if (float !== undefined) new Float32Array(bytes)[words.length] = float;
  return bytes;
}

/** What a shader takes: its text, and the kinds of its buffers in order; of the first, one record is chosen at each dispatch. */
export interface ShaderUse {
  readonly what: string;
  readonly code: string;
  readonly bindings: readonly GPUBufferBindingType[];
}

/**
 * A pipeline of a shader; made once.
 *
 * @throws GpuRefused with the compiler's words.
 */
export async function pipeline(gpu: OpenGpu, { what, code, bindings }: ShaderUse): Promise<GPUComputePipeline> {
  const known = gpu.pipelines.get(code);
  if (known !== undefined) return known;
  const { device, signal } = gpu;
  const entries = bindings.map((type, binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type, hasDynamicOffset: type === "uniform" },
  }));
  const made = await checked(gpu, `the shader of ${what}`, async () => {
    const layout = device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ entries })] });
    const module = device.createShaderModule({ code });
    const compiling = device.createComputePipelineAsync({ layout, compute: { module, entryPoint: "main" } });
    return unlessStopped(compiling, signal).catch((error: Error) => {
      throw error.name === "GPUPipelineError" ? new GpuRefused(`the shader of ${what} was refused: ${error.message}`) : error;
    });
  });
  gpu.pipelines.set(code, made);
  return made;
}

/** Bind buffers in order; a uniform shows one record. */
export function bind({ device }: OpenGpu, to: GPUComputePipeline, buffers: readonly GPUBuffer[]): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({
    binding,
    resource: buffer.usage & GPUBufferUsage.UNIFORM ? { buffer, size: 16 } : { buffer },
  }));
  return device.createBindGroup({ layout: to.getBindGroupLayout(0), entries });
}

/** Copy pieces of a buffer to the page, four bytes from each offset. */
export async function readWords({ device, signal }: OpenGpu, from: GPUBuffer, offsets: readonly number[]): Promise<ArrayBuffer> {
  const to = device.createBuffer({ size: 4 * offsets.length, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  for (const [i, offset] of offsets.entries()) encoder.copyBufferToBuffer(from, offset, to, 4 * i, 4);
  device.queue.submit([encoder.finish()]);
  await unlessStopped(to.mapAsync(GPUMapMode.READ), signal);
  const bytes = to.getMappedRange().slice(0);
  to.destroy();
  return bytes;
}
