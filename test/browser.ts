import { it } from "vitest";
import { browserPath, launch } from "../notebooks/jupyter/browser.mjs";

export { browserPath, launch };

/**
 * A test in a browser. On a user's machine without one it is skipped and says so; where CI is set it fails.
 */
export function browserIt(title: string, test: () => Promise<void>, timeout: number): void {
  if (browserPath() === undefined && process.env.CI === undefined)
    it.skip(`${title} [skipped: no Chromium on the PATH; name one in CHROMIUM_PATH]`, test);
  else it(title, test, timeout);
}

/** Software WebGPU: results are right, times mean nothing. */
export const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] as const;
