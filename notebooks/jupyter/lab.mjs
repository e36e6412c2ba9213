/**
 * npm run lab: JupyterLab on notebooks/, on the loopback address, with a token made for this run.
 * Further arguments go to JupyterLab: npm run lab -- --no-browser --port 8899
 */
import { notebooksFolder, python } from "./project.mjs";
import { main } from "./setup.mjs";

await main(async () => {
  // Ctrl-C goes to JupyterLab, which asks back; this process ends when it does.
  process.on("SIGINT", () => {});
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const { code } = await python(["-m", "jupyterlab", ...asRoot, ...process.argv.slice(2)], { inherit: true, cwd: notebooksFolder });
  return code;
});
