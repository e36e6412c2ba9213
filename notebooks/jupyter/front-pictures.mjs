/**
 * The pictures of the front page's figures, which no notebook holds: front-pictures.json keeps them, drawn again when a figure
 * changed.
 *
 *     node front-pictures.mjs      draws what changed and writes the file
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { browserPath } from "./browser.mjs";
import { drawnBy, drawPictures } from "./pictures.mjs";
import { hash, isProgram, jupyterFolder, writeWhole } from "./project.mjs";
import { main } from "./setup.mjs";

const file = join(jupyterFolder, "front-pictures.json");
/** Three stand side by side. */
const width = 360;

/** What is seen of a figure: all but the words under the pointer. */
const seen = ({ data, layout }) =>
  JSON.stringify({ data, layout }, (key, value) => (/^(hover.*|customdata)$/.test(key) ? undefined : value));

/**
 * A picture for each figure: { png, width, height }; undefined where it changed since and nothing here draws.
 *
 * @param {readonly { data: unknown, layout: { height: number } }[]} figures
 */
export async function frontPictures(figures) {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  const keys = figures.map((figure) => hash(drawnBy(), seen(figure)));
  const found = keys.map((key) => kept.find((picture) => picture.key === key));
  const missing = figures.filter((_, i) => found[i] === undefined);
  const draws = missing.length > 0 && browserPath() !== undefined;
  // A page without a picture has its words: no reason to have no page.
  const drawn = draws ? await drawPictures(missing, width).catch(() => []) : [];
  return figures.map(({ layout }, i) => {
    const png = found[i]?.png ?? drawn.shift();
    return png === undefined ? undefined : { key: keys[i], width, height: layout.height, png };
  });
}

if (isProgram(import.meta.url)) {
  await main(async () => {
    const { frontFigures } = createRequire(import.meta.url)("../../dist/index.js");
    writeWhole(file, `${JSON.stringify(await frontPictures(frontFigures()), null, 1)}\n`);
  });
}
