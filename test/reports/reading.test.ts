import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserIt, browserPath, launch } from "../browser";
import { open } from "../page";
import { books, builtReports } from "../reports";

let folder = "";
let browser: Browser | undefined;
beforeAll(async () => {
  folder = await builtReports();
  if (browserPath() !== undefined) browser = await launch();
}, 600_000);
afterAll(() => browser?.close());

const named = (beginning: string): string => books.find(({ name }) => name.startsWith(beginning))?.name ?? beginning;

const pages = new Map<string, Promise<Page>>();

/** A page, opened once: a test leaves it readable for the next. */
function read(name: string): Promise<Page> {
  const known = pages.get(name) ?? opened(name);
  pages.set(name, known);
  return known;
}

async function opened(name: string): Promise<Page> {
  if (browser === undefined) throw new Error("no browser");
  return (await open(browser, join(folder, `${name}.html`), 1400, "light")).page;
}

browserIt(
  "the code folds and unfolds by keyboard, one cell and all",
  async () => {
    const page = await read(named("01"));
    const closed = () => page.locator("details.code:not([open])").count();
    const before = await closed();
    await page.locator("details.code:not([open]) > summary").first().press("Enter");
    expect(await closed()).toBe(before - 1);
    await page.locator("#all-code").press("Enter");
    expect(await closed()).toBe(0);
    await page.locator("#all-code").press("Enter");
    expect(await page.locator("details.code[open]").count()).toBe(0);
  },
  60_000,
);

browserIt(
  "Tab alone reaches code, tables, notes, menus, numbers and pictures, and shows where it is",
  async () => {
    const page = await read(named("05"));
    const kinds = [
      ".skip",
      "#all-code",
      ".contents a",
      ".badge",
      "details.code > summary",
      ".sort",
      ".cite a",
      "select",
      ".numbers > summary",
      ".save",
      ".around a",
    ];
    const reached = new Set<string>();
    for (let i = 0; i < 250; i++) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate((kinds) => {
        const { activeElement: here } = document;
        if (here === null || here === document.body) return undefined;
        const { outlineStyle, outlineWidth } = getComputedStyle(here);
        return { kind: kinds.find((kind) => here.matches(kind)) ?? "", isSeen: outlineStyle !== "none" && outlineWidth !== "0px" };
      }, kinds);
      if (at === undefined) break;
      expect(at.isSeen, at.kind).toBe(true);
      reached.add(at.kind);
    }
    for (const kind of kinds) expect([...reached], kind).toContain(kind);
  },
  60_000,
);

browserIt(
  "a table sorts by the value of its numbers, up, down and back, and says so",
  async () => {
    const page = await read(named("12"));
    const parts = page.locator("table", { has: page.getByRole("button", { name: "Holds if (thresholds are ours)" }) });
    const columns = await parts.locator("thead th").allTextContents();
    const nth = columns.findIndex((column) => column.includes("Share"));
    const cells = () => parts.locator(`tbody tr > :nth-child(${nth + 1})`).allTextContents();
    const head = parts.locator("thead th").nth(nth);
    const before = await cells();
    const value = (text: string) => Number(text.replace("under 1 %", "0.9").replace("over 99 %", "99.1").replace(/\s*%/, ""));
    const shares = (texts: readonly string[]) => texts.map(value).filter((share) => !Number.isNaN(share));
    await head.getByRole("button").press("Enter");
    expect(await head.getAttribute("aria-sort")).toBe("ascending");
    expect(shares(await cells())).toEqual(shares(before).sort((a, b) => a - b));
    await head.getByRole("button").press("Enter");
    expect(await head.getAttribute("aria-sort")).toBe("descending");
    expect(shares(await cells())).toEqual(shares(before).sort((a, b) => b - a));
    await head.getByRole("button").press("Enter");
    expect(await head.getAttribute("aria-sort")).toBe("none");
    expect(await cells()).toEqual(before);
  },
  60_000,
);

browserIt(
  "numbers sort in their units, what is missing last, a row without a name keeps that of its group",
  async () => {
    const page = await read(named("12"));
    const sorted = (rows: readonly string[]) =>
      page.evaluate((given) => {
        const table = document.createElement("table");
        table.createTHead().insertRow().append(document.createElement("th"));
        (table.tHead as HTMLTableSectionElement).rows[0]?.cells[0]?.append("Number");
        const body = table.createTBody();
        for (const text of given) body.insertRow().insertCell().textContent = text;
        document.querySelector("main")?.append(table);
        (globalThis as unknown as { makeSortable: (table: HTMLTableElement) => void }).makeSortable(table);
        table.querySelector("button")?.click();
        const texts = [...body.rows].map((row) => row.textContent ?? "");
        table.remove();
        return texts;
      }, rows);
    expect(await sorted(["1.2 ms", "–", "900 µs", "3 s", "80 ns"])).toEqual(["80 ns", "900 µs", "1.2 ms", "3 s", "–"]);
    expect(await sorted(["2 GB", "1.5 TB", "12 kB", "64 KiB", "256 B"])).toEqual(["256 B", "12 kB", "64 KiB", "2 GB", "1.5 TB"]);
    expect(await sorted(["∞", "1,143", "1 %", "−3", "under 1 %", "0.5"])).toEqual(["−3", "0.5", "under 1 %", "1 %", "1,143", "∞"]);
    expect(await sorted(["2026-04", "2025", "2025-01-11"])).toEqual(["2025", "2025-01-11", "2026-04"]);
    expect(await sorted(["10", "0b", "0a", "9"])).toEqual(["0a", "0b", "9", "10"]);
    const parts = page.locator("table", { has: page.getByRole("button", { name: "Holds if (thresholds are ours)" }) });
    const names = () =>
      parts.locator("tbody > tr > :first-child").evaluateAll((heads) =>
        heads.map((head) => {
          const again = head.querySelector(".again");
          return again !== null && again.getBoundingClientRect().width <= 1 ? "" : (head.textContent ?? "");
        }),
      );
    expect((await names()).filter((text) => text === "").length).toBeGreaterThan(5);
    await parts.getByRole("button", { name: "Share", exact: true }).press("Enter");
    expect((await names()).filter((text) => text === "")).toEqual([]);
  },
  60_000,
);

browserIt(
  "a source opens where the text names it, and closes again by Escape",
  async () => {
    const page = await read(named("01"));
    const mark = page.locator(".cite a").first();
    await mark.press("Enter");
    expect(await mark.getAttribute("aria-expanded")).toBe("true");
    const note = page.locator(`#${await mark.getAttribute("aria-controls")}`);
    expect(await note.textContent()).toContain("DeepShock!");
    expect(await note.getByRole("link").getAttribute("href")).toBe("https://zhuanlan.zhihu.com/p/17757036454");
    expect(new URL(page.url()).hash).toBe("");
    await mark.press("Escape");
    expect(await mark.getAttribute("aria-expanded")).toBe("false");
    expect(await page.getByRole("note").count()).toBe(0);
  },
  60_000,
);

browserIt(
  "a figure's menu is a list that the keyboard moves, and its numbers are a table of what is shown",
  async () => {
    const page = await read(named("05"));
    const figure = page.locator("figure", { has: page.locator("select") }).first();
    const shown = () =>
      figure.locator(".plot").evaluate((plot) => {
        const { data } = plot as unknown as { data: readonly { visible?: boolean }[] };
        return data.flatMap(({ visible }, i) => (visible === false ? [] : [i]));
      });
    const wanted = (choice: number) =>
      figure.locator('script[type="application/json"]').evaluate((script, chosen) => {
        const { layout } = JSON.parse(script.textContent ?? "");
        const visible: readonly boolean[] = layout.updatemenus[0].buttons[chosen].args[0].visible;
        return visible.flatMap((is, i) => (is ? [i] : []));
      }, choice);
    const list = figure.locator("select");
    const before = await list.evaluate((select) => (select as HTMLSelectElement).selectedIndex);
    expect(await shown()).toEqual(await wanted(before));
    await list.focus();
    await page.keyboard.press("ArrowDown");
    expect(await shown()).toEqual(await wanted(before + 1));
    expect(await wanted(before + 1)).not.toEqual(await wanted(before));
    // The reader's choice outlives a change of colours.
    await page.evaluate(() => {
      document.documentElement.dataset.drawn = "false";
    });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForFunction(() => document.documentElement.dataset.drawn === "true");
    expect(await shown()).toEqual(await wanted(before + 1));
    await figure.locator(".numbers > summary").press("Enter");
    const points = figure.locator(".numbers tbody tr");
    await points.first().waitFor();
    expect(await points.count()).toBeGreaterThan(100);
    expect(await figure.locator(".numbers thead th").allTextContents()).toContain("Tokens per expert");
  },
  60_000,
);

browserIt(
  "the contents follow the scroll",
  async () => {
    const page = await read(named("01"));
    const current = () => page.locator('.contents a[aria-current="true"]').getAttribute("href");
    for (const id of ["the-model", "sources"]) {
      await page.evaluate((at) => document.getElementById(at)?.scrollIntoView({ behavior: "instant" }), id);
      await page.waitForFunction((href) => document.querySelector(".contents a[aria-current]")?.getAttribute("href") === href, `#${id}`);
      expect(await current()).toBe(`#${id}`);
    }
  },
  60_000,
);

browserIt(
  "prints its answers, its figures in light colours and no controls, on some A4 pages",
  async () => {
    const page = await read(named("02"));
    await page.emulateMedia({ colorScheme: "dark" });
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
    expect(
      await page.locator("#all-code, .contents, .tools, .around").evaluateAll((all) => all.filter((one) => one.checkVisibility()).length),
    ).toBe(0);
    expect(await page.locator(".prose details:not([open])").count()).toBe(0);
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    const count = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(16);
  },
  60_000,
);
