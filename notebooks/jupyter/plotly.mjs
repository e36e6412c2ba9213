/**
 * Plotly as the pages carry it: the whole of plotly.js-dist, made small once (minified, compressed, in letters), with the hash by
 * which a page's policy knows it once it is unpacked. Ten megabytes become two, which every browser unpacks in a tenth of a second.
 *
 *     node plotly.mjs       makes it where it is missing, and says in which file it lies
 *
 * The file is JSON: { version, packed, hash }.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { hash, isProgram, root, writeWhole } from "./project.mjs";

const require = createRequire(import.meta.url);
const place = join(root, "node_modules", "plotly.js-dist");
/** Plotly as its makers ship it, for whoever draws here and not in a page. */
export const plotlyScript = join(place, "plotly.js");
export const plotlyVersion = () => require("plotly.js-dist/package.json").version;

/** The file with the small Plotly, made when there is none of this version by this code. */
export async function packedPlotly() {
  const key = hash(plotlyVersion(), readFileSync(new URL(import.meta.url)), readFileSync(join(root, "package-lock.json"))).slice(0, 12);
  const file = join(root, "node_modules", ".cache", "deepshock", `plotly-${key}.json`);
  if (existsSync(file)) return file;
  const { minify } = await import("rolldown/experimental");
  const { code, errors } = await minify("plotly.js", readFileSync(plotlyScript, "utf8"));
  if (errors.length > 0) throw new Error(`plotly.js ${plotlyVersion()} could not be minified: ${errors[0].message}`);
  const head = `/* plotly.js ${plotlyVersion()}, Plotly, Inc., MIT licence */\n`;
  // A script element ends where this word stands, wherever that is.
  const text = `${head}${code.trim().replaceAll("</script", "<\\/script")}\n`;
  const packed = gzipSync(text, { level: 9 }).toString("base64");
  writeWhole(
    file,
    JSON.stringify({ version: plotlyVersion(), packed, hash: `sha256-${createHash("sha256").update(text).digest("base64")}` }),
  );
  return file;
}

if (isProgram(import.meta.url)) process.stdout.write(await packedPlotly());
