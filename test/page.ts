import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";

/** A page of the reports in the browser, its figures drawn; what it complained of and asked for. */
export interface OpenPage {
  readonly page: Page;
  readonly trouble: string[];
  readonly requests: string[];
}

/** Opens a page with the network cut, and has Plotly draw all its figures. */
export async function open(browser: Browser, path: string, width: number, colorScheme: "light" | "dark"): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true });
  const page = await context.newPage();
  const trouble: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => !request.url().startsWith("data:") && requests.push(request.url()));
  await page.route(/^(?!file:|data:|blob:)/, (route) => route.abort());
  await page.goto(pathToFileURL(path).href);
  await everyFigure(page);
  return { page, trouble, requests };
}

/** Does what makes the page draw its figures anew, and waits until it has. */
export async function drawnAgain(page: Page, act: () => Promise<unknown>): Promise<void> {
  await page.evaluate(() => {
    document.documentElement.dataset.drawn = "false";
  });
  await act();
  await allDrawn(page);
}

/** Figures are pictures until they come near: here every one is asked for. */
async function everyFigure(page: Page): Promise<void> {
  await page.waitForFunction(() => "drawFigures" in globalThis || document.querySelector("figure") === null, undefined, {
    timeout: 30_000,
  });
  await page.evaluate(() => (globalThis as unknown as { drawFigures?: () => Promise<void> }).drawFigures?.());
  await allDrawn(page);
}

async function allDrawn(page: Page): Promise<void> {
  const drawn = () => document.querySelector("figure") === null || document.documentElement.dataset.drawn === "true";
  await page.waitForFunction(drawn, undefined, { timeout: 30_000 });
}

/** Runs in the page: figures asked for and drawn, what sticks out to the side, and the words of each figure. */
export function inspect(): { asked: number; drawn: number; overflow: string[]; words: string[] } {
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
    words: plots.map((plot) => (plot.getAttribute("role") === "img" ? (plot.getAttribute("aria-label") ?? "") : "")),
  };
}

/** Runs in the page: how many words its figures show, and those whose contrast to the paper is below WCAG's 4.5 (AA). */
export function contrasts(): { seen: number; low: string[] } {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? [])
      .map(Number)
      .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  const texts = [...document.querySelectorAll(".plot text")].filter((text) => text.textContent?.trim() !== "");
  const low = texts.flatMap((text) => {
    const { fill } = getComputedStyle(text);
    const own = luminance(fill);
    const contrast = (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
    return contrast < 4.5 ? [`${text.textContent} in ${fill}: ${contrast.toFixed(2)}`] : [];
  });
  return { seen: texts.length, low };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds on the page that is serious or critical. */
export async function violations(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  // Inside a figure there is nothing to read but a picture, whose words stand in its label; their contrast is measured elsewhere.
  return page.evaluate(async () => {
    interface Result {
      readonly violations: readonly { impact: string; id: string; help: string; nodes: readonly { html: string }[] }[];
    }
    const { axe } = globalThis as unknown as { axe: { run: (context: unknown, options: unknown) => Promise<Result> } };
    const found = await axe.run({ exclude: [".plot svg"] }, { resultTypes: ["violations"], preload: false });
    return found.violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}
