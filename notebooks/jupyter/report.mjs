/**
 * npm run report: execute the notebooks whose inputs changed, and write a page for each into reports/.
 *
 *     npm run report -- --standalone    single files that carry everything, in reports/standalone/
 *     npm run report -- --force         execute all, whatever is in the cache
 *
 * The committed notebooks stay as they are: the executed copies lie in reports/.cache.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { executeAll, NotebookError } from "./execute.mjs";
import { explorerScript } from "./explore.mjs";
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
import { main, SetupError } from "./setup.mjs";

/**
 * Bring the reports of a folder of notebooks up to date.
 *
 * @throws NotebookError when a cell fails or a notebook cannot become a page; older reports stay as they were.
 */
export async function report({ standalone = false, force = false, folder = reportsFolder, source = undefined, say = console.log } = {}) {
  const start = performance.now();
  const cache = join(folder, ".cache");
  const books = notebooks(source).map((notebook) => ({ ...notebook, target: join(cache, `${notebook.name}.ipynb`) }));
  if (books.length === 0) throw new SetupError("there is no notebook named NN-topic.ipynb to report on");
  const stale = force ? books : books.filter((book) => stampOf(book) !== executionKey(book) || !existsSync(book.target));
  for (const { target } of stale) rmSync(`${target}.key`, { force: true });
  writeWhole(join(cache, ".keep"), "");
  await executeAll(
    stale.map((book) => ({ ...book, key: executionKey(book) })),
    { say, done: (book) => writeWhole(`${book.target}.key`, book.key) },
  );
  const where = standalone ? join(folder, "standalone") : folder;
  await convert(books, where, { standalone, cache, say });
  if (stale.length === 0) say(`all ${books.length} notebooks were executed before and nothing they use has changed`);
  say(`reports ready in ${secondsSince(start)}: ${relative(process.cwd(), join(where, "index.html"))}`);
  return where;
}

const stampOf = ({ target }) => (existsSync(`${target}.key`) ? readFileSync(`${target}.key`, "utf8") : undefined);

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
function front(names) {
  const { argument, frontFigures, probabilityWords, thenAndNow } = createRequire(import.meta.url)("../../dist/index.js");
  const verdicts = thenAndNow().map(({ atArticle, now }) => ({
    id: now.id,
    statement: now.statement,
    regime: now.regime,
    probability: probabilityWords(now.probability),
    verdict: now.verdict,
    probabilityThen: probabilityWords(atArticle.probability),
    verdictThen: atArticle.verdict,
    href: names.includes(now.notebook) ? `${now.notebook}.html` : null,
  }));
  const figures = frontFigures().map(({ data, layout, caption, alt }, i) => ({
    figure: { data, layout },
    caption,
    alt,
    href: figureHrefs[i],
  }));
  return { argument: argument(), figures, verdicts };
}

async function convert(books, folder, { standalone, cache, say }) {
  const start = performance.now();
  const description = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).description;
  const explorer = await explorerScript(cache);
  const job = { folder, description, standalone, explorer, notebooks: books.map(({ name, target }) => ({ name, path: target })) };
  const key = hash(
    JSON.stringify(job),
    hashFolder(join(jupyterFolder, "templates")),
    ...["convert.py", "deepshock_page.py", "deepshock_sources.py", "formulas.mjs", "requirements.txt"].map((file) =>
      readFileSync(join(jupyterFolder, file)),
    ),
    readFileSync(join(root, "package-lock.json")),
    readFileSync(explorer),
    ...books.map(({ target }) => readFileSync(target)),
  );
  const keyFile = join(cache, standalone ? "standalone.key" : "pages.key");
  const pages = [...books.map(({ name }) => join(folder, `${name}.html`)), join(folder, "index.html"), join(folder, "explore.html")];
  if (existsSync(keyFile) && readFileSync(keyFile, "utf8") === key && pages.every((page) => existsSync(page))) return;
  const jobFile = join(cache, `job-${process.pid}.json`);
  writeWhole(jobFile, JSON.stringify({ ...job, ...front(books.map(({ name }) => name)) }));
  const { code, stdout, stderr } = await python([join(jupyterFolder, "convert.py"), jobFile]);
  rmSync(jobFile);
  if (code !== 0) throw new NotebookError(`the reports could not be written: ${(stderr + stdout).trim()}`);
  writeWhole(keyFile, key);
  say(`${pages.length} pages written (${secondsSince(start)})`);
}

if (isProgram(import.meta.url)) {
  await main(async () => {
    let values;
    try {
      ({ values } = parseArgs({ options: { standalone: { type: "boolean" }, force: { type: "boolean" } } }));
    } catch (error) {
      throw new SetupError(`${error.message}\nUsage: npm run report [-- --standalone] [-- --force]`);
    }
    await report(values);
  });
}
