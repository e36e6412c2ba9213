import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Tests that start programs (kernels, browsers, compilers) or put something in the place of a module: each file in a process
 * of its own. The longest come first, so that none is left at the end; the first makes the reports, those after the gap use them.
 */
const apart = [
  "explore-page",
  ...["own-report", "faults", "check", "pictures", "same-everywhere", "gpu-browser", "setup", "package"],
  ...[
    "reports",
    "own-rows-page",
    "no-scripts",
    "report-figures",
    "lab",
    "reading",
    "notebooks",
    "safety",
    "csv-spoilt",
    "published",
    "attention-times",
    "start",
  ],
];
const pathOf = (name: string) => `test/**/${name}.test.ts`;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const known = apart.indexOf(basename(moduleId, ".test.ts"));
      return known === -1 ? apart.length : known;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: {
    globalSetup: ["test/run-folder.ts"],
    setupFiles: ["test/seed.ts"],
    sequence: { sequencer: LongestFirst },
    maxWorkers: 2,
    testTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "apart",
          include: apart.map(pathOf),
          benchmark: { include: ["test/**/*.bench.ts"] },
        },
      },
      {
        extends: true,
        // The cost model keeps nothing from one test to the next but what it has read: those files share their processes.
        test: {
          name: "model",
          include: ["test/**/*.test.ts"],
          exclude: apart.map(pathOf),
          isolate: false,
          benchmark: { include: [] },
        },
      },
    ],
  },
});
