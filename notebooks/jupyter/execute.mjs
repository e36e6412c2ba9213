/** Execute notebooks with the tslab kernel, a few at a time, a line per notebook with its time. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { jupyterFolder, notebooksFolder, python, secondsSince } from "./project.mjs";

/** A notebook that did not run to its end; the message says where and why. */
export class NotebookError extends Error {
  forPeople = true;
}

/**
 * Execute one notebook into another file, which is written only when every cell ran.
 *
 * Figures that have not changed keep their pictures; with drawnBy (of pictures.mjs) the others are drawn;
 * with onlyMissing those that have no picture, if they can be.
 *
 * @param {{ name: string, path: string }} notebook
 * @param {string} target
 * @param {{ folder?: string, drawnBy?: string, onlyMissing?: boolean }} [options] folder: where the kernel runs.
 * @throws NotebookError with notebook, cell number, source and error.
 */
export async function execute({ name, path }, target, { folder = notebooksFolder, drawnBy = undefined, onlyMissing = false } = {}) {
  const drawing = drawnBy === undefined ? [] : onlyMissing ? [drawnBy, "missing"] : [drawnBy];
  const { code, stdout, stderr } = await python([join(jupyterFolder, "execute.py"), path, target, folder, ...drawing]);
  if (code === 0) return;
  if (code !== 3) throw new NotebookError(`${name}: the notebook could not be executed:\n${(stderr + stdout).trim()}`);
  const { cell, source, error } = JSON.parse(stdout.trim().split("\n").at(-1));
  throw new NotebookError(`${name}, cell ${cell} failed.\n\n${indent(source)}\n\n${error}`);
}

/** Told before minutes of work and not after. @throws NotebookError when no file can be made in the folder. */
function requireWritable(place) {
  const probe = join(place, `.${process.pid}.part`);
  try {
    writeFileSync(probe, "");
    rmSync(probe);
  } catch (error) {
    throw new NotebookError(`${place} cannot be written to, so no notebook was executed (${error.code}).`);
  }
}

const indent = (text) => text.replace(/^/gm, "    ");

/**
 * Execute jobs ({ name, path, target }), several at once, and stop at the first failure.
 *
 * @throws NotebookError of the first that failed.
 */
export async function executeAll(jobs, { say = console.log, done = () => {}, ...options } = {}) {
  for (const place of new Set(jobs.map(({ target }) => dirname(target)))) requireWritable(place);
  // The last notebooks judge what the others compute, and take longest: they begin, so that no core waits for one of them at the end.
  const waiting = [...jobs].reverse();
  let failed = false;
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined && !failed; job = waiting.shift()) {
      const start = performance.now();
      try {
        const before = job.target === job.path ? readFileSync(job.path) : undefined;
        await execute(job, job.target, options);
        const note = before === undefined ? "" : before.equals(readFileSync(job.target)) ? ", outputs unchanged" : ", outputs changed";
        done(job);
        say(`${job.name}: executed (${secondsSince(start)}${note})`);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Math.max(1, Math.min(availableParallelism(), 4, jobs.length));
  const results = await Promise.allSettled(Array.from({ length: workers }, worker));
  const failure = results.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}
