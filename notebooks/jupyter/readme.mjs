/**
 * npm run readme: write what README takes from the model.
 *
 * The verdict table, between its two comments; and the picture of a figure, as the committed notebook holds it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { notebooksFolder, root, writeWhole } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

const require = createRequire(import.meta.url);
const picture = "notebooks/jupyter/readme.png";

await main(() => {
  writeTable();
  copyPicture("02-task-time", "figure-a-cell");
});

function writeTable() {
  const { verdictTable } = require("../../dist/index.js");
  const path = join(root, "README.md");
  const text = readFileSync(path, "utf8");
  const between = /(<!-- verdicts -->\n)[\s\S]*(<!-- end of verdicts -->)/;
  if (!between.test(text)) throw new SetupError("expected README.md to hold the comments <!-- verdicts --> and <!-- end of verdicts -->");
  writeWhole(
    path,
    text.replace(between, (_, begin, end) => `${begin}\n${verdictTable()}\n\n${end}`),
  );
  console.log("README.md: verdict table written");
}

/** The picture that the notebook's figure has there: README and notebook show the same. */
function copyPicture(notebook, cell) {
  const { cells } = JSON.parse(readFileSync(join(notebooksFolder, `${notebook}.ipynb`), "utf8"));
  const found = cells.find((c) => c.id === cell)?.outputs?.find((o) => o.data?.["image/png"] !== undefined);
  if (found === undefined)
    throw new SetupError(
      `expected a figure with its picture in cell "${cell}" of ${notebook}.ipynb, found none; npm run notebooks draws it`,
    );
  writeWhole(join(root, picture), Buffer.from(found.data["image/png"], "base64"));
  console.log(`${picture} taken from ${notebook}, ${cell}`);
}
