/**
 * Installs what is missing, and nothing else: npm packages from the lock file, a .venv with the pinned
 * Jupyter packages, the tslab kernel inside it, and dist/ from src/. Each part has a stamp with a hash of
 * what it was made from, written last, so that an interrupted set-up is taken up again.
 *
 * Only Node's standard library: this runs before any package is installed.
 */
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { hash, hashFolder, isProgram, jupyterFolder, root, run, secondsSince, venv, venvPython, writeWhole } from "./project.mjs";
import { cacheHere, lackOfRoom, makeRoom, ranOutOfRoom, usualCache } from "./room.mjs";

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

/** What notebooks need and dist/ does not. */
const ofJupyter = ["python", "kernel"];

/**
 * Make sure that everything is there. Costs a few milliseconds when nothing is missing.
 *
 * @param jupyter whether notebooks will run; without them npm's packages and dist/ are enough
 * @throws SetupError that says what is missing, what was found and what to do.
 */
export async function setUp({ quiet = false, jupyter = true } = {}) {
  checkNode(process.versions.node);
  const lacking = () => missing().filter((part) => jupyter || !ofJupyter.includes(part));
  if (lacking().length === 0) return;
  const say = (line) => quiet || console.log(line);
  await withLock(join(root, ".setup.lock"), say, async () => {
    const parts = lacking();
    const jobs = [];
    // Looked for first: whoever lacks it should not wait for npm to hear so.
    const found = parts.includes("python") ? await findPython() : undefined;
    const proxy = parts.includes("python") || parts.includes("packages") ? await deadProxy() : undefined;
    if (proxy !== undefined) throw new SetupError(`${proxy}\nNothing was installed or removed.`);
    const lack = lackOfRoom(parts);
    if (lack !== undefined) throw new SetupError(`${lack}\n${makeRoom}\nNothing was installed or removed.`);
    if (found !== undefined) jobs.push(installPython(found, say));
    if (parts.includes("packages")) jobs.push(installPackages(say));
    const failures = (await Promise.allSettled(jobs)).filter((job) => job.status === "rejected");
    if (failures.length > 0)
      throw failures.length === 1 ? failures[0].reason : new SetupError(failures.map((f) => f.reason.message).join("\n\n"));
    if (jupyter) writeKernelSpec();
    if (lacking().includes("build")) await build(say);
  });
}

/** Which parts are not there, no longer whole, or made from something older. */
function missing() {
  const parts = [];
  if (!isPackagesCurrent()) parts.push("packages");
  if (!isStamped(stampOf.python, pythonKey(), existsSync(venvPython) ? sitePackages() : undefined)) parts.push("python");
  if (read(kernelSpec) !== kernelSpecText()) parts.push("kernel");
  if (!isStamped(stampOf.build, buildKey(), contentsOf(join(root, "dist")))) parts.push("build");
  return parts;
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
const packagesKey = () => hash(readFileSync(join(root, "package-lock.json")));
const pythonKey = () => hash(readFileSync(requirements));
/** What dist/ is made of: the sources, and this file, which makes more of them than the compiler does. */
const buildKey = () =>
  hash(
    readFileSync(join(root, "tsconfig.json")),
    hashFolder(join(root, "src")),
    readFileSync(join(jupyterFolder, "setup.mjs")),
    packagesKey(),
  );

/** A stamp tells from what a thing was made, and what it held when it was made: a thing that lost files is made again. */
const isStamped = (path, key, contents) => contents !== undefined && read(path) === `${key} ${contents}`;

/** Names and sizes of all files below folders; undefined where a folder is missing. Nested packages count on their own. */
function contentsOf(...folders) {
  const lines = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name.startsWith(".deepshock-stamp")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else lines.push(`${path.slice(root.length)} ${statSync(path, { throwIfNoEntry: false })?.size ?? 0}`);
    }
  };
  try {
    for (const folder of folders) walk(folder);
  } catch {
    return undefined;
  }
  return hash(...lines.sort());
}

/** Of the packages that package.json names; those below them are told of when they cannot be found. */
function packagesContents() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const named = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !version.startsWith("file:"));
  return contentsOf(...named.map(([name]) => join(nodeModules, name)));
}

/** The names of what pip installed, without what Python compiles as it goes. */
function sitePackages(folder = venv) {
  const python = existsSync(join(folder, "lib")) ? readdirSync(join(folder, "lib")).find((name) => name.startsWith("python")) : undefined;
  const place = process.platform === "win32" ? join(folder, "Lib", "site-packages") : join(folder, "lib", python ?? "", "site-packages");
  return existsSync(place)
    ? hash(
        ...readdirSync(place)
          .filter((name) => name !== "__pycache__")
          .sort(),
      )
    : hash();
}

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

/** Current when installed by this set-up and still whole, or installed by npm itself from the same lock file. */
function isPackagesCurrent() {
  const key = packagesKey();
  const contents = packagesContents();
  const stamp = read(stampOf.packages);
  if (contents !== undefined && stamp === `${key} ${contents}`) return true;
  // Installed here and not whole any more; npm's own list would not show it.
  if (contents === undefined || stamp?.startsWith(`${key} `) || !agreesWithLock()) return false;
  writeWhole(stampOf.packages, `${key} ${contents}`);
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
  const env = { ...process.env, ...cacheInside(say) };
  const ci = () =>
    viaCli
      ? run(process.execPath, [cli, ...args], { env, startsOver: true })
      : run("npm", args, { env, startsOver: true, shell: process.platform === "win32" });
  rmSync(stampOf.packages, { force: true });
  let { code, stdout, stderr } = await ci();
  // A folder that another process still wrote to while npm removed it, such as a run that was killed: it has ended by now.
  if (code !== 0 && /ENOTEMPTY|EBUSY/.test(stderr)) ({ code, stdout, stderr } = await ci());
  const full = code === 0 ? undefined : ranOutOfRoom("packages", stderr + stdout);
  if (full !== undefined) {
    // Half of the packages serve nobody, and what they take is wanted.
    rmSync(nodeModules, { recursive: true, force: true });
    throw new SetupError(`${full}\n${makeRoom}`);
  }
  if (code !== 0)
    throw new SetupError(
      `npm ci failed (exit code ${code}). What it said:\n${(stderr + stdout).trim()}\nIf the network was away, run the command again: it starts over with npm's packages, of which npm keeps what it has fetched.`,
    );
  writeWhole(stampOf.packages, `${packagesKey()} ${packagesContents()}`);
  say(`set-up: npm packages are there (${secondsSince(start)})`);
}

/** npm keeps what it fetches in a folder of the user's; where that cannot be written to, in one of this folder. */
function cacheInside(say) {
  const own = usualCache();
  try {
    mkdirSync(own, { recursive: true });
    accessSync(own, constants.W_OK);
    return {};
  } catch {
    say(`set-up: ${own} cannot be written to, so npm keeps what it fetches in ${cacheHere}`);
    return { npm_config_cache: cacheHere, npm_config_logs_max: "0" };
  }
}

/**
 * In words, the proxy of the environment at which nothing answers; undefined where one does or none is named.
 *
 * @returns {Promise<string | undefined>}
 */
export async function deadProxy(env = process.env) {
  const names = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "npm_config_https_proxy", "npm_config_proxy"];
  const name = names.find((one) => env[one] !== undefined && env[one] !== "");
  if (name === undefined) return undefined;
  let url;
  try {
    url = new URL(/^[a-z0-9]+:\/\//i.test(env[name]) ? env[name] : `http://${env[name]}`);
  } catch {
    return `The environment variable ${name} names a proxy that is no address: "${env[name]}".`;
  }
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const trouble = await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5000 });
    const over = (why) => {
      socket.destroy();
      resolve(why);
    };
    socket.on("connect", () => over(undefined)).on("timeout", () => over("ETIMEDOUT"));
    socket.on("error", (error) => over(error.code));
  });
  if (trouble === undefined) return undefined;
  return `The environment variable ${name} names a proxy, ${host}:${port}, at which nothing answers (${trouble}).\nStart it, or unset the variable, and run the command again.`;
}

/** Into a folder beside, which takes the old one's place once it is whole: until then the old one is as it was. */
async function installPython(found, say) {
  const start = performance.now();
  say(`set-up: installing Jupyter into .venv with ${found.command} ${found.version} ...`);
  const [fresh, old] = [`${venv}-new`, `${venv}-old`];
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  const made = await run(found.command, [...found.args, "-m", "venv", fresh]);
  const noRoom = made.code === 0 ? undefined : ranOutOfRoom("python", made.stderr + made.stdout);
  if (made.code !== 0) rmSync(fresh, { recursive: true, force: true });
  if (noRoom !== undefined) throw new SetupError(`${noRoom}\n${makeRoom}`);
  if (made.code !== 0)
    throw new SetupError(`${found.command} -m venv failed (exit code ${made.code}). What it said:\n${(made.stderr + made.stdout).trim()}`);
  const asked = ["--disable-pip-version-check", "--no-input", "--no-compile", "--require-hashes", "-r", requirements];
  const pip = await run(venvPython.replace(venv, fresh), ["-m", "pip", "install", "--quiet", ...asked], {
    env: { ...process.env, PYTHONNOUSERSITE: "1", PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (pip.code !== 0) {
    const full = ranOutOfRoom("python", pip.stderr + pip.stdout);
    rmSync(fresh, { recursive: true, force: true });
    const kept = existsSync(venvPython) ? " The Jupyter that was installed before is as it was." : "";
    if (full !== undefined) throw new SetupError(`${full}${kept}\n${makeRoom}`);
    throw new SetupError(
      `pip install failed (exit code ${pip.code}). What it said:\n${(pip.stderr + pip.stdout).trim()}\nIf the network was away, run the command again.${kept}`,
    );
  }
  moveScripts(fresh);
  writeWhole(join(fresh, ".deepshock-stamp"), `${pythonKey()} ${sitePackages(fresh)}`);
  if (existsSync(venv)) renameSync(venv, old);
  renameSync(fresh, venv);
  rmSync(old, { recursive: true, force: true });
  say(`set-up: Jupyter is there (${secondsSince(start)})`);
}

/** Scripts of a virtual environment name its folder: here, the one that it is about to have. */
function moveScripts(fresh) {
  const bin = join(fresh, process.platform === "win32" ? "Scripts" : "bin");
  const texts = [join(fresh, "pyvenv.cfg"), ...readdirSync(bin).map((name) => join(bin, name))];
  for (const path of texts) {
    const bytes = statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
    if (bytes.includes(0) || !bytes.includes(fresh)) continue;
    writeFileSync(path, bytes.toString("utf8").replaceAll(fresh, venv));
  }
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
  for (const entry of entries) writeModule(fresh, entry);
  for (const entry of listings(fresh)) handOnLazily(join(fresh, `${entry}.js`));
  splitTables(fresh);
  const command = join(fresh, "cli", "deepshock.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  // Written last: without it the next run builds again.
  writeWhole(stampOf.build, `${key} ${contentsOf(dist)}`);
  rmSync(old, { recursive: true, force: true });
  say(`set-up: built dist/ from src/ (${secondsSince(start)})`);
}

/** The tables of data/ as src/data/files.ts reads them quickly. */
function splitTables(folder) {
  if (!existsSync(join(folder, "data", "split-table.js"))) return;
  const require = createRequire(join(folder, "index.js"));
  const { splitTable } = require("./data/split-table.js");
  const { splitName } = require("./data/files.js");
  const { parse } = require("csv-parse/sync");
  for (const name of readdirSync(join(root, "data")).filter((file) => file.endsWith(".csv"))) {
    const bytes = readFileSync(join(root, "data", name));
    const records = parse(bytes, { comment: "#", comment_no_infix: true, skip_empty_lines: true });
    writeWhole(join(folder, "tables", splitName(name, bytes)), splitTable(records));
  }
}

/** What package.json lets others import. */
const entries = ["index", "figures/index", "published/index", "notebook"];

/**
 * The same names for who imports and who requires, and one copy of the model behind both: a module that hands on what the
 * CommonJS file gives.
 */
function writeModule(folder, entry) {
  if (!existsSync(join(folder, `${entry}.js`))) return;
  const names = Object.keys(createRequire(join(folder, "index.js"))(`./${entry}.js`));
  const file = `./${basename(entry)}.js`;
  writeWhole(
    join(folder, `${entry}.mjs`),
    `import given from "${file}";\nexport const {\n${names.map((name) => `  ${name},\n`).join("")}} = given;\n`,
  );
  writeWhole(join(folder, `${entry}.d.mts`), `export * from "${file}";\n`);
}

/** Those that only hand names on. */
const listings = (folder) => [
  ...readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, `public-${name}.js`)))
    .map((name) => `${name}/public-${name}`),
  "figures/index",
  "published/index",
  // Last: it takes over what the folders' listings have by then.
  "index",
];

/**
 * A file that only hands names on, as the compiler writes it, then loads the module behind a name when that name is first asked for: a
 * first answer needs a third of all modules.
 */
function handOnLazily(path) {
  if (!existsSync(path)) return;
  const text = readFileSync(path, "utf8");
  const load = createRequire(path);
  const all = (module, from) => {
    const names = Object.keys(load(module)).filter((name) => name !== "default" && !text.includes(`exports, "${name}",`));
    const given = names.map(
      (name) => `Object.defineProperty(exports, "${name}", { enumerable: true, get: function () { return ${from}().${name}; } });`,
    );
    return [`const ${from} = once(() => require("${module}"));`, ...given].join("\n");
  };
  // What a folder's own listing says, from here: a file less to read for each folder.
  const taken = (module) => {
    const lines = readFileSync(join(dirname(path), `${module}.js`), "utf8").match(/^(const \w+ = once\(.*|Object.*enumerable: true.*)$/gm);
    return `{\n${lines.join("\n").replaceAll('require("./', `require("${dirname(module)}/`)}\n}`;
  };
  let stars = 0;
  writeWhole(
    path,
    text
      .replace('"use strict";', '"use strict"; const once = (load) => { let loaded; return () => (loaded ??= load()); };')
      .replace(/^var (\w+) = require\((".+")\);$/gm, "const $1 = once(() => require($2));")
      .replace(/^(Object\.defineProperty\(exports, .* return \w+)(\.\w+; \} \}\);)$/gm, "$1()$2")
      .replace(/^__exportStar\(require\("(.+)"\), exports\);$/gm, (_, module) =>
        basename(module).startsWith("public-") ? taken(module) : all(module, `star_${stars++}`),
      ),
  );
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

/** A module that Node does not find: of the packages, or of the build. */
function missingModule(error) {
  if (!["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) return undefined;
  const said = error.message.split("\n")[0];
  return `\n${said}\nWhat was installed here is not whole any more. Delete the folders node_modules and dist, and run the command again: it installs them anew.`;
}

/** What to show of an error: the message where it is meant for people, or the cause in words; else all there is. */
function told(error) {
  if (error instanceof SetupError || error?.forPeople) return `\n${error.message}`;
  const cause = causes[error?.code];
  const lost = missingModule(error);
  if (lost !== undefined) return lost;
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
  await main(() => 0, { quiet: process.argv.includes("--quiet"), jupyter: !process.argv.includes("--build") });
}
