/** There is no GPU to measure: what is missing, and what the reader can do. */
export class GpuUnavailable extends Error {}

/** The GPU gave a wrong result: no time of it means anything. */
export class WrongResult extends Error {}

/** The browser or the GPU refused what it was asked. */
export class GpuRefused extends Error {}

/** The run was ended before its end; the message says by what. */
export class Stopped extends Error {}

/** What the browser lacks, in the order in which a reader would meet it; undefined where there is WebGPU. */
export function whyNoWebGpu(secure: boolean, gpu: unknown): string | undefined {
  if (!secure) return "WebGPU works only on a secure page: https, localhost or a file of your own. This address is none of them.";
  if (gpu !== undefined && gpu !== null) return undefined;
  return (
    "This browser offers no WebGPU. Chrome and Edge have it on Windows, macOS, ChromeOS and Android; Safari and Firefox in recent " +
    "versions on some systems. In Chrome on Linux it may need the flag --enable-unsafe-webgpu (or chrome://flags/#enable-unsafe-webgpu) " +
    "and Vulkan; in Firefox dom.webgpu.enabled in about:config."
  );
}

/** The browser has WebGPU but gave no adapter. */
export const noAdapter =
  "This browser has WebGPU but found no GPU it will use. Turn on graphics acceleration in its settings and update the driver; " +
  "chrome://gpu says what is blocked. In Chrome on Linux start it with --enable-unsafe-webgpu --enable-features=Vulkan.";

/** A promise that ends with the run: its own end, or Stopped with the signal's reason. */
export function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new Stopped(String(signal.reason)));
    if (signal.aborted) {
      work.catch(() => {});
      stop();
      return;
    }
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
