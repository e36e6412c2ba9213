/**
 * npm run lab: JupyterLab on notebooks/, on the loopback address, with a token made for this run.
 * Further arguments go to JupyterLab: npm run lab -- --no-browser --port 8899
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { notebooksFolder, python, venv, writeWhole } from "./project.mjs";
import { main } from "./setup.mjs";

await main(async () => {
  // JupyterLab writes there; a folder that it cannot write to is told in words before it starts.
  const probe = join(venv, "jupyter", ".writable");
  writeWhole(probe, "");
  rmSync(probe);
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  // Ctrl-C goes to JupyterLab, which asks back; this process ends when it does.
  const { code } = await python(["-m", "jupyterlab", ...asRoot, ...process.argv.slice(2)], {
    inherit: true,
    asksBack: true,
    cwd: notebooksFolder,
  });
  return code;
});
