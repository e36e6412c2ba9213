/**
 * npm run picture: draw the README's picture from the figure that a committed notebook holds.
 *
 *     node notebooks/jupyter/picture.mjs 02-task-time figure-a-cell notebooks/jupyter/readme.png
 *
 * The cell's own Plotly JSON is drawn by the reports' Plotly in Chromium, so README and notebook show the same.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { notebooksFolder, root } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

const plotlyMime = "application/vnd.plotly.v1+json";

await main(async () => {
  const [notebook = "02-task-time", cell = "figure-a-cell", target = "notebooks/jupyter/readme.png"] = process.argv.slice(2);
  const require = createRequire(import.meta.url);
  const { chromium } = require("playwright-core");
  const executablePath = process.env.CHROMIUM_PATH ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  if (executablePath === undefined) throw new SetupError("expected Chromium to draw the picture, found none; set CHROMIUM_PATH");
  const { data, layout } = figureOf(notebook, cell);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 700 }, offline: true });
    await page.addScriptTag({ path: join(root, "node_modules", "plotly.js-cartesian-dist-min", "plotly-cartesian.min.js") });
    const url = await page.evaluate(
      ([traces, look]) => globalThis.Plotly.toImage({ data: traces, layout: { ...look, autosize: false, width: 960 } }, { format: "png", width: 960, height: look.height, scale: 1.5 }),
      [data, layout],
    );
    writeFileSync(`${join(root, target)}.new`, Buffer.from(url.split(",")[1], "base64"));
    renameSync(`${join(root, target)}.new`, join(root, target));
    console.log(`${target} drawn from ${notebook}, ${cell}`);
  } finally {
    await browser.close();
  }
});

function figureOf(notebook, cell) {
  const { cells } = JSON.parse(readFileSync(join(notebooksFolder, `${notebook}.ipynb`), "utf8"));
  const found = cells.find((c) => c.id === cell)?.outputs?.find((o) => o.data?.[plotlyMime] !== undefined);
  if (found === undefined) throw new SetupError(`expected a figure in cell "${cell}" of ${notebook}.ipynb, found none`);
  return found.data[plotlyMime];
}
