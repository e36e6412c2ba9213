import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { it } from "vitest";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const elsewhere = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

/** Where Chromium is: CHROMIUM_PATH, or its usual names on the PATH. */
export function browserPath(): string | undefined {
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env.CHROMIUM_PATH, ...onPath, ...elsewhere].find((path) => path !== undefined && existsSync(path));
}

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

/** @throws Error when there is no browser. */
export async function launch(more: readonly string[] = []): Promise<Browser> {
  const path = browserPath();
  if (path === undefined) throw new Error("no Chromium on the PATH, and CHROMIUM_PATH names none");
  const quiet = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const asRoot = process.getuid?.() === 0 || process.env.CI !== undefined ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: path, args: [...quiet, ...asRoot, ...more] });
}
