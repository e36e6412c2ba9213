/**
 * Where things are, and how the project's own Python and Jupyter are started.
 *
 * Only Node's standard library: this runs before any package is installed.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
    // What a kernel prints must not depend on the terminal that started it.
    NO_COLOR: "1",
    NODE_OPTIONS: "",
    NODE_NO_WARNINGS: "1",
    TZ: "UTC",
    LANG: "C.UTF-8",
    LC_ALL: "C.UTF-8",
  };
  for (const name of ["JUPYTER_PATH", "JUPYTER_NO_CONFIG", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "FORCE_COLOR", "VIRTUAL_ENV"])
    delete env[name];
  return env;
}

/**
 * Run a program to its end: { code, stdout, stderr }. With inherit, its output goes to the terminal.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { inherit?: boolean }} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export function run(command, args, { inherit = false, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: inherit ? "inherit" : ["ignore", "pipe", "pipe"], ...options });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk) => (stdout += chunk));
    child.stderr?.setEncoding("utf8").on("data", (chunk) => (stderr += chunk));
    child.on("error", (error) => resolve({ code: 127, stdout, stderr: `${stderr}${error.message}\n` }));
    child.on("close", (code, signal) => resolve({ code: code ?? 1, stdout, stderr: signal ? `${stderr}stopped by ${signal}\n` : stderr }));
  });
}

/** Run a Python program of this folder in the project's .venv. */
export function python(args, options = {}) {
  return run(venvPython, ["-B", ...args], { env: jupyterEnvironment(), ...options });
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
