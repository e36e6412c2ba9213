import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { report } from "../../notebooks/jupyter/report.mjs";
import { claims } from "../../src/claims/claims";
import { argument } from "../../src/front-page";
import { browserIt, browserPath, launch } from "../browser";
import { contrasts, drawnAgain, inspect, open, violations } from "../page";
import { books, builtReports } from "../reports";

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

it("the site of all reports weighs under 12 MB with one whole Plotly, and a single file under 8 MB", () => {
  expect(bytesBelow(folder)).toBeLessThan(12e6);
  const assets = ["explore.css", "explore.js", "page.css", "page.js", "pictures", "plotly.js"];
  expect(readdirSync(join(folder, "assets")).sort()).toEqual(assets);
  for (const name of [...pages, "explore"]) expect(statSync(join(standalone, `${name}.html`)).size).toBeLessThan(8e6);
});

it("the Plotly that the site carries is all of plotly.js-dist, packed, and is what the policy of each page knows by its hash", () => {
  const packed = /"([\w+/=]+)"/.exec(readFileSync(join(folder, "assets", "plotly.js"), "utf8"))?.[1] ?? "";
  const text = gunzipSync(Buffer.from(packed, "base64"));
  const script = text.toString("utf8");
  for (const kind of ["sankey", "parcoords", "scatter3d", "scatter", "bar"])
    expect(new RegExp(`["'\`]${kind}["'\`]`).test(script), kind).toBe(true);
  const hash = `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  for (const name of [...pages, "explore"])
    for (const where of [folder, standalone]) expect(readFileSync(join(where, `${name}.html`), "utf8"), name).toContain(hash);
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
  const links = [...front.matchAll(/<h3><a href="([^"]+)">/g)].map(([, href]) => href);
  expect(links).toEqual(books.map(({ name }) => `${name}.html`));
});

it("the front page shows the verdict of every claim, linked to its notebook", () => {
  const front = readFileSync(join(folder, "index.html"), "utf8");
  for (const { id, verdict, notebook } of claims()) {
    expect(front).toContain(`<a href="${notebook}.html">${id}</a>`);
    expect(front.split(`>${id}</a>`)[1]).toMatch(
      new RegExp(`^</th><td[^>]*>[^<]+</td><td><a class="word badge [a-z-]+" href="#claim-${id}">${verdict}</a>`),
    );
    expect(front).toContain(`<tr id="claim-${id}">`);
  }
});

it("the front page tells the argument in the six sentences that the model computes", () => {
  const front = readFileSync(join(folder, "index.html"), "utf8").replaceAll("\u00a0", " ");
  const told = argument();
  expect(told).toHaveLength(6);
  for (const sentence of told) expect(front).toContain(`<li>${sentence}</li>`);
});

it("every page says at its foot which version it is, of which day, under which licence and how to cite it, as CITATION.cff has it", () => {
  const cff = readFileSync("CITATION.cff", "utf8");
  const of = (key: string) => new RegExp(`^${key}: (.+)$`, "m").exec(cff)?.[1] ?? key;
  for (const name of [...pages, "explore"]) {
    const html = readFileSync(join(folder, `${name}.html`), "utf8");
    const foot = /<footer class="foot">.*?<\/footer>/s.exec(html)?.[0] ?? "";
    expect(foot, name).toContain(`deepshock ${of("version")}</strong>, ${of("date-released")} · ${of("license")} licence`);
    expect(foot, name).toContain(`version = {${of("version")}},`);
    expect(foot, name).toContain(`date = {${of("date-released")}},`);
    expect(foot, name).toContain('href="https://zhuanlan.zhihu.com/p/17757036454"');
    expect(foot, name).not.toMatch(/http:|localhost|undefined|None/);
    expect(html, name).toMatch(new RegExp(`@bottom-left \\{ content: "deepshock ${of("version")}, ${of("date-released")} · `));
  }
});

it("the front page leads to the verdict of every claim, what gained and lost worth, how sure, a layer, the reports and how to cite, in that order", () => {
  const front = readFileSync(join(folder, "index.html"), "utf8");
  const places = ["verdicts", "worth", "sure", "layer", "argument", "reports", "cite"].map((id) => front.indexOf(`id="${id}"`));
  for (const place of places) expect(place).toBeGreaterThan(0);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

it("every report begins with its answer and bears the verdicts of its claims", () => {
  for (const { name } of books) {
    const head = /<header class="title">.*?<\/header>/s.exec(readFileSync(join(folder, `${name}.html`), "utf8"))?.[0] ?? "";
    expect(head, name).toContain('<div class="answer"><p><strong>In short.</strong>');
    const badges = [...head.matchAll(/>Claim (\w+): ([^<]+)<\/a>/g)].map(([, id, verdict]) => ({ id, verdict }));
    const own = claims().filter(({ notebook }) => notebook === name);
    expect(badges, name).toEqual(own.map(({ id, verdict }) => ({ id, verdict })));
  }
});

it("every report lists its sources by number, and each link to one bears that number", () => {
  for (const { name } of books) {
    const html = readFileSync(join(folder, `${name}.html`), "utf8");
    const sources = new Map(
      [...html.matchAll(/<li id="source-(\d+)"[^>]*><span class="note-body">.*?(?:<a href="([^"]+)">|<\/span>)/g)].map(([, n, url]) => [
        url,
        n,
      ]),
    );
    // The start notebook argues nothing: it has the article and its model's source.
    expect(sources.size, name).toBeGreaterThan(name === "00-start" ? 1 : 3);
    const text = html.slice(0, html.indexOf('<ol class="sources">'));
    for (const [, url, number] of text.matchAll(
      /<a href="(https:[^"]+)"[^>]*>[^<]*<\/a>(?:<sup class="cite"><a[^>]*href="#source-(\d+)")?/g,
    ))
      if (sources.has(url)) expect(number, `${name}: ${url}`).toBe(sources.get(url));
  }
});

it("every link inside the site leads to a page that is there, and to a place in it", () => {
  const html = new Map(pages.map((name) => [`${name}.html`, readFileSync(join(folder, `${name}.html`), "utf8")]));
  for (const [name, text] of html) {
    for (const [, href = "", place] of text.matchAll(/href="([^"#:]*)(?:#([^"]*))?"/g)) {
      if (href !== "")
        expect([...html.keys(), "zh.html", "explore.html", "notices.html", "assets/page.css"], `${name}: ${href}`).toContain(href);
      const page = html.get(href === "" ? name : href);
      if (place !== undefined && page !== undefined) expect(page.includes(`id="${place}"`), `${name}: ${href}#${place}`).toBe(true);
    }
  }
});

describe.each(pages)("%s", (name) => {
  it("forbids every request in its own policy, and names none", () => {
    const html = readFileSync(join(folder, `${name}.html`), "utf8");
    expect(html).toMatch(/<meta (?=[^>]*http-equiv="Content-Security-Policy")[^>]*content="default-src 'none'/);
    expect(html).toContain("connect-src 'none'");
    expect([...html.matchAll(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(https?:)?\/\//g)]).toEqual([]);
  });

  browserIt(
    "with the network cut draws every figure, within its width, readable and with nothing in the way of who cannot see: narrow and wide, light and dark",
    async () => {
      const { page, trouble, requests } = await open(await running(), join(folder, `${name}.html`), 360, "dark");
      const fits = async (so: string) => {
        const { drawn, asked, overflow, words } = await page.evaluate(inspect);
        expect({ drawn, overflow }, so).toEqual({ drawn: asked, overflow: [] });
        expect(asked).toBeGreaterThan(0);
        for (const text of words) expect(text.length).toBeGreaterThan(20);
      };
      await fits("360 pixels, dark");
      await page.setViewportSize({ width: 390, height: 844 });
      await drawnAgain(page, () => page.emulateMedia({ colorScheme: "light" }));
      await fits("390 pixels, light");
      for (const [so, act] of [
        ["1400 pixels, light", () => page.setViewportSize({ width: 1400, height: 900 })],
        ["1400 pixels, dark", () => page.emulateMedia({ colorScheme: "dark" })],
      ] as const) {
        await drawnAgain(page, act);
        await fits(so);
        const { seen, low } = await page.evaluate(contrasts);
        expect(low, so).toEqual([]);
        // The drawing of the start notebook has few words.
        expect(seen).toBeGreaterThan(name === "00-start" ? 5 : 10);
        expect(await violations(page), so).toEqual([]);
      }
      expect(trouble).toEqual([]);
      expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
      await page.context().close();
    },
    120_000,
  );
});

// One template makes all of them: the front page, the first and the last report, and one with a menu.
describe.each(["index", "01-tokens-per-expert", "06-launch-overhead", "12-verdicts"])("%s", (name) => {
  browserIt(
    "is as complete in a single file",
    async () => {
      const { page, trouble, requests } = await open(await running(), join(standalone, `${name}.html`), 1400, "light");
      const { drawn, asked } = await page.evaluate(inspect);
      expect({ drawn, trouble, requests: requests.length }).toEqual({ drawn: asked, trouble: [], requests: 1 });
      await page.context().close();
    },
    60_000,
  );
});

browserIt(
  "the page to try is as complete in a single file, its worker included",
  async () => {
    const { page, trouble, requests } = await open(await running(), join(standalone, "explore.html"), 1400, "light");
    await page.waitForFunction(() => document.documentElement.dataset.refined === "true", undefined, { timeout: 60_000 });
    expect(await page.locator("#numbers-table tr").count()).toBeGreaterThan(10);
    expect(await page.locator("#claims-progress").textContent()).toContain("All draws are in");
    expect({ trouble, elsewhere: requests.filter((url) => !/^(file|blob):/.test(url)) }).toEqual({ trouble: [], elsewhere: [] });
    await page.context().close();
  },
  90_000,
);

async function running(): Promise<Browser> {
  browser ??= await launch();
  return browser;
}
