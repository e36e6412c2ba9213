/**
 * npm run notebooks: execute the notebooks in place, all or those whose names begin as given, and draw the pictures of
 * figures that changed.
 */
import { browserPath } from "./browser.mjs";
import { executeAll } from "./execute.mjs";
import { drawnBy } from "./pictures.mjs";
import { notebooks, secondsSince } from "./project.mjs";
import { main, SetupError } from "./setup.mjs";

await main(async () => {
  const start = performance.now();
  const asked = process.argv.slice(2);
  const all = notebooks();
  const chosen = asked.length === 0 ? all : all.filter(({ name }) => asked.some((part) => name.startsWith(part)));
  if (chosen.length === 0)
    throw new SetupError(
      `no notebook begins with ${asked.join(" or ") || "NN-"}; there are: ${all.map(({ name }) => name).join(", ") || "none"}`,
    );
  const draws = browserPath() !== undefined;
  if (!draws) console.log("no Chromium found (CHROMIUM_PATH may name one): figures that change get no picture, the others keep theirs");
  await executeAll(
    chosen.map((notebook) => ({ ...notebook, target: notebook.path })),
    draws ? { drawnBy: drawnBy() } : {},
  );
  console.log(`${chosen.length} executed in ${secondsSince(start)}`);
});
