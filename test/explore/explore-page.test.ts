import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";
import { answerOf } from "../../src/explore/answer";
import { firstFind } from "../../src/explore/find";
import { askedOf } from "../../src/explore/finder";
import { keepsLimits, planOfSearch, pointOf, ranked } from "../../src/explore/found";
import { modelFromFile } from "../../src/explore/own";
import { pictureOf } from "../../src/explore/pictures";
import { setUp } from "../../src/explore/setup";
import { type Choice, firstState, readAddress, type State, writeAddress } from "../../src/explore/state";
import { claimRow, scenarioOf } from "../../src/explore/verdicts";
import { viewOf } from "../../src/explore/view";
import { writeQuantity } from "../../src/explore/words";
import { modelFromConfigText } from "../../src/index";
import { browserIt, browserPath, launch } from "../browser";
import { hostileNames } from "../hostile-names";
import { brokenConfigs } from "../model/config/broken-configs";
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

async function open(hash = "", options: { width?: number; colorScheme?: "light" | "dark" } = {}): Promise<Page> {
  const { width = 1400, colorScheme = "light" } = options;
  const context = await (browser as Browser).newContext({
    viewport: { width, height: 900 },
    colorScheme,
    offline: true,
    acceptDownloads: true,
  });
  const made = await context.newPage();
  made.on("console", (message) => ["error", "warning"].includes(message.type()) && trouble.push(message.text()));
  made.on("pageerror", (error) => trouble.push(error.message));
  made.on("request", (request) => requests.push(request.url()));
  await made.goto(pathToFileURL(join(folder, "explore.html")).href + hash);
  await redrawn(made, 0);
  return made;
}

const redraws = (of: Page) => of.evaluate(() => Number(document.documentElement.dataset.redraws ?? 0));
const redrawn = (of: Page, seen: number) =>
  of.waitForFunction((count) => Number(document.documentElement.dataset.redraws ?? 0) > count, seen, { timeout: 30_000 });

/** Do something that changes the state, and wait until it is shown. */
async function settled(act: () => Promise<unknown>, of = page): Promise<void> {
  const before = await redraws(of);
  await act();
  await redrawn(of, before);
}

/** Wait until the search is done and what follows from it is shown and stands in the address; the state that the page is in then. */
async function found(of = page): Promise<State> {
  const isStill = () => {
    const { searched = "", remembered = "" } = document.documentElement.dataset;
    return searched !== "" && remembered !== "";
  };
  await of.waitForFunction(isStill, undefined, { timeout: 60_000 });
  return readAddress(await of.evaluate(() => location.hash)).state;
}

/** Go to a choice by its address. */
const goTo = (part: Partial<Choice>, of = page) =>
  settled(
    () =>
      of.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#${writeAddress({ ...firstState, a: { ...firstState.a, ...part } })}`,
      ),
    of,
  );

/** A table of the page, row by row. */
const table = (name: string, of = page) =>
  of.evaluate(
    (id) =>
      [...(document.getElementById(`${id}-table`) as HTMLTableElement).rows].map((row) =>
        [...row.cells].map((cell) => (cell.firstElementChild ?? cell).textContent ?? ""),
      ),
    name,
  );

/** The first trace of a drawn figure, once it is drawn. */
async function drawn(name: string, expected: unknown): Promise<void> {
  await page.locator(`#figure-${name}`).scrollIntoViewIfNeeded();
  const read = () =>
    page.evaluate((id) => {
      const plot = document.querySelector(`#${id} .plot`) as (HTMLElement & { data?: { y: unknown }[] }) | null;
      return JSON.stringify(plot?.data?.map((trace) => Array.from(trace.y as ArrayLike<unknown>)) ?? null);
    }, `figure-${name}`);
  await expect.poll(read, { timeout: 20_000 }).toBe(JSON.stringify(expected));
}

/** What the page must show for a choice. */
async function shows(part: Partial<Choice>): Promise<void> {
  const view = viewOf(setUp({ ...firstState.a, ...part }));
  const rows = await table("numbers");
  expect(rows.slice(1)).toEqual(view.quantities.map((quantity) => [quantity.label, writeQuantity(quantity)]));
  for (const name of ["tokens", "access"] as const) {
    const picture = pictureOf(name, [view]);
    if ("figure" in picture)
      await drawn(
        name,
        picture.figure.data.map((trace) => trace.y),
      );
  }
}

describe("the page to try", () => {
  it("weighs under 4 MB, its data within: constants of all kernels and the measured layers that its figures show", () => {
    expect(statSync(join(folder, "assets", "explore.js")).size).toBeLessThan(4e6);
  });

  browserIt(
    "shows what the cost model gives, and follows each control",
    async () => {
      await shows({});
      const where = { model: "deepseek-v3", machine: "b200-sxm" };
      await goTo(where);
      await shows(where);
      const set: readonly [string, Partial<Choice>][] = [
        ["tokens", { tokensInFlight: 8192 }],
        ["gpus", { gpus: 32 }],
        ["tp", { tensorParallel: 2 }],
        ["ep", { expertParallel: 16 }],
        ["context", { contextTokens: 16_000 }],
        ["format", { weightFormat: "nvfp4" }],
        ["cache", { cacheFormat: "fp8" }],
        ["engine", { engine: "sglang" }],
        ["drafts", { draftTokens: 1 }],
        ["kernel", { kernel: "sglang_flashinfer_cutedsl_moe" }],
      ];
      let so: Partial<Choice> = where;
      for (const [control, part] of set) {
        so = { ...so, ...part };
        const [value] = Object.values(part);
        const field = page.locator(`#a-${control}`);
        const isSelect = await field.evaluate((element) => element.tagName === "SELECT");
        await settled(() => (isSelect ? field.selectOption(String(value)) : field.fill(String(value))));
        await shows(so);
      }
      await settled(() => page.locator("#a-overlap").check());
      await shows({ ...so, overlap: "two-micro-batches" });
      await settled(() => page.locator("#reset").click());
      await shows({});
    },
    120_000,
  );

  browserIt(
    "finds the best deployment as the search does, draws it and follows it everywhere",
    async () => {
      await settled(() => page.locator("#a-model").selectOption("deepseek-v3"));
      await settled(() => page.locator("#a-machine").selectOption("h200-sxm"));
      await settled(() => page.locator("#find-to").fill("16"));
      await settled(() => page.locator("#find-price").fill("2.5"));
      const state = await found();
      const plan = planOfSearch(askedOf(state));
      const grid = plan.ways.flatMap((way) => {
        const deployment = plan.deploymentOf(way);
        return deployment === undefined ? [] : [{ way, deployment }];
      });
      const between = [...plan.between(grid)];
      const searched = plan.searched + between.length;
      const { inOrder, front } = ranked(
        [...grid, ...between.flatMap((one) => one ?? [])].map(({ way, deployment }) => pointOf(way, deployment)),
      );
      const best = inOrder.find((point) => keepsLimits(point, state.find));
      expect(state.a).toMatchObject({ model: "deepseek-v3", tensorParallel: best?.tensorParallel, tokensInFlight: best?.requests });
      const answer = answerOf(setUp(state.a), state.find);
      expect(answer.perGpu.value).toBe(best?.perGpu);
      expect(await page.locator("#searched").textContent()).toContain(`${searched.toLocaleString("en-US")} deployments searched`);
      expect(await page.locator("#chosen .big").first().textContent()).toBe(
        `${Math.round(answer.perGpu.value).toLocaleString("en-US")} tokens/s/GPU`,
      );
      expect(await page.locator("#chosen").textContent()).toContain("per million tokens");
      await page.locator("#figure-front").scrollIntoViewIfNeeded();
      const line = () =>
        page.evaluate(() => {
          const plot = document.querySelector("#figure-front .plot") as HTMLElement & {
            data?: { name: string; y: number[]; x: number[] }[];
          };
          const trace = (name: string) => plot.data?.find((one) => one.name === name);
          return { front: Array.from(trace("best of all")?.y ?? []), rings: trace("measured")?.x.length };
        });
      // The last digit of a power depends on who computes it.
      const digits = (values: readonly number[]) => values.map((value) => value.toPrecision(10));
      await expect.poll(async () => digits((await line()).front), { timeout: 10_000 }).toEqual(digits(front.map(({ perGpu }) => perGpu)));
      expect((await line()).rings).toBeGreaterThan(40);
      // Another row is chosen: the scenario is that deployment, and Back leads to the best again.
      const rows = page.locator("#best-table tbody button");
      expect(await rows.count()).toBeGreaterThan(5);
      await settled(() => rows.nth(2).click());
      const chosen = await found();
      expect(chosen.find.best).toBe(0);
      expect(chosen.a).not.toEqual(state.a);
      expect((await table("numbers")).slice(1)).toEqual(viewOf(setUp(chosen.a)).quantities.map((q) => [q.label, writeQuantity(q)]));
      await settled(() => page.goBack());
      expect((await found()).a).toEqual(state.a);
      // The command of each engine that has options for the split.
      expect(await page.locator("#launch-sglang code").textContent()).toContain("python -m sglang.launch_server --model-path");
      await settled(() => page.locator("#reset").click());
    },
    120_000,
  );

  browserIt(
    "has sliders for a machine that does not exist, and the worth of each part beside them",
    async () => {
      await page.locator("#what-if").scrollIntoViewIfNeeded();
      await expect.poll(() => page.locator("#what-if .worth-share").nth(1).textContent()).toMatch(/^\d+(\.\d)? %$/);
      await settled(() => page.locator("#what-if-memoryBandwidth").fill("1"));
      await shows({ times: { memoryBandwidth: 2 } });
      await settled(() => page.locator("#what-if-granularity").fill("1"));
      await shows({ times: { memoryBandwidth: 2 }, granularity: 2 });
      await settled(() => page.locator("#what-if-reset").click());
      await shows({});
    },
    60_000,
  );

  browserIt(
    "takes the largest batch that fits where the one asked for does not",
    async () => {
      await goTo({ tokensInFlight: 2 ** 20 });
      expect(await page.locator("#unfit").textContent()).toContain("This does not fit");
      await expect.poll(() => page.locator("#summary").textContent()).toContain("does not fit");
      await settled(() => page.locator("#take-fit").click());
      expect(await page.locator("#unfit").textContent()).not.toContain("does not fit");
      const { a } = await found();
      expect(a.tokensInFlight).toBe(setUp({ ...firstState.a, tokensInFlight: 2 ** 20 }).mostRequests);
      await settled(() => page.locator("#reset").click());
    },
    60_000,
  );

  browserIt(
    "without scripts is one sentence, and no button that does nothing",
    async () => {
      const context = await (browser as Browser).newContext({ javaScriptEnabled: false, offline: true });
      const bare = await context.newPage();
      await bare.goto(pathToFileURL(join(folder, "explore.html")).href);
      expect(await bare.locator("main > noscript").textContent()).toContain("it needs scripts");
      expect(await bare.locator("button:visible, input:visible, select:visible, figure:visible").count()).toBe(0);
      await context.close();
    },
    30_000,
  );

  browserIt(
    "moves the marks of a figure to where drawing it anew puts them",
    async () => {
      const marks = (name: string, of: Page) =>
        of.locator(`#figure-${name} .cartesianlayer`).evaluate((layer) =>
          [...layer.querySelectorAll(".trace path, .trace text")].map((mark) => {
            const { fill, stroke } = getComputedStyle(mark);
            return [mark.getAttribute("d"), mark.getAttribute("transform"), mark.textContent, fill, stroke].join(" ");
          }),
        );
      const chosen = { ...firstState.a, model: "glm-4.5", machine: "b200-sxm", tokensInFlight: 2048 };
      const anew = await open(`#${writeAddress({ ...firstState, a: chosen })}`);
      for (const name of ["tokens", "task", "access", "durations", "requests"]) {
        await settled(() => page.locator("#reset").click());
        for (const of of [page, anew]) await of.locator(`#figure-${name}`).scrollIntoViewIfNeeded();
        await expect.poll(() => marks(name, page), { timeout: 10_000 }).not.toEqual([]);
        const before = await marks(name, page);
        await goTo({ model: chosen.model });
        await goTo({ model: chosen.model, machine: chosen.machine });
        await settled(() => page.locator("#a-tokens").fill(String(chosen.tokensInFlight)));
        await expect.poll(() => marks(name, anew), { timeout: 10_000 }).not.toEqual([]);
        expect(await marks(name, page), name).toEqual(await marks(name, anew));
        expect(await marks(name, page), name).not.toEqual(before);
      }
      await anew.context().close();
      await settled(() => page.locator("#reset").click());
    },
    60_000,
  );

  browserIt(
    "judges every claim at once, and with all draws soon after",
    async () => {
      await goTo({ machine: "h200-sxm" });
      const setup = setUp({ ...firstState.a, machine: "h200-sxm" });
      await page.waitForFunction(() => document.documentElement.dataset.refined === "true", undefined, { timeout: 60_000 });
      const rows = await table("claims");
      expect(rows).toHaveLength(1 + 16);
      for (const id of ["0b", "2", "4"]) {
        const row = claimRow(id, scenarioOf(setup), 4096);
        const shown = rows.find(([name]) => name === id);
        expect(shown?.slice(2)).toEqual([row.medianText, row.probabilityText, row.verdict]);
      }
      expect(await page.locator("#claims-progress").textContent()).toBe("All draws are in: 4,096 of each claim.");
      await settled(() => page.locator("#reset").click());
    },
    90_000,
  );

  browserIt(
    "disables what does not fit, says why, and never shows an empty page",
    async () => {
      await goTo({ machine: "a100-sxm" });
      const fp8 = page.locator('#a-format option[value="fp8_block"]');
      expect(await fp8.isDisabled()).toBe(true);
      expect(await fp8.textContent()).toContain("states no FP8 rate");
      await goTo({ machine: "a100-sxm", model: "llama-3.1-405b" });
      expect(await page.locator("#a-notes").textContent()).toContain("This does not fit: weights");
      expect(await page.locator("#unfit").textContent()).toContain("This does not fit");
      expect(await page.locator("#a-ep").textContent()).toContain("the model is dense");
      await page.locator("#figure-task").scrollIntoViewIfNeeded();
      await expect.poll(() => page.locator("#figure-task .absent").textContent()).toContain("has no routed experts");
      await expect
        .poll(async () => (await table("claims")).find(([id]) => id === "0a")?.at(-1), { timeout: 10_000 })
        .toBe("does not apply");
      await page.locator("#a-tokens").fill("0");
      expect(await page.locator("#a-tokens").getAttribute("aria-invalid")).toBe("true");
      await page.locator("#a-context").focus();
      await expect
        .poll(() => page.locator("#a-tokens ~ .slide .trouble").textContent())
        .toMatch(/^0 was refused: expected a whole number from 1/);
      await settled(() => page.locator("#reset").click());
    },
    60_000,
  );

  browserIt(
    "compares two scenarios, with their differences",
    async () => {
      await settled(() => page.locator("#compare").click());
      await settled(() => page.locator("#b-machine").selectOption("gb200"));
      const [a, b] = [firstState.a, { ...firstState.a, machine: "gb200" }].map((choice) => viewOf(setUp(choice)));
      const step = (await table("numbers")).find(([label]) => label === "Decode step");
      const quantity = (view: typeof a) => view?.quantities.find(({ id }) => id === "stepSeconds");
      expect(step?.slice(1, 3)).toEqual([quantity(a), quantity(b)].map((q) => q && writeQuantity(q)));
      expect(step?.[3]).toMatch(/^× 0\.\d+$/);
      const picture = pictureOf("access", [a, b] as NonNullable<typeof a>[]);
      if ("figure" in picture)
        await drawn(
          "access",
          picture.figure.data.map((trace) => trace.y),
        );
      await settled(() => page.locator("#compare").click());
      expect((await table("numbers"))[0]).toEqual(["Quantity", "Value"]);
    },
    60_000,
  );

  browserIt(
    "is restored by its address, the reader's own model with it",
    async () => {
      const own = modelFromFile(readFileSync(join(root, "data", "configs", "mixtral-8x7b.json"), "utf8"), "brought along.json");
      const a = { ...firstState.a, model: own.id, gpus: 8, expertParallel: 8 };
      const state = { a, b: { ...firstState.a, tokensInFlight: 512 }, find: firstFind, own: [own] };
      const restored = await open(`#${writeAddress(state)}`);
      const rows = await table("numbers", restored);
      const views = [state.a, state.b].map((choice) => viewOf(setUp(choice)));
      expect(rows.slice(1).map((row) => row.slice(1, 3))).toEqual(
        views[0]?.quantities.map((quantity, i) => [writeQuantity(quantity), writeQuantity(views[1]?.quantities[i] as typeof quantity)]),
      );
      expect(await restored.locator("#troubles").textContent()).toBe("");
      await settled(() => restored.locator("#b-tp").selectOption("4"), restored);
      await expect.poll(() => restored.evaluate(() => location.hash)).toContain("b.tp=4");
      await settled(
        () =>
          restored.evaluate(() => {
            location.hash = "#model=kimi-k9";
          }),
        restored,
      );
      expect(await restored.locator("#troubles").textContent()).toContain('"kimi-k9" is not known; nearest: kimi-k2');
      await restored.context().close();
    },
    60_000,
  );

  browserIt(
    "takes twenty configurations of released models",
    async () => {
      const names = [
        "deepseek-v3",
        "kimi-k2",
        "kimi-k3",
        "gpt-oss-120b",
        "qwen3-235b-a22b",
        "qwen3-30b-a3b",
        "qwen3-0.6b",
        "mixtral-8x22b",
        "llama-3.1-405b",
        "llama-4-maverick",
        "glm-5",
        "minimax-m2",
        "phi-3.5-moe",
        "jamba-v0.1",
        "longcat-flash",
        "hy3-preview",
        "gemma-4-26b-a4b",
        "ernie-4.5-21b-a3b",
        "mimo-v2-flash",
        "gpt2",
      ];
      for (const name of names) {
        const text = readFileSync(join(root, "data", "configs", `${name}.json`), "utf8");
        const own = modelFromConfigText(text);
        await settled(() => drop(`${name}.json`, text));
        expect(await page.locator("#troubles").textContent(), name).toBe("");
        expect(await page.locator("#dropped").textContent(), name).toContain(own.note);
        expect(await page.locator("#a-model").inputValue(), name).toBe(modelFromFile(text, `${name}.json`).id);
        const { a } = await found();
        expect(a.model, name).toBe(modelFromFile(text, `${name}.json`).id);
        const step = viewOf(setUp(a)).quantities[6] as Parameters<typeof writeQuantity>[0];
        expect(await page.locator("#numbers-table tr").nth(7).textContent(), name).toContain(writeQuantity(step));
        expect(own.layers, name).toBeGreaterThan(0);
      }
      await settled(() => page.locator("#reset").click());
    },
    180_000,
  );

  browserIt(
    "refuses broken files with the field and what was expected, and stays as it was",
    async () => {
      const before = await table("numbers");
      // One in three of them: all are held to their message elsewhere, here to what the page does with it.
      for (const { name, text, message } of brokenConfigs.filter((_, i) => i % 3 === 0)) {
        await drop(`${name}.json`, text);
        await expect.poll(() => page.locator("#troubles").textContent(), { message: name }).toContain(message);
        expect(await page.locator("#troubles").textContent(), name).toContain(`${name}.json cannot be used`);
        expect(await table("numbers"), name).toEqual(before);
      }
      await settled(() => page.locator("#reset").click());
    },
    60_000,
  );

  browserIt(
    "shows a hostile name as text: nothing in it runs or becomes part of the page",
    async () => {
      const config = JSON.parse(readFileSync(join(root, "data", "configs", "qwen3-30b-a3b.json"), "utf8")) as object;
      const attack = '<img src=x onerror="window.harmed=1"><a href="https://example.org">x</a><script>window.harmed=1</script>';
      const text = JSON.stringify({ ...config, _name_or_path: attack, architectures: [attack], torch_dtype: attack });
      for (const [name, content] of [
        [`${attack.slice(0, 60)}.json`, JSON.stringify(config)],
        ["attack.json", text],
        [attack, attack],
      ] as const) {
        await drop(name, content);
        await page.waitForTimeout(300);
      }
      const leading = () => page.locator('a[href^="http"], svg a').evaluateAll((all) => all.map((a) => a.getAttribute("href")));
      // Of the page's own, such as the footer's to the article.
      const before = await leading();
      const own = modelFromFile(JSON.stringify(config), "fine.json");
      const link = Buffer.from(
        JSON.stringify({ ...own, id: "own-0000abcd", name: attack, weightDtype: attack, attention: attack }),
      ).toString("base64url");
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#model=own-0000abcd&own=${link}&kernel=${encodeURIComponent(attack)}&format=${encodeURIComponent(attack)}`,
      );
      await expect.poll(() => page.locator("#summary").textContent()).toContain("img src x onerror");
      for (const [i, name] of hostileNames.entries()) {
        const id = `own-${i.toString(16).padStart(8, "0")}`;
        const carried = Buffer.from(JSON.stringify({ ...own, id, name, organization: name })).toString("base64url");
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#model=${id}&own=${carried}`);
        await page.waitForTimeout(100);
      }
      await page.locator("#figure-tokens").scrollIntoViewIfNeeded();
      await page.waitForTimeout(1500);
      expect(
        await page.evaluate(() => ({
          harmed: (window as { harmed?: number }).harmed,
          owned: (window as { owned?: unknown }).owned,
          images: document.images.length,
        })),
      ).toEqual({ harmed: undefined, owned: undefined, images: 0 });
      expect(await leading()).toEqual(before);
      await settled(() => page.locator("#reset").click());
    },
    120_000,
  );

  browserIt(
    "is used by keyboard alone",
    async () => {
      const keys = await open();
      const focused = () => keys.evaluate(() => document.activeElement?.id ?? "");
      const tabTo = async (id: string) => {
        for (let i = 0; i < 150 && (await focused()) !== id; i++) await keys.keyboard.press("Tab");
        expect(await focused()).toBe(id);
      };
      await keys.locator("body").press("Tab");
      expect(await keys.evaluate(() => document.activeElement?.className)).toBe("skip");
      await tabTo("a-find");
      await keys.keyboard.type("deepseek v3.2");
      await settled(() => keys.keyboard.press("Enter"), keys);
      expect(await keys.locator("#a-model").inputValue()).toBe("deepseek-v3.2-exp");
      await found(keys);
      await tabTo("a-tokens");
      const before = Number(await keys.locator("#a-tokens").inputValue());
      await settled(() => keys.keyboard.press("ArrowUp"), keys);
      expect(await keys.locator("#a-tokens").inputValue()).toBe(String(before + 1));
      await tabTo("a-overlap");
      await settled(() => keys.keyboard.press("Space"), keys);
      await tabTo("compare");
      await settled(() => keys.keyboard.press("Enter"), keys);
      expect(await keys.locator("#b-choice").isVisible()).toBe(true);
      await expect.poll(() => keys.locator("#summary").textContent()).toContain("DeepSeek-V3.2-Exp on H100 SXM");
      await tabTo("copy-cell");
      await keys.keyboard.press("Enter");
      expect(await keys.locator("#cell-code").textContent()).toContain('ds.model("deepseek-v3.2-exp")');
      await keys.context().close();
    },
    60_000,
  );

  browserIt(
    "saves its numbers and figures",
    async () => {
      const taken = page.waitForEvent("download");
      await page.locator("#save-csv").click();
      expect(readFileSync(await (await taken).path(), "utf8")).toContain("A,numbers,,stepSeconds,");
      await page.locator("#figure-tokens").scrollIntoViewIfNeeded();
      for (const [format, begins] of [
        ["png", "\u0089PNG"],
        ["svg", "<svg"],
      ] as const) {
        const picture = page.waitForEvent("download");
        await page.locator(`#figure-tokens button.${format}`).click();
        const saved = await picture;
        expect(saved.suggestedFilename()).toBe(`deepshock-tokens.${format}`);
        expect(readFileSync(await saved.path(), "latin1").slice(0, 4)).toBe(begins);
      }
    },
    60_000,
  );

  browserIt(
    "fits narrow pages, dark too, and axe-core finds nothing serious there or on a wide one",
    async () => {
      const narrow = await open("#b.machine=b200-sxm", { width: 360, colorScheme: "dark" });
      for (const width of [360, 390]) {
        await narrow.setViewportSize({ width, height: 900 });
        expect(await narrow.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} pixels`).toBeLessThanOrEqual(0);
        expect(await violations(narrow), `${width} pixels, dark`).toEqual([]);
      }
      await narrow.context().close();
      expect(await violations(page)).toEqual([]);
    },
    60_000,
  );

  browserIt(
    "asks the network for nothing, and complains of nothing, whatever was done to it",
    async () => {
      expect(requests.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
      expect(trouble).toEqual([]);
      const html = readFileSync(join(folder, "explore.html"), "utf8");
      expect(html).toContain("default-src 'none'");
      expect(html).toContain("connect-src 'none'; worker-src blob:;");
      expect(readdirSync(folder)).toContain("explore.html");
    },
    10_000,
  );
});

/** Drop a file onto the page, as a reader does. */
async function drop(name: string, text: string): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([content as string], fileName as string, { type: "application/json" }));
      return data;
    },
    [name, text],
  );
  await page.dispatchEvent("#drop", "drop", { dataTransfer: transfer });
}
