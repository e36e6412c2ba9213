import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The text of one file of data/, by its path inside that folder.
 *
 * The only place in src/ that reads a file. A browser build replaces this module
 * by one that returns texts bundled at build time; nothing else has to change.
 *
 * @throws Error of the file system when there is no such file.
 */
export function readDataFile(path: string): string {
  return readFileSync(join(__dirname, "..", "..", "data", path), "utf8");
}
