import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { execute, executeAll } from "../../notebooks/jupyter/execute.mjs";
import { jupyterEnvironment, jupyterFolder, notebooksFolder, run, venvPython } from "../../notebooks/jupyter/project.mjs";

/** A folder with a space and letters beyond ASCII, so that every fault is met in one. */
const folder = join(process.env.DEEPSHOCK_TEST_FOLDER ?? "", "faults é ü");
const unix = process.platform !== "win32";
const cell = (source: string, i = 0) => ({ cell_type: "code", id: `c${i}`, source, metadata: {}, outputs: [], execution_count: null });
const prose = (source: string) => ({ cell_type: "markdown", id: "m", source, metadata: {} });
const writeNotebook = (path: string, ...cells: object[]) => {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
};
const filesBelow = (path: string): string[] => readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
const parts = (path: string): string[] => filesBelow(path).filter((file) => file.includes(".part"));

describe("a kernel or a run that is killed", () => {
  it("is told with notebook and cell, and leaves the notebook as it was", async () => {
    const path = join(folder, "killed", "07-killed.ipynb");
    writeNotebook(path, cell("const one = 1;", 0), cell('process.kill(process.pid, "SIGKILL");', 1));
    const before = readFileSync(path, "utf8");
    const message = await execute({ name: "07-killed", path }, path).catch((error: Error) => error.message);
    expect(message).toMatch(/^07-killed, cell 2 failed\.\n\n {4}process\.kill\(.*\);\n\nthe kernel died while it ran this cell$/);
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(parts(join(folder, "killed"))).toEqual([]);
  }, 120_000);

  it.skipIf(!unix)(
    "leaves the notebook as it was, also when nothing had time to tidy up",
    async () => {
      const path = join(folder, "cut off", "08-cut.ipynb");
      const mark = join(folder, "kernel.pid");
      const source = `require("fs").writeFileSync(${JSON.stringify(mark)}, String(process.pid)); await new Promise((done) => setTimeout(done, 120_000));`;
      writeNotebook(path, cell(source));
      const before = readFileSync(path, "utf8");
      const args = ["-B", join(jupyterFolder, "execute.py"), path, path, notebooksFolder];
      const child = spawn(venvPython, args, { env: jupyterEnvironment(), stdio: "ignore" });
      const ended = new Promise((resolve) => child.on("close", resolve));
      for (let i = 0; i < 600 && !existsSync(mark); i++) await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill("SIGKILL");
      await ended;
      process.kill(Number(readFileSync(mark, "utf8")), "SIGKILL");
      expect(readFileSync(path, "utf8")).toBe(before);
      expect(filesBelow(join(folder, "cut off"))).toEqual(["08-cut.ipynb"]);
    },
    120_000,
  );
});

it("a notebook that is none is told by name and reason, without the stack of a program", async () => {
  const path = join(folder, "text", "08-text.ipynb");
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "hello");
  const message = await execute({ name: "08-text", path }, path).catch((error: Error) => error.message);
  expect(message).toMatch(/^08-text: the notebook could not be executed:\n.*08-text\.ipynb is no notebook: /);
  expect(message).not.toContain("Traceback");
}, 60_000);

it.skipIf(!unix)("a folder that cannot be written to is told before anything is executed", async () => {
  const path = join(folder, "read only", "01-one.ipynb");
  writeNotebook(path, cell("1"));
  chmodSync(join(path, ".."), 0o555);
  // Permissions do not bind root, but nobody makes a file in /proc.
  const target = process.getuid?.() === 0 ? "/proc/01-one.ipynb" : path;
  const start = performance.now();
  const failure = await executeAll([{ name: "01-one", path, target }], { say: () => {} }).catch((error: Error) => error);
  expect(failure).toMatchObject({
    forPeople: true,
    message: expect.stringMatching(/ cannot be written to, so no notebook was executed \(E[A-Z]+\)\.$/),
  });
  expect(performance.now() - start).toBeLessThan(1000);
  chmodSync(join(path, ".."), 0o755);
});

describe("npm run report", () => {
  const [site, source] = [join(folder, "site"), join(folder, "notebooks")];
  const notebook = join(source, "01-one.ipynb");
  const script = join(folder, "report.mjs");
  const page = () => readFileSync(join(site, "01-one.html"), "utf8");

  /** The command in a process of its own, cut off from every network, with files of at most so many bytes. */
  const report = (most?: number) => {
    const away = "http://127.0.0.1:9";
    const proxies = { http_proxy: away, https_proxy: away, HTTP_PROXY: away, HTTPS_PROXY: away };
    const env = { ...process.env, ...proxies, npm_config_offline: "true", PIP_NO_INDEX: "1" };
    const limit = `import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (${most}, ${most})); os.execv(sys.argv[1], sys.argv[1:])`;
    const command = [process.execPath, script];
    return most === undefined ? run(process.execPath, [script], { env }) : run(venvPython, ["-c", limit, ...command], { env });
  };

  beforeAll(() => {
    writeNotebook(notebook, prose("# One\n\nFirst words."), cell('console.log("x".repeat(5000));'));
    const url = (file: string) => JSON.stringify(pathToFileURL(join(jupyterFolder, file)).href);
    const options = JSON.stringify({ folder: site, source });
    const lines = [`import { main } from ${url("setup.mjs")};`, `import { report } from ${url("report.mjs")};`];
    writeFileSync(script, `${lines.join("\n")}\nawait main(() => report(${options}).then(() => 0));\n`);
  });

  it("started twice at once executes once, with no network, and the second says for what it waits", async () => {
    const both = await Promise.all([report(), report()]);
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    const said = both.map(({ stdout }) => stdout).sort((a, b) => a.length - b.length);
    expect(said.join("").match(/01-one: executed/g)).toHaveLength(1);
    expect(said.filter((text) => /waiting: another run holds .+ \(process \d+\)/.test(text))).toHaveLength(1);
    expect(page()).toContain("First words.");
  }, 180_000);

  it.skipIf(!unix)(
    "told that the disk takes no more says so, keeps every page whole, and goes on when there is room",
    async () => {
      const before = filesBelow(site).filter((file) => /\.(html|css|js)$/.test(file) && !file.startsWith(".cache"));
      const bytes = before.map((file) => readFileSync(join(site, file)));
      writeNotebook(notebook, prose("# One\n\nSecond words."), cell('console.log("x".repeat(5000));'));
      for (const [most, reason] of [
        [3000, /^01-one: the notebook could not be executed:\n(?:.*\n)*.*01-one\.ipynb: File too large\n$/m],
        [
          30_000,
          /^the reports could not be written: .+: File too large\n$|cannot be written or read: the file would be larger than the system allows/m,
        ],
      ] as const) {
        const { code, stdout, stderr } = await report(most);
        expect([code, stderr]).toEqual([1, expect.stringMatching(reason)]);
        expect(stdout + stderr).not.toMatch(/Traceback|\n {4}at /);
        expect(parts(site)).toEqual([]);
        for (const [i, file] of before.entries()) expect(readFileSync(join(site, file)).equals(bytes[i] as Buffer), file).toBe(true);
      }
      expect((await report()).code).toBe(0);
      expect(page()).toContain("Second words.");
    },
    240_000,
  );

  it("executes a notebook again whose executed copy was cut short, as by a power cut", async () => {
    expect((await report()).code).toBe(0);
    const copy = join(site, ".cache", "01-one.ipynb");
    const whole = readFileSync(copy);
    writeFileSync(copy, whole.subarray(0, whole.length / 2));
    const { code, stdout, stderr } = await report();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("01-one: executed");
    expect(readFileSync(copy).equals(whole)).toBe(true);
  }, 240_000);
});
