import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, bench, describe } from "vitest";
import { report } from "../../notebooks/jupyter/report.mjs";
import { browserPath, launch } from "../browser";

/** The weight of the reports and how soon a reader sees the first figure, from a server on this machine. */
const types: Readonly<Record<string, string>> = { ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".png": "image/png" };
let folder = "";
let browser: Browser;
let server: Server;
let address = "";
/** Milliseconds from the start of navigation, by the page's own clock, to the first figure's picture, and until Plotly drew it. */
const marks = new Map<string, number[]>();
const seen = { "first-figure": "first figure", "first-live": "first figure drawn by Plotly" } as const;

beforeAll(async () => {
  folder = await report({ say: () => {} });
  const standalone = await report({ standalone: true, say: () => {} });
  const sizes = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((e) => e.isFile())
      .map(({ name }) => statSync(join(path, name)).size);
  const site = [...sizes(folder), ...sizes(join(folder, "assets")), ...sizes(join(folder, "assets", "pictures"))].reduce(
    (a, b) => a + b,
    0,
  );
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
    console.log(`${name} ${median.toFixed(0)} ms after the start of navigation, median of ${times.length}`);
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
        await page.evaluate(() => document.querySelector("figure")?.scrollIntoView({ behavior: "instant" }));
        await page.waitForFunction(() => performance.getEntriesByName("first-live").length > 0, undefined, { polling: 10 });
        for (const [mark, words] of Object.entries(seen)) {
          const at = await page.evaluate((of) => performance.getEntriesByName(of)[0]?.startTime ?? Number.NaN, mark);
          const key = `${name}: ${words}`;
          marks.set(key, [...(marks.get(key) ?? []), at]);
        }
        await page.close();
      },
      { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 },
    );
});
