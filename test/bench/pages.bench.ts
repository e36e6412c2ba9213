import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, bench, describe } from "vitest";
import { report } from "../../notebooks/jupyter/report.mjs";
import { browserPath, launch } from "../browser";

/** The weight of the reports and how soon a reader sees the first figure, from a server on this machine. */
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript" };
let folder = "";
let browser: Browser;
let server: Server;
let address = "";
/** Milliseconds from the start of navigation to the first figure, by the page's own clock. */
const marks = new Map<string, number[]>();

beforeAll(async () => {
  folder = await report({ say: () => {} });
  const standalone = await report({ standalone: true, say: () => {} });
  const sizes = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((e) => e.isFile())
      .map(({ name }) => statSync(join(path, name)).size);
  const site = [...sizes(folder), ...sizes(join(folder, "assets"))].reduce((a, b) => a + b, 0);
  console.log(`site: ${(site / 1e6).toFixed(2)} MB; largest single file: ${(Math.max(...sizes(standalone)) / 1e6).toFixed(2)} MB`);
  server = createServer((request, response) => {
    const path = join(folder, decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    try {
      response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream").end(readFileSync(path));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launch();
}, 900_000);
afterAll(async () => {
  for (const [name, times] of marks) {
    const median = times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
    console.log(`${name}: first figure ${median.toFixed(0)} ms after the start of navigation, median of ${times.length}`);
  }
  await browser?.close();
  server?.close();
});

describe.skipIf(browserPath() === undefined)("first figure of a page, from its address to drawn", () => {
  for (const name of ["index", "01-tokens-per-expert", "08-tensor-to-expert-parallel"])
    bench(
      name,
      async () => {
        const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
        await page.goto(`${address}/${name}.html`);
        await page.waitForFunction(() => performance.getEntriesByName("first-figure").length > 0, undefined, { polling: 10 });
        const [at = Number.NaN] = await page.evaluate(() => performance.getEntriesByName("first-figure").map(({ startTime }) => startTime));
        marks.set(name, [...(marks.get(name) ?? []), at]);
        await page.close();
      },
      { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 },
    );
});
