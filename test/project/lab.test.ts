import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { root, venv } from "../../notebooks/jupyter/project.mjs";
import { codeOf } from "../../src/text/code";
import { browserIt, browserPath, launch } from "../browser";
import { hostileNames } from "../hostile-names";
import { listening } from "../listening";
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
/** As images of containers carry it for the whole machine: no token, any origin, no XSRF. */
const machineConfiguration = join(venv, "etc", "jupyter", "jupyter_server_config.json");
const openToAll = {
  ServerApp: { token: "", password: "", allow_origin: "*", disable_check_xsrf: true, ip: "0.0.0.0", allow_remote_access: true },
  IdentityProvider: { token: "" },
};
let lab: ChildProcess | undefined;
let browser: Browser | undefined;
let address = "";

beforeAll(async () => {
  if (first === undefined || browserPath() === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${first.name}.ipynb`), JSON.stringify({ ...notebook, cells: notebook.cells.map(withoutOutputs) }));
  browser = await launch();
  mkdirSync(join(machineConfiguration, ".."), { recursive: true });
  writeFileSync(machineConfiguration, JSON.stringify(openToAll));
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
  rmSync(machineConfiguration, { force: true });
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
      const url = /http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/00-start\.ipynb\?token=[0-9a-f]+/.exec(said)?.[0];
      if (url !== undefined) listening(url.replace("/lab/tree/00-start.ipynb?", "/lab?")).then(resolve, reject);
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
    "takes token, origin and XSRF from the project, whatever the machine's own configuration says",
    async () => {
      const { origin, searchParams } = new URL(address);
      const status = async (path: string, options: RequestInit = {}) => (await fetch(`${origin}/${path}`, options)).status;
      expect(await status("api/contents")).toBe(403);
      expect(await status("api/kernels", { method: "POST", body: "{}" })).toBe(403);
      expect(await status(`api/contents?token=${searchParams.get("token")}`)).toBe(200);
      const signedIn = await fetch(address, { redirect: "manual" });
      const cookie = signedIn.headers
        .getSetCookie()
        .map((one) => one.split(";")[0])
        .join("; ");
      const headers = { cookie, origin: "http://elsewhere.invalid" };
      // Refused, or not there for one from elsewhere; 201 would be a kernel.
      expect([403, 404]).toContain(await status("api/kernels", { method: "POST", body: "{}", headers }));
      const across = await fetch(`${origin}/api/contents`, { headers });
      expect(across.headers.get("access-control-allow-origin")).toBeNull();
    },
    60_000,
  );

  browserIt(
    "opens the start notebook first, and lists notebooks without the scripts that run them",
    async () => {
      expect(first?.name).toBe("00-start");
      mkdirSync(join(folder, "jupyter"), { recursive: true });
      const { origin, search } = new URL(address);
      const { content } = (await (await fetch(`${origin}/api/contents${search}`)).json()) as { content: { name: string }[] };
      expect(content.map(({ name }) => name)).toContain("00-start.ipynb");
      expect(content.map(({ name }) => name)).not.toContain("jupyter");
    },
    60_000,
  );

  browserIt(
    "runs nothing of hostile names in the words and captions that cells show",
    async () => {
      if (browser === undefined) throw new Error("no browser");
      const source = `import { showFigure, showText } from "deepshock/notebook";
const names = ${codeOf(hostileNames)};
for (const name of names) showText(\`**In short.** \${name} takes long.\`);
showFigure({ data: [], layout: {}, caption: names.join("\\n\\n"), alt: "none" });
console.log("all shown");`;
      const cell = { cell_type: "code", id: "hostile", metadata: {}, execution_count: null, outputs: [], source };
      writeFileSync(join(folder, "hostile.ipynb"), JSON.stringify({ ...notebook, cells: [cell] }));
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      const asked: string[] = [];
      page.on("request", (request) => /\/q$|javascript:|data:text\/html/.test(request.url()) && asked.push(request.url()));
      await page.goto(address.replace("/lab?", "/lab/workspaces/hostile/tree/hostile.ipynb?"));
      await page.getByText("TypeScript | Idle").waitFor({ timeout: 90_000 });
      await page.getByRole("menuitem", { name: "Run", exact: true }).click();
      await page.locator('[data-command="runmenu:run-all"]').click();
      await page.getByText("all shown", { exact: true }).waitFor({ timeout: 90_000 });
      await page.waitForTimeout(1500);
      const found = await page.evaluate(() => ({
        owned: (globalThis as { owned?: unknown }).owned,
        made: document.querySelectorAll(
          ".jp-OutputArea-output :is(script, iframe, style, [onerror], [onload], a[href^='javascript'], a[href^='data'])",
        ).length,
      }));
      expect(found).toEqual({ made: 0 });
      expect(asked).toEqual([]);
      await page.close();
    },
    240_000,
  );

  browserIt(
    "keeps the height of a figure whose legend is used, and its width is that of the cell",
    async () => {
      if (browser === undefined) throw new Error("no browser");
      const source = `import { showFigure } from "deepshock/notebook";
const line = (name: string, y: number[]) => ({ type: "scatter", name, x: [1, 2], y });
const data = [line("first", [1, 2]), line("second", [2, 1])];
showFigure({ data, layout: { height: 300 }, caption: "Two lines.", alt: "none" });`;
      const cell = { cell_type: "code", id: "legend", metadata: {}, execution_count: null, outputs: [], source };
      writeFileSync(join(folder, "legend.ipynb"), JSON.stringify({ ...notebook, cells: [cell] }));
      const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
      await page.goto(address.replace("/lab?", "/lab/workspaces/legend/tree/legend.ipynb?"));
      await page.getByText("TypeScript | Idle").waitFor({ timeout: 90_000 });
      await page.getByRole("menuitem", { name: "Run", exact: true }).click();
      await page.locator('[data-command="runmenu:run-all"]').click();
      const plot = page.locator(".js-plotly-plot");
      const shown = page.locator(".js-plotly-plot .scatterlayer .trace");
      await page.locator(".js-plotly-plot .legendtoggle").first().waitFor({ timeout: 90_000 });
      const before = await plot.boundingBox();
      await page.locator(".js-plotly-plot .legendtoggle").first().click();
      await expect.poll(() => shown.count(), { timeout: 20_000 }).toBe(1);
      await page.waitForTimeout(500);
      const after = await plot.boundingBox();
      expect(before?.height).toBeGreaterThanOrEqual(300);
      expect(after?.height).toBe(before?.height);
      expect(after?.width).toBeGreaterThan(600);
      await page.close();
    },
    240_000,
  );

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
      const site = await builtReports();
      // The very notebook that the report was made of.
      copyFileSync(join(site, ".cache", `${first.name}.ipynb`), join(folder, "executed.ipynb"));
      const url = address.replace("/lab?", "/nbconvert/html/executed.ipynb?");
      const exported = await (await fetch(url)).text();
      expect(exported).toContain("connect-src 'none'");
      // Jupyter sets attributes in an order of its own.
      expect(exported).toMatch(/<script (?=[^>]*type="text\/plain")[^>]*id="plotly"[^>]*>[\w+/=]{1000000}/);
      expect(exported).not.toMatch(/<script[^>]+src=/);
      expect(alone(exported)).toEqual(alone(readFileSync(join(site, `${first.name}.html`), "utf8")));
      expect(alone(exported).length).toBeGreaterThan(100);
    },
    900_000,
  );
});

/** The lines of what a page says, without its links to other pages of the site and where its pictures are kept. */
function alone(html: string): readonly string[] {
  return (
    html
      .slice(html.indexOf("<body>"), html.indexOf("</main>"))
      .replace(/<nav[^>]*class="around".*?<\/nav>\n?/s, "")
      .replace(/<(a|span)[^>]*class="home".*?<\/\1>/g, "")
      .replace(/<a [^>]*href="explore\.html"[^>]*>.*?<\/a>/g, "")
      .replace(/href="(\d\d-[^"#/]+)\.(?:ipynb|html)/g, 'href="$1')
      // A site keeps pictures in files, a single page in itself.
      .replace(/(<img [^>]*)src="[^"]*"/g, "$1")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
  );
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
