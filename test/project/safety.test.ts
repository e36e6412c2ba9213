import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jupyterFolder, python, root } from "../../notebooks/jupyter/project.mjs";
import { layOut, tableHtml } from "../../src/text/table";
import { browserIt, launch } from "../browser";
import { listening } from "../listening";

const evil = [
  '<img src=x onerror="window.hacked = 1">',
  "</script><script>window.hacked = 2</script>",
  '"><svg onload="window.hacked = 3">',
  "' autofocus onfocus='window.hacked = 4' x='",
  '<iframe srcdoc="<script>parent.hacked = 5</script>"></iframe>',
  "[link](javascript:window.hacked=6)",
].join(" ");

/** A notebook whose every output carries what a hostile cell of a CSV or name in a config.json could. */
function hostileNotebook(): string {
  const rows = [{ [evil]: evil, rows: 1 }];
  // The columns that a page makes its numbered notes of.
  const notes = ["https://example.org/one", "javascript://%0Awindow.hacked=8"].map((Address) => ({
    Source: evil,
    By: evil,
    Published: evil,
    Address,
  }));
  const figure = {
    data: [{ type: "scatter", x: [1, 2], y: [1, 2], name: evil, text: [evil, evil], hovertemplate: evil }],
    layout: { title: { text: evil }, xaxis: { title: { text: evil } }, annotations: [{ text: evil, x: 1, y: 1 }], showlegend: true },
  };
  const display = (data: object, metadata: object = {}) => ({ output_type: "display_data", data, metadata });
  const outputs = [
    display({ "text/html": tableHtml(layOut(rows, { caption: evil })), "text/plain": evil }),
    display({ "application/vnd.plotly.v1+json": figure, "text/plain": evil }),
    display({ "text/markdown": `**Figure 1.** ${evil}`, "text/plain": evil }, { deepshock: "caption" }),
    display({ "text/markdown": `**In short.** ${evil}`, "text/plain": evil }),
    display({ "text/markdown": `## ${evil}\n\n- ${evil}\n\n> ${evil}\n\n| a |\n|---|\n| ${evil} |\n`, "text/plain": evil }),
    display({ "text/markdown": `Cited: [${evil}](https://example.org/one)`, "text/plain": evil }),
    display({ "text/html": tableHtml(layOut(notes)), "text/plain": evil }),
    display({ "text/latex": evil, "text/plain": evil }),
    display({ "text/plain": evil }),
    display({ "image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg" onload="window.hacked = 7"/>`, "text/plain": evil }),
    { output_type: "stream", name: "stdout", text: evil },
    { output_type: "error", ename: evil, evalue: evil, traceback: [evil] },
  ];
  const cells = [
    {
      cell_type: "markdown",
      id: "t",
      metadata: {},
      source: '# Is it safe?\n\n<p id="written">Written <img src="data:," onerror="window.hacked = \'prose\'"></p>',
    },
    { cell_type: "code", id: "c", metadata: {}, execution_count: 1, source: `// ${evil}`, outputs },
  ];
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });
}

describe("a page made of hostile outputs", () => {
  const folder = join(process.env.DEEPSHOCK_TEST_FOLDER ?? "", "safety");
  const page = join(folder, "01-hostile.html");
  let html = "";
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "01-hostile.ipynb"), hostileNotebook());
    // As JupyterLab's export menu makes it: the same template, everything in one file.
    const options = [
      "--to=html",
      "--HTMLExporter.template_name=deepshock",
      `--HTMLExporter.extra_template_basedirs=${join(jupyterFolder, "templates")}`,
    ];
    const code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from nbconvert.nbconvertapp import main; main()";
    const { code: rc, stderr } = await python(["-c", code, jupyterFolder, ...options, join(folder, "01-hostile.ipynb")]);
    if (rc !== 0) throw new Error(stderr);
    html = readFileSync(page, "utf8");
  }, 120_000);

  it("carries a policy that forbids every request and every script but its own", () => {
    const policy = /<meta [^>]*content="(default-src[^"]+)"/.exec(html)?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'none'");
    expect(policy).toMatch(/script-src( 'sha256-[\w+/=]+')+;/);
  });

  browserIt(
    "runs nothing, asks nothing, and shows the words as words",
    async () => {
      const browser = await launch();
      const tab = await browser.newPage();
      const requests: string[] = [];
      tab.on("request", (request) => requests.push(request.url()));
      await tab.goto(pathToFileURL(page).href);
      await tab.evaluate(() => (globalThis as unknown as { drawFigures: () => Promise<void> }).drawFigures());
      for (const link of await tab.locator('a[href^="javascript"], [autofocus]').all()) await link.dispatchEvent("click");
      const seen = await tab.evaluate(() => {
        const made = [...document.querySelectorAll("*")].filter((one) => one.closest("#written") === null);
        return {
          hacked: (window as unknown as { hacked?: unknown }).hacked,
          handlers: made.flatMap((one) =>
            [...one.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => `${one.tagName} ${name}`),
          ),
          scripts: [...document.scripts].filter(
            (script) => script.textContent?.includes("hacked = 2") && script.type !== "application/json",
          ).length,
          frames: document.querySelectorAll("iframe, object, embed").length,
          links: [...document.links].filter(({ protocol }) => protocol === "javascript:").length,
          cell: document.querySelector("table.deepshock tbody th")?.textContent,
          notes: document.querySelectorAll("ol.sources > li").length,
          figures: document.querySelectorAll("figure .js-plotly-plot").length,
        };
      });
      await browser.close();
      expect(seen).toEqual({ hacked: undefined, handlers: [], scripts: 0, frames: 0, links: 0, cell: evil, notes: 2, figures: 1 });
      expect(requests.filter((url) => !/^(data|blob):/.test(url))).toEqual([pathToFileURL(page).href]);
    },
    120_000,
  );
});

describe("JupyterLab as npm run lab starts it, its port being taken", () => {
  let taken: Server;
  let lab: ChildProcess | undefined;
  let said = "";
  let address = new URL("http://127.0.0.1/");
  let port = 0;

  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    port = (taken.address() as { port: number }).port;
    lab = spawn(process.execPath, [join(jupyterFolder, "lab.mjs"), "--no-browser", `--port=${port}`], { cwd: root, detached: true });
    address = await new Promise((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        said += chunk;
        const url = /http:\/\/127\.0\.0\.1:\d+\/lab[^\s?]*\?token=[0-9a-f]{32,}/.exec(said)?.[0];
        if (url !== undefined) listening(url).then((there) => resolve(new URL(there)), reject);
      };
      lab?.stdout?.on("data", listen);
      lab?.stderr?.on("data", listen);
      lab?.on("close", (code) => reject(new Error(`npm run lab ended with exit code ${code}:\n${said}`)));
    });
  }, 120_000);
  afterAll(async () => {
    taken.close();
    if (lab?.pid === undefined || lab.exitCode !== null) return;
    const ended = new Promise((resolve) => lab?.on("close", resolve));
    process.kill(-lab.pid, "SIGTERM");
    const force = setTimeout(() => lab?.pid !== undefined && process.kill(-lab.pid, "SIGKILL"), 8000);
    await ended;
    clearTimeout(force);
  }, 30_000);

  it("says so and takes another", () => {
    expect(said).toContain(`The port ${port} is already in use`);
    expect(Number(address.port)).not.toBe(port);
  });

  it("lets nobody in without its token, and everybody with it", async () => {
    const status = async (path: string) => (await fetch(new URL(path, address), { redirect: "manual" })).status;
    for (const path of ["/api/contents", "/api/kernels", "/api/terminals", "/files/01-tokens-per-expert.ipynb"])
      expect([path, await status(path)]).toEqual([path, expect.toSatisfy((code: number) => code === 403 || code === 302)]);
    expect(await status("/api/contents?token=wrong")).toBe(403);
    expect(await status(`/api/contents${address.search}`)).toBe(200);
  });

  it("listens on the loopback address alone", async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal);
    for (const { address: host } of others) expect(await reaches(host, Number(address.port)), host).toBe(false);
    expect(await reaches("127.0.0.1", Number(address.port))).toBe(true);
  });
});

function reaches(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 3000 }, () => done(true));
    const done = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.on("error", () => done(false)).on("timeout", () => done(false));
  });
}
