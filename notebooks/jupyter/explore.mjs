/**
 * Bundle the page to try: src/explore/ with the cost model and the data it reads, as one script that needs no server.
 *
 * src/data/files.ts is the one module that reads files; here texts take its place. Which texts follows from the bundle itself: the
 * files of data/ that its code names.
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
  // The script can say its own text, of which the page makes its worker: a page without a server cannot read a file.
  return `function deepshockExplorer() {\n${await browserScript(join(root, "src", "explore", "main.ts"))}\n}\ndeepshockExplorer();\n`;
}

/** A module with all it imports and the data that this reads, as one script for a browser. */
export async function browserScript(entry) {
  return build(entry, filesNamedIn(await build(entry, {})));
}

/** The bundle with some texts in the place of src/data/files.ts. */
async function build(entry, files) {
  const reader = `const files = ${JSON.stringify(files)};
export function readDataFile(path) {
  if (!Object.hasOwn(files, path)) throw new Error("the page holds no data file " + path);
  return files[path];
}`;
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
  // A script element ends where this word stands, wherever that is.
  return output[0].code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

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

/** A measured table without its remarks and the columns that no code names; every other file as it is. */
function columnsNamedIn(code, path, text) {
  if (!path.startsWith("measurements/")) return text;
  // Not above: this file is loaded before any package is installed.
  const { parse } = createRequire(import.meta.url)("csv-parse/sync");
  const isNamed = (column) => ['"', "'", "`"].some((quote) => code.includes(quote + column + quote)) || code.includes(`.${column}`);
  const [heads, ...rows] = parse(text, { comment: "#", comment_no_infix: true, skip_empty_lines: true });
  const kept = heads.map((_, i) => i).filter((i) => isNamed(heads[i]));
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return `${[heads, ...rows].map((row) => kept.map((i) => cell(row[i])).join(",")).join("\n")}\n`;
}
