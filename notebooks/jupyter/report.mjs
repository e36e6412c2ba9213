/**
 * npm run report: execute the notebooks whose inputs changed, and write a page for each into reports/.
 *
 *     npm run report -- --standalone    single files that carry everything, in reports/standalone/
 *     npm run report -- --force         execute all, whatever is in the cache
 *     npm run report -- --model ID|config.json --machine ID [--tokens N ...]
 *                                       all notebooks for that model on that machine, in reports/<model>-on-<machine>/
 *
 * The committed notebooks stay as they are: the executed copies lie in reports/.cache.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { browserPath } from "./browser.mjs";
import { executeAll, NotebookError } from "./execute.mjs";
import { explorerScript } from "./explore.mjs";
import { frontPictures } from "./front-pictures.mjs";
import { withLock } from "./lock.mjs";
import { writeOwnNotebooks } from "./own-notebooks.mjs";
import { drawnBy } from "./pictures.mjs";
import { packedPlotly } from "./plotly.mjs";
import {
  hash,
  hashFolder,
  isProgram,
  jupyterFolder,
  notebooks,
  python,
  reportsFolder,
  root,
  secondsSince,
  writeWhole,
} from "./project.mjs";
import { asksForOwn, scenarioOf, scenarioOptions, scenarioUsage } from "./scenario.mjs";
import { main, SetupError } from "./setup.mjs";

const library = () => createRequire(import.meta.url)("../../dist/index.js");

/**
 * Bring the reports of a folder of notebooks up to date. Of two at once for one folder the second waits.
 *
 * @typedef {{ standalone?: boolean, force?: boolean, folder?: string, source?: string, say?: (line: string) => void }} ReportOptions
 * @param {ReportOptions & { scenario?: object, prepare?: () => void }} [options]
 * @throws NotebookError when a cell fails or a notebook cannot become a page; older reports stay as they were.
 */
export function report({ folder = reportsFolder, say = console.log, prepare = () => {}, ...options } = {}) {
  mkdirSync(join(folder, ".cache"), { recursive: true });
  return withLock(join(folder, ".cache", "lock"), say, () => {
    prepare();
    return reportAlone({ folder, say, ...options });
  });
}

/**
 * The reports for a model, a machine and settings of one's own, in a folder of their own below `folder`.
 *
 * @param {Record<string, string | boolean | undefined>} values as optionsOf gives them.
 * @param {ReportOptions} [options]
 * @throws SetupError before anything runs when a value cannot be; NotebookError as report.
 */
export async function ownReport(values, { folder = reportsFolder, source = undefined, say = console.log, ...options } = {}) {
  const scenario = scenarioOf(values, library());
  const own = join(folder, scenario.folder);
  const written = join(own, ".cache", "notebooks");
  say(`${scenario.model.name} on ${scenario.machine.name}, experts' weights in ${scenario.format}`);
  const prepare = () => writeOwnNotebooks(scenario, written, library(), source);
  try {
    return await report({ ...options, folder: own, source: written, scenario, say, prepare });
  } catch (error) {
    if (error instanceof NotebookError)
      error.message += `\n\nNo page for ${scenario.model.name} on ${scenario.machine.name} was written; earlier ones in ${relative(process.cwd(), own)} are as they were.`;
    throw error;
  }
}

async function reportAlone({ standalone = false, force = false, folder, source, scenario = undefined, say }) {
  const start = performance.now();
  const cache = join(folder, ".cache");
  const books = notebooks(source).map((notebook) => ({ ...notebook, target: join(cache, `${notebook.name}.ipynb`) }));
  if (books.length === 0) throw new SetupError("there is no notebook named NN-topic.ipynb to report on");
  const stale = force ? books : books.filter((book) => stampOf(book) !== stampFor(book, executionKey(book)));
  for (const { target } of stale) rmSync(`${target}.key`, { force: true });
  writeWhole(join(cache, ".keep"), "");
  await executeAll(
    stale.map((book) => ({ ...book, key: executionKey(book) })),
    {
      say,
      ...(browserPath() === undefined ? {} : { drawnBy: drawnBy(), onlyMissing: true }),
      done: (book) => writeWhole(`${book.target}.key`, stampFor(book, book.key)),
    },
  );
  const where = standalone ? join(folder, "standalone") : folder;
  await convert(books, where, { standalone, cache, scenario, say });
  if (stale.length === 0) say(`all ${books.length} notebooks were executed before and nothing they use has changed`);
  say(`reports ready in ${secondsSince(start)}: ${relative(process.cwd(), join(where, "index.html"))}`);
  return where;
}

const stampOf = ({ target }) => (existsSync(`${target}.key`) ? readFileSync(`${target}.key`, "utf8") : "none");

/** From what a notebook was executed, and the bytes that came of it: a copy that was cut short is executed again. */
const stampFor = ({ target }, key) => (existsSync(target) ? `${key} ${hash(readFileSync(target))}` : undefined);

/** What the outputs of a notebook come from: its cells, the model, the data and the kernel. */
function executionKey({ path }) {
  const { cells } = JSON.parse(readFileSync(path, "utf8"));
  shared ??= hash(
    hashFolder(join(root, "dist")),
    hashFolder(join(root, "data"), (file) => /\.(csv|json)$/.test(file)),
    readFileSync(join(root, "package-lock.json")),
    readFileSync(join(jupyterFolder, "execute.py")),
  );
  return hash(shared, JSON.stringify(cells.map(({ cell_type, id, metadata, source }) => [cell_type, id, metadata, source])));
}
let shared;

/** Where the front page's three small figures stand in full. */
const figureHrefs = ["01-tokens-per-expert.html#figure-1", "02-task-time.html#figure-2", "03-access-size.html#figure-2"];

/** What the front page says of the claims; not part of the key, since notebook 12 prints it. */
async function front(names) {
  const {
    argument,
    chineseAnswer,
    chineseClaims,
    claims,
    formatCount,
    formatShare,
    frontAnswer,
    frontErrors,
    frontFigures,
    frontLayer,
    frontWorth,
    howSure,
    verdictsByMonth,
  } = library();
  const months = verdictsByMonth(3);
  const verdicts = claims().map((claim, i) => ({
    id: claim.id,
    name: claim.name,
    statement: claim.statement,
    headline: claim.headline,
    verdict: claim.verdict,
    verdictThen: claim.then.verdict,
    since: spark(months.map(({ verdicts: all }) => all[i].score)),
    href: names.includes(claim.notebook) ? `${claim.notebook}.html` : null,
  }));
  const drawn = frontFigures();
  const pictures = await frontPictures(drawn);
  const figures = drawn.map(({ data, layout, title, setting, caption, alt }, i) => ({
    figure: { data, layout },
    title,
    setting,
    caption,
    alt: title ?? alt,
    picture: pictures[i],
    href: figureHrefs[i],
  }));
  const { steps, median, nineOfTen, inBand, engines } = frontErrors();
  const errors = [
    {
      value: formatShare(median),
      words: `median error of ${formatCount(steps)} measured decode steps, each time fitted without that source's runs of that model on that machine`,
    },
    { value: formatShare(nineOfTen), words: "nine of ten of them are off by at most this" },
    { value: formatShare(inBand), words: "of them lie in the band that goes with each answer (meant for four in five)" },
    {
      value: formatShare(engines.median),
      words: `two engines asked the same differ by this, in the median of ${formatCount(engines.pairs)} pairs`,
    },
  ];
  // The same numbers under the words of the Chinese page.
  const chinese = {
    answer: chineseAnswer(),
    claims: chineseClaims(claims()).map((claim, i) => ({
      ...claim,
      badge: verdicts[i].verdict,
      href: verdicts[i].href,
      since: verdicts[i].since,
    })),
    errors: [
      {
        value: percent(median),
        words: `${formatCount(steps)} 个实测解码步的误差中位数；拟合时轮流留出每个来源中一种模型在一种机器上的数据`,
      },
      { value: percent(nineOfTen), words: "十个里有九个的误差不超过此数" },
      { value: percent(inBand), words: "落在答案自带的区间内（设计值为五分之四）" },
      { value: percent(engines.median), words: `两个引擎回答同一问题的差别（${formatCount(engines.pairs)} 对的中位数）` },
    ],
  };
  return {
    argument: argument(),
    answer: frontAnswer(),
    chinese,
    sure: howSure(),
    errors,
    worth: frontWorth(),
    layer: frontLayer(),
    figures,
    verdicts,
  };
}

/** A share as Chinese text sets it. */
const percent = (share) => library().chineseShare(share);

/** Points of a small line from wrong (low) to right (high), quarter by quarter; a gap where nothing decided. */
function spark(scores) {
  const step = 110 / Math.max(1, scores.length - 1);
  const at = (score, i) => `${(5 + i * step).toFixed(1)},${(23 - 20 * score).toFixed(1)}`;
  const runs = [];
  scores.forEach((score, i) => {
    if (Number.isNaN(score)) return;
    if (i === 0 || Number.isNaN(scores[i - 1])) runs.push([]);
    runs.at(-1).push(at(score, i));
  });
  return runs.map((points) => points.join(" "));
}

async function convert(books, folder, { standalone, cache, scenario, say }) {
  const start = performance.now();
  const about = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).description;
  const own = ({ model, machine }) =>
    `Executed for ${model.name} on ${machine.name}: so are the reports; the argument, its three figures and the verdicts on this page are the project's own`;
  const description = scenario === undefined ? about : `${about}. ${own(scenario)}`;
  const explorer = await explorerScript(cache);
  const fresh = join(cache, standalone ? "standalone-pages" : "pages");
  const plotly = await packedPlotly();
  const job = {
    folder: fresh,
    description,
    standalone,
    explorer,
    plotly,
    notebooks: books.map(({ name, target }) => ({ name, path: target })),
  };
  const key = hash(
    JSON.stringify(job),
    hashFolder(jupyterFolder, (file) => !file.includes("__pycache__")),
    readFileSync(join(root, "data", "glossary.csv")),
    readFileSync(join(root, "data", "NOTICE.md")),
    ...["package-lock.json", "package.json", "CITATION.cff"].map((name) => readFileSync(join(root, name))),
    readFileSync(explorer),
    ...books.map(({ target }) => readFileSync(target)),
  );
  const keyFile = join(cache, standalone ? "standalone.key" : "pages.key");
  const pages = [
    ...books.map(({ name }) => join(folder, `${name}.html`)),
    join(folder, "index.html"),
    join(folder, "zh.html"),
    join(folder, "explore.html"),
    join(folder, "notices.html"),
  ];
  if (existsSync(keyFile) && readFileSync(keyFile, "utf8") === key && pages.every((page) => existsSync(page))) return;
  const jobFile = join(cache, `job-${process.pid}.json`);
  writeWhole(jobFile, JSON.stringify({ ...job, front: await front(books.map(({ name }) => name)) }));
  const { code, stdout, stderr } = await python([join(jupyterFolder, "convert.py"), jobFile]);
  rmSync(jobFile);
  if (code !== 0) throw new NotebookError(`the reports could not be written: ${(stderr + stdout).trim()}`);
  moveInto(folder, fresh, pages);
  writeWhole(keyFile, key);
  say(`${pages.length} pages written (${secondsSince(start)})`);
}

/** Pages are all made before the first is moved, so that one that cannot be made leaves the older site as it was. */
function moveInto(folder, fresh, pages) {
  // Pictures of figures that are no more.
  rmSync(join(folder, "assets", "pictures"), { recursive: true, force: true });
  for (const entry of readdirSync(fresh, { withFileTypes: true, recursive: true }).filter((e) => e.isFile())) {
    const from = join(entry.parentPath ?? entry.path, entry.name);
    const to = join(folder, relative(fresh, from));
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  }
  rmSync(fresh, { recursive: true });
  const old = readdirSync(folder).filter((file) => /^\d\d-.+\.html$/.test(file) && !pages.includes(join(folder, file)));
  for (const file of old) rmSync(join(folder, file));
}

const usage = `Usage: npm run report [-- OPTIONS]
  --standalone           each page a file that carries everything
  --force                execute all, whatever is in the cache
for a report of your own:
${scenarioUsage}`;

/**
 * The command line's options.
 *
 * @param {string[]} args
 * @returns {Record<string, string | boolean | undefined>}
 * @throws SetupError that shows them when one is not known.
 */
export function optionsOf(args) {
  try {
    return parseArgs({ args, options: { standalone: { type: "boolean" }, force: { type: "boolean" }, ...scenarioOptions } }).values;
  } catch (error) {
    throw new SetupError(`${error.message}\n${usage}`);
  }
}

if (isProgram(import.meta.url)) {
  await main(async () => {
    const { standalone, force, ...values } = optionsOf(process.argv.slice(2));
    await (asksForOwn(values) ? ownReport(values, { standalone, force }) : report({ standalone, force }));
  });
}
