import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
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
  return readFileSync(fileOf(path), "utf8");
}

/**
 * The same of a table: as it was split when the package was built, where the file is still that of then, else as it stands.
 *
 * To take CSV apart takes twenty times as long as to read what is split, whose name holds a hash of the file that it was made of.
 *
 * @throws Error of the file system when there is no such file.
 */
export function readTable(path: string): string {
  const bytes = readFileSync(fileOf(path));
  const split = join(__dirname, "..", "tables", splitName(path, bytes));
  return existsSync(split) ? readFileSync(split, "utf8") : bytes.toString("utf8");
}

/** The name under which a build keeps a table that is split: that of the file and a hash of what it holds. */
export function splitName(path: string, bytes: Buffer): string {
  return `${path}.${createHash("sha1").update(bytes).digest("hex").slice(0, 16)}.txt`;
}

const fileOf = (path: string): string => join(__dirname, "..", "..", "data", path);
