import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { browserScript } from "../../notebooks/jupyter/explore.mjs";
import { readGpuDispatches, readGpuGathers, readGpuProducts } from "../../src/explore/gpu/gpu-csv";
import type { Figure } from "../../src/figures/figure";
import { hardware } from "../../src/machine/hardware";
import { browserIt, browserPath, launch, softwareGpu } from "../browser";
import { trace } from "../figures/figure-cases";

let folder: string;
let browser: Browser | undefined;
let opened: Page | undefined;

beforeAll(async () => {
  if (browserPath() === undefined) return;
  folder = mkdtempSync(join(tmpdir(), "deepshock-gpu-"));
  await bundle();
  browser = await launch(softwareGpu);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** The panel on a page of its own, opened as a file as reports are. */
async function page(circumstance: string, from = browser as Browser): Promise<Page> {
  if (from !== browser || opened === undefined) {
    const fresh = await from.newPage({ viewport: { width: 360, height: 800 } });
    fresh.on("pageerror", (error) => {
      throw error;
    });
    await fresh.goto(pathToFileURL(join(folder, "gpu.html")).href);
    if (from === browser) opened = fresh;
    await mount(fresh, circumstance);
    return fresh;
  }
  await mount(opened, circumstance);
  return opened;
}

interface Hooks {
  readonly mount: (name: string) => void;
  readonly choose: (machine: string) => void;
  readonly figures: () => readonly Figure[];
  readonly saved: () => readonly (readonly [Figure, string, string])[];
  readonly submits: () => number;
  readonly loseGpu: () => void;
}
declare global {
  interface Window {
    readonly page: Hooks;
  }
}

const mount = (on: Page, circumstance: string) => on.evaluate((name) => window.page.mount(name), circumstance);
const figures = (on: Page) => on.evaluate(() => window.page.figures());
const submits = (on: Page) => on.evaluate(() => window.page.submits());
const said = async (on: Page) => (await on.locator(".gpu-status").textContent()) ?? "";
/** Press the button and wait for the end. */
async function measure(on: Page): Promise<string> {
  await on.locator(".gpu-start").click();
  await on.locator(".gpu-start").waitFor({ state: "visible", timeout: 60_000 });
  return said(on);
}

describe("the panel with a software GPU", () => {
  browserIt(
    "measures nothing before the button, then a small plan with its own shaders; gives files that our readers read; redraws without measuring again",
    async () => {
      const on = await page("small");
      expect([await said(on), await submits(on), await on.locator(".gpu-results").isVisible()]).toEqual(["", 0, false]);
      expect(await measure(on)).toBe("Done.");
      const words = await on.locator(".gpu-warning").textContent();
      expect(words).toContain("swiftshader");
      expect(words).toContain("says nothing of any GPU".replace("says", "say"));
      expect(words).toContain("The expert of DeepSeek-V3 is 64 by 96 here");
      expect(await on.locator(".gpu-figure h3").allTextContents()).toEqual([
        "An expert's product against its tokens",
        "The same against the expert's width",
        "Bandwidth against the length of an access",
        "What a start costs",
      ]);
      const products = readGpuProducts(await saved(on, "gemm-webgpu.csv"));
      expect(products.map((p) => [p.element, p.rows, p.width, p.hiddenSize, p.experts])).toEqual([
        ["f32", 16, 96, 64, 1],
        ["f32", 40, 96, 64, 1],
        ["f32", 16, 96, 64, 3],
        ["f32", 40, 32, 64, 1],
      ]);
      const gathers = readGpuGathers(await saved(on, "row-gather-webgpu.csv"));
      expect(gathers.map((g) => [g.rowBytes, g.threadAccessBytes])).toEqual([
        [4, 4],
        [8, 8],
        [64, 16],
        [65_536, 16],
      ]);
      const dispatches = readGpuDispatches(await saved(on, "launch-webgpu.csv"));
      expect(dispatches.map((d) => d.way)).toEqual(["free", "chained", "submitted"]);
      const times = [...products.map((p) => p.seconds), ...dispatches.map((d) => d.seconds), ...gathers.map((g) => 1 / g.bytesPerSecond)];
      expect(times.every((seconds) => seconds > 0 && seconds < 10)).toBe(true);
      const before = await figures(on);
      const gather = trace(before[2] as Figure, "measured");
      expect(gather.x).toEqual(gathers.map((g) => g.rowBytes));
      expect(gathers.every((g, i) => Math.abs((gather.y[i] as number) / g.bytesPerSecond - 1) < 1e-4)).toBe(true);
      const count = await submits(on);
      await on.evaluate(() => window.page.choose("b200-sxm"));
      const after = await figures(on);
      expect(trace(after[2] as Figure, "measured").y).toEqual(gather.y);
      const curve = trace(after[2] as Figure, `${hardware("b200-sxm").name}, whole sectors`);
      expect(curve.y.at(-1)).toBe(hardware("b200-sxm").memoryBytesPerSecond);
      expect(await submits(on)).toBe(count);
      await on.locator(".gpu-figure .svg").nth(2).click();
      expect(await on.evaluate(() => window.page.saved())).toEqual([[after[2], "svg", "deepshock-gpu-gathers"]]);
      expect(await on.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    },
    90_000,
  );

  browserIt(
    "stops when cancelled by keyboard: nothing is submitted any more, and what was measured is kept and marked",
    async () => {
      const on = await page("long");
      await on.locator(".gpu-start").focus();
      await on.keyboard.press("Enter");
      await on.locator(".gpu-status", { hasText: "products of one expert" }).waitFor({ timeout: 60_000 });
      expect(await on.evaluate(() => document.activeElement?.className)).toBe("gpu-cancel");
      await on.keyboard.press("Enter");
      await on.locator(".gpu-start").waitFor({ state: "visible", timeout: 5000 });
      expect(await said(on)).toBe("Stopped: cancelled.");
      expect(await on.evaluate(() => document.activeElement?.className)).toBe("gpu-start");
      const count = await submits(on);
      await on.waitForTimeout(300);
      expect(await submits(on)).toBe(count);
      expect(await on.locator(".gpu-warning").textContent()).toContain("Stopped early: cancelled.");
      const file = await saved(on, "launch-webgpu.csv");
      expect(file.split("\n")[0]).toContain("incomplete: cancelled");
      expect(readGpuDispatches(file)).toHaveLength(3);
    },
    90_000,
  );

  browserIt(
    "stops when the tab goes to the background",
    async () => {
      const on = await page("long");
      await on.locator(".gpu-start").click();
      await on.locator(".gpu-status", { hasText: "products of one expert" }).waitFor({ timeout: 60_000 });
      await on.evaluate(() => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
        document.dispatchEvent(new Event("visibilitychange"));
        Reflect.deleteProperty(document, "hidden");
      });
      await on.locator(".gpu-start").waitFor({ state: "visible", timeout: 5000 });
      expect(await said(on)).toBe("Stopped: the tab went to the background, where browsers hold work back.");
      expect(readGpuGathers(await saved(on, "row-gather-webgpu.csv"))).toHaveLength(4);
    },
    90_000,
  );

  browserIt(
    "takes the page's clock, in fewer batches, where the GPU has none, and says so",
    async () => {
      const on = await page("no timestamps");
      expect(await measure(on)).toBe("Done.");
      expect(await on.locator(".gpu-warning").textContent()).toContain("Times are the page's around many repeats");
      expect((await saved(on, "gemm-webgpu.csv")).split("\n")[0]).toContain("; wall clock, median");
      const products = readGpuProducts(await saved(on, "gemm-webgpu.csv"));
      expect(products.every(({ seconds }) => seconds > 0)).toBe(true);
    },
    90_000,
  );

  browserIt(
    "stops at its time limit and keeps what it has",
    async () => {
      const on = await page("limited");
      expect(await measure(on)).toBe("Stopped: the time limit of 4 s was reached.");
      expect(readGpuDispatches(await saved(on, "launch-webgpu.csv")).length).toBeGreaterThan(0);
      expect(await on.locator(".gpu-warning").textContent()).toContain("What was measured by then is kept.");
    },
    90_000,
  );

  browserIt(
    "shows no number after a wrong result, and says which was wrong",
    async () => {
      for (const [circumstance, words] of [
        [
          "wrong product",
          /^The product of \[5, 48\] and \[48, 36\] in f32 is wrong: expert 0, row 0, column 0 should be -?\d+ exactly, and is /,
        ],
        ["wrong gather", /^The gather of rows of 4 B is wrong: invocation 0 should have read words that fold to \d+, and got /],
        ["wrong counter", /^The counter is wrong: (\d+) dispatches, each after the one before, counted \d+\./],
        ["wrong in one shape", /^The product of \[40, 64\] and \[64, 96\] in f32 is wrong/],
        ["broken shader", /^the shader of the counter was refused: /],
      ] as const) {
        const on = await page(circumstance);
        const message = await measure(on);
        expect(message, circumstance).toMatch(words);
        if (circumstance !== "broken shader") expect(message).toContain("No time of this GPU means anything then, so none is shown.");
        expect(await on.locator(".gpu-results").isVisible(), circumstance).toBe(false);
      }
    },
    90_000,
  );

  browserIt(
    "leaves out what would hold up the screen, and measures in no tab that is held back",
    async () => {
      const on = await page("too long a dispatch");
      expect(await measure(on)).toBe("Done.");
      await on.locator(".gpu-left-out summary").click();
      expect(await on.locator(".gpu-left-out").textContent()).toMatch(/f32, one expert, 40 rows, width 96: one dispatch would take about/);
      expect(await measure(await page("slow tab"))).toMatch(
        /^This tab is too slow to measure in: an empty submit took 1 s\. Bring it to the front/,
      );
    },
    90_000,
  );

  browserIt(
    "keeps what it has when the GPU is lost, and says so",
    async () => {
      const on = await page("long");
      await on.locator(".gpu-start").click();
      await on.locator(".gpu-status", { hasText: "products of one expert" }).waitFor({ timeout: 60_000 });
      await on.evaluate(() => window.page.loseGpu());
      await on.locator(".gpu-start").waitFor({ state: "visible", timeout: 5000 });
      expect(await said(on)).toMatch(/^Stopped: the GPU was lost: /);
      expect(readGpuGathers(await saved(on, "row-gather-webgpu.csv"))).toHaveLength(4);
      await mount(on, "lost at once");
      expect(await measure(on)).toMatch(/^Stopped: the GPU was lost: .*\. Nothing was measured\.$/);
    },
    90_000,
  );

  browserIt(
    "says what is missing where there is no WebGPU",
    async () => {
      expect(await measure(await page("no WebGPU"))).toMatch(/^This browser offers no WebGPU\. .*--enable-unsafe-webgpu/);
      const without = await launch();
      try {
        expect(await measure(await page("browser", without))).toMatch(/^This browser has WebGPU but found no GPU it will use\./);
      } finally {
        await without.close();
      }
    },
    90_000,
  );
});

/** What a button of the panel saves. */
async function saved(on: Page, name: string): Promise<string> {
  const [download] = await Promise.all([on.waitForEvent("download"), on.locator(`[data-file="${name}"]`).click()]);
  expect(download.suggestedFilename()).toBe(name);
  return readFileSync(await download.path(), "utf8");
}

async function bundle(): Promise<void> {
  writeFileSync(join(folder, "gpu.js"), await browserScript(join(import.meta.dirname, "gpu-page.ts")));
  const templates = join(import.meta.dirname, "..", "..", "notebooks", "jupyter", "templates", "deepshock");
  const style = ["page.css", "explore.css"].map((name) => readFileSync(join(templates, name), "utf8")).join("\n");
  writeFileSync(
    join(folder, "gpu.html"),
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>GPU</title><style>${style}</style><body class="explore"><main><section id="gpu"></section></main><script src="gpu.js"></script></body></html>`,
  );
}
