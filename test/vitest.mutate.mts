import { join } from "node:path";
import { defineConfig } from "vitest/config";
import type { Reporter, Vitest } from "vitest/node";

/** A test file that a mutant keeps from loading has no test that could fail: this says so to Stryker, which looks at tests alone. */
class LoadErrors implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunStart(): void {
    this.vitest?.state.errorsSet.clear();
  }

  onTestRunEnd(modules: Parameters<NonNullable<Reporter["onTestRunEnd"]>>[0]): void {
    for (const module of modules) {
      const errors = [module, ...module.children.allSuites()].flatMap((part) => part.errors());
      for (const error of errors) this.vitest?.state.errorsSet.add(error);
    }
  }
}

/** The tests of one module under mutation, in one worker and without isolation: a mutant costs one start. */
export default defineConfig({
  root: join(import.meta.dirname, ".."),
  test: {
    include: (process.env.DEEPSHOCK_MUTATION_TESTS ?? "gemm").split(" ").map((name) => `test/${name}.test.ts`),
    setupFiles: ["test/seed.ts"],
    reporters: [new LoadErrors()],
    isolate: false,
    testTimeout: 300_000,
  },
});
