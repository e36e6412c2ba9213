import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: {
    include: ["test/**/*.test.ts"],
    benchmark: { include: ["test/**/*.bench.ts"] },
    globalSetup: ["test/run-folder.ts"],
    setupFiles: ["test/seed.ts"],
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
