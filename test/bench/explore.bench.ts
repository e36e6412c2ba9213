import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { bench, describe } from "vitest";
import { setUp } from "../../src/explore/setup";
import { firstState } from "../../src/explore/state";
import { claimIds, claimRow, coarseDraws, scenarioOf } from "../../src/explore/verdicts";
import { viewOf } from "../../src/explore/view";
import { gpuCounts, hardware, model, searchDeployments } from "../../src/index";
import { searchPlan } from "../../src/step/search/search";
import { browserPath, launch } from "../browser";
import { builtReports } from "../reports";

const setups = ["deepseek-v3", "kimi-k2", "glm-4.5"].map((model) => setUp({ ...firstState.a, model }));
let next = 0;
const another = () => setups[next++ % setups.length] as (typeof setups)[number];

describe("the page to try, one change of the model", () => {
  bench("numbers, tasks and requests", () => {
    viewOf(another());
  });
  bench("first answer on every claim", () => {
    const scenario = scenarioOf(another());
    for (const id of claimIds()) claimRow(id, scenario, coarseDraws);
  });
});

describe("searching deployments of DeepSeek-V3 on 8 to 64 H200", () => {
  const asked = {
    ...{ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), gpus: gpuCounts(8, 64), inputTokens: 4096, outputTokens: 1024 },
    ...{ draftTokens: [0, 1, 2], weightFormat: ["fp8_block", "bfloat16"] },
  };
  const begun = performance.now();
  const { searched } = searchDeployments(asked);
  const cold = performance.now() - begun;
  const again = performance.now();
  searchDeployments(asked);
  const rate = (milliseconds: number) => Math.round((searched / milliseconds) * 1000).toLocaleString("en-US");
  console.log(
    `${searched} deployments; per second, of which the goal is 10,000: ${rate(performance.now() - again)}, and ${rate(cold)} the first time, tables read`,
  );
  bench("all of them", () => {
    searchDeployments(asked);
  });
  bench("the outline that the page shows first", () => {
    const { ways, deploymentOf } = searchPlan(asked);
    for (const way of ways.slice(0, 1000)) deploymentOf(way);
  });
});

let browser: Browser | undefined;
let page: Page | undefined;

/** Vitest runs no hooks around a benchmark: the first run opens the page, the last closes it. */
async function openPage(): Promise<void> {
  if (page !== undefined) return;
  const folder = await builtReports();
  const script = join(folder, "assets", "explore.js");
  console.log(`explore.js: ${kilobytes(statSync(script).size)}, ${kilobytes(gzipSync(readFileSync(script)).length)} gzipped`);
  browser = await launch();
  const address = pathToFileURL(join(folder, "explore.html")).href;
  const loads: { answer: number; search: number }[] = [];
  for (let load = 0; load < 7; load++) loads.push(await loaded(browser, address));
  const middle = (key: "answer" | "search") =>
    loads
      .map((one) => one[key])
      .sort((a, b) => a - b)[3]
      ?.toFixed(0);
  console.log(
    `after the start of navigation, median of 7 loads: first answer ${middle("answer")} ms, all of the first search ${middle("search")} ms`,
  );
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(address);
  await page.waitForFunction(() => document.documentElement.dataset.refined === "true", undefined, { timeout: 60_000 });
  for (const [at, what] of [
    ["#main", "numbers"],
    ["#figure-tokens", "two figures, tokens at an expert the first,"],
    ["#figure-task", "two figures, time of a task the first,"],
    ["#figure-access", "two figures, length of accesses the second,"],
    ["#figure-requests", "the figure of requests"],
    ["#claims-table", "the claims"],
  ] as const) {
    const times = await redraws(page, at);
    const [median, most] = [0.5, 0.9].map((share) => times[Math.floor(share * times.length)]);
    console.log(`a redraw with ${what} in sight: median ${median} ms, nine of ten within ${most} ms, longest ${times.at(-1)} ms`);
  }
}

/** A load in a page of its own: milliseconds to the first answer, and until the first search is done. */
async function loaded(by: Browser, address: string): Promise<{ readonly answer: number; readonly search: number }> {
  const own = await by.newPage({ viewport: { width: 1400, height: 900 } });
  await own.goto(address);
  await own.waitForFunction(() => (document.documentElement.dataset.searched ?? "") !== "", undefined, { timeout: 60_000, polling: 10 });
  const times = await own.evaluate(() => ({
    answer: performance.getEntriesByName("first-answer")[0]?.startTime ?? Number.NaN,
    search: performance.now(),
  }));
  await own.close();
  return times;
}

/** In Chromium, from the change to the last figure in sight: what a reader waits for. */
describe.skipIf(browserPath() === undefined)("the page to try, in Chromium", () => {
  bench(
    "a change of the tokens, claims in sight",
    async () => {
      await change(page as Page, "tokens", String(1024 + (next++ % 64) * 64));
    },
    {
      time: 1000,
      warmupIterations: 1,
      setup: openPage,
      teardown: async (_, mode) => {
        if (mode === "run") await browser?.close();
      },
    },
  );
});

/** Changes of every kind, one after another: of the control, to the value. */
const changes: readonly (readonly [string, string])[] = [
  ["tokens", "1024"],
  ["gpus", "32"],
  ["tp", "2"],
  ["tokens", "8192"],
  ["ep", "32"],
  ["format", "bfloat16"],
  ["context", "9000"],
  ["drafts", "1"],
  ["tokens", "2048"],
  ["format", ""],
  ["gpus", "64"],
  ["drafts", "0"],
];

/** Milliseconds of redraws after each change, twice round, sorted. */
async function redraws(of: Page, at: string): Promise<readonly number[]> {
  await of.locator(at).scrollIntoViewIfNeeded();
  await of.waitForTimeout(1500);
  const times: number[] = [];
  for (const [control, value] of [...changes, ...changes]) {
    times.push(await change(of, control, value));
    await of.waitForTimeout(100);
  }
  return times.sort((a, b) => a - b);
}

/** Change a control, and say how long the page took to show what follows. */
async function change(of: Page, control: string, value: string): Promise<number> {
  const before = await of.evaluate(() => document.documentElement.dataset.redraws);
  await of.locator(`#a-${control}`).evaluate((field: HTMLInputElement | HTMLSelectElement, to) => {
    field.value = to;
    field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input"));
  }, value);
  await of.waitForFunction((count) => document.documentElement.dataset.redraws !== count, before, { timeout: 30_000 });
  return Number(await of.evaluate(() => document.documentElement.dataset.redrawMilliseconds));
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
