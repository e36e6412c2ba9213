import { join } from "node:path";
import { withLock } from "../notebooks/jupyter/lock.mjs";
import { notebooks } from "../notebooks/jupyter/project.mjs";
import { report } from "../notebooks/jupyter/report.mjs";

export interface Notebook {
  readonly name: string;
  readonly path: string;
}

/** The notebooks of the project. */
export const books = notebooks() as readonly Notebook[];

/** The folder with this run's reports: made once, all notebooks executed, whichever test asks first. */
export async function builtReports(): Promise<string> {
  const run = process.env.DEEPSHOCK_TEST_FOLDER;
  if (run === undefined) throw new Error("the tests run under test/vitest.config.mts, which makes their folder");
  const folder = join(run, "reports");
  await withLock(
    join(run, "reports.lock"),
    () => {},
    () => report({ folder, say: () => {} }),
  );
  return folder;
}
