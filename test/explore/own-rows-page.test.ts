import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calibrateRows } from "../../src/explore/own-rows";
import type { RowsCalibration } from "../../src/explore/rows-calibration";
import { setUp } from "../../src/explore/setup";
import { firstState, readAddress, withCalibration, writeAddress } from "../../src/explore/state";
import { viewOf } from "../../src/explore/view";
import { writeQuantity } from "../../src/explore/words";
import { decodeStep, hardware, model, readStepRows } from "../../src/index";
import { browserIt, browserPath, launch } from "../browser";
import { violations } from "../page";
import { builtReports } from "../reports";

let folder = "";
let browser: Browser | undefined;
let page: Page;
const trouble: string[] = [];
const requests: string[] = [];
beforeAll(async () => {
  folder = await builtReports();
  if (browserPath() === undefined) return;
  browser = await launch();
  page = await open();
}, 600_000);
afterAll(() => browser?.close());

async function open(hash = ""): Promise<Page> {
  const context = await (browser as Browser).newContext({ viewport: { width: 1400, height: 900 }, offline: true, acceptDownloads: true });
  const made = await context.newPage();
  made.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  made.on("pageerror", (error) => trouble.push(error.message));
  made.on("request", (request) => requests.push(request.url()));
  await made.goto(pathToFileURL(join(folder, "explore.html")).href + hash);
  await made.waitForFunction(() => Number(document.documentElement.dataset.redraws ?? 0) > 0, undefined, { timeout: 30_000 });
  return made;
}

/** Rows that take a fifth longer than the model says, and 3 ms on top: no factor of the model says just that. */
const table = [
  "model,machine,requests,context,tp,engine,ms",
  ...[1, 4, 16, 48, 64].flatMap((requests) =>
    [1024, 2048, 4096, 8192].map((contextTokens) => {
      const question = { model: model("deepseek-v3"), hardware: hardware("h200-sxm"), requests, contextTokens, tensorParallel: 8 };
      const { seconds } = decodeStep({ ...question, engine: "vllm" });
      return `deepseek-v3,h200-sxm,${requests},${contextTokens},8,vLLM,${(1200 * seconds + 3).toFixed(3)}`;
    }),
  ),
].join("\n");
const { record } = calibrateRows(table, "mine.csv", "milliseconds") as { record: RowsCalibration };
const calibrated = withCalibration({ ...firstState, a: { ...firstState.a, machine: "h200-sxm", engine: "vllm" } }, record);

/** Drop a table onto the page, as a reader does. */
async function drop(name: string, text: string, onto = "#drop"): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([content as string], fileName as string, { type: "text/csv" }));
      return data;
    },
    [name, text],
  );
  await page.dispatchEvent(onto, "drop", { dataTransfer: transfer });
}

const numbers = (of = page) =>
  of.evaluate(() =>
    [...(document.getElementById("numbers-table") as HTMLTableElement).rows].slice(1).map((row) => row.cells[1]?.textContent ?? ""),
  );
const expected = (state = calibrated) => viewOf(setUp(state.a)).quantities.map((quantity) => writeQuantity(quantity));
const address = (of = page) => of.evaluate(() => location.hash);

describe("your own rows, in the page to try", () => {
  browserIt(
    "calibrate it: its numbers, its link, its history, its CSV and its cell are those of the calibrated machine",
    async () => {
      await drop("mine.csv", table);
      await expect.poll(() => numbers(), { timeout: 30_000 }).toEqual(expected());
      expect(await page.locator("#own-rows-result").textContent()).toContain(
        "Calibrated on 20 of your rows of H200 SXM with vLLM: the median error falls from",
      );
      expect(await page.locator("#own-rows-factors tbody tr").count()).toBe(5);
      await expect.poll(() => address()).toContain("cal.rows=20");
      expect(readAddress(await address()).state.a.calibration).toEqual(record);
      await expect.poll(() => page.locator("#summary").textContent()).toContain("on H200 SXM, calibrated on 20 of your rows:");
      expect(await page.locator("#assumed").textContent()).toContain("Calibrated on 20 of your rows.");
      expect(await page.locator("#cell-code").textContent()).toContain('ds.calibratedMachine(ds.hardware("h200-sxm"), {');
      const saved = page.waitForEvent("download");
      await page.locator("#save-csv").click();
      expect(readFileSync(await (await saved).path(), "utf8")).toContain('calibrated,"on 20 of your rows (h200-sxm, vllm)",');
      // One entry: back is the page as it was, forward the calibrated one.
      await page.goBack();
      await expect.poll(() => numbers()).toEqual(expected(firstState));
      expect(await page.locator("#own-rows-factors").count()).toBe(0);
      await page.goForward();
      await expect.poll(() => numbers()).toEqual(expected());
    },
    90_000,
  );

  browserIt(
    "are drawn: points, the model as it is, and the model calibrated, the same as the panel says",
    async () => {
      await page.locator("#figure-own-rows").scrollIntoViewIfNeeded();
      const traces = () =>
        page.evaluate(() => {
          const plot = document.querySelector("#figure-own-rows .plot") as HTMLElement & { data?: { name: string; x: number[] }[] };
          return plot.data?.map(({ name, x }) => `${name}: ${x.length}`) ?? [];
        });
      await expect.poll(traces, { timeout: 20_000 }).toContain("4,096 tokens: 5");
      expect((await traces()).filter((name) => /tokens: (model as it is|calibrated)/.test(name))).toHaveLength(8);
      expect(await page.locator("#figure-own-rows figcaption").textContent()).toContain("H200 SXM with vLLM, DeepSeek-V3, TP8 attention");
      expect(await page.locator("#figure-own-rows .plot").getAttribute("aria-label")).toContain("off by");
      expect(await violations(page)).toEqual([]);
    },
    60_000,
  );

  browserIt(
    "travel as factors alone: a link restores them, says that its rows are elsewhere, and one button takes them back",
    async () => {
      const other = await open(`#${writeAddress(calibrated)}`);
      expect(await numbers(other)).toEqual(expected());
      expect(await other.locator("#own-rows-result").textContent()).toContain("the rows themselves did not");
      expect(await other.locator("#own-rows-drawn").isVisible()).toBe(false);
      await other.locator("#a-machine").selectOption("b200-sxm");
      await expect.poll(() => other.locator("#own-rows-result").textContent()).toContain("of which there are no rows");
      await other.locator("#own-rows-show").click();
      await expect.poll(() => other.locator("#own-rows-show").count()).toBe(0);
      await expect.poll(() => other.locator("#a-machine").inputValue()).toBe("h200-sxm");
      await other.locator("#own-rows-reset").click();
      await expect.poll(() => other.locator("#own-rows-factors").count()).toBe(0);
      await expect.poll(() => address(other)).not.toContain("cal.");
      await other.evaluate(() => {
        location.hash = "#cal.machine=h200-sxm&cal.engine=vllm&cal.rows=20&cal.before=0.2&cal.after=0.1&cal.products=1e9";
      });
      await expect.poll(() => other.locator("#troubles").textContent()).toContain("cal.products must be a factor from 0.1 to 10");
      await other.context().close();
    },
    60_000,
  );

  browserIt(
    "are refused with words where they cannot be read, and the page stays as it was; reasons stand row by row, as text",
    async () => {
      const before = await numbers();
      const attack = "<img src=x onerror=window.harmed=1>";
      const lines = table.split("\n");
      const cases: readonly (readonly [text: string, words: string])[] = [
        ["", "expected a line of names and measured steps below it, got none"],
        [
          "modell,machine,requests,context,ms\na,b,1,1,1",
          'expected a column "model" (or model id, model name); nearest of those there: "modell"',
        ],
        [lines.slice(0, 4).join("\n"), "Only 3 rows can be used and at least 4 are needed"],
        [table.replace(",ms", ",seconds"), "are they in the unit that was said?"],
        [`${lines[0]}\n${attack},h200-sxm,1,1024,8,vLLM,12`, "No row can be used"],
      ];
      for (const [text, words] of cases) {
        await drop(`${attack}.csv`, text, "#own-rows");
        await expect.poll(() => page.locator("#own-rows-trouble").textContent()).toContain(words);
        expect(await numbers()).toEqual(before);
      }
      expect(await page.locator("#own-rows-reasons").textContent()).toContain(`unknown model "${attack}`);
      expect(await page.evaluate(() => [(window as { harmed?: number }).harmed, document.images.length])).toEqual([undefined, 0]);
    },
    60_000,
  );

  browserIt(
    "may be pasted, in the unit that the reader says; an example is there to be filled in; nothing is kept or sent",
    async () => {
      await page.locator("#reset").click();
      await expect.poll(() => page.locator("#own-rows-factors").count()).toBe(0);
      await page.locator("#own-rows-paste summary").click();
      const inMicroseconds = table.replace(",ms", ",latency").replace(/[\d.]+$/gm, (ms) => String(Number(ms) * 1e3));
      await page.locator("#own-rows-text").fill(inMicroseconds);
      await page.locator("#own-rows-unit").selectOption("microseconds");
      await page.locator("#own-rows-use").click();
      await expect
        .poll(() => page.locator("#own-rows-result").textContent(), { timeout: 30_000 })
        .toContain("Calibrated on 20 of your rows");
      expect(await page.locator("#own-rows-text").inputValue()).toBe("");
      const saved = page.waitForEvent("download");
      await page.locator("#own-rows-example").click();
      const example = readFileSync(await (await saved).path(), "utf8");
      expect(readStepRows(example.replace(/,$/gm, ",12")).rows.length).toBeGreaterThanOrEqual(8);
      expect(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, ""]);
      expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
      expect(trouble).toEqual([]);
    },
    60_000,
  );

  it("has twenty rows that halve the error on rows left out, though no factor says what was changed", () => {
    expect(record.after).toBeLessThan(record.before / 2);
  });
});
