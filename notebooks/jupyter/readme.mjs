/**
 * npm run readme: write what README takes from the model.
 *
 * The verdict table, between its two comments; and the picture, drawn in Chromium from the Plotly JSON that a
 * committed notebook holds, so README and notebook show the same. Without Chromium the picture stays as it is.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { notebooksFolder, root } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

const plotlyMime = "application/vnd.plotly.v1+json";

const require = createRequire(import.meta.url);
const target = "notebooks/jupyter/readme.png";

await main(async () => {
  writeTable();
  await drawPicture("02-task-time", "figure-a-cell");
});

function writeTable() {
  const { verdictTable } = require("../../dist/index.js");
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const between = /(<!-- verdicts -->\n)[\s\S]*(<!-- end of verdicts -->)/;
  if (!between.test(text)) throw new SetupError("expected README.md to hold the comments <!-- verdicts --> and <!-- end of verdicts -->");
  replace(
    path,
    text.replace(between, (_, begin, end) => `${begin}\n${verdictTable()}\n\n${end}`),
  );
  console.log("README.md: verdict table written");
}

async function drawPicture(notebook, cell) {
  const { chromium } = require("playwright-core");
  const executablePath =
    process.env.CHROMIUM_PATH ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  if (executablePath === undefined) return console.log(`${target}: left as it is, no Chromium found; CHROMIUM_PATH may name one`);
  const { data, layout } = figureOf(notebook, cell);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 700 }, offline: true });
    await page.addScriptTag({ path: join(root, "node_modules", "plotly.js-cartesian-dist-min", "plotly-cartesian.min.js") });
    const url = await page.evaluate(
      ([traces, look]) =>
        globalThis.Plotly.toImage(
          { data: traces, layout: { ...look, autosize: false, width: 960 } },
          { format: "png", width: 960, height: look.height, scale: 1.5 },
        ),
      [data, layout],
    );
    replace(join(root, target), Buffer.from(url.split(",")[1], "base64"));
    console.log(`${target} drawn from ${notebook}, ${cell}`);
  } finally {
    await browser.close();
  }
}

/** Beside, then rename: a stopped run leaves the old file. */
function replace(path, content) {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function figureOf(notebook, cell) {
  const { cells } = JSON.parse(readFileSync(join(notebooksFolder, `${notebook}.ipynb`), "utf8"));
  const found = cells.find((c) => c.id === cell)?.outputs?.find((o) => o.data?.[plotlyMime] !== undefined);
  if (found === undefined) throw new SetupError(`expected a figure in cell "${cell}" of ${notebook}.ipynb, found none`);
  return found.data[plotlyMime];
}
