/**
 * npm run lab: JupyterLab on notebooks/, on the loopback address, with a token made for this run.
 * Further arguments go to JupyterLab: npm run lab -- --no-browser --port 8899
 */
import { randomBytes } from "node:crypto";
import { notebooksFolder, python } from "./project.mjs";
import { main } from "./setup.mjs";

/** The arguments with which JupyterLab starts; what the user gives comes last and so counts. */
export function labArguments(given, token = randomBytes(24).toString("hex")) {
  const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];
  return [
    "-m",
    "jupyterlab",
    "--ServerApp.ip=127.0.0.1",
    `--IdentityProvider.token=${token}`,
    `--ServerApp.root_dir=${notebooksFolder}`,
    ...asRoot,
    ...given,
  ];
}

await main(async () => {
  // Ctrl-C goes to JupyterLab, which asks back; this process ends when it does.
  process.on("SIGINT", () => {});
  const { code } = await python(labArguments(process.argv.slice(2)), { inherit: true, cwd: notebooksFolder });
  return code;
});
