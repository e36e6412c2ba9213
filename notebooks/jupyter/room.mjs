/**
 * Whether there is room on the disk for what set-up installs, and how to say that there is not.
 *
 * Only Node's standard library: this runs before any package is installed.
 */
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./project.mjs";

const megabyte = 1024 ** 2;

/** What is to be installed: its name, and what it takes of a disk in MB, as measured in a fresh clone. */
const sizes = {
  packages: { name: "npm's packages", here: 415, cache: 185 },
  python: { name: "Jupyter", here: 240, temporary: 60 },
  build: { name: "dist/", here: 10 },
};

/** Below this a disk counts as full: programs that found no room have taken back some of what they wrote. */
const fullMegabytes = 10;

/** Where npm would keep what it fetches, and where it does instead when that cannot be written to. */
export const usualCache = () => process.env.npm_config_cache ?? join(homedir(), ".npm");
export const cacheHere = join(root, ".npm-cache");

/** Where npm keeps what it fetches. */
export function npmCache() {
  try {
    const folder = standing(usualCache());
    accessSync(folder, constants.W_OK);
    return statSync(folder).isDirectory() ? usualCache() : cacheHere;
  } catch {
    return cacheHere;
  }
}

/** A folder, or the nearest one above it that is there. */
function standing(path) {
  return existsSync(path) || dirname(path) === path ? path : standing(dirname(path));
}

/** The disk that a folder is on and the MB that are free there; undefined where the system does not tell. */
function diskOf(path) {
  try {
    const folder = standing(path);
    const { bavail, blocks, bsize } = statfsSync(folder);
    return blocks === 0 ? undefined : { disk: statSync(folder).dev, free: Math.floor((bavail * bsize) / megabyte) };
  } catch {
    return undefined;
  }
}

/** MB that the files below a folder take; 0 where there is none. */
function megabytesBelow(folder) {
  if (!existsSync(folder)) return 0;
  const sum = (path) =>
    readdirSync(path, { withFileTypes: true }).reduce((bytes, entry) => {
      const below = join(path, entry.name);
      return bytes + (entry.isDirectory() ? sum(below) : (statSync(below, { throwIfNoEntry: false })?.size ?? 0));
    }, 0);
  return sum(folder) / megabyte;
}

/**
 * In words, the disk that is too small for what is to be installed; undefined where there is room, or the system does not tell.
 *
 * @param {readonly string[]} parts of "packages", "python", "build"; others take no room
 * @param {(path: string) => { disk: number | string, free: number } | undefined} [disk]
 * @returns {string | undefined}
 */
export function lackOfRoom(parts, disk = diskOf) {
  const wanted = parts.flatMap((part) => {
    const { name, here, cache = 0, temporary = 0 } = sizes[part] ?? {};
    if (name === undefined) return [];
    return [
      { path: root, megabytes: here, what: name },
      // What npm has fetched before it does not fetch again.
      ...(cache > 0 && !existsSync(join(npmCache(), "_cacache"))
        ? [{ path: npmCache(), megabytes: cache, what: "what npm keeps of its downloads" }]
        : []),
      ...(temporary > 0 ? [{ path: tmpdir(), megabytes: temporary, what: "Jupyter's downloads on their way" }] : []),
    ];
  });
  const disks = new Map();
  for (const want of wanted) {
    const there = disk(want.path);
    if (there === undefined) continue;
    const known = disks.get(there.disk) ?? { place: want.path, free: there.free, wants: [] };
    known.wants.push(want);
    disks.set(there.disk, known);
  }
  for (const { place, free, wants } of disks.values()) {
    const needed = wants.reduce((sum, { megabytes }) => sum + megabytes, 0);
    if (free >= needed) continue;
    // npm removes what it had installed before it installs anew.
    const given = wants.some(({ what }) => what === sizes.packages.name) ? megabytesBelow(join(root, "node_modules")) : 0;
    if (free + given >= needed) continue;
    const list = wants.map(({ what, megabytes }) => `${what} ${megabytes}`).join(", ");
    return `The disk that holds ${place} has ${free} MB free; set-up takes about ${needed} MB there (${list}).`;
  }
  return undefined;
}

/**
 * In words, that a program failed for want of room: as it said itself, or since a disk that it writes to is full. Undefined else.
 *
 * @param {"packages" | "python"} part what was being installed
 * @param {string} said
 * @param {(path: string) => { disk: number | string, free: number } | undefined} [disk]
 * @returns {string | undefined}
 */
export function ranOutOfRoom(part, said, disk = diskOf) {
  const { name, here, cache, temporary } = sizes[part];
  const places = [root, cache === undefined ? tmpdir() : npmCache()].map((path) => ({ path, free: disk(path)?.free }));
  const full = places.find(({ free }) => free !== undefined && free < fullMegabytes);
  const says = /\b(ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/i.test(said);
  if (full === undefined && !says) return undefined;
  const { path, free } = full ?? places[0];
  const beside = cache === undefined ? `${temporary} MB in the folder for temporary files` : `${cache} MB in npm's (${npmCache()})`;
  const now = free === undefined ? "" : `: ${free} MB are free by now`;
  return `${name} could not be installed: no space is left on the disk that holds ${path}, or a quota is used up${now}. It takes about ${here} MB here and ${beside}.`;
}

/** What to do about it. */
export const makeRoom =
  "Make room there, or take this folder (or, by TMPDIR and npm_config_cache, that for temporary files and npm's) to a larger disk, and run the command again.";
