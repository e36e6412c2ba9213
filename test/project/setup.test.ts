import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../notebooks/jupyter/lock.mjs";
import { hash, root, run } from "../../notebooks/jupyter/project.mjs";
import { lackOfRoom, ranOutOfRoom } from "../../notebooks/jupyter/room.mjs";
import { agrees, checkNode, deadProxy, findPython } from "../../notebooks/jupyter/setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "deepshock set-up é "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("Node", () => {
  it("is told to be too old with what was found and what is needed", () => {
    expect(() => checkNode("20.18.3")).toThrow(/^Node 20\.19 or newer is needed; this is Node 20\.18\.3 \(.+\)\.\nInstall a newer one/);
  });

  it.each(["20.19.0", "20.20.1", "22.0.0", "24.1.0"])("is new enough at %s", (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });
});

describe.skipIf(process.platform === "win32")("Python", () => {
  /** Programs that answer, as a Python would, with a version and with what venv says. */
  const withPythons = async <T>(answers: Record<string, readonly string[]>, work: () => Promise<T>): Promise<T> => {
    const bin = mkdtempSync(join(folder, "bin "));
    for (const [name, lines] of Object.entries(answers)) {
      const path = join(bin, name);
      writeFileSync(path, `#!/bin/sh\n${lines.map((line) => `echo "${line}"`).join("\n")}\n`);
      chmodSync(path, 0o755);
    }
    const before = { PATH: process.env.PATH, PYTHON: process.env.PYTHON };
    process.env.PATH = bin;
    delete process.env.PYTHON;
    try {
      return await work();
    } finally {
      process.env.PATH = before.PATH;
      if (before.PYTHON !== undefined) process.env.PYTHON = before.PYTHON;
    }
  };

  it("is told to be missing", async () => {
    const message = withPythons({}, findPython);
    await expect(message).rejects.toThrow(
      /Python 3\.10 or newer with venv is needed\. Found: no python3 and no python on the PATH\.\nInstall/,
    );
  });

  it("is told to be too old, with its version", async () => {
    const message = withPythons({ python3: ["3.9.18", "venv"] }, findPython);
    await expect(message).rejects.toThrow(/Found: \n {2}python3 is Python 3\.9\.18: too old\nInstall a newer one/);
  });

  it("is told to lack venv, with the package to install", async () => {
    const message = withPythons({ python3: ["3.11.2", "ensurepip"] }, findPython);
    await expect(message).rejects.toThrow(/its module ensurepip is missing\nOn Debian or Ubuntu: apt install python3-venv/);
  });

  it("is taken from the second name when the first is too old", async () => {
    const found = await withPythons({ python3: ["3.8.1", "venv"], python: ["3.12.4", "venv"] }, findPython);
    expect(found).toMatchObject({ command: "python", version: "3.12.4" });
  });
});

describe("room on the disk", () => {
  const disks =
    (free: number, temporary = free) =>
    (path: string) =>
      path === tmpdir() ? { disk: "temporary", free: temporary } : { disk: "one", free };

  it("is looked at before anything is installed, each disk for what goes there", () => {
    expect(lackOfRoom(["python", "build"], disks(249))).toMatch(
      /^The disk that holds .+ has 249 MB free; set-up takes about 250 MB there \(Jupyter 240, dist\/ 10\)\.$/,
    );
    expect(lackOfRoom(["python", "build"], disks(250))).toBeUndefined();
    expect(lackOfRoom(["python"], disks(1000, 59))).toMatch(/has 59 MB free; set-up takes about 60 MB there/);
    expect(lackOfRoom(["kernel"], disks(0))).toBeUndefined();
  });

  it("is looked for where npm keeps its downloads when its own folder cannot be written to", () => {
    const before = process.env.npm_config_cache;
    // A file is no folder that anything can be kept in.
    process.env.npm_config_cache = join(root, "package.json", "npm");
    try {
      const places: string[] = [];
      lackOfRoom(["packages"], (path) => void places.push(path));
      expect(places).toContain(join(root, ".npm-cache"));
    } finally {
      if (before === undefined) delete process.env.npm_config_cache;
      else process.env.npm_config_cache = before;
    }
  });

  it("is not asked for where the system does not tell what is free", () => {
    expect(lackOfRoom(["packages", "python"], () => undefined)).toBeUndefined();
    expect(ranOutOfRoom("python", "no matching distribution", () => undefined)).toBeUndefined();
  });

  it("that ran out is told as such, with what is needed, also by a program that does not say so itself", () => {
    const words = /could not be installed: no space is left on the disk .+: (3|900) MB are free by now\. It takes about (240|415) MB here/;
    expect(ranOutOfRoom("packages", "npm error A complete log of this run can be found", disks(3))).toMatch(words);
    expect(ranOutOfRoom("python", "OSError(28, 'No space left on device')", disks(900))).toMatch(words);
    expect(ranOutOfRoom("python", "no matching distribution", disks(900))).toBeUndefined();
  });

  it.skipIf(process.platform === "win32")("that is said to be needed is what is there when all is installed", () => {
    const taken = (path: string) => Number(execFileSync("du", ["-sm", realpathSync(path)], { encoding: "utf8" }).split("\t")[0]);
    // A test of other versions keeps a Node of its own beside Jupyter's files: no set-up puts it there.
    const other = join(root, ".venv", "node-24");
    for (const [name, said] of [
      ["node_modules", 415],
      [".venv", 240],
    ] as const) {
      const here = taken(join(root, name)) - (name === ".venv" && existsSync(other) ? taken(other) : 0);
      expect(here).toBeGreaterThan(0.8 * said);
      expect(here).toBeLessThan(1.25 * said);
    }
  });
});

it("packages that npm ci itself installed are taken as they are, those for other systems missing", () => {
  const locked = {
    "": { version: "1" },
    "node_modules/a": { version: "1.0.0" },
    "node_modules/a-for-mac": { version: "1.0.0", optional: true },
  };
  expect(agrees(locked, { "node_modules/a": { version: "1.0.0" } })).toBe(true);
  expect(agrees(locked, { "node_modules/a": { version: "0.9.0" } })).toBe(false);
  expect(agrees(locked, {})).toBe(false);
  expect(agrees(locked, { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } })).toBe(false);
});

it("the set-up says nothing, asks no network and takes under one second when nothing is missing", async () => {
  await run(process.execPath, [join(root, "notebooks", "jupyter", "setup.mjs")]);
  const away = "http://127.0.0.1:9";
  const cutOff = { ...process.env, PATH: "", npm_config_offline: "true", PIP_NO_INDEX: "1", HTTP_PROXY: away, HTTPS_PROXY: away };
  const times: number[] = [];
  // The best of a few: other tests run beside this one.
  for (let i = 0; i < 8 && !times.some((time) => time < 1000); i++) {
    const start = performance.now();
    const { code, stdout, stderr } = await run(process.execPath, [join(root, "notebooks", "jupyter", "setup.mjs")], { env: cutOff });
    times.push(performance.now() - start);
    expect([code, stdout, stderr]).toEqual([0, "", ""]);
  }
  expect(Math.min(...times)).toBeLessThan(1000);
}, 120_000);

describe("in a project of its own, packages and Jupyter being there", () => {
  const project = join(folder, "a project");
  const setUp = () => run(process.execPath, [join(project, "notebooks", "jupyter", "setup.mjs")], { cwd: project });
  const built = () => existsSync(join(project, "dist", "index.js")) && existsSync(join(project, "dist", ".deepshock-stamp"));

  beforeEach(() => {
    rmSync(project, { recursive: true, force: true });
    mkdirSync(join(project, ".venv", "bin"), { recursive: true });
    mkdirSync(join(project, ".venv", "Scripts"), { recursive: true });
    mkdirSync(join(project, "src"));
    for (const file of ["package.json", "package-lock.json", "tsconfig.json"]) cpSync(join(root, file), join(project, file));
    cpSync(join(root, "notebooks", "jupyter"), join(project, "notebooks", "jupyter"), { recursive: true });
    writeFileSync(join(project, "src", "index.ts"), "export const one: number = 1;\n");
    symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
    writeFileSync(join(project, ".venv", "bin", "python"), "");
    writeFileSync(join(project, ".venv", "Scripts", "python.exe"), "");
    const made = hash(readFileSync(join(root, "notebooks", "jupyter", "requirements.txt")));
    writeFileSync(join(project, ".venv", ".deepshock-stamp"), `${made} ${hash()}`);
  });

  it("builds, and writes a kernel that runs this project's tslab, in a folder with spaces and other letters", async () => {
    const { code, stdout } = await setUp();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^set-up: built dist\/ from src\//)]);
    expect(built()).toBe(true);
    const kernel = JSON.parse(readFileSync(join(project, ".venv", "share", "jupyter", "kernels", "tslab", "kernel.json"), "utf8"));
    expect(kernel.argv.slice(0, 3)).toEqual([process.execPath, join(project, "node_modules", "tslab", "bin", "tslab"), "kernel"]);
  }, 60_000);

  it("builds alone by npm run build, with npm's packages and without Python: nothing of Jupyter is looked for or written", async () => {
    rmSync(join(project, ".venv"), { recursive: true });
    const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
    expect(scripts.build).toBe("node notebooks/jupyter/setup.mjs --build");
    const { code, stdout } = await run(process.execPath, scripts.build.split(" ").slice(1), {
      cwd: project,
      env: { ...process.env, PATH: "" },
    });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^set-up: built dist\/ from src\/ \(.+\)\n$/)]);
    expect([built(), existsSync(join(project, ".venv"))]).toEqual([true, false]);
  });

  it("takes up a build that was interrupted", async () => {
    mkdirSync(join(project, ".dist-new"));
    writeFileSync(join(project, ".dist-new", "half.js"), "");
    mkdirSync(join(project, "dist"));
    expect((await setUp()).code).toBe(0);
    expect(built()).toBe(true);
    expect(existsSync(join(project, "dist", "half.js"))).toBe(false);
  }, 60_000);

  it("goes on after it was killed in mid run", async () => {
    const child = spawn(process.execPath, [join(project, "notebooks", "jupyter", "setup.mjs")], { cwd: project, stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("close", resolve));
    for (let i = 0; i < 500 && !existsSync(join(project, ".setup.lock")); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill("SIGKILL");
    await ended;
    expect(existsSync(join(project, ".setup.lock"))).toBe(true);
    expect(built()).toBe(false);
    const { code, stdout } = await setUp();
    expect([code, stdout]).toEqual([0, expect.stringContaining("set-up: built dist/")]);
    expect([built(), existsSync(join(project, ".setup.lock"))]).toEqual([true, false]);
  }, 60_000);

  it("passes over a lock whose holder was killed", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    writeFileSync(join(project, ".setup.lock"), JSON.stringify({ pid: child.pid, host: hostname() }));
    expect((await setUp()).code).toBe(0);
    expect(existsSync(join(project, ".setup.lock"))).toBe(false);
  }, 60_000);

  it("builds once when started twice at the same time", async () => {
    const both = await Promise.all([setUp(), setUp()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ stdout }) => stdout.includes("built dist/"))).toHaveLength(1);
    expect(built()).toBe(true);
  }, 60_000);

  it("builds again what has lost a file, whatever its stamp says", async () => {
    await setUp();
    rmSync(join(project, "dist", "index.js"));
    expect((await setUp()).stdout).toContain("set-up: built dist/");
    expect(built()).toBe(true);
  }, 60_000);

  it.skipIf(process.platform === "win32")(
    "keeps the Jupyter that is there when a newer list cannot be fetched, and takes it again with the old list",
    async () => {
      await setUp();
      const list = join(project, "notebooks", "jupyter", "requirements.txt");
      const before = readFileSync(list, "utf8");
      writeFileSync(list, `${before}# one comment more\n`);
      const env = { ...process.env, PIP_NO_INDEX: "1", PIP_FIND_LINKS: "" };
      const { code, stderr } = await run(process.execPath, [join(project, "notebooks", "jupyter", "setup.mjs")], { cwd: project, env });
      expect([code, stderr]).toEqual([1, expect.stringContaining("The Jupyter that was installed before is as it was.")]);
      expect(existsSync(join(project, ".venv-new"))).toBe(false);
      writeFileSync(list, before);
      expect(await setUp()).toMatchObject({ code: 0, stdout: "", stderr: "" });
    },
    120_000,
  );

  it("names the proxy at which nothing answers, and touches nothing", async () => {
    writeFileSync(join(project, ".venv", ".deepshock-stamp"), "older");
    const env = { ...process.env, https_proxy: "http://127.0.0.1:9" };
    const { code, stderr } = await run(process.execPath, [join(project, "notebooks", "jupyter", "setup.mjs")], { cwd: project, env });
    expect(code).toBe(1);
    expect(stderr).toContain("https_proxy names a proxy, 127.0.0.1:9, at which nothing answers (ECONNREFUSED).");
    expect(existsSync(join(project, ".venv", "bin", "python"))).toBe(true);
  }, 60_000);

  it("shows the compiler's words when src does not compile, and keeps the older build", async () => {
    await setUp();
    writeFileSync(join(project, "src", "index.ts"), 'export const one: number = "1";\n');
    const { code, stderr } = await setUp();
    expect(code).toBe(1);
    expect(stderr).toContain("src/ does not compile:\nsrc/index.ts(1,14): error TS2322");
    expect(built()).toBe(true);
  }, 60_000);
});

it("a lock lets one in at a time", async () => {
  const lock = join(folder, "one.lock");
  const order: string[] = [];
  const work = (name: string) =>
    withLock(
      lock,
      () => {},
      async () => {
        order.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        order.push(`${name} out`);
      },
    );
  await Promise.all([work("a"), work("b")]);
  expect(order).toEqual(["a in", "a out", "b in", "b out"]);
});

it("a proxy is asked for only where one is named", async () => {
  expect(await deadProxy({})).toBeUndefined();
  expect(await deadProxy({ HTTPS_PROXY: "http://[" })).toContain("names a proxy that is no address");
});

describe.skipIf(process.platform === "win32")("a run that is told to stop", () => {
  const lock = join(folder, "stop.lock");
  const mark = join(folder, "stopped.txt");
  const module = (name: string) => JSON.stringify(pathToFileURL(join(root, "notebooks", "jupyter", name)).href);
  /** Starts a program that takes its time to end, under a lock. */
  const program = `import { withLock } from ${module("lock.mjs")};
import { run } from ${module("project.mjs")};
const slow = 'process.on("SIGTERM", () => setTimeout(() => { require("fs").writeFileSync(process.argv[1], String(require("fs").existsSync(process.argv[2]))); process.exit(); }, 700)); console.log("up"); setInterval(() => {}, 1000);';
await withLock(${JSON.stringify(lock)}, () => {}, () => run(process.execPath, ["-e", slow, ${JSON.stringify(mark)}, ${JSON.stringify(lock)}]));
console.log("went on");
`;

  it.each([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s waits for what it started before it lets go of the lock", async (signal, expected) => {
    rmSync(mark, { force: true });
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    const ended = new Promise((resolve) => child.on("close", resolve));
    for (let i = 0; i < 200 && !existsSync(lock); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    child.kill(signal);
    expect(await ended).toBe(expected);
    expect(readFileSync(mark, "utf8")).toBe("true");
    expect([existsSync(lock), said]).toEqual([false, ""]);
  });
});
