/**
 * Installs what is missing, and nothing else: npm packages from the lock file, a .venv with the pinned
 * Jupyter packages, the tslab kernel inside it, and dist/ from src/. Each part has a stamp with a hash of
 * what it was made from, written last, so that an interrupted set-up is taken up again.
 *
 * Only Node's standard library: this runs before any package is installed.
 */
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { hash, hashFolder, isProgram, jupyterFolder, root, run, secondsSince, venv, venvPython, writeWhole } from "./project.mjs";

const nodeModules = join(root, "node_modules");
const requirements = join(jupyterFolder, "requirements.txt");
const stampOf = {
  packages: join(nodeModules, ".deepshock-stamp"),
  python: join(venv, ".deepshock-stamp"),
  build: join(root, "dist", ".deepshock-stamp"),
};
const kernelSpec = join(venv, "share", "jupyter", "kernels", "tslab", "kernel.json");

/** A set-up that cannot go on; its message is for the person at the keyboard. */
export class SetupError extends Error {}

/**
 * Make sure that everything is there. Costs a few milliseconds when nothing is missing.
 *
 * @throws SetupError that says what is missing, what was found and what to do.
 */
export async function setUp({ quiet = false } = {}) {
  checkNode(process.versions.node);
  if (missing().length === 0) return;
  const say = (line) => quiet || console.log(line);
  await withLock(join(root, ".setup.lock"), say, async () => {
    const parts = missing();
    const jobs = [];
    if (parts.includes("python")) jobs.push(installPython(say));
    if (parts.includes("packages")) jobs.push(installPackages(say));
    const failures = (await Promise.allSettled(jobs)).filter((job) => job.status === "rejected");
    if (failures.length > 0)
      throw failures.length === 1 ? failures[0].reason : new SetupError(failures.map((f) => f.reason.message).join("\n\n"));
    writeKernelSpec();
    if (missing().includes("build")) await build(say);
  });
}

/** Which parts are not there or made from something older. */
function missing() {
  const parts = [];
  if (!isPackagesCurrent()) parts.push("packages");
  if (!existsSync(venvPython) || read(stampOf.python) !== pythonKey()) parts.push("python");
  if (read(kernelSpec) !== kernelSpecText()) parts.push("kernel");
  if (read(stampOf.build) !== buildKey()) parts.push("build");
  return parts;
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
const packagesKey = () => hash(readFileSync(join(root, "package-lock.json")));
const pythonKey = () => hash(readFileSync(requirements));
const buildKey = () => hash(readFileSync(join(root, "tsconfig.json")), hashFolder(join(root, "src")), packagesKey());

/** @throws SetupError unless the version is at least what package.json asks for. */
export function checkNode(version) {
  const asked = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node.replace(">=", "");
  if (isAtLeast(version, asked)) return;
  throw new SetupError(
    `Node ${asked} or newer is needed; this is Node ${version} (${process.execPath}).\nInstall a newer one from https://nodejs.org or with your system's packages, and run the command again.`,
  );
}

function isAtLeast(version, asked) {
  const numbers = (text) => text.split(".").map((part) => Number.parseInt(part, 10));
  const [have, need] = [numbers(version), numbers(asked)];
  for (let i = 0; i < need.length; i++) if ((have[i] ?? 0) !== need[i]) return (have[i] ?? 0) > need[i];
  return true;
}

/** Current when installed by this set-up, or by npm itself from the same lock file. */
function isPackagesCurrent() {
  const key = packagesKey();
  if (read(stampOf.packages) === key) return true;
  if (!agreesWithLock()) return false;
  writeWhole(stampOf.packages, key);
  return true;
}

function agreesWithLock() {
  const text = read(join(nodeModules, ".package-lock.json"));
  if (text === undefined) return false;
  return agrees(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages, JSON.parse(text).packages);
}

/** Whether what npm installed is what the lock file asks for; packages for other systems are not there. */
export function agrees(locked, installed) {
  return (
    Object.entries(locked).every(
      ([path, { version, optional }]) => path === "" || (installed[path] ? installed[path].version === version : optional === true),
    ) && Object.keys(installed).every((path) => path in locked)
  );
}

async function installPackages(say) {
  const start = performance.now();
  say("set-up: installing npm packages from package-lock.json ...");
  const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const cli = process.env.npm_execpath;
  const viaCli = cli !== undefined && /npm-cli\.[cm]?js$/.test(cli) && existsSync(cli);
  const { code, stdout, stderr } = viaCli
    ? await run(process.execPath, [cli, ...args])
    : await run("npm", args, { shell: process.platform === "win32" });
  if (code !== 0)
    throw new SetupError(
      `npm ci failed (exit code ${code}). What it said:\n${(stderr + stdout).trim()}\nIf the network was away, run the command again: it goes on where it stopped.`,
    );
  writeWhole(stampOf.packages, packagesKey());
  say(`set-up: npm packages are there (${secondsSince(start)})`);
}

async function installPython(say) {
  const start = performance.now();
  const found = await findPython();
  say(`set-up: installing Jupyter into .venv with ${found.command} ${found.version} ...`);
  rmSync(venv, { recursive: true, force: true });
  const made = await run(found.command, [...found.args, "-m", "venv", venv]);
  if (made.code !== 0)
    throw new SetupError(`${found.command} -m venv failed (exit code ${made.code}). What it said:\n${(made.stderr + made.stdout).trim()}`);
  const pip = await run(
    venvPython,
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "-r", requirements],
    {
      env: { ...process.env, PYTHONNOUSERSITE: "1", PYTHONUTF8: "1" },
    },
  );
  if (pip.code !== 0)
    throw new SetupError(
      `pip install failed (exit code ${pip.code}). What it said:\n${(pip.stderr + pip.stdout).trim()}\nIf the network was away, run the command again.`,
    );
  writeWhole(stampOf.python, pythonKey());
  say(`set-up: Jupyter is there (${secondsSince(start)})`);
}

/**
 * The first Python on the PATH that is new enough and can make a virtual environment.
 *
 * @throws SetupError that lists what was found instead.
 */
export async function findPython() {
  const probe =
    "import sys; print('.'.join(map(str, sys.version_info[:3])))\ntry:\n import venv, ensurepip; print('venv')\nexcept ImportError as e: print(e.name)";
  const candidates =
    process.platform === "win32"
      ? [["py", "-3"], ["python"], ["python3"]]
      : [["python3"], ["python"], ...[14, 13, 12, 11, 10].map((minor) => [`python3.${minor}`])];
  if (process.env.PYTHON) candidates.unshift([process.env.PYTHON]);
  const seen = [];
  for (const [command, ...args] of candidates) {
    const { code, stdout } = await run(command, [...args, "-c", probe]);
    const [version, module] = stdout.trim().split(/\r?\n/);
    if (code !== 0 || !/^\d+\.\d+/.test(version ?? "")) continue;
    if (!isAtLeast(version, "3.10")) seen.push(`${command} is Python ${version}: too old`);
    else if (module !== "venv")
      seen.push(`${command} is Python ${version}, but cannot make virtual environments: its module ${module} is missing`);
    else return { command, args, version };
  }
  const lacksVenv = seen.find((line) => line.includes("is missing"));
  const advice = lacksVenv
    ? "On Debian or Ubuntu: apt install python3-venv. Then run the command again."
    : "Install a newer one from https://www.python.org or with your system's packages (on Debian or Ubuntu: apt install python3 python3-venv), or name one in the environment variable PYTHON. Then run the command again.";
  throw new SetupError(
    `Python 3.10 or newer with venv is needed. Found: ${seen.length > 0 ? `\n  ${seen.join("\n  ")}` : "no python3 and no python on the PATH."}\n${advice}`,
  );
}

/** The kernel runs the project's own tslab with the Node that runs the set-up. */
function kernelSpecText() {
  const tslab = join(nodeModules, "tslab", "bin", "tslab");
  return `${JSON.stringify({ argv: [process.execPath, tslab, "kernel", "--config-path", "{connection_file}"], display_name: "TypeScript", language: "typescript" }, null, 2)}\n`;
}

function writeKernelSpec() {
  if (read(kernelSpec) !== kernelSpecText()) writeWhole(kernelSpec, kernelSpecText());
}

async function build(say) {
  const start = performance.now();
  const key = buildKey();
  const [fresh, old, dist] = [".dist-new", ".dist-old", "dist"].map((name) => join(root, name));
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  const { code, stdout, stderr } = await run(process.execPath, [
    join(nodeModules, "typescript", "bin", "tsc"),
    "-p",
    "tsconfig.json",
    "--outDir",
    fresh,
    "--pretty",
    "false",
  ]);
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new SetupError(`src/ does not compile:\n${(stdout + stderr).trim()}`);
  }
  writeWhole(join(fresh, ".deepshock-stamp"), key);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
  say(`set-up: built dist/ from src/ (${secondsSince(start)})`);
}

const causes = {
  EACCES: "permission is denied",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than the system allows",
  EMFILE: "too many files are open",
  ENOSPC: "there is no space left on the disk",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
};

/** What to show of an error: the message where it is meant for people, or the cause in words; else all there is. */
function told(error) {
  if (error instanceof SetupError || error?.forPeople) return `\n${error.message}`;
  const cause = causes[error?.code];
  if (cause === undefined) return error;
  const place = [error.path, error.dest].filter(Boolean).join(" to ") || root;
  return `\n${place} cannot be written or read: ${cause} (${error.code}).\nFiles that were there are as they were. Mend that, and run the command again: it goes on where it stopped.`;
}

/** Run a command's work after the set-up; errors meant for people are shown without a stack. */
export async function main(work, options = {}) {
  try {
    await setUp(options);
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    console.error(told(error));
    process.exitCode = 1;
  }
}

if (isProgram(import.meta.url)) {
  await main(() => 0, { quiet: process.argv.includes("--quiet") });
}
