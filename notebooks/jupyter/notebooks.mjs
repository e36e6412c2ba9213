/** npm run notebooks: execute the notebooks in place, all or those whose names begin as given. */
import { executeAll } from "./execute.mjs";
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
  await executeAll(chosen.map((notebook) => ({ ...notebook, target: notebook.path })));
  console.log(`${chosen.length} executed in ${secondsSince(start)}`);
});
