/** Where Chromium is, and how it is started: without a network of its own, and as root where the user is root. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const elsewhere = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

/**
 * CHROMIUM_PATH where it is set, and then nothing else (so that an empty one means no browser); else the usual names.
 *
 * @returns {string | undefined}
 */
export function browserPath({ CHROMIUM_PATH, PATH = "" } = process.env) {
  if (CHROMIUM_PATH !== undefined) return existsSync(CHROMIUM_PATH) ? CHROMIUM_PATH : undefined;
  const onPath = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...elsewhere].find((path) => existsSync(path));
}

/**
 * @param {readonly string[]} [more] further arguments of Chromium.
 * @returns {Promise<import("playwright-core").Browser>}
 * @throws Error when there is no browser.
 */
export async function launch(more = []) {
  const executablePath = browserPath();
  if (executablePath === undefined)
    throw new Error("no Chromium: expected one on the PATH, or its path in the environment variable CHROMIUM_PATH");
  const quiet = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const asRoot = process.getuid?.() === 0 || process.env.CI !== undefined ? ["--no-sandbox"] : [];
  // As a require: this file is read before packages are installed.
  const { chromium } = createRequire(import.meta.url)("playwright-core");
  return chromium.launch({ executablePath, args: [...quiet, ...asRoot, ...more] });
}
