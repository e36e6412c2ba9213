import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { report } from "../notebooks/jupyter/report.mjs";
import { claims } from "../src/claims";
import { browserIt, browserPath, launch } from "./browser";
import { books, builtReports } from "./reports";

let folder = "";
let standalone = "";
let browser: Browser | undefined;
beforeAll(async () => {
  folder = await builtReports();
  standalone = await report({ folder, standalone: true, say: () => {} });
  if (browserPath() !== undefined) browser = await launch();
}, 600_000);
afterAll(() => browser?.close());

const bytesBelow = (path: string): number =>
  readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === ".cache" || entry.name === "standalone") return sum;
    return sum + (entry.isDirectory() ? bytesBelow(join(path, entry.name)) : statSync(join(path, entry.name)).size);
  }, 0);
const pages = ["index", ...books.map(({ name }) => name)];

it("the site weighs under 8 MB for three reports, and a single file under 6 MB", () => {
  expect(bytesBelow(folder)).toBeLessThan(8e6 + Math.max(0, books.length - 3) * 0.4e6);
  for (const { name } of books) expect(statSync(join(standalone, `${name}.html`)).size).toBeLessThan(6e6);
});

it("writes the same pages again, in under five seconds, when nothing has changed", async () => {
  const read = () => pages.map((name) => readFileSync(join(folder, `${name}.html`), "utf8"));
  const before = read();
  const start = performance.now();
  await report({ folder, say: () => {} });
  expect(performance.now() - start).toBeLessThan(5000);
  expect(read()).toEqual(before);
});

it("the front page leads to every report by its title, in order", () => {
  const front = readFileSync(join(folder, "index.html"), "utf8");
  const links = [...front.matchAll(/<h2><a href="([^"]+)">/g)].map(([, href]) => href);
  expect(links).toEqual(books.map(({ name }) => `${name}.html`));
});

it("the front page shows the verdict of every claim, linked to its notebook", () => {
  const front = readFileSync(join(folder, "index.html"), "utf8");
  for (const { id, verdict, notebook } of claims()) {
    expect(front).toContain(`<a href="${notebook}.html">${id}</a>`);
    expect(front.split(`>${id}</a>`)[1]).toMatch(new RegExp(`^[^]*?<strong>${verdict}</strong>`));
  }
});

it("every link inside the site leads to a page that is there", () => {
  for (const name of pages) {
    const html = readFileSync(join(folder, `${name}.html`), "utf8");
    for (const [, href = ""] of html.matchAll(/href="([^"#:]+)["#]/g))
      expect([...pages.map((page) => `${page}.html`), "explore.html", "assets/page.css"], `${name}: ${href}`).toContain(href);
  }
});

describe.each(pages)("%s", (name) => {
  it("forbids every request in its own policy, and names none", () => {
    const html = readFileSync(join(folder, `${name}.html`), "utf8");
    expect(html).toMatch(/http-equiv="Content-Security-Policy"|content="default-src 'none'/);
    expect(html).toContain("connect-src 'none'");
    expect([...html.matchAll(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:)?\/\//g)]).toEqual([]);
  });

  for (const where of ["folder", "standalone"] as const) {
    for (const [width, colorScheme] of [
      [1400, "light"],
      [1400, "dark"],
      [390, "light"],
      [360, "dark"],
    ] as const) {
      if (where === "standalone" && (width !== 1400 || colorScheme !== "light")) continue;
      browserIt(
        `draws every figure with the network cut: ${where === "folder" ? "site" : "single file"}, ${width} pixels, ${colorScheme}`,
        async () => {
          const seen = await open(join(where === "folder" ? folder : standalone, `${name}.html`), width, colorScheme);
          try {
            expect(seen.trouble).toEqual([]);
            expect(seen.requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
            const { drawn, asked, overflow, words } = await seen.page.evaluate(inspect);
            expect(drawn).toBe(asked);
            expect(overflow).toEqual([]);
            for (const text of words) expect(text.length).toBeGreaterThan(20);
            if (name !== "index") expect(asked).toBeGreaterThan(0);
          } finally {
            await seen.page.context().close();
          }
        },
        60_000,
      );
    }
  }
});

async function open(
  path: string,
  width: number,
  colorScheme: "light" | "dark",
): Promise<{ page: Page; trouble: string[]; requests: string[] }> {
  if (browser === undefined) browser = await launch();
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
  const page = await context.newPage();
  const trouble: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  await page.route(/^(?!file:|data:|blob:)/, (route) => route.abort());
  await page.goto(pathToFileURL(path).href);
  await page.waitForFunction(
    () => document.querySelector("figure") === null || document.documentElement.dataset.drawn === "true",
    undefined,
    { timeout: 30_000 },
  );
  return { page, trouble, requests };
}

/** Runs in the page: figures asked for and drawn, what sticks out to the side, and the words of each figure. */
function inspect(): { asked: number; drawn: number; overflow: string[]; words: string[] } {
  const plots = [...document.querySelectorAll("figure > .plot")];
  const wide = document.documentElement.scrollWidth > window.innerWidth;
  const culprits = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > window.innerWidth + 1,
  );
  return {
    asked: plots.length,
    drawn: plots.filter(
      (plot) => plot.matches(".js-plotly-plot") && plot.querySelector("svg.main-svg .plot, svg.main-svg .cartesianlayer") !== null,
    ).length,
    overflow: wide
      ? culprits.slice(0, 5).map((element) => `${element.tagName}.${element.className} ends at ${element.getBoundingClientRect().right}`)
      : [],
    words: plots.map((plot) => plot.getAttribute("aria-label") ?? ""),
  };
}

browserIt(
  "the code folds and unfolds by keyboard, one cell and all",
  async () => {
    const name = books[0]?.name ?? "";
    const { page } = await open(join(folder, `${name}.html`), 1400, "light");
    const closed = () => page.locator("details.code:not([open])").count();
    const before = await closed();
    await page.locator("details.code:not([open]) > summary").first().press("Enter");
    expect(await closed()).toBe(before - 1);
    await page.locator("#all-code").press("Enter");
    expect(await closed()).toBe(0);
    await page.locator("#all-code").press("Enter");
    expect(await page.locator("details.code[open]").count()).toBe(0);
    await page.context().close();
  },
  60_000,
);

browserIt(
  "words of a figure are readable on dark paper",
  async () => {
    const name = books[0]?.name ?? "";
    const { page } = await open(join(folder, `${name}.html`), 1400, "dark");
    const colours = await page.evaluate(() =>
      [...document.querySelectorAll(".js-plotly-plot text")].map((text) => getComputedStyle(text).fill),
    );
    expect(colours.length).toBeGreaterThan(10);
    for (const colour of colours) {
      const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
      // Brighter than a middle grey: a contrast of about 4 to the page's dark paper.
      expect(0.2126 * r + 0.7152 * g + 0.0722 * b, colour).toBeGreaterThan(105);
    }
    await page.context().close();
  },
  60_000,
);
