import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";
import { browserIt, browserPath, launch } from "../browser";
import { books, builtReports } from "../reports";

interface Cell {
  readonly cell_type: string;
  readonly outputs?: readonly { readonly data?: Record<string, unknown> }[];
}
const withoutOutputs = (cell: Cell): Cell => (cell.cell_type === "code" ? ({ ...cell, outputs: [], execution_count: null } as Cell) : cell);

const first = books[0];
// A copy, so that what JupyterLab saves leaves the committed notebook alone; below the project, where the kernel finds it.
const folder = join(root, "reports", `.lab-${process.pid}`);
const notebook = JSON.parse(first === undefined ? '{"cells":[]}' : readFileSync(first.path, "utf8")) as { cells: Cell[] };
const figuresOf = ({ cells }: { readonly cells: readonly Cell[] }): number =>
  cells.filter(({ outputs }) => outputs?.some(({ data }) => data?.["application/vnd.plotly.v1+json"] !== undefined)).length;
const figures = figuresOf(notebook);
let lab: ChildProcess | undefined;
let browser: Browser | undefined;
let address = "";
let site = "";

beforeAll(async () => {
  if (first === undefined || browserPath() === undefined) return;
  site = await builtReports();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${first.name}.ipynb`), JSON.stringify({ ...notebook, cells: notebook.cells.map(withoutOutputs) }));
  browser = await launch();
  address = await startLab();
}, 900_000);
afterAll(async () => {
  await browser?.close();
  if (lab?.pid !== undefined && lab.exitCode === null) {
    const ended = new Promise((resolve) => lab?.on("close", resolve));
    process.kill(-lab.pid, "SIGTERM");
    const force = setTimeout(() => lab?.pid !== undefined && process.kill(-lab.pid, "SIGKILL"), 8000);
    await ended;
    clearTimeout(force);
  }
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

/** Starts `npm run lab` in a group of its own, and gives the address that it prints. */
async function startLab(): Promise<string> {
  const port = await freePort();
  const script = join(root, "notebooks", "jupyter", "lab.mjs");
  lab = spawn(process.execPath, [script, "--no-browser", `--port=${port}`, `--ServerApp.root_dir=${folder}`], {
    cwd: root,
    detached: true,
  });
  let said = "";
  return new Promise((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said += chunk;
      const url = /http:\/\/127\.0\.0\.1:\d+\/lab\?token=[0-9a-f]+/.exec(said)?.[0];
      if (url !== undefined) resolve(url);
    };
    lab?.stdout?.on("data", listen);
    lab?.stderr?.on("data", listen);
    lab?.on("close", (code) => reject(new Error(`npm run lab ended with exit code ${code}:\n${said}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describe("JupyterLab as npm run lab starts it", () => {
  browserIt(
    "runs all cells of the first notebook, draws its figures, and shows no error",
    async () => {
      if (browser === undefined || first === undefined) throw new Error("no browser or no notebook");
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      const outside: string[] = [];
      page.on("request", (request) => /^(https?|wss?):\/\/(?!127\.0\.0\.1)/.test(request.url()) && outside.push(request.url()));
      await page.goto(address.replace("/lab?", `/lab/tree/${first.name}.ipynb?`));
      await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor({ timeout: 60_000 });
      await page.getByText("TypeScript | Idle").waitFor({ timeout: 90_000 });
      await page.getByRole("menuitem", { name: "Run", exact: true }).click();
      await page.locator('[data-command="runmenu:run-all"]').click();
      const seen = await page.evaluate(outcome);
      expect(seen.errors).toEqual([]);
      expect(seen.figures).toBe(figures);
      expect(figures).toBeGreaterThan(0);
      expect(seen.undrawn).toBe(0);
      expect(outside).toEqual([]);
      await page.close();
    },
    240_000,
  );

  browserIt(
    "shows every figure of a notebook that was only opened, no wider than the page",
    async () => {
      const book = books.findLast(({ path }) => figuresOf(JSON.parse(readFileSync(path, "utf8"))) > 3);
      if (browser === undefined || book === undefined) throw new Error("no browser or no notebook");
      copyFileSync(book.path, join(folder, `${book.name}.ipynb`));
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      await page.goto(address.replace("/lab?", `/lab/workspaces/opened/tree/${book.name}.ipynb?`));
      const pictures = page.locator(".jp-RenderedPlotly img");
      const expected = figuresOf(JSON.parse(readFileSync(book.path, "utf8")));
      await pictures.nth(expected - 1).waitFor({ timeout: 90_000 });
      expect(await pictures.count()).toBe(expected);
      const over = await pictures.evaluateAll((all) =>
        all.map((img) => img.clientWidth - (img.parentElement as Element).clientWidth).filter((pixels) => pixels > 0),
      );
      expect(over).toEqual([]);
      await page.close();
    },
    120_000,
  );

  browserIt(
    "exports the same page as the report, all in one file, but for the links to its neighbours",
    async () => {
      if (first === undefined) throw new Error("no notebook");
      // The very notebook that the report was made of.
      copyFileSync(join(site, ".cache", `${first.name}.ipynb`), join(folder, "executed.ipynb"));
      const url = address.replace("/lab?", "/nbconvert/html/executed.ipynb?");
      const exported = await (await fetch(url)).text();
      expect(exported).toContain("connect-src 'none'");
      expect(exported).toContain("plotly.js (cartesian");
      expect(exported).not.toMatch(/<script[^>]+src=/);
      expect(alone(exported)).toEqual(alone(readFileSync(join(site, `${first.name}.html`), "utf8")));
      expect(alone(exported).length).toBeGreaterThan(100);
    },
    240_000,
  );
});

/** The lines of what a page says, without its links to other pages of the site. */
function alone(html: string): readonly string[] {
  return html
    .slice(html.indexOf("<body>"), html.indexOf("</main>"))
    .replace(/<nav[^>]*class="around".*?<\/nav>\n?/s, "")
    .replace(/<(a|span)[^>]*class="home".*?<\/\1>/g, "")
    .replace(/<a [^>]*href="explore\.html"[^>]*>.*?<\/a>/g, "")
    .replace(/href="(\d\d-[^"#/]+)\.(?:ipynb|html)/g, 'href="$1')
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Runs in JupyterLab: waits until the cells have run, and counts figures and errors. */
async function outcome(): Promise<{ figures: number; undrawn: number; errors: string[] }> {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const status = () => document.querySelector(".jp-Notebook-ExecutionIndicator")?.getAttribute("data-status");
  const prompts = () => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].map((prompt) => prompt.textContent ?? "");
  const end = Date.now() + 180_000;
  while (Date.now() < end && !prompts().every((prompt) => /\d/.test(prompt))) await pause(500);
  while (Date.now() < end && status() !== "idle") await pause(500);
  await pause(3000);
  const errors = [
    ...document.querySelectorAll('[data-mime-type="application/vnd.jupyter.stderr"], [data-mime-type="application/vnd.jupyter.error"]'),
  ];
  return {
    figures: document.querySelectorAll(".jp-CodeCell .js-plotly-plot svg.main-svg:first-of-type").length,
    undrawn: document.querySelectorAll(".jp-CodeCell .js-plotly-plot:not(:has(svg.main-svg))").length,
    errors: [...errors.map((error) => error.textContent ?? ""), ...(Date.now() < end ? [] : [`not all cells ran: ${prompts().join(" ")}`])],
  };
}
