/**
 * Where things are, and how the project's own Python and Jupyter are started.
 *
 * Only Node's standard library: this runs before any package is installed.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const jupyterFolder = join(root, "notebooks", "jupyter");
export const notebooksFolder = join(root, "notebooks");
export const reportsFolder = join(root, "reports");
export const venv = join(root, ".venv");
export const venvPython = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");

/** The notebooks in reading order, by their pattern NN-topic.ipynb: [{ name: "01-topic", path }]. */
export function notebooks(folder = notebooksFolder) {
  return readdirSync(folder)
    .filter((file) => /^\d\d-.+\.ipynb$/.test(file))
    .sort()
    .map((file) => ({ name: basename(file, ".ipynb"), path: join(folder, file) }));
}

/**
 * The environment in which the project's Jupyter runs: its data, settings and history stay in .venv,
 * and nothing of the user's own Jupyter or Python is read or written.
 */
export function jupyterEnvironment() {
  const own = join(venv, "jupyter");
  const env = {
    ...process.env,
    JUPYTER_DATA_DIR: join(own, "data"),
    JUPYTER_CONFIG_DIR: join(own, "config"),
    JUPYTER_RUNTIME_DIR: join(own, "runtime"),
    JUPYTER_CONFIG_PATH: join(jupyterFolder, "config"),
    JUPYTER_PREFER_ENV_PATH: "1",
    IPYTHONDIR: join(own, "ipython"),
    // The Node that draws formulas.
    DEEPSHOCK_NODE: process.execPath,
    PYTHONUTF8: "1",
    PYTHONNOUSERSITE: "1",
    // What Python compiles on first use lies beside what it is made of, and not beside the project's own files.
    PYTHONPYCACHEPREFIX: join(own, "pycache"),
    // What a kernel prints must not depend on the terminal that started it.
    NO_COLOR: "1",
    NODE_OPTIONS: "",
    NODE_NO_WARNINGS: "1",
    TZ: "UTC",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
  };
  for (const name of [
    "JUPYTER_PATH",
    "JUPYTER_NO_CONFIG",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONDONTWRITEBYTECODE",
    "FORCE_COLOR",
    "VIRTUAL_ENV",
  ])
    delete env[name];
  return env;
}

/** Programs that run, each with what ends when it and all that it started have let go of their outputs. */
const running = new Map();
/** What must be let go before this process ends, such as a lock. */
const releases = new Set();
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
let stopping = false;

/**
 * A signal ends the programs that run first, and this process only after them: nobody is told that a folder is free
 * while something still writes there. A second signal ends them at once.
 *
 * @param {"SIGHUP" | "SIGINT" | "SIGTERM"} signal
 */
async function stop(signal) {
  const tell = (how) => {
    for (const child of running.keys()) child.kill(how);
  };
  if (stopping) return tell("SIGKILL");
  const asks = [...running.values()].some(({ asksBack }) => asksBack);
  if (asks && signal === "SIGINT") return;
  stopping = true;
  // Of a Ctrl-C the terminal has told them already.
  if (signal === "SIGINT") await new Promise((resolve) => setTimeout(resolve, 300));
  tell("SIGTERM");
  // npm would take back for a minute what the next run starts over anyway.
  const patience = setTimeout(() => {
    for (const [child, { startsOver }] of running) if (startsOver) child.kill("SIGKILL");
  }, 2000);
  patience.unref();
  if (running.size > 0) await Promise.all([...running.values()].map(({ ended }) => ended));
  for (const release of releases) release();
  process.exit(signals[signal]);
}

/** Signals are this module's business while a program runs or something is held. */
function watch() {
  const needed = running.size + releases.size > 0;
  for (const signal of Object.keys(signals)) {
    process.off(signal, stop);
    if (needed) process.on(signal, stop);
  }
}

/**
 * Do the work, and let go of what it holds at its end or at a signal.
 *
 * @template T
 * @param {() => void} release
 * @param {() => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function holding(release, work) {
  releases.add(release);
  watch();
  try {
    return await work();
  } finally {
    if (!stopping) {
      releases.delete(release);
      watch();
      release();
    }
  }
}

/**
 * Run a program to its end: { code, stdout, stderr }. With inherit, its output goes to the terminal; with asksBack, it
 * takes Ctrl-C as it likes; with startsOver, nothing is lost when it is ended in the middle.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { inherit?: boolean, asksBack?: boolean, startsOver?: boolean }} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function run(command, args, { inherit = false, asksBack = false, startsOver = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: inherit ? "inherit" : ["ignore", "pipe", "pipe"], ...options });
    let stdout = "";
    let stderr = "";
    let end = () => {};
    running.set(child, { asksBack, startsOver, ended: new Promise((settle) => (end = settle)) });
    watch();
    const over = (result) => {
      running.delete(child);
      end();
      // Whoever waits for it must not go on to the next step once this process is to stop.
      if (stopping) return;
      watch();
      resolve(result);
    };
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (stdout += chunk));
    child.stderr?.setEncoding("utf8").on("data", (chunk) => (stderr += chunk));
    child.on("error", (error) => over({ code: 127, stdout, stderr: `${stderr}${error.message}\n` }));
    child.on("close", (code, signal) => over({ code: code ?? 1, stdout, stderr: signal ? `${stderr}stopped by ${signal}\n` : stderr }));
  });
}

/** Run a Python program of this folder in the project's .venv, with a temporary folder that goes when it ends. */
export function python(args, { env = jupyterEnvironment(), ...options } = {}) {
  const temporary = mkdtempSync(join(tmpdir(), "deepshock-"));
  const remove = () => rmSync(temporary, { recursive: true, force: true, maxRetries: 3 });
  return holding(remove, () => run(venvPython, args, { env: { ...env, TMPDIR: temporary, TMP: temporary, TEMP: temporary }, ...options }));
}

/** Write beside, then rename: a reader sees the old file or the new one, never half of one. */
export function writeWhole(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.part`;
  try {
    writeFileSync(beside, content);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    // A write that fails names no file of its own.
    throw Object.assign(error, { path });
  }
}

/** One hash over texts and buffers, in order. */
export function hash(...parts) {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(String(part.length)).update(":").update(part);
  return sum.digest("hex").slice(0, 32);
}

/** One hash over the names and contents of all files below a folder. */
export function hashFolder(folder, keep = () => true) {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter(keep)
    .sort();
  return hash(...files.flatMap((file) => [file.slice(folder.length), readFileSync(file)]));
}

/** "8.4 s" since a time of performance.now(). */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Whether a module is the program that Node was started with. */
export function isProgram(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(url));
}
