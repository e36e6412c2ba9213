/** A lock between processes: a file with the holder's process id, made only if it is not there. */
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename } from "node:path";
import { holding } from "./project.mjs";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Do the work while holding the lock; wait for another holder, and pass over one that has died. */
export async function withLock(path, say, work) {
  let hasSaid = false;
  while (!take(path)) {
    if (isStale(path)) {
      // Renamed, not removed: of several waiting processes one alone moves it away.
      const aside = `${path}.${process.pid}`;
      try {
        renameSync(path, aside);
        if (!isStale(aside) && !existsSync(path)) renameSync(aside, path);
        rmSync(aside, { force: true });
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
      }
      continue;
    }
    if (!hasSaid) say(`waiting: another run holds ${basename(path)} (process ${holder(path)?.pid ?? "unknown"}) ...`);
    hasSaid = true;
    await pause(300);
  }
  return holding(() => rmSync(path, { force: true }), work);
}

function take(path) {
  try {
    writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function holder(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Held by a process of this machine that no longer lives, or older than any set-up takes. */
function isStale(path) {
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > 60 * 60 * 1000) return true;
  const { pid, host } = holder(path) ?? {};
  // A holder killed between making the file and writing to it leaves it empty.
  if (pid === undefined) return age > 10_000;
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
