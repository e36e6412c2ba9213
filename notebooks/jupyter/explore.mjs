/**
 * Bundle the page to try: src/explore/ with the cost model and the data it reads, as one script that needs no server.
 *
 * src/data/files.ts is the one module that reads files; here tables, already split, take its place. Which ones follows from the bundle
 * itself: the files of data/ that its code names.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { hash, hashFolder, root, writeWhole } from "./project.mjs";

/** The script of the page, made anew only when something it is made of has changed. `cache` is a folder. */
export async function explorerScript(cache) {
  const key = hash(
    hashFolder(join(root, "src")),
    hashFolder(join(root, "data"), (file) => file.endsWith(".csv")),
    readFileSync(join(root, "package-lock.json")),
    readFileSync(new URL(import.meta.url)),
  );
  const [file, keyFile] = [join(cache, "explore.js"), join(cache, "explore.key")];
  if (!existsSync(file) || !existsSync(keyFile) || readFileSync(keyFile, "utf8") !== key) {
    writeWhole(file, await bundle());
    writeWhole(keyFile, key);
  }
  return file;
}

async function bundle() {
  const { code, data } = await browserParts(join(root, "src", "explore", "main.ts"));
  // The script can say its own text, of which the page makes its workers: a page without a server cannot read a file.
  // In brackets, so that a browser compiles it at once and does not read it twice.
  return `${data}\nvar deepshockExplorer = (function () {\n${code}\n});\ndeepshockExplorer();\n`;
}

/** A module with all it imports and the data that this reads, as one script for a browser. */
export async function browserScript(entry) {
  const { code, data } = await browserParts(entry);
  return `${data}\n${code}`;
}

/** Code and data apart: code is read again for each worker, data is handed on. */
async function browserParts(entry) {
  const code = await build(entry);
  // A tab may stand in a string as it is: there are a quarter of a million.
  const tables = JSON.stringify(filesNamedIn(code)).replaceAll("\\t", "\t");
  return { code, data: inScript(`globalThis.deepshockData = ${tables};`) };
}

/** The bundle with what reads the page's own tables in the place of src/data/files.ts. */
async function build(entry) {
  const reader = `export function readDataFile(path) {
  if (!Object.hasOwn(deepshockData, path)) throw new Error("the page holds no data file " + path);
  return deepshockData[path];
}
export const readTable = readDataFile;`;
  // Loaded only now: a fresh clone installs its packages after this module has been read.
  const { rolldown } = await import("rolldown");
  const made = await rolldown({
    input: entry,
    platform: "browser",
    resolve: { alias: { "csv-parse/sync": "csv-parse/browser/esm/sync" } },
    treeshake: { moduleSideEffects: (id) => id === entry },
    logLevel: "warn",
    plugins: [{ name: "data", load: (id) => (id === join(root, "src", "data", "files.ts") ? { code: reader, moduleType: "js" } : null) }],
  });
  const { output } = await made.generate({ format: "iife", minify: true });
  await made.close();
  return inScript(output[0].code);
}

/** A script element ends where these words stand, wherever that is. */
function inScript(code) {
  return code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

/** As the page's code reads it; built with the rest of src/. */
const splitTable = (records) => createRequire(import.meta.url)("../../dist/data/split-table.js").splitTable(records);

/** Every file of data/ whose name stands in the code, with its text. */
function filesNamedIn(code) {
  const paths = ["", "measurements"].flatMap((folder) =>
    readdirSync(join(root, "data", folder))
      .filter((name) => name.endsWith(".csv"))
      .map((name) => ({ name, path: folder === "" ? name : `${folder}/${name}` })),
  );
  return Object.fromEntries(
    paths
      .filter(({ name, path }) => [path, name].some((text) => ['"', "'", "`"].some((quote) => code.includes(quote + text + quote))))
      .map(({ path }) => [path, columnsNamedIn(code, path, readFileSync(join(root, "data", path), "utf8"))]),
  );
}

/** A table split into cells, so that the page need not parse it; a measured one without the columns that no code names. */
function columnsNamedIn(code, path, text) {
  // Not above: this file is loaded before any package is installed.
  const { parse } = createRequire(import.meta.url)("csv-parse/sync");
  const isNamed = (column) => ['"', "'", "`"].some((quote) => code.includes(quote + column + quote)) || code.includes(`.${column}`);
  const [heads, ...rows] = parse(text, { comment: "#", comment_no_infix: true, skip_empty_lines: true });
  const kept = heads.map((_, i) => i).filter((i) => !path.startsWith("measurements/") || isNamed(heads[i]));
  return splitTable([heads, ...rows].map((row) => kept.map((i) => row[i])));
}
