/**
 * npm run readme: write what README takes from the model.
 *
 * The verdict table of both languages and how far to trust it, each between its two comments; and the picture of a figure, as the committed notebook holds it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { notebooksFolder, root, writeWhole } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

const require = createRequire(import.meta.url);
const picture = "notebooks/jupyter/readme.png";

await main(() => {
  writeTables();
  copyPicture("02-task-time", "figure-a-cell");
});

function writeTables() {
  const {
    chineseAnswer,
    chineseVerdictsText,
    chineseVerdictTable,
    frontAnswer,
    trustText,
    verdictsText,
    verdictTable,
  } = require("../../dist/index.js");
  writeBetween("README.md", "answer", "end of answer", `**${frontAnswer()}**`);
  writeBetween("README.md", "trust", "end of trust", trustText());
  writeBetween("README.md", "verdicts", "end of verdicts", verdictTable());
  writeBetween("README.md", "verdicts trust", "end of verdicts trust", verdictsText());
  writeBetween("README.zh-CN.md", "回答", "回答完", `**${chineseAnswer()}**`);
  writeBetween("README.zh-CN.md", "结论", "结论完", chineseVerdictTable());
  writeBetween("README.zh-CN.md", "结论的依据", "结论的依据完", chineseVerdictsText());
}

/** Replace what stands between two comments of a document. */
function writeBetween(file, begin, end, content) {
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  const between = new RegExp(`(<!-- ${begin} -->\\n)[\\s\\S]*(<!-- ${end} -->)`);
  if (!between.test(text)) throw new SetupError(`expected ${file} to hold the comments <!-- ${begin} --> and <!-- ${end} -->`);
  writeWhole(
    path,
    text.replace(between, (_, first, last) => `${first}\n${content}\n\n${last}`),
  );
  console.log(`${file}: ${begin} written`);
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
