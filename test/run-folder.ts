import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One folder for a run of the tests, of all projects, in which those that need the reports share them; removed at the end. */
export default function setup(): () => void {
  if (process.env.DEEPSHOCK_TEST_FOLDER !== undefined) return () => {};
  const folder = mkdtempSync(join(tmpdir(), "deepshock test é "));
  process.env.DEEPSHOCK_TEST_FOLDER = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
